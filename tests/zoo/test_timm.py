"""timm's networks against FlopCounterMode: a sample; the benchmark reads many more."""

import pytest

import mnprofile
from tests.zoo import HAS_TIMM
from tests.zoo.networks import counted_by_torch, made, read

pytestmark = [
    pytest.mark.skipif(not HAS_TIMM, reason="timm is not installed"),
    pytest.mark.filterwarnings("ignore"),  # of timm
]
SAMPLE = (
    "convnext_atto",
    "convit_tiny",
    "csatv2",
    "efficientnet_b0",
    "eca_nfnet_l0",
    "ghostnet_100",
    "mobilenetv4_hybrid_medium",
    "mobilevit_s",
    "resnetv2_50",
    "swinv2_tiny_window8_256",
    "vit_tiny_patch16_224",
    "xcit_nano_12_p16_224",
)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_network_costs_what_torch_counts(name: str) -> None:
    import timm

    module = made(lambda: timm.create_model(name))
    size = module.default_cfg["input_size"]
    graph = read(module, size)
    totals = mnprofile.count(graph).totals

    assert not graph.unknown
    assert (totals.macs, totals.params) == counted_by_torch(module, size)
