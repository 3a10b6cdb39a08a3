"""Why two networks differ: causes whose sums are exactly the difference.

Every multiply-add is one weight at one position, and a convolution has kernel area x
channels weights. So a matched pair of layers is led from one to the other in steps, in
this order: kernel, groups, channels, classes, map size. Each step costs what it changes
while the later factors are still those of A and the earlier ones already those of B.
What no step explains stands under "other", so nothing is lost.

Bytes are those of the parameters: 4 each in every step, and what the types of a model
file change of that (with the scales it stores) is a step of its own, "quantised".
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mnprofile.base.units import size_text
from mnprofile.costs.comparison.alignment import Comparison, Delta
from mnprofile.costs.comparison.sides import (
    FLOAT32,
    Costs,
    Part,
    Side,
    summed,
)

SQUEEZE_EXCITE = "SE"
# The order in which causes are listed where they weigh the same.
CAUSES = {
    "resolution": "Input resolution",
    "stride": "Map size (stride or padding)",
    "channels": "Channels",
    "kernel": "Kernel",
    "groups": "Groups",
    "classes": "Classes",
    "squeeze-excite added": "Squeeze-excite added",
    "squeeze-excite removed": "Squeeze-excite removed",
    "blocks added": "Blocks added",
    "blocks removed": "Blocks removed",
    "layers added": "Layers added within blocks",
    "layers removed": "Layers removed within blocks",
    "batch norm folded": "Batch norm folded into biases",
    "batch norm unfolded": "Biases replaced by batch norm",
    "batch norm": "Batch norm added or removed",
    "bias": "Biases added or removed",
    "quantised": "Quantised",
    "stored": "Scales and other stored constants",
    "other": "Other",
    "renamed": "Renamed only",
}


class Exchange(NamedTuple):
    """Batch-norm parameters and biases, one of which took the other's place."""

    norms: int = 0
    biases: int = 0

    def __str__(self) -> str:
        return f"{_signed(self.norms)} parameters, {_signed(self.biases)} biases"


class Step(NamedTuple):
    """One cause in one layer: what it changed, and by how much."""

    cause: str  # a key of CAUSES
    layer: str
    detail: str
    moved: Costs
    exchange: Exchange | None = None
    more_bytes: int = 0  # beside those of the parameters as float32

    @property
    def bytes(self) -> int:
        return FLOAT32 * self.moved.params + self.more_bytes


class Cause(NamedTuple):
    """One cause over the whole network. ``details`` says what changed where known."""

    key: str
    details: tuple[str, ...]
    layers: int
    moved: Costs
    bytes: int = 0  # of the parameters

    @property
    def name(self) -> str:
        return CAUSES[self.key]


def explain_difference(compared: Comparison) -> tuple[Cause, ...]:
    """Every cause with its sum over all layers; the largest change first.

    The sums over the causes are exactly the difference of the totals.
    """
    found: dict[str, list[Step]] = {}
    for block in compared.rows("block"):
        for layer in block.parts:
            for step in _steps(layer, block, compared.base, compared.head):
                found.setdefault(step.cause, []).append(step)
    causes = [
        Cause(
            key,
            _details(steps),
            len({step.layer for step in steps}),
            summed(step.moved for step in steps),
            sum(step.bytes for step in steps),
        )
        for key, steps in found.items()
    ]
    order = list(CAUSES)
    causes.sort(key=lambda one: (*(-abs(c) for c in one.moved), order.index(one.key)))
    return tuple(causes)


def _details(steps: list[Step]) -> tuple[str, ...]:
    """What changed: each detail once; of an exchange its sum."""
    exchanges = [step.exchange for step in steps if step.exchange]
    if exchanges:
        return (str(Exchange(*map(sum, zip(*exchanges, strict=True)))),)
    return tuple(dict.fromkeys(step.detail for step in steps if step.detail))


def _signed(value: int) -> str:
    """+1,234, with a true minus sign."""
    return f"{value:+,}".replace("-", "\N{MINUS SIGN}")


def _steps(row: Delta, block: Delta, base: Side, head: Side) -> Iterator[Step]:
    """The causes in one row of the comparison, without those that changed nothing."""
    a, b = row.before, row.after
    if a is None or b is None:
        yield _one_sided(row, block)
        return
    if a.costs == b.costs and a.form == b.form and a.bytes == b.bytes:
        if a.name != b.name and bool(base.reader) == bool(head.reader):
            yield Step("renamed", row.name, f"{a.name} → {b.name}", Costs())
        return
    whole = b.costs - a.costs
    steps = [step for step in _paired(a, b, base, head) if step.moved != Costs()]
    yield from steps
    rest = whole - summed(step.moved for step in steps)
    if rest != Costs():
        yield Step("other", row.name, row.name, rest)
    more = (b.bytes - a.bytes) - FLOAT32 * whole.params
    if base.knows_types and head.knows_types and (more or a.bits != b.bits):
        bits = f"{a.bits or 'several'} → {b.bits or 'several'} bits"
        is_same = a.bits == b.bits
        yield Step(
            "stored" if is_same else "quantised",
            row.name,
            "" if is_same else bits,
            Costs(),
            more_bytes=more,
        )


def _one_sided(row: Delta, block: Delta) -> Step:
    """A layer that only one side has."""
    word = "removed" if row.after is None else "added"
    costs = (row.head or Costs()) - (row.base or Costs())
    only = row.after or row.before
    assert only is not None
    whole = only.bytes if row.before is None else -only.bytes
    more = whole - FLOAT32 * costs.params
    kind, where = "layers", row.name
    if row.type == SQUEEZE_EXCITE:
        kind, where = "squeeze-excite", block.name
    elif block.base is None or block.head is None:
        kind, where = "blocks", block.name
    return Step(f"{kind} {word}", row.name, where, costs, more_bytes=more)


class _Factors(NamedTuple):
    """A layer as a product: macs = area x per_group x out x positions."""

    area: int
    per_group: int  # input channels that each output channel sees
    out: int
    positions: int

    @property
    def weights(self) -> int:
        return self.area * self.per_group * self.out

    @property
    def costs(self) -> Costs:
        return Costs(
            self.weights * self.positions, self.weights, self.out * self.positions
        )


def _factors(layer: Part) -> _Factors | None:
    """The factors of a layer; None if its costs are not such a product."""
    form, costs = layer.form, layer.costs
    if form is None or not form.area or not 0 < form.weights <= costs.macs:
        return None
    positions = costs.macs // form.weights
    out = costs.activations // positions
    per_group = form.weights // (form.area * out) if out else 0
    found = _Factors(form.area, per_group, out, positions)
    exact = Costs(costs.macs, form.weights, costs.activations)
    return found if found.costs == exact else None


def _paired(a: Part, b: Part, base: Side, head: Side) -> Iterator[Step]:
    """From one layer to its match, factor by factor."""
    old, new = _factors(a), _factors(b)
    if old is None or new is None or a.form is None or b.form is None:
        return
    now = old
    regrouped = _is_regrouped(old, new, a.form.groups, b.form.groups)
    reclassed = base.classes != head.classes and (old.out, new.out) == (
        base.classes,
        head.classes,
    )
    resized = bool(base.input and head.input and base.input != head.input)
    kernels = (size_text(a.form.kernel), size_text(b.form.kernel))
    for cause, detail, change in (
        ("kernel", " → ".join(kernels), {"area": new.area}),
        (
            "groups" if regrouped else "channels",
            f"{a.form.groups} → {b.form.groups}"
            if regrouped
            else _times(old.per_group, new.per_group),
            {"per_group": new.per_group},
        ),
        (
            "classes" if reclassed else "channels",
            f"{old.out} → {new.out}" if reclassed else _times(old.out, new.out),
            {"out": new.out},
        ),
        (
            "resolution" if resized else "stride",
            f"{base.input} → {head.input}" if resized else f"{a.name}",
            {"positions": new.positions},
        ),
    ):
        then = now._replace(**change)
        moved = then.costs - now.costs
        if "out" in change:  # biases and batch norm that both layers have
            moved += Costs(params=(new.out - old.out) * sum(_kept(a, b)))
        yield Step(cause, b.name, detail, moved)
        now = then
    yield from _norms(a, b, new.out - old.out)


def _is_regrouped(old: _Factors, new: _Factors, before: int, after: int) -> bool:
    """Whether the channels that an output sees changed because the groups did."""
    if old.per_group == new.per_group or before == after:
        return False
    return 1 in (before, after) or (before > 1 and after > 1)


def _kept(a: Part, b: Part) -> tuple[int, int]:
    """Biases, and batch-norm parameters, per output channel, where both have them."""
    found = []
    x, y = _factors(a), _factors(b)
    assert x is not None
    assert y is not None
    for name in ("biases", "bn_affine"):
        old, new = getattr(a.form, name), getattr(b.form, name)
        each = old // x.out
        same = old and new and each * x.out == old and each * y.out == new
        found.append(each if same else 0)
    return found[0], found[1]


def _norms(a: Part, b: Part, more: int) -> Iterator[Step]:
    """Biases and batch norm that only one of two layers has."""
    assert a.form is not None
    assert b.form is not None
    bias, norm = (each * more for each in _kept(a, b))
    biases = b.form.biases - a.form.biases - bias
    norms = b.form.bn_affine - a.form.bn_affine - norm
    moved = Costs(params=norms + biases)
    if norms < 0 < biases:
        yield Step("batch norm folded", b.name, "", moved, Exchange(norms, biases))
    elif biases < 0 < norms:
        yield Step("batch norm unfolded", b.name, "", moved, Exchange(norms, biases))
    else:
        yield Step("batch norm", b.name, "", Costs(params=norms))
        yield Step("bias", b.name, "", Costs(params=biases))


def _times(old: int, new: int) -> str:
    """×1.5"""
    return f"×{new / old:.3g}"


def range_text(details: Iterable[str], most: int = 3) -> str:
    """Details in a few words: all of them, a range of factors, or the first ones."""
    known = list(details)
    if len(known) > 1 and all(one.startswith("×") for one in known):
        factors = sorted(float(one[1:]) for one in known)
        return f"×{factors[0]:.3g} to ×{factors[-1]:.3g}"
    shown = ", ".join(known[:most])
    return shown + (f" and {len(known) - most} more" if len(known) > most else "")
