"""Find tables: the shipped ones by name or alias, a user's own by path or "-"."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeGuard

from mnprofile.base.errors import Place, TableError, UsageError, nearest
from mnprofile.base.files import Input
from mnprofile.graph.graph import Graph
from mnprofile.networks.blocks.builder import build_rows, check_sizes
from mnprofile.networks.configuration import Request, configure
from mnprofile.networks.notation.architecture import read_architecture
from mnprofile.networks.notation.markdown import read_table
from mnprofile.networks.notation.rows import Architecture
from mnprofile.networks.widths import FAMILIES

STDIN = "-"
FILES = Input("Markdown file", TableError, 1 << 20, pipe="- for a pipe")
LATEX = FILES._replace(noun="LaTeX file")
SUFFIXES = (".md", ".tex")  # of a path to a table
_TOML = re.compile(r"^ {0,3}(?:```|~~~)[ \t]*toml", re.MULTILINE | re.IGNORECASE)
Arch = str | os.PathLike[str] | Architecture


def tables_folder() -> Path:
    """The shipped tables: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "tables"
    return inside if inside.is_dir() else package.parent / "tables"


class ShippedTable(NamedTuple):
    """The names and path of a shipped table; its rows are read when it is loaded.

    ``variant`` is the name again, where the page's own name is another.
    """

    name: str
    aliases: tuple[str, ...]
    path: Path
    variant: str | None = None

    @property
    def handle(self) -> str:
        """The name to show for it: its first alias, if it has one."""
        return self.aliases[0] if self.aliases else self.name


# A shipped page is known to be valid: the few settings needed here are found by sight.
_SHOWN = re.compile(
    r'^(?:(name|family|aliases) = (.*)|scaling = "(\w+)"|like = "(\w+)"'
    r'|\[variants\."?([^"\]]+)"?\])$',
    re.MULTILINE,
)


@cache
def index() -> tuple[ShippedTable, ...]:
    """The shipped tables and their variants: MobileNets first, then by family."""
    found = []
    for path in sorted(tables_folder().glob("*.md")):
        group, entries = _entries(path)
        found += [(group, len(entries[0].name), at, e) for at, e in enumerate(entries)]
    return tuple(entry for *_, entry in sorted(found, key=lambda item: item[:3]))


def _entries(path: Path) -> tuple[tuple[int, str], list[ShippedTable]]:
    """The family that a page is listed under, and its networks."""
    text = path.read_text("utf-8").split("\n```", 2)[1]
    entries: list[ShippedTable] = []
    group, likes = "", "v1"
    for match in _SHOWN.finditer(text):
        key, value, scaling, like, variant = match.groups()
        if variant or key == "name":
            name = variant or value.strip('"')
            entries.append(ShippedTable(name, (), path, variant))
        elif key == "aliases":
            aliases = tuple(re.findall('"([^"]+)"', value))
            entries[-1] = entries[-1]._replace(aliases=aliases)
        elif key == "family":
            group = value.strip('"')
        else:
            likes = scaling or like
    rank = len(FAMILIES) if group else FAMILIES.index(likes)
    return (rank, group), entries


def architectures() -> tuple[Architecture, ...]:
    """The tables that come with mnprofile: MobileNets first, then by family."""
    return tuple(_shipped(entry) for entry in index())


def names() -> list[str]:
    """What ``load`` accepts besides a path: each table's alias, or else its name."""
    return [entry.handle for entry in index()]


@cache
def _shipped(entry: ShippedTable) -> Architecture:
    text = entry.path.read_text("utf-8")
    return parse(text, f"tables/{entry.path.name}", variant=entry.variant)


def entry_of(name: str) -> ShippedTable | None:
    """The shipped table with this name or alias, ignoring case, or None."""
    called = name.lower()
    found = (e for e in index() if called in map(str.lower, (e.name, *e.aliases)))
    return next(found, None)


def split_table(text: str) -> tuple[str, str | None]:
    """``paper.tex#2`` -> the file, and the number or label of a tabular in it."""
    name, mark, key = text.rpartition("#")
    can_have_one = name == STDIN or name.lower().endswith(".tex")
    if not mark or not can_have_one or os.path.lexists(text):
        return text, None
    return name, key


def _close(text: str) -> Sequence[str] | str | None:
    """The names that continue a text, the shortest ones, or else the nearest name."""
    longer = [name for name in names() if name.startswith(f"{text.lower()}-")]
    if longer:
        shortest = min(name.count("-") for name in longer)
        return [name for name in longer if name.count("-") == shortest]
    return nearest(text, [*names(), *(entry.name for entry in index())])


def load(
    arch: Arch,
    *,
    table: int | str | None = None,
    settings: Mapping[str, object] | None = None,
) -> Architecture:
    """Find and read a table: an alias or name, a path, or "-" for standard input.

    An ``Architecture`` is returned unchanged. Every printed input size is compared with
    the computed one.

    Args:
        arch: ``paper.tex#2`` is the second tabular of a LaTeX file.
        table: the number of the tabular, or its label, in place of ``#``.
        settings: replace those that the file has.

    Raises:
        UsageError: there is neither a table nor a file of that name.
        TableError: the file is not a readable architecture table.
        MissingExtraError: a LaTeX file, and pylatexenc is not installed.
    """
    if isinstance(arch, Architecture):
        return arch
    text, key = split_table(os.fspath(arch))
    if table is not None and key is not None:
        raise UsageError(f"table: {os.fspath(arch)} already says which one")
    key = key if table is None else str(table)
    if text == STDIN:
        if sys.stdin is None:
            raise UsageError("standard input is closed")
        data = FILES.bounded(sys.stdin.buffer, "<stdin>")
        return parse(FILES.decoded(data, "<stdin>"), "<stdin>", key, settings)
    entry = entry_of(text)
    if entry is not None and (key is not None or settings):
        option = "set" if key is None else "table"
        raise UsageError(f"--{option}: {text} is a shipped table", accepted="a path")
    if entry is not None:
        return _shipped(entry)
    backbone, plus, head = text.rpartition("+")
    if plus and not os.path.lexists(text):
        return _headed(backbone, head)
    looks_like_a_path = os.sep in text or "/" in text or text.endswith(SUFFIXES)
    _refuse_others(text)
    if looks_like_a_path or os.path.lexists(text):
        return _load_file(Path(text), key, settings)
    raise _unknown(text)


def _unknown(text: str) -> UsageError:
    """The error for a text that names nothing."""
    if text.lower().endswith(".py"):
        return UsageError(
            f"{text}: a Python file holds no table",
            accepted=f"{text}:CALLABLE, a function or class that makes the network",
        )
    return UsageError(
        f'no architecture is called "{text}", and no file has that name',
        accepted=f"{', '.join(names()[:7])} ... (mnprofile list has all"
        f" {len(names())}), or a path to a table",
        suggestion=_close(text),
    )


@cache
def _headed(backbone: str, name: str) -> Architecture:
    """A backbone with a head: a shipped one by name, or a path to a head's table."""
    from mnprofile.networks.heads import read_head, with_head  # rarely needed

    known = heads()
    if name in known:
        path = tables_folder() / "heads" / f"{name}.md"
        text, file = path.read_text("utf-8"), f"tables/heads/{name}.md"
    elif name.endswith(".md"):
        text, file = FILES.text(Path(name)), name
    else:
        raise UsageError(
            f'no head is called "{name}"',
            accepted=", ".join(known) + ", or a path to a head's table",
            suggestion=nearest(name, known),
        )
    return with_head(load(backbone), read_head(read_table(text, file)))


def heads() -> list[str]:
    """The names of the shipped heads."""
    return sorted(path.stem for path in (tables_folder() / "heads").glob("*.md"))


def _refuse_others(text: str) -> None:
    """Raise UsageError for a name that cannot be a table's, and say what it is."""
    if text.lower().endswith((".onnx", ".tflite")):
        raise UsageError(
            f"{text} is a model file, which has one form",
            accepted="a table, whose width and resolution can change",
        )
    if text.lower().endswith(".py"):
        raise UsageError(
            f"{text} is Python code: which network of it?",
            accepted=f"{text}:CALLABLE, a function or class that returns a module",
        )


def parse(
    text: str,
    file: str = "<text>",
    table: int | str | None = None,
    settings: Mapping[str, object] | None = None,
    variant: str | None = None,
) -> Architecture:
    """Read a table from the text of a Markdown page or LaTeX file.

    ``table`` and ``settings`` are those of ``load``; ``variant`` is the name of a
    network that the page describes besides its own. Raises TableError.
    """
    if _is_latex(text, file):
        from mnprofile.networks.notation.latex.reader import read_latex  # rarely used

        key = None if table is None else str(table)
        read = read_latex(text, file, key, settings or {})
    elif table is not None:
        raise TableError(
            "not a LaTeX file: a Markdown page holds one table", place=Place(file)
        )
    else:
        read = read_table(text, file)
        read = replace(read, settings={**read.settings, **(settings or {})})
    arch = read_architecture(read, variant)
    check_sizes(arch)
    return arch


def _is_latex(text: str, file: str) -> bool:
    if file.lower().endswith(SUFFIXES):
        return file.lower().endswith(".tex")
    has_one = "\\begin{tabular" in text or "\\begin{longtable" in text
    return has_one and _TOML.search(text) is None


def build(
    arch: Arch,
    *,
    alpha: float | None = None,
    resolution: int | tuple[int, int] | None = None,
    rho: float | None = None,
    t: float | None = None,
    classes: int | None = None,
    impl: str | None = None,
    output_stride: int | None = None,
    depth: float | None = None,
    phi: float | None = None,
) -> Graph:
    """Build the layer graph of one configuration.

    Args:
        arch: a table as ``load`` accepts it, a spec such as ``v2@0.75/160``, or a
            network that commands take by its name, such as a model file or v2+ssdlite.
        alpha: width multiplier, above 0 and at most 16; 1 where None.
        resolution: input side, or (height, width); the table's own where None.
        rho: in place of a resolution, a factor of the table's own.
        t: replaces the expansion factor of every block whose printed one is above 1;
            0 makes a block with a shortcut the identity.
        classes: replaces the number of classes; 0 leaves the classifier out.
        impl: whose width-multiplier rules apply: paper (where None), torchvision,
            keras or timm.
        output_stride: 8, 16 or 32: strides beyond it become dilation of the layers
            after them, as in TF-slim, DeepLab and timm; of impl torchvision also of the
            strided layer itself, as in its ``dilated`` V3, which equals 16.
        depth: multiplies the repeats of the blocks, where the table says that it may.
        phi: in place of alpha, depth and resolution: compound scaling.

    Raises:
        UsageError: a value out of range, or a setting that the network cannot use.
            This includes a resolution too small for Keras' V1 padding.
        TableError: the file is not a readable architecture table.

    >>> build("v2@0.75/160") == build("v2", alpha=0.75, resolution=160)
    True
    """
    request = Request(
        alpha, resolution, rho, t, classes, impl, output_stride, depth, phi
    )
    if isinstance(arch, Architecture):
        return build_rows(arch, configure(arch, request))
    try:
        name = os.fspath(arch)
    except TypeError:
        raise UsageError(
            f"arch: {type(arch).__name__} is not a network",
            accepted="a name, a path, v2@0.75/160 or a loaded table",
        ) from None
    from mnprofile.networks.finding import find_network  # which imports this module

    return find_network(name, request)[1]


def graph_of(network: Graph | Arch) -> Graph:
    """A graph as it is; of anything else, what ``build`` makes of it."""
    return network if isinstance(network, Graph) else build(network)


def is_shipped(arch: object) -> TypeGuard[Architecture]:
    """Whether a table is a shipped one. A user's copy of a shipped table is not."""
    if not isinstance(arch, Architecture):
        return False
    return any(arch is _shipped(one) for one in index() if one.name == arch.name)


def _load_file(
    path: Path, key: str | None, settings: Mapping[str, object] | None
) -> Architecture:
    if os.path.isdir(path):  # noqa: PTH112 - unlike Path.is_dir it never raises
        place = Place(str(path))
        raise TableError("this is a directory", place=place, accepted="a file")
    kind = LATEX if path.suffix.lower() == ".tex" else FILES
    return parse(kind.text(path), str(path), key, settings)
