"""Exact counts of other implementations, row by row."""

import csv
from pathlib import Path

import pytest

import mnprofile

DATA = Path(__file__).parent.parent / "data"


def rows(name: str) -> list[dict[str, str]]:
    with open(DATA / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


TORCHVISION = rows("torchvision_counts.csv")
KERAS = rows("keras_mobilenet_v2_summary.csv")
NAMES = {"v2": "v2", "v3_large": "v3-large", "v3_small": "v3-small"}


def test_the_torchvision_reference_has_52_rows() -> None:
    assert len(TORCHVISION) == 52


@pytest.mark.parametrize("row", TORCHVISION, ids=lambda row: "-".join(row.values()))
def test_torchvision_counts_hold_exactly(row: dict[str, str]) -> None:
    """Counted on torchvision's own modules; ``dilated`` is output stride 16."""
    reduced = row["reduced_tail"] == "True"
    graph = mnprofile.build(
        NAMES[row["model"]] + ("-reduced" if reduced else ""),
        alpha=float(row["alpha"]),
        resolution=int(row["res"]),
        impl="torchvision",
        output_stride=16 if row["dilated"] == "True" else None,
    )
    ours = mnprofile.count(graph).totals

    assert ours.macs == int(row["macs"])
    assert ours.params == int(row["params"])
    assert ours.buffers == int(row["buffers"])


def test_every_block_of_the_keras_summary_holds_exactly() -> None:
    """A Keras summary counts batch-norm statistics as parameters; 21 classes."""
    counted = mnprofile.count(mnprofile.build("v2", classes=21))
    ours = [
        (group.layers[-1].out_shape, group.figures.params + group.figures.buffers)
        for group in counted.by("block")
    ]
    printed = [row for row in KERAS if row["layer"] not in ("input_2", "total")]

    assert len(ours) == len(printed) == 20
    for (shape, params), row in zip(ours, printed, strict=True):
        assert params == int(row["params_with_bn_statistics"])
        if "," in row["output_shape_nhwc"]:
            height, width, channels = map(int, row["output_shape_nhwc"].split(","))
            assert (shape.h, shape.w, shape.c) == (height, width, channels)
    assert sum(params for _, params in ours) == 2_284_885
