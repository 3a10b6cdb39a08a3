"""Parameters and bytes as deployed: batch norm folded into the convolution before it.

Batch norm after a convolution is a factor and an offset for each output channel. The
factor is multiplied into the weights, the offset becomes the convolution's bias, and
gamma, beta, mean and variance are gone. So each convolution or fully connected layer
keeps its weights, and one bias per output channel where it had batch norm or a bias.

Bytes: 4 each at 32 bits, 2 each at 16. At 8 bits a weight takes 1 byte, a bias 4
(int32), and each output channel of a layer has its own scale (4 bytes, float32; weights
are symmetric, so there is no zero point). Scales and zero points of activations are not
counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from mnprofile.base.errors import UsageError
from mnprofile.base.shown import Shown
from mnprofile.base.units import check_bits
from mnprofile.costs.counting import Count, Layer

WEIGHT_BYTES = {8: 1, 16: 2, 32: 4}
BIAS_BYTES = {8: 4, 16: 2, 32: 4}
SCALE_BYTES = {8: 4, 16: 0, 32: 0}
TRAINING_BYTES = 4  # float32 parameters and buffers


@dataclass(frozen=True, slots=True, repr=False)
class Deployed(Shown):
    """What is stored for a layer or a network. Values can be added."""

    weights: int = 0
    biases: int = 0
    weight_bytes: int = 0
    bias_bytes: int = 0
    scale_bytes: int = 0
    training_params: int = 0
    training_bytes: int = 0  # parameters and batch-norm buffers in float32

    @property
    def params(self) -> int:
        return self.weights + self.biases

    @property
    def bytes(self) -> int:
        return self.weight_bytes + self.bias_bytes + self.scale_bytes

    def __add__(self, other: "Deployed") -> "Deployed":
        return Deployed(
            *(getattr(self, f.name) + getattr(other, f.name) for f in fields(Deployed))
        )


DEPLOYED = (
    "weights",
    "biases",
    "params",
    "weight_bytes",
    "bias_bytes",
    "scale_bytes",
    "bytes",
    "training_params",
    "training_bytes",
)


def deployed(layers: Iterable[Layer], bits: int | None) -> Deployed:
    """What some layers store once batch norm is folded, at 8, 16 or 32 bits.

    With ``bits`` None it is what the model file stores for them.

    Raises:
        UsageError: other bits.
    """
    if bits is not None:
        check_bits(bits)
    return sum((_deployed(layer, bits) for layer in layers), start=Deployed())


def deploy(counted: Count, bits: int | None) -> Deployed:
    """What a whole network stores once batch norm is folded.

    With ``bits`` None it is what its model file stores. Raises UsageError for other
    bits, or without bits for a network that is not from a file.
    """
    if bits is None and counted.graph.file is None:
        raise UsageError(
            f"bits: {counted.config.name} is not from a model file",
            accepted="8, 16 or 32",
        )
    return deployed(counted.all_layers, bits)


def deployed_record(one: Deployed) -> dict[str, int]:
    """The quantities by name, in a fixed order."""
    return {name: getattr(one, name) for name in DEPLOYED}


def _deployed(layer: Layer, bits: int | None) -> Deployed:
    figures = layer.figures
    if bits is None:
        return _in_file(layer)
    folds = bool(figures.bn_affine)
    biases = layer.out_shape.c if folds else figures.biases
    scales = layer.out_shape.c if layer.is_counted else 0
    return Deployed(
        weights=figures.weights,
        biases=biases,
        weight_bytes=figures.weights * WEIGHT_BYTES[bits],
        bias_bytes=biases * BIAS_BYTES[bits],
        scale_bytes=scales * SCALE_BYTES[bits],
        training_params=figures.params,
        training_bytes=(figures.params + figures.buffers) * TRAINING_BYTES,
    )


def _in_file(layer: Layer) -> Deployed:
    """A layer as its file has it: batch norm is folded where it says nothing of it."""
    figures, kept = layer.figures, layer.kept
    assert kept is not None, "bits are needed for a network that is not from a file"
    return Deployed(
        weights=figures.weights + figures.other_params,
        biases=figures.biases + figures.bn_affine,
        weight_bytes=kept.weights + kept.other,
        bias_bytes=kept.biases,
        scale_bytes=kept.scales,
        training_params=figures.params,
        training_bytes=(figures.params + figures.buffers) * TRAINING_BYTES,
    )
