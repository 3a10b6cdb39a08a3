"""Running one real profiler on a network, in its own process.

Profilers patch torch and disturb each other, so each gets a fresh interpreter:
``python -m mnprofile.evidence.profilers.worker NAME`` reads a pickled graph from its
parent on standard input and prints a JSON object.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnprofile.evidence.profilers.torch_style import TorchStyle
from mnprofile.graph.graph import Graph

if TYPE_CHECKING:
    from torch import Tensor, nn

TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class Run:
    """What a profiler printed: its total, or why there is none."""

    total: int | None
    version: str
    failure: str = ""


def version_of(distribution: str) -> str:
    """An installed release without its local part: 2.13.0 for 2.13.0+cpu."""
    try:
        return metadata.version(distribution).partition("+")[0]
    except metadata.PackageNotFoundError:  # not installed, but on the path
        return "unknown"


def run(name: str, package: str, graph: Graph, writing: TorchStyle) -> Run:
    """Run an installed profiler on the torch twin of a graph, in a new process."""
    version = version_of(package)
    # The parent may have found the package through sys.path alone.
    paths = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            # -P: a file in the current folder must not be taken for the profiler.
            [sys.executable, "-P", "-m", "mnprofile.evidence.profilers.worker", name],
            input=pickle.dumps((graph, writing)),
            capture_output=True,
            env=environment,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Run(None, version, f"no result after {TIMEOUT_S} s")
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        reason = lines[-1][:300] if lines else f"exit code {done.returncode}"
        return Run(None, version, reason)
    total: int = json.loads(done.stdout)["total"]
    return Run(total, version)


def main() -> None:
    """The child: measure, and print the total."""
    name = sys.argv[1]
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a profiler prints is not part of the answer
    graph, writing = pickle.load(sys.stdin.buffer)  # noqa: S301  written by run()
    import torch

    from mnprofile.evidence.profilers.torch_twin import Network

    network = Network(graph, writing).eval()
    height, width = graph.config.resolution
    image = torch.zeros(1, graph.input_shape.c, height, width)
    total = MEASURES[name](network, image)
    if total != int(total):
        raise ValueError(f"the total is not a whole number: {total}")
    answer.write(json.dumps({"total": int(total)}))
    answer.close()


def _torchinfo(network: nn.Module, image: Tensor) -> float:
    from torchinfo import summary

    total: int = summary(network, input_data=image, verbose=0).total_mult_adds
    return total


def _ptflops(backend: str, **config: bool) -> Callable[[nn.Module, Tensor], float]:
    absent: Any = None  # makes an import raise ImportError, which ptflops expects

    def measure(network: nn.Module, image: Tensor) -> float:
        # It imports these for rules that our network does not need, and fails if
        # torchvision's operators are missing.
        for unused in ("torchvision", "timm"):
            sys.modules[unused] = absent
        from ptflops import get_model_complexity_info

        total, _ = get_model_complexity_info(
            network,
            tuple(image.shape[1:]),
            as_strings=False,
            print_per_layer_stat=False,
            backend=backend,
            backend_specific_config=config,
        )
        if total is None:
            raise ValueError("ptflops gave no total; its reason is above")
        return float(total)

    return measure


def _thop(network: nn.Module, image: Tensor) -> float:
    from thop import profile

    total, _ = profile(network, inputs=(image,), verbose=False)
    return float(total)


def _torchprofile(network: nn.Module, image: Tensor) -> float:
    from torchprofile import profile_macs

    total: Any = profile_macs(network, image)
    return float(total)


def _calflops(position: int) -> Callable[[nn.Module, Tensor], float]:
    def measure(network: nn.Module, image: Tensor) -> float:
        from calflops import calculate_flops

        totals = calculate_flops(
            network,
            input_shape=tuple(image.shape),
            print_results=False,
            print_detailed=False,
            output_as_string=False,
        )
        return float(totals[position])

    return measure


MEASURES: dict[str, Callable[[nn.Module, Tensor], float]] = {
    "torchinfo": _torchinfo,
    "ptflops": _ptflops("pytorch"),
    "ptflops-modules": _ptflops("pytorch", count_functional=False),
    "ptflops-aten": _ptflops("aten"),
    "thop": _thop,
    "torchprofile": _torchprofile,
    "calflops": _calflops(0),
    "calflops-macs": _calflops(1),
}

if __name__ == "__main__":
    main()
