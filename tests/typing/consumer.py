"""How a project uses mnprofile: mypy --strict and pyright accept every line.

``.ci/run`` runs both on it; tests/test_api.py runs the code.
"""

from pathlib import Path

import pandas as pd

import mnprofile
from mnprofile import Configuration, Count, Graph, MnprofileError, UsageError


def within(budget: int, graph: Graph) -> bool:
    """A function of a project, in terms of mnprofile's types."""
    counted: Count = mnprofile.count(graph)
    config: Configuration = counted.config
    return counted.totals.macs <= budget and config.alpha <= 1.0


def largest(counted: Count) -> str:
    """The layer with most multiply-adds."""
    layer: mnprofile.Layer = max(counted.layers, key=lambda one: one.figures.macs)
    return layer.name


def main(folder: Path) -> dict[str, object]:
    """Every function once."""
    graph = mnprofile.build("v2", alpha=0.75, resolution=160)
    refused = ""
    try:
        mnprofile.count("v2@0.75/160x")
    except UsageError as fault:
        refused = f"{fault.kind}: {fault.message}"
    except MnprofileError as fault:
        refused = str(fault.as_dict())
    found: mnprofile.Found = mnprofile.find(max_macs="100M", max_memory="256KiB")
    best: mnprofile.Choice | None = found.best
    frame: pd.DataFrame = mnprofile.sweep("v2", alpha=[0.5, 0.75], resolution=160)
    network: mnprofile.NetworkExplanation = mnprofile.explain(graph)
    layer: mnprofile.Explanation = mnprofile.explain(graph, "block2")
    change: mnprofile.Comparison = mnprofile.diff(graph, "v2@1.0/160")
    page: Path = mnprofile.report([graph], folder)
    tables: tuple[mnprofile.Architecture, ...] = mnprofile.architectures()
    return {
        "within": within(110_000_000, graph),
        "largest": largest(mnprofile.count(graph)),
        "refused": refused,
        "best": best.spec if best is not None else None,
        "rows": len(frame),
        "blocks": len(network.blocks),
        "formula": layer.macs.text,
        "change": change.total.moved("macs"),
        "page": page.name,
        "names": [table.name for table in tables][:2],
        "peak": mnprofile.activation_memory(graph, bits=8).act_peak_bytes,
        "thop": mnprofile.ledger(graph)["thop"].total,
        "bytes": mnprofile.deploy(mnprofile.count(graph), bits=8).bytes,
        "field": mnprofile.receptive_fields(graph)["stem"].h.size,
        "explained": mnprofile.reproduce("paper-v1").explained,
    }


if __name__ == "__main__":
    print(main(Path("site")))
