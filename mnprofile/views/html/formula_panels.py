"""The panel of formulas: what each block costs in the papers' symbols, and saves."""

from mnprofile.base.sheet import Column, Share, Sheet
from mnprofile.costs.explaining import (
    STANDARD,
    NetworkExplanation,
    network_explanation,
    saving_text,
)
from mnprofile.views.html import tables as html
from mnprofile.views.html.markup import element, join
from mnprofile.views.html.panels import Network, Panel


def formulas(network: Network, key: str) -> Panel:
    """One line a block: its formula, the numbers put in, and its saving."""
    explained = network_explanation(network.arch, network.counted.graph)
    drawn = html.table(
        formula_sheet(explained),
        caption=f"Multiply-adds of {network.label} by block",
        class_="formulas",
    )
    letters = "; ".join(f"{letter} {text}" for letter, text in symbols(explained))
    notes = [f"{letters}.", _saving_note(explained), STANDARD]
    body = [drawn, *(element("p", note, class_="note") for note in notes if note)]
    return Panel(f"{key}-formulas", "Formulas", saving_text(explained), join(body))


def formula_sheet(explained: NetworkExplanation) -> Sheet:
    """A block a row. Blocks that nothing stands in for have no share."""
    return Sheet(
        (
            Column("block", "Block"),
            Column("formula", "Formula"),
            Column("macs", "Multiply-adds", "count"),
            Column("standard_macs", "With standard convolutions", "count"),
            Column("share", "Ratio", "share"),
            Column("numbers", "With numbers"),
        ),
        tuple(
            (
                block.name,
                block.macs.text,
                int(block.macs.value),
                block.standard_macs,
                Share(int(block.macs.value), block.standard_macs)
                if block.saving
                else None,
                block.macs.numbers,
            )
            for block in explained.blocks
        ),
        (
            "total",
            "",
            explained.macs,
            explained.standard_macs,
            Share(explained.macs, explained.standard_macs),
            "",
        ),
    )


def symbols(explained: NetworkExplanation) -> tuple[tuple[str, str], ...]:
    """Every letter of the formulas with its meaning, each once, in order of use."""
    found = {
        (one.symbol.text, one.text): None
        for block in explained.blocks
        for one in block.macs.meanings
    }
    return tuple(found)


def _saving_note(explained: NetworkExplanation) -> str:
    """What a depthwise convolution and its projection cost of a standard one."""
    ratios = {block.saving.text: None for block in explained.blocks if block.saving}
    if not ratios:
        return ""
    return (
        "A depthwise convolution and its projection cost "
        + " or ".join(ratios)
        + " of one standard convolution; the ratio of a block has its other layers too."
    )
