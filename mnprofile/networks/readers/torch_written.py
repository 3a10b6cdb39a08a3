"""How the code of a network calls an operator: what other profilers hook or patch."""

from __future__ import annotations

import dis
import sys
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from mnprofile.graph.written import SHARED, TIMM_ATTENTION, Written

# Modules that torch may run as one operator of its own or a profiler counts as one.
_FUSED = ("TransformerEncoderLayer", "MultiheadAttention", TIMM_ATTENTION, SHARED)
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
MASKED = f"{SCALED_DOT_PRODUCT}, masked"
# Operators on constants that some profiler counts, and a ledger's name for them.
DERIVED = {
    "embedding": "embedding",
    **dict.fromkeys(("mul", "mean", "leaky_relu"), "derived_product"),
    **dict.fromkeys(
        (
            "native_batch_norm",
            "_native_batch_norm_legit",
            "_native_batch_norm_legit_no_training",
            "native_layer_norm",
            "native_group_norm",
            "upsample_nearest2d",
            "upsample_bilinear2d",
            "_adaptive_avg_pool2d",
            "avg_pool2d",
        ),
        "derived_norm",
    ),
    **dict.fromkeys(("add", "relu", "gelu", "silu", "elu", "_softmax"), "derived_sum"),
}


class Calls(TorchFunctionMode):
    """Follows which function of torch runs: the outermost one, as the code names it.

    ``stack`` are the paths and modules that run, innermost last; ``shared`` the modules
    that several others hold.
    """

    def __init__(
        self, stack: Sequence[tuple[str, nn.Module]], shared: set[nn.Module]
    ) -> None:
        super().__init__()
        self.function = ""
        self.first = 1
        self._stack = stack
        self._names: dict[Any, str] = {}
        self._shared = shared

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        before = self.function
        self.function = self._name(func)
        self.first = _first(self.function, args)
        if self.function in _METHODS and _is_operator(sys._getframe(1)):
            self.function = ""
        try:
            return func(*args, **(kwargs or {}))
        finally:
            self.function = before

    def written(self, name: str, function: str | None = None) -> Written:
        """How the operator was called that is running; ``name`` is torch's for it.

        ``function`` is given where it is not the one that runs.
        """
        module = self._stack[-1][1]
        is_torch_s = not module._modules and _is_torch_s(module)
        function = self.function if function is None else function
        if function.endswith(_ATTENTION):
            function = _IN_ATTENTION.get(name, "")
        around = {_fused_name(type(one)) for _, one in self._stack}
        if any(one in self._shared for _, one in self._stack):
            around.add(SHARED)
        return Written(
            type(module).__name__ if is_torch_s else "",
            function,
            next((one for one in _FUSED if one in around), ""),
            self.first,
        )

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
        return name


def holds_weights(module: nn.Module) -> bool:
    """Whether a module of another class, without parts, has weights of its own."""
    if module._modules or _is_torch_s(module):
        return False
    return any("weight" in one or "bias" in one for one in module._parameters)


def shared_modules(root: nn.Module) -> set[nn.Module]:
    """The modules that several others hold."""
    parents: dict[nn.Module, set[nn.Module]] = {}
    for module in root.modules():
        for child in module.children():
            parents.setdefault(child, set()).add(module)
    return {module for module, held in parents.items() if len(held) > 1}


def _is_torch_s(module: nn.Module) -> bool:
    return type(module).__module__.startswith("torch.nn.")


def _fused_name(kind: Any) -> str:
    """The name of a class if it is one of ``_FUSED``."""
    if kind in (nn.TransformerEncoderLayer, nn.MultiheadAttention):
        return str(kind.__name__)
    is_timm_s = kind.__module__ in _TIMM and kind.__name__ == "Attention"
    return TIMM_ATTENTION if is_timm_s else ""


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
