"""mnprofile: multiply-adds, parameters and activations of a network.

>>> import mnprofile
>>> mnprofile.count(mnprofile.build("v2", alpha=0.75, resolution=160)).totals.macs
107295200
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mnprofile.base.errors import (
        FiguresError,
        FileError,
        MissingExtraError,
        MnprofileError,
        TableError,
        UnmeasuredError,
        UsageError,
    )
    from mnprofile.costs.comparison.alignment import Comparison
    from mnprofile.costs.comparison.diffing import diff
    from mnprofile.costs.counting import Count, Counts, Layer, LayerGroup, count
    from mnprofile.costs.deployment import Deployed, deploy
    from mnprofile.costs.explaining import (
        Explanation,
        NetworkExplanation,
        explain,
        explain_network,
    )
    from mnprofile.costs.latency.prediction import time
    from mnprofile.costs.memory.activations import Memory, activation_memory
    from mnprofile.costs.receptive_fields import Field, receptive_fields
    from mnprofile.evidence.literature.reproduction import Reproduction, reproduce
    from mnprofile.evidence.profilers.cross_check import Check, check
    from mnprofile.evidence.profilers.foreign import ForeignCheck, check_against
    from mnprofile.evidence.profilers.to_torch import to_torch
    from mnprofile.evidence.profilers.totals import Ledger, ledger
    from mnprofile.graph.configuration import Configuration
    from mnprofile.graph.graph import Graph
    from mnprofile.networks.catalog import architectures, build, load, parse
    from mnprofile.networks.notation.rows import Architecture
    from mnprofile.networks.readers.onnx.network import from_onnx
    from mnprofile.networks.readers.tflite.network import from_tflite
    from mnprofile.networks.readers.torch_modules import from_torch
    from mnprofile.search.best import Choice, Found, find
    from mnprofile.search.row_files import sweep
    from mnprofile.views.html.reporting import report
    from mnprofile.views.plots.plotting import plot

# Loaded on first use: `import mnprofile` alone must stay light.
_HOMES = {
    "Architecture": "networks.notation.rows",
    "Check": "evidence.profilers.cross_check",
    "Choice": "search.best",
    "Comparison": "costs.comparison.alignment",
    "Configuration": "graph.configuration",
    "Count": "costs.counting",
    "Counts": "costs.counting",
    "Deployed": "costs.deployment",
    "Explanation": "costs.explaining",
    "Field": "costs.receptive_fields",
    "FiguresError": "base.errors",
    "FileError": "base.errors",
    "ForeignCheck": "evidence.profilers.foreign",
    "Found": "search.best",
    "Graph": "graph.graph",
    "Layer": "costs.counting",
    "LayerGroup": "costs.counting",
    "Ledger": "evidence.profilers.totals",
    "Memory": "costs.memory.activations",
    "MissingExtraError": "base.errors",
    "MnprofileError": "base.errors",
    "NetworkExplanation": "costs.explaining",
    "Reproduction": "evidence.literature.reproduction",
    "TableError": "base.errors",
    "UnmeasuredError": "base.errors",
    "UsageError": "base.errors",
    "activation_memory": "costs.memory.activations",
    "architectures": "networks.catalog",
    "build": "networks.catalog",
    "check": "evidence.profilers.cross_check",
    "check_against": "evidence.profilers.foreign",
    "count": "costs.counting",
    "deploy": "costs.deployment",
    "diff": "costs.comparison.diffing",
    "explain": "costs.explaining",
    "explain_network": "costs.explaining",
    "find": "search.best",
    "from_onnx": "networks.readers.onnx.network",
    "from_tflite": "networks.readers.tflite.network",
    "from_torch": "networks.readers.torch_modules",
    "ledger": "evidence.profilers.totals",
    "load": "networks.catalog",
    "parse": "networks.catalog",
    "plot": "views.plots.plotting",
    "receptive_fields": "costs.receptive_fields",
    "report": "views.html.reporting",
    "reproduce": "evidence.literature.reproduction",
    "sweep": "search.row_files",
    "time": "costs.latency.prediction",
    "to_torch": "evidence.profilers.to_torch",
}

__all__ = [
    "Architecture",
    "Check",
    "Choice",
    "Comparison",
    "Configuration",
    "Count",
    "Counts",
    "Deployed",
    "Explanation",
    "Field",
    "FiguresError",
    "FileError",
    "ForeignCheck",
    "Found",
    "Graph",
    "Layer",
    "LayerGroup",
    "Ledger",
    "Memory",
    "MissingExtraError",
    "MnprofileError",
    "NetworkExplanation",
    "Reproduction",
    "TableError",
    "UnmeasuredError",
    "UsageError",
    "__version__",
    "activation_memory",
    "architectures",
    "build",
    "check",
    "check_against",
    "count",
    "deploy",
    "diff",
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
    "report",
    "reproduce",
    "sweep",
    "time",
    "to_torch",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        try:
            home = import_module(f"mnprofile.{_HOMES[name]}")
        except ModuleNotFoundError as fault:
            raise _missing(name, fault) from None
        value: object = getattr(home, name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'mnprofile' has no attribute {name!r}")


def _missing(name: str, fault: ModuleNotFoundError) -> Exception:
    """What a function raises whose package is not installed."""
    from mnprofile.base.errors import MissingExtraError
    from mnprofile.base.extras import install_line

    if fault.name is None or fault.name.startswith("mnprofile"):
        return fault
    line = install_line("check")
    return MissingExtraError(f"{name}: {fault.name} is not installed", accepted=line)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
