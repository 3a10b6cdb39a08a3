"""The whole process of the main job, beside its alternatives, in one run.

    python tests/benchmarks/startup.py

prints medians of twenty runs each: ``mnprofile count v2 --alpha 0.75 --res 160``, a
bare ``import click, rich.table``, and (three runs) a script that builds torchvision's
MobileNetV2 and calls fvcore once; that is left out, and said so, where they are not
installed. Every script runs once beforehand, so that its bytecode exists, and the
scripts take turns, so that a busy machine slows them all.
"""

import os
import statistics
import subprocess
import sys
import time

MAIN_JOB = ["-m", "mnprofile", "count", "v2", "--alpha", "0.75", "--res", "160"]
BARE_IMPORT = ["-c", "import click, rich.table"]
# torchvision without its compiled operators needs two of them declared to be imported.
FVCORE = [
    "-W",
    "ignore",
    "-c",
    """
import torch
lib = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    lib.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from fvcore.nn import FlopCountAnalysis
from torchvision.models import mobilenet_v2
model = mobilenet_v2(width_mult=0.75).eval()
FlopCountAnalysis(model, torch.rand(1, 3, 160, 160)).total()
""",
]


# An installed package has its bytecode, so a checkout may write its own here.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name != "PYTHONDONTWRITEBYTECODE"
}


def run(arguments: list[str]) -> float:
    """The wall-clock time of a fresh interpreter, in seconds."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        check=True,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def medians(runs: int, *scripts: list[str]) -> list[float]:
    """The median time of each script, in seconds; the scripts take turns."""
    for script in scripts:
        run(script)
    times = [[run(script) for script in scripts] for _ in range(runs)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def peak_megabytes(arguments: list[str]) -> float:
    """Peak resident memory of a fresh interpreter."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execve(sys.executable, [sys.executable, *arguments], ENVIRONMENT)
    _, status, usage = os.wait4(pid, 0)
    assert status == 0
    return usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    ours, bare = medians(20, MAIN_JOB, BARE_IMPORT)
    print(f"mnprofile count v2   {ours:6.3f} s  {peak_megabytes(MAIN_JOB):6.1f} MB")
    print(f"import click, rich   {bare:6.3f} s  {peak_megabytes(BARE_IMPORT):6.1f} MB")
    print(f"ratio                {ours / bare:6.2f}")
    try:
        ours, fvcore = medians(3, MAIN_JOB, FVCORE)
    except subprocess.CalledProcessError:
        print("torchvision and fvcore: not installed here, left out")
        return
    print(f"torchvision, fvcore  {fvcore:6.3f} s  {peak_megabytes(FVCORE):6.1f} MB")
    print(f"ratio                {fvcore / ours:6.1f}")


if __name__ == "__main__":
    main()
