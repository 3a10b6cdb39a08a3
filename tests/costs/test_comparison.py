"""Two networks side by side: alignment, states, deltas and causes."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnprofile.base import units
from mnprofile.cli import main
from mnprofile.costs.comparison.alignment import (
    DEPTHS,
    Comparison,
    compare,
)
from mnprofile.costs.comparison.sides import (
    Costs,
    Part,
    Side,
    side_of_count,
    side_of_file,
)
from mnprofile.costs.counting import count
from mnprofile.networks.catalog import build


def of(arch: str, **settings: float) -> Side:
    return side_of_count(count(build(arch, **settings)))  # type: ignore[arg-type]


def side(*layers: tuple[str, str, int]) -> Side:
    """A side of layers (stage, name, macs); the block is the name before the dot."""
    return Side(
        "made up",
        tuple(
            Part(name, name.split(".")[0], stage, "Conv 1x1", Costs(macs, 1, 1))
            for stage, name, macs in layers
        ),
    )


def told(compared: Comparison) -> list[tuple[str, str]]:
    return [(row.state, row.name) for row in compared.rows("block")]


def test_totals_are_the_published_networks() -> None:
    """V1 and V2 at 1.0/224: 568,740,352 and 300,774,272 macs."""
    total = compare(of("v1"), of("v2")).total

    assert total.of("macs") == (568_740_352, 300_774_272)
    assert total.of("params") == (4_231_976, 3_504_872)
    assert total.moved("macs") == -267_966_080


@pytest.mark.parametrize("depth", ["stage", "block", "layer"])
@pytest.mark.parametrize("head", ["v2", "v3-large", "v1-shallow"])
def test_rows_add_up_to_the_total(depth: str, head: str) -> None:
    """At every depth each quantity of both sides is the sum of its rows."""
    compared = compare(of("v1"), of(head))
    rows = compared.rows(depth)  # type: ignore[arg-type]

    for quantity in ("macs", "params", "activations"):
        pairs = [row.of(quantity) for row in rows]
        assert tuple(map(sum, zip(*pairs, strict=True))) == compared.total.of(quantity)


def test_a_network_beside_itself_is_unchanged() -> None:
    compared = compare(of("v3-small"), of("v3-small"))

    assert {row.state for row in compared.rows("layer")} == {"unchanged"}
    assert compared.causes("macs", 5) == ()


def test_the_shallow_network_lacks_five_blocks_of_stage_16() -> None:
    """V1 paper, Table 5: Table 1 without the five layers of 14x14x512."""
    compared = compare(of("v1"), of("v1-shallow"))
    removed = [row for row in compared.rows("block") if row.state == "removed"]

    assert [row.stage for row in removed] == ["s16"] * 5
    assert all(row.of("macs")[0] == 52_283_392 for row in removed)
    rest = [row.state for row in compared.rows("block") if row.state != "removed"]
    assert set(rest) == {"unchanged"}


def test_an_inserted_block_is_added_and_its_neighbours_stay_paired() -> None:
    """Blocks are renumbered by an insertion; the unchanged ones are still paired."""
    base = side(("s2", "block1", 5), ("s2", "block2", 7), ("s2", "block3", 9))
    head = side(
        ("s2", "block1", 5),
        ("s2", "block2", 6),
        ("s2", "block3", 7),
        ("s2", "block4", 9),
    )

    assert told(compare(base, head)) == [
        ("unchanged", "block1"),
        ("added", "block2"),
        ("unchanged", "block2 -> block3"),
        ("unchanged", "block3 -> block4"),
    ]


def test_all_five_states() -> None:
    base = side(
        ("s2", "stem", 5),
        ("s4", "block1.a", 5),
        ("s4", "block1.b", 5),
        ("s8", "pre", 1),
    )
    head = side(
        ("s2", "stem", 5),
        ("s4", "block1.a", 9),
        ("s4", "block1.c", 5),
        ("s8", "post", 1),
    )
    compared = compare(base, head)

    assert [(row.state, row.name) for row in compared.rows("layer")] == [
        ("unchanged", "stem"),
        ("grew", "block1.a"),
        ("removed", "block1.b"),
        ("added", "block1.c"),
        ("removed", "pre"),
        ("added", "post"),
    ]
    assert compare(head, base).rows("layer")[1].state == "shrank"


def test_a_stage_of_one_side_only_is_added_or_removed() -> None:
    compared = compare(side(("s2", "stem", 1)), side(("s4", "block1", 1)))

    assert [(row.state, row.name) for row in compared.stages] == [
        ("removed", "s2"),
        ("added", "s4"),
    ]


def test_smaller_maps_shrink_and_keep_their_params() -> None:
    """Resolution moves macs and activations, never params."""
    compared = compare(of("v2"), of("v2", resolution=160))

    assert compared.total.state == "shrank"
    assert compared.total.state_by("params") == "unchanged"


def test_no_expansion_removes_the_identity_blocks() -> None:
    """t = 0 makes V2's ten shortcut blocks the identity (V2 paper, Table 2)."""
    compared = compare(of("v2"), of("v2", t=0))
    removed = [row.name for row in compared.rows("block") if row.state == "removed"]

    assert removed == [f"block{n}" for n in (3, 5, 6, 8, 9, 10, 12, 13, 15, 16)]


def test_causes_are_the_largest_steps() -> None:
    base = side(("s2", "stem", 5), ("s4", "block1", 50), ("s4", "block2", 9))
    head = side(("s2", "stem", 6), ("s4", "block1", 30), ("s4", "block2", 12))

    found = compare(base, head).causes("macs", 2)

    assert [(row.name, row.moved("macs")) for row in found] == [
        ("block1", -20),
        ("block2", 3),
    ]


names = st.sampled_from(["stem", "block1.a", "block1.b", "block2.a", "fc1", "pool"])
layers = st.tuples(st.sampled_from(["s2", "s4", "head"]), names, st.integers(0, 9))
sides = st.lists(layers, max_size=12, unique_by=lambda layer: layer[1])


@given(sides, sides)
def test_turning_a_comparison_round_turns_every_step(
    a: list[tuple[str, str, int]], b: list[tuple[str, str, int]]
) -> None:
    """Whatever the layers, no figure is lost: rows add up, both ways."""
    there, back = compare(side(*a), side(*b)), compare(side(*b), side(*a))

    assert there.total.moved("macs") == -back.total.moved("macs")
    for compared, head in ((there, b), (back, a)):
        for depth in DEPTHS:
            rows = compared.rows(depth)
            assert sum(row.of("macs")[1] for row in rows) == sum(one[2] for one in head)


@pytest.mark.parametrize(
    ("base", "head", "text"),
    [
        (100, 147, "+47.00 %"),
        (100, 100, "0.00 %"),
        (0, 5, "new"),
        (0, 0, "0.00 %"),
        (5, 0, "-100.00 %"),
        (1_000_000, 1, "> -99.99 %"),
        (1_000_000, 1_000_001, "< +0.01 %"),
        (1_000_000, 999_999, "> -0.01 %"),
    ],
)
def test_a_change_is_never_rounded_to_nothing(base: int, head: int, text: str) -> None:
    """0 and -100 % appear only where they are exact."""
    assert units.change(base, head) == text


# --- count files ---------------------------------------------------------------------


@pytest.fixture
def count_file(tmp_path: Path) -> Path:
    path = tmp_path / "before.json"
    assert main(["count", "v2@0.75/160", "-o", str(path)]) == 0
    return path


def test_a_count_file_is_the_count_it_was_written_from(count_file: Path) -> None:
    assert (
        side_of_file(count_file).layers == of("v2", alpha=0.75, resolution=160).layers
    )


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"schema": "mnprofile/list"}, 'schema: "mnprofile/list"'),
        ({"layers": 3}, "layers: not a list"),
        ({"layers": [3]}, "layers[0]: not an object"),
        ({"layers": []}, "totals.macs: not the sum of the layers"),
        ({"totals": {}}, "totals.macs: missing"),
    ],
)
def test_a_damaged_count_file_is_refused(
    count_file: Path,
    damage: dict[str, object],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The error names the file and the key; the exit code is 2."""
    count_file.write_text(json.dumps(json.loads(count_file.read_text()) | damage))

    assert main(["diff", str(count_file), "v2"]) == 2
    assert f"{count_file}: {words}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-1, "layers[0].macs: not a count"),
        (1.5, "layers[0].macs: not a count"),
        (True, "layers[0].macs: not a count"),
        ("7", "layers[0].macs: not a count"),
    ],
)
def test_only_counts_are_counts(
    count_file: Path, value: object, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads(count_file.read_text())
    content["layers"][0]["macs"] = value
    count_file.write_text(json.dumps(content))

    assert main(["diff", "v2", str(count_file)]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"schema": NaN}',
        '{"a": 1, "a": 2}',
        "[" * 100_000,
        '{"schema": ' + "9" * 5_000 + "}",
        "\udcff",
    ],
)
def test_text_that_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "no.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))

    assert main(["diff", str(path), "v2"]) == 2


@pytest.mark.parametrize("key", ["schema_version", "convention"])
def test_another_convention_does_not_compare(count_file: Path, key: str) -> None:
    """Exit 3: nothing was measured, so there is no verdict."""
    count_file.write_text(json.dumps(json.loads(count_file.read_text()) | {key: 2}))

    assert main(["diff", str(count_file), "v2"]) == 3


@pytest.mark.parametrize("format_", ["table", "md", "html"])
def test_names_of_a_strangers_file_stay_text(
    count_file: Path, format_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A count file can come from anyone: its names are shown, and do nothing."""
    content = json.loads(count_file.read_text())
    hostile = "<script>alert(1)</script>\x1b[31m\u202e|[x](javascript:alert(1))"
    for key in ("name", "block", "stage", "type"):
        content["layers"][0][key] = hostile
    count_file.write_text(json.dumps(content))
    arguments = ["--by", "layer", "--top", "99", "--format", format_]

    assert main(["diff", str(count_file), "v2", *arguments]) == 0
    out = capsys.readouterr().out
    assert "alert(1)" in out
    assert not {"\x1b", "\u202e"} & set(out)
    if format_ != "table":
        assert "<script>alert" not in out.replace("\\<", "")
        assert "[x](java" not in out or format_ == "html"


# --- the command ---------------------------------------------------------------------


def test_the_table_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "v2", "v2@0.75/160", "--top", "1"]) == 0
    out = capsys.readouterr().out

    assert "mobilenet_v2@1.0/224 -> mobilenet_v2@0.75/160" in out
    assert "multiply-adds  300774272  107295200  -193479072  -64.33 %" in out
    assert "5 shrank, 1 unchanged of 6 stages" in out
    assert "51 other layers" in out


def test_json_holds_every_depth(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "v1", "v2", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)

    assert record["schema"] == "mnprofile/diff"
    assert record["totals"]["macs"] == {
        "base": 568740352,
        "head": 300774272,
        "delta": -267966080,
        "change": -267966080 / 568740352,
    }
    assert [row["name"] for row in record["by_stage"]] == [
        "s2",
        "s4",
        "s8",
        "s16",
        "s32",
        "head",
    ]
    assert record["by_layer"][0]["state"] == "unchanged"


def test_markdown_shows_every_sheet(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "v2", "v2@0.75", "--format", "md"]) == 0
    out = capsys.readouterr().out

    assert "| multiply-adds | 300774272 |" in out
    assert "**Layers that changed the multiply-adds most**" in out


@pytest.mark.parametrize("by", ["stage", "block", "layer"])
@pytest.mark.parametrize(
    "archs",
    [["v1", "v3-large"], ["v1", "v2", "v3-large", "v3-small", "v2@2", "v2@0.5"]],
)
def test_markdown_fits_a_pull_request(
    archs: list[str], by: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most 60 lines, the causes before the rows, and what is cut is counted."""
    assert main(["diff", *archs, "--by", by, "--format", "md"]) == 0
    out = capsys.readouterr().out

    assert out.count("\n") <= 60
    assert out.index("**Why ") > out.index("4231976")
    assert " more rows, which changed less" in out or by == "stage"


def test_no_table_of_a_pull_request_is_left_without_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The long ones make room for the short ones after them."""
    archs = ["efficientnet-b7", "resnet-152", "--by", "layer", "--top", "50"]
    assert main(["diff", *archs, "--format", "md"]) == 0
    parts = capsys.readouterr().out.split("**Layers that changed")

    for part in parts:
        assert part.count("\n| removed | s32 | block53.expand | ") == 1


def test_each_of_six_networks_has_its_causes_in_a_pull_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In one table; the rows of a network add up to its total, which is the step."""
    archs = ["v1", "v2", "v3-large", "v3-small", "efficientnet-b0", "resnet-50"]
    assert main(["diff", *archs, "--by", "layer", "--format", "md"]) == 0
    out = capsys.readouterr().out
    table = out[out.index("**Why each network differs from A**") :]
    steps = {"B": -267966080, "C": -352150592, "D": -512229952}
    steps |= {"E": -182925600, "F": 3289232896}

    for letter, step in steps.items():
        line = rf"(?m)^\| {letter} \| (.*?) \| .* \| (\S+) \| \S+ \| \S+ \|$"
        rows = re.findall(line, table)
        names = [name for name, _ in rows]
        values = [int(value) for _, value in rows]
        assert len(rows) >= 4
        assert names[-1] == "total"
        assert values[-1] == sum(values[:-1]) == step


def test_six_networks_in_csv_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    """V1, V2 and V3-Small: 568,740,352, 300,774,272 and 56,510,400 multiply-adds."""
    archs = ["v1", "v2", "v3-small", "v2", "v2", "v2"]
    assert main(["diff", *archs, "--format", "csv"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert main(["diff", *archs, "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)

    assert header.startswith("stage,name,type,row,macs_a,macs_b,macs_c,macs_d,")
    cells = [line.split(",") for line in lines]
    sums = [sum(int(row[at] or 0) for row in cells) for at in (4, 5, 6)]
    assert sums == [568_740_352, 300_774_272, 56_510_400]
    assert len(record["networks"]) == 6
    heads = [one["totals"]["macs"]["head"] for one in record["comparisons"]]
    assert heads == [300_774_272, 56_510_400, *[300_774_272] * 3]


@pytest.mark.parametrize("archs", [["v1"], ["v1"] * 7])
def test_two_to_six_networks(
    archs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *archs]) == 2
    assert "accepted: 2 to 6" in capsys.readouterr().err.lower()


def test_csv_leaves_the_ratio_of_an_added_row_empty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["diff", "v2", "v3-large", "--by", "layer", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    added = [line.split(",") for line in lines if line.startswith("added,")]

    assert added
    assert all((row[5], row[8]) == ("", "") for row in added)


def test_both_sides_take_their_own_implementation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """V3-Large 0.75 costs 154.6 M in TF-slim, 140.0 M in torchvision."""
    sides = ["v3-large@0.75", "v3-large@0.75"]
    impls = ["--impl", "paper", "--impl", "torchvision"]

    assert main(["diff", *sides, *impls, "--format", "json"]) == 0
    macs = json.loads(capsys.readouterr().out)["totals"]["macs"]
    assert (macs["base"], macs["head"]) == (154_560_624, 140_033_816)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["v2", "nonesuch.json"], "nonesuch.json: no such file"),
        (["v2", "v9"], 'no architecture is called "v9"'),
        (["v1", "v2", "--t", "6"], "mobilenet_v1 has no expansion factor"),
        (["v2", "v2", "--t", "1", "--t", "2", "--t", "3"], "--t is given 3 times"),
    ],
)
def test_usage_errors(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *arguments]) == 2
    assert words in capsys.readouterr().err
