"""The versions that a task's outcome depends on."""

from importlib import metadata

from mnprofile import __version__

PACKAGES = ("torch", "fvcore")


def versions() -> dict[str, str]:
    """Releases of this package and of those that the tasks run."""
    found = {"mnprofile": __version__}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "none"
    return found
