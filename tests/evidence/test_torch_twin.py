"""The torch twin: a real network with the graph's names, made without counting."""

import warnings

import pytest
import torch
from torch import nn

import mnprofile
from mnprofile.base import extras
from mnprofile.base.errors import MissingExtraError, UsageError
from mnprofile.evidence.profilers.torch_style import Style
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Origin, Position, Tape
from mnprofile.graph.operators.convolution import CENTRED, Conv, Depthwise, Explicit
from mnprofile.graph.operators.elementwise import Activation, BatchNorm
from mnprofile.graph.operators.joining import Add, Concatenate, Multiply, Scale
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.op import GraphError, Op, Shape
from mnprofile.graph.operators.pooling import GlobalPool
from tests.conftest import SAMPLE, VARIANTS
from tests.sampling import sampled

BLOCKS = [name for name in SAMPLE if name not in VARIANTS]


def built(
    arch: str, alpha: float, side: int, width: int = 0, classes: int | None = None
) -> Graph:
    """A table at a width, if it has width rules, and a size, if that is not too small:
    AlexNet's first windows need 63 pixels."""
    table = mnprofile.load(arch)
    least = 64 if arch == "alexnet" else 1
    return mnprofile.build(
        table,
        alpha=alpha if table.scaling["paper"].scales else 1.0,
        resolution=(max(side, least), max(width or side, least)),
        classes=classes,
    )


def graph_of(channels: int, size: int, *parts: tuple[str, Op]) -> Graph:
    """A chain of named operators on a square image."""
    tape = Tape(Shape(channels, size, size))
    for name, op in parts:
        layer = name.rpartition(".")[0] or name
        tape.at = Position(layer, layer, "s1", Origin("<test>"))
        tape.add(name, op)
    config = Configuration("chain", "paper", 1.0, (size, size), None, None, 0)
    return tape.graph(config)


def elements(network: nn.Module) -> tuple[int, int]:
    """Parameters, and buffers without batch norm's count of batches."""
    params = sum(one.numel() for one in network.parameters())
    return params, sum(b.numel() for b in network.buffers() if b.is_floating_point())


@pytest.mark.parametrize("alpha", [0.5, 1.0])
@pytest.mark.parametrize("arch", SAMPLE)
def test_parameters_and_buffers_are_ours(arch: str, alpha: float) -> None:
    graph = built(arch, alpha, 96, 33)
    totals = mnprofile.count(graph).totals
    with torch.device("meta"):
        network = mnprofile.to_torch(graph)

    assert elements(network) == (totals.params, totals.buffers)


def test_mobilenet_v2_has_torchvisions_parameters() -> None:
    """3,504,872: torchvision's published num_params of mobilenet_v2."""
    network = mnprofile.to_torch(mnprofile.build("v2"))

    assert elements(network)[0] == 3_504_872


@pytest.fixture
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every counting rule raises."""

    def refuse(*_: object) -> int:
        raise AssertionError("the second opinion asked the first one")

    for kind in (Op, Conv, Depthwise, Linear, BatchNorm, Activation, GlobalPool, Add):
        for rule in ("weights", "biases", "bn_affine", "buffers"):
            monkeypatch.setattr(kind, rule, refuse)


@pytest.mark.usefixtures("uncounted")
@pytest.mark.parametrize("arch", sampled(SAMPLE, keep=BLOCKS))
def test_forward_gives_classes_and_backward_reaches_every_parameter(arch: str) -> None:
    """The twin is built and runs without counting."""
    graph = built(arch, 0.5, 33, classes=7)
    with pytest.raises(AssertionError, match="asked the first one"):
        mnprofile.count(graph)
    network = mnprofile.to_torch(graph)

    scores = network(torch.randn(2, 3, *graph.config.resolution))
    scores.square().sum().backward()

    assert scores.shape == (2, 7)
    assert all(one.grad is not None for one in network.parameters())


def test_training_lowers_the_loss() -> None:
    torch.manual_seed(0)
    parts = (
        ("stem.conv", Conv(8, 3, 2)),
        ("stem.bn", BatchNorm()),
        ("stem.act", Activation("relu6")),
        ("pool", GlobalPool()),
        ("classifier.linear", Linear(3)),
    )
    network = mnprofile.to_torch(graph_of(3, 8, *parts)).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05)
    images, labels = torch.randn(6, 3, 8, 8), torch.tensor([0, 1, 2, 0, 1, 2])
    losses = []
    for _ in range(10):
        loss = nn.functional.cross_entropy(network(images), labels)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss.detach()))

    assert losses[-1] < losses[0]


@pytest.mark.parametrize("arch", ["v1", "v2", "v3-large"])
def test_every_node_is_a_module_of_its_name(arch: str) -> None:
    graph = mnprofile.build(arch, resolution=32)
    paths = {path for path, _ in mnprofile.to_torch(graph).named_modules()}

    assert {node.name for node in graph} <= paths
    assert {node.layer for node in graph} <= paths


def test_modules_are_what_the_table_says() -> None:
    """Table 2 of the V2 paper, line 4: 24 -> 32 channels, stride 2, expansion 6."""
    network = mnprofile.to_torch(mnprofile.build("v2"))
    depthwise = network.get_submodule("block4.depthwise.conv")

    assert isinstance(depthwise, nn.Conv2d)
    assert (depthwise.in_channels, depthwise.groups) == (144, 144)
    assert (depthwise.kernel_size, depthwise.stride) == ((3, 3), (2, 2))
    assert isinstance(network.get_submodule("block4.depthwise.act"), nn.ReLU6)


@pytest.mark.parametrize("style", ["functional", "module"])
def test_both_styles_compute_the_same(style: Style) -> None:
    graph = mnprofile.build("v3-small", alpha=0.5, resolution=40, classes=5)
    ours = mnprofile.to_torch(graph).eval()
    other = mnprofile.to_torch(graph, pooling=style, activations=style).eval()
    other.load_state_dict(ours.state_dict())
    images = torch.randn(1, 3, 40, 40)

    assert torch.equal(ours(images), other(images))


def test_pooling_is_a_module_only_where_asked() -> None:
    graph = mnprofile.build("v2", resolution=32)

    assert isinstance(
        mnprofile.to_torch(graph, pooling="module").get_submodule("pool"),
        nn.AdaptiveAvgPool2d,
    )
    assert not isinstance(
        mnprofile.to_torch(graph).get_submodule("pool"), nn.AdaptiveAvgPool2d
    )


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(UsageError, match="functional, module"):
        mnprofile.to_torch(mnprofile.build("v2"), pooling="mean")  # type: ignore[arg-type]


@pytest.mark.parametrize("stride", [8, 16])
def test_dilation_keeps_the_map_at_the_output_stride(stride: int) -> None:
    """DeepLab's output stride: 64 / 8 = 8 and 64 / 16 = 4 before pooling."""
    graph = mnprofile.build("v2", resolution=64, output_stride=stride)
    network = mnprofile.to_torch(graph)
    seen: list[torch.Tensor] = []
    network.get_submodule("pool").register_forward_hook(
        lambda _, inputs, __: seen.append(inputs[0])
    )
    network(torch.zeros(2, 3, 64, 64))

    assert seen[0].shape[2:] == (64 // stride, 64 // stride)


@pytest.mark.parametrize(("size", "last"), [(112, 3), (150, 4), (200, 6), (224, 7)])
def test_keras_v1_padding_loses_odd_rows(size: int, last: int) -> None:
    """Measured sizes of keras.applications.mobilenet before pooling."""
    graph = mnprofile.build("v1", alpha=0.25, resolution=size, impl="keras")
    network = mnprofile.to_torch(graph).eval()
    seen: list[torch.Tensor] = []
    network.get_submodule("pool").register_forward_hook(
        lambda _, inputs, __: seen.append(inputs[0])
    )
    network(torch.zeros(1, 3, size, size))

    assert seen[0].shape[2:] == (last, last)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", [7, 8])
def test_same_padding_gives_the_graphs_size(
    kernel: int, stride: int, size: int
) -> None:
    for op in (Conv(5, kernel, stride), Depthwise(kernel, stride, dilation=2)):
        graph = graph_of(4, size, ("layer.conv", op))
        with warnings.catch_warnings():
            # torch says that it copies a map to pad it
            warnings.simplefilter("ignore", UserWarning)
            shape = mnprofile.to_torch(graph)(torch.zeros(1, 4, size, size)).shape
        expected = graph.nodes[-1].out_shape

        assert shape[1:] == (expected.c, expected.h, expected.w)


def test_without_a_classifier_the_features_come_out() -> None:
    network = mnprofile.to_torch(mnprofile.build("v2", resolution=32, classes=0))

    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 1280)


def test_without_pooling_the_map_comes_out() -> None:
    graph = graph_of(3, 8, ("stem.conv", Conv(6, 3, 2)), ("stem.bn", BatchNorm()))

    assert mnprofile.to_torch(graph)(torch.zeros(2, 3, 8, 8)).shape == (2, 6, 4, 4)


def test_a_batch_norm_after_a_linear_layer_runs() -> None:
    parts = (
        ("pool", GlobalPool()),
        ("fc.linear", Linear(5)),
        ("head.conv", Conv(4, 1)),
        ("head.bn", BatchNorm()),
    )
    network = mnprofile.to_torch(graph_of(3, 8, *parts))

    assert network(torch.zeros(2, 3, 8, 8)).shape == (2, 4)


def test_an_operator_without_a_twin_is_an_error() -> None:
    with pytest.raises(GraphError, match="the operator op has no torch twin"):
        mnprofile.to_torch(graph_of(3, 8, ("odd", Op())))


def test_without_torch_the_line_to_install_it_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(MissingExtraError) as caught:
        mnprofile.to_torch(mnprofile.build("v2"))
    assert caught.value.accepted == extras.install_line("check")
    assert caught.value.exit_code == 3


def test_a_graph_with_two_outputs_returns_both() -> None:
    tape = Tape(Shape(3, 8, 8))
    tape.add("stem", Conv(8, 3, 2))
    tape.outputs.append(tape.add("tap", Conv(4, 1)))
    tape.add("act", Activation("relu"))
    tape.outputs.append(tape.add("head", Conv(5, 3, 2)))
    config = Configuration("heads", "paper", 1.0, (8, 8), None, None, 0)
    tap, head = mnprofile.to_torch(tape.graph(config))(torch.randn(2, 3, 8, 8))

    assert tap.shape == (2, 4, 4, 4)
    assert head.shape == (2, 5, 2, 2)
    assert (tap < 0).any()  # the activation's output is another map


def test_several_inputs_are_joined() -> None:
    tape = Tape({"left": Shape(3, 6, 6), "right": Shape(2, 6, 6)})
    tape.add("both", Concatenate(), "right")
    tape.add("twice", Multiply(), "both")
    config = Configuration("joined", "paper", 1.0, (6, 6), None, None, 0)
    left, right = torch.randn(1, 3, 6, 6), torch.randn(1, 2, 6, 6)
    made = mnprofile.to_torch(tape.graph(config))(left, right)

    assert torch.equal(made, torch.cat([left, right], 1) ** 2)


def test_vectors_are_joined_with_pooled_maps() -> None:
    """A fully connected layer returns vectors; beside a map they are 1x1 maps."""
    tape = Tape(Shape(3, 6, 6))
    pooled = tape.add("pool", GlobalPool())
    vector = tape.add("linear", Linear(3))
    tape.add("both", Concatenate(), pooled)
    tape.last = pooled
    tape.add("sum", Add(), vector)
    tape.add("padded", Conv(4, 1, padding=Explicit(bottom=1)))
    tape.last = "input"
    tape.add("scaled", Scale(), vector)
    tape.outputs = ["both", "padded", "scaled"]
    config = Configuration("vectors", "paper", 1.0, (6, 6), None, None, 0)
    both, padded, scaled = mnprofile.to_torch(tape.graph(config))(
        torch.randn(2, 3, 6, 6)
    )

    assert both.shape == (2, 6)
    assert padded.shape == (2, 4, 2, 1)
    assert scaled.shape == (2, 3, 6, 6)


def test_every_convolution_has_its_own_padding() -> None:
    """Even two in one layer."""
    graph = graph_of(
        3,
        9,
        ("layer.a", Conv(4, 3, 2, padding=Explicit(bottom=1, right=1))),
        ("layer.b", Conv(4, 3, 2, padding=Explicit(bottom=2))),
    )

    assert mnprofile.to_torch(graph)(torch.zeros(1, 3, 9, 9)).shape == (1, 4, 2, 1)


@pytest.mark.parametrize(
    "op",
    [
        Conv(8, (3, 1), (1, 2), groups=2, padding=Explicit(1, 0, 1, 0)),
        Conv(8, (1, 5), 1, (1, 2), groups=4),
        Depthwise(3, 2, padding=Explicit(0, 2, 1, 1)),
        Conv(6, (3, 5), 2, padding=CENTRED),
    ],
)
def test_groups_dilation_padding_and_rectangles_run_as_counted(op: Op) -> None:
    graph = graph_of(4, 9, ("layer.conv", op))
    network = mnprofile.to_torch(graph)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        shape = network(torch.zeros(1, 4, 9, 9)).shape
    expected = graph.nodes[-1].out_shape

    assert shape[1:] == (expected.c, expected.h, expected.w)
    weights = sum(one.numel() for one in network.parameters())
    assert weights == mnprofile.count(graph).totals.weights
