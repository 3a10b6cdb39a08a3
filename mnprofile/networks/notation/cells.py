"""Read printed cells into values: sizes, operators, factors and marks.

A reader takes a cell's text and raises ``RefusalError`` if it cannot read it. It does
not know the place of the cell; the caller adds it.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar

from mnprofile.base.errors import MnprofileError, nearest
from mnprofile.graph.operators.elementwise import ActivationKind

MAX_CHANNELS = 65_536
MAX_SIZE = 8_192
MAX_EXPANSION = 64
MAX_REPEATS = 200
MAX_KERNEL = 31
MAX_STRIDE = 8
MAX_CLASSES = 1_000_000

NONLINEARITIES: dict[str, ActivationKind] = {
    "RE": "relu",
    "HS": "hardswish",
    "R6": "relu6",
    "SW": "silu",
    "SiLU": "silu",
    "SG": "sigmoid",
    "HG": "hardsigmoid",
    "GE": "gelu",
    "LR": "leaky_relu",
}
ACTIVATIONS: dict[str, ActivationKind] = {
    "relu": "relu",
    "relu6": "relu6",
    "hardswish": "hardswish",
    "hardsigmoid": "hardsigmoid",
    "silu": "silu",
    "swish": "silu",
    "sigmoid": "sigmoid",
    "gelu": "gelu",
    "leaky_relu": "leaky_relu",
    "tanh": "tanh",
    "elu": "elu",
    "mish": "mish",
}


class RefusalError(MnprofileError):
    """A cell that cannot be read. It has no place: the reader does not know it."""


class SqueezeExcite(NamedTuple):
    """Squeeze-excite as a table's SE cell and settings describe it.

    The reduced channels are ``ratio`` times the block's input channels (``of_input``)
    or those of the map itself. ``activation`` is None where the block decides.
    """

    ratio: float = 0.25
    of_input: bool = False
    activation: ActivationKind | None = None
    gate: ActivationKind = "hardsigmoid"
    everywhere: bool = False  # in every block, in a table that does not print it


class PerClass(NamedTuple):
    """Output channels for every class: ``factor`` of them, such as one per anchor."""

    factor: int


DEFAULT_SQUEEZE = SqueezeExcite()


class Size(NamedTuple):
    """A printed feature map size. ``c`` is None where the table prints k (classes)."""

    h: int
    w: int
    c: int | None


TIMES = re.compile(r"\s*[x×]\s*")
_SQUARE = re.compile(r"([0-9]+)\s*(?:²|\^2)x([0-9]+|k)")
_PLAIN = re.compile(r"([0-9]+)x([0-9]+)x([0-9]+|k)")


def integer(text: str, what: str, low: int, high: int) -> int:
    """A whole number between ``low`` and ``high``."""
    accepted = f"a whole number from {low} to {high}"
    if not re.fullmatch("[0-9]{1,18}", text):
        raise RefusalError(f'"{text}" is not a {what}', accepted=accepted)
    if not low <= int(text) <= high:
        raise RefusalError(f"{what} {text} is out of range", accepted=accepted)
    return int(text)


def size(text: str) -> Size:
    """``224²×3``, ``224^2x3``, ``224x224x3`` and ``224 × 224 × 3`` are one size."""
    read = size_or_classes(text)
    if read.c is None:
        raise RefusalError(
            f'"{text}": k is not a channel count here', accepted="a number"
        )
    return read


def size_or_classes(text: str) -> Size:
    """A size whose last part may be k, the number of classes."""
    tight = TIMES.sub("x", text)
    if square := _SQUARE.fullmatch(tight):
        h, w, c = square[1], square[1], square[2]
    elif sides := _PLAIN.fullmatch(tight):
        h, w, c = sides[1], sides[2], sides[3]
    else:
        raise RefusalError(
            f'"{text}" is not a size', accepted="such as 224²×3, 224^2x3 or 224x224x3"
        )
    return Size(
        integer(h, "height", 1, MAX_SIZE),
        integer(w, "width", 1, MAX_SIZE),
        None if c == "k" else channels(c),
    )


def kernel(text: str) -> int:
    """``3x3`` -> 3. Square and odd: "same" padding needs a centre."""
    accepted = f"1x1, 3x3, 5x5 ... {MAX_KERNEL}x{MAX_KERNEL} (odd and square)"
    match = re.fullmatch("([0-9]{1,4})x([0-9]{1,4})", TIMES.sub("x", text))
    if match is None:
        raise RefusalError(f'"{text}" is not a kernel size', accepted=accepted)
    side = int(match[1])
    if side != int(match[2]) or side % 2 == 0 or side > MAX_KERNEL:
        raise RefusalError(f"kernel {text} is out of range", accepted=accepted)
    return side


def expansion(text: str) -> float:
    """The factor t of a bottleneck: a number above 0."""
    accepted = f"a number above 0, at most {MAX_EXPANSION}"
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text):
        raise RefusalError(f'"{text}" is not an expansion factor', accepted=accepted)
    if not 0 < float(text) <= MAX_EXPANSION:
        raise RefusalError(
            f"expansion factor {text} is out of range", accepted=accepted
        )
    return float(text)


def up_to(most: int, what: str = "number") -> Callable[[str], int]:
    """A reader of a number from 1 to ``most``."""
    return partial(integer, what=what, low=1, high=most)


channels = up_to(MAX_CHANNELS, "channel count")
stride = up_to(MAX_STRIDE, "stride")
repeats = up_to(MAX_REPEATS, "number of repeats")


def channels_or_blank(text: str) -> int | None:
    return None if text == "-" else channels(text)


def channels_or_classes(text: str) -> int | None:
    """A channel count, or None for k."""
    if text == "k":
        return None
    try:
        return channels(text)
    except RefusalError as fault:
        fault.accepted = f"{fault.accepted}, or k (the number of classes)"
        raise


def outputs(text: str) -> int | PerClass | None:
    """A channel count, None for k, or ``6k``: six for every class."""
    found = re.fullmatch("([0-9]{1,5})k", text)
    if found is None:
        return channels_or_classes(text)
    return PerClass(channels(found[1]))


def squeeze_excite(text: str, given: SqueezeExcite | None) -> SqueezeExcite | None:
    """The SE column: a tick, a ratio (``1/4``, ``0.25 of input``) or a dash.

    What the cell does not say is as ``given`` by the settings.
    """
    if text == "-":
        return None
    marked = given or DEFAULT_SQUEEZE
    if text in ("✓", "✔", "yes", "1"):
        return marked
    match = re.fullmatch(
        r"(?:0?\.([0-9]{1,6})|1/([1-9][0-9]{0,3}))(?:\s+of\s+(input|expanded))?", text
    )
    if match is None or (match[1] and not int(match[1])):
        raise RefusalError(
            f'"{text}" is not an SE mark',
            accepted="✓, yes or -, or a ratio: 0.25, 1/4, 0.25 of input",
        )
    ratio = float(f"0.{match[1]}") if match[1] else 1 / int(match[2])
    of_input = match[3] == "input" if match[3] else marked.of_input
    return marked._replace(ratio=ratio, of_input=of_input)


def nonlinearity(
    text: str, blanks: tuple[str, ...] = ("none", "-")
) -> ActivationKind | None:
    """The NL column: RE, HS ..., none or a dash."""
    if text in blanks:
        return None
    return known_word(text, NONLINEARITIES, "nonlinearity", extra=blanks)


# Of a block that must say its nonlinearity, even if there is none.
a_nonlinearity = partial(nonlinearity, blanks=("none",))


def blank(text: str) -> None:
    """A cell that the paper leaves blank here."""
    if text != "-":
        raise RefusalError(
            f'"{text}" where this operator has no such value', accepted="-"
        )


T = TypeVar("T")


def known_word(
    text: str, known: Mapping[str, T], what: str, extra: tuple[str, ...] = ()
) -> T:
    if text not in known:
        names = [*known, *extra]
        close = nearest(text, names)
        raise RefusalError(
            f'unknown {what} "{text}"',
            accepted=", ".join(names),
            suggestion=close,
        )
    return known[text]


class Operator(NamedTuple):
    """An Operator cell: ``bneck, 5x5`` or ``conv2d 1x1, NBN`` (no batch norm).

    ``more`` are the fields of the block that its modifiers set.
    """

    name: str
    kernel: int | None
    batch_norm: bool
    more: Mapping[str, Any] = {}


def pool_kernel(text: str) -> int:
    """``7x7`` -> 7: any size that is square."""
    found = re.fullmatch("([0-9]{1,4})x([0-9]{1,4})", TIMES.sub("x", text))
    if found is None:
        raise RefusalError(f'"{text}" is not a window', accepted="such as 7x7")
    if found[1] != found[2]:
        raise RefusalError(f"pooling {text} is not square", accepted="7x7")
    return integer(found[1], "window", 1, MAX_SIZE)


class OperatorWord(NamedTuple):
    """What may follow a word in an Operator cell: a kernel and, for some, NBN.

    ``modifiers`` are further words, each with the field of the block that it sets and
    the value, such as ``noskip``. One that ends in N stands for a number, ``gs64``, and
    has a reader of it in place of the value.
    """

    read_kernel: Callable[[str], int] = kernel
    takes_nbn: bool = False
    modifiers: Mapping[str, tuple[str, Any]] = {}


Words = Mapping[str, OperatorWord]
Readers = Mapping[str, Callable[[str], Any]]


def odd_kernel(text: str) -> int:
    """The side of a kernel: ``3`` of ``before3``."""
    return kernel(f"{text}x{text}")


def operator_word(text: str) -> str:
    """The word that an Operator cell begins with."""
    return _words(text)[0]


def _words(text: str) -> list[str]:
    return re.split(r"[,\s]+", TIMES.sub("x", text.strip())) if text else [""]


def operator(text: str, known: Mapping[str, OperatorWord]) -> Operator:
    """An Operator cell that begins with one of the ``known`` words."""
    words = _words(text)
    word = known_word(words[0], known, "operator")
    rest = words[1:]
    side = None
    if rest and re.fullmatch("[0-9]{1,4}x[0-9]{1,4}", rest[0]):
        side = word.read_kernel(rest.pop(0))
    elif rest and rest[0][:1].isdigit():
        side = kernel(rest.pop(0))
    batch_norm = True
    if rest and rest[0] == "NBN" and word.takes_nbn:
        batch_norm = False
        rest.pop(0)
    more: dict[str, Any] = {}
    for one in rest:
        name, number = re.findall("(.*?)([0-9]{0,6})$", one)[0]
        found = word.modifiers.get(f"{name}N" if number else name)
        twice = found and (found[0] in more or (found[0] == "kernel" and side))
        if found is None or twice:
            also = (", ".join(word.modifiers)) and f", then {', '.join(word.modifiers)}"
            raise RefusalError(
                f'"{one}" is not understood after "{words[0]}"',
                accepted="a kernel size such as 3x3"
                + (", then NBN for no batch norm" if word.takes_nbn else "")
                + also,
            )
        more[found[0]] = found[1](number) if number else found[1]
    return Operator(words[0], side, batch_norm, more)


def one_by_one(text: str) -> None:
    """The operator of a classifier."""
    if not re.search(r"\b1x1\b", TIMES.sub("x", text)):
        raise RefusalError(f'"{text}" cannot be the classifier', accepted="conv2d 1x1")


def one_or_blank(text: str) -> None:
    """A stride or number of repeats, of an operator that cannot have another."""
    if text not in ("1", "-"):
        raise RefusalError(f'"{text}" where this operator has none', accepted="1 or -")
