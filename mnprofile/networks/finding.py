"""Find any network by its name: a table at a configuration, code, or a model file."""

from mnprofile.base.errors import UsageError
from mnprofile.graph.graph import Graph
from mnprofile.networks import catalog
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.configuration import (
    PLAIN,
    Request,
    configure,
    parse_spec,
    said_twice,
    with_spec,
)
from mnprofile.networks.imported import Network
from mnprofile.networks.readers.inputs import ReadRequest
from mnprofile.networks.readers.reading import Reader, read_network, reader_of

_NOTHING = ReadRequest()


def find_network(
    arch: str, request: Request = PLAIN, asked: ReadRequest = _NOTHING
) -> tuple[Network, Graph]:
    """The network that ARCH names, and its graph as ARCH and the settings configure it.

    ARCH is a table (an alias, a name, a path, "-"), a spec such as ``v2@0.75/160``, or
    what a reader of ``networks/readers`` knows. ``request`` are settings of tables,
    ``asked`` those of other networks. Raises UsageError, and what reading raises.
    """
    name, spec = parse_spec(arch)
    twice = said_twice(spec, request)
    if twice is not None:
        raise UsageError(f"--{twice}: {arch} already sets it")
    settings = with_spec(spec, request)
    reader = foreign_reader(name)
    if reader is not None:
        size = settings.resolution
        sides = (size, size) if isinstance(size, int) else size
        if sides is not None and asked.inputs:
            raise UsageError("--res and --input together: one of them gives the input")
        if asked.table is not None or asked.settings:
            option = "set" if asked.table is None else "table"
            raise UsageError(f"--{option}: {name} is not a table")
        return read_network(reader, name, asked._replace(resolution=sides), settings)
    for option, value in (
        ("input", asked.inputs),
        ("arg", asked.arguments),
        ("train", asked.train),
    ):
        if value:
            raise UsageError(
                f"--{option}: {name} is a table",
                accepted="a PyTorch network or a model file",
            )
    table = catalog.load(name, table=asked.table, settings=dict(asked.settings))
    return table, build_rows(table, configure(table, settings))


def foreign_reader(name: str) -> Reader | None:
    """The reader of a network that is not a table; a shipped table comes first."""
    file, _ = catalog.split_table(name)
    is_table = file == catalog.STDIN or file.endswith(catalog.SUFFIXES)
    if is_table or catalog.entry_of(name) is not None:
        return None
    return reader_of(name)
