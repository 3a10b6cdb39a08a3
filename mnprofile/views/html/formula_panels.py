"""The panel of formulas: the cost and saving of each block in the papers' symbols."""

import re

from markupsafe import Markup

from mnprofile.costs.explaining import (
    STANDARD,
    NetworkExplanation,
    network_explanation,
    saving_text,
)
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.html import tables as html
from mnprofile.views.html.graph_panel import block_ids
from mnprofile.views.html.markup import element, join
from mnprofile.views.html.panels import Panel, ReportNetwork
from mnprofile.views.sheets.explain import block_sheet

_TOKEN = re.compile(r"([^\W\d_]+_\w+|[^\W\d_]+\d*)|(\d+(?:\.\d+)?)|(\s+)|(.)")


def formulas(network: ReportNetwork, key: str) -> Panel:
    """One row per block: its formula, in symbols and in numbers, and its saving."""
    assert isinstance(network.arch, Architecture), "formulas are those of tables"
    graph = network.counted.graph
    explained = network_explanation(network.arch, graph, compared=False)
    shown = ("block", "formula", "macs", "standard_macs", "share", "numbers")
    ids = block_ids(network, key)
    drawn = html.table(
        block_sheet(explained).only(*shown),
        caption=f"Multiply-adds of {network.label} by block",
        class_="formulas",
        row_ids=[ids.get(block.name) for block in explained.blocks],
        drawn={"formula": mathml},
    )
    letters: list[str | Markup] = []
    for letter, text in symbols(explained):
        letters += ["; " if letters else "", mathml(letter), f" {text}"]
    notes = [[*letters, "."], _saving_note(explained), [STANDARD]]
    body = [drawn, *(element("p", *note, class_="note") for note in notes if note)]
    return Panel(f"{key}-formulas", "Formulas", saving_text(explained), join(body))


def symbols(explained: NetworkExplanation) -> tuple[tuple[str, str], ...]:
    """Every letter of the formulas with its meaning, each once, in order of use."""
    found = {
        (one.symbol.text, one.text): None
        for block in explained.blocks
        for one in block.macs.meanings
    }
    return tuple(found)


def _saving_note(explained: NetworkExplanation) -> list[str | Markup]:
    """The relative cost of a depthwise convolution and its projection."""
    ratios = {block.saving.text: None for block in explained.blocks if block.saving}
    if not ratios:
        return []
    drawn: list[str | Markup] = ["A depthwise convolution and its projection cost "]
    for at, ratio in enumerate(ratios):
        drawn += [" or " if at else "", mathml(ratio)]
    end = " of one standard convolution; a block's ratio includes its other layers."
    return [*drawn, end]


def mathml(text: str) -> Markup:
    """A formula in the papers' symbols, such as D_K·D_K·M, as MathML.

    Browsers set it without a script. A letter with an underscore has an index;
    ``alttext`` is the text itself.
    """
    parts = []
    for name, number, space, sign in _TOKEN.findall(text):
        if name:
            letter, _, index = name.partition("_")
            letters = element("mi", letter)
            parts.append(
                element("msub", letters, element("mi", index)) if index else letters
            )
        elif number:
            parts.append(element("mn", number))
        elif not space:
            parts.append(element("mo", sign, stretchy="false"))
    return element("math", element("mrow", join(parts)), alttext=text)
