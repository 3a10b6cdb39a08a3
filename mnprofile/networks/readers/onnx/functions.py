"""Local functions of an ONNX file, put in place of their calls."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mnprofile.base.errors import Place
from mnprofile.networks.readers.files.program import (
    Call,
    Function,
    ModelFile,
    ModelFileError,
    Program,
    Tensor,
    most_nodes,
)
from mnprofile.networks.readers.onnx.file import MAX_DEPTH, Reference

MAX_INLINED = 30_000  # nodes of functions, and calls of them


def inlined(file: ModelFile) -> Program:
    """The main graph without calls of local functions.

    Raises ModelFileError for functions that call themselves, and for too many nodes.
    """
    if not file.functions:
        return file.main
    inliner = _Inliner(file)
    calls = tuple(inliner.expand(file.main.calls, 0))
    tensors = {**file.main.tensors, **inliner.tensors}
    return replace(file.main, calls=calls, tensors=tensors)


class _Inliner:
    def __init__(self, file: ModelFile) -> None:
        self.file = file
        self.tensors: dict[str, Tensor] = {}
        self.made = 0
        self.most = min(MAX_INLINED, most_nodes(file.size))

    def expand(self, calls: tuple[Call, ...], depth: int) -> Iterator[Call]:
        for call in calls:
            # Names and modules are longer with every function within a function.
            self.made += 1 + len(call.name) // 256 + len(call.scopes) // 32
            if depth > MAX_DEPTH or self.made > self.most:
                raise ModelFileError(
                    f'the local function "{call.operator}" becomes too many nodes',
                    place=Place(self.file.path),
                    accepted=f"at most {self.most} nodes, {MAX_DEPTH} calls deep",
                )
            function = self.file.functions.get((call.domain, call.operator))
            if function is None:
                yield call
            else:
                yield from self._body(call, function, depth + 1)

    def _body(self, call: Call, function: Function, depth: int) -> Iterator[Call]:
        """The nodes of a function for one call, with names of their own."""
        program = function.program
        attributes = {**function.attributes, **call.attributes}
        prefix = f"{call.name or call.operator}#{self.made}/"
        names = {"": ""}
        names |= dict(zip(program.inputs, call.inputs, strict=False))
        names |= dict.fromkeys(program.inputs[len(call.inputs) :], "")
        names |= dict(zip(program.outputs, call.outputs, strict=False))
        for name, tensor in program.tensors.items():
            inner = names.setdefault(name, prefix + name)
            if inner not in self.file.main.tensors:
                self.tensors[inner] = replace(tensor, name=inner)
        body = tuple(
            replace(
                one,
                name=prefix + (one.name or one.operator),
                inputs=tuple(names.get(name, prefix + name) for name in one.inputs),
                outputs=tuple(names.setdefault(n, prefix + n) for n in one.outputs),
                attributes=_given(one.attributes, attributes),
                scopes=(*call.scopes, *one.scopes),
            )
            for one in program.calls
        )
        yield from self.expand(body, depth)


def _given(own: Mapping[str, object], outer: Mapping[str, object]) -> dict[str, object]:
    """Attributes with those put in that the function's caller gives."""
    return {
        name: outer.get(str(value)) if isinstance(value, Reference) else value
        for name, value in own.items()
    }
