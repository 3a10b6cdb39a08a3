"""Run a PyTorch network once and record its operators, without computing anything.

The network runs on tensors that have a shape and no content (torch's meta device).
Every operator that reaches the dispatcher is recorded with the module that calls it.

Tensors are told apart by their storage, so a view is its base, and an operator that
writes in place gives the base a new value. A tensor that no input has a part in is a
constant, whatever is computed from it: only when an operator with an input uses it does
it appear in the graph, and the parameters that it comes from are counted there, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules import module as hooks
from torch.utils._python_dispatch import TorchDispatchMode

from mnprofile.graph.graph import NO_SHAPE, Node, Origin, Parameters
from mnprofile.graph.operators.op import Op, Shape
from mnprofile.graph.operators.recurrent import Cell, Recurrent
from mnprofile.graph.operators.tensors import Constant, Output
from mnprofile.graph.written import Written
from mnprofile.networks.readers.torch_call import (
    COUNTED,
    METADATA,
    SHORT,
    Call,
    Found,
    channels_of,
    is_empty,
    key_of,
    layout,
    like,
    shape,
    tensors_in,
)
from mnprofile.networks.readers.torch_layers import attended
from mnprofile.networks.readers.torch_parameters import Sources
from mnprofile.networks.readers.torch_rules import POINTWISE, operator_of
from mnprofile.networks.readers.torch_written import (
    COMPUTED,
    DERIVED,
    LEARNED,
    MASKED,
    SCALED_DOT_PRODUCT,
    Calls,
    besides,
)

_CELLS: dict[type[nn.Module], Cell] = {nn.LSTM: "lstm", nn.GRU: "gru", nn.RNN: "rnn"}


@dataclass(slots=True)
class _Value:
    """What a storage holds: the node that wrote it, and how its channels lie."""

    node: str
    channels: int
    is_first: bool  # its channels come before its positions
    further: Node | None = None  # an operator's second output, until it is read


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call] # of torch
    """Records what runs while it is active."""

    def __init__(self, root: nn.Module, parameters: dict[str, Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # of torch
        self.recorded: list[Node] = []
        self.constants: list[Node] = []  # what runs on constants alone
        self.paths: dict[str, str] = {}  # of a node: the module that called it
        self.weights: dict[str, str] = {}  # and the parameter that is its weight
        self._paths = {module: path for path, module in root.named_modules()}
        self._stack: list[tuple[str, nn.Module]] = [("", root)]
        self.function = Calls(root, self._stack)
        self._paused = 0
        self._values: dict[int, _Value] = {}
        self.sources = Sources(root, parameters)
        # So that no storage's address is used twice.
        self._kept: list[object] = [*parameters.values()]
        self._names: set[str] = set()

    # --- inputs and outputs ----------------------------------------------------------

    def add_input(self, name: str, tensor: Tensor) -> str:
        name = self._free(name)
        self._hold(name, tensor)
        return name

    def _hold(self, node: str, tensor: Tensor) -> None:
        """A node made a tensor, whose storage is not used for another one."""
        self._values[key_of(tensor)] = _Value(node, *layout(tensor))
        self._kept.append(tensor)

    def nodes_of(self, value: object) -> tuple[str, ...]:
        """The nodes of the tensors in what the network returns."""
        known = (self._values.get(key_of(one)) for one in tensors_in(value))
        return tuple(dict.fromkeys(self._read(one) for one in known if one is not None))

    # --- modules ---------------------------------------------------------------------

    @contextmanager
    def following(self) -> Iterator[None]:
        """Follow which module runs."""
        handles = [
            hooks.register_module_forward_pre_hook(self._enter),
            hooks.register_module_forward_hook(self._leave, always_call=True),
        ]
        attend: Any = functional.scaled_dot_product_attention
        functional.scaled_dot_product_attention = partial(self._attend, attend)
        try:
            with self.function:
                yield
        finally:
            functional.scaled_dot_product_attention = attend
            for handle in handles:
                handle.remove()

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        path = self._paths.get(module, self._stack[-1][0])
        self._stack.append((path, module))
        self.function.enter(module, inputs)
        if type(module) in _CELLS:
            self._paused += 1

    def _leave(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if len(self._stack) > 1 and self._stack[-1][1] is module:
            if type(module) in _CELLS:
                self._paused -= 1
                if not self._paused and output is not None:
                    self._recurrent(module, inputs, output)
            self._stack.pop()
            self.function.leave(module, output)

    # --- operators -------------------------------------------------------------------

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if not self._paused:
            self._record(func, args, kwargs, out)
        return out

    def _record(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any
    ) -> None:
        outputs = (out,) if isinstance(out, Tensor) else tuple(tensors_in(out))
        if not outputs:
            return
        self._kept.append(out)
        name, qualified, writes, pointwise = _about(func)
        tensors = tuple(tensors_in(args, kwargs))
        keys = [key_of(one) for one in tensors]
        if name in METADATA:
            return
        if not writes:
            outputs = tuple(one for one in outputs if key_of(one) not in keys)
            if not outputs:
                return  # views
        values = self._values
        active = [one for one, key in zip(tensors, keys, strict=True) if key in values]
        call = Call(
            name,
            qualified,
            args,
            kwargs,
            outputs[0],
            lambda one: key_of(one) not in values,
            self._axis,
            type(self._stack[-1][1]).__name__,
        )
        if is_empty(name) or not (active or name in COUNTED):
            self.sources.derive([] if is_empty(name) else keys, outputs)
            if name in DERIVED:
                found = operator_of(call, is_pointwise=pointwise)
                self.constants.append(self._recorded(found, name, outputs[0]))
            return
        found = operator_of(call, is_pointwise=pointwise)
        node = self._add(found, name, outputs[0])
        written = self.recorded[-1].written or Written()
        self.function.derived.extend(besides(written, found.op, name, args, outputs[0]))
        value = _Value(node, *channels_of(found, call))
        values[key_of(outputs[0])] = value
        for one in outputs[1:]:
            if writes:
                values[key_of(one)] = value
            else:
                self._add_further(node, one)

    def _axis(self, tensor: Tensor) -> int:
        """Which dimension of a tensor its channels are."""
        value = self._values.get(key_of(tensor))
        rank = tensor.dim()
        if value is None or rank < 3:
            return -1
        first, last = (tensor.shape[at] == value.channels for at in (1, -1))
        return 1 if first and (value.is_first or not last) else -1

    def _add(
        self, found: Found, name: str, out: Tensor, function: str | None = None
    ) -> str:
        """Record an operator; constants that it uses are recorded before it."""
        if self.sources.are_trained(found):
            self.function.is_frozen = False
        stored = self.sources.stored(found)
        inputs = tuple(self._input(one) for one in found.inputs)
        node = self._free(self._node_name(self._stack[-1][0], name))
        one = self._recorded(found, node, out, name, function)
        self.recorded.append(replace(one, inputs=inputs, stored=stored))
        self.paths[node] = self._stack[-1][0]
        self.weights[node] = self.sources.weight(found.weights)
        return node

    def _recorded(
        self,
        found: Found,
        node: str,
        out: Tensor,
        name: str = "",
        function: str | None = None,
    ) -> Node:
        """An operator as it is called here: no inputs, place or parameters yet."""
        x = found.x
        if x is None:
            first = found.inputs[0] if found.inputs else out
            x = shape(first, self._axis(first))
        others = found.others
        if others is None:
            others = tuple(shape(one, self._axis(one)) for one in found.inputs[1:])
        return _node(
            node,
            found.op,
            x if found.inputs else NO_SHAPE,
            found.y or like(x, out),
            other_shapes=others,
            written=self.function.written(name or node, function),
        )

    def _node_name(self, path: str, name: str) -> str:
        """A leaf module's own path, else the operator's name within its module."""
        module = self._stack[-1][1]
        if path and not module._modules:
            return path
        name = SHORT.get(name, name)
        return f"{path}.{name}" if path else name

    def _input(self, tensor: Tensor) -> str:
        """The node of an input; a constant becomes one when it is used."""
        value = self._values.get(key_of(tensor))
        if value is not None:
            return self._read(value)
        sources = self.sources.of(tensor)
        if any(one.is_trained for one in sources):
            self.function.is_frozen = False
        path = sources[0].name if len(sources) == 1 else ""
        name = self._free(path or f"{self._stack[-1][0]}.constant".lstrip("."))
        y = shape(tensor, -1)
        stored = Parameters(other_params=self.sources.take((tensor,)))
        op = Constant(y.dims, getattr(y, "axis", 0), trained=bool(sources))
        at = path.rpartition(".")[0] if path else self._stack[-1][0]
        self.recorded.append(_node(name, op, NO_SHAPE, y, stored=stored))
        self.paths[name] = at
        self._hold(name, tensor)
        return name

    def _attend(self, attend: Any, *args: Any, **kwargs: Any) -> Tensor:
        """Attention that the code writes as one operator, whatever torch makes of it.

        On meta tensors its parts would run, on a CPU a fused operator.
        """
        self._paused += 1
        try:
            out: Tensor = attend(*args, **kwargs)
        finally:
            self._paused -= 1
        if not self._paused:
            named = (kwargs[key] for key in ("query", "key", "value") if key in kwargs)
            q, k, v = (*args, *named)[:3]
            mask = kwargs.get("attn_mask", args[3] if len(args) > 3 else None)
            found, function = attended(q, k, v, out), self._masked(mask)
            self._hold(self._add(found, "attention", out, function), out)
        return out

    def _masked(self, mask: Tensor | None) -> str:
        """How attention is written that has a mask, or none."""
        if mask is None:
            return SCALED_DOT_PRODUCT
        if key_of(mask) in self._values:
            return COMPUTED
        return LEARNED if self.sources.of(mask) else MASKED

    def _recurrent(self, module: nn.Module, inputs: Any, output: Any) -> None:
        """A whole LSTM, GRU or RNN as one operator."""
        cell: Any = module
        op = Recurrent(
            _CELLS[type(module)],
            cell.hidden_size,
            cell.num_layers,
            2 if cell.bidirectional else 1,
            2 if cell.bias else 0,
            cell.proj_size,
        )
        x, *states = tensors_in(inputs)
        y, *ends = tensors_in(output)
        own = list(module.parameters())
        found = Found(
            op,
            (x, *states),
            shape(x, -1),
            shape(y, -1),
            weights=tuple(one for one in own if one.dim() > 1),
            biases=tuple(one for one in own if one.dim() == 1),
        )
        node = self._add(found, op.cell, y)
        self._kept.append(output)
        self._hold(node, y)
        for one in ends:
            self._add_further(node, one)

    def _add_further(self, node: str, out: Tensor) -> None:
        """A further output of the last operator; it is a node if something reads it."""
        if key_of(out) in self._values and self._values[key_of(out)].node == node:
            return
        y = shape(out, -1)
        found = Found(Output(y.dims, getattr(y, "axis", 0)), (), y=y)
        before = self.recorded[-1].out_shape
        one = self._recorded(found, "", out)
        one = replace(one, inputs=(node,), in_shape=before)
        self._values[key_of(out)] = _Value(node, *layout(out), one)

    def _read(self, value: _Value) -> str:
        """The node of a value. A further output follows its operator."""
        if value.further is not None:
            at = next(
                at for at, one in enumerate(self.recorded) if one.name == value.node
            )
            name = self._free(f"{value.node}.output")
            self.recorded.insert(at + 1, replace(value.further, name=name))
            self.paths[name] = self.paths[value.node]
            value.node, value.further = name, None
        return value.node

    def _free(self, name: str) -> str:
        """A name that no other node has: relu, relu#2 ..."""
        found, count = name, 1
        while found in self._names:
            count += 1
            found = f"{name}#{count}"
        self._names.add(found)
        return found


@cache
def _about(func: Any) -> tuple[str, str, bool, bool]:
    """Name, qualified name, whether it writes to an input, whether elementwise."""
    schema = func._schema
    qualified = str(schema.name)
    name = qualified.partition("::")[2]
    if schema.is_mutable:
        name = name.removesuffix("_")
    return name, qualified, schema.is_mutable, POINTWISE in func.tags


def _node(name: str, op: Op, x: Shape, y: Shape, **more: Any) -> Node:
    """A node that has no place in the network yet."""
    given = {"stored": Parameters(), **more}
    return Node(name, op, (), x, y, "", "", "", op.type, Origin(""), **given)
