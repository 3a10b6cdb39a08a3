"""The pages' scripts: small modules, inlined in the order of their imports.

A module is a file that Node can import by itself, which is how it is tested. For a page
each becomes a function of its own, so that no name of one meets those of another.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "scripts"
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./([a-z_]+\.mjs)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (const|function) ([A-Za-z_$][\w$]*)", re.MULTILINE)


@cache
def bundle(*entries: str) -> str:
    """One script of these modules and all that they import, each once."""
    order: list[str] = []
    for entry in entries:
        _visit(entry, order, ())
    body = "".join(map(_wrapped, order))
    return f'"use strict";\n(() => {{\nconst modules = {{}};\n{body}}})();\n'


def source(name: str) -> str:
    """The text of one module."""
    return (FOLDER / name).read_text("utf-8")


@cache
def vendored(name: str) -> str:
    """A script of another project (vendor/README.md), without the address of a map."""
    text = (FOLDER.parent / "vendor" / name).read_text("utf-8")
    assert "</script" not in text
    return re.sub(r"(?m)^//# sourceMappingURL=.*$", "", text)


def _visit(name: str, order: list[str], within: Iterable[str]) -> None:
    """Add a module after those that it imports."""
    assert name not in within, f"{name} imports itself"
    if name in order:
        return
    for _, needed in _IMPORT.findall(source(name)):
        _visit(needed, order, (*within, name))
    order.append(name)


def _wrapped(name: str) -> str:
    """A module as a function that returns what it exports."""
    text = source(name)
    exported = ", ".join(found for _, found in _EXPORT.findall(text))
    text = _IMPORT.sub(r'const \1 = modules["\2"];\n', text)
    text = _EXPORT.sub(r"\1 \2", text)
    assert not re.search(r"^(import|export)\b", text, re.MULTILINE), name
    return f'modules["{name}"] = (() => {{\n{text}return {{ {exported} }};\n}})();\n'
