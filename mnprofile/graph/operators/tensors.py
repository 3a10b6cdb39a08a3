"""Operators on tensors as programs know them: views, copies, constants, reductions.

A view is another way to look at its input's memory: it takes none of its own and keeps
its input alive. Tables need none of these.
"""

from dataclasses import dataclass

from mnprofile.graph.operators.op import (
    GraphError,
    Op,
    Shape,
    TensorShape,
    broadcast_shape,
    shape_of,
)


@dataclass(frozen=True, slots=True)
class Given(Op):
    """An operator whose output has given dimensions, whatever its inputs."""

    dims: tuple[int, ...]
    axis: int = -1  # the channels

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return shape_of(self.dims, self.axis)


@dataclass(frozen=True, slots=True)
class View(Given):
    """The same memory seen otherwise: reshape, transpose, slice, expand, split."""

    kind = "view"
    does = ""
    is_view = True
    name: str = "view"

    @property
    def type(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Copy(Given):
    """Elements in other places or another number: copy, gather, pad, repeat, roll."""

    kind = "copy"
    does = ""
    takes = None
    name: str = "copy"

    @property
    def type(self) -> str:
        return self.name

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        is_sampled = self.name.startswith("grid_sampler")
        return {"grid_sampler": y.elements} if is_sampled else {}


class Output(Given):
    """A further output of the operator that it is fed by: an LSTM's last state.

    It has memory of its own, from when that operator runs.
    """

    __slots__ = ()
    kind = "output"
    does = ""
    is_further = True


@dataclass(frozen=True, slots=True)
class Constant(Given):
    """A tensor that is the same in every run: a position table, a class token.

    It has no inputs. Its elements are parameters if they are ``trained``. It is stored
    with the weights and takes no memory of activations.
    """

    kind = "constant"
    takes = 0
    is_constant = True
    trained: bool = True

    def other_params(self, x: Shape) -> int:
        return self.out_shape(x).elements if self.trained else 0


@dataclass(frozen=True, slots=True)
class Unused(Op):
    """Parameters of a network that no operator of the run uses."""

    kind = "unused"
    takes = 0
    is_constant = True
    params: int

    @property
    def type(self) -> str:
        return "not used in this run"

    def other_params(self, x: Shape) -> int:
        return self.params


@dataclass(frozen=True, slots=True)
class Unknown(Op):
    """An operator without a rule: whatever it costs is missing from every total.

    ``name`` is the operator as its framework calls it, ``detail`` what is known of it.
    """

    kind = "unknown"
    is_unknown = True
    takes = None
    name: str
    dims: tuple[int, ...]
    axis: int = -1
    detail: str = ""

    @property
    def type(self) -> str:
        return self.name

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        if any(side < 0 for side in self.dims):
            raise GraphError(f"{self.name}: a negative dimension in {self.dims}")
        return shape_of(self.dims, self.axis)


@dataclass(frozen=True, slots=True)
class Reduce(Op):
    """Mean, sum, maximum ... over some dimensions (counted from the end: -1, -2)."""

    kind = "reduce"
    sees_all = True
    entering = "pool_elems"
    function: str
    over: tuple[int, ...]
    keeps: bool = False  # a reduced dimension stays, as 1

    @property
    def type(self) -> str:
        return self.function

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        over = {at % len(x.dims) for at in self.over}
        if self.keeps:
            dims = tuple(1 if at in over else one for at, one in enumerate(x.dims))
            return shape_of(dims, getattr(x, "axis", 0))
        return TensorShape(
            tuple(one for at, one in enumerate(x.dims) if at not in over)
        )

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"mean_out": y.elements} if self.function == "mean" else {}


@dataclass(frozen=True, slots=True)
class Elementwise(Op):
    """Any other function of one element of each input: exp, sub, where ...

    Inputs of different dimensions are repeated as numpy does.
    """

    kind = "elementwise"
    takes = None
    entering = "other_elems"
    function: str
    in_place: bool = True

    @property
    def works_in_place(self) -> bool:  # type: ignore[override] # of each one
        return self.in_place

    @property
    def type(self) -> str:
        return self.function

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return broadcast_shape(x, *others)

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        name = {"mul": "scale", "add": "add"}.get(self.function)
        return {name: y.elements} if name else {}


@dataclass(frozen=True, slots=True)
class PReLU(Op):
    """A leaky ReLU with trained slopes: one for all channels, or one per channel."""

    kind = "activation"
    follows_layers = True
    works_in_place = True
    entering = "activation_elems"
    per_channel: bool = False

    @property
    def label(self) -> str:
        return "prelu"

    @property
    def action(self) -> str:
        return self.label.replace("_", " ")

    def other_params(self, x: Shape) -> int:
        return x.c if self.per_channel else 1

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"prelu": x.elements, "prelu_slopes": self.other_params(x)}


@dataclass(frozen=True, slots=True)
class Embedding(Op):
    """One vector per index: (...) -> (..., width). It has no multiply-adds."""

    kind = "embedding"
    rows: int
    width: int

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return TensorShape((*x.dims, self.width))

    def other_params(self, x: Shape) -> int:
        return self.rows * self.width

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"embedding": self.other_params(x)}
