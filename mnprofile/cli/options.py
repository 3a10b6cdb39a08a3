"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mnprofile.base import units
from mnprofile.base.errors import UsageError
from mnprofile.cli.output import note_unknown
from mnprofile.graph.graph import Graph
from mnprofile.networks import catalog
from mnprofile.networks.configuration import OUTPUT_STRIDES, Request, parse_spec
from mnprofile.networks.finding import find_network, foreign_reader
from mnprofile.networks.imported import Network
from mnprofile.networks.readers.inputs import (
    ReadRequest,
    parse_argument,
    parse_inputs,
    parse_setting,
)
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
    show_default="paper",
    help="Implementation whose width-multiplier rules apply.",
)


def together(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Several options or arguments as one decorator, in the order of --help."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


# What chooses a table in a file, and completes it.
table_options = together(
    click.option(
        "--table",
        metavar="N",
        help="Tabular to read in a LaTeX file, by its number or label.",
    ),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="Setting of a table, in place of that in its file. Repeatable.",
    ),
)

# What describes a network that is not a table.
reading_options = together(
    click.option(
        "--input",
        "inputs",
        multiple=True,
        metavar="[NAME:]SHAPE[:DTYPE]",
        help="Input of a PyTorch network or model file: 1x3x96x96, ids:1x128:int64."
        " Repeatable.",
    ),
    click.option(
        "--arg",
        "arguments",
        multiple=True,
        metavar="KEY=VALUE",
        help="Argument of MODULE:CALLABLE, which is IMPORTED AND RUN. Repeatable.",
    ),
    click.option(
        "--train",
        is_flag=True,
        help="Run a PyTorch network in training mode. [default: eval()]",
    ),
    click.option(
        "--strict",
        is_flag=True,
        help="Exit with code 1 if an operator has no rule, so that totals are lower"
        " bounds.",
    ),
)

# What of these describes the network, by the name of its parameter.
_READING_NAMES = {"inputs": "--input", "arguments": "--arg", "train": "--train"}
READING_OPTIONS = ("inputs", "arguments", "train", "strict")

# The options that choose a configuration of a network.
configuration_options = together(
    table_options,
    click.option(
        "--head",
        metavar="HEAD",
        help="Put a head on it: ssd, ssdlite, deeplabv3, r-aspp, lraspp or a file.",
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
        "--depth",
        type=float,
        help="Multiplier of the repeats of blocks, rounded up. [default: 1]",
    ),
    click.option(
        "--phi",
        type=float,
        help="Compound scaling: sets --alpha, --depth and --res (EfficientNet).",
    ),
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
    reading_options,
)
# ARCH (an alias, a table's name, a path, "-", or a spec such as v2@0.75/160), and the
# options that choose a configuration of it: what network_of takes.
network_options = together(
    click.argument("arch", metavar="ARCH", type=ArchType()), configuration_options
)


def readings_of(
    archs: Sequence[str], reading: dict[str, Any]
) -> list[dict[str, Any] | None]:
    """The reading options for each of several networks: those that it takes.

    None for a table. An option that none of them takes is left for its reader to
    refuse. Raises UsageError where all are tables.
    """
    readers = [foreign_reader(parse_spec(arch)[0]) for arch in archs]
    taken = {key for reader in readers if reader for key in reader.takes}
    for key, option in _READING_NAMES.items():
        if reading[key] and not any(readers):
            raise UsageError(
                f"{option}: {archs[0]} is a table",
                accepted="a PyTorch network or a model file",
            )
    return [
        {
            key: value if key in reader.takes or key not in taken else type(value)()
            for key, value in reading.items()
        }
        | {"strict": reading["strict"]}
        if reader
        else None
        for reader in readers
    ]


def reading_words(reading: dict[str, Any]) -> tuple[str, ...]:
    """The words of a command line that give these reading options."""
    words = []
    for key, option in _READING_NAMES.items():
        value = reading[key]
        if value is True:
            words.append(option)
        elif value:
            words += [word for text in value for word in (option, text)]
    return tuple(words)


def read_request(
    table: str | None,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
    arguments: tuple[str, ...],
    *,
    train: bool,
) -> ReadRequest:
    """What the options say of a network that is not a shipped table."""
    return ReadRequest(
        table=table,
        settings=tuple(map(parse_setting, settings)),
        inputs=parse_inputs(inputs),
        arguments=tuple(map(parse_argument, arguments)),
        train=train,
    )


def with_head(arch: str, head: str | None) -> str:
    """A network with a head as one name: ``v2@0.5`` and ``ssd`` make ``v2+ssd@0.5``."""
    if head is None:
        return arch
    name, at, factors = arch.rpartition("@")
    return f"{name}+{head}{at}{factors}" if at else f"{arch}+{head}"


def network_of(
    arch: str,
    *,
    head: str | None = None,
    table: str | None = None,
    settings: tuple[str, ...] = (),
    inputs: tuple[str, ...] = (),
    arguments: tuple[str, ...] = (),
    train: bool = False,
    strict: bool = False,
    **options: Any,
) -> tuple[Network, Graph]:
    """The network that ARCH names, and its graph as ARCH and the options configure it.

    ``options`` are the fields of a Request. Operators without a rule are noted, and
    ``emit`` says so. Raises UsageError, and what reading the network raises.
    """
    arch = with_head(arch, head)
    asked = read_request(table, settings, inputs, arguments, train=train)
    network, graph = find_network(arch, Request(**options), asked)
    note_unknown(graph, strict=strict)
    return network, graph


# How pictures look: --size and --theme, which picture_style reads.
picture_options = together(
    click.option(
        "--size",
        default="960x540",
        metavar="WxH",
        help="Size of pictures in pixels, width x height. [default: 960x540]",
    ),
    click.option(
        "--theme",
        type=click.Choice(["light", "dark"]),
        default="light",
        show_default=True,
        help="Colours of pictures.",
    ),
)


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


def by_option(groupings: Sequence[str], default: str = "layer") -> Callable[[F], F]:
    """--by: how the rows of a table are grouped."""
    return click.option(
        "--by",
        type=click.Choice(groupings),
        default=default,
        show_default=True,
        help="How to group the rows of the table.",
    )


def output_options(*more_formats: str) -> Callable[[F], F]:
    """--format (table, json, csv, md and those of one command) and --output."""

    return together(
        click.option(
            "--format",
            "format_",
            type=click.Choice(["table", "json", "csv", "md", *more_formats]),
            help="Output format. [default: from the suffix of --output, else table]",
        ),
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path, allow_dash=True),
            metavar="FILE",
            help="Write to a file; - is standard output.",
        ),
    )
