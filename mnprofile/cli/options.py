"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mnprofile.base import toml_files, units
from mnprofile.base.errors import UsageError
from mnprofile.graph.graph import Graph
from mnprofile.networks import catalog
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.configuration import (
    OUTPUT_STRIDES,
    Request,
    configure,
    parse_spec,
    said_twice,
    with_spec,
)
from mnprofile.networks.notation.rows import Architecture
from mnprofile.networks.widths import IMPLS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., Any])


class ArchType(click.ParamType[str]):
    """An architecture: completed by alias, else by file name."""

    name = "arch"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem  # a shell asked

        aliases = catalog.names()
        names = [entry.name for entry in catalog.index()] if incomplete else []
        found = [
            CompletionItem(name)
            for name in (*aliases, *names)
            if name.startswith(incomplete)
        ]
        return found or [CompletionItem(incomplete, type="file")]


class ResolutionType(click.ParamType[tuple[int, int]]):
    """``160`` or ``320x240``."""

    name = "res"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        return value if isinstance(value, tuple) else units.parse_resolution(str(value))


impl_option = click.option(
    "--impl",
    type=click.Choice(IMPLS),
    default="paper",
    show_default=True,
    help="Implementation whose width-multiplier rules apply.",
)


def together(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Several options or arguments as one decorator, in the order of --help."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


# ARCH (an alias, a table's name, a path, "-", or a spec such as v2@0.75/160), and the
# options that choose a configuration of it: what network_of takes.
network_options = together(
    click.argument("arch", metavar="ARCH", type=ArchType()),
    click.option(
        "--table",
        metavar="N",
        help="The tabular of a LaTeX file to read, by number or label.",
    ),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="Setting of a table file, in place of the file's own. Repeatable.",
    ),
    click.option("--alpha", type=float, help="Width multiplier. [default: 1]"),
    click.option(
        "--res",
        "resolution",
        type=ResolutionType(),
        help="Input size, 160 or 320x240 (height x width).",
    ),
    click.option("--rho", type=float, help="Input size relative to the table's own."),
    click.option(
        "--t",
        type=float,
        help="Expansion factor of every block whose printed factor is above 1.",
    ),
    click.option(
        "--classes", type=int, help="Number of classes; 0 omits the classifier."
    ),
    impl_option,
    click.option(
        "--output-stride",
        type=click.Choice(OUTPUT_STRIDES),
        help="Replace later strides with dilation.",
    ),
)


def network_of(
    arch: str, *, table: str | None = None, settings: Sequence[str] = (), **options: Any
) -> tuple[Architecture, Graph]:
    """The table that ARCH names, and its graph as ARCH and the options configure it.

    ``options`` are the fields of a Request. Raises UsageError.
    """
    asked = Request(**options)
    name, spec = parse_spec(arch)
    twice = said_twice(spec, asked)
    if twice is not None:
        raise UsageError(f"--{twice}: {arch} already sets it")
    loaded = catalog.load(name, table=table, settings=dict(map(_setting, settings)))
    return loaded, build_rows(loaded, configure(loaded, with_spec(spec, asked)))


def _setting(text: str) -> tuple[str, object]:
    """ "scaling=v2" -> ("scaling", "v2"); the value is TOML, or else a text."""
    key, equals, value = text.partition("=")
    if not (equals and key.strip()):
        raise UsageError(
            f'--set: "{text}" is not a setting',
            accepted="KEY=VALUE, such as scaling=v2",
        )
    try:
        content = toml_files.parse(f"value = {value}", "--set", UsageError)
        return key.strip(), content["value"]
    except UsageError:
        return key.strip(), value.strip()


def writing_options(function: F) -> F:
    """--pooling and --activations: how the network is written in PyTorch."""
    from mnprofile.evidence.profilers.torch_style import STYLES  # for few commands

    return together(
        click.option(
            "--pooling",
            type=click.Choice(STYLES),
            default="functional",
            show_default=True,
            help="Write pooling as nn.functional calls (torchvision's V2) or nn modules"
            " (its V3).",
        ),
        click.option(
            "--activations",
            type=click.Choice(STYLES),
            default="module",
            show_default=True,
            help="Write activations as nn modules or nn.functional calls.",
        ),
    )(function)


def output_options(*more_formats: str) -> Callable[[F], F]:
    """--format (table, json, csv, md and those of one command) and --output."""

    def decorate(function: F) -> F:
        function = click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path, allow_dash=True),
            metavar="FILE",
            help="Write to a file; - is standard output.",
        )(function)
        return click.option(
            "--format",
            "format_",
            type=click.Choice(["table", "json", "csv", "md", *more_formats]),
            help="Output format. [default: from the suffix of --output, else table]",
        )(function)

    return decorate
