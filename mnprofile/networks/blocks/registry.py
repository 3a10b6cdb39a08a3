"""Every block of this package, by the words that name it in an Operator cell.

A block is a module here with a subclass of ``Row``; there is no other list of blocks.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from mnprofile.networks import blocks
from mnprofile.networks.notation.rows import Row


@cache
def by_word() -> Mapping[str, type[Row]]:
    """The row class of each word, in the order of the modules' names."""
    found: dict[str, type[Row]] = {}
    for module in sorted(one.name for one in iter_modules(blocks.__path__)):
        for value in vars(import_module(f"{blocks.__name__}.{module}")).values():
            if isinstance(value, type) and issubclass(value, Row):
                found |= dict.fromkeys(value.words, value)
    return found
