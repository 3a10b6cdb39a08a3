"""The GitHub action runs ``mnprofile ci`` and hands on its verdict."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.costs.budgets.projects import PHONE, project

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_the_action_passes_inputs_through_the_environment() -> None:
    """An expression inside a script would run what a pull request writes into it."""
    yaml = pytest.importorskip("yaml")
    root = Path(__file__).parents[2]
    action = yaml.safe_load((root / "action.yml").read_text())

    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert len(step["uses"].partition("@")[2]) == 40


def test_the_action_runs_no_module_of_the_checkout(tmp_path: Path) -> None:
    """venv.py, logging/ and pip.py of a pull request, beside the budgets."""
    yaml = pytest.importorskip("yaml")
    action = yaml.safe_load((Path(__file__).parents[2] / "action.yml").read_text())
    script = action["runs"]["steps"][0]["run"]
    for name in ("venv.py", "pip.py", "logging/__init__.py", "ensurepip.py"):
        planted = tmp_path / name
        planted.parent.mkdir(exist_ok=True)
        planted.write_text("open('planted-was-run', 'w')\nraise SystemExit(9)\n")
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(tmp_path),
            "RUNNER_TEMP": str(tmp_path / "runner"),
            # Nothing to install, so that pip starts and ends at once.
            "GITHUB_ACTION_PATH": str(tmp_path / "no-such-folder"),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert not (tmp_path / "planted-was-run").exists()
    assert (tmp_path / "runner" / "mnprofile" / "bin" / "python").exists(), done.stderr
    assert "no-such-folder" in done.stderr


def test_the_actions_script_gives_the_verdict(tmp_path: Path) -> None:
    """The script of action.yml, run here: exit 1, and every file is written."""
    yaml = pytest.importorskip("yaml")
    root = Path(__file__).parents[2]
    action = yaml.safe_load((root / "action.yml").read_text())
    script = next(s["run"] for s in action["runs"]["steps"] if s.get("id") == "ci")
    project(PHONE.replace("110M", "100M"))
    folder = tmp_path / "mnprofile" / "bin"
    folder.mkdir(parents=True)
    command = folder / "mnprofile"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mnprofile "$@"\n')
    command.chmod(0o755)
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(root),
            "RUNNER_TEMP": str(tmp_path),
            "CONFIG": "",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert "over budget" in done.stdout
    written = {path.name for path in tmp_path.glob("mnprofile-budgets.*")}
    assert written == {"mnprofile-budgets.html", "mnprofile-budgets.xml"}
