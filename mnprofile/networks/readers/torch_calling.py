"""Import and call foreign code that makes a PyTorch network.

It runs with the user's permissions. What it prints goes to stderr, the working folder
is put back, and whatever it raises becomes an error that says where it was raised.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mnprofile.base.errors import (
    MissingExtraError,
    UnmeasuredError,
    UsageError,
    nearest,
)
from mnprofile.base.files import note_input

if TYPE_CHECKING:
    from torch import nn

_NAME = r"[^\W\d]\w*"
ACCEPTED = "MODULE:CALLABLE, as in nets:small"
_CALLABLE = re.compile(rf"{_NAME}(?:\.{_NAME})*")
_BROKEN = re.compile(
    r"operator [\w:.]+ does not exist|undefined symbol|cannot open|custom C\+\+ ops"
)


def is_callable_name(arch: str) -> bool:
    """Whether ARCH is written as MODULE:CALLABLE or path/to/file.py:CALLABLE."""
    place, colon, name = arch.rpartition(":")
    if not colon or not _CALLABLE.fullmatch(name):
        return False
    return place.endswith(".py") or bool(_CALLABLE.fullmatch(place))


def imported(text: str) -> Any:
    """What MODULE:CALLABLE names; modules of the current folder too.

    Raises:
        UsageError: it has another form, its import raises, or there is no such name.
        MissingExtraError: a package is missing.
        UnmeasuredError: one cannot be loaded on this machine.
    """
    place, colon, path = text.rpartition(":")
    if not (colon and place and path):
        raise UsageError(f'"{text}" is not a factory', accepted=ACCEPTED)
    found: Any = _from_file(place) if place.endswith(".py") else _by_name(place)
    for part in path.split("."):
        if not hasattr(found, part):
            close = nearest(part, dir(found))
            raise UsageError(f'{place} has no "{path}"', suggestion=close)
        found = getattr(found, part)
    return found


def called(
    make: Callable[..., object], name: str, arguments: Mapping[str, object]
) -> nn.Module:
    """The network that a factory or class makes. Raises UsageError."""
    from torch import nn

    try:
        with foreign_code():
            network = make(**arguments)
    except (Exception, SystemExit) as fault:  # it is not our code
        raise UsageError(
            f"{name} raised {reason(fault)}",
            accepted="a factory that takes these arguments",
        ) from None
    if not isinstance(network, nn.Module):
        raise UsageError(
            f"{name} returned {article(type(network).__name__)}",
            accepted="a factory that returns a torch.nn.Module",
        )
    return network


@contextlib.contextmanager
def foreign_code() -> Iterator[None]:
    """Run code that may print and change the working folder."""
    here = Path.cwd()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.chdir(here)


def reason(fault: BaseException) -> str:
    """The message of a foreign error, and where in foreign code it was raised."""
    lines = str(fault).strip().splitlines()
    name, line = type(fault).__name__, lines[0] if lines else ""
    text = f"{name}: {line}" if line else name
    ours = str(Path(__file__).parents[2])
    frames = traceback.extract_tb(fault.__traceback__)
    places = [one for one in frames if not one.filename.startswith(("<", ours))]
    where = f" ({Path(places[-1].filename).name}:{places[-1].lineno})" if places else ""
    return text + where


def is_broken(fault: BaseException) -> bool:
    """Whether an error is that of a package whose compiled part is missing."""
    return _BROKEN.search(str(fault)) is not None


def broken(text: str) -> UnmeasuredError:
    return UnmeasuredError(
        f"{text}: a compiled part of a package is missing or does not fit",
        accepted="a build of that package for this machine's torch",
    )


def article(name: str) -> str:
    """ "Linear" -> "a Linear"."""
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _by_name(module: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    with _importing(module):
        found = importlib.import_module(module)
    _note(found)
    return found


def _from_file(file: str) -> ModuleType:
    """A module from a file, whose own folder it may import from."""
    path = Path(file)
    if not path.is_file():
        known = [one.name for one in path.parent.glob("*.py")]
        close = nearest(path.name, known)
        raise UsageError(f"{file} is not a file", suggestion=close)
    name = f"mnprofile_read_{path.stem}"  # which no other module has
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    folder = str(path.parent.resolve())
    if folder not in sys.path:
        sys.path.append(folder)
    sys.modules[name] = module
    with _importing(file):
        spec.loader.exec_module(module)
    _note(module)
    return module


def _note(module: ModuleType) -> None:
    """Protect it, and what it imports from the working folder, from being written."""
    here = f"{Path.cwd()}{os.sep}"
    for one in [*sys.modules.values()]:
        path = getattr(one, "__dict__", {}).get("__file__")
        if isinstance(path, str) and (
            one is module or (path.startswith(here) and "site-packages" not in path)
        ):
            note_input(Path(path))


def _inside(package: str) -> list[str]:
    """The modules of a package that can be found, with their full names."""
    with contextlib.suppress(Exception), foreign_code():
        paths = getattr(importlib.import_module(package), "__path__", ())
        return [f"{package}.{one.name}" for one in iter_modules(paths)]
    return []


@contextlib.contextmanager
def _importing(module: str) -> Iterator[None]:
    try:
        with foreign_code():
            yield
    except ModuleNotFoundError as fault:
        missing = str(fault.name or module)
        top = missing.partition(".")[0]
        if missing != top and importlib.util.find_spec(top) is not None:
            raise UsageError(
                f"importing {module} raised {reason(fault)}",
                suggestion=nearest(missing, _inside(missing.rpartition(".")[0])),
            ) from None
        local = [one.stem for one in Path.cwd().glob("*.py")]
        raise MissingExtraError(
            f"importing {module}: No module named '{missing}': it is not installed",
            accepted=f"pip install {top}",
            suggestion=nearest(module, local),
        ) from None
    except (Exception, SystemExit) as fault:  # importing runs foreign code
        text = f"importing {module} raised {reason(fault)}"
        if isinstance(fault, ImportError) or is_broken(fault):
            raise broken(text) from None
        raise UsageError(text) from None
