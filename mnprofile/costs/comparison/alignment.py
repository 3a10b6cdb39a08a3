"""Two networks side by side: what was added and removed, what grew and what shrank.

Stages are matched by name, or where names say nothing by ``placing``. Within a stage,
blocks keep their order and are paired so that they match as well as possible (unchanged
blocks best, then those with the same layers). Within a pair, layers are matched by
their part: expand, depthwise, project.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple, TypeVar, get_args

from mnprofile.base.shown import Shown
from mnprofile.costs.comparison.placing import (
    Pairs,
    is_renamed,
    kind_of,
    placed_like,
    reductions,
)
from mnprofile.costs.comparison.sides import (
    COMPARED,
    Costs,
    Part,
    Quantity,
    Side,
    summed,
)

State = Literal["added", "removed", "grew", "shrank", "unchanged"]
STATES: tuple[State, ...] = get_args(State)
Depth = Literal["stage", "block", "layer"]
MAX_COMPARED = 1_000_000  # pairs of blocks: 1,000 with 1,000, in half a second
N = TypeVar("N", bound=Hashable)
DEPTHS: tuple[Depth, ...] = get_args(Depth)


@dataclass(frozen=True)
class Delta:
    """One row of the comparison: a layer, block or stage, before and after.

    ``base`` or ``head`` is None if that side has no such row; ``parts`` are the rows
    one level down.
    """

    stage: str
    name: str  # "block3", or "block3 -> block4" where the sides name it differently
    base: Costs | None
    head: Costs | None
    parts: tuple["Delta", ...] = ()
    type: str = ""
    line: int | None = None  # in the head's table, else the base's
    before: Part | None = None  # the two layers, where the row is one
    after: Part | None = None

    def of(self, quantity: Quantity) -> tuple[int, int]:
        """A quantity before and after; 0 if there is no such row."""
        return (
            getattr(self.base or Costs(), quantity),
            getattr(self.head or Costs(), quantity),
        )

    def moved(self, quantity: Quantity) -> int:
        base, head = self.of(quantity)
        return head - base

    @property
    def state(self) -> State:
        """The state by macs, params and activations; the first that differs decides."""
        return self.state_by(*COMPARED)

    def state_by(self, *quantities: Quantity) -> State:
        """The state by some quantities; the first that differs decides."""
        if self.base is None:
            return "added"
        if self.head is None:
            return "removed"
        for quantity in quantities:
            if step := self.moved(quantity):
                return "grew" if step > 0 else "shrank"
        return "unchanged"


@dataclass(frozen=True, repr=False)
class Comparison(Shown):
    """Everything that differs between two sides.

    The parts of ``stages`` are blocks, and the parts of those are layers.
    """

    base: Side
    head: Side
    stages: tuple[Delta, ...]

    @property
    def total(self) -> Delta:
        return _row("", "total", self.stages)

    @property
    def stored(self) -> tuple[int, int]:
        """The bytes of the parameters of each: as a file has them, else as float32."""
        sides = self.base, self.head
        before, after = (sum(layer.bytes for layer in side.layers) for side in sides)
        return before, after

    @property
    def is_retyped(self) -> bool:
        """Whether matched layers have weights of different types, as far as known."""
        return all((self.base.knows_types, self.head.knows_types)) and any(
            row.before and row.after and row.before.bits != row.after.bits
            for row in self.rows("layer")
        )

    def rows(self, depth: Depth) -> tuple[Delta, ...]:
        """Every row at one depth, in network order."""
        rows = self.stages
        for _ in range(DEPTHS.index(depth)):
            rows = tuple(part for row in rows for part in row.parts)
        return rows

    def causes(self, quantity: Quantity, top: int) -> tuple[Delta, ...]:
        """The layers that changed a quantity most, the largest change first."""
        moved = [row for row in self.rows("layer") if row.moved(quantity)]
        moved.sort(key=lambda row: -abs(row.moved(quantity)))
        return tuple(moved[:top])


def compare(base: Side, head: Side) -> Comparison:
    """Align two networks by stage, block and layer.

    Where the networks name their layers differently (a table, code, a file), layers are
    matched by their order, the reduction of their map, and what they compute.
    """
    renamed = is_renamed(base, head)
    if renamed:
        head = placed_like(base, head, _layers_aligned)
    left, right = _tree(base), _tree(head)
    if renamed:
        for stage in [one for one in left if one in right]:
            left[stage], right[stage] = _unnamed(left[stage], right[stage])
    stages = []
    for stage in _merged(list(left), list(right)):
        pairs = _aligned(left.get(stage, []), right.get(stage, []))
        blocks = [_block(stage, *pair) for pair in pairs]
        has = {"of_base": stage in left, "of_head": stage in right}
        stages.append(_row(stage, stage, blocks, **has))
    return Comparison(base, head, tuple(stages))


# --- alignment -----------------------------------------------------------------------


class _Block(NamedTuple):
    """A block as the alignment sees it.

    ``role`` is ``block``, ``stem``, ``fc``: only blocks of the same role are paired.
    ``parts`` are its layers by their name within it: ".expand" of "block3.expand".
    """

    name: str
    role: str
    parts: dict[str, Part]
    part_names: tuple[str, ...]
    costs: tuple[Costs, ...]


def _read_block(name: str, layers: Sequence[Part]) -> _Block:
    parts = {}
    for layer in layers:
        inside = layer.name.startswith(name)
        parts[layer.name[len(name) :] if inside else f" {layer.name}"] = layer
    return _Block(
        name=name,
        role=name.rstrip("0123456789"),
        parts=parts,
        part_names=tuple(parts),
        costs=tuple(layer.costs for layer in layers),
    )


def _layers_aligned(left: Sequence[Part], right: Sequence[Part]) -> Pairs:
    """Pairs of layers of two networks whose names say nothing, in order."""
    sides = [
        [
            _unnamed_block(str(at), (layer,), f"{kind_of(layer)} {reduced}")
            for at, (layer, reduced) in enumerate(
                zip(layers, reductions(layers), strict=True)
            )
        ]
        for layers in (left, right)
    ]
    return [
        tuple(next(iter(one.parts.values())) if one else None for one in pair)  # type: ignore[misc] # always two
        for pair in _aligned(*sides)
    ]


def _unnamed(
    left: Sequence[_Block], right: Sequence[_Block]
) -> tuple[list[_Block], list[_Block]]:
    """The blocks of a stage where names say nothing.

    Where both sides do not have the same numbers of layers in their blocks, every layer
    is a block of its own.
    """
    sizes = [[len(block.parts) for block in side] for side in (left, right)]
    if sizes[0] == sizes[1]:
        found = [
            [_unnamed_block(block.name, tuple(block.parts.values())) for block in side]
            for side in (left, right)
        ]
    else:
        found = [
            [
                _unnamed_block(layer.name, (layer,), kind_of(layer))
                for block in side
                for layer in block.parts.values()
            ]
            for side in (left, right)
        ]
    return found[0], found[1]


def _unnamed_block(name: str, layers: Sequence[Part], role: str = "") -> _Block:
    """A block whose names say nothing: its layers are known by their order."""
    return _Block(
        name=name,
        role=role,
        parts={str(at): layer for at, layer in enumerate(layers)},
        part_names=tuple(layer.type for layer in layers),
        # What is folded or shared changes the parameters, not the rest.
        costs=tuple(layer.costs._replace(params=0) for layer in layers),
    )


def _tree(side: Side) -> dict[str, list[_Block]]:
    """Blocks by stage, both in network order."""
    tree: dict[str, list[_Block]] = {}
    for (stage, block), layers in groupby(
        side.layers, key=lambda layer: (layer.stage, layer.block)
    ):
        tree.setdefault(stage, []).append(_read_block(block, tuple(layers)))
    return tree


def _merged(left: Sequence[N], right: Sequence[N]) -> list[N]:
    """Merge two orders; a name that only one side has keeps its place there."""
    places = {name: at for at, name in reversed([*enumerate(right)])}
    known, taken = set(left), 0
    merged: dict[N, None] = {}
    for name in left:
        at = places.get(name, -1)
        if at >= taken:
            between = right[taken:at]
            merged |= dict.fromkeys(one for one in between if one not in known)
            taken = at + 1
        merged[name] = None
    merged |= dict.fromkeys(right[taken:])
    return list(merged)


def _likeness(a: _Block, b: _Block) -> int:
    """How well two blocks fit together; 0 where they must not be paired."""
    if a.role != b.role:
        return 0
    score = 2
    if a.part_names == b.part_names:
        score += 2
        if a.costs == b.costs:
            score += 3
    return score + (a.name == b.name)


def _aligned(
    left: Sequence[_Block], right: Sequence[_Block]
) -> list[tuple[_Block | None, _Block | None]]:
    """Pairs in order, with the highest sum of likeness; early pairs win a tie.

    Where that would compare more than ``MAX_COMPARED`` pairs, blocks are paired by
    their names alone.
    """
    if len(left) * len(right) > MAX_COMPARED:
        before, after = _by_name(left), _by_name(right)
        names = _merged(list(before), list(after))
        return [(before.get(name), after.get(name)) for name in names]
    best = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            likeness = _likeness(left[i], right[j])
            best[i][j] = max(
                best[i + 1][j + 1] + likeness, best[i + 1][j], best[i][j + 1]
            )
    pairs: list[tuple[_Block | None, _Block | None]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        likeness = _likeness(left[i], right[j])
        if likeness and best[i][j] == best[i + 1][j + 1] + likeness:
            pairs.append((left[i], right[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            pairs.append((left[i], None))
            i += 1
        else:
            pairs.append((None, right[j]))
            j += 1
    pairs += [(block, None) for block in left[i:]]
    pairs += [(None, block) for block in right[j:]]
    return pairs


def _by_name(blocks: Sequence[_Block]) -> dict[tuple[str, int], _Block]:
    """Blocks by their name, and by how often it was there before."""
    seen: Counter[str] = Counter()
    found = {}
    for block in blocks:
        found[block.name, seen[block.name]] = block
        seen[block.name] += 1
    return found


def _block(stage: str, a: _Block | None, b: _Block | None) -> Delta:
    """One pair of blocks with its layers matched by part."""
    before = a.parts if a else {}
    after = b.parts if b else {}
    layers = []
    for part in _merged(list(before), list(after)):
        x, y = before.get(part), after.get(part)
        known = y or x
        assert known is not None
        layers.append(
            Delta(
                stage,
                _names(x, y),
                x.costs if x else None,
                y.costs if y else None,
                type=known.type,
                line=known.line,
                before=x,
                after=y,
            )
        )
    return _row(
        stage, _names(a, b), layers, of_base=a is not None, of_head=b is not None
    )


def _names(a: _Block | Part | None, b: _Block | Part | None) -> str:
    """The name of a row, or both names if the sides name it differently."""
    names = dict.fromkeys(one.name for one in (a, b) if one)
    return " -> ".join(names)


def _row(
    stage: str,
    name: str,
    parts: Sequence[Delta],
    *,
    of_base: bool = True,
    of_head: bool = True,
) -> Delta:
    """The sum of some rows, on each side that has it."""
    return Delta(
        stage,
        name,
        summed(row.base for row in parts) if of_base else None,
        summed(row.head for row in parts) if of_head else None,
        tuple(parts),
    )
