"""The notebook of the documentation is run again, cell by cell, without Jupyter.

``python -m tests.cli.test_notebook`` updates its outputs.
"""

import ast
import json
from pathlib import Path
from typing import Any

from tests.cli.test_readme import ROOT, examples

NOTEBOOK = ROOT / "docs" / "notebook.ipynb"


def shown(value: object) -> dict[str, list[str]]:
    """What a notebook keeps of a cell's last value."""
    if hasattr(value, "to_plotly_json"):  # Jupyter draws it; a page cannot
        return {"text/plain": ["a plotly figure"]}
    data = {"text/plain": repr(value)}
    if hasattr(value, "_repr_html_"):
        data["text/html"] = value._repr_html_()
    return {kind: text.splitlines(keepends=True) for kind, text in data.items()}


def run_cell(source: str, names: dict[str, object]) -> list[dict[str, Any]]:
    """Run one cell; its outputs."""
    body = ast.parse(source).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "<string>", "exec"), names)
    if last is None:
        return []
    assert isinstance(last, ast.Expr)
    value = eval(compile(ast.Expression(last.value), "<string>", "eval"), names)
    if value is None:
        return []
    kept = {"data": shown(value), "metadata": {}, "output_type": "execute_result"}
    return [{**kept, "execution_count": None}]


def refreshed() -> str:
    """The notebook with the outputs that it gives today."""
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    names: dict[str, object] = {}
    with examples():
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = run_cell("".join(cell["source"]), names)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def test_the_notebook_s_outputs_are_what_its_cells_give_today() -> None:
    assert refreshed() == NOTEBOOK.read_text("utf-8")


def test_the_notebook_shows_sheets_figures_and_frames() -> None:
    text = NOTEBOOK.read_text("utf-8")

    assert text.count('"text/html"') >= 5
    assert "a plotly figure" in text


if __name__ == "__main__":
    Path(NOTEBOOK).write_text(refreshed(), encoding="utf-8")
