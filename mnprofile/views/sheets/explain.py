"""What `mnprofile explain` prints: sheets, records and Markdown with math."""

from collections.abc import Sequence
from typing import Any

from mnprofile.base import escape, sheet, units
from mnprofile.base.sheet import Column, Share, Sheet, Value
from mnprofile.costs.explaining import (
    STANDARD,
    Explanation,
    NetworkExplanation,
    Ratio,
    saving_text,
)
from mnprofile.costs.formulas import Formula, Meaning, number_text
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.operators import Shape
from mnprofile.views.sheets.configuration import headline, model_record

# --- one layer -----------------------------------------------------------------------


def _lines(one: Explanation) -> list[tuple[str, Formula]]:
    """Every formula of a layer or block, under the name of its quantity."""
    is_part = one.separable is not None and one.separable.expr != one.macs.expr
    named = [
        ("Multiply-adds", one.macs),
        ("Weights", one.weights),
        ("Depthwise and projection", one.separable if is_part else None),
        ("As one standard convolution", one.standard),
        ("Ratio of these two", one.saving),
        ("With α and ρ (letters at 1)", one.scaled),
    ]
    return [(name, formula) for name, formula in named if formula is not None]


def layer_sheets(one: Explanation, config: Configuration) -> list[Sheet]:
    rows: list[tuple[Value, ...]] = []
    for name, formula in _lines(one):
        rows.append((name, formula.text))
        rows += [("", f"= {line}") for line in _put_in(formula, config)]
    columns = (Column("quantity", "Quantity"), Column("formula", "Formula"))
    title = f"{headline(config)}: {_heading(one)}"
    sheets = [Sheet(columns, tuple(rows), title=title)]
    if len(one.layers) > 1:
        sheets.append(_layers_sheet(one))
    sheets.append(_symbols_sheet(one.macs.meanings))
    if one.ratios:
        sheets.append(_ratios_sheet(one.ratios))
    return sheets


def _put_in(
    formula: Formula, config: Configuration, *, latex: bool = False
) -> list[str]:
    """A formula with its numbers, then its value.

    Neither for the textbook form at alpha and rho 1, which would repeat the exact one.
    """
    scaled = any(one.symbol.text[0] in "αρ" for one in formula.meanings)
    if scaled and config.alpha == config.rho == 1:
        return []
    numbers = formula.latex_numbers if latex else formula.numbers
    lines = [numbers, _value_text(formula)]
    return [line for line in dict.fromkeys(lines) if line != formula.text]


def _heading(one: Explanation) -> str:
    x, y = one.in_shape, one.out_shape
    return f"{one.name}, {one.kind}, {_shape_text(x)} -> {_shape_text(y)}"


def _layers_sheet(one: Explanation) -> Sheet:
    return Sheet(
        (
            Column("layer", "Layer"),
            Column("formula", "Formula"),
            Column("macs", "Multiply-adds", "count"),
            Column("share", "Share", "share"),
        ),
        tuple(
            (name, formula.text, int(formula.value), Share(int(formula.value), total))
            for total in [int(one.macs.value)]
            for name, formula in one.layers
        ),
    )


def _symbols_sheet(meanings: Sequence[Meaning]) -> Sheet:
    return Sheet(
        (
            Column("symbol", "Symbol"),
            Column("meaning", "Meaning"),
            Column("value", "Value", "number"),
        ),
        tuple(
            (m.symbol.text, _meaning_text(m), number_text(m.value)) for m in meanings
        ),
    )


def _meaning_text(meaning: Meaning) -> str:
    if meaning.definition is None:
        return meaning.text
    return f"{meaning.text}, {meaning.definition.write(lambda one: one.text)}"


def _ratios_sheet(ratios: Sequence[Ratio]) -> Sheet:
    return Sheet(
        (
            Column("alpha", "α", "number"),
            Column("resolution", "Res", "number"),
            Column("macs", "Multiply-adds", "count"),
            Column("macs_ratio", "Ratio", "number"),
            Column("textbook_macs", "α²ρ²", "number"),
            Column("params_ratio", "Params ratio", "number"),
            Column("textbook_params", "α²", "number"),
        ),
        tuple(
            (
                units.plain(one.alpha),
                units.resolution_text(one.resolution),
                one.macs,
                units.ratio(one.macs_ratio),
                units.ratio(one.textbook_macs),
                units.ratio(one.params_ratio),
                units.ratio(one.textbook_params),
            )
            for one in ratios
        ),
        title="Against alpha 1 at the table's resolution: exact, and as textbooks say",
    )


def _value_text(formula: Formula) -> str:
    value = formula.value
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.6g}" if value < 1 else f"{float(value):.1f}"


def layer_csv(one: Explanation) -> Sheet:
    columns = (
        Column("quantity", "Quantity"),
        Column("formula", "Formula"),
        Column("numbers", "Numbers"),
        Column("value", "Value", "number"),
    )
    named = [*_lines(one), *one.layers]
    return Sheet(
        columns,
        tuple((name, f.text, f.numbers, _plain(f)) for name, f in named),
    )


def _plain(formula: Formula) -> int | float:
    value = formula.value
    return value.numerator if value.denominator == 1 else float(value)


def formula_record(formula: Formula | None) -> dict[str, Any] | None:
    """A formula as JSON has it: symbols, numbers, LaTeX and value."""
    if formula is None:
        return None
    return {
        "formula": formula.text,
        "numbers": formula.numbers,
        "latex": formula.latex,
        "value": _plain(formula),
    }


def explanation_record(one: Explanation) -> dict[str, Any]:
    """A layer or block as JSON has it."""
    x, y = one.in_shape, one.out_shape
    return {
        "name": one.name,
        "kind": one.kind,
        "in_shape": [x.c, x.h, x.w],
        "out_shape": [y.c, y.h, y.w],
        "macs": formula_record(one.macs),
        "weights": formula_record(one.weights),
        "separable": formula_record(one.separable),
        "standard": formula_record(one.standard),
        "saving": formula_record(one.saving),
        "scaled": formula_record(one.scaled),
        "layers": [
            {"name": name, **(formula_record(formula) or {})}
            for name, formula in one.layers
        ],
        "symbols": [
            {
                "symbol": meaning.symbol.text,
                "latex": meaning.symbol.latex,
                "meaning": _meaning_text(meaning),
                "value": number_text(meaning.value),
            }
            for meaning in one.macs.meanings
        ],
        "ratios": [_ratio_record(ratio) for ratio in one.ratios],
    }


def _ratio_record(one: Ratio) -> dict[str, Any]:
    height, width = one.resolution
    return {
        "alpha": one.alpha,
        "resolution": height if height == width else [height, width],
        "macs": one.macs,
        "macs_ratio": one.macs_ratio,
        "textbook_macs": one.textbook_macs,
        "params": one.params,
        "params_ratio": one.params_ratio,
        "textbook_params": one.textbook_params,
    }


# --- a network -----------------------------------------------------------------------


def network_sheets(network: NetworkExplanation) -> list[Sheet]:
    rows = tuple(
        (block.name, block.macs.text, int(block.macs.value)) for block in network.blocks
    )
    blocks = Sheet(
        (
            Column("block", "Block"),
            Column("formula", "Formula"),
            Column("macs", "Multiply-adds", "count"),
        ),
        rows,
        ("total", None, network.macs),
        headline(network.config),
        (saving_text(network), STANDARD),
    )
    return [blocks, _ratios_sheet(network.ratios)]


def network_csv(network: NetworkExplanation) -> Sheet:
    columns = (
        Column("block", "Block"),
        Column("kind", "Kind"),
        Column("formula", "Formula"),
        Column("numbers", "Numbers"),
        Column("macs", "Multiply-adds", "count"),
        Column("standard_macs", "Standard", "count"),
    )
    return Sheet(
        columns,
        tuple(
            (
                block.name,
                block.kind,
                block.macs.text,
                block.macs.numbers,
                int(block.macs.value),
                block.standard_macs,
            )
            for block in network.blocks
        ),
    )


def network_record(network: NetworkExplanation) -> dict[str, Any]:
    """A network's formulas as JSON has them."""
    return {
        "model": model_record(network.config),
        "macs": network.macs,
        "standard_macs": network.standard_macs,
        "standard_is": STANDARD,
        "blocks": [
            {**explanation_record(block), "standard_macs": block.standard_macs}
            for block in network.blocks
        ],
        "ratios": [_ratio_record(ratio) for ratio in network.ratios],
    }


# --- Markdown with math --------------------------------------------------------------


def layer_markdown(one: Explanation, config: Configuration) -> str:
    """The formulas of one layer as math that GitHub renders."""
    parts = [f"**{escape.markdown(headline(config))}**", escape.markdown(_heading(one))]
    for name, formula in _lines(one):
        parts += [escape.markdown(name) + ":", _math(formula, config)]
    parts.append(
        "\n".join(
            f"- ${meaning.symbol.latex} = {_latex_number(meaning)}$"
            f" {escape.markdown(meaning.text)}"
            for meaning in one.macs.meanings
        )
    )
    if one.ratios:
        parts.append(sheet.to_markdown(_ratios_sheet(one.ratios)).rstrip())
    return "\n\n".join(parts) + "\n"


def _math(formula: Formula, config: Configuration) -> str:
    parts = [formula.latex, *_put_in(formula, config, latex=True)]
    return "$$\n" + "\n= ".join(dict.fromkeys(parts)) + "\n$$"


def _latex_number(meaning: Meaning) -> str:
    number = number_text(meaning.value).strip("()")
    if meaning.definition is None:
        return number
    written = meaning.definition.write(lambda one: one.latex, latex=True)
    return f"{written} = {number}"


def network_markdown(network: NetworkExplanation, sheets: Sequence[Sheet]) -> str:
    lines = [
        f"**{escape.markdown(headline(network.config))}**",
        "",
        "| Block | Formula | Multiply-adds |",
        "| --- | --- | ---: |",
    ]
    lines += [
        f"| {escape.markdown(block.name)} | ${block.macs.latex}$ |"
        f" {int(block.macs.value)} |"
        for block in network.blocks
    ]
    lines += [f"| **total** | | **{network.macs}** |"]
    for note in sheets[0].notes:
        lines += ["", escape.markdown(note)]
    return "\n".join(lines) + "\n\n" + sheet.to_markdown(sheets[1])


def _shape_text(shape: Shape) -> str:
    return f"{shape.h}x{shape.w}x{shape.c}"
