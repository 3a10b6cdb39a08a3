"""The labels and kinds of columns; tables name their columns by key."""

from mnprofile.base.sheet import Column
from mnprofile.costs.counting import ELEMENTWISE, QUANTITIES

# Labels that are not the key itself in words.
_LABELS = {
    "macs": "Multiply-adds",
    "bn_affine": "BN affine",
    "batch_norm_elems": "Batch norm",
    "activation_elems": "Activation fn",
    "pool_elems": "Pooling",
    "add_elems": "Additions",
    "scale_elems": "SE products",
    "act_peak_bytes": "Peak bytes",
    "top1": "Top-1 %",
    "resolution": "Res",
    "name": "Layer",
    "row": "Line",
    "t": "t",
    "op": "Operator",
    "in_shape": "Input",
    "out_shape": "Output",
}
# The quantities that pages draw, written out because there is room.
DRAWN = {
    "macs": "Multiply-adds",
    "params": "Parameters",
    "activations": "Activations",
}


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Whole numbers, whose thousands a terminal separates.
_COUNTS = _keys(
    "act_peak_bytes bytes weight_bytes bias_bytes scale_bytes training_params channels"
    " count amount measured limit baseline"
).union(QUANTITIES, ELEMENTWISE)
# What scales a network, of which people see a few digits.
_FACTORS = _keys("alpha depth phi t")
# Numbers that stay as they are: sizes, lines, printed figures.
_NUMBERS = _keys(
    "resolution top1 row line layers kernel stride dilation groups classes factor"
    " field padding value printed ours theirs reads figures fits"
)


def label(key: str) -> str:
    """The label of a column of this key, unless its table gives another."""
    return _LABELS.get(key) or key.replace("_", " ").capitalize()


def columns(*parts: str | Column) -> tuple[Column, ...]:
    """Columns by their keys, separated by spaces; a ``Column`` stays as it is."""
    found: list[Column] = []
    for part in parts:
        found += [part] if isinstance(part, Column) else map(_column, part.split())
    return tuple(found)


def drawn(*keys: str) -> tuple[Column, ...]:
    """Columns of the quantities that pages draw."""
    return tuple(Column(key, DRAWN[key], "count") for key in keys)


def _column(key: str) -> Column:
    if key in _COUNTS:
        return Column(key, label(key), "count")
    if key in _FACTORS:
        return Column(key, label(key), "factor")
    return Column(key, label(key), "number" if key in _NUMBERS else "text")
