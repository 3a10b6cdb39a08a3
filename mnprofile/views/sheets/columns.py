"""Columns that several tables share, and the names of quantities."""

from mnprofile.base.sheet import Column

# Names at the head of a column.
LABELS = {
    "macs": "Multiply-adds",
    "flops": "Flops",
    "weights": "Weights",
    "biases": "Biases",
    "bn_affine": "BN affine",
    "params": "Params",
    "buffers": "Buffers",
    "activations": "Activations",
    "batch_norm_elems": "Batch norm",
    "activation_elems": "Activation fn",
    "pool_elems": "Pooling",
    "add_elems": "Additions",
    "scale_elems": "SE products",
    "act_peak_bytes": "Peak bytes",
}
# Names where there is room to write them out.
DRAWN = {
    "macs": "Multiply-adds",
    "params": "Parameters",
    "activations": "Activations",
}

ALPHA = Column("alpha", "Alpha", "number")
RESOLUTION = Column("resolution", "Res", "number")
SIZE = Column("resolution", "Size", "number")
TOP1 = Column("top1", "Top-1 %", "number")
NETWORK = Column("network", "Network")
STAGE = Column("stage", "Stage")
LAYER = Column("layer", "Layer")
NAME = Column("name", "Layer")
TYPE = Column("type", "Type")
LINE = Column("row", "Line", "number")
SHARE = Column("share", "Share", "share")


def counts(*names: str) -> tuple[Column, ...]:
    """Columns of counted quantities."""
    return tuple(Column(name, LABELS[name], "count") for name in names)


def drawn(*names: str) -> tuple[Column, ...]:
    """Columns of the quantities that pages draw."""
    return tuple(Column(name, DRAWN[name], "count") for name in names)


def unit(by: str) -> Column:
    """What one row is: a layer, block, stage or type."""
    return Column(by, by.capitalize())
