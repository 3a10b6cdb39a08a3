"""The versions that a task's outcome depends on."""

import hashlib
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from mnprofile import __version__
from mnprofile.base.files import note_input
from mnprofile.networks.configuration import parse_spec

PACKAGES = ("torch", "fvcore")
RUNTIMES = ("onnxruntime", "ai-edge-litert")


def versions() -> dict[str, str]:
    """Releases of this package and of those that the tasks run."""
    return {"mnprofile": __version__, **_releases(PACKAGES)}


def machine() -> dict[str, str]:
    """What tells latencies measured here from those of another machine."""
    name = f"{platform.node()} {platform.machine()}"
    return {"machine": name, **_releases(RUNTIMES)}


def versions_of(archs: Sequence[str]) -> dict[str, str]:
    """What tells one state of the networks' tables, code or files from another."""
    return {arch: _version(parse_spec(arch)[0]) for arch in archs}


def _releases(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "none"
    return found


def _version(arch: str) -> str:
    """A digest of its file, else the release of a module's distribution.

    The file of ``paper.tex#2+ssdlite`` is paper.tex.
    """
    home = arch.rpartition(":")[0] or arch
    table = arch.partition("#")[0].partition("+")[0]
    for file in (home, table, f"{home.replace('.', '/')}.py"):
        if Path(file).is_file():
            note_input(Path(file))  # of a network that other processes read
            return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:32]
    top = home.partition(".")[0]
    releases = metadata.packages_distributions().get(top, ())
    return ", ".join(f"{one} {metadata.version(one)}" for one in sorted(set(releases)))
