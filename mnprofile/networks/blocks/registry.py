"""Every block of this package, by the words that name it in an Operator cell.

A block is a module here with a subclass of ``Row``; there is no other list of blocks.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from mnprofile.networks import blocks
from mnprofile.networks.notation.rows import Row

_COMMON = ("classifier", "convolution", "inverted_residual", "pooling")


@cache
def block_of(word: str) -> type[Row] | None:
    """The block that a word names, or None. Loads no more modules than it needs."""
    return next((block for block in _blocks() if word in block.words), None)


@cache
def by_word() -> Mapping[str, type[Row]]:
    """The row class of each word, in the order of the modules' names."""
    found: dict[str, type[Row]] = {}
    for block in _blocks():
        for word in block.words:
            found.setdefault(word, block)
    return found


def _blocks() -> Iterator[type[Row]]:
    """The blocks of every module, one module after the other.

    Those that most tables need come first.
    """
    names = [one.name for one in iter_modules(blocks.__path__)]
    for name in sorted(names, key=lambda name: (name not in _COMMON, name)):
        module = import_module(f"{blocks.__name__}.{name}")
        for value in vars(module).values():
            own = isinstance(value, type) and value.__module__ == module.__name__
            if own and issubclass(value, Row):
                yield value
