"""Running one real profiler on a network, in its own process.

Profilers patch torch and disturb each other, so each gets a fresh interpreter:
``python -m mnprofile.evidence.profilers.worker NAME`` reads what to run from its
parent on standard input, pickled, and prints a JSON object.
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
from mnprofile.networks.readers.inputs import ReadRequest

if TYPE_CHECKING:
    from torch import Tensor, nn

TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class Run:
    """What a profiler printed: its total, or why there is none.

    ``sizes`` are the products of two sizes in it, one each: torchprofile counts what a
    trace has.
    """

    total: int | None
    version: str
    failure: str = ""
    sizes: int = 0


def version_of(distribution: str) -> str:
    """An installed release without its local part: 2.13.0 for 2.13.0+cpu."""
    try:
        return metadata.version(distribution).partition("+")[0]
    except metadata.PackageNotFoundError:  # not installed, but on the path
        return "unknown"


@dataclass(frozen=True, slots=True)
class Twin:
    """The torch twin of a graph."""

    graph: Graph
    writing: TorchStyle

    def made(self) -> tuple[nn.Module, tuple[Tensor, ...]]:
        """The network in evaluation mode, and its inputs."""
        import torch

        from mnprofile.evidence.profilers.torch_twin import Network

        height, width = self.graph.config.resolution
        image = torch.zeros(1, self.graph.input_shape.c, height, width)
        return Network(self.graph, self.writing).eval(), (image,)


@dataclass(frozen=True, slots=True)
class Code:
    """The network that MODULE:CALLABLE makes, at the inputs that were asked for."""

    arch: str
    asked: ReadRequest

    def made(self) -> tuple[nn.Module, tuple[Tensor, ...]]:
        from mnprofile.evidence.profilers.own_code import positional

        return positional(self.arch, self.asked)


def run(name: str, package: str, network: Twin | Code) -> Run:
    """Run an installed profiler on a network, in a new process."""
    version = version_of(package)
    # The parent may have found the package through sys.path alone.
    paths = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            # -P: a file in the current folder must not be taken for the profiler.
            [sys.executable, "-P", "-m", "mnprofile.evidence.profilers.worker", name],
            input=pickle.dumps(network),
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
    answer = json.loads(done.stdout)
    return Run(answer["total"], version, sizes=answer["sizes"])


def main() -> None:
    """The child: measure, and print the total."""
    name = sys.argv[1]
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a profiler prints is not part of the answer
    asked: Twin | Code = pickle.load(sys.stdin.buffer)  # noqa: S301  written by run()
    measure = MEASURES[name]
    network, inputs = asked.made()
    total = measure(network, inputs)
    if total != int(total):
        raise ValueError(f"the total is not a whole number: {total}")
    sizes = size_products(network, inputs) if name == "torchprofile" else 0
    answer.write(json.dumps({"total": int(total), "sizes": sizes}))
    answer.close()


Inputs = tuple["Tensor", ...]


def _torchinfo(network: nn.Module, inputs: Inputs) -> float:
    from torchinfo import summary

    total: int = summary(network, input_data=[*inputs], verbose=0).total_mult_adds
    return total


def _ptflops(backend: str, **config: bool) -> Callable[[nn.Module, Inputs], float]:
    absent: Any = None  # makes an import raise ImportError, which ptflops expects

    def measure(network: nn.Module, inputs: Inputs) -> float:
        # It imports these for rules of its own, and fails if torchvision's operators
        # are missing.
        for unused in ("torchvision", "timm"):
            if unused not in sys.modules:
                sys.modules[unused] = absent
        from ptflops import get_model_complexity_info

        total, _ = get_model_complexity_info(
            network,
            tuple(inputs[0].shape[1:]),
            as_strings=False,
            print_per_layer_stat=False,
            backend=backend,
            backend_specific_config=config,
            # By keyword: it takes one positional input, whose first side is a batch.
            input_constructor=None
            if len(inputs) == inputs[0].shape[0] == 1 and inputs[0].is_floating_point()
            else lambda _: {f"input{at}": one for at, one in enumerate(inputs)},
        )
        if total is None:
            raise ValueError("ptflops gave no total; its reason is above")
        return float(total)

    return measure


def _thop(network: nn.Module, inputs: Inputs) -> float:
    from thop import profile

    total, _ = profile(network, inputs=inputs, verbose=False)
    return float(total)


def _torchprofile(network: nn.Module, inputs: Inputs) -> float:
    from torchprofile import profile_macs

    total: Any = profile_macs(network, inputs)
    return float(total)


def size_products(network: nn.Module, inputs: Inputs) -> int:
    """The products of sizes that torchprofile finds in a trace and counts."""
    from torchprofile.trace import trace

    sizes: set[str] = set()
    numbers: set[str] = set()
    found = 0
    for node in trace(network, inputs).nodes:
        given = {one.name for one in node.inputs if one.shape is not None}
        made = {one.name for one in node.outputs}
        if node.operator == "prim::constant":
            numbers |= made
        elif node.operator == "prim::numtotensor":
            sizes |= made
        elif given & sizes and given <= sizes | numbers:
            sizes |= made
            found += node.operator.startswith("aten::mul")
    return found


def _calflops(position: int) -> Callable[[nn.Module, Inputs], float]:
    def measure(network: nn.Module, inputs: Inputs) -> float:
        from calflops import calculate_flops

        totals = calculate_flops(
            network,
            args=[*inputs],
            print_results=False,
            print_detailed=False,
            output_as_string=False,
        )
        return float(totals[position])

    return measure


MEASURES: dict[str, Callable[[nn.Module, Inputs], float]] = {
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
