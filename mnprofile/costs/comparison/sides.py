"""The networks of a comparison: layers with their costs, from a count or its file."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from operator import add, sub
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from mnprofile.base.json_files import read_record
from mnprofile.base.records import Record
from mnprofile.base.units import resolution_text
from mnprofile.costs.counting import Count, Layer
from mnprofile.networks.configuration import spec_text

Quantity = Literal["macs", "params", "activations"]
COMPARED: tuple[Quantity, ...] = get_args(Quantity)
MAX_LAYERS = 5_000
FLOAT32 = 4  # bytes of a parameter where nothing else is said


class Costs(NamedTuple):
    """The compared quantities of a layer, block or stage. Costs can be added."""

    macs: int = 0
    params: int = 0
    activations: int = 0

    def __add__(self, other: "Costs") -> "Costs":  # type: ignore[override] # no tuple
        return Costs(*map(add, self, other))

    def __sub__(self, other: "Costs") -> "Costs":
        return Costs(*map(sub, self, other))


class Form(NamedTuple):
    """What a layer's costs follow from, so that a difference can be explained."""

    kernel: tuple[int, int]
    groups: int
    weights: int
    biases: int
    bn_affine: int

    @property
    def area(self) -> int:
        return prod(self.kernel)


class Stored(NamedTuple):
    """The bytes that a model file stores for a layer: of its weights, and of all."""

    weight_bytes: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Part:
    """One layer of a side, whatever its source."""

    name: str
    block: str
    stage: str
    type: str
    costs: Costs
    line: int | None = None  # of the table it was built from
    form: Form | None = None  # None: not known
    stored: Stored | None = None  # None: as float32

    @property
    def bytes(self) -> int:
        """What its parameters take: as its file stores them, else as float32."""
        return self.stored.bytes if self.stored else FLOAT32 * self.costs.params

    @property
    def bits(self) -> int:
        """Bits of one of its weights; 0 where that is not one number."""
        weights = self.form.weights if self.form else 0
        if self.stored is None or not weights:
            return 8 * FLOAT32
        each, rest = divmod(8 * self.stored.weight_bytes, weights)
        return 0 if rest else each


@dataclass(frozen=True)
class Side:
    """One of the networks. ``label`` is its name, ``title`` the one that pages show.

    ``input`` is the size of its input ("224"), ``classes`` their number, if known.
    ``reader`` says what names its layers: "" is a table, else code or a model file.
    ``knows_types`` is whether the types of its parameters are known.
    """

    label: str
    layers: tuple[Part, ...]
    input: str = ""
    classes: int | None = None
    title: str = ""
    reader: str = ""
    knows_types: bool = True

    @property
    def shown(self) -> str:
        """What a page calls it."""
        return self.title or self.label

    @property
    def stages(self) -> dict[str, Costs]:
        """The sum of each stage, in network order."""
        found: dict[str, Costs] = {}
        for layer in self.layers:
            found[layer.stage] = found.get(layer.stage, Costs()) + layer.costs
        return found


def read_costs(record: Record) -> Costs:
    """The costs in a file. Raises RecordError for what is not a count."""
    return Costs(*map(record.count, COMPARED))


def summed(costs: Iterable[Costs | None]) -> Costs:
    """The sum of some costs; None counts as nothing."""
    return sum((one for one in costs if one), start=Costs())


def side_of_count(counted: Count) -> Side:
    """A side from a count made in this run."""
    config, image = counted.config, counted.graph.input_shape
    reader = config.reader
    return Side(
        f"{config.name}@{spec_text(config)}",
        tuple(map(_part, counted.layers)),
        resolution_text((image.h, image.w) if reader else config.resolution),
        _outputs(counted) if reader else config.classes,
        reader=reader,
    )


def _outputs(counted: Count) -> int | None:
    """The classes of a network that is not a table, if it ends in a classifier."""
    last = counted.layers[-1] if counted.layers else None
    if last is None or last.type != "Fully Connected":
        return None
    return last.figures.activations


def _part(layer: Layer) -> Part:
    figures = layer.figures
    kernel: Any = layer.kernel
    return Part(
        name=layer.name,
        block=layer.block,
        stage=layer.stage,
        type=layer.type,
        costs=Costs(figures.macs, figures.params, figures.activations),
        line=layer.origin.line,
        form=Form(
            kernel if isinstance(kernel, tuple) else (kernel, kernel),
            layer.groups,
            figures.weights,
            figures.biases,
            figures.bn_affine,
        ),
        stored=Stored(layer.kept.weights, sum(layer.kept)) if layer.kept else None,
    )


def side_of_file(path: Path) -> Side:
    """A side from a file that ``mnprofile count --format json`` wrote.

    The totals must be the sums of the layers. Raises RecordError, IncomparableError or
    FileError.
    """
    record = read_record(path, "count")
    found = record.records("layers")
    if len(found) > MAX_LAYERS:
        record.refuse("layers", f"{len(found)} layers", f"at most {MAX_LAYERS}")
    layers: list[Part] = []
    names: set[str] = set()
    for one in found:
        line = one.content.get("row")
        name = one.text("name")
        if name in names:
            one.refuse("name", f'two layers are called "{name}"')
        names.add(name)
        layers.append(
            Part(
                name=name,
                block=one.text("block"),
                stage=one.text("stage"),
                type=one.text("type"),
                costs=read_costs(one),
                line=line if type(line) is int else None,
                form=_form(one),
            )
        )
    model = record.content.get("model")
    known = model if isinstance(model, dict) else {}
    classes, size = known.get("classes"), known.get("resolution")
    reader = known.get("reader")
    side = Side(
        path.name,
        tuple(layers),
        _size(size),
        classes if type(classes) is int else None,
        reader=reader if isinstance(reader, str) else "",
        # A count's file does not say how a model file stores its parameters.
        knows_types=reader not in ("ONNX", "TFLite"),
    )
    totals = record.record("totals")
    costs = summed(layer.costs for layer in layers)
    for quantity in COMPARED:
        if totals.count(quantity) != getattr(costs, quantity):
            totals.refuse(quantity, "not the sum of the layers")
    return side


def _size(given: object) -> str:
    """A resolution of a file: a side, or height and width."""
    sides: list[Any] = given if isinstance(given, list) else [given]
    if not 1 <= len(sides) <= 2 or not all(type(one) is int for one in sides):
        return ""
    return resolution_text((sides[0], sides[-1]))


def _form(record: Record) -> Form | None:
    """What a file says about a layer; None if it lacks a part of that."""
    kernel = record.content.get("kernel")
    sides: list[Any] = kernel if isinstance(kernel, list) else [kernel, kernel]
    names = ("groups", "weights", "biases", "bn_affine")
    rest: list[Any] = [record.content.get(name) for name in names]
    if len(sides) != 2 or not all(
        type(value) is int and value >= 0 for value in (*sides, *rest)
    ):
        return None
    return Form((sides[0], sides[1]), *rest)
