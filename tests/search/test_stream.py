"""What a sweep yields: every row once, within the limits, and the right frontier."""

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mnprofile
from mnprofile.base.errors import UsageError
from mnprofile.networks import catalog
from mnprofile.search import row_files as rowfiles
from mnprofile.search import stream as sweeps
from mnprofile.search.conditions import Condition, parse_condition
from mnprofile.search.grids import Grid, grid, grids_for
from mnprofile.search.peaks import Peaks
from mnprofile.search.rows import groups_of
from mnprofile.search.stream import stream

V2 = catalog.load("v2")


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Widths and cells come in pieces that end within the grid."""
    monkeypatch.setattr(sweeps, "WIDTHS_AT_ONCE", 7)
    monkeypatch.setattr(sweeps, "CELLS_AT_ONCE", 9)


def tuples(grids: tuple[Grid, ...], *conditions: Condition, **how: Any) -> list[Any]:
    """Every row as (model, impl, classes, alpha, t, height, width, macs)."""
    names = ("alpha", "t", "height", "width", "macs")
    return [
        (group.arch.name, group.impl, group.classes, *values)
        for rows in stream(grids, conditions, **how)
        for group, *values in zip(
            [rows.groups[at] for at in rows.group],
            *(rows.columns[name].tolist() for name in names),
            strict=True,
        )
    ]


@pytest.mark.usefixtures("small_pieces")
def test_every_configuration_comes_once_with_its_own_count() -> None:
    grids = grids_for(
        ["v2", "v3-small"],
        alpha="0.3:1.2:0.1",
        resolution=[96, (64, 100), 32],
        t=[0, 1, 6],
        classes=[10, 1000],
        impl="paper,keras",
    )
    rows = tuples(grids)
    assert len(rows) == len(set(rows)) == 2 * 10 * 3 * 3 * 2 * 2
    for name, impl, classes, alpha, t, height, width, macs in random.Random(1).sample(
        rows, 24
    ):
        graph = mnprofile.build(
            name,
            alpha=alpha,
            t=t,
            resolution=(height, width),
            classes=classes,
            impl=impl,
        )
        assert mnprofile.count(graph).totals.macs == macs


@pytest.mark.usefixtures("small_pieces")
def test_conditions_keep_the_rows_that_a_filter_afterwards_keeps() -> None:
    every = mnprofile.sweep("v2", alpha="0.2:1.4:0.05", resolution="64:224:16")
    for text, kept in (
        ("macs<=50M", every["macs"] <= 50_000_000),
        ("params<2M", every["params"] < 2_000_000),
        ("activations>1M", every["activations"] > 1_000_000),
        ("act_peak_bytes<=256KiB", every["act_peak_bytes"] <= 262_144),
        ("act_peak_bytes>1MB", every["act_peak_bytes"] > 1_000_000),
        ("alpha>=0.5", every["alpha"] >= 0.5),
        ("top1>=65", every["top1"] >= 65),
    ):
        some = mnprofile.sweep(
            "v2", alpha="0.2:1.4:0.05", resolution="64:224:16", where=text
        )
        assert 0 < len(some) < len(every)
        pd.testing.assert_frame_equal(
            some, every[kept].reset_index(drop=True), check_categorical=False
        )


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize(
    ("bits", "where"),
    [(8, ()), (16, "macs<=20M"), (32, ["macs<=200M", "params>2M"])],
)
def test_peaks_are_those_of_each_configuration(bits: int, where: Any) -> None:
    """However many rows of a piece are left, all or one in ten."""
    rows = mnprofile.sweep(
        ["v2", "v3-small"],
        alpha="0.3:1.2:0.1",
        resolution=[96, (64, 100), 32],
        t=[0, 1, 6],
        impl="paper,timm",
        where=where,
        bits=bits,
    )
    for _, row in rows.sample(20, random_state=1).iterrows():
        height, _, width = str(row["resolution"]).partition("x")
        graph = mnprofile.build(
            row["model"],
            alpha=row["alpha"],
            t=row["t"],
            resolution=(int(height), int(width or height)),
            impl=row["impl"],
        )
        alone = mnprofile.activation_memory(graph, bits=bits)
        assert row["act_peak_bytes"] == alone.act_peak_bytes


def test_peaks_are_worked_out_only_for_rows_that_are_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A filter on something else costs nothing for the rows that it drops."""
    seen = []
    at = Peaks.at

    def counted(peaks: Peaks, k: Any, r: Any) -> Any:
        seen.append(len(k))
        return at(peaks, k, r)

    def never(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(Peaks, "at", counted)
    monkeypatch.setattr(Peaks, "grid", never)
    rows = mnprofile.sweep("v2", alpha="0.1:2:0.01", where=["macs<=12M", "params>1.6M"])
    assert sum(seen) == len(rows) == 9
    monkeypatch.setattr(sweeps, "peaks_of", never)
    assert mnprofile.sweep("v2", alpha="0.1:2:0.01", where="macs<=1K").empty


def test_the_frontier_within_memory() -> None:
    """Rows beyond the limit do not beat those within it."""
    some = mnprofile.sweep("v2", where="act_peak_bytes<=256KiB", pareto=True)
    every = mnprofile.sweep("v2", where="top1>0")
    kept = every[every["act_peak_bytes"] <= 262_144]
    front = kept.sort_values("macs")
    front = front[front["top1"] > front["top1"].cummax().shift(fill_value=0)]
    assert len(some) > 0
    assert some["macs"].tolist() == front["macs"].tolist()


@pytest.mark.parametrize("bits", [0, 4, 64])
def test_other_bits_are_refused(bits: int) -> None:
    with pytest.raises(UsageError, match=f"bits: {bits} is not accepted"):
        mnprofile.sweep("v2", bits=bits)
    with pytest.raises(UsageError, match=f"bits: {bits} is not accepted"):
        mnprofile.find("v2", bits=bits)


@pytest.mark.usefixtures("small_pieces")
def test_the_frontier_is_what_brute_force_finds() -> None:
    """No row has at least the top-1 for at most the macs, and one of them better."""
    values: Any = {"alpha": "0.35:1.3:0.05", "resolution": "96:224:16"}
    every = mnprofile.sweep(["v1", "v2", "v3-large", "v3-small"], **values)
    rows = every.dropna(subset="top1")[["model", "macs", "top1"]].values.tolist()
    beaten = {
        (model, macs, top1)
        for model, macs, top1 in rows
        for _, other_macs, other in rows
        if other_macs <= macs and other >= top1 and (other_macs, other) != (macs, top1)
    }
    front = mnprofile.sweep(["v1", "v2", "v3-large", "v3-small"], pareto=True, **values)
    wanted = sorted({tuple(row) for row in rows} - beaten, key=lambda row: row[1])
    assert front[["model", "macs", "top1"]].values.tolist() == list(map(list, wanted))


def test_the_frontier_of_the_published_networks_begins_and_ends() -> None:
    """V2 0.35/96 (45.5 %) costs least; V3-Large 1.25/224 (76.6 %) is best."""
    front = mnprofile.sweep(pareto=True)
    first, last = front.iloc[0], front.iloc[-1]
    assert (first["model"], first["macs"]) == ("mobilenet_v2", 11_934_128)
    assert (last["model"], last["top1"]) == ("mobilenet_v3_large", 76.6)
    assert set(front["top1_kind"]) == {"published"}


def test_top1_is_for_the_network_that_was_trained() -> None:
    """Nothing is known for another t, other channels or other classes."""
    known: Any = {"alpha": 1, "resolution": 224}
    assert mnprofile.sweep("v2", **known)["top1"].tolist() == [71.8]
    assert mnprofile.sweep("v2", t=[6, 5], **known)["top1"].dropna().tolist() == [71.8]
    assert mnprofile.sweep("v2", impl="keras", **known)["top1"].isna().all()
    assert mnprofile.sweep("v2", classes=10, **known)["top1"].isna().all()
    assert mnprofile.sweep("v3-large", t=6, **known)["top1"].isna().all()


def test_a_user_s_own_table_has_no_published_top1(tmp_path: Path) -> None:
    """Not even under the name of a published one."""
    text = (catalog.tables_folder() / "mobilenet_v2.md").read_text("utf-8")
    mine = tmp_path / "mine.md"
    mine.write_text(
        text.replace("| 14²×96   | bottleneck  | 6", "| 14²×96   | bottleneck  | 4")
    )
    assert mine.read_text() != text
    assert mnprofile.sweep(mine)["top1"].isna().all()


def test_progress_hears_of_every_configuration_once() -> None:
    one = grid(V2, alphas=[0.5, 1.0], ts=[1, 6])
    for conditions in (
        [],
        [Condition("params", "<=", 1)],
        [Condition("top1", ">=", 0)],
    ):
        seen: list[int] = []
        list(stream([one], conditions, progress=seen.append))
        assert sum(seen) == one.size


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("macs<=100M", Condition("macs", "<=", 100_000_000)),
        (" params < 1.5M ", Condition("params", "<", 1_500_000)),
        ("alpha==0.5", Condition("alpha", "=", 0.5)),
        ("act_peak_bytes<=262144", Condition("act_peak_bytes", "<=", 262_144)),
        ("act_peak_bytes < 256 KiB", Condition("act_peak_bytes", "<", 262_144)),
    ],
)
def test_conditions_as_text(text: str, condition: Condition) -> None:
    assert parse_condition(text) == condition


@pytest.mark.parametrize(
    "text", ["macs", "macs<=", "cost<1", "alpha>nan", "macs<1.5", "act_peak_bytes<1K"]
)
def test_conditions_that_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--where"):
        parse_condition(text)


@pytest.mark.parametrize("head", ["lraspp", "ssdlite", "deeplabv3"])
def test_a_network_with_a_head_is_dilated_as_its_head_says(head: str) -> None:
    found = mnprofile.sweep(f"v2+{head}", alpha=[0.5, 1.0], resolution=[64, 96])

    for row in found.to_dict("records"):
        graph = mnprofile.build(
            f"v2+{head}", alpha=row["alpha"], resolution=row["resolution"]
        )
        assert row["macs"] == mnprofile.count(graph).totals.macs


def test_attention_has_multiply_adds_and_is_no_layer_with_outputs() -> None:
    found = mnprofile.sweep(
        "mobilenet-v4-hybrid-medium", alpha=[0.5, 1.0], resolution=[96, (64, 128)]
    )

    for row in found.to_dict("records"):
        sides = [int(side) for side in str(row["resolution"]).split("x")]
        graph = mnprofile.build(
            "mobilenet-v4-hybrid-medium",
            alpha=row["alpha"],
            resolution=(sides[0], sides[-1]),
        )
        totals = mnprofile.count(graph).totals
        for name in ("macs", "params", "weights", "buffers", "activations"):
            assert row[name] == getattr(totals, name)


def test_a_frame_that_is_too_large_is_refused_before_the_work() -> None:
    with pytest.raises(UsageError, match="the frame would have"):
        mnprofile.sweep("v2", alpha="0.0001:2:0.0001", resolution="32:8000:1")


# --- files ---------------------------------------------------------------------------

GRID: Any = {"alpha": [0.5, 1.0], "resolution": [(96, 128), 224]}


def written(kind: str) -> bytes:
    grids = grids_for("v2", **GRID)
    names = rowfiles.columns_of(groups_of(grids))
    file = io.BytesIO()
    if kind == "csv":
        rowfiles.write_csv(file, stream(grids), names)
    elif kind == "json":
        rowfiles.write_json(
            file, stream(grids), names, {"a": 1}, lambda n: {"count": n}
        )
    else:
        rowfiles.write_parquet(file, stream(grids), names, square=False)
    return file.getvalue()


def test_csv_rows() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv").decode())))
    assert [row["resolution"] for row in rows] == ["96x128", "224", "96x128", "224"]
    assert rows[3]["macs"] == "300774272"
    assert rows[3]["act_peak_bytes"] == "1505280"  # 112x112x96 + 56x56x96
    assert rows[3]["top1"] == "71.8"
    assert rows[3]["top1_source"] == "TF-slim mobilenet/README.md, float"
    assert rows[3]["latency_ms_pixel_1"] == "73.8"
    assert rows[0]["top1"] == rows[0]["rho"] == rows[0]["t"] == ""


def test_json_rows() -> None:
    record = json.loads(written("json"))
    assert record["count"] == 4
    assert record["rows"][3]["macs"] == 300_774_272
    assert record["rows"][0]["top1"] is None


def test_parquet_holds_what_the_frame_holds(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs pyarrow (extra parquet)")
    frame = mnprofile.sweep("v2", **GRID)
    read = pd.read_parquet(io.BytesIO(written("parquet")))
    pd.testing.assert_frame_equal(read.astype(object), frame.astype(object))


def test_a_name_that_is_a_formula_is_quoted_in_csv(tmp_path: Path) -> None:
    text = (catalog.tables_folder() / "mobilenet_v2.md").read_text("utf-8")
    mine = tmp_path / "mine.md"
    mine.write_text(text.replace('name = "mobilenet_v2"', 'name = "@sum"'))
    grids = grids_for(mine, alpha=1, resolution=32)
    file = io.BytesIO()
    rowfiles.write_csv(file, stream(grids), ("model",))
    assert file.getvalue() == b"model\n'@sum\n"
