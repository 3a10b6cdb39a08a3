"""A printed figure's network under a convention: counted, in the form of the print."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mnprofile.base.errors import FiguresError, MnprofileError, Place
from mnprofile.base.units import printed_like
from mnprofile.costs.counting import Count, Layer, count, total
from mnprofile.evidence.literature.conventions import Convention
from mnprofile.evidence.literature.sources import MEMORY, Figure, locate
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import load
from mnprofile.networks.configuration import Request, configure, parse_spec

LARGEST = "max"  # the part of a memory figure that is the largest of all maps
RANGE = " to "
_POWERS = {"": 0, "1": 0, "K": 3, "M": 6, "G": 9, "%": -2, "channels/kB": 3}


@dataclass(frozen=True, slots=True)
class Value:
    """What we count for a figure: exactly, and in the form of a print."""

    exact: str
    text: str | None  # None where the print is no number


@dataclass
class Networks:
    """The counts of networks, each made once."""

    made: dict[tuple[str, Request], Count] = field(default_factory=dict)

    def layers(
        self, network: str, asked: Request, convention: Convention
    ) -> list[Layer]:
        """The layers that a convention counts. Raises UsageError for no network.

        A row that prints no width or resolution is the network as its table has it.
        """
        request = replace(asked, classes=convention.classes, impl=convention.impl)
        key = (network, request)
        if key not in self.made:
            table = load(network)
            self.made[key] = count(build_rows(table, configure(table, request)))
        return [
            layer
            for layer in self.made[key].all_layers
            if layer.block not in convention.without
        ]


def value_of(
    convention: Convention, figure: Figure, like: str, networks: Networks
) -> Value:
    """What we count for a figure, exactly and as ``like`` is printed.

    Raises FiguresError, with the line of the figure, where its network or part is none.
    """
    value = _memory if figure.quantity == MEMORY else _value
    try:
        return value(convention, figure, like, networks)
    except MnprofileError as fault:
        raise FiguresError(
            f"{figure.model}: {fault.message}",
            place=Place(str(locate(figure.source)), figure.line),
            accepted=fault.accepted,
            suggestion=fault.suggestion,
        ) from None


def _value(
    convention: Convention, figure: Figure, like: str, networks: Networks
) -> Value:
    if RANGE in figure.part:
        return _range(convention, figure, like, networks)
    layers = networks.layers(figure.network, _request(figure), convention)
    if figure.quantity.endswith("_share"):
        inside = _inside(figure, [one for one in layers if one.type == figure.part])
        part, whole = _sum(convention, inside), _sum(convention, layers)
        text = _text(convention, figure, part, whole, like)
        return Value(f"{part}/{whole}", text)
    if figure.part:
        layers = _inside(figure, [one for one in layers if one.block == figure.part])
    number = _sum(convention, layers)
    return Value(str(number), _text(convention, figure, number, 1, like))


def _range(
    convention: Convention, figure: Figure, like: str, networks: Networks
) -> Value:
    """From the smallest to the largest configuration, "0.35/96 to 1.4/224"."""
    ends = figure.part.split(RANGE)
    likes = like.split(RANGE)
    if len(likes) != len(ends):
        likes = [""] * len(ends)
    numbers = [
        _sum(
            convention,
            networks.layers(*parse_spec(f"{figure.network}@{end}"), convention),
        )
        for end in ends
    ]
    texts = [
        _text(convention, figure, number, 1, one)
        for number, one in zip(numbers, likes, strict=True)
    ]
    known = [text for text in texts if text is not None]
    return Value(
        RANGE.join(map(str, numbers)),
        RANGE.join(known) if len(known) == len(texts) else None,
    )


def _memory(
    convention: Convention, figure: Figure, like: str, networks: Networks
) -> Value:
    """Channels and bytes of the largest block output of one size, or of any."""
    ((_, bytes_each),) = convention.counts
    blocks = {
        layer.block: layer.out_shape
        for layer in networks.layers(figure.network, _request(figure), convention)
    }
    sized = [
        shape
        for shape in blocks.values()
        if figure.part in (LARGEST, f"{shape.h}x{shape.w}")
    ]
    if not sized:
        raise FiguresError(f'{figure.network} has no part "{figure.part}"')
    largest = max(sized, key=lambda shape: shape.elements)
    held = bytes_each * largest.elements
    if figure.part == LARGEST:
        return Value(f"{held} bytes", _text(convention, figure, held, 1, like))
    kilobytes = _text(convention, figure, held, 1, like.partition("/")[2])
    return Value(
        f"{largest.c} channels, {held} bytes",
        None if kilobytes is None else f"{largest.c}/{kilobytes}",
    )


def _text(
    convention: Convention, figure: Figure, part: int, whole: int, like: str
) -> str | None:
    if figure.unit not in _POWERS:
        raise FiguresError(
            f'"{figure.unit}" is no unit', accepted=", ".join(filter(None, _POWERS))
        )
    return printed_like(
        part,
        whole,
        like,
        power=_POWERS[figure.unit],
        rounding=convention.rounding,
        significant=convention.significant,
    )


def _sum(convention: Convention, layers: Sequence[Layer]) -> int:
    """The recipe on the layers' sums. A batch-norm channel has two buffers."""
    sums = total(layers)
    return sum(
        factor * (sums.buffers // 2 if name == "bn_channels" else getattr(sums, name))
        for name, factor in convention.counts
    )


def _inside(figure: Figure, layers: list[Layer]) -> list[Layer]:
    if not layers:
        raise FiguresError(f'{figure.network} has no part "{figure.part}"')
    return layers


def _request(figure: Figure) -> Request:
    return Request(figure.alpha, figure.resolution)
