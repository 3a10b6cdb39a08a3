"""Adding an operator touches its file and its torch twin; adding a block, one file.

Each is added here, and everything that counts, draws, explains or runs a network
handles it without a change.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

import mnprofile
from mnprofile.costs.counting import count
from mnprofile.costs.formula import Formula
from mnprofile.costs.formulas import derive
from mnprofile.costs.memory.liveness import live_sets, peak_elements
from mnprofile.costs.receptive_fields import node_fields
from mnprofile.evidence.profilers.totals import ledger
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.drawing import to_tree
from mnprofile.graph.graph import Graph, Tape
from mnprofile.graph.operators.convolution import Conv
from mnprofile.graph.operators.elementwise import BatchNorm
from mnprofile.graph.operators.op import Op, Shape, Window
from mnprofile.networks import blocks
from mnprofile.networks.blocks import registry
from mnprofile.networks.notation import architecture, styles
from tests.conftest import GOOD_V2, spoiled


@dataclass(frozen=True, slots=True)
class Patches(Op):
    """k x k patches, each made ``out`` channels: (c, h, w) -> (out, h/k, w/k)."""

    kind: ClassVar[str] = "patches"
    is_counted: ClassVar[bool] = True
    mixes_channels: ClassVar[bool] = True
    out: int
    kernel: int

    @property
    def type(self) -> str:
        return "Patches"

    @property
    def stride(self) -> int:
        return self.kernel

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return Shape(self.out, x.h // self.kernel, x.w // self.kernel)

    def weights(self, x: Shape) -> int:
        return self.kernel * self.kernel * x.c * self.out

    def windows(self, x: Shape) -> tuple[Window, Window]:
        return Window(self.kernel, self.kernel), Window(self.kernel, self.kernel)


def patched() -> Graph:
    tape = Tape(Shape(3, 32, 32))
    tape.move(layer="patches", block="patches", stage="s8")
    tape.add("patches.op", Patches(16, 8))
    tape.add("patches.bn", BatchNorm())
    tape.move(layer="head", block="head", stage="head")
    tape.add("head.conv", Conv(10, 1))
    return tape.graph(Configuration("made", "paper", 1.0, (32, 32), None, None, 0))


def test_an_added_operator_is_counted_explained_and_drawn() -> None:
    """By hand: 8 x 8 x 3 x 16 = 3,072 weights at 4 x 4 = 16 positions."""
    graph = patched()
    counted = count(graph)
    layer = counted.layers[0]
    derived = derive(graph.nodes[:2])
    formula = Formula(derived.macs, derived.meanings)

    assert (layer.figures.weights, layer.figures.macs) == (3_072, 49_152)
    assert (layer.op, layer.type, layer.kernel) == ("patches", "Patches", 8)
    assert counted.totals.macs == 49_152 + 160 * 16
    assert peak_elements(live_sets(graph)) == 3 * 32 * 32 + 16 * 16
    assert node_fields(graph)["head.conv"].h.size == 8
    assert formula.value == 49_152
    assert formula.text == "D_K·D_K·M·N·D_G·D_G"
    assert ledger(graph)["fvcore"].total == 49_152 + 2_560 + 2 * 256
    assert "Patches / s8, bn -> 4x4x16" in "\n".join(to_tree(graph))


def test_an_added_operator_runs_in_torch_once_it_has_a_twin() -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("fvcore")
    from mnprofile.evidence.profilers.torch_twin import twin

    @twin.register
    def _(op: Patches, channels: tuple[int, ...], writing: object) -> Any:
        return torch.nn.Conv2d(channels[0], op.out, op.kernel, op.kernel, bias=False)

    checked = mnprofile.check(patched())

    assert checked.agrees
    assert checked.layers[0].fvcore_macs == 49_152


BLOCK = '''
"""A pointwise convolution under its own name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mnprofile.networks.notation.cells import OperatorWord
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class MixRow(Row):
    out: int

    words: ClassVar[Mapping[str, OperatorWord]] = {"mix": OperatorWord()}

    def build(self, to):
        block, *_ = to.begin()
        to.convolution(block, to.conv(to.channels(self, self.out), 1), "relu6")
'''
STYLE = '''
"""Two columns and no more."""

from mnprofile.networks.notation.cells import channels
from mnprofile.networks.notation.styles.style import ValueColumn, by_columns

STYLE = by_columns("short", "a short paper", ValueColumn("width", "out", channels))
'''


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules count as blocks and as styles."""
    for package in (blocks, styles):
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    caches = (registry.by_word, registry.block_of, architecture.style_names)
    for cache in caches:
        cache.cache_clear()
    yield tmp_path
    for cache in caches:
        cache.cache_clear()
    for name in [name for name in sys.modules if name.endswith(("zz_mix", "zz_short"))]:
        del sys.modules[name]


def test_an_added_block_is_one_file(added: Path) -> None:
    (added / "zz_mix.py").write_text(BLOCK, encoding="utf-8")
    table = spoiled(
        GOOD_V2,
        (
            "| 16²×8  | bottleneck  | 6 | 16 | 2 | 2 |\n| 8²×16 ",
            "| 16²×8  | mix         | - | 16 | 1 | 1 |\n| 16²×16",
        ),
        ("| 8²×32  | avgpool 8x8 ", "| 16²×32 | avgpool 16x16 "),
    )
    counted = count(mnprofile.build(mnprofile.parse(table)))
    layer = next(layer for layer in counted.layers if layer.name == "block1")

    assert layer.figures.macs == 8 * 16 * 16 * 16


def test_an_added_style_is_one_file(added: Path) -> None:
    (added / "zz_short.py").write_text(STYLE, encoding="utf-8")
    table = """\
```toml
name = "short"
scaling = "v2"
resolution = 8
activation = "relu"
```

| Input | Operator | width |
|---|---|---|
| 8²×3 | conv2d 1x1 | 4 |
"""
    arch = mnprofile.parse(table)

    assert arch.style.name == "short"
    assert count(mnprofile.build(arch)).totals.macs == 3 * 4 * 8 * 8
