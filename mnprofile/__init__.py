"""mnprofile: multiply-adds, parameters and activations of the MobileNet family.

>>> import mnprofile
>>> mnprofile.count(mnprofile.build("v2", alpha=0.75, resolution=160)).totals.macs
107295200
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mnprofile.base.errors import MnprofileError
    from mnprofile.costs.counting import count
    from mnprofile.costs.deployment import deploy
    from mnprofile.costs.explaining import explain, explain_network
    from mnprofile.costs.memory.activations import activation_memory
    from mnprofile.costs.receptive_fields import receptive_fields
    from mnprofile.evidence.literature.reproduction import reproduce
    from mnprofile.evidence.profilers.cross_check import check
    from mnprofile.evidence.profilers.foreign import check_against
    from mnprofile.evidence.profilers.rules import ledger
    from mnprofile.evidence.profilers.to_torch import to_torch
    from mnprofile.networks.catalog import build, load, parse
    from mnprofile.networks.readers.onnx.network import from_onnx
    from mnprofile.networks.readers.tflite.network import from_tflite
    from mnprofile.networks.readers.torch_modules import from_torch
    from mnprofile.search.best import find
    from mnprofile.search.row_files import sweep
    from mnprofile.views.plots.plotting import plot

# Loaded on first use: `import mnprofile` alone must stay light.
_HOMES = {
    "MnprofileError": "base.errors",
    "activation_memory": "costs.memory.activations",
    "build": "networks.catalog",
    "check": "evidence.profilers.cross_check",
    "check_against": "evidence.profilers.foreign",
    "count": "costs.counting",
    "deploy": "costs.deployment",
    "explain": "costs.explaining",
    "explain_network": "costs.explaining",
    "find": "search.best",
    "from_onnx": "networks.readers.onnx.network",
    "from_tflite": "networks.readers.tflite.network",
    "from_torch": "networks.readers.torch_modules",
    "ledger": "evidence.profilers.rules",
    "load": "networks.catalog",
    "parse": "networks.catalog",
    "plot": "views.plots.plotting",
    "receptive_fields": "costs.receptive_fields",
    "reproduce": "evidence.literature.reproduction",
    "sweep": "search.row_files",
    "to_torch": "evidence.profilers.to_torch",
}

__all__ = [
    "MnprofileError",
    "__version__",
    "activation_memory",
    "build",
    "check",
    "check_against",
    "count",
    "deploy",
    "explain",
    "explain_network",
    "find",
    "from_onnx",
    "from_tflite",
    "from_torch",
    "ledger",
    "load",
    "parse",
    "plot",
    "receptive_fields",
    "reproduce",
    "sweep",
    "to_torch",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value: object = getattr(import_module(f"mnprofile.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'mnprofile' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
