"""Budget files: what is accepted, and how the rest is refused."""

import pytest

from mnprofile.cli import main
from mnprofile.costs.budgets.reading import read_budgets
from tests.costs.budgets.projects import limits, project

pytestmark = pytest.mark.usefixtures("elsewhere")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (limits(max_macs="110 MB"), ':4: budget[0].max-macs: "110 MB" is not a count'),
        (limits(max_macs="1Mi"), ':4: budget[0].max-macs: "1Mi" is not a count'),
        (limits(max_macs="1.5"), ':4: budget[0].max-macs: "1.5" is not a count'),
        (limits(max_macs=1.5), ":4: budget[0].max-macs: not a count"),
        (limits(max_macs=-1), ":4: budget[0].max-macs: not a count"),
        (limits(max_macs=True), ":4: budget[0].max-macs: not a count"),
        (limits(max_increase="2"), ":4: budget[0].max-increase: not a percentage"),
        (limits(max_increase="-2%"), ":4: budget[0].max-increase: not a percentage"),
        (limits(), ":1: budget[0]: it sets no limit"),
        (limits(name=None, max_macs=1), ":1: budget[0].name: missing"),
        (limits(name="", max_macs=1), ":2: budget[0].name: a blank string"),
        (limits(arch=3, max_macs=1), ":3: budget[0].arch: not a string"),
        (limits(max_macs=1) * 2, ':6: budget[1].name: two budgets are called "b"'),
        (limits(res="x", max_macs=1), ':4: budget[0].res: "x" is not a resolution'),
        (limits(res=160, max_macs=1), ":4: res: arch already sets it"),
        (limits(alpha="1", max_macs=1), ":4: budget[0].alpha: not a number"),
        (limits(classes=1.5, max_macs=1), ":4: budget[0].classes: not a whole number"),
        (limits(arch="v9", max_macs=1), ':3: budget "b": no architecture is called'),
        (limits(arch="a.md", max_macs=1), ':3: budget "b": a.md: no such file'),
        (limits(arch="v2@99", max_macs=1), ':3: budget "b": alpha: 99 is out of'),
        (limits(arch="-", max_macs=1), ':3: budget "b": standard input'),
        ("[tool.mnprofile]\nbudgets = 1\n", ":2: budgets: unknown key"),
        ("[tool.mnprofile]\nbaseline = 1\n", ":2: baseline: not a file name"),
        ("[tool.mnprofile]\nbudget = 1\n", ":2: budget: not a list of tables"),
        ("[tool.mnprofile]\nbudget = [1]\n", ":2: budget[0]: not a table"),
        ("[tool]\nmnprofile = 1\n", ": mnprofile: not a table"),
        ("[tool\n", ":1:6: not valid TOML"),
        ("a = " + "[" * 10_000, ": not valid TOML"),
    ],
)
def test_bad_input_names_file_and_line(
    text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    project(text)

    assert main(["ci"]) == 2
    err = capsys.readouterr().err
    assert f"pyproject.toml{words}" in err
    assert len(err.splitlines()) <= 6


def test_resolution_is_another_word_for_res(capsys: pytest.CaptureFixture[str]) -> None:
    res = read_budgets(project(limits(arch="v2", res="96x64", max_macs=1)))
    said = read_budgets(project(limits(arch="v2", resolution="96x64", max_macs=1)))

    assert said.budgets == res.budgets
    assert said.budgets[0].request.resolution == (96, 64)
    project(limits(arch="v2", res=96, resolution=96, max_macs=1))
    assert main(["ci"]) == 2
    assert ":5: budget[0].resolution: unknown key" in capsys.readouterr().err


def test_no_budget_file_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ci"]) == 2
    assert "there is no budget file here" in capsys.readouterr().err
    assert main(["ci", "--config", "other.toml"]) == 2
    assert "other.toml: no such file" in capsys.readouterr().err


def test_mnprofile_toml_has_the_same_keys_without_the_prefix() -> None:
    project(limits(max_macs=1))
    project(limits(max_macs="110M").replace("tool.mnprofile.", ""), "mnprofile.toml")

    assert main(["ci"]) == 0


def test_lines_are_found_beside_multi_line_strings() -> None:
    """A budget's header inside a string is text."""
    path = project('x = """\n[[tool.mnprofile.budget]]\n"""\n' + limits(max_macs=1))

    assert read_budgets(path).budgets[0].line("max-macs") == 7
