"""Printed cells to values: sizes, operators, factors and marks.

A reader takes a cell's text and raises ``RefusalError``, a plain fact, where it does
not understand it; it does not know where the cell stands.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from mnprofile.base.errors import MnprofileError, nearest
from mnprofile.graph.operators import ActivationKind
from mnprofile.networks.notation.rows import Size

MAX_CHANNELS = 65_536
MAX_SIZE = 8_192
MAX_EXPANSION = 64
MAX_REPEATS = 200
MAX_KERNEL = 31
MAX_STRIDE = 8
MAX_CLASSES = 1_000_000

NONLINEARITIES: dict[str, ActivationKind] = {"RE": "relu", "HS": "hardswish"}


class RefusalError(MnprofileError):
    """What a cell reader objects to; it does not know where the cell stands."""


_TIMES = re.compile(r"\s*[x×]\s*")
_SQUARE = re.compile(r"([0-9]+)\s*(?:²|\^2)x([0-9]+|k)")
_PLAIN = re.compile(r"([0-9]+)x([0-9]+)x([0-9]+|k)")


def integer(text: str, what: str, low: int, high: int) -> int:
    """A whole number between ``low`` and ``high``."""
    accepted = f"a whole number from {low} to {high}"
    if not re.fullmatch("[0-9]{1,18}", text):
        raise RefusalError(f'"{text}" is no {what}', accepted=accepted)
    if not low <= int(text) <= high:
        raise RefusalError(f"{what} {text} is out of range", accepted=accepted)
    return int(text)


def size(text: str) -> Size:
    """``224²×3``, ``224^2x3``, ``224x224x3`` and ``224 × 224 × 3`` are one size."""
    read = size_or_classes(text)
    if read.c is None:
        raise RefusalError(f'"{text}": k is no channel count here', accepted="a number")
    return read


def size_or_classes(text: str) -> Size:
    """A size whose last part may be k, the number of classes."""
    tight = _TIMES.sub("x", text)
    if square := _SQUARE.fullmatch(tight):
        h, w, c = square[1], square[1], square[2]
    elif sides := _PLAIN.fullmatch(tight):
        h, w, c = sides[1], sides[2], sides[3]
    else:
        raise RefusalError(
            f'"{text}" is no size', accepted="such as 224²×3, 224^2x3 or 224x224x3"
        )
    return Size(
        integer(h, "height", 1, MAX_SIZE),
        integer(w, "width", 1, MAX_SIZE),
        None if c == "k" else integer(c, "channel count", 1, MAX_CHANNELS),
    )


def kernel(text: str) -> int:
    """``3x3`` -> 3. Square and odd: "same" padding needs a middle."""
    accepted = f"1x1, 3x3, 5x5 ... {MAX_KERNEL}x{MAX_KERNEL} (odd and square)"
    match = re.fullmatch("([0-9]{1,4})x([0-9]{1,4})", _TIMES.sub("x", text))
    if match is None:
        raise RefusalError(f'"{text}" is no kernel size', accepted=accepted)
    side = int(match[1])
    if side != int(match[2]) or side % 2 == 0 or side > MAX_KERNEL:
        raise RefusalError(f"kernel {text} is out of range", accepted=accepted)
    return side


def expansion(text: str) -> float:
    """The factor t of a bottleneck: a number above 0."""
    accepted = f"a number above 0, at most {MAX_EXPANSION}"
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text):
        raise RefusalError(f'"{text}" is no expansion factor', accepted=accepted)
    if not 0 < float(text) <= MAX_EXPANSION:
        raise RefusalError(
            f"expansion factor {text} is out of range", accepted=accepted
        )
    return float(text)


def channels(text: str) -> int:
    return integer(text, "channel count", 1, MAX_CHANNELS)


def channels_or_classes(text: str) -> int | None:
    """A channel count, or None for k."""
    if text == "k":
        return None
    try:
        return channels(text)
    except RefusalError as fault:
        fault.accepted = f"{fault.accepted}, or k (the number of classes)"
        raise


def stride(text: str) -> int:
    return integer(text, "stride", 1, MAX_STRIDE)


def repeats(text: str) -> int:
    return integer(text, "number of repeats", 1, MAX_REPEATS)


def tick(text: str) -> bool:
    """The SE column: a tick or a dash."""
    if text in ("✓", "✔", "yes", "-"):
        return text != "-"
    raise RefusalError(f'"{text}" is no SE mark', accepted="✓, yes or -")


def nonlinearity(text: str) -> ActivationKind | None:
    """The NL column: RE, HS or a dash."""
    if text == "-":
        return None
    return known_word(text, NONLINEARITIES, "nonlinearity", extra=("-",))


def blank(text: str) -> None:
    """A cell that the paper leaves blank here."""
    if text != "-":
        raise RefusalError(
            f'"{text}" where this operator has no such value', accepted="-"
        )


T = TypeVar("T")
C = TypeVar("C", bound=str)


def known_word(
    text: str, known: Mapping[str, T], what: str, extra: tuple[str, ...] = ()
) -> T:
    if text not in known:
        names = [*known, *extra]
        close = nearest(text, names)
        raise RefusalError(
            f'"{text}" is no {what}',
            accepted=", ".join(names),
            suggestion=close,
        )
    return known[text]


OperatorName = Literal["conv2d", "bottleneck", "pool"]
OPERATORS: dict[str, OperatorName] = {
    "conv2d": "conv2d",
    "bottleneck": "bottleneck",
    "bneck": "bottleneck",
    "avgpool": "pool",
    "pool": "pool",
}


@dataclass(frozen=True)
class Operator:
    """An Operator cell: ``bneck, 5x5`` or ``conv2d 1x1, NBN`` (no batch norm)."""

    name: OperatorName
    kernel: int | None
    batch_norm: bool


def operator(text: str) -> Operator:
    words = re.split(r"[,\s]+", _TIMES.sub("x", text.strip())) if text else [""]
    name = known_word(words[0], OPERATORS, "operator")
    rest = words[1:]
    pool_kernel = re.fullmatch("([0-9]{1,4})x([0-9]{1,4})", rest[0]) if rest else None
    side = None
    if name == "pool" and pool_kernel:
        side = int(pool_kernel[1])
        if pool_kernel[1] != pool_kernel[2]:
            raise RefusalError(f"pooling {rest[0]} is not square", accepted="7x7")
        rest = rest[1:]
    elif rest and rest[0][:1].isdigit():
        side = kernel(rest[0])
        rest = rest[1:]
    batch_norm = True
    if rest and rest[0] == "NBN" and name == "conv2d":
        batch_norm = False
        rest = rest[1:]
    if rest:
        raise RefusalError(
            f'"{rest[0]}" is not understood after "{words[0]}"',
            accepted="a kernel size such as 3x3"
            + (", then NBN for no batch norm" if name == "conv2d" else ""),
        )
    return Operator(name, side, batch_norm)


def a_nonlinearity(text: str) -> ActivationKind:
    """The NL column of a block, which cannot go without one."""
    return known_word(text, NONLINEARITIES, "nonlinearity")


def one_by_one(text: str) -> None:
    """The operator of a classifier."""
    if operator(text).kernel != 1:
        raise RefusalError(f'"{text}" as the classifier', accepted="conv2d 1x1")


def one_or_blank(text: str) -> None:
    """A stride or repeat where the operator can have no other."""
    if text not in ("1", "-"):
        raise RefusalError(f'"{text}" where this operator has none', accepted="1 or -")


# --- MobileNetV1, Table 1 -------------------------------------------------------------


V1_TYPES = {
    "Conv": "conv",
    "Conv dw": "depthwise",
    "Avg Pool": "pool",
    "FC": "fc",
    "Softmax": "softmax",
}


def v1_type(text: str) -> tuple[str, int, int]:
    """``5× Conv dw / s1`` -> (conv dw, stride 1, group of 5)."""
    match = re.fullmatch(
        r"(?:\(?([0-9]{1,6})\s*[x×]\)?\s*)?(.*?)\s*/\s*s([0-9]+)", text
    )
    if match is None:
        raise RefusalError(
            f'"{text}" is no type and stride',
            accepted="such as Conv / s2, Conv dw / s1, 5× Conv dw / s1, FC / s1",
        )
    group = repeats(match[1]) if match[1] else 1
    words = " ".join(match[2].split())
    spelled = next((name for name in V1_TYPES if name.lower() == words.lower()), words)
    return known_word(spelled, V1_TYPES, "type"), stride(match[3]), group


def v1_filter(kind: str) -> Callable[[str], tuple[int, ...]]:
    """The reader of a Filter Shape cell for one type: its numbers, k left out."""
    forms = {
        "conv": (r"([0-9]+)x([0-9]+)x([0-9]+)x([0-9]+)", "3x3x32x64"),
        "depthwise": (r"([0-9]+)x([0-9]+)x([0-9]+) dw", "3x3x64 dw"),
        "pool": (r"pool ([0-9]+)x([0-9]+)", "Pool 7x7"),
        "fc": (r"([0-9]+)x([0-9]+|k)", "1024x1000 or 1024xk"),
        "softmax": (r"classifier", "Classifier"),
    }
    pattern, example = forms[kind]

    def read(text: str) -> tuple[int, ...]:
        tight = _TIMES.sub("x", text)
        match = re.fullmatch(pattern, tight, re.IGNORECASE if kind != "conv" else 0)
        if match is None:
            raise RefusalError(
                f'"{text}" is no filter shape of this type',
                accepted=f"such as {example}",
            )
        numbers = match.groups()
        if kind in ("conv", "depthwise"):
            side = kernel(f"{numbers[0]}x{numbers[1]}")
            return (side, *(channels(number) for number in numbers[2:]))
        if kind == "fc":
            if numbers[1] == "k":
                return (channels(numbers[0]),)
            classes = integer(numbers[1], "number of classes", 1, MAX_CLASSES)
            return (channels(numbers[0]), classes)
        return tuple(integer(number, "pool size", 1, MAX_SIZE) for number in numbers)

    return read
