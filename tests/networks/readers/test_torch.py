"""PyTorch networks read as graphs: figures by hand, by torch, and by brute force."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.utils.flop_counter import FlopCounterMode

import mnprofile
from mnprofile.base.errors import UsageError
from mnprofile.costs.counting import count
from mnprofile.costs.memory.liveness import live_sets, peak_elements
from mnprofile.graph.graph import Graph
from mnprofile.graph.operators.joining import Scale
from mnprofile.graph.operators.op import TensorShape
from mnprofile.networks.readers.torch_modules import from_torch
from mnprofile.views.sheets.ledger import ledger_document
from tests.sampling import sampled


def flops(module: nn.Module, *inputs: Tensor) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module.eval()(*inputs)
    return int(counter.get_total_flops())


def params(module: nn.Module) -> int:
    return sum(one.numel() for one in module.parameters())


def macs(graph: Graph) -> int:
    return count(graph).totals.macs


@pytest.mark.parametrize("name", ["v1", "v2", "v3-large", "v3-small"])
@pytest.mark.parametrize("alpha", sampled([0.5, 0.75, 1.0], keep=[0.75]))
def test_our_networks_in_torch_are_read_as_their_tables(
    name: str, alpha: float
) -> None:
    """Layer for layer: the twin has the table's layer names."""
    impl = "timm" if name == "v1" else "torchvision"
    graph = mnprofile.build(name, alpha=alpha, impl=impl)
    found = from_torch(mnprofile.to_torch(graph), (1, 3, 224, 224))
    table, code = count(graph), count(found)

    assert code.totals == table.totals
    assert [
        (one.kernel, one.stride, one.groups, one.type, one.figures)
        for one in code.layers
    ] == [
        (one.kernel, one.stride, one.groups, one.type, one.figures)
        for one in table.layers
    ]
    assert [one.in_shape.c for one in code.layers] == [
        one.in_shape.c for one in table.layers
    ]
    assert [one.out_shape.positions for one in code.layers] == [
        one.out_shape.positions for one in table.layers
    ]
    assert peak_elements(live_sets(found)) == peak_elements(live_sets(graph))


class Block(nn.Module):
    """Squeeze-excite, a shortcut, and a reused activation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=4)
        self.down = nn.Conv2d(channels, 2, 1)
        self.up = nn.Conv2d(2, channels, 1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.conv2(y)
        s = self.up(self.relu(self.down(F.adaptive_avg_pool2d(y, 1))))
        z: Tensor = self.relu(y * s.sigmoid() + x)
        return z


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2, 1)
        self.stages = nn.Sequential(Block(8), Block(8))
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.head(self.stages(self.stem(x)).mean((2, 3)))
        return y


def test_layers_blocks_stages_and_types_follow_from_the_module_tree() -> None:
    graph = from_torch(Small(), (1, 3, 32, 32))
    layers = {one.name: one for one in count(graph).layers}

    assert list(layers) == [
        "stem",
        *(
            f"stages.{at}.{name}"
            for at in (0, 1)
            for name in ("conv1", "conv2", "down", "up")
        ),
        "head",
    ]
    assert [one.type for one in layers.values()][:5] == [
        "Conv 3x3",
        "Conv 3x3",
        "Conv 3x3 g4",
        "SE",
        "SE",
    ]
    assert layers["head"].type == "Fully Connected"
    assert {one.block for one in layers.values()} == {
        "stem",
        "stages.0",
        "stages.1",
        "head",
    }
    assert {one.stage for one in layers.values()} == {"s2", "head"}
    assert layers["stages.0.conv1"].figures.bn_affine == 16
    assert layers["stages.0.down"].stage == "s2"
    assert sum(isinstance(node.op, Scale) for node in graph) == 2
    origin = layers["stages.0.conv1"].origin
    lines = Path(__file__).read_text("utf-8").split("\n")
    assert origin.source == "test_torch.py"
    assert origin.line is not None
    assert lines[origin.line - 1] == "class Block(nn.Module):"


def test_a_module_called_twice_is_counted_twice_and_its_parameters_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.layer(self.layer(x))
            return y

    counted = count(from_torch(Twice(), (1, 4)))

    assert counted.totals.macs == 2 * 16
    assert counted.totals.params == 20
    assert [one.name for one in counted.layers] == ["layer", "layer#2"]


def test_tied_weights_are_one_parameter() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(10, 4)
            self.out = nn.Linear(4, 10)
            self.out.weight = self.words.weight

        def forward(self, ids: Tensor) -> Tensor:
            y: Tensor = self.out(self.words(ids))
            return y

    module = Tied()
    totals = count(from_torch(module, {"ids": torch.zeros(1, 3).long()})).totals

    assert totals.macs == 3 * 40
    assert totals.params == params(module) == 50
    assert (totals.other_params, totals.weights, totals.biases) == (40, 0, 10)


def test_parameters_that_the_run_does_not_use_have_a_row_of_their_own() -> None:
    class Auxiliary(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.auxiliary = nn.Linear(4, 4), nn.Linear(4, 100)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.layer(x)
            return y + self.auxiliary(x).sum() if self.training else y

    module = Auxiliary()
    counted = count(from_torch(module, (1, 4)))
    (last,) = (one for one in counted.layers if one.name == "not used in this run")

    assert last.figures.params == 500
    assert counted.totals.params == params(module)
    assert counted.totals.macs == 16
    assert count(from_torch(module, (1, 4), train=True)).totals.macs == 16 + 400


class Attention(nn.Module):
    def __init__(self, how: str) -> None:
        super().__init__()
        self.qkv, self.out, self.how = nn.Linear(16, 48), nn.Linear(16, 16), how

    def forward(self, x: Tensor) -> Tensor:
        n, length, _ = x.shape
        q, k, v = self.qkv(x).view(n, length, 3, 4, 4).permute(2, 0, 3, 1, 4)
        if self.how == "fused":
            y = F.scaled_dot_product_attention(q, k, v)
        elif self.how == "einsum":
            a = torch.einsum("bhid,bhjd->bhij", q, k).softmax(-1)
            y = torch.einsum("bhij,bhjd->bhid", a, v)
        else:
            y = (q @ k.transpose(-1, -2)).softmax(-1) @ v
        z: Tensor = self.out(y.transpose(1, 2).reshape(n, length, 16))
        return z


@pytest.mark.parametrize("how", ["fused", "einsum", "matmul"])
def test_attention_is_never_zero(how: str) -> None:
    """10 tokens, 4 heads of 4: 2 x 4 x 10 x 10 x 4, besides 10 x 16 x (48 + 16)."""
    assert macs(from_torch(Attention(how), (1, 10, 16))) == 3_200 + 10_240


@pytest.mark.parametrize("train", [False, True])
def test_torch_s_own_encoder_layer_hides_no_attention(train: bool) -> None:
    """Projections 4 x 10 x 16², attention 2 x 10² x 16, MLP 2 x 10 x 16 x 32."""
    module = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    was = torch.backends.mha.get_fastpath_enabled()
    counted = count(from_torch(module, (1, 10, 16), train=train))

    assert counted.totals.macs == 10_240 + 3_200 + 10_240
    assert counted.totals.params == params(module)
    assert torch.backends.mha.get_fastpath_enabled() == was
    assert module.training


def test_a_network_that_attends_on_the_cpu_is_counted_there_too() -> None:
    """What runs on the CPU calls fused attention, one operator."""

    class OnCpu(Attention):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x + float(torch.ones(1).sum()))

    graph = from_torch(OnCpu("fused"), (1, 10, 16))

    assert macs(graph) == 3_200 + 10_240
    assert "cannot run on meta tensors" in graph.notes[0]


def test_the_ledger_names_attention_that_a_profiler_does_not_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The fused operator: 3,200 multiply-adds. fvcore has no handle for it."""
    fused = mnprofile.ledger(from_torch(Attention("fused"), (1, 10, 16)))
    products = mnprofile.ledger(from_torch(Attention("matmul"), (1, 10, 16)))
    text = ledger_document(fused, [], ()).text("table")

    assert fused["fvcore"].total == 10_240
    assert products["fvcore"].total == 10_240 + 3_200
    assert fused["FlopCounterMode"].total == 2 * (10_240 + 3_200)
    assert (
        "No count for 3200 multiply-adds in scaled_dot_product_attention: fvcore"
        in text
    )
    assert (
        "on a CPU it has no count for scaled_dot_product_attention and prints" in text
    )


def test_bert_base_at_128_tokens() -> None:
    """By hand, per layer: 4 x 768² x 128 projections, 2 x 768 x 3072 x 128 MLP, 2 x
    128² x 768 attention; 12 layers and the pooler's 768². Parameters as published for
    bert-base-uncased: 109,482,240."""
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig()
    with torch.device("meta"):
        module = transformers.BertModel(config)
    ids = torch.zeros(1, 128, dtype=torch.int64)
    counted = count(from_torch(module, {"input_ids": ids}))
    layer = 4 * 768**2 * 128 + 2 * 768 * 3072 * 128 + 2 * 128**2 * 768

    assert layer == 931_135_488
    assert counted.totals.macs == 12 * 931_135_488 + 589_824 == 11_174_215_680
    assert counted.totals.params == 109_482_240
    assert not counted.graph.unknown
    assert "encoder.layer.0" in {one.block for one in counted.layers}


def lstm_macs(steps: int, taken: int, hidden: int, layers: int, both: int) -> int:
    """One multiply-add at a time, as the cell is defined."""
    total = 0
    for layer in range(layers):
        for _ in range(both * steps):
            for _ in range(4 * hidden):
                total += taken if layer == 0 else hidden * both
                total += hidden
    return total


@pytest.mark.parametrize(("layers", "both"), [(1, 1), (2, 1), (2, 2)])
def test_an_lstm_against_brute_force(layers: int, both: int) -> None:
    module = nn.LSTM(5, 6, layers, batch_first=True, bidirectional=both == 2)
    counted = count(from_torch(module, (1, 7, 5)))
    (layer,) = counted.layers

    assert layer.type == "LSTM"
    assert counted.totals.macs == lstm_macs(7, 5, 6, layers, both)
    assert counted.totals.params == params(module)


def test_a_cell_in_a_loop_is_its_matrix_products() -> None:
    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.GRUCell(5, 6)

        def forward(self, x: Tensor) -> Tensor:
            h = x.new_zeros(1, 6)
            for at in range(7):
                h = self.cell(x[:, at], h)
            return h

    module = Loop()
    totals = count(from_torch(module, (1, 7, 5))).totals

    assert totals.macs == 7 * 3 * 6 * (5 + 6)
    assert totals.params == params(module)


MODULES: list[tuple[nn.Module, tuple[int, ...]]] = [
    (nn.ConvTranspose2d(3, 4, 3, 2, 1, 1), (1, 3, 5, 6)),
    (nn.Conv1d(3, 6, 3, groups=3), (1, 3, 9)),
    (nn.Conv3d(3, 4, (1, 3, 3), (1, 2, 2)), (1, 3, 4, 8, 8)),
    (nn.Conv2d(3, 4, 3, padding="same", padding_mode="reflect"), (1, 3, 8, 8)),
    (nn.Linear(4, 5), (1, 2, 3, 4)),
    (nn.MultiheadAttention(8, 2, batch_first=True), (1, 3, 8)),
    (nn.Sequential(nn.Conv2d(4, 8, 1), nn.GroupNorm(2, 8), nn.GELU()), (1, 4, 6, 6)),
    (nn.Sequential(nn.InstanceNorm2d(4, affine=True), nn.PReLU(4)), (1, 4, 6, 6)),
    (nn.Sequential(nn.Conv2d(4, 8, 1), nn.GLU(1), nn.Conv2d(4, 2, 1)), (1, 4, 6, 6)),
    (nn.Sequential(nn.PixelShuffle(2), nn.Conv2d(1, 2, 3)), (1, 4, 6, 6)),
    (nn.Sequential(nn.ChannelShuffle(2), nn.MaxPool2d(3, 2, 1)), (1, 4, 6, 6)),
    (nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 8, 3)), (1, 4, 6, 6)),
    (nn.Sequential(nn.LayerNorm(8), nn.RMSNorm(8), nn.Softmax(-1)), (1, 5, 8)),
]


@pytest.mark.parametrize(("module", "dims"), MODULES)
def test_modules_cost_what_torch_counts(
    module: nn.Module, dims: tuple[int, ...]
) -> None:
    inputs: Any = dims
    args: tuple[Tensor, ...] = (torch.zeros(dims),)
    if isinstance(module, nn.MultiheadAttention):
        inputs, args = [dims] * 3, args * 3
    torch.backends.mha.set_fastpath_enabled(False)
    graph = from_torch(module, inputs)
    totals = count(graph).totals

    assert not graph.unknown
    assert totals.params == params(module)
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        assert 2 * totals.macs == flops(module, *args)
    torch.backends.mha.set_fastpath_enabled(True)


@pytest.mark.parametrize(("module", "dims"), MODULES)
def test_every_operator_s_own_rule_gives_the_shape_of_the_run(
    module: nn.Module, dims: tuple[int, ...]
) -> None:
    graph = from_torch(module, [dims] * 3 if "Multihead" in str(module) else dims)

    for node in graph:
        if node.op.is_counted or node.op.windows(node.in_shape):
            found = node.op.out_shape(node.in_shape, *node.other_shapes)
            assert found.dims == node.out_shape.dims, node


def test_a_view_takes_no_memory_and_keeps_its_base() -> None:
    class Views(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            y = x.exp()
            view = y.view(1, 4, 6).transpose(1, 2)
            z = torch.cat([y.view(1, -1), y.view(1, -1)], 1)
            return view.sum() + z.sum()

    steps = {step.name: step for step in live_sets(from_torch(Views(), (1, 2, 12)))}

    assert steps["concatenate"].elements == 24 + 48
    assert steps["sum"].elements == 24 + 48 + 1


def test_an_operator_in_place_writes_to_its_base() -> None:
    class InPlace(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            y = torch.zeros_like(x)
            y[:, 1:] += x[:, 1:].exp()
            return y.relu()

    graph = from_torch(InPlace(), (1, 4, 8))

    assert [node.op.kind for node in graph][-1] == "activation"
    assert graph.nodes[-1].inputs == (graph.nodes[-2].name,)


def test_an_operator_without_a_rule_is_named() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bilinear, self.end = nn.Bilinear(4, 4, 5), nn.Linear(5, 2)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.end(self.bilinear(x, x))
            return y

    graph = from_torch(Odd(), (1, 4))

    assert [(one.type, one.layer) for one in graph.unknown] == [
        ("aten::_trilinear", "bilinear")
    ]
    assert macs(graph) == 10


def test_the_module_stays_as_it_was() -> None:
    module = Small()
    module.stages[0].eval()
    before = {
        name: (one.device, one.sum()) for name, one in module.state_dict().items()
    }
    modes = [one.training for one in module.modules()]

    from_torch(module, (1, 3, 32, 32), train=True)

    assert [one.training for one in module.modules()] == modes
    assert before == {
        name: (one.device, one.sum()) for name, one in module.state_dict().items()
    }
    assert not module.stem._forward_hooks


def test_a_product_with_a_side_of_one_is_a_matrix_product() -> None:
    class Vector(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.softmax(-1) @ x.transpose(0, 1)

    assert macs(from_torch(Vector(), (1, 49))) == 49


class _Permuted(nn.Module):
    """Its indices are a list: a tensor that torch makes, and frees after its use."""

    var: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("var", torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(5):
            x = x[:, [2, 0, 3, 1]] / (self.var**0.5 + 1e-8)
        return x


def test_what_takes_the_place_of_a_freed_constant_is_not_that_constant() -> None:
    """Nothing depends on an input but five selections and five divisions."""
    nodes = from_torch(_Permuted(), (1, 4)).nodes
    assert [one.type for one in nodes if one.inputs] == ["index", "div"] * 5


def test_shapes_of_tokens_are_their_dimensions() -> None:
    graph = from_torch(nn.Linear(4, 5), (1, 7, 4))

    assert graph.nodes[0].out_shape == TensorShape((7, 5))
    assert graph.inputs == (("input", TensorShape((7, 4))),)
    assert graph.config.inputs == ("1x7x4",)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ((1, 4), ["input"]),
        ([(1, 4), (1, 4)], ["x", "other"]),
        ({"x": (1, 4), "other": (1, 4)}, ["x", "other"]),
        (torch.zeros(1, 4), ["input"]),
    ],
)
def test_inputs_by_shape_tensor_and_name(given: Any, names: list[str]) -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
            return x if other is None else x * other

    assert [name for name, _ in from_torch(Two(), given).inputs] == names


def test_inputs_that_are_none() -> None:
    for wrong in ("1x3", 3, None, [1.5]):
        with pytest.raises(UsageError, match="is not an input"):
            from_torch(nn.ReLU(), wrong)


def test_a_batch_is_said() -> None:
    graph = from_torch(nn.Linear(4, 5), (8, 4))

    assert macs(graph) == 8 * 20
    assert graph.notes == ("figures are of one run with 8x4, a batch of 8",)


def test_another_input_is_refused_with_the_place() -> None:
    with pytest.raises(UsageError) as caught:
        from_torch(Small(), (1, 4, 32, 32), name="small")

    assert caught.value.message.startswith("small: running on 1x4x32x32 raised Runtime")
    with pytest.raises(UsageError, match="input_ids:1x128:int64"):
        from_torch(nn.Embedding(4, 2), (1, 3))
