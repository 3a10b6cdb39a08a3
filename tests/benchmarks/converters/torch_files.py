# mypy: ignore-errors
"""Model files as PyTorch's exporters, ONNX Runtime and LiteRT Torch write them.

    python torch_files.py FOLDER

in an environment with torch, torchvision, transformers, onnx, onnxscript, onnxruntime
and litert-torch; mnprofile is not imported. Beside the files lies ``torch.json``: per
file what it must count, by torch's own counter of operations and by its modules.
"""

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

Expected = dict[str, Any]
Network = tuple[nn.Module, tuple[torch.Tensor, ...]]

try:
    import torchvision
except RuntimeError:  # compiled operators of a build for another torch: declared only
    _DECLARED = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _DECLARED.define(f"{_name}(Tensor dets, Tensor scores, float iou) -> Tensor")
    import torchvision

# --- the networks -----------------------------------------------------------------


def vision(name: str, **settings: Any) -> Callable[[], Network]:
    def make() -> Network:
        return getattr(torchvision.models, name)(**settings), (
            torch.zeros(1, 3, 224, 224),
        )

    return make


def small_vit() -> Network:
    module = torchvision.models.VisionTransformer(64, 16, 2, 4, 96, 192, num_classes=10)
    return module, (torch.zeros(1, 3, 64, 64),)


def bert() -> Network:
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=500,
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=256,
        max_position_embeddings=64,
        attn_implementation="eager",
    )
    return Outputs(BertModel(config, add_pooling_layer=False)), (
        torch.ones(1, 32, dtype=torch.int64),
        torch.ones(1, 32, dtype=torch.int64),
    )


class Outputs(nn.Module):
    """A model of transformers with its last state as the only output."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> Any:
        return self.model(input_ids=tokens, attention_mask=mask).last_hidden_state


class Speech(nn.Module):
    """An LSTM, a GRU and a transposed convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(16, 20, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(40, 12, batch_first=True)
        self.up = nn.ConvTranspose1d(12, 6, 4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.gru(self.lstm(x)[0])[0]
        return self.up(x.transpose(1, 2))


def speech() -> Network:
    return Speech(), (torch.zeros(1, 10, 16),)


NETWORKS: dict[str, Callable[[], Network]] = {
    "bert": bert,
    "small_vit": small_vit,
    "speech": speech,
    "mobilenet_v2": vision("mobilenet_v2"),
    "mobilenet_v3_small": vision("mobilenet_v3_small"),
    "mobilenet_v3_large": vision("mobilenet_v3_large"),
    "efficientnet_b0": vision("efficientnet_b0"),
    "shufflenet_v2": vision("shufflenet_v2_x0_5"),
    "resnet18": vision("resnet18"),
    "googlenet": vision("googlenet", init_weights=False, aux_logits=False),
}

# --- what a file must count -------------------------------------------------------


def expected_of(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> Expected:
    """By torch's counter, two operations per multiply-add; batch norm as folded."""
    counter = FlopCounterMode(display=False)
    torch.backends.mha.set_fastpath_enabled(False)  # it has no count for those
    with counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        module(*inputs)
    params = sum(one.numel() for one in module.parameters())
    folded = params
    for one in module.modules():
        if isinstance(one, nn.BatchNorm2d):
            folded -= one.num_features  # two numbers became a bias
    macs = counter.get_total_flops() // 2
    for one in module.modules():
        if isinstance(one, nn.LSTM):  # one operator, which it does not know
            weights = [
                prod(p.shape) for n, p in one.named_parameters() if "weight" in n
            ]
            macs += sum(weights) * inputs[0].shape[1]
    return {"macs": macs, "params": params, "folded": folded}


def random_weights(module: nn.Module) -> None:
    """Nothing equal to zero or to another: an exporter leaves out or merges such."""
    torch.manual_seed(7)
    for one in (*module.parameters(), *module.buffers()):
        if one.is_floating_point():
            nn.init.uniform_(one, 0.05, 0.3)


# --- the files --------------------------------------------------------------------


class Calibration:
    """Random inputs, by which ranges are chosen."""

    def __init__(self, path: Path, count: int = 2) -> None:
        graph = onnx.load(str(path), load_external_data=False).graph
        dice = np.random.default_rng(5)
        self.rows: Iterator[dict[str, Any]] = iter(
            [
                {one.name: _filled(one, dice) for one in graph.input}
                for _ in range(count)
            ]
        )

    def get_next(self) -> dict[str, Any] | None:
        return next(self.rows, None)


def _filled(one: Any, dice: Any) -> Any:
    shape = [dim.dim_value or 1 for dim in one.type.tensor_type.shape.dim]
    if one.type.tensor_type.elem_type == onnx.TensorProto.INT64:
        return np.ones(shape, "int64")
    return dice.normal(size=shape).astype("float32")


def export(module: nn.Module, inputs: Any, path: Path, dynamo: bool) -> None:
    settings: Any = {"external_data": False, "verbose": False} if dynamo else {}
    torch.onnx.export(module, inputs, str(path), dynamo=dynamo, **settings)


def optimised(path: Path, made: Path, level: str) -> None:
    """What ONNX Runtime runs, written down."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    options.optimized_model_filepath = str(made)
    options.log_severity_level = 4
    ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def quantised(path: Path, made: Path, form: str) -> None:
    from onnxruntime import quantization as q

    if form == "dynamic":
        q.quantize_dynamic(str(path), str(made))
        return
    q.quantize_static(
        str(path),
        str(made),
        Calibration(path),  # type: ignore[arg-type]
        quant_format=getattr(q.QuantFormat, form),
        per_channel=form == "QDQ",
    )


def four_bits(path: Path, made: Path) -> None:
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(onnx.load(str(path)), block_size=32)
    quantizer.process()
    quantizer.model.save_model_to_file(str(made), False)


def fused_bert(path: Path, made: Path) -> None:
    from onnxruntime.transformers import optimizer

    optimizer.optimize_model(
        str(path), "bert", num_heads=4, hidden_size=128, opt_level=0
    ).save_model_to_file(str(made))


def litert(module: nn.Module, inputs: Any, path: Path) -> None:
    import litert_torch

    litert_torch.convert(module, inputs).export(str(path))


def attempts(
    name: str, module: nn.Module, inputs: Any, folder: Path
) -> Iterator[tuple[Path, Callable[[Path], None]]]:
    """Every file of a network, and what writes it."""
    script, dynamo = folder / f"{name}_script.onnx", folder / f"{name}_dynamo.onnx"
    yield script, lambda path: export(module, inputs, path, dynamo=False)
    yield dynamo, lambda path: export(module, inputs, path, dynamo=True)
    for level in ("ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_ALL"):
        short = level.rpartition("_")[2].lower()
        yield (
            folder / f"{name}_ort_{short}.onnx",
            lambda path, level=level: optimised(script, path, level),
        )
    for form in ("dynamic", "QDQ", "QOperator"):
        made = folder / f"{name}_{form.lower()}.onnx"
        yield made, lambda path, form=form: quantised(script, path, form)
        yield (
            folder / f"{name}_{form.lower()}_ort.onnx",
            lambda path, made=made: optimised(made, path, "ORT_ENABLE_ALL"),
        )
    yield folder / f"{name}_4bits.onnx", lambda path: four_bits(script, path)
    if name == "bert":
        yield folder / f"{name}_fused.onnx", lambda path: fused_bert(script, path)
    yield folder / f"{name}.tflite", lambda path: litert(module, inputs, path)


def write(folder: Path, wanted: str) -> dict[str, Expected]:
    found: dict[str, Expected] = {}
    for name, make in NETWORKS.items():
        if wanted not in name:
            continue
        module, inputs = make()
        random_weights(module)
        module.eval()
        expected = {"source": name, **expected_of(module, inputs)}
        for path, writer in attempts(name, module, inputs, folder):
            try:
                if not path.exists():
                    writer(path)
                found[path.name] = expected
            except Exception as fault:
                print(f"{path.name}: not written: {str(fault).splitlines()[:1]}")
        print(name, flush=True)
    return found


def main() -> None:
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    found = write(folder, sys.argv[2] if len(sys.argv) > 2 else "")
    told = folder / "torch.json"
    known = json.loads(told.read_text()) if told.exists() else {}
    told.write_text(json.dumps({**known, **found}, indent=1))


if __name__ == "__main__":
    main()
