"""The operators that run between the layers of a network, and ours, by one name each.

A network's are recorded as torch dispatches them, whatever module or function they were
written with. torch is imported on use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from mnprofile.graph.graph import Graph
from mnprofile.graph.operators.op import Op
from mnprofile.graph.operators.products import Product

if TYPE_CHECKING:
    from torch.utils._python_dispatch import TorchDispatchMode

Names = tuple[str, ...]

# Layers themselves, and what changes neither a value nor which values there are.
_NOT_NAMED = frozenset(
    (
        *("convolution", "linear", "addmm", "mm", "bmm", "baddbmm"),
        *("view", "_unsafe_view", "reshape", "flatten", "squeeze", "unsqueeze"),
        *("expand", "permute", "transpose", "t", "slice", "select", "split"),
        *("chunk", "unbind", "clone", "detach", "alias", "_to_copy", "lift_fresh"),
        *("empty", "new_empty", "zeros", "new_zeros", "native_dropout"),
    )
)
_OF_TORCH = {
    "native_batch_norm": "batch norm",
    "_native_batch_norm_legit": "batch norm",
    "_native_batch_norm_legit_no_training": "batch norm",
    "cudnn_batch_norm": "batch norm",
    "native_group_norm": "group norm",
    "native_layer_norm": "layer norm",
    "mean": "pooling",
    "avg_pool2d": "pooling",
    "_adaptive_avg_pool2d": "pooling",
    "max_pool2d_with_indices": "max pooling",
    "upsample_nearest2d": "resize",
    "upsample_bilinear2d": "resize",
    "cat": "concatenation",
    "add": "addition",
    "sub": "subtraction",
    "mul": "product",
    "_prelu_kernel": "prelu",
    "_softmax": "softmax",
    "_safe_softmax": "softmax",
    "_scaled_dot_product_flash_attention_for_cpu": "softmax",
    "constant_pad_nd": "padding",
}
# Activations that networks also write with others. Longer ones first.
_WRITTEN_WITH = (
    ("hardsigmoid", ("plus a constant", "relu6", "times a constant")),
    ("hardswish", ("hardsigmoid", "product")),
    ("silu", ("sigmoid", "product")),
)


def ours_between(graph: Graph) -> list[Names]:
    """Our operators before the first layer, after it, after the second one ..."""
    found: list[list[str]] = [[]]
    for node in graph:
        if is_layer(node.op):
            found.append([])
        elif node.op.action:
            found[-1].append(node.op.action)
    return [tuple(names) for names in found]


def is_layer(op: Op) -> bool:
    """Whether a module with weights runs it: a product of two activations has none."""
    return op.is_counted and not isinstance(op, Product)


def recorder(record: Callable[[str], None]) -> TorchDispatchMode:
    """A context in which ``record`` gets the name of every operator that torch runs."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch's
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if name := _name_in_torch(func._overloadpacket.__name__, args):
                record(name)
            return func(*args, **(kwargs or {}))

    return Recorder()  # type: ignore[no-untyped-call] # torch's


def _name_in_torch(operator: str, args: Any) -> str:
    """The name of what torch runs; empty if it is not to be named."""
    import torch

    plain = operator if operator == "copy_" else operator.rstrip("_")
    if plain in _NOT_NAMED:
        return ""
    if plain == "constant_pad_nd" and not any(args[2:]):
        return ""  # zeros: the sizes say where they are
    if "batch_norm" in plain and (len(args) < 5 or args[3] is None):
        return "batch norm without running statistics"
    if plain in ("hardtanh", "clamp") and args[1:3] in ((0, 6), [0, 6]):
        return "relu6"
    if plain in ("add", "sub", "mul", "div"):
        both = len(args) > 1 and isinstance(args[1], torch.Tensor) and args[1].dim()
        if not both:
            return f"{'plus' if plain in ('add', 'sub') else 'times'} a constant"
    return _OF_TORCH.get(plain, plain.replace("_", " ").strip())


def same(ours: Names, theirs: Names) -> bool:
    """Whether two lists hold the same operators, in whatever order they run."""
    return _basic(ours) == _basic(theirs)


def _basic(names: Iterable[str]) -> Counter[str]:
    """How often each operator is there, activations taken apart as far as possible."""
    found = Counter(names)
    for name, parts in reversed(_WRITTEN_WITH):
        for part in parts:
            found[part] += found[name]
        del found[name]
    if "softmax" in found:  # of attention: it scales queries, keys or both
        del found["times a constant"]
    return +found
