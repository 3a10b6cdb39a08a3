"""Our count for a printed figure under a convention, in the printed form."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from mnprofile.base.errors import FiguresError, MnprofileError, Place
from mnprofile.costs.counting import Count, Layer, count
from mnprofile.evidence.literature.conventions import Convention
from mnprofile.evidence.literature.sources import MEMORY, Printed, locate
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import load
from mnprofile.networks.configuration import Request, configure, parse_spec

LARGEST = "max"  # the part of a memory figure that is the largest of all maps
RANGE = " to "


class Recount(NamedTuple):
    """Our count for a figure: exact, and in the printed form."""

    exact: str
    text: str | None  # None if the printed figure is not a number


@dataclass
class Networks:
    """The counts of networks, each computed once."""

    made: dict[tuple[str, Request], Count] = field(default_factory=dict)

    def layers(
        self, network: str, asked: Request, convention: Convention
    ) -> list[Layer]:
        """The layers that a convention counts.

        A row without a width or resolution is about the network as its table gives it.
        Raises UsageError for an unknown network.
        """
        request = asked._replace(classes=convention.classes, impl=convention.impl)
        key = (network, request)
        if key not in self.made:
            table = load(network)
            self.made[key] = count(build_rows(table, configure(table, request)))
        return [
            layer
            for layer in self.made[key].all_layers
            if layer.block not in convention.without
        ]


def recount(
    figure: Printed, convention: Convention, like: str, networks: Networks
) -> Recount:
    """Our count for a figure, exact and in the form of ``like``.

    Raises FiguresError, with the line of the figure, if its network or part does not
    exist.
    """
    try:
        if RANGE in figure.part and figure.quantity != MEMORY:
            return _range(figure, convention, like, networks)
        asked = Request(figure.alpha, figure.resolution)
        layers = networks.layers(figure.network, asked, convention)
        if figure.quantity == MEMORY:
            return _memory(figure, convention, like, layers)
        return _sum(figure, convention, like, layers)
    except MnprofileError as fault:
        raise FiguresError(
            f"{figure.model}: {fault.message}",
            place=Place(str(locate(figure.source)), figure.line),
            accepted=fault.accepted,
            suggestion=fault.suggestion,
        ) from None


def _sum(
    figure: Printed, convention: Convention, like: str, layers: Sequence[Layer]
) -> Recount:
    """The convention's sum: of the network, a block, or a type's share of it."""
    is_share = figure.quantity.endswith("_share")
    part = layers
    if figure.part or is_share:
        part = [
            layer
            for layer in layers
            if figure.part
            in ((layer.type,) if is_share else (layer.block, layer.stage))
        ]
        if not part:
            raise _no_part(figure)
    value, whole = convention.total(part), convention.total(layers) if is_share else 1
    return Recount(
        f"{value}/{whole}" if is_share else str(value),
        convention.printed(value, whole, like=like, unit=figure.unit),
    )


def _range(
    figure: Printed, convention: Convention, like: str, networks: Networks
) -> Recount:
    """From the smallest to the largest configuration, "0.35/96 to 1.4/224"."""
    ends, likes = figure.part.split(RANGE), like.split(RANGE)
    if len(likes) != len(ends):
        likes = [""] * len(ends)
    numbers, texts = [], []
    for end, one in zip(ends, likes, strict=True):
        network, asked = parse_spec(f"{figure.network}@{end}")
        numbers.append(convention.total(networks.layers(network, asked, convention)))
        texts.append(convention.printed(numbers[-1], 1, like=one, unit=figure.unit))
    known = [text for text in texts if text is not None]
    return Recount(
        RANGE.join(map(str, numbers)),
        RANGE.join(known) if len(known) == len(texts) else None,
    )


def _memory(
    figure: Printed, convention: Convention, like: str, layers: Sequence[Layer]
) -> Recount:
    """Channels and bytes of the largest block output of one size, or of any."""
    ((_, bytes_each),) = convention.counts
    blocks = {layer.block: layer.out_shape for layer in layers}
    sized = [
        shape
        for shape in blocks.values()
        if figure.part in (LARGEST, f"{shape.h}x{shape.w}")
    ]
    if not sized:
        raise _no_part(figure)
    largest = max(sized, key=lambda shape: shape.elements)
    held = bytes_each * largest.elements
    if figure.part == LARGEST:
        text = convention.printed(held, 1, like=like, unit=figure.unit)
        return Recount(f"{held} bytes", text)
    like = like.partition("/")[2]
    text = convention.printed(held, 1, like=like, unit=figure.unit)
    return Recount(
        f"{largest.c} channels, {held} bytes",
        None if text is None else f"{largest.c}/{text}",
    )


def _no_part(figure: Printed) -> FiguresError:
    return FiguresError(f'{figure.network} has no part "{figure.part}"')
