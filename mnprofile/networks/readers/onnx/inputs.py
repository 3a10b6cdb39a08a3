"""The sizes of an ONNX file's inputs, and what they say of all other tensors."""

from collections.abc import Iterable

from mnprofile.base.errors import Place, UsageError, nearest
from mnprofile.networks.readers.files.finishing import MAP_RANK
from mnprofile.networks.readers.files.program import Dim, Dims, Program, Tensor
from mnprofile.networks.readers.inputs import InputSpec, ReadRequest


class Sizes:
    """The inputs of a run: their dimensions, and the names of dimensions.

    ``fixed_again`` is whether an input differs from what the file fixes, so that its
    shapes of other tensors are not those of this run.
    """

    def __init__(self, program: Program, path: str, asked: ReadRequest) -> None:
        self.path = path
        self.symbols: dict[str, int] = {}
        self.inputs: dict[str, Dims] = {}
        self.notes: list[str] = []
        self.fixed_again = False
        tensors = [program.tensors[name] for name in program.inputs]
        given = self._given(asked, tensors)
        for tensor in tensors:
            if tensor.name in given:
                self._take(tensor, given[tensor.name])
        for tensor in tensors:
            if tensor.name not in given:
                self.inputs[tensor.name] = self._complete(tensor, asked.resolution)
        self.inputs = {one.name: self.inputs[one.name] for one in tensors}
        self.batch = self._batch(tensors)

    def _given(self, asked: ReadRequest, tensors: list[Tensor]) -> dict[str, InputSpec]:
        """What --input says, by name; without one the inputs in order."""
        names = [one.name for one in tensors]
        given: dict[str, InputSpec] = {}
        free = iter(
            name for name in names if name not in {one.name for one in asked.inputs}
        )
        for one in asked.inputs:
            name = one.name or next(free, "")
            if name not in names:
                raise UsageError(
                    f'--input: there is no input "{one.name or one}"',
                    place=Place(self.path),
                    accepted=", ".join(map(_told, tensors)) or "no inputs",
                    suggestion=nearest(name, names) if name else None,
                )
            given[name] = one
        return given

    def _take(self, tensor: Tensor, given: InputSpec) -> None:
        dims = given.dims
        stated = tensor.dims
        if stated is not None:
            if len(stated) != len(dims):
                raise UsageError(
                    f"--input: {given} has {len(dims)} dimensions",
                    place=Place(self.path),
                    accepted=_told(tensor),
                )
            for side, one in zip(dims, stated, strict=True):
                if isinstance(one, int):
                    self.fixed_again |= one != side
                elif one and self.symbols.setdefault(one, side) != side:
                    raise UsageError(
                        f'--input: "{one}" is {self.symbols[one]} and {side}',
                        place=Place(self.path),
                        accepted=_told(tensor),
                    )
        self.inputs[tensor.name] = dims

    def _complete(self, tensor: Tensor, image: tuple[int, int] | None) -> Dims:
        """The dimensions of an input: an unknown batch is 1, the rest must be known."""
        if tensor.dims is None:
            self._ask(tensor, "its shape is")
        dims = tensor.dims or ()
        if image and len(dims) == MAP_RANK:
            for one, side in zip(dims[2:], image, strict=True):
                if isinstance(one, int):
                    self.fixed_again |= one != side
                elif one:
                    self.symbols[one] = side
            dims = (*dims[:2], *image)
        found = self._known(dims)
        if found and found[0] == 0:
            found = (1, *found[1:])
            name, what = dims[0], "batch"
            if isinstance(name, str) and name:
                self.symbols[name] = 1
                what = f'batch "{name}"'
            self.notes.append(f"{tensor.name}: the {what} is taken as 1")
        missing = [str(dims[at] or "?") for at, side in enumerate(found) if side == 0]
        if missing:
            self._ask(
                tensor, f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'}"
            )
        return found

    def _known(self, dims: Iterable[Dim]) -> Dims:
        """The sizes of dimensions, 0 where they are not known."""
        return tuple(
            one if isinstance(one, int) else self.symbols.get(one, 0) for one in dims
        )

    def _ask(self, tensor: Tensor, what: str) -> None:
        raise UsageError(
            f'the input "{tensor.name}" is {_told(tensor)}: {what} not known',
            place=Place(self.path),
            accepted=f"--input {tensor.name}:SHAPE, such as {_example(tensor)}",
        )

    def _batch(self, tensors: Iterable[Tensor]) -> int:
        """The batch, by which all figures are divided: that of the images, else 1."""
        for tensor in tensors:
            dims = self.inputs[tensor.name]
            if len(dims) >= MAP_RANK and dims[0] > 1:
                self.notes.append(
                    f"{tensor.name}: the batch is {dims[0]}; figures are per sample"
                )
                return dims[0]
        return 1

    def of(self, program: Program) -> dict[str, Dims]:
        """The shapes that the file gives, with the sizes of its inputs put in."""
        if self.fixed_again:
            return dict(self.inputs)
        found = {}
        for name, tensor in program.tensors.items():
            dims = self._known(tensor.dims or ())
            if tensor.dims is not None and 0 not in dims and not tensor.is_stored:
                found[name] = dims
        return {**found, **self.inputs}


def _told(tensor: Tensor) -> str:
    """An input as --input writes it, with what is not known by its name."""
    if tensor.dims is None:
        return f"{tensor.name}:?"
    return f"{tensor.name}:{'x'.join(str(one or '?') for one in tensor.dims) or '1'}"


def _example(tensor: Tensor) -> str:
    dims = tensor.dims or ("", 3, "", "")
    usual = (1, 3, 224, 224) if len(dims) == MAP_RANK else (1, *(128,) * len(dims))
    sides = (
        one if isinstance(one, int) else side
        for one, side in zip(dims, usual, strict=False)
    )
    return f"{tensor.name}:{'x'.join(map(str, sides))}"
