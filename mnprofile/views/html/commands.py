"""The command that counts what a page shows, which it offers to copy."""

from typing import NamedTuple

from mnprofile.base.units import plain, resolution_text
from mnprofile.networks.configuration import PAPER, checked_classes
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.html.panels import ReportNetwork


class CountCommand(NamedTuple):
    """The words before the width, the resolution and t of a table, and those after."""

    start: tuple[str, ...]
    end: tuple[str, ...]


def count_command(network: ReportNetwork, *, is_whole: bool) -> CountCommand:
    """``mnprofile count`` of a network with all that it needs.

    Without its width, resolution and t, unless the command ``is_whole``.
    """
    start = ("mnprofile", "count", network.spelling)
    arch, config = network.arch, network.counted.config
    if not isinstance(arch, Architecture):
        return CountCommand(start, network.options)
    given: list[tuple[str, str]] = []
    if is_whole:
        given += [
            ("--alpha", plain(config.alpha)),
            ("--res", resolution_text(config.resolution)),
        ]
        if config.t is not None:
            given.append(("--t", plain(config.t)))
    for option, value, usual in (
        ("--depth", plain(config.depth), plain(1.0)),
        ("--classes", config.classes, checked_classes(arch, None)),
        ("--output-stride", config.output_stride, arch.output_stride),
        ("--impl", config.impl, PAPER),
    ):
        if value != usual and value is not None:
            given.append((option, str(value)))
    return CountCommand(start, tuple(word for pair in given for word in pair))
