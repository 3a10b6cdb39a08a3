"""Operators declare what they are; no code outside them asks which kind one is."""

import ast
from pathlib import Path

import pytest

import mnprofile

PACKAGE = Path(mnprofile.__file__).parent
OPERATORS = PACKAGE / "graph" / "operators"


def asks_for_the_kind(source: str) -> list[int]:
    """The lines that compare ``op.kind`` (or ``node.op.kind``) or look it up."""

    def is_kind(node: ast.expr) -> bool:
        if not (isinstance(node, ast.Attribute) and node.attr == "kind"):
            return False
        of = node.value
        return getattr(of, "attr", getattr(of, "id", "")) == "op"

    found = []
    for node in ast.walk(ast.parse(source)):
        asked: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            asked = [node.left, *node.comparators]
        elif isinstance(node, ast.Match):
            asked = [node.subject]
        elif isinstance(node, ast.Subscript):
            asked = [node.slice]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            asked = node.args if node.func.attr == "get" else []
        found += [one.lineno for one in asked if is_kind(one)]
    return found


def test_no_module_outside_the_operators_asks_for_a_kind() -> None:
    modules = [one for one in PACKAGE.rglob("*.py") if OPERATORS not in one.parents]

    assert len(modules) > 200
    assert {
        f"{one.relative_to(PACKAGE)}:{line}"
        for one in modules
        for line in asks_for_the_kind(one.read_text("utf-8"))
    } == set()


@pytest.mark.parametrize(
    "source",
    [
        'op.kind == "conv"',
        'node.op.kind in ("conv", "pool")',
        "NAMES[op.kind]",
        "NAMES.get(one.op.kind)",
        "match op.kind:\n    case _: pass",
    ],
)
def test_each_way_to_ask_is_seen(source: str) -> None:
    assert asks_for_the_kind(source) == [1]
