"""torchvision's networks against the figures that it publishes."""

from typing import Any

import pytest

import mnprofile
from mnprofile.costs.counting import Count
from tests.zoo import HAS_TORCHVISION
from tests.zoo.networks import WITHOUT_HEADS, Weights, made, read, torchvision_weights

pytestmark = [
    pytest.mark.skipif(not HAS_TORCHVISION, reason="torchvision is not installed"),
    pytest.mark.filterwarnings("ignore"),  # of torchvision
]
ALL = list(torchvision_weights()) if HAS_TORCHVISION else []


@pytest.mark.parametrize("weights", ALL, ids=lambda one: f"{one.network}-{one.name}")
def test_published_operations_and_parameters_come_out(weights: Weights) -> None:
    """``_ops`` to its three decimals, ``num_params`` exactly, from the metadata."""
    graph = read(weights.make(), (3, weights.size, weights.size))
    totals = mnprofile.count(graph).totals

    assert not graph.unknown
    assert round(totals.macs / 1e9, 3) == weights.gmacs
    if weights.network in WITHOUT_HEADS:
        (heads,) = (n for n in graph if n.name == "not used in this run")
        assert weights.params == WITHOUT_HEADS[weights.network]
        assert totals.params - heads.parameters.other_params == weights.params
    else:
        assert totals.params == weights.params


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 115


FAMILIES = [("v2", "mobilenet_v2", alpha) for alpha in (0.5, 0.75, 1.0)] + [
    (f"v3-{size}", f"mobilenet_v3_{size}", alpha)
    for size in ("large", "small")
    for alpha in (0.5, 0.75, 1.0)
]


@pytest.mark.parametrize(("table", "code", "alpha"), FAMILIES)
def test_our_tables_are_torchvision_s_code_layer_for_layer(
    table: str, code: str, alpha: float
) -> None:
    from torchvision import models

    module = made(lambda: models.get_model(code, width_mult=alpha))
    ours = mnprofile.count(mnprofile.build(table, alpha=alpha, impl="torchvision"))
    theirs = mnprofile.count(read(module, (3, 224, 224)))

    def told(counted: Count) -> list[tuple[object, ...]]:
        return [
            (
                one.kernel,
                one.stride,
                one.groups,
                one.type,
                one.in_shape.c,
                one.out_shape.c,
                one.out_shape.positions,
                one.stage,
                one.figures,
            )
            for one in counted.layers
        ]

    assert told(ours) == told(theirs)
    assert ours.totals == theirs.totals


@pytest.mark.parametrize(
    "name", ["resnet18", "efficientnet_b0", "convnext_tiny", "swin_t", "vit_b_16"]
)
def test_the_ledger_says_what_fvcore_prints(name: str) -> None:
    import torch
    from fvcore.nn import FlopCountAnalysis
    from torchvision import models

    module = models.get_model(name).eval()
    analysis = FlopCountAnalysis(module, torch.zeros(1, 3, 224, 224))
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    analysis.tracer_warnings("none")
    book = mnprofile.ledger(read(module, (3, 224, 224)))

    assert book["fvcore"].total == analysis.total()


def test_vit_b_16_by_hand() -> None:
    """Patches 196 x 768 x 768; per layer 197 tokens: 4 projections of 768², an MLP of
    2 x 768 x 3072, and attention 2 x 197² x 768; then 768 x 1000."""
    from torchvision import models

    patches, head = 196 * 768 * 768, 768 * 1000
    layer = 197 * (4 * 768**2 + 2 * 768 * 3072) + 2 * 197**2 * 768
    graph = read(made(models.vit_b_16), (3, 224, 224))
    totals = mnprofile.count(graph).totals

    assert patches + 12 * layer + head == totals.macs == 17_563_828_224
    assert totals.params == 86_567_656


def test_googlenet_s_heads_are_parameters_that_the_run_does_not_use() -> None:
    from torchvision import models

    graph = read(made(lambda: models.googlenet(aux_logits=True)), (3, 224, 224))

    assert graph.nodes[-1].type == "not used in this run"
    assert graph.nodes[-1].origin.text == "aux1, aux2"


def plain(module: Any) -> Any:
    """The same convolutions with equal weights, and nothing that hides a position."""
    from torch import nn
    from torchvision.ops import SqueezeExcitation

    for name, child in module.named_children():
        if isinstance(
            child, (SqueezeExcitation, nn.BatchNorm2d, nn.Hardswish, nn.ReLU)
        ):
            setattr(module, name, nn.Identity())
        else:
            plain(child)
    for parameter in module.parameters(recurse=False):
        nn.init.constant_(parameter, 1 / parameter[0].numel())
    return module


@pytest.mark.parametrize("size", ["large", "small"])
def test_the_field_of_a_dilated_network_is_the_support_of_its_gradient(
    size: str,
) -> None:
    """torchvision's ``dilated`` is an output stride of 16."""
    import torch
    from torchvision import models

    code = f"mobilenet_v3_{size}"
    module = models.get_model(code, dilated=True, width_mult=0.1)
    image = torch.ones(1, 3, 1201, 33, dtype=torch.float64, requires_grad=True)
    last = plain(module.features).double()(image)
    (gradient,) = torch.autograd.grad(last[0, :, last.shape[2] // 2, 1].sum(), image)
    rows = gradient[0].abs().sum((0, 2)).nonzero().flatten().tolist()
    graph = mnprofile.build(f"v3-{size}", impl="torchvision", output_stride=16)
    (field,) = (
        one.h
        for name, one in mnprofile.receptive_fields(graph).items()
        if name == "last_conv"
    )

    assert last.shape[2] == 76  # 1201 / 16, rounded up
    assert 0 < rows[0] < rows[-1] < 1200  # all of the field is in the image
    assert field.size == rows[-1] - rows[0] + 1
