"""What mutmut needs to judge this project fairly and soon: a pytest plugin.

mutmut forks each mutant's run from a process that has imported and run everything. So
what a module does once, at import or behind a cache, was done by the good code. Here
the run that notes which test calls what has no warm cache, and credits every test with
what happens at import; a mutant of what happens at import has everything imported anew,
every other one starts with empty caches. Quick tests run first: most mutants fail one.

``mutmut run`` loads it (see ``[tool.mutmut]`` in ``pyproject.toml``); nothing else
does.
"""

import json
import os
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import settings

import mnprofile

HERE = ("mnprofile", "tests")
COUNTING = ("graph", "networks", "costs", "search")  # packages that have mutants
# Beside the copy of the project in which mutmut runs the tests.
STATS_FILE, IMPORTS_FILE = Path("mutmut-stats.json"), Path("mutmut-imports.json")

settings.register_profile("mutation", database=None, derandomize=True, deadline=None)
settings.load_profile("mutation")


def under_test() -> str:
    """The mutant that runs, "stats" for the run of notes; empty in a plain run."""
    return os.environ.get("MUTANT_UNDER_TEST", "")


def pytest_addoption() -> None:
    """The first hook of all, before any conftest is imported."""
    function, is_mutant, _ = under_test().partition("__mutmut_")
    if is_mutant and function in json.loads(IMPORTS_FILE.read_text("utf-8")):
        for name in [*sys.modules]:
            if name.partition(".")[0] in HERE and name not in ("tests", __name__):
                del sys.modules[name]


def pytest_configure(config: pytest.Config) -> None:
    if under_test() == "stats":
        config.pluginmanager.register(Notes())


def pytest_sessionstart() -> None:
    empty_caches()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if STATS_FILE.exists():
        seconds = json.loads(STATS_FILE.read_text("utf-8"))["duration_by_test"]
        items.sort(key=lambda item: seconds.get(item.nodeid, 0))


def empty_caches() -> None:
    for name, module in [*sys.modules.items()]:
        if name.partition(".")[0] == "mnprofile":
            for value in [*vars(module).values()]:
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


class Notes:
    """The run that notes which test calls what."""

    def __init__(self) -> None:
        from mutmut.state import state

        self.called: set[str] = state()._stats  # by the test that runs
        self.at_import: set[str] = set()

    def pytest_collection_finish(self) -> None:
        for package in COUNTING:
            path = [f"{mnprofile.__path__[0]}/{package}"]
            for module in pkgutil.walk_packages(path, f"mnprofile.{package}."):
                import_module(module.name)
        self.at_import = set(self.called)
        IMPORTS_FILE.write_text(json.dumps(sorted(self.at_import)), "utf-8")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        empty_caches()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        self.called |= self.at_import
