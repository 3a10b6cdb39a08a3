"""How fast a sweep is, beside fvcore on the same network in the same run.

    python tests/benchmarks/sweep_speed.py

Prints one line per measurement. fvcore counts what runs, one configuration at a time,
so its rate is taken from a few calls on MobileNetV2 0.75/160; without torch and fvcore
that part is left out. The commands run as processes of their own, so that their start
and their peak memory are in the figures.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from mnprofile.networks import catalog
from mnprofile.search.products import product

ROWS = ("--alpha", "0.1:2.099:0.001", "--res", "32:428:4", "--t", "1:5:1")
LARGE = ("--alpha", "0.3501:1.35:0.0001", "--res", "32:531:1", "--t", "1:20:1")
SMALLER = (*LARGE[:5], "1:2:1")  # a tenth of it


def in_process_rate() -> float:
    """MobileNetV2 configurations a second, macs and params of a 10^6 grid."""
    arch = catalog.load("v2")
    alpha = np.repeat(np.linspace(0.1, 2, 200), 10)
    t = np.tile(np.arange(1, 11.0), 200)
    sides = tuple((side, side) for side in range(32, 532))
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        made = product(
            arch, alpha=alpha, t=t, resolutions=sides, classes=1000, impl="paper"
        )
        macs, params = made.macs(), made.params
        best = min(best, time.perf_counter() - start)
    assert (macs.shape, params.shape) == ((2000, 500), (2000,))
    return macs.size / best


def fvcore_rate() -> float | None:
    """MobileNetV2 0.75/160 counts a second with fvcore, or None without it.

    The same layers in plain torch, one after the other, without the additions.
    """
    try:
        import torch
        from fvcore.nn import FlopCountAnalysis
    except ImportError:
        return None
    network = _network(torch).eval()
    image = torch.zeros(1, 3, 160, 160)
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        analysis = FlopCountAnalysis(network, image)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        analysis.total()
        best = min(best, time.perf_counter() - start)
    return 1 / best


def _network(torch: Any) -> Any:
    """The convolutions, batch norms and activations of the graph, in its order."""
    from mnprofile.graph.operators.convolution import Conv, Depthwise
    from mnprofile.graph.operators.elementwise import Activation, BatchNorm
    from mnprofile.graph.operators.linear import Linear

    nn = torch.nn
    layers: list[object] = []
    for node in catalog.build("v2", alpha=0.75, resolution=160):
        op, x = node.op, node.in_shape
        side = getattr(op, "kernel", 1)
        if isinstance(op, Conv):
            layers.append(
                nn.Conv2d(x.c, op.out, op.kernel, op.stride, side // 2, bias=False)
            )
        elif isinstance(op, Depthwise):
            pad = side // 2
            layers.append(
                nn.Conv2d(x.c, x.c, op.kernel, op.stride, pad, groups=x.c, bias=False)
            )
        elif isinstance(op, BatchNorm):
            layers.append(nn.BatchNorm2d(x.c))
        elif isinstance(op, Activation):
            layers.append(nn.ReLU6())
        elif isinstance(op, Linear):
            layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(x.c, op.out)]
    return nn.Sequential(*layers)


def command(*arguments: str) -> tuple[float, float, int]:
    """Seconds, peak megabytes and exit code of one command, start included."""
    start = time.perf_counter()
    quiet = os.open(os.devnull, os.O_RDWR)
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "mnprofile", *arguments],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, quiet, number) for number in (1, 2)],
    )
    _, status, usage = os.wait4(child, 0)
    os.close(quiet)
    seconds = time.perf_counter() - start
    return seconds, usage.ru_maxrss / 1000, os.waitstatus_to_exitcode(status)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "rows")
        for title, arguments in (
            ("10^6 rows to Parquet", (*ROWS, "-o", f"{out}.parquet")),
            ("10^6 rows to CSV", (*ROWS, "-o", f"{out}.csv")),
            (
                "10^8 configurations, --max-macs 5M",
                (*LARGE, "--max-macs", "5M", "-o", f"{out}.parquet"),
            ),
            (
                "10^8 configurations, an accuracy for 1 in 20, --pareto",
                (*LARGE, "--pareto"),
            ),
            (
                "10^8 configurations, an accuracy for 4 in 5, --pareto",
                ("--alpha", "0.350001:1.15:0.000001", "--res", "96:224:1", "--pareto"),
            ),
            (
                "10^6 configurations with latency, --max-macs 5M",
                (*ROWS, "--device", "Pixel 1", "--max-macs", "5M", "-o", f"{out}.csv"),
            ),
            (
                "10^7 configurations, --max-macs 5M",
                (*SMALLER, "--max-macs", "5M", "-o", f"{out}.parquet"),
            ),
        ):
            seconds, megabytes, code = command("sweep", "v2", *arguments)
            print(f"{title}: {seconds:.1f} s, {megabytes:.0f} MB, exit code {code}")
    # Last: torch in this process would count towards its children's peak memory.
    ours, theirs = in_process_rate(), fvcore_rate()
    print(f"in process: {ours / 1e6:.1f} million configurations a second")
    if theirs is not None:
        print(f"fvcore: {theirs:.2f} a second; ratio {ours / theirs:.2e}")


if __name__ == "__main__":
    main()
