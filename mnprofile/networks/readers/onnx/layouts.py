"""Maps in the layouts that ONNX Runtime writes into optimised files.

With ``channels_last`` the channels are the last dimension, though kernels stay as they
are. In the domain ``com.microsoft.nchwc`` channels lie in blocks, so that their number
may be rounded up: the file's dimensions are those of the blocks.
"""

from dataclasses import replace

from mnprofile.graph.operators.elementwise import Activation
from mnprofile.graph.operators.tensors import Elementwise
from mnprofile.networks.readers.files.lowering import Lowering, Rule
from mnprofile.networks.readers.files.program import Call, Dims, Value
from mnprofile.networks.readers.onnx.elements import FUSED
from mnprofile.networks.readers.onnx.layers import convolve

_ROUNDED = "channels lie in blocks: their numbers are rounded up in this file"


def either(rule: Rule) -> Rule:
    """A rule for channels first, also for calls that say ``channels_last``."""

    def turned(low: Lowering, call: Call) -> None:
        if call.number("channels_last"):
            last(rule)(low, call)
        else:
            rule(low, call)

    return turned


def last(rule: Rule) -> Rule:
    """A rule for channels first, on a map with its channels last."""

    def turned(low: Lowering, call: Call) -> None:
        x = low.value(call, 0)
        if len(x.dims) < 3:
            low.refuse(call, f"a map {list(x.dims)}")
        dims = (x.dims[0], x.dims[-1], *x.dims[1:-1])
        name = f"{call.outputs[0]}, channels first"
        inner = replace(
            call, inputs=(f"{name}: x", *call.inputs[1:]), outputs=(f"{name}: y",)
        )
        low.values[inner.inputs[0]] = low.view(
            call, x, dims, 1 - len(dims), name="transpose", output=None
        )
        rule(low, inner)
        y = low.values[inner.outputs[0]]
        low.view(call, y, (y.dims[0], *y.dims[2:], y.dims[1]), name="transpose")

    return turned


def convolve_blocks(low: Lowering, call: Call) -> None:
    """Conv of nchwc: a sum and an activation function may come with it."""
    x, kernel = low.value(call, 0), low.dims(call, 1)
    channels = kernel[1] * call.number("group", 1) if len(kernel) == 4 else 0
    if len(x.dims) == 4 and channels > x.dims[1]:
        dims = (x.dims[0], channels, *x.dims[2:])
        low.values[call.inputs[0]] = _reordered(low, call, dims, output=None)
    convolve(low, call)
    finish_fused(low, call)
    if _ROUNDED not in low.notes:
        low.notes.append(_ROUNDED)


def finish_fused(low: Lowering, call: Call) -> None:
    """The addition and the activation function of a fused convolution."""
    made = low.values[call.outputs[0]]
    if low.name(call, 3):
        other = low.value(call, 3)
        made = low.emit(call, Elementwise("add"), made, other, dims=made.dims)
    function = FUSED.get(str(call.attributes.get("activation", "")))
    if function:
        low.emit(call, Activation(function), made, dims=made.dims)


def into_blocks(low: Lowering, call: Call) -> None:
    """ReorderInput: the next convolution says to how many channels it rounds."""
    x = low.value(call, 0)
    if call.number("channels_last"):
        _reordered(low, call, (x.dims[0], x.dims[-1], *x.dims[1:-1]))
    else:
        low.alias(call, x)


def out_of_blocks(low: Lowering, call: Call) -> None:
    """ReorderOutput: channels that were only added are left out."""
    x, channels = low.value(call, 0), call.number("channels")
    if len(x.dims) != 4 or not 0 < channels <= x.dims[1]:
        low.refuse(call, f"{channels} channels of {list(x.dims)}")
    if call.number("channels_last"):
        out = (x.dims[0], *x.dims[2:], channels)
        low.copy(call, "reorder", x, dims=out)
    else:
        _reordered(low, call, (x.dims[0], channels, *x.dims[2:]))


def _reordered(low: Lowering, call: Call, dims: Dims, output: int | None = 0) -> Value:
    x, channels = low.value(call, 0), 1 - len(dims)
    return low.copy(call, "reorder", x, dims=dims, channels=channels, output=output)
