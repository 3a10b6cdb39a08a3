"""Packages that only some commands need; an extra installs each of them."""

import importlib.util

from mnprofile.base.errors import MissingExtraError


def is_installed(package: str) -> bool:
    """Whether a package can be found; it is not imported."""
    return importlib.util.find_spec(package) is not None


def require(package: str, extra: str = "check") -> None:
    """Raise MissingExtraError, with the command that installs the missing package."""
    if not is_installed(package):
        raise MissingExtraError(
            f"{package} is not installed",
            accepted=f"pip install 'mnprofile[{extra}]'",
        )
