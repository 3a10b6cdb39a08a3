"""How the code of a network calls an operator: what other profilers hook or patch."""

from __future__ import annotations

import dis
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from mnprofile.graph.operators.op import Op
from mnprofile.graph.written import (
    FROZEN,
    FROZEN_LAYER,
    MULTI_HEAD,
    OTHER_MULTI_HEAD,
    TIMM_ATTENTION,
    UNBIASED_MULTI_HEAD,
    Derived,
    Einsum,
    Written,
)
from mnprofile.networks.readers.torch_call import tensors_in

_TIMM = ("timm.layers.attention", "timm.models.vision_transformer")
_ATTENTION = "multi_head_attention_forward"
_IN_ATTENTION = {
    "addmm": "nn.functional.linear",
    "mm": "nn.functional.linear",
    "_softmax": "nn.functional.softmax",
    "bmm": "torch.bmm",
    "baddbmm": "torch.baddbmm",
}
_EMBEDDING = "nn.functional.embedding"
SCALED_DOT_PRODUCT = "nn.functional.scaled_dot_product_attention"
# Attention whose mask is constant, trained, or computed from the input.
MASKED, LEARNED, COMPUTED = (
    f"{SCALED_DOT_PRODUCT}, {mask} mask" for mask in ("constant", "learned", "computed")
)
# Operators that some profiler counts on constants, too.
DERIVED = frozenset(
    (
        *("embedding", "mul", "mean", "add", "relu", "leaky_relu", "gelu", "silu"),
        *("elu", "_softmax", "native_batch_norm", "_native_batch_norm_legit"),
        *("_native_batch_norm_legit_no_training", "native_layer_norm"),
        *("native_group_norm", "upsample_nearest2d", "upsample_bilinear2d"),
        *("_adaptive_avg_pool2d", "avg_pool2d"),
    )
)


class Calls(TorchFunctionMode):
    """Follows which function of torch runs: the outermost one, as the code names it.

    ``stack`` are the paths and modules that run, innermost last.
    """

    def __init__(self, root: nn.Module, stack: Sequence[tuple[str, nn.Module]]) -> None:
        super().__init__()
        self.function = ""
        self.first = 1
        self.derived: list[Derived] = []
        self.is_frozen = True  # until an operator uses a weight that is trained
        self._within = [""]  # of each module of the stack
        self._stack = stack
        self._names: dict[Any, str] = {}
        self._paths = _paths_to(root)
        self._called: dict[tuple[CodeType, int], str | None] = {}

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        before = self.function, self.first
        self.function = self._name(func)
        self.first = _first(self.function, args)
        if self.function in _METHODS and _is_operator(sys._getframe(1)):
            self.function = ""
        if func in _CALLS:
            found = _CALLS[func](*args, **(kwargs or {}))
            self.derived.append(found._replace(written=self.written("")))
        try:
            return func(*args, **(kwargs or {}))
        finally:
            self.function, self.first = before

    def written(self, name: str, function: str | None = None) -> Written:
        """How the operator was called that is running; ``name`` is torch's for it.

        ``function`` is given where it is not the one that runs.
        """
        module = self._stack[-1][1]
        is_torch_s = not module._modules and _is_torch_s(module)
        function = self.function if function is None else function
        if function.endswith(_ATTENTION):
            function = _IN_ATTENTION.get(name, "")
        return Written(
            type(module).__name__ if is_torch_s else "",
            function,
            self._within[-1],
            self.first,
            self._paths.get(module, 1),
        )

    def enter(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        """A module runs: of attention, what profilers count as a whole."""
        within = _form_of(module, inputs, is_frozen=self.is_frozen)
        self._within.append(within or self._within[-1])
        written = Written(within=within, paths=self._paths.get(module, 1))
        counts = {}
        if within in _COUNTED_WHOLE:
            counts = _heads(module, inputs)
        elif type(module) in CELLS:
            written = written._replace(module=type(module).__name__)
            counts = _units(module, inputs[0])
        self.derived += (Derived(key, written, one) for key, one in counts.items())

    def leave(self, module: nn.Module, output: object) -> None:
        """A module has run: what it uses of weights that it holds itself."""
        found = tensors_in(output) if _holds_weights(module) else iter(())
        given = next(found, None)
        if given is not None:
            amount = _own_weights(module, given)
            self.derived.append(Derived("own_weights", Written(), amount))
        self._within.pop()

    def _name(self, func: Any) -> str:
        """As code writes it: nn.functional.relu, torch.matmul, Tensor.mul."""
        module = self._stack[-1][1]
        if any(one is func for one in vars(module).values()):
            return ""  # what is patched later is not what the module holds
        name = self._names.get(func)
        if name is None:
            name = str(getattr(func, "__name__", ""))
            if getattr(functional, name, None) is func:
                name = f"nn.functional.{name}"
            elif hasattr(func, "__objclass__"):
                name = f"Tensor.{name}"
            else:
                name = f"torch.{name}"
            self._names[func] = name
        if name.startswith("Tensor.") or not self._is_imported(func):
            return name
        return name.rpartition(".")[2]

    def _is_imported(self, func: Any) -> bool:
        """Whether the code that calls a function holds it under a name of its own."""
        frame = _caller(sys._getframe(3))
        if frame is None:
            return False
        place = (frame.f_code, frame.f_lasti)
        if place not in self._called:
            self._called[place] = _called_name(*place)
        name = self._called[place]
        return name is not None and frame.f_globals.get(name) is func


def besides(
    written: Written, op: Op, name: str, args: tuple[Any, ...], out: Tensor
) -> Iterator[Derived]:
    """What some profiler counts of a call of an operator, besides the operator."""
    if name in ("addmm", "baddbmm") and written.function.endswith("mm"):
        yield Derived("addend", written, args[0].numel())
        if name == "addmm" and not getattr(op, "bias", False):
            yield Derived("added_out", written, out.numel())
    elif name in ("_softmax", "_safe_softmax"):
        rows = out.numel() // max(out.shape[args[1]], 1)
        yield Derived("softmax_rows", written, rows)
    elif name.startswith("grid_sampler"):
        corners = {0: 4, 1: 0, 2: 16}.get(args[2], 0)
        yield Derived("grid_corners", written, corners * out.numel())


def _own_weights(module: nn.Module, output: Tensor) -> int:
    """Weights and biases of a module of another class, without parts, as they are used.

    Once for each sample, or for each output position of what is called a convolution;
    parameters with longer names once for each row.
    """
    dims = output.shape
    is_conv = "Conv" in type(module).__name__
    found = 0
    for name, one in module._parameters.items():
        if one is None or not ("weight" in name or "bias" in name):
            continue
        if name not in ("weight", "bias"):
            used = dims[:2]
        else:
            used = dims[:1] + dims[2:] if is_conv else dims[:1]
        found += one.numel() * used.numel()
    return found


def _holds_weights(module: nn.Module) -> bool:
    """Whether a module of another class, without parts, has weights of its own.

    Recurrent cells are taken for such, too: their weights have names of their own.
    """
    if type(module) in CELLS:
        return True
    return bool(module._parameters) and not (module._modules or _is_torch_s(module))


def _paths_to(root: nn.Module) -> dict[nn.Module, int]:
    """The number of ways that lead to each module."""
    holders: dict[nn.Module, list[nn.Module]] = {}
    for module in root.modules():
        for child in module.children():
            holders.setdefault(child, []).append(module)
    found = {root: 1}

    def count(module: nn.Module) -> int:
        if module not in found:
            found[module] = 0  # while it is counted: one may hold itself
            found[module] = sum(map(count, holders[module]))
        return found[module]

    for module in holders:
        count(module)
    return found


def _is_torch_s(module: nn.Module) -> bool:
    return type(module).__module__.startswith("torch.nn.")


def _form_of(module: nn.Module, inputs: tuple[Any, ...], *, is_frozen: bool) -> str:
    """Which attention a module is, "" for any other module."""
    kind: Any = type(module)
    if kind is nn.MultiheadAttention:
        attention: Any = module
        is_plain = (
            inputs
            and inputs[0].dim() == 3
            and attention._qkv_same_embed_dim
            and attention.bias_k is None
            and not attention.add_zero_attn
        )
        if not is_plain or len(inputs) != 3:
            return OTHER_MULTI_HEAD
        if attention.in_proj_bias is None:
            return UNBIASED_MULTI_HEAD
        return FROZEN if is_frozen and _is_frozen(module) else MULTI_HEAD
    if kind is nn.TransformerEncoderLayer:
        return FROZEN_LAYER if is_frozen and _is_frozen(module) else ""
    is_timm_s = kind.__module__ in _TIMM and kind.__name__ == "Attention"
    return TIMM_ATTENTION if is_timm_s else ""


def _is_frozen(module: nn.Module) -> bool:
    return not any(one.requires_grad for one in module.parameters())


_COUNTED_WHOLE = (MULTI_HEAD, UNBIASED_MULTI_HEAD, FROZEN, TIMM_ATTENTION)


def _heads(module: Any, inputs: tuple[Any, ...]) -> dict[str, int]:
    """The elements of queries, and of weights of attention: one per query and key."""
    q, k = inputs[0], inputs[min(1, len(inputs) - 1)]
    keys = k.shape[1 if getattr(module, "batch_first", True) else 0]
    queries = q.numel() // q.shape[-1]
    scores = module.num_heads * queries * keys
    return {"head_queries": q.numel(), "head_scores": scores}


CELLS = {nn.LSTMCell: "lstm", nn.GRUCell: "gru", nn.RNNCell: "rnn"}


def _units(module: Any, x: Tensor) -> dict[str, int]:
    """The outputs and biases of one step of a recurrent cell."""
    name, rows = CELLS[type(module)], x.numel() // x.shape[-1]
    held = (one for one in module.parameters() if one.dim() == 1)
    biases = sum(one.numel() for one in held)
    units = rows * module.hidden_size
    return {f"{name}_units": units, "cell_biases": rows * biases}


def _first(function: str, args: tuple[Any, ...]) -> int:
    """The first dimension of the output of a layer on its first argument."""
    x = args[0] if args else None
    if not isinstance(x, Tensor) or x.dim() < 1 + (function != _EMBEDDING):
        return 1
    return x.shape[0]


_METHODS = frozenset(("Tensor.matmul", "Tensor.mul", "Tensor.add"))


def _is_operator(frame: Any) -> bool:
    """Whether the code that runs there has an operator such as ``+``, not a call."""
    opcode = frame.f_code.co_code[frame.f_lasti]
    return bool(dis.opname[opcode].startswith("BINARY"))


def _einsum(equation: str, *operands: Any) -> Derived:
    dims = tuple(tuple(one.shape) for one in tensors_in(*operands))
    return Derived("einsum", Written(), 1, Einsum(equation.replace(" ", ""), dims))


def _interpolate(
    input: Tensor,  # noqa: A002 - torch's names
    size: Any = None,
    scale_factor: Any = None,
    *_: Any,
    **__: Any,
) -> Derived:
    if size is not None:
        sides = size if isinstance(size, list | tuple) else (size,)
        return Derived("resize_sizes", Written(), math.prod(map(int, sides)))
    if isinstance(scale_factor, tuple):
        return Derived("resize_factors", Written(), 1)
    return Derived("resize_in", Written(), input.numel())


# Functions that a profiler counts by what they are called with.
_CALLS: dict[Any, Callable[..., Derived]] = {
    torch.einsum: _einsum,
    functional.interpolate: _interpolate,
}


def _called_name(code: CodeType, at: int) -> str | None:
    """The global name that is called at a place of some code, None for ``a.b()``."""
    instructions = list(dis.get_instructions(code))
    # What follows an instruction there are its caches.
    call = next(one for one in reversed(instructions) if one.offset <= at).positions
    found = [
        one
        for one in instructions
        if call and one.positions and _is_start(one.positions, call)
    ]
    names = [str(one.argval) for one in found if one.opname == "LOAD_GLOBAL"]
    attributes = [one for one in found if one.opname in ("LOAD_ATTR", "LOAD_METHOD")]
    return names[0] if names and not attributes else None


def _is_start(part: dis.Positions, whole: dis.Positions) -> bool:
    """Whether a part of the source begins where the whole does, and ends in it."""
    if None in (*part, *whole):
        return False
    (_, line, _, column), (_, last_line, _, last_column) = part, whole
    begins = part[::2] == whole[::2]
    return begins and (line, column) <= (last_line, last_column)


# Where a function of torch hands on to what follows it.
_BETWEEN = frozenset(("torch.overrides", "torch.nn.functional", "torch.functional"))


def _caller(frame: FrameType | None) -> FrameType | None:
    """The frame that calls the function of torch which runs in this one."""
    while frame is not None and frame.f_globals.get("__name__") in _BETWEEN:
        frame = frame.f_back
    return frame
