"""Real profilers in processes of their own, against the ledger."""

import json
import os
import subprocess
import sys

import pytest

import mnprofile
from mnprofile.base.extras import is_installed
from mnprofile.evidence.profilers import worker as run_profiler
from mnprofile.evidence.profilers.rules import profiler_of
from mnprofile.evidence.profilers.torch_style import TorchStyle
from mnprofile.evidence.profilers.worker import MEASURES, run

CONFIGURATIONS = [
    ("v1", 1.0, 96),
    ("v1", 0.5, 128),
    ("v2", 1.0, 96),
    ("v2", 0.75, 160),
    ("v3-large", 1.0, 96),
    ("v3-large", 0.5, 128),
    ("v3-small", 1.0, 224),
    ("v3-small", 0.75, 64),
]
# One profiler measures everything in one process; two never share one.
MEASURE = """
import json, sys, warnings
import torch
import mnprofile
from mnprofile.evidence.profilers.worker import MEASURES
from mnprofile.evidence.profilers.torch_twin import Network
from mnprofile.evidence.profilers.torch_style import TorchStyle
warnings.simplefilter("ignore")
torch.set_num_threads(1)
name, configurations = sys.argv[1], json.loads(sys.argv[2])
rests = []
for arch, alpha, size in configurations:
    for pooling, activations in (("functional", "module"), ("module", "functional")):
        graph = mnprofile.build(arch, alpha=alpha, resolution=size)
        network = Network(graph, TorchStyle(pooling, activations)).eval()
        total = MEASURES[name](network, torch.zeros(1, 3, size, size))
        book = mnprofile.ledger(graph, pooling=pooling, activations=activations)
        rests.append(total - book[name].total)
print("rests", json.dumps(rests))
"""


@pytest.mark.parametrize("name", MEASURES)
def test_the_ledger_explains_a_real_run_to_the_last_unit(name: str) -> None:
    if not is_installed(profiler_of(name).package):
        pytest.skip(f"{profiler_of(name).package} (extra check-all) is not installed")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, name, json.dumps(CONFIGURATIONS)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    rests = done.stdout.strip().splitlines()[-1].removeprefix("rests ")

    assert json.loads(rests) == [0.0] * 16


GRAPH = mnprofile.build("v2", alpha=0.75, resolution=160)


def test_a_profiler_runs_in_its_own_process_with_its_version() -> None:
    """107,322,840: torchinfo's printed total of this network."""
    pytest.importorskip("torchinfo", reason="extra check-all")
    outcome = run("torchinfo", "torchinfo", GRAPH, TorchStyle())

    assert (outcome.total, outcome.failure) == (107_322_840, "")
    assert outcome.version == "1.8.0"


def test_a_profiler_that_raises_is_a_failure_with_its_reason() -> None:
    """No measure has this name, so the child ends with a KeyError."""
    outcome = run("no-such-profiler", "torch", GRAPH, TorchStyle())

    assert outcome.total is None
    assert "KeyError: 'no-such-profiler'" in outcome.failure


def test_a_profiler_that_hangs_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_profiler, "TIMEOUT_S", 0.01)
    outcome = run("torchinfo", "torch", GRAPH, TorchStyle())

    assert outcome.failure == "no result after 0.01 s"


def test_a_local_part_is_no_part_of_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2.13.0+cpu")

    assert run_profiler.version_of("torch") == "2.13.0"


def test_a_copy_without_metadata_has_no_version() -> None:
    assert run_profiler.version_of("no-such-distribution") == "unknown"
