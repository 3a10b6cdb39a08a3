"""The labels and kinds of columns; tables name their columns by key."""

from mnprofile.base.sheet import Column, Kind
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
    "ms": "ms",
    "latency_ms": "ms",
    "intensity": "Multiply-adds/byte",
    "gmacs_per_second": "GMAC/s",
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


# Kinds by key; all others are text. A terminal separates the thousands of counts; of
# factors, people see a few digits; numbers stay as they are.
_KINDS: dict[str, Kind] = dict.fromkeys((*QUANTITIES, *ELEMENTWISE), "count")
_KEYS: dict[Kind, str] = {
    "count": "act_peak_bytes bytes weight_bytes bias_bytes scale_bytes training_params"
    " channels count amount measured limit baseline rest",
    "delta": "delta headroom",
    "share": "change share used",
    "factor": "alpha depth phi t",
    "number": "resolution top1 row line layers kernel stride dilation groups classes"
    " factor field padding value printed ours theirs reads figures fits bits ms"
    " latency_ms measured_ms predicted_ms ratio intensity gmacs_per_second threads",
}
_KINDS |= {key: kind for kind, keys in _KEYS.items() for key in keys.split()}


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
    return Column(key, label(key), _KINDS.get(key, "text"))
