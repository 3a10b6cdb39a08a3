"""A profiler in a process of its own; test_own_code.py has what each one counts."""

import pytest

import mnprofile
from mnprofile.evidence.profilers import worker as run_profiler
from mnprofile.evidence.profilers.torch_style import TorchStyle
from mnprofile.evidence.profilers.worker import Twin, run

NEEDED = "needs torch and the profilers (extra check-all)"


TWIN = Twin(mnprofile.build("v2", alpha=0.75, resolution=160), TorchStyle())


def test_a_profiler_runs_in_its_own_process_with_its_version() -> None:
    """107,322,840: torchinfo's printed total of this network."""
    pytest.importorskip("torchinfo", reason="needs torchinfo (extra check-all)")
    outcome = run("torchinfo", "torchinfo", TWIN)

    assert (outcome.total, outcome.failure) == (107_322_840, "")
    assert outcome.version == "1.8.0"


def test_a_profiler_that_raises_is_a_failure_with_its_reason() -> None:
    """There is no measure of this name, so the child ends with a KeyError."""
    pytest.importorskip("torch", reason=NEEDED)
    outcome = run("no-such-profiler", "torch", TWIN)

    assert outcome.total is None
    assert "KeyError: 'no-such-profiler'" in outcome.failure


def test_a_profiler_that_hangs_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_profiler, "TIMEOUT_S", 0.01)
    outcome = run("torchinfo", "torch", TWIN)

    assert outcome.failure == "no result after 0.01 s"


def test_a_version_has_no_local_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2.13.0+cpu")

    assert run_profiler.version_of("torch") == "2.13.0"


def test_a_copy_without_metadata_has_no_version() -> None:
    assert run_profiler.version_of("no-such-distribution") == "unknown"
