"""What the light set of tests (``pip install -e '.[test]'``) has to do without.

A test module or a test that imports a package of an extra is skipped where that package
is not installed, and the run's last lines say so. Anything else that misses one fails:
a module of mnprofile that imports torch on its own account is a fault.
"""

import ast
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mnprofile.base.errors import MissingExtraError

# Import name: the extra that installs it; none has torchvision and timm, which would
# bring a torch of their own.
OPTIONAL = {
    "torch": "check",
    "fvcore": "check",
    "torchinfo": "check-all",
    "pyarrow": "parquet",
    "scipy": "calibrate",
    "onnx": "onnx",
    "torchvision": None,
    "timm": None,
    "keras": None,
}


@cache
def missing(source: str) -> str | None:
    """The first optional package that a module imports when it is loaded, if absent.

    It may do so through a helper in tests/.
    """
    for statement in ast.parse(source).body:
        names = []
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            names = [statement.module or ""]
        for name in names:
            root = name.partition(".")[0]
            if root in OPTIONAL and importlib.util.find_spec(root) is None:
                return root
            for helper in _helpers(name):
                if (absent := missing(helper.read_text("utf-8"))) is not None:
                    return absent
    return None


def _helpers(name: str) -> Iterator[Path]:
    """The files in tests/ that importing this module loads: its package, itself."""
    *packages, _ = parts = name.split(".")
    if packages[:1] == ["tests"]:
        path = Path(__file__).parents[1].joinpath(*parts)
        found = (path.parent / "__init__.py", path / "__init__.py")
        yield from (one for one in (*found, path.with_suffix(".py")) if one.is_file())


def needs(package: str) -> str:
    """Why something is skipped."""
    extra = OPTIONAL.get(package)
    return f"needs {package}" + (f" (extra {extra})" if extra else "")


class Unloaded(pytest.Module):
    """A test module whose packages are not installed."""

    def collect(self) -> Iterator[Any]:
        package = missing(self.path.read_text("utf-8"))
        pytest.skip(needs(package or "a package"), allow_module_level=True)


def skip_reason(fault: BaseException) -> str | None:
    """Why a test that ended in this error is skipped; None if it failed."""
    if isinstance(fault, MissingExtraError):
        return f"needs a package of an extra: {fault.message}"
    if not isinstance(fault, ModuleNotFoundError) or fault.name not in OPTIONAL:
        return None
    frame = fault.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    in_test = frame is not None and is_test(Path(frame.tb_frame.f_code.co_filename))
    return needs(fault.name) if in_test else None


def is_test(path: Path) -> bool:
    """Whether a file is a test or a page's example: only these may import extras."""
    return Path(__file__).parent in path.parents or path == Path("<string>")
