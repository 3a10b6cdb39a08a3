"""mnprofile: multiply-adds, parameters and activations of the MobileNet family.

>>> import mnprofile
>>> mnprofile.count(mnprofile.build("v2", alpha=0.75, resolution=160)).totals.macs
107295200
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mnprofile.against import check_against
    from mnprofile.catalog import build, load, parse
    from mnprofile.counting import count
    from mnprofile.crosscheck import check
    from mnprofile.deployment import deploy
    from mnprofile.errors import MnprofileError
    from mnprofile.explaining import explain, explain_network
    from mnprofile.memory import activation_memory
    from mnprofile.profilers import ledger
    from mnprofile.receptive import receptive_fields
    from mnprofile.torch_model import to_torch
    from mnprofile.verdicts import reproduce

# Loaded on first use: `import mnprofile` alone must stay light.
_HOMES = {
    "MnprofileError": "errors",
    "activation_memory": "memory",
    "build": "catalog",
    "check": "crosscheck",
    "check_against": "against",
    "count": "counting",
    "deploy": "deployment",
    "explain": "explaining",
    "explain_network": "explaining",
    "ledger": "profilers",
    "load": "catalog",
    "parse": "catalog",
    "receptive_fields": "receptive",
    "reproduce": "verdicts",
    "to_torch": "torch_model",
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
    "ledger",
    "load",
    "parse",
    "receptive_fields",
    "reproduce",
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
