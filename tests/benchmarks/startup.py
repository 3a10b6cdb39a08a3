"""The whole process of the main job, beside its alternatives, in one run.

    python tests/benchmarks/startup.py

prints medians of ten runs each: ``mnprofile count v2 --alpha 0.75 --res 160``, a bare
``import click, rich.table``, and a script that builds torchvision's MobileNetV2 and
calls fvcore once (left out, and said so, where they are not installed).
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


def median_seconds(arguments: list[str], runs: int) -> float:
    """The median wall-clock time of a fresh interpreter."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def peak_megabytes(arguments: list[str]) -> float:
    """Peak resident memory of a fresh interpreter."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execv(sys.executable, [sys.executable, *arguments])
    _, status, usage = os.wait4(pid, 0)
    assert status == 0
    return usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    ours = median_seconds(MAIN_JOB, 10)
    bare = median_seconds(BARE_IMPORT, 10)
    print(f"mnprofile count v2   {ours:6.3f} s  {peak_megabytes(MAIN_JOB):6.1f} MB")
    print(f"import click, rich   {bare:6.3f} s  {peak_megabytes(BARE_IMPORT):6.1f} MB")
    print(f"ratio                {ours / bare:6.2f}")
    try:
        fvcore = median_seconds(FVCORE, 3)
    except subprocess.CalledProcessError:
        print("torchvision and fvcore: not installed here, left out")
        return
    print(f"torchvision, fvcore  {fvcore:6.3f} s  {peak_megabytes(FVCORE):6.1f} MB")
    print(f"ratio                {fvcore / ours:6.1f}")


if __name__ == "__main__":
    main()
