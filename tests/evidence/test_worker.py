"""Real profilers in their own processes, compared with the ledger."""

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
from mnprofile.evidence.profilers.worker import MEASURES, Twin, run

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
# Profilers patch torch, so two never share a process. Each measures in a fork of one
# that has imported torch and built the networks, which takes most of the time.
MEASURE = """
import json, os, sys, traceback, warnings
import torch
import mnprofile
from mnprofile.evidence.profilers.worker import MEASURES
from mnprofile.evidence.profilers.torch_twin import Network
from mnprofile.evidence.profilers.torch_style import TorchStyle
warnings.simplefilter("ignore")
torch.set_num_threads(1)
names, configurations = map(json.loads, sys.argv[1:])
networks = []
for arch, alpha, size in configurations:
    for pooling, activations in (("functional", "module"), ("module", "functional")):
        graph = mnprofile.build(arch, alpha=alpha, resolution=size)
        network = Network(graph, TorchStyle(pooling, activations)).eval()
        book = mnprofile.ledger(graph, pooling=pooling, activations=activations)
        networks.append((network, torch.zeros(1, 3, size, size), book))


def rests(name):
    try:
        measure = MEASURES[name]
        return [measure(net, (x,)) - book[name].total for net, x, book in networks]
    except Exception:
        return traceback.format_exc()


def forked(name):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(2, 1)  # what a profiler prints is not part of the answer
        with open(writing, "w") as answer:
            json.dump(rests(name), answer)
        os._exit(0)
    os.close(writing)
    return open(reading)


found = {}
for pair in zip(names[::2], [*names[1::2], None]):  # as many at once as there are cores
    pipes = {name: forked(name) for name in pair if name}
    found.update({name: json.load(pipe) for name, pipe in pipes.items()})
print(json.dumps(found))
"""
INSTALLED = [name for name in MEASURES if is_installed(profiler_of(name).package)]


NEEDED = "needs torch and the profilers (extra check-all)"


@pytest.fixture(scope="module")
def rests() -> dict[str, list[float] | str]:
    """What each installed profiler counts beyond the ledger, or its traceback."""
    pytest.importorskip("torch", reason=NEEDED)
    done = subprocess.run(
        [
            *(sys.executable, "-c", MEASURE),
            *(json.dumps(INSTALLED), json.dumps(CONFIGURATIONS)),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[float] | str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", MEASURES)
def test_the_ledger_explains_a_real_run_exactly(
    name: str, rests: dict[str, list[float] | str]
) -> None:
    if name not in INSTALLED:
        pytest.skip(f"needs {profiler_of(name).package} (extra check-all)")

    assert rests[name] == [0.0] * 16


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
