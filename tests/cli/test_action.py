"""The GitHub action in repositories of another layout: what it says, and where.

The script of action.yml is run here as a runner would, with its environment.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.conftest import GOOD_V2, Run

yaml: Any = pytest.importorskip("yaml")
pytestmark = pytest.mark.usefixtures("elsewhere")

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
BUDGET = """\
[[budget]]
name = "edge"
arch = "../models/*.md"
max-macs = "10M"
"""


@dataclass(frozen=True)
class Done:
    """What a run of the action left behind."""

    code: int
    text: str
    summary: str
    outputs: dict[str, str]
    folder: Path

    @property
    def annotations(self) -> list[str]:
        return re.findall(r"^::error .*$", self.text, re.MULTILINE)

    @property
    def junit(self) -> ElementTree.Element:
        return ElementTree.parse(self.folder / "mnprofile-budgets.xml").getroot()


class Repository:
    """A repository with its networks in models/ and its budgets in ops/budgets/."""

    def __init__(self, folder: Path) -> None:
        self.root, self.runner = folder / "repository", folder / "runner"
        for part in ("models", "ops"):
            (self.root / part).mkdir(parents=True)
        (self.runner / "mnprofile" / "bin").mkdir(parents=True)
        command = self.runner / "mnprofile" / "bin" / "mnprofile"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mnprofile "$@"\n')
        command.chmod(0o755)
        self.write("models/tiny.md", GOOD_V2)
        self.write("ops/mnprofile.toml", BUDGET)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")

    def run(self, *, baseline: str = "", config: str = "") -> Done:
        summary, output = self.runner / "summary.md", self.runner / "output"
        output.unlink(missing_ok=True)
        summary.write_text("")
        script = next(s["run"] for s in ACTION["runs"]["steps"] if s.get("id") == "ci")
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.root / "ops",
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "RUNNER_TEMP": str(self.runner),
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKSPACE": str(self.root),
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_OUTPUT": str(output),
                "CONFIG": config,
                "BASELINE": baseline,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
        text = done.stdout + done.stderr
        return Done(done.returncode, text, summary.read_text(), outputs, self.runner)


# A stand-in for GitHub's command line: it writes down what it is asked, and answers a
# question for comments with what the file "known" has.
GH = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done >>asked
case "$*" in *--paginate*) cat known ;; esac
"""


def commented(folder: Path, summary: str, known: str) -> tuple[list[str], str]:
    """What the comment step asks of GitHub, and the text that it posts."""
    (step,) = (s for s in ACTION["runs"]["steps"] if s["name"].startswith("Comment"))
    assert "inputs.comment == 'true'" in step["if"]
    assert "head.repo.full_name == github.repository" in step["if"]
    assert ACTION["inputs"]["comment"]["default"] == "false"
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    (folder / "known").write_text(known)
    (folder / "summary.md").write_text(summary, "utf-8")
    (folder / "asked").unlink(missing_ok=True)
    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={
            "PATH": f"{folder}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(folder),
            "GH_REPO": "some/where",
            "NUMBER": "7",
            "SUMMARY": str(folder / "summary.md"),
        },
        check=True,
    )
    asked = (folder / "asked").read_text().splitlines()
    return asked, (folder / "mnprofile-comment.md").read_text("utf-8")


def test_a_comment_is_written_once_and_then_rewritten(tmp_path: Path) -> None:
    asked, body = commented(tmp_path, "### Passed", known="")
    assert body == "<!-- mnprofile-budgets -->\n### Passed"
    assert asked.count("repos/some/where/issues/7/comments") == 2
    assert "PATCH" not in asked
    assert f"body=@{tmp_path}/mnprofile-comment.md" in asked

    asked, _ = commented(tmp_path, "### Failed", known="41\n42\n")
    assert asked.count("repos/some/where/issues/7/comments") == 1
    assert asked[asked.index("PATCH") + 1] == "repos/some/where/issues/comments/41"


def test_a_long_comment_is_cut_between_letters(tmp_path: Path) -> None:
    _, body = commented(tmp_path, "x" + "é" * 40_000, known="")

    assert len(body) < 65_536
    assert body.endswith("é\n\nThe rest is in the summary of the job.\n")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_the_action_passes_inputs_through_the_environment() -> None:
    """An expression inside a script would run what a pull request writes into it."""
    assert ACTION["runs"]["using"] == "composite"
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert len(step["uses"].partition("@")[2]) == 40


def test_every_output_is_written_by_the_script(repository: Repository) -> None:
    assert {*repository.run().outputs} == {*ACTION["outputs"]}


def test_within_its_budgets_a_repository_passes(repository: Repository) -> None:
    done = repository.run()

    assert done.code == 0, done.text
    assert done.outputs["verdict"] == "passed"
    assert done.annotations == []
    assert done.summary.startswith("### Passed: 1 limit checked")
    for name in ("html", "junit", "summary"):
        assert Path(done.outputs[name]).stat().st_size > 100


def test_over_its_budget_the_line_of_the_limit_is_annotated(
    repository: Repository,
) -> None:
    repository.write("ops/mnprofile.toml", BUDGET.replace("10M", "100K"))
    done = repository.run()

    assert done.code == 1
    assert done.outputs["verdict"] == "failed"
    assert len(done.annotations) == 1
    assert "file=ops/mnprofile.toml,line=4,title=budget edge::" in done.annotations[0]
    assert re.search(r"over the limit of 100,000 \(max-macs\)", done.annotations[0])
    assert done.junit.get("failures") == "1"


def test_the_first_run_without_a_baseline_is_incomplete(repository: Repository) -> None:
    repository.write("ops/mnprofile.toml", BUDGET + 'max-increase = "1%"\n')
    done = repository.run()

    assert done.code == 3
    assert done.outputs["verdict"] == "incomplete"
    assert "--write-baseline" in done.annotations[0]


def with_baseline(repository: Repository) -> None:
    """The repository with a committed baseline, and then a wider second block."""
    repository.write("ops/mnprofile.toml", BUDGET + 'max-increase = "1%"\n')
    subprocess.run(
        [sys.executable, "-m", "mnprofile", "ci", "--write-baseline"],
        cwd=repository.root / "ops",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    grown = GOOD_V2.replace("| 6 | 16 | 2 | 2 |", "| 6 | 24 | 2 | 2 |")
    grown = grown.replace("8²×16  | conv2d 1x1", "8²×24  | conv2d 1x1")
    assert grown != GOOD_V2
    repository.write("models/tiny.md", grown)


def test_growth_names_rule_layers_and_the_row_to_blame(repository: Repository) -> None:
    with_baseline(repository)
    done = repository.run()

    assert done.code == 1
    macs = next(one for one in done.annotations if " macs," in one)
    row = GOOD_V2.split("\n").index("| 16²×8  | bottleneck  | 6 | 16 | 2 | 2 |") + 1
    assert macs.startswith(f"::error file=models/tiny.md,line={row},")
    assert "max-increase over the baseline's " in macs
    assert re.search(r"most of all layers: block\d\.\w+ by \d+, block", macs)
    assert "The limit: ops/mnprofile.toml:5" in macs
    assert "Since the baseline" in done.summary
    assert "| edge |" in done.summary


def test_a_wrong_cell_is_annotated_where_it_stands(repository: Repository) -> None:
    repository.write("models/tiny.md", GOOD_V2.replace("bottleneck ", "botleneck  "))
    done = repository.run()

    assert done.code == 2
    assert done.outputs["verdict"] == "error"
    assert re.match(
        r"::error file=models/tiny\.md,line=15,col=\d+,title=mnprofile::",
        done.annotations[0],
    )
    assert "bottleneck" in done.annotations[0]
    assert done.summary.startswith("### Not checked: ")
    assert done.junit.get("errors") == "1"


def test_an_unknown_key_is_annotated_in_the_budget_file(repository: Repository) -> None:
    repository.write("ops/mnprofile.toml", BUDGET.replace("max-macs", "max-mac"))
    done = repository.run()

    assert done.code == 2
    assert "file=ops/mnprofile.toml,line=4,title=mnprofile::" in done.annotations[0]
    assert "max-macs" in done.annotations[0]


def test_a_pytorch_network_has_a_budget_too(
    repository: Repository, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command of the script, in this process, which has torch."""
    pytest.importorskip("torch")
    repository.write(
        "models/net.py",
        "from torch import nn\n\n\ndef net():\n    return nn.Conv2d(3, 8, 3)\n",
    )
    repository.write(
        "ops/mnprofile.toml",
        '[[budget]]\nname = "net"\narch = "../models/net.py:net"\n'
        'input = "1x3x8x8"\nmax-macs = 7775\n',
    )
    monkeypatch.chdir(repository.root / "ops")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    done = run("ci")

    # 6 x 6 positions x 3 x 3 x 3 x 8 weights = 7,776
    assert done.code == 1, done
    (line,) = re.findall("^::error .*$", done.err, re.MULTILINE)
    assert "7,776 macs, 1 over the limit of 7,775" in line


HOSTILE = "::error::x%0A`<img src=x onerror=alert(1)>|@everyone"


def test_a_hostile_name_forges_nothing(repository: Repository) -> None:
    budget = f"[[budget]]\nname = {json.dumps(HOSTILE)}\n"
    budget += 'arch = "../models/*.md"\nmax-macs = 1\n'
    repository.write("ops/mnprofile.toml", budget)
    done = repository.run()

    assert done.code == 1
    assert len(done.annotations) == 1
    assert done.annotations[0].startswith("::error file=ops/mnprofile.toml,line=4,")
    assert re.search(r"(?<!\\)<img", done.summary) is None
    assert [*done.outputs] == [*ACTION["outputs"]]


def test_a_pre_commit_hook_runs_the_same_command() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))

    assert [hook["entry"] for hook in hooks] == ["mnprofile ci"]
    assert re.search(hooks[0]["files"], "models/net.md")
