"""A network that is not a table: what is known of it besides its graph."""

from dataclasses import dataclass, field
from typing import Any

from mnprofile.networks.notation.rows import Architecture
from mnprofile.networks.notation.table import Erratum
from mnprofile.networks.readers.inputs import ReadRequest


@dataclass(frozen=True)
class Imported:
    """A network read from code or a file. It has one form: no width, no expansion.

    ``spelling`` is the ARCH that names it on the command line, ``source`` says where it
    was read from and how. ``module`` is the torch module, of a PyTorch network, and
    ``asked`` what was asked for of it.
    """

    name: str
    title: str
    source: str
    spelling: str
    aliases: tuple[str, ...] = ()
    errata: tuple[Erratum, ...] = ()
    from_code: tuple[str, ...] = ()  # a table's: what its source does not print
    module: Any = field(default=None, compare=False, repr=False)
    asked: ReadRequest = field(default=ReadRequest(), compare=False, repr=False)


Network = Architecture | Imported
