"""ONNX operators that move elements: views, copies, parts, and shapes as values."""

from collections.abc import Sequence
from math import floor, prod

from mnprofile.graph.operators.joining import Concatenate
from mnprofile.graph.operators.op import broadcast
from mnprofile.graph.operators.reshaping import Flatten, Pad, Resize
from mnprofile.networks.readers.files.arithmetic import picked, turned
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import (
    MAX_VALUES,
    Call,
    Dims,
    Stored,
    Value,
    Values,
)
from mnprofile.networks.readers.onnx.layers import gather as embed

MAX_SIDE = 1 << 40


def integers(low: Lowering, call: Call, at: int, name: str = "") -> Dims | None:
    """Whole numbers from an input, or from an attribute as older files have them."""
    if not low.name(call, at):
        return call.numbers(name) if name else ()
    values = low.numbers(call, at)
    return None if values is None else tuple(int(one) for one in values)


def moved(
    low: Lowering, call: Call, dims: Dims, channels: int = -1, *, name: str = "view"
) -> None:
    """A view of the first input; a constant stays one."""
    known = low.constant(call, 0)
    if any(not 0 <= side <= MAX_SIDE for side in dims):
        low.refuse(call, f"the shape {list(dims)}")
    if known:
        if known.elements != prod(dims):
            known = known._replace(values=None)
        return low.keep(call, known._replace(dims=dims))
    x = low.value(call, 0)
    is_vector = len(dims) == 2 < len(x.dims) and dims[0] == x.dims[0] == low.batch
    if dims == x.dims and name != "transpose":
        low.alias(call, x)
    elif is_vector and low.is_map(x) and prod(dims) == prod(x.dims):
        low.emit(call, Flatten(), x, dims=dims)
    else:
        low.view(call, x, dims, channels, name=name)
    return None


def reshape(low: Lowering, call: Call) -> None:
    dims = low.dims(call, 0)
    wanted = integers(low, call, 1, "shape")
    out = low.needed(call) if wanted is None else resolved(low, call, dims, wanted)
    channels = -1
    if not low.constant(call, 0):
        channels = _channels_after(low.value(call, 0), out)
    moved(low, call, out, channels, name="reshape")


def resolved(low: Lowering, call: Call, dims: Dims, wanted: Dims) -> Dims:
    """The shape that Reshape is asked for: 0 keeps a dimension, -1 takes the rest."""
    keep = not call.number("allowzero")
    out = [
        dims[at] if side == 0 and keep and at < len(dims) else side
        for at, side in enumerate(wanted)
    ]
    rest = prod(side for side in out if side != -1)
    total = prod(dims)
    if out.count(-1) == 1 and rest > 0 and total % rest == 0:
        out[out.index(-1)] = total // rest
    if min(out, default=0) < 0 or prod(out) != total:
        low.refuse(call, f"{list(dims)} cannot be reshaped to {list(wanted)}")
    return tuple(out)


def _channels_after(x: Value, out: Dims) -> int:
    """Where the channels are after a reshape, counted from the end.

    Dimensions before them that stay keep their place, and so do two after them.
    """
    place = x.channels % len(x.dims) if x.dims else 0
    if out[: place + 1] == x.dims[: place + 1]:
        return place - len(out)
    if len(out) == len(x.dims) == 4 and out[2:] == x.dims[2:]:
        return -3
    return -1


def flatten(low: Lowering, call: Call) -> None:
    dims = low.dims(call, 0)
    axis = call.number("axis", 1)
    axis = axis + len(dims) if axis < 0 else axis
    moved(low, call, (prod(dims[:axis]), prod(dims[axis:])), name="flatten")


def transpose(low: Lowering, call: Call) -> None:
    dims = low.dims(call, 0)
    order = call.numbers("perm") or tuple(range(len(dims) - 1, -1, -1))
    if sorted(order) != list(range(len(dims))):
        low.refuse(call, f"perm {list(order)} of {list(dims)}")
    out = tuple(dims[at] for at in order)
    known = low.constant(call, 0)
    if known:
        values = turned(known.values, dims, order) if known.values else None
        return low.keep(call, known._replace(dims=out, values=values))
    return moved(low, call, out, _place(low, call, order), name="transpose")


def squeeze(low: Lowering, call: Call) -> None:
    dims = low.dims(call, 0)
    axes = integers(low, call, 1, "axes")
    if axes is None:
        return moved(low, call, low.needed(call), name="squeeze")
    over = {one % len(dims) for one in axes} if dims else set()
    if not axes:
        over = {at for at, side in enumerate(dims) if side == 1}
    if any(dims[at] != 1 for at in over):
        low.refuse(call, f"axes {list(axes)} of {list(dims)}")
    left = [at for at in range(len(dims)) if at not in over]
    out = tuple(dims[at] for at in left)
    return moved(low, call, out, _place(low, call, left), name="squeeze")


def unsqueeze(low: Lowering, call: Call) -> None:
    dims = low.dims(call, 0)
    axes = integers(low, call, 1, "axes")
    if axes is None:
        return moved(low, call, low.needed(call), name="unsqueeze")
    rank = len(dims) + len(axes)
    new = {one % rank for one in axes} if rank else set()
    if len(new) != len(axes):
        low.refuse(call, f"axes {list(axes)} on {list(dims)}")
    left = iter(range(len(dims)))
    sources = [-1 if at in new else next(left) for at in range(rank)]
    out = tuple(1 if at < 0 else dims[at] for at in sources)
    return moved(low, call, out, _place(low, call, sources), name="unsqueeze")


def _place(low: Lowering, call: Call, sources: Sequence[int]) -> int:
    """Where the channels are, given which old dimension each new one was."""
    if low.constant(call, 0):
        return -1
    x = low.value(call, 0)
    place = x.channels % len(x.dims) if x.dims else -1
    return sources.index(place) - len(sources) if place in sources else -1


def expand(low: Lowering, call: Call) -> None:
    dims, wanted = low.dims(call, 0), integers(low, call, 1)
    out = low.needed(call) if wanted is None else broadcast(dims, wanted)
    if out is None:
        low.refuse(call, f"{list(dims)} cannot be expanded to {list(wanted or ())}")
    known = low.constant(call, 0)
    channels = -1 if known else low.value(call, 0).channels
    moved(low, call, out, channels, name="expand")


def tile(low: Lowering, call: Call) -> None:
    dims, times = low.dims(call, 0), integers(low, call, 1)
    if times is not None and len(times) == len(dims):
        out = tuple(side * count for side, count in zip(dims, times, strict=True))
    else:
        out = low.needed(call)
    copied(low, call, out, "tile")


def copied(low: Lowering, call: Call, out: Dims, name: str) -> None:
    """Elements in other places or another number; a constant stays one."""
    if any(not 0 <= side <= MAX_SIDE for side in out):
        low.refuse(call, f"the shape {list(out)}")
    known = low.constant(call, 0)
    if known:
        return low.keep(call, known._replace(dims=out, values=None))
    x = low.value(call, 0)
    channels = x.channels if len(x.dims) == len(out) else -1
    low.copy(call, name, x, dims=out, channels=channels)
    return None


def _axis(low: Lowering, call: Call, dims: Dims) -> int:
    """The dimension that an operator works along."""
    axis = call.number("axis")
    if not -len(dims) <= axis < len(dims):
        low.refuse(call, f"axis {axis} of {list(dims)}")
    return axis % len(dims)


def split(low: Lowering, call: Call) -> None:
    dims = low.dims(call, 0)
    axis = _axis(low, call, dims)
    parts = integers(low, call, 1, "split")
    count = len(call.outputs)
    if not parts:
        size = -(-dims[axis] // count)
        parts = (*(size,) * (count - 1), dims[axis] - size * (count - 1))
    if len(parts) != count or sum(parts) != dims[axis] or min(parts) < 0:
        low.refuse(call, f"{list(dims)} in parts of {list(parts)}")
    known = low.constant(call, 0)
    for at, part in enumerate(parts):
        out = (*dims[:axis], part, *dims[axis + 1 :])
        if not call.outputs[at]:
            continue
        if known:
            low.keep(call, known._replace(dims=out, values=None), at)
        else:
            x = low.value(call, 0)
            low.view(call, x, out, x.channels, name="split", output=at)


def slice_(low: Lowering, call: Call) -> None:
    """Slice: its limits are inputs, in older files attributes."""
    dims = low.dims(call, 0)
    starts, ends = integers(low, call, 1, "starts"), integers(low, call, 2, "ends")
    axes = integers(low, call, 3, "axes")
    steps = integers(low, call, 4)
    known = low.constant(call, 0)
    if starts is None or ends is None or axes is None or steps is None:
        out, parts = low.needed(call), None
    else:
        axes = axes or tuple(range(len(starts)))
        steps = steps or (1,) * len(starts)
        if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
            low.refuse(call, f"from {list(starts)} to {list(ends)} in {list(steps)}")
        if any(not -len(dims) <= one < len(dims) for one in axes):
            low.refuse(call, f"axes {list(axes)} of {list(dims)}")
        parts = [range(side) for side in dims]
        for a, b, at, step in zip(starts, ends, axes, steps, strict=True):
            parts[at] = parts[at][a:b:step]
        out = tuple(map(len, parts))
    if known:
        small = known.values is not None and parts is not None
        values = picked(known.values or (), dims, parts or ()) if small else None
        return low.keep(call, known._replace(dims=out, values=values))
    return moved(low, call, out, low.value(call, 0).channels, name="slice")


def gather(low: Lowering, call: Call) -> None:
    """An embedding, a part of a tensor, or an element of a shape."""
    if embed(low, call):
        return None
    dims, indices = low.dims(call, 0), low.dims(call, 1)
    axis = _axis(low, call, dims)
    out = (*dims[:axis], *indices, *dims[axis + 1 :])
    known, at = low.constant(call, 0), low.numbers(call, 1)
    if known and low.constant(call, 1):
        values: Values | None = None
        if known.values and at is not None and len(dims) == 1:
            places = [int(one) for one in at]
            if all(-dims[0] <= one < dims[0] for one in places):
                values = tuple(known.values[one] for one in places)
        return low.keep(call, known._replace(dims=out, values=values))
    if at is not None and prod(indices) == 1:
        return moved(low, call, out, name="select")
    others = [] if low.constant(call, 1) else [low.value(call, 1)]
    low.copy(call, "gather", low.value(call, 0), *others, dims=out)
    return None


def concatenate(low: Lowering, call: Call, first: int = 0, step: int = 1) -> None:
    """Concat; its quantised form has its parts ``step`` inputs apart."""
    places = range(first, len(call.inputs), step)
    names = [at for at in places if low.name(call, at)]
    every = [low.dims(call, at) for at in names]
    if not every:
        low.refuse(call, "nothing to concatenate")
    rank, axis = len(every[0]), call.number("axis")
    if any(len(one) != rank for one in every) or not -rank <= axis < rank:
        low.refuse(call, f"{every} cannot be concatenated along {axis}")
    axis %= rank
    before, after = every[0][:axis], every[0][axis + 1 :]
    if any((one[:axis], one[axis + 1 :]) != (before, after) for one in every):
        low.refuse(call, f"{[list(one) for one in every]} cannot be concatenated")
    out = (*before, sum(one[axis] for one in every), *after)
    constants = [low.constant(call, at) for at in names]
    if all(constants):
        return low.keep(call, _joined(out, [one for one in constants if one]))
    _join(low, call, [low.value(call, at) for at in names], axis, out)
    return None


def _join(low: Lowering, call: Call, inputs: list[Value], axis: int, out: Dims) -> None:
    """Several tensors one after the other along a dimension."""
    on_channels = all(one.channels % len(out) == axis for one in inputs)
    if on_channels and all(map(low.is_map, inputs)):
        low.emit(call, Concatenate(), *inputs, dims=out)
    else:
        low.copy(call, "concat", *inputs, dims=out, channels=inputs[0].channels)


def _joined(out: Dims, parts: list[Stored]) -> Stored:
    """Constants one after the other; with their values if they are lists."""
    roots = tuple(dict.fromkeys(root for one in parts for root in one.roots))
    values: Values | None = None
    known = all(one.values is not None for one in parts)
    if known and len(out) == 1 and out[0] <= MAX_VALUES:
        values = tuple(v for one in parts for v in one.values or ())
    return Stored(out, roots, values)


def pad(low: Lowering, call: Call) -> None:
    dims = low.dims(call, 0)
    zeros = integers(low, call, 1, "pads")
    axes = integers(low, call, 3) or tuple(range(len(dims)))
    if zeros is None or len(zeros) != 2 * len(axes) or low.constant(call, 0):
        return copied(low, call, low.needed(call), "pad")
    start, end = [0] * len(dims), [0] * len(dims)
    for at, one in enumerate(axes):
        start[one], end[one] = zeros[at], zeros[at + len(axes)]
    out = tuple(a + side + b for a, side, b in zip(start, dims, end, strict=True))
    x = low.value(call, 0)
    plain = low.is_map(x) and len(dims) == 4
    if plain and not any((*start[:2], *end[:2])) and min(*start, *end) >= 0:
        low.emit(call, Pad(tuple(start[2:]), tuple(end[2:])), x, dims=out)
        return None
    return copied(low, call, out, "pad")


def resize(low: Lowering, call: Call) -> None:
    """Resize, Upsample: to sizes, or by factors."""
    dims = low.dims(call, 0)
    place = 1 if call.operator == "Upsample" or len(call.inputs) == 2 else 2
    scales = low.numbers(call, place) or call.attributes.get("scales")
    wanted = low.numbers(call, 3)
    if (
        wanted
        and len(wanted) == len(dims)
        and not call.text("keep_aspect_ratio_policy")
    ):
        out = tuple(int(one) for one in wanted)
    elif isinstance(scales, tuple) and len(scales) == len(dims):
        out = tuple(
            floor(side * one + 1e-6) for side, one in zip(dims, scales, strict=True)
        )
    else:
        out = low.needed(call)
    resized(low, call, out)


def resized(low: Lowering, call: Call, out: Dims) -> None:
    """A map of another size."""
    if low.constant(call, 0) or len(out) != 4:
        return copied(low, call, out, "resize")
    x = low.as_map(call, low.value(call, 0))
    if out[x.channels] != x.dims[x.channels] or out[0] != x.dims[0] or min(out[2:]) < 1:
        return copied(low, call, out, "resize")
    low.emit(call, Resize(size=out[2:]), x, dims=out)
    return None


def blocks(low: Lowering, call: Call) -> None:
    """DepthToSpace and SpaceToDepth."""
    n, c, h, w = (*low.dims(call, 0), 1, 1, 1, 1)[:4]
    size = call.number("blocksize", 1)
    deep = call.operator == "SpaceToDepth"
    divided = (h % size or w % size) if deep else c % size**2
    if size < 1 or divided or len(low.dims(call, 0)) != 4:
        low.refuse(call, f"blocks of {size} on {list(low.dims(call, 0))}")
    if deep:
        out = (n, c * size**2, h // size, w // size)
    else:
        out = (n, c // size**2, h * size, w * size)
    copied(low, call, out, "shuffle")
