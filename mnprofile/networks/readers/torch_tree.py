"""Layers, blocks, stages and sources of a network, from its module tree."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from torch import nn

from mnprofile.graph.graph import Origin
from mnprofile.graph.operators.op import Shape

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


class ModuleTree:
    """The modules of a network by path."""

    def __init__(self, root: nn.Module) -> None:
        self.modules = dict(root.named_modules())
        self._holds: dict[nn.Module, bool] = {}

    def block(self, path: str) -> str:
        """The unit that a module belongs to: the innermost repeated one that has parts.

        Containers, and modules that hold a series of like modules (an encoder with its
        layers), are passed through: ``encoder.layers.3.mlp.0`` -> ``encoder.layers.3``.
        """
        parts = path.split(".") if path else []
        for at in range(1, len(parts) + 1):
            here = ".".join(parts[:at])
            module = self.modules.get(here)
            if module is None:
                return here
            if type(module) not in _CONTAINERS and not self._holds_series(module):
                return here
        return path

    def _holds_series(self, module: nn.Module) -> bool:
        """Whether a series of like modules with parts is somewhere below."""
        if module not in self._holds:
            children = list(module.children())
            is_one = isinstance(module, _CONTAINERS) and _is_series(children)
            self._holds[module] = is_one or any(map(self._holds_series, children))
        return self._holds[module]

    def origin(self, path: str) -> Origin:
        """The source of the class of a module, or of the one around a torch module."""
        parts = path.split(".") if path else []
        for at in range(len(parts), -1, -1):
            module = self.modules.get(".".join(parts[:at]))
            kind: Any = type(module)
            if module is not None and not kind.__module__.startswith("torch."):
                return Origin(*_source(kind), text=kind.__qualname__)
        return Origin("", text=path)


def _is_series(children: Iterable[nn.Module]) -> bool:
    kinds = [type(one) for one in children]
    parts = [any(True for _ in one.children()) for one in children]
    alike = len(kinds) > 1 and len(set(kinds)) == 1 and all(parts)
    # A convolution with its norm is a Sequential; three of them make a block.
    return alike and not issubclass(kinds[0], _CONTAINERS)


@cache
def _source(kind: Any) -> tuple[str, int | None]:
    """The file and line of a class. The line is searched for: inspect takes long."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    lines = _lines(file) if file else ()
    words = re.compile(rf"\s*class {re.escape(kind.__name__)}\b")
    line = next((at for at, text in enumerate(lines, 1) if words.match(text)), None)
    return Path(file).name if file else kind.__module__, line


@cache
def _lines(file: str) -> tuple[str, ...]:
    try:
        return tuple(Path(file).read_text("utf-8", "replace").splitlines())
    except OSError:
        return ()


def stage_of(shape: Shape, image: tuple[int, ...]) -> str:
    """The stage that a map of this shape is in: s16, or head once there is no map.

    ``image`` are the sizes of the input's axes.
    """
    if shape.positions <= 1:
        return "head"
    ratio = math.prod(image) / shape.positions
    steps = round(math.log2(ratio) / len(image)) if ratio > 1 else 0
    return f"s{2 ** max(steps, 0)}"


def stages(
    outputs: Mapping[str, Shape], image: tuple[int, ...] | None
) -> dict[str, str]:
    """The stage of each block, by the shape that it gives on."""
    if image is None:
        # The container of a block, or the block outside of any.
        return {block: block.rpartition(".")[0] or block for block in outputs}
    found = {block: stage_of(shape, image) for block, shape in outputs.items()}
    # A map that is pooled within the network (squeeze-excite) does not begin the head.
    order = list(found)
    last = max(
        (at for at, block in enumerate(order) if found[block] != "head"), default=-1
    )
    for at, block in enumerate(order[:last]):
        if found[block] == "head":
            before = [found[one] for one in order[:at] if found[one] != "head"]
            found[block] = before[-1] if before else found[order[last]]
    return found
