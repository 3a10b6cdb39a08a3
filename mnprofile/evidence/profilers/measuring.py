"""What profilers count on a torch network, module by module.

The network runs twice on an image of zeros: under torch's own ``FlopCounterMode``,
which also gives every module's output shape, and under fvcore. Meta tensors would save
the arithmetic, but torch works out their shapes in Python, five times as slowly as it
runs a MobileNet. torch and fvcore are imported inside the functions.
"""

from __future__ import annotations

import contextlib
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mnprofile.base.errors import UnmeasuredError
from mnprofile.graph.operators.op import Shape

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.utils.flop_counter import FlopCounterMode

# Called with the path, module and output of each module that has run.
After = Callable[[str, "nn.Module", Any], None]


@dataclass(frozen=True, slots=True)
class ModuleFigures:
    """What was measured on one module, per sample.

    ``flops`` is FlopCounterMode's count, ``fvcore`` all that fvcore counts and
    ``fvcore_macs`` its convolutions, linear layers and matrix products. Buffers are the
    floating-point ones, so not batch norm's count of batches.
    """

    flops: int = 0
    fvcore: int = 0
    fvcore_macs: int = 0
    params: int = 0
    buffers: int = 0
    out_shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """A network's figures by module path, "" being the whole network.

    ``left_out`` are the operators that fvcore reports as not counted. If the network
    did not run, ``stopped_at`` is the module and ``stopped_by`` torch's reason; if only
    fvcore failed, ``fvcore_failure`` is its reason.
    """

    modules: Mapping[str, ModuleFigures]
    left_out: Mapping[str, int] = field(default_factory=dict)
    stopped_at: str = ""
    stopped_by: str = ""
    fvcore_failure: str = ""

    @property
    def has_fvcore(self) -> bool:
        return not (self.stopped_by or self.fvcore_failure)


def measure(
    network: nn.Module,
    image: Shape,
    after: After = lambda *_: None,
    within: AbstractContextManager[Any] | None = None,
) -> Measurement:
    """Run a network in evaluation mode for one image of a shape, under both counters.

    ``after`` and ``within`` see the first run, as in ``run_hooked``. Raises
    UnmeasuredError if memory runs out.
    """
    shapes, flops, stopped = _run_flop_counter(network, image, after, within)
    operators: dict[str, Counter[str]] = {}
    left_out: dict[str, int] = {}
    failure = ""
    if not stopped:
        operators, left_out, failure = fvcore_counts(
            lambda: (network, (_zeros(network, image),))
        )
    params, buffers = _sizes(network)
    modules = {}
    for path, _ in network.named_modules():
        counts = operators.get(path, Counter())
        modules[path] = ModuleFigures(
            flops.get(path, 0),
            counts.total(),
            sum(counts[kind] for kind in ("conv", "linear", "matmul")),
            params[path],
            buffers[path],
            shapes.get(path),
        )
    return Measurement(
        modules, left_out, *(stopped or ("", "")), fvcore_failure=failure
    )


def run_hooked(
    network: nn.Module,
    image: Shape,
    counter: FlopCounterMode,
    after: After,
    within: AbstractContextManager[Any] | None = None,
) -> None:
    """Run a network once on an image of zeros, under torch's flop counter.

    ``within`` is entered last. Raises whatever the network raises.
    """
    import torch

    hooks = [
        module.register_forward_hook(
            lambda module, _, output, path=path: after(path, module, output)
        )
        for path, module in network.named_modules()
    ]
    try:
        with torch.no_grad(), counter, within or contextlib.nullcontext():
            network(_zeros(network, image))
    finally:
        for hook in hooks:
            hook.remove()


def _zeros(network: nn.Module, image: Shape) -> Tensor:
    """An image where the weights of a network lie."""
    import torch

    device = next((one.device for one in network.parameters()), None)
    return torch.zeros(1, image.c, image.h, image.w, device=device)


def _run_flop_counter(
    network: nn.Module,
    image: Shape,
    after: After,
    within: AbstractContextManager[Any] | None,
) -> tuple[dict[str, Shape | None], dict[str, int], tuple[str, str] | None]:
    """Output shapes and flops by module, and where and why it stopped."""
    from torch.utils.flop_counter import FlopCounterMode

    shapes: dict[str, Shape | None] = {}
    entered = [""]
    hooks = [
        module.register_forward_pre_hook(lambda *_, path=path: entered.append(path))
        for path, module in network.named_modules()
        if path
    ]

    def record(path: str, module: nn.Module, output: Any) -> None:
        shapes[path] = _shape(output)
        after(path, module, output)

    counter = FlopCounterMode(display=False)
    stopped = None
    try:
        run_hooked(network, image, counter, record, within)
    except Exception as fault:  # whatever a foreign forward() raises
        _refuse_if_memory_ran_out(fault)
        stopped = (entered[-1], reason_of(fault))
    finally:
        for hook in hooks:
            hook.remove()
    prefix = type(network).__name__
    flops = {
        name.removeprefix(prefix).removeprefix("."): sum(counts.values())
        for name, counts in counter.get_flop_counts().items()
        if name == prefix or name.startswith(prefix + ".")
    }
    return shapes, flops, stopped


def fvcore_counts(
    made: Callable[[], tuple[nn.Module, tuple[Tensor, ...]]],
) -> tuple[dict[str, Counter[str]], dict[str, int], str]:
    """fvcore's counts by module and operator, what it left out, and why it failed.

    ``made`` gives the network and its inputs. Raises UnmeasuredError if memory runs
    out.
    """
    with warnings.catch_warnings():
        # It relies on parts of torch that are deprecated.
        warnings.simplefilter("ignore")
        try:
            from fvcore.nn import FlopCountAnalysis

            analysis = FlopCountAnalysis(*made())
            analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
            analysis.tracer_warnings("none")
            counts = analysis.by_module_and_operator()
            left_out = analysis.unsupported_ops()
        except Exception as fault:  # tracing relies on torch's internals
            _refuse_if_memory_ran_out(fault)
            return {}, {}, reason_of(fault)
    return counts, {_plain(name): n for name, n in sorted(left_out.items())}, ""


def _refuse_if_memory_ran_out(fault: Exception) -> None:
    if isinstance(fault, MemoryError) or "allocate" in str(fault):
        raise UnmeasuredError(
            f"the network does not fit into memory: {reason_of(fault)}",
            accepted="a smaller alpha or resolution",
        ) from None


def _sizes(network: nn.Module) -> tuple[Counter[str], Counter[str]]:
    """Elements of parameters and of floating-point buffers, by module, with parents."""
    params: Counter[str] = Counter()
    buffers: Counter[str] = Counter()
    for name, parameter in network.named_parameters():
        params.update(dict.fromkeys(_above(name), parameter.numel()))
    for name, buffer in network.named_buffers():
        if buffer.is_floating_point():
            buffers.update(dict.fromkeys(_above(name), buffer.numel()))
    return params, buffers


def _above(name: str) -> list[str]:
    """ "a.b.weight" -> "a.b", "a" and "", the whole."""
    parts = name.split(".")[:-1]
    return [".".join(parts[:end]) for end in range(len(parts) + 1)]


def _shape(output: Any) -> Shape | None:
    """(N, C, H, W) or (N, C) -> a shape; None for anything else."""
    sizes = tuple(getattr(output, "shape", ()))[1:]
    if len(sizes) == 1:
        return Shape(sizes[0], 1, 1)
    return Shape(*sizes) if len(sizes) == 3 else None


def _plain(operator: str) -> str:
    """ "aten::add_" -> "add"."""
    return operator.removeprefix("aten::").rstrip("_")


def reason_of(fault: BaseException) -> str:
    """The first line of an error's message, or its kind where it has none."""
    lines = str(fault).strip().splitlines()
    return lines[0][:300] if lines else type(fault).__name__
