"""Deployed sizes: batch norm folded by hand, and by torch."""

import pytest

from mnprofile import build, count, deploy, parse
from mnprofile.costs.deployment import Deployed, deployed
from tests.conftest import GOOD_V3


@pytest.mark.parametrize(
    ("bits", "weight_bytes", "bias_bytes", "scale_bytes"),
    [
        # V2: 3,469,760 weights; 17,056 batch-norm channels and 1000 classes
        (8, 3469760, 4 * 18056, 4 * 18056),
        (16, 2 * 3469760, 2 * 18056, 0),
        (32, 4 * 3469760, 4 * 18056, 0),
    ],
)
def test_v2_as_deployed(
    bits: int, weight_bytes: int, bias_bytes: int, scale_bytes: int
) -> None:
    one = deploy(count(build("v2")), bits)

    assert (one.weights, one.biases) == (3469760, 18056)
    assert (one.weight_bytes, one.bias_bytes) == (weight_bytes, bias_bytes)
    assert one.scale_bytes == scale_bytes
    assert one.bytes == weight_bytes + bias_bytes + scale_bytes


def test_training_holds_parameters_and_buffers_in_float32() -> None:
    """V2: 3,504,872 parameters (torchvision's num_params) and 34,112 buffers."""
    one = deploy(count(build("v2")), 8)

    assert one.training_params == 3504872
    assert one.training_bytes == 4 * (3504872 + 34112)


def test_a_convolution_with_batch_norm_gets_a_bias() -> None:
    """The first convolution of V2: 3 x 3 x 3 x 32 weights, 32 biases, 32 scales."""
    stem = count(build("v2")).layers[0]

    assert deployed([stem], 8) == Deployed(864, 32, 864, 128, 128, 928, 4 * 992)


def test_layers_without_batch_norm_keep_their_own_bias() -> None:
    """Squeeze-excite and the classifier have one, batch norm none."""
    layers = {layer.name: layer for layer in count(build(parse(GOOD_V3))).layers}

    assert deployed([layers["block1.se.reduce"]], 32).biases == 16
    assert deployed([layers["classifier"]], 32).biases == 1000
    assert deployed([layers["block1.expand"]], 32).biases == 64


def test_blocks_add_up_to_the_network() -> None:
    counted = count(build("v3-small"))
    blocks = [deployed(group.layers, 8) for group in counted.by("block")]

    assert sum(blocks, start=Deployed()) == deploy(counted, 8)


@pytest.mark.parametrize(
    ("name", "params"), [("v2", 3487816), ("v3-large", 5470832), ("v3-small", 2536800)]
)
def test_torch_s_own_folding_leaves_as_many_parameters(name: str, params: int) -> None:
    """The size of parameters() in torchvision 0.28, after fuse_conv_bn_eval of
    torch.nn.utils.fusion (torch 2.13) folded each batch norm into its convolution."""
    assert deploy(count(build(name, impl="torchvision")), 32).params == params
