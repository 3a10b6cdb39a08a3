"""Running a network here and timing it: whole, and layer by layer.

A table runs as its torch twin, a model file in the runtime that it is made for. Nothing
else is done in between, so the first runs (``warmup``) are not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from mnprofile.base.errors import MissingExtraError, UnmeasuredError, UsageError
from mnprofile.base.extras import is_installed, require
from mnprofile.evidence.profilers.measuring import reason_of
from mnprofile.evidence.profilers.to_torch import to_torch
from mnprofile.evidence.profilers.worker import version_of
from mnprofile.graph.graph import Graph
from mnprofile.networks.finding import foreign_reader
from mnprofile.networks.imported import Network
from mnprofile.networks.notation.rows import Architecture
from mnprofile.networks.readers.inputs import InputSpec, ReadRequest

if TYPE_CHECKING:
    from torch import Tensor, nn

DTYPES = ("float32", "float16", "bfloat16")
Progress = Callable[[str, int, int], None]
_AS_IT_IS = ReadRequest()


@dataclass(frozen=True)
class HowToRun:
    """``threads`` None leaves the runtime's own number; ``dtype`` is that of torch."""

    threads: int | None = None
    batch: int = 1
    dtype: str = "float32"
    processor: str = "cpu"
    warmup: int = 3
    repeats: int = 20


class Spread(NamedTuple):
    """Milliseconds of several runs: the median, and half of the runs around it."""

    ms: float
    low_ms: float
    high_ms: float


@dataclass(frozen=True)
class MeasuredTime:
    """What the runs of a network took.

    ``layers`` are medians of the layers that can be timed alone, by name: with hooks,
    which cost some time themselves, so they come from further runs. A model file has
    none. ``threads`` is the number that the runtime used.
    """

    how: HowToRun
    engine: str
    threads: int | None
    runs_ms: tuple[float, ...]
    layers: Mapping[str, float]

    @property
    def whole(self) -> Spread:
        runs = sorted(self.runs_ms)
        return Spread(
            median(runs),
            runs[(len(runs) - 1) // 4],
            runs[ceil(3 * (len(runs) - 1) / 4)],
        )


def measure(
    network: Network,
    graph: Graph,
    how: HowToRun,
    *,
    spelling: str = "",
    asked: ReadRequest = _AS_IT_IS,
    layers: bool = True,
    progress: Progress = lambda *_: None,
) -> MeasuredTime:
    """Run a network and time it.

    ``spelling`` is the ARCH that named it, and ``asked`` how it was read, if it is not
    a table. Without ``layers`` it is timed as a whole only.

    Raises:
        UsageError: settings that its runtime does not have.
        MissingExtraError, UnmeasuredError: the runtime is missing or cannot run it.
    """
    if isinstance(network, Architecture):
        return _in_torch(_twin, graph, how, progress, layers=layers)
    reader = foreign_reader(spelling)
    if reader is not None and reader.name in _RUNTIMES:
        return _in_runtime(reader.name, Path(spelling), graph, how, progress)
    if reader is not None and reader.name == "torch":
        prepare = partial(_own_module, spelling, asked)
        return _in_torch(prepare, graph, how, progress, layers=layers)
    raise UnmeasuredError(
        f"{network.name}: there is nothing here that runs it",
        accepted="a table, MODULE:CALLABLE, an .onnx or a .tflite file",
    )


# --- torch ---------------------------------------------------------------------------


Prepare = Callable[[Graph], tuple[Any, list[Any]]]  # a module and its inputs


def _twin(graph: Graph) -> tuple[nn.Module, list[Tensor]]:
    """A table's network in torch, and images for it."""
    import torch

    module = to_torch(graph, pooling="module", activations="module")
    return module, [torch.rand(1, *shape.dims) for _, shape in graph.inputs]


def _own_module(
    spelling: str, asked: ReadRequest, graph: Graph
) -> tuple[nn.Module, list[Tensor]]:
    """The user's network with weights, and the inputs that it was read with."""
    import torch

    from mnprofile.networks.readers.torch_calling import called, imported

    found = imported(spelling)
    arguments = dict(asked.arguments)
    is_made = isinstance(found, torch.nn.Module)
    module = found if is_made else called(found, spelling, arguments)
    images = [InputSpec((1, *shape.dims)) for _, shape in graph.inputs]
    inputs = []
    for one in asked.inputs or images:
        dtype = getattr(torch, one.dtype or "float32")
        floats = torch.rand(one.dims)
        inputs.append(floats if dtype.is_floating_point else torch.ones(one.dims))
        inputs[-1] = inputs[-1].to(dtype)
    return module, inputs


def _in_torch(
    prepare: Prepare,
    graph: Graph,
    how: HowToRun,
    progress: Progress,
    *,
    layers: bool,
) -> MeasuredTime:
    require("torch")
    import torch

    if how.processor == "cuda" and not torch.cuda.is_available():
        raise UnmeasuredError("torch finds no CUDA device", accepted="--on cpu")
    module, inputs = prepare(graph)
    dtype = getattr(torch, how.dtype)
    module = module.eval().to(device=how.processor, dtype=dtype)
    images = [_placed(one, how, dtype) for one in inputs]
    on_cuda: Callable[[], Any] = torch.cuda.synchronize
    wait = on_cuda if how.processor == "cuda" else _no_wait
    with _torch_threads(how.threads), torch.inference_mode():

        def once() -> None:
            module(*images)
            wait()

        try:
            runs = _timed(once, how, progress, "whole")
            found = _layers(module, once, wait, how, progress) if layers else {}
        except Exception as fault:  # what a user's network or an operator raises
            raise UnmeasuredError(f"torch cannot run it: {reason_of(fault)}") from None
        threads = torch.get_num_threads()
    homes = {node.name: node.layer for node in graph}
    sums: dict[str, float] = {}
    for name, ms in found.items():
        layer = homes.get(name.removesuffix("_pad"), name)
        sums[layer] = sums.get(layer, 0.0) + ms
    engine = f"torch {version_of('torch')}"
    return MeasuredTime(how, engine, threads, runs, sums)


def _placed(one: Tensor, how: HowToRun, dtype: Any) -> Tensor:
    """An input where the network is, in its type, as often as the batch has it."""
    if how.batch > 1:
        one = one.repeat(how.batch, *(1 for _ in one.shape[1:]))
    return one.to(how.processor, dtype if one.dtype.is_floating_point else one.dtype)


def _no_wait() -> None:
    """On a CPU a call has done its work when it returns."""


def _layers(
    module: nn.Module,
    once: Callable[[], None],
    wait: Callable[[], None],
    how: HowToRun,
    progress: Progress,
) -> dict[str, float]:
    """The median milliseconds of each module without children, by its name."""
    begun: dict[str, float] = {}
    took: dict[str, list[float]] = {}

    def before(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            wait()
            begun[name] = perf_counter()

        return hook

    def after(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            wait()
            took.setdefault(name, []).append(1e3 * (perf_counter() - begun[name]))

        return hook

    hooks = []
    for name, one in module.named_modules():
        if not any(one.children()):
            hooks.append(one.register_forward_pre_hook(before(name)))
            hooks.append(one.register_forward_hook(after(name)))
    try:
        _timed(once, how, progress, "layer by layer")
    finally:
        for hook in hooks:
            hook.remove()
    return {name: median(ms[how.warmup :]) for name, ms in took.items()}


@contextmanager
def _torch_threads(count: int | None) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    try:
        if count is not None:
            torch.set_num_threads(count)
        yield
    finally:
        torch.set_num_threads(before)


# --- model files ---------------------------------------------------------------------


def _in_runtime(
    reader: str, path: Path, graph: Graph, how: HowToRun, progress: Progress
) -> MeasuredTime:
    """A model file in its own runtime, on the processor."""
    if (how.processor, how.dtype, how.batch) != ("cpu", "float32", 1):
        raise UsageError(
            f"{path.name} runs as it is, on the CPU",
            accepted="without --on, --dtype and --batch",
        )
    module, package, prepare = _RUNTIMES[reader]
    if not is_installed(module):
        raise MissingExtraError(
            f"{package} is not installed", accepted=f"pip install {package}"
        )
    try:
        runs = _timed(prepare(path, graph, how), how, progress, "whole")
    except Exception as fault:  # what a runtime raises has no common class
        reason = reason_of(fault)
        raise UnmeasuredError(f"{package} cannot run {path.name}: {reason}") from None
    engine = f"{package} {version_of(package)}"
    return MeasuredTime(how, engine, how.threads, runs, {})


def _onnx(path: Path, graph: Graph, how: HowToRun) -> Callable[[], Any]:
    import numpy as np
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    if how.threads is not None:
        options.intra_op_num_threads = how.threads
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    shapes = dict(graph.inputs)
    feeds = {}
    for one in session.get_inputs():
        known = [side if isinstance(side, int) else None for side in one.shape]
        inner = iter(shapes[one.name].dims) if one.name in shapes else iter(())
        sides = [known[0] or 1, *(next(inner, side or 1) for side in known[1:])]
        kind = _NUMPY.get(one.type, "float32")
        feeds[one.name] = np.ones(sides, kind)
    return lambda: session.run(None, feeds)


_NUMPY = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(uint8)": "uint8",
    "tensor(int8)": "int8",
    "tensor(bool)": "bool",
}


def _litert(path: Path, _: Graph, how: HowToRun) -> Callable[[], Any]:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=how.threads)
    interpreter.allocate_tensors()
    for one in interpreter.get_input_details():
        interpreter.set_tensor(one["index"], np.ones(one["shape"], one["dtype"]))
    run: Callable[[], Any] = interpreter.invoke
    return run


# By reader: what is imported, the package, and how a file is prepared.
_RUNTIMES: dict[
    str, tuple[str, str, Callable[[Path, Graph, HowToRun], Callable[[], Any]]]
] = {
    "ONNX": ("onnxruntime", "onnxruntime", _onnx),
    "TFLite": ("ai_edge_litert", "ai-edge-litert", _litert),
}


# --- the clock -----------------------------------------------------------------------


def _timed(
    once: Callable[[], Any], how: HowToRun, progress: Progress, label: str
) -> tuple[float, ...]:
    """The milliseconds of every run after the warm-up."""
    total = how.warmup + how.repeats
    runs = []
    for done in range(total):
        progress(label, done, total)
        begin = perf_counter()
        once()
        runs.append(1e3 * (perf_counter() - begin))
    return tuple(runs[how.warmup :])
