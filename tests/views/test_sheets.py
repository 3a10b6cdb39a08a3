"""One view of a result: pages and commands show the same values."""

import csv
import io
import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mnprofile.base.sheet import Column
from mnprofile.costs.comparison.alignment import compare
from mnprofile.costs.comparison.several import lines_of
from mnprofile.costs.comparison.sides import side_of_count
from mnprofile.costs.counting import count
from mnprofile.networks.catalog import build, load
from mnprofile.views.html.network_panels import shares_sheet, stage_sheet
from mnprofile.views.html.panels import ReportNetwork
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.comparison_several import row_sheet
from mnprofile.views.sheets.count import count_document
from tests.conftest import Run
from tests.costs.budgets.projects import PHONE, project

Rows = list[tuple[str, ...]]


class Tables(HTMLParser):
    """The rows of a page's tables by caption: plain numbers where a cell has one."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, Rows] = {}
        self._rows: Rows = []
        self._cells: list[str] = []
        self._text: list[str] = []
        self._number: str | None = None
        self._is_base = self._is_sign = False
        self.feed(page)

    def handle_starttag(
        self, tag: str, attrs: Sequence[tuple[str, str | None]]
    ) -> None:
        if tag in ("caption", "th", "td"):
            self._text, self._number = [], dict(attrs).get("data-n")
        elif tag == "tr":
            self._cells = []
        self._is_base = self._is_base or tag == "msub"
        self._is_sign = tag == "mo"

    def handle_data(self, data: str) -> None:
        """Text as it is, and mathematics as it is written: D_K, and " + "."""
        data = f" {data} " if self._is_sign and data == "+" else data
        self._text.append(f"{data}_" if self._is_base else data)
        self._is_base = False

    def handle_endtag(self, tag: str) -> None:
        text = "".join(self._text)
        if tag == "caption":
            self._rows = self.found.setdefault(text, [])
        elif tag in ("th", "td"):
            self._cells.append(text if self._number is None else self._number)
        elif tag == "tr":
            self._rows.append(tuple(self._cells))


def in_page(file: Path, caption: str) -> Rows:
    """The body of one table of a page, the heads left out."""
    return Tables(file.read_text("utf-8")).found[caption][1:]


def in_csv(out: str, *keys: str) -> Rows:
    """Some columns of what a command prints as CSV."""
    return [tuple(row[key] for key in keys) for row in csv.DictReader(io.StringIO(out))]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """V1 and V3-Small, whose tables are both corrected, with published figures."""
    from mnprofile.cli import main

    folder = tmp_path_factory.mktemp("site")
    arguments = ["report", "v1", "v3-small", "--reproduce", "-o", str(folder)]
    assert main(arguments) == 0
    return folder / "index.html"


@pytest.mark.parametrize(
    ("caption", "at", "command", "keys"),
    [
        (
            "Layers of MobileNetV1 1.0/224",
            range(12),
            ("count", "v1"),
            "name stage type in_shape out_shape kernel stride macs weights params"
            " activations row",
        ),
        (
            "MobileNetV3-Small 1.0/224 by type",
            range(5),
            ("count", "v3-small", "--by", "type"),
            "type macs macs_share weights weights_share",
        ),
        (
            "Multiply-adds of MobileNetV3-Small 1.0/224 by block",
            (0, 1, 2, 3, 5),  # the ratio is not in the CSV, both of its parts are
            ("explain", "v3-small"),
            "block formula macs standard_macs numbers",
        ),
        (
            "Live activation memory of MobileNetV1 1.0/224, 8 bits",
            (0, 2, 3),
            ("memory", "v1"),
            "layer live bytes",
        ),
    ],
)
def test_the_report_has_what_the_command_prints(
    run: Run,
    report: Path,
    caption: str,
    at: Sequence[int],
    command: tuple[str, ...],
    keys: str,
) -> None:
    printed = in_csv(run(*command, "--format", "csv").out, *keys.split())
    rows = [
        tuple(row[index] for index in at)
        for row in in_page(report, caption)
        if row[0] != "total"  # it is not in the CSV
    ]

    assert rows == printed
    assert len(printed) > 3


def test_key_figures_are_the_totals_of_a_count(run: Run, report: Path) -> None:
    named = {"v1": "MobileNetV1 1.0/224", "v3-small": "MobileNetV3-Small 1.0/224"}
    for arch, row in zip(named, in_page(report, "Totals"), strict=True):
        totals = json.loads(run("count", arch, "--format", "json").out)["totals"]
        keys = ("macs", "flops", "params", "weights", "buffers", "activations")

        assert row == (named[arch], *(str(totals[key]) for key in keys))


def test_stages_are_those_of_a_count(run: Run) -> None:
    network = ReportNetwork(load("v2"), count(build("v2")))
    sheet = stage_sheet(network).only("stage", "macs", "params", "activations")
    out = run("count", "v2", "--by", "stage", "--format", "csv").out
    printed = in_csv(out, "stage", "macs", "params", "activations")

    assert [tuple(map(str, row)) for row in sheet.rows] == printed


def test_table_2_is_the_same_in_command_and_report() -> None:
    """V1 paper, Table 2, with its misprint marked."""
    arch, counted = load("v1"), count(build("v1"))
    shown = shares_sheet(ReportNetwork(arch, counted))
    keys = ["type", "macs_share", "macs_share_printed"]
    keys += ["weights_share", "weights_share_printed"]
    (table2,) = (
        sheet
        for sheet in count_document(counted, arch, "layer").sheets
        if "Table 2" in sheet.title
    )

    assert shown.only(*keys).rows == table2.only(*keys).rows
    assert set(shown.notes) <= set(table2.notes)


def test_corrected_cells_are_those_of_a_count(run: Run, report: Path) -> None:
    keys = ("row", "column", "printed", "read_as", "why")
    errata = [
        tuple(str(one[key]) for key in keys)
        for arch in ("v1", "v3-small")
        for one in json.loads(run("count", arch, "--format", "json").out)["errata"]
    ]

    assert [row[1:] for row in in_page(report, "Errata")] == errata
    assert len(errata) > 1


def test_published_figures_are_those_of_reproduce(run: Run, report: Path) -> None:
    keys = ("source", "table", "model", "quantity", "printed", "ours")
    out = run("reproduce", "--format", "csv").out
    printed = in_csv(out, "network", *keys, "verdict", "reason")

    assert [row[1:] for row in in_page(report, "Published figures")] == [
        row[1:] for row in printed if row[0] in ("v1", "v3-small")
    ]


def test_published_figures_are_in_the_report(report: Path) -> None:
    """--reproduce: with our verdicts, none of them unexplained, and of no other."""
    page = report.read_text("utf-8")

    assert re.search(r"\d+ published cost figures of these networks: \d+ repro", page)
    assert "unexplained" not in page
    assert {row[0] for row in in_page(report, "Published figures")} == {
        "MobileNetV1",
        "MobileNetV3-Small",
    }


def test_profilers_are_those_of_a_check(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("fvcore")
    run("report", "v1@0.25/32", "--check", "-o", str(tmp_path))
    rows = in_page(tmp_path / "index.html", "Profilers and the ledger")
    record = json.loads(run("check", "v1@0.25/32", "--format", "json").out)
    keys = ("profiler", "version", "total", "ledger_total", "rest")

    assert [row[1:6] for row in rows] == [
        tuple(str(one[key]) for key in keys) for one in record["profilers"]
    ]


def test_the_page_of_a_comparison_has_every_block(run: Run, tmp_path: Path) -> None:
    """Name and stage, and before, after and change of the three quantities."""
    page = tmp_path / "d.html"
    run("diff", "v1", "v3-small", "--by", "block", "-o", str(page))
    out = run("diff", "v1", "v3-small", "--by", "block", "--format", "csv").out
    keys = [
        f"{name}_{part}"
        for name in ("macs", "params", "activations")
        for part in ("base", "head", "change")
    ]

    # The change of what was not there before is not a number.
    drawn = [
        tuple("" if cell == "new" else cell for cell in row)
        for row in in_page(page, "Blocks")[1:]  # below the heads of groups
    ]
    assert drawn == [
        (
            row["name"].replace("->", "→"),
            *(row["stage"], row["state"]),
            *(row[key] for key in keys),
        )
        for row in csv.DictReader(io.StringIO(out))
    ]


@pytest.mark.usefixtures("elsewhere")
def test_the_page_of_budgets_has_every_limit(run: Run, tmp_path: Path) -> None:
    """In words, and without the columns that no limit fills: baseline and note."""
    project(PHONE)
    page = tmp_path / "b.html"
    out = run("ci", "--html", str(page), "--format", "csv").out

    words = {
        "macs": "Multiply-adds",
        "params": "Parameters",
        "activations": "Activations",
    }
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row.pop("baseline") + row.pop("note") for row in rows} == {""}
    assert in_page(page, "Verdicts") == [
        tuple(
            words.get(cell, cell.replace("mobilenet_v2@", "MobileNetV2 "))
            for cell in row.values()
        )
        for row in rows
    ]


def test_the_foot_of_a_sheet_is_printed_once(run: Run) -> None:
    """Notes go below the last table; in CSV they are warnings."""
    table = run("count", "v1", "--by", "stage")
    as_csv = run("count", "v1", "--by", "stage", "--format", "csv")

    assert table.out.count("flops = 2 x macs") == 1
    assert as_csv.err.count("flops = 2 x macs") == 1


@pytest.mark.parametrize("by", ["layer", "stage"])
@pytest.mark.parametrize("format_", ["table", "json", "csv", "md"])
def test_elementwise_counts_and_deployed_sizes_go_together(
    run: Run, by: str, format_: str
) -> None:
    """Layers without weights, which --elementwise lists, store nothing."""
    given = ("--elementwise", "--deploy", "--by", by, "--format", format_)
    more = ("--fields", "receptive") if by == "layer" else ()
    result = run("count", "v3-small", *given, *more)

    assert result.code == 0
    if format_ == "csv":
        rows = in_csv(result.out, "deployed_bytes", "scale_elems")
        plain = run("count", "v3-small", "--deploy", "--format", "json").out
        stored = json.loads(plain)["deploy"]["bytes"]
        assert sum(int(size) for size, _ in rows) == stored
        bare = [size for size, elements in rows if size == "0" and elements != "0"]
        assert bool(bare) == (by == "layer")


def test_columns_have_their_labels_and_kinds_by_key() -> None:
    own = Column("row", "Row", "number")

    assert columns("macs alpha", own, "top1_kind") == (
        Column("macs", "Multiply-adds", "count"),
        Column("alpha", "Alpha", "factor"),
        own,
        Column("top1_kind", "Top1 kind"),
    )


def test_no_page_makes_a_sheet_of_its_own() -> None:
    """Sheets are made in views/sheets; pages choose columns of them."""
    folder = Path(__file__).parents[2] / "mnprofile" / "views" / "html"

    for file in folder.glob("*.py"):
        assert not re.search(r"\bSheet(\.of)?\(", file.read_text("utf-8")), file.name


def test_no_change_is_told_between_networks_that_both_lack_a_layer() -> None:
    """V3-Small alone has squeeze-excite: from none in V1 to none in V2 is no 0 %."""
    base, *heads = (
        side_of_count(count(build(name))) for name in ("v1", "v2", "v3-small")
    )
    comparisons = [compare(base, head) for head in heads]
    sheet, _ = row_sheet(comparisons, lines_of(comparisons, "layer"), "layer")
    keys = [column.key for column in sheet.columns]
    places = [keys.index(f"macs_{one}") for one in ("a", "b", "b_change", "c")]
    only_c = [
        cells
        for row in sheet.rows
        if (cells := [row[at] for at in places])[:2] == [None, None]
    ]

    assert only_c
    assert all(cells[2] is None and cells[3] for cells in only_c)
