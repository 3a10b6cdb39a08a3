"""Sweeps over compound scaling: a row for each φ is what ``count --phi`` says."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mnprofile
from mnprofile.base.errors import UsageError
from mnprofile.cli import main
from mnprofile.costs.memory.activations import activation_memory
from mnprofile.networks import catalog
from mnprofile.search import row_files
from mnprofile.search.grids import grids_for
from mnprofile.search.rows import groups_of
from mnprofile.search.stream import stream
from mnprofile.views.html import sweep_page
from mnprofile.views.plots import expansion
from mnprofile.views.plots.accuracy import x_axis
from mnprofile.views.plots.sample import Sample

PHIS = (-1, 0, 0.5, 2)


@pytest.mark.parametrize("table", ["efficientnet-b0", "efficientnet-b1"])
def test_rows_are_counts_with_the_same_phi(table: str) -> None:
    found = mnprofile.sweep(table, phi=PHIS, classes=[10, 1000])

    assert found["phi"].tolist() == [phi for phi in PHIS for _ in range(2)]
    for row in found.to_dict("records"):
        phi, classes = row["phi"], row["classes"]
        graph = mnprofile.build(table, phi=phi, classes=classes)
        config, totals = graph.config, mnprofile.count(graph).totals
        assert (row["alpha"], row["depth"]) == (config.alpha, config.depth)
        assert (row["resolution"],) * 2 == config.resolution
        names = ("macs", "params", "weights", "buffers", "activations")
        assert {name: row[name] for name in names} == {
            name: getattr(totals, name) for name in names
        }
        peak = activation_memory(graph, bits=8).act_peak_bytes
        assert row["act_peak_bytes"] == peak


def test_phi_of_the_paper_s_factors() -> None:
    """Equation 3: 1.2, 1.1 and 1.15 to the power 1, at 224 x 1.15 = 257.6 pixels."""
    (row,) = mnprofile.sweep("efficientnet-b0", phi=1).to_dict("records")

    assert (row["depth"], row["alpha"], row["resolution"]) == (1.2, 1.1, 258)


def test_limits_drop_rows() -> None:
    found = mnprofile.sweep("efficientnet-b0", phi="0:3:1", where="macs<1G")

    assert found["phi"].tolist() == [0.0, 1.0]


def test_without_phi_there_are_no_such_columns() -> None:
    assert not {"phi", "depth"} & {*mnprofile.sweep("efficientnet-b0").columns}


@pytest.mark.parametrize(
    ("table", "given", "told"),
    [
        ("efficientnet-b0", {"alpha": 1.0}, "--phi and --alpha together"),
        ("efficientnet-b0", {"resolution": 224}, "--phi and --res together"),
        ("efficientnet-b0", {"rho": "0.5,1"}, "--phi and --rho together"),
        ("efficientnet-b0@1.0", {}, "--phi and --alpha together"),
        ("v2", {}, "phi: mobilenet_v2 has no compound scaling"),
        (["efficientnet-b0", "v2"], {}, "phi: mobilenet_v2 has no compound scaling"),
        ("efficientnet-b0", {"phi": "0,13"}, "phi: 13 is out of range"),
        ("efficientnet-b0", {"phi": []}, "phi: no values"),
        ("efficientnet-b0", {"phi": True}, "phi: True is not a number"),
        ("efficientnet-b0", {"phi": "0:1:0.0005"}, "phi: 2,001 values are too many"),
    ],
)
def test_refused(table: Any, given: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        grids_for(table, **{"phi": "0,1", **given})


def test_published_figures_are_not_about_deeper_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if V2's blocks deepened: top-1 is known of V2 1.0 at 224 as printed only."""
    factors = {"depth": 1.5, "width": 1.0, "resolution": 1.0}
    text = catalog.tables_folder().joinpath("mobilenet_v2.md").read_text("utf-8")
    new = 'scaling = "v2"\ncompound = ' + json.dumps(factors).replace(
        ":", " ="
    ).replace('"', "")
    arch = mnprofile.parse(text.replace('scaling = "v2"', new))
    monkeypatch.setattr("mnprofile.search.interpolation.is_shipped", lambda _: True)
    printed, deeper = groups_of(grids_for(arch, phi=[0, 1]))

    assert printed.accuracy is not None
    assert printed.latencies
    assert deeper.accuracy is None
    assert not deeper.latencies


def written(kind: str, phis: Any = PHIS) -> bytes:
    grids = grids_for("efficientnet-b0", phi=phis)
    names = row_files.columns_of(groups_of(grids))
    file = io.BytesIO()
    if kind == "csv":
        row_files.write_csv(file, stream(grids), names)
    else:
        row_files.write_parquet(file, stream(grids), names, square=True)
    return file.getvalue()


def test_files_end_in_phi_and_depth() -> None:
    header, first, *_ = written("csv", 1).decode().splitlines()

    assert header.endswith(",top1_source,phi,depth")
    assert first.endswith(",1.0,1.2")


def test_parquet_holds_what_the_frame_holds() -> None:
    pytest.importorskip("pyarrow", reason="needs pyarrow (extra parquet)")
    frame = mnprofile.sweep("efficientnet-b0", phi=PHIS)
    read = pd.read_parquet(io.BytesIO(written("parquet")))

    pd.testing.assert_frame_equal(read.astype(object), frame.astype(object))


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "efficientnet-b0", "--phi", "0,1"]) == 0

    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:5] == ["Model", "Phi", "Alpha", "Depth", "Res"]
    assert rows[1].split()[1:6] == ["1.0", "1.1", "1.2", "258", "992629472"]


@pytest.mark.parametrize(
    ("kind", "alpha", "depth"),
    [
        ("table", "1.331", "1.728"),
        ("md", "1.331", "1.728"),
        ("csv", "1.3310000000000004", "1.7279999999999998"),
        ("json", "1.3310000000000004", "1.7279999999999998"),
    ],
)
def test_people_see_a_few_digits_and_files_have_them_all(
    kind: str, alpha: str, depth: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """1.1 and 1.2 to the power 3 are 1.331 and 1.728; floats are a little beside."""
    sweep = ["sweep", "efficientnet-b0", "--phi", "3", "--no-plot", "--format", kind]
    assert main(sweep) == 0
    swept = re.split(r"[^\w.]+", capsys.readouterr().out)

    assert {alpha, depth} < {*swept}
    assert main(["count", "efficientnet-b0", "--phi", "3", "--format", kind]) == 0
    counted = re.split(r"[^\w.]+", capsys.readouterr().out)
    assert ({alpha, depth} < {*counted}) == (kind != "csv")  # it has no headline


def test_json_names_the_phi_of_each_grid(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"

    assert main(["sweep", "efficientnet-b0", "--phi", "0,1", "-o", str(path)]) == 0
    record = json.loads(path.read_text("utf-8"))
    assert [grid["phi"] for grid in record["grids"]] == [0.0, 1.0]
    assert [row["depth"] for row in record["rows"]] == [1.0, 1.2]


# --- plots ---------------------------------------------------------------------------


def test_the_curve_over_phi_is_that_of_counts() -> None:
    curve = expansion.compound_of(grids_for("efficientnet-b1", phi=[2, 0, -1]))

    assert curve is not None
    assert curve.at == (-1.0, 0.0, 2.0)
    for phi, macs in zip(curve.at, curve.macs, strict=True):
        graph = mnprofile.build("efficientnet-b1", phi=phi)
        assert macs == mnprofile.count(graph).totals.macs
    assert curve.as_printed == 686_802_832  # as `mnprofile list` prints it


def test_a_page_of_compound_scaling_has_one_plot_over_phi() -> None:
    grids = grids_for(["efficientnet-b0", "efficientnet-b1"], phi="0:2:1")
    text = sweep_page.TablePlots(Sample(x_axis("macs")), grids).page()

    assert "Multiply-adds against the compound scaling φ" in text
    assert "mnp-heat" not in text


def test_one_phi_is_drawn_as_a_grid() -> None:
    grids = grids_for("efficientnet-b0", phi=1)

    assert "mnp-heat" in sweep_page.TablePlots(Sample(x_axis("macs")), grids).page()


def test_a_picture_of_compound_scaling(tmp_path: Path) -> None:
    path = tmp_path / "phi.svg"

    assert (
        main(["sweep", "efficientnet-b0", "--phi", "0:3:1", "--plot", str(path)]) == 0
    )
    assert "Compound scaling φ" in path.read_text("utf-8")
