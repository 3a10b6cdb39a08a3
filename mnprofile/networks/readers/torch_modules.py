"""PyTorch networks: an ``nn.Module``, or code that makes one, as a layer graph."""

from __future__ import annotations

import contextlib
import copy
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.parameter import is_lazy

from mnprofile.base.errors import UnmeasuredError, UsageError
from mnprofile.graph.graph import INPUT, Graph
from mnprofile.networks.imported import Imported
from mnprofile.networks.readers.inputs import DTYPES, InputSpec, ReadRequest
from mnprofile.networks.readers.torch_call import shape
from mnprofile.networks.readers.torch_calling import (
    article,
    broken,
    called,
    foreign_code,
    imported,
    is_broken,
    reason,
)
from mnprofile.networks.readers.torch_graph import Run, assembled
from mnprofile.networks.readers.torch_recording import Recorder

IMAGE = (1, 3, 224, 224)
META, CPU = "meta", "cpu"
Inputs = Any  # dims, a tensor, or a sequence or mapping of them


def read(arch: str, asked: ReadRequest) -> tuple[Imported, Graph]:
    """The network that MODULE:CALLABLE makes, at the input that was asked for.

    Raises UsageError, or UnmeasuredError for a package that is missing or broken.
    """
    found = imported(arch)
    arguments = dict(asked.arguments)
    inputs = asked.inputs
    notes: list[str] = []
    if not inputs:
        size = asked.resolution
        inputs = (InputSpec((1, 3, *size) if size else IMAGE),)
        if size is None:
            notes.append(f"input {inputs[0]} is assumed: --input or --res sets another")

    def make(device: str) -> nn.Module:
        if isinstance(found, nn.Module):
            return found
        with torch.device(device):
            return called(found, arch, arguments)

    if isinstance(found, nn.Module):
        if arguments:
            raise UsageError(f"--arg: {arch} is a network, not a callable")
    elif not callable(found):
        raise UsageError(
            f"{arch} is {article(type(found).__name__)}",
            accepted="a function or class that returns a torch.nn.Module, or one",
        )
    module, made = _made(make)
    module, inputs = _prepared(module, arch, inputs)
    notes += made
    graph = _graph(module, arch, inputs, make, train=asked.train, notes=notes)
    source = f"the PyTorch network {arch}, run once on meta tensors"
    asked = asked._replace(inputs=inputs)
    return Imported(arch, arch, source, arch, module=module, asked=asked), graph


def from_torch(
    module: nn.Module,
    input: Inputs = IMAGE,  # noqa: A002 - the public name
    *,
    train: bool = False,
    name: str | None = None,
) -> Graph:
    """The layer graph of a PyTorch network, as ``build`` gives it for a table.

    The network runs once on meta tensors: nothing is computed, and neither it nor its
    weights change.

    Args:
        module: the network. It runs as after ``eval()`` unless ``train``.
        input: the dimensions of its input with the batch, a tensor like it, or a list
            (positional inputs) or dict (by name) of these.
        name: what to call it; its class where None.

    Raises:
        UsageError: it cannot run on such an input.

    >>> from torch import nn
    >>> from_torch(nn.Linear(4, 2), (1, 4)).nodes[0].macs
    8
    """
    specs = _specs(input)
    title = name or type(module).__name__
    module, specs = _prepared(module, title, specs)
    return _graph(module, title, specs, None, train=train, notes=[])


# --- making it -----------------------------------------------------------------------


def _made(make: Callable[[str], nn.Module]) -> tuple[nn.Module, list[str]]:
    """The network, made on meta tensors; where that fails, on the CPU."""
    try:
        return make(META), []
    except UsageError:
        with torch.no_grad():
            module = make(CPU)  # if this fails too, its error is the one that counts
    return module, ["the network cannot be built on meta tensors: built on the CPU"]


def _prepared(
    module: nn.Module, name: str, inputs: tuple[InputSpec, ...]
) -> tuple[nn.Module, tuple[InputSpec, ...]]:
    """The network without what ``torch.compile`` wraps around it, and typed inputs.

    Lazy layers get their sizes in a run of a copy on zeros. Raises UsageError.
    """
    original = getattr(module, "_orig_mod", module)
    module = original if isinstance(original, nn.Module) else module
    if any(is_lazy(one) for one in _tensors_of(module)):
        module = copy.deepcopy(module)
        device = next(_tensors_of(module)).device.type
        given, named = _given([_tensor(one, device) for one in inputs], inputs)
        try:
            with foreign_code(), torch.no_grad():
                module(*given, **named)
        except (Exception, SystemExit) as fault:  # it is not our code
            raise _cannot_run(module, name, inputs, fault) from None
    return module, _typed(module, inputs)


def _typed(module: nn.Module, inputs: tuple[InputSpec, ...]) -> tuple[InputSpec, ...]:
    """Inputs without a type, in that of a network whose weights all have another."""
    kinds = {one.dtype for one in module.parameters() if one.is_floating_point()}
    if len(kinds) != 1 or torch.float32 in kinds:
        return inputs
    name = str(kinds.pop()).removeprefix("torch.")
    return tuple(
        one if one.dtype else one._replace(dtype=name if name in DTYPES else "")
        for one in inputs
    )


def _specs(given: Inputs) -> tuple[InputSpec, ...]:
    """Inputs as Python code gives them."""
    if isinstance(given, Tensor):
        return (InputSpec(tuple(given.shape), "", str(given.dtype)[6:]),)
    if isinstance(given, InputSpec):
        return (given,)
    if isinstance(given, Mapping):
        return tuple(
            spec._replace(name=str(name))
            for name, one in given.items()
            for spec in _specs(one)
        )
    if isinstance(given, Sequence) and not isinstance(given, str):
        if given and all(type(one) is int for one in given):
            return (InputSpec(tuple(given)),)
        return tuple(spec for one in given for spec in _specs(one))
    raise UsageError(
        f"input: {given!r} is not an input",
        accepted="dimensions such as (1, 3, 224, 224), a tensor, or a list or dict",
    )


# --- running it ----------------------------------------------------------------------


def _graph(
    module: nn.Module,
    name: str,
    inputs: tuple[InputSpec, ...],
    make: Callable[[str], nn.Module] | None,
    *,
    train: bool,
    notes: list[str],
) -> Graph:
    try:
        run = _run(module, inputs, META, train=train)
    except (Exception, SystemExit) as fault:  # it is not our code
        again = module
        if any(one.is_meta for one in _tensors_of(module)):
            if make is None:
                raise _cannot_run(module, name, inputs, fault) from None
            again = make(CPU)
        try:
            run = _run(again, inputs, CPU, train=train)
        except (Exception, SystemExit) as second:
            raise _cannot_run(module, name, inputs, second) from None
        module = again
        notes = [
            *notes,
            f"it cannot run on meta tensors ({_short(reason(fault))}): run on the CPU"
            " with zeros",
        ]
    if train:
        notes.append("in training mode")
    return assembled(module, name, inputs, run, notes)


def _short(text: str) -> str:
    return text if len(text) < 120 else f"{text[:119]}…"


def _taken(module: nn.Module) -> list[inspect.Parameter]:
    """The parameters of forward, without types; none where they are not known."""
    try:
        found = inspect.signature(module.forward)
    except (TypeError, ValueError):
        return []
    every = found.parameters.values()
    return [one.replace(annotation=inspect.Parameter.empty) for one in every]


def _cannot_run(
    module: nn.Module, name: str, inputs: tuple[InputSpec, ...], fault: BaseException
) -> UsageError | UnmeasuredError:
    told = ", ".join(map(str, inputs))
    accepted = "a network that takes such an input; see --input"
    if "SparseTensorImpl" in str(fault):
        accepted = "a network without sparse tensors"
    if isinstance(fault, TypeError) and "argument" in str(fault):
        signature = _short(str(inspect.Signature(_taken(module))))
        accepted = f"inputs of forward{signature}: --input NAME:SHAPE names one"
    if "Long, Int" in str(fault) or "indices" in str(fault):
        accepted = "--input with a type, as in input_ids:1x128:int64"
    text = f"{name}: running on {told} raised {reason(fault)}"
    return broken(text) if is_broken(fault) else UsageError(text, accepted=accepted)


def _run(
    module: nn.Module, inputs: tuple[InputSpec, ...], device: str, *, train: bool
) -> Run:
    given = dict(module.named_parameters())
    state: dict[str, Tensor] = {}
    parameters: dict[str, Tensor] = given  # type: ignore[assignment] # one for many
    if device == META and not all(one.is_meta for one in _tensors_of(module)):
        state = _on_meta(module)
        parameters = {key: state[key] for key in given}
    recorder = Recorder(module, parameters)
    tensors = [_tensor(one, device) for one in inputs]
    positional, named = _given(tensors, inputs)
    names = _input_names(module, inputs)
    taken = tuple(
        (recorder.add_input(key, one), shape(one, 1 if one.dim() > 3 else -1))
        for key, one in zip(names, tensors, strict=True)
    )
    with (
        _mode(module, train=train),
        no_fast_path(),
        foreign_code(),
        torch.no_grad(),
        torch.device(device),
        recorder.following(),
        recorder,
    ):
        if state:
            out = functional_call(module, state, positional, named, tie_weights=False)
        else:
            out = module(*positional, **named)
    return Run(recorder, taken, recorder.nodes_of(out))


def _given(
    tensors: Sequence[Tensor], inputs: tuple[InputSpec, ...]
) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
    """The positional inputs, and those with a name."""
    pairs = list(zip(tensors, inputs, strict=True))
    positional = tuple(one for one, spec in pairs if not spec.name)
    return positional, {spec.name: one for one, spec in pairs if spec.name}


def _on_meta(module: nn.Module) -> dict[str, Tensor]:
    """Stand-ins without content for parameters and buffers, one of each tensor.

    Every module has its own under one path: torch puts back what it has replaced name
    by name, so that a module with two names would keep a stand-in.
    """
    made: dict[int, Tensor] = {}
    found = {}
    for path, part in module.named_modules():
        for name, one in (*part._parameters.items(), *part._buffers.items()):
            if one is not None:
                if id(one) not in made:
                    made[id(one)] = one.detach().to(META)
                found[f"{path}.{name}" if path else name] = made[id(one)]
    return found


def _tensors_of(module: nn.Module) -> Iterator[Tensor]:
    yield from module.parameters()
    yield from module.buffers()


def _tensor(spec: InputSpec, device: str) -> Tensor:
    dtype = getattr(torch, spec.dtype) if spec.dtype else torch.float32
    return torch.zeros(spec.dims, dtype=dtype, device=device)


def _input_names(module: nn.Module, inputs: tuple[InputSpec, ...]) -> list[str]:
    """The names of the inputs: as given, else those of the forward's parameters."""
    if len(inputs) == 1 and not inputs[0].name:
        return [INPUT]
    known = [one.name for one in _taken(module)]
    return [
        one.name or (known[at] if at < len(known) else f"{INPUT}{at + 1}")
        for at, one in enumerate(inputs)
    ]


@contextlib.contextmanager
def _mode(module: nn.Module, *, train: bool) -> Iterator[None]:
    """Evaluation or training mode, put back for each module afterwards."""
    before = {one: one.training for one in module.modules()}
    module.train(train)
    try:
        yield
    finally:
        for one, was in before.items():
            one.training = was


@contextlib.contextmanager
def no_fast_path() -> Iterator[None]:
    """Attention as its parts: torch's fused encoder layers hide them."""
    was = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was)
