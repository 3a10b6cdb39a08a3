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
    from mnprofile.errors import MnprofileError
    from mnprofile.profilers import ledger
    from mnprofile.torch_model import to_torch

# Loaded on first use: `import mnprofile` alone must stay light.
_HOMES = {
    "MnprofileError": "errors",
    "build": "catalog",
    "check": "crosscheck",
    "check_against": "against",
    "count": "counting",
    "ledger": "profilers",
    "load": "catalog",
    "parse": "catalog",
    "to_torch": "torch_model",
}

__all__ = [
    "MnprofileError",
    "__version__",
    "build",
    "check",
    "check_against",
    "count",
    "ledger",
    "load",
    "parse",
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
