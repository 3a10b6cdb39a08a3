"""Networks exported by torch, in both exporters, against tables and FlopCounterMode."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

import mnprofile
from mnprofile.costs.comparison.alignment import compare
from mnprofile.costs.comparison.causes import explain_difference
from mnprofile.costs.comparison.sides import side_of_count
from mnprofile.networks.readers.inputs import ReadRequest
from mnprofile.networks.readers.onnx.network import read
from tests.conftest import GOOD_V3
from tests.networks.readers.onnx_writing import EXPORTERS, export
from tests.sampling import sampled

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")  # torch's own, of its exporters


def multiply_adds(module: Any, *inputs: Any) -> int:
    """By torch's own counter, with attention as matrix products."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    torch.backends.mha.set_fastpath_enabled(False)
    with (
        torch.no_grad(),
        sdpa_kernel(SDPBackend.MATH),
        FlopCounterMode(display=False) as counter,
    ):
        module(*inputs)
    return int(counter.get_total_flops()) // 2


TABLES = {
    **{
        name: partial(mnprofile.build, name, alpha=0.25, resolution=96)
        for name in ("v1", "v2", "v3-large", "v3-small")
    },
    "tiny v3": partial(mnprofile.build, mnprofile.parse(GOOD_V3)),
}


@pytest.mark.parametrize(
    ("name", "exporter"),
    # The newer exporter takes seconds for networks with many layers.
    sampled(
        [(name, one) for name in TABLES for one in EXPORTERS],
        keep=[
            *((name, "torchscript") for name in ("v1", "v2", "v3-small")),
            ("tiny v3", "dynamo"),
        ],
    ),
)
def test_a_table_equals_its_network_s_file_layer_by_layer(
    tmp_path: Path, name: str, exporter: str
) -> None:
    """Only batch norm differs: 2 parameters per channel became one bias, and torch
    knows how many channels there are."""
    graph = TABLES[name]()
    module = mnprofile.to_torch(graph)
    kinds = torch.nn.BatchNorm2d
    found = [one for one in module.modules() if isinstance(one, kinds)]
    channels = sum(one.num_features for one in found)
    path = tmp_path / "net.onnx"
    image = torch.zeros(1, 3, *graph.config.resolution)
    export(module, (image,), path, exporter)
    _, from_file = read(str(path), ReadRequest())
    table, file = mnprofile.count(graph), mnprofile.count(from_file)
    assert [
        (one.type, one.kernel, one.figures.macs, one.figures.weights, one.out_shape)
        for one in file.layers
    ] == [
        (
            one.type,
            one.kernel,
            one.figures.macs,
            one.figures.weights,
            one.out_shape,
        )
        for one in table.layers
    ]
    causes = explain_difference(compare(side_of_count(table), side_of_count(file)))
    assert [(one.key, *one.details) for one in causes] == [
        (
            "batch norm folded",
            f"−{2 * channels:,} parameters, +{channels:,} biases",
        )
    ]


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_a_transformer(tmp_path: Path, exporter: str) -> None:
    """Embeddings, positions, attention of 4 heads, norms, and a layer per token."""

    class Net(torch.nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.words = torch.nn.Embedding(100, 32)
            self.positions = torch.nn.Parameter(torch.zeros(1, 10, 32))
            layer = torch.nn.TransformerEncoderLayer(
                32, 4, 64, batch_first=True, activation="gelu"
            )
            self.encoder = torch.nn.TransformerEncoder(
                layer, 2, enable_nested_tensor=False
            )
            self.head = torch.nn.Linear(32, 100)

        def forward(self, ids: Any) -> Any:
            return self.head(self.encoder(self.words(ids) + self.positions))

    module, ids = Net().eval(), torch.zeros(1, 10, dtype=torch.int64)
    expected = multiply_adds(module, ids)
    path = tmp_path / "net.onnx"
    export(module, (ids,), path, exporter)
    totals = mnprofile.count(read(str(path), ReadRequest())[1]).totals
    assert totals.macs == expected
    assert totals.params == sum(one.numel() for one in module.parameters())


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_recurrent_transposed_and_grouped(tmp_path: Path, exporter: str) -> None:
    """An LSTM in two directions, a transposed and a grouped convolution."""

    class Net(torch.nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.grouped = torch.nn.Conv2d(8, 12, 3, 2, 1, groups=4)
            self.up = torch.nn.ConvTranspose2d(12, 6, 4, 2, 1)
            self.lstm = torch.nn.LSTM(6 * 8, 10, bidirectional=True, batch_first=True)

        def forward(self, image: Any) -> Any:
            y = self.up(self.grouped(image)).permute(0, 2, 1, 3).flatten(2)
            return self.lstm(y)[0]

    module, image = Net().eval(), torch.zeros(1, 8, 8, 8)
    path = tmp_path / "net.onnx"
    export(module, (image,), path, exporter)
    totals = mnprofile.count(read(str(path), ReadRequest())[1]).totals
    lstm = 2 * 40 * (48 + 10)  # directions x gates x (input + state)
    assert totals.weights == 12 * 2 * 9 + 12 * 6 * 16 + lstm
    # 4 x 4 positions of the first, and of the second's input; 8 steps.
    assert totals.macs == 216 * 16 + 1152 * 16 + lstm * 8
    assert totals.params == sum(one.numel() for one in module.parameters())
