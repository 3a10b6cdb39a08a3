"""Formulas of a layer, a block or a network: sheets, and Markdown with math."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mnprofile.base import escape, sheet, units
from mnprofile.base.sheet import Column, Share, Sheet, Value
from mnprofile.costs.explaining import (
    STANDARD,
    Explanation,
    NetworkExplanation,
    Ratio,
    saving_text,
    why_no_ratios,
)
from mnprofile.costs.formula import Formula, Meaning, number_text
from mnprofile.graph.configuration import Configuration
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.configuration import (
    headline,
    model_record,
    resolution_record,
)

# --- one layer -----------------------------------------------------------------------


def layer_document(one: Explanation, config: Configuration) -> Document:
    """The formulas of one layer or block."""
    return Document(
        "explain",
        _layer_sheets(one, config),
        _layer_csv(one),
        lambda: {"model": model_record(config), **explanation_record(one)},
        lambda: _layer_markdown(one, config),
    )


def _lines(one: Explanation) -> list[tuple[str, Formula]]:
    """Every formula of a layer or block, under the name of its quantity."""
    is_part = one.separable is not None and one.separable.expr != one.macs.expr
    named = [
        ("Multiply-adds", one.macs),
        ("Weights", one.weights),
        ("Depthwise and projection", one.separable if is_part else None),
        (f"As {'one ' if one.saving else ''}standard convolution", one.standard),
        ("Ratio of these two", one.saving),
        ("With α and ρ (letters at 1)", one.scaled),
    ]
    return [(name, formula) for name, formula in named if formula is not None]


def _layer_sheets(one: Explanation, config: Configuration) -> list[Sheet]:
    rows: list[tuple[Value, ...]] = []
    for name, formula in _lines(one):
        rows.append((name, formula.text))
        rows += [("", f"= {line}") for line in _put_in(formula, config)]
    title = f"{headline(config)}: {_heading(one)}"
    sheets = [Sheet(columns("quantity formula"), tuple(rows), title=title)]
    if len(one.layers) > 1:
        sheets.append(_layers_sheet(one))
    meanings = map(_meaning_record, one.macs.meanings)
    sheets.append(Sheet.of(columns("symbol meaning value"), meanings))
    if one.ratios:
        sheets.append(_ratios_sheet(one.ratios))
    why = why_no_ratios(config)
    told = ([f"Made by {one.source}"] if one.source else []) + ([why] if why else [])
    return [*sheets[:-1], sheets[-1].noted(*told)]


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
    return f"{one.name}, {one.kind}, {one.in_shape} -> {one.out_shape}"


def _layers_sheet(one: Explanation) -> Sheet:
    total = int(one.macs.value)
    return Sheet(
        columns("layer formula macs share"),
        tuple(
            (name, formula.text, int(formula.value), Share(int(formula.value), total))
            for name, formula in one.layers
        ),
    )


def _meaning_record(meaning: Meaning) -> dict[str, Any]:
    text = meaning.text
    if meaning.definition is not None:
        text += f", {meaning.definition.write(lambda one: one.text)}"
    return {
        "symbol": meaning.symbol.text,
        "latex": meaning.symbol.latex,
        "meaning": text,
        "value": number_text(meaning.value),
    }


def _ratios_sheet(ratios: Sequence[Ratio]) -> Sheet:
    decimal = ("macs_ratio", "textbook_macs", "params_ratio", "textbook_params")
    return Sheet.of(
        columns(
            Column("alpha", "α", "number"),
            "resolution macs",
            Column("macs_ratio", "Ratio", "number"),
            Column("textbook_macs", "α²ρ²", "number"),
            Column("params_ratio", "Params ratio", "number"),
            Column("textbook_params", "α²", "number"),
        ),
        (
            {
                "alpha": units.factor(one.alpha),
                "resolution": units.resolution_text(one.resolution),
                "macs": one.macs,
                **{key: units.ratio(getattr(one, key)) for key in decimal},
            }
            for one in ratios
        ),
        title="Ratios to alpha 1 at the table's resolution: exact, and as in textbooks",
    )


def _value_text(formula: Formula) -> str:
    value = formula.value
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.6g}" if value < 1 else f"{float(value):.1f}"


def _layer_csv(one: Explanation) -> Sheet:
    return Sheet.of(
        columns("quantity formula numbers value"),
        (
            {"quantity": name, **_formula_record(formula)}
            for name, formula in (*_lines(one), *one.layers)
        ),
    )


def _plain(formula: Formula) -> int | float:
    value = formula.value
    return value.numerator if value.denominator == 1 else float(value)


def _formula_record(formula: Formula) -> dict[str, Any]:
    """The JSON record of a formula: symbols, numbers, LaTeX and value."""
    return {
        "formula": formula.text,
        **record_of(formula, "numbers", "latex"),
        "value": _plain(formula),
    }


def explanation_record(one: Explanation) -> dict[str, Any]:
    """The JSON record of a layer or block."""
    x, y = one.in_shape, one.out_shape
    names = ("macs", "weights", "separable", "standard", "saving", "scaled")
    formulas = record_of(one, *names)
    return {
        **record_of(one, "name", "kind"),
        "source": one.source or None,
        "in_shape": [x.c, x.h, x.w],
        "out_shape": [y.c, y.h, y.w],
        **{
            name: formula and _formula_record(formula)
            for name, formula in formulas.items()
        },
        "layers": [
            {"name": name, **_formula_record(formula)} for name, formula in one.layers
        ],
        "symbols": [_meaning_record(meaning) for meaning in one.macs.meanings],
        "ratios": [_ratio_record(ratio) for ratio in one.ratios],
    }


def _ratio_record(one: Ratio) -> dict[str, Any]:
    return {
        "alpha": one.alpha,
        "resolution": resolution_record(one.resolution),
        **record_of(one, "macs", "macs_ratio", "textbook_macs"),
        **record_of(one, "params", "params_ratio", "textbook_params"),
    }


# --- a network -----------------------------------------------------------------------


def network_document(network: NetworkExplanation) -> Document:
    """The formulas of a network, one row per block."""
    full = block_sheet(network)
    blocks = replace(
        full.only("block formula macs"),
        title=headline(network.config),
        notes=_saving_notes(network),
    )
    sheets = [blocks]
    if network.ratios:
        sheets.append(_ratios_sheet(network.ratios))
    return Document(
        "explain",
        sheets,
        full.only("block kind formula numbers macs standard_macs"),
        lambda: network_record(network),
        lambda: _network_markdown(network, sheets),
    )


def _saving_notes(network: NetworkExplanation) -> tuple[str, ...]:
    why = why_no_ratios(network.config)
    if why and network.macs == network.standard_macs:
        return (why,)
    return (saving_text(network), STANDARD, *([why] if why else []))


def block_sheet(network: NetworkExplanation) -> Sheet:
    """One row per block. Blocks without a standard counterpart have no share."""
    return Sheet.of(
        columns(
            "block kind formula macs",
            Column("standard_macs", "With standard convolutions", "count"),
            Column("share", "Ratio", "share"),
            Column("numbers", "With numbers"),
        ),
        (
            {
                "block": block.name,
                "kind": block.kind,
                "formula": block.macs.text,
                "macs": macs,
                "standard_macs": block.standard_macs,
                "share": Share(macs, block.standard_macs) if block.saving else None,
                "numbers": block.macs.numbers,
            }
            for block in network.blocks
            for macs in [int(block.macs.value)]
        ),
        {
            "block": "total",
            "macs": network.macs,
            "standard_macs": network.standard_macs,
            "share": Share(network.macs, network.standard_macs),
        },
    )


def network_record(network: NetworkExplanation) -> dict[str, Any]:
    """The JSON record of a network's formulas."""
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


def _layer_markdown(one: Explanation, config: Configuration) -> str:
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


def _network_markdown(network: NetworkExplanation, sheets: Sequence[Sheet]) -> str:
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
    text = "\n".join(lines) + "\n"
    return "\n".join([text, *map(sheet.to_markdown, sheets[1:])])
