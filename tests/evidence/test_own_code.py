"""Profilers run on networks, against what the ledger says they print."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from mnprofile.base.extras import is_installed
from mnprofile.evidence.profilers.worker import MEASURES
from tests.evidence.measured_totals import MORE, SAMPLES
from tests.sampling import sampled

PACKAGES = ("fvcore", "torchinfo", "ptflops", "thop", "torchprofile", "calflops")
# What the rules do not cover; everything else must have a total.
NOT_KNOWN = {
    ("multi-head zeros", "ptflops"),
    ("multi-head zeros", "ptflops-modules"),
    ("encoder frozen", "ptflops-aten"),
}
# Where a profiler itself stops with an error.
NO_TOTAL = {("encoder masked", "torchinfo")}


def measured(names: list[str]) -> dict[str, dict[str, list[Any]]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.evidence.measured_totals", *names],
        capture_output=True,
        text=True,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, dict[str, list[Any]]] = json.loads(done.stdout)
    return found


NAMES = {"sample": [*SAMPLES], "more": [*MORE]}


@pytest.mark.parametrize("which", sampled(NAMES, keep=["sample"]))
def test_the_ledger_says_what_profilers_print(which: str) -> None:
    """Exactly, of twins of tables and of networks' own code."""
    missing = [one for one in ("torch", *PACKAGES) if not is_installed(one)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)} (extra check-all)")
    found = measured(NAMES[which])
    assert set(found) == {"fvcore", *MEASURES}

    wrong, unknown, failed = {}, set(), set()
    for profiler, totals in found.items():
        for name, (total, sizes, expected) in totals.items():
            if isinstance(total, str):
                failed.add((name, profiler))
            elif expected is None:
                unknown.add((name, profiler))
            elif total != expected + (sizes or 0):
                wrong[profiler, name] = (total, sizes, expected)
    assert wrong == {}
    assert unknown == {pair for pair in NOT_KNOWN if pair[0] in NAMES[which]}
    assert failed == {pair for pair in NO_TOTAL if pair[0] in NAMES[which]}
