"""torchvision's networks as ONNX files, in both exporters of torch."""

from pathlib import Path
from typing import Any

import pytest

import mnprofile
from tests.networks.readers.onnx_writing import EXPORTERS, export
from tests.zoo import HAS_TORCHVISION
from tests.zoo.networks import counted_by_torch

pytestmark = [
    pytest.mark.skipif(not HAS_TORCHVISION, reason="torchvision is not installed"),
    pytest.mark.filterwarnings("ignore"),  # of torch's exporters
]
NETWORKS = (
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "resnet18",
    "shufflenet_v2_x0_5",
    "efficientnet_b0",
    "squeezenet1_1",
    "mnasnet0_5",
    "regnet_y_400mf",
    "googlenet",
    "convnext_tiny",
    "densenet121",
    "swin_t",
)
# Some batch norm stands before its convolution and is not folded, or the exporter
# stores an attention mask and each entry of a table of relative positions.
OTHER_CONSTANTS = ("densenet121", "swin_t")


def norm_parameters(module: Any) -> int:
    import torch

    kind = torch.nn.BatchNorm2d
    found = [one for one in module.modules() if isinstance(one, kind)]
    return sum(2 * one.num_features for one in found)


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("name", NETWORKS)
def test_multiply_adds_and_parameters(tmp_path: Path, name: str, exporter: str) -> None:
    """Multiply-adds by FlopCounterMode; the parameters of the module, but for one bias
    in place of two numbers of batch norm."""
    import torch
    from torchvision import models

    heads = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    module = models.get_model(name, weights=None, **heads)
    path = tmp_path / "net.onnx"
    export(module, (torch.zeros(1, 3, 224, 224),), path, exporter)
    totals = mnprofile.count(mnprofile.from_onnx(path)).totals
    norms = norm_parameters(module)
    macs, params = counted_by_torch(module, (3, 224, 224))
    assert totals.macs == macs
    if name not in OTHER_CONSTANTS:
        assert totals.params == params - norms // 2
