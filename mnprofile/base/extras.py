"""Packages that only some commands need; an extra installs each of them."""

import importlib.util
import re
import sys

from mnprofile.base.errors import MissingExtraError


def is_installed(package: str) -> bool:
    """Whether a package can be found; it is not imported."""
    return importlib.util.find_spec(package) is not None


def require(package: str, extra: str = "check") -> None:
    """Raise MissingExtraError, with the command that installs the missing package."""
    if not is_installed(package):
        raise MissingExtraError(
            f"{package} is not installed", accepted=install_line(extra)
        )


def install_line(extra: str) -> str:
    """The command that installs an extra, whether or not mnprofile is on PyPI.

    It names what the installed mnprofile itself declares for that extra.
    """
    import shlex
    from importlib import metadata  # 20 ms that only a hint should pay

    try:
        needed = requirements(extra, metadata.requires("mnprofile") or [])
    except metadata.PackageNotFoundError:
        needed = []
    if not needed:
        return f"pip install '.[{extra}]', in a clone of mnprofile"
    return " ".join(("pip install", *map(shlex.quote, needed)))


def requirements(extra: str, declared: list[str]) -> list[str]:
    """What an extra installs, extras of its own resolved, for this Python.

    ``declared`` are requirements as package metadata has them:
    ``thop==0.1.1; python_version < "3.12" and extra == "check-all"``.
    """
    found: list[str] = []
    for line in declared:
        package, _, marker = (part.strip() for part in line.partition(";"))
        marker = marker.replace("'", '"')
        limit = re.search(r'python_version < "(\d+)\.(\d+)"', marker)
        too_new = limit and sys.version_info >= (int(limit[1]), int(limit[2]))
        if f'extra == "{extra}"' not in marker or too_new:
            continue
        own = re.fullmatch(r"mnprofile\[([\w-]+)\]", package)
        found += requirements(own[1], declared) if own else [package]
    return found
