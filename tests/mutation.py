"""What mutmut needs to judge this project fairly: a pytest plugin.

mutmut forks each mutant's run from a process that has imported and run everything. So
what a module does once, at import or behind a cache, was done by the good code. Here
each run imports the project anew, and the run that notes which test calls what has no
warm cache and credits every test with what happens at import.

``mutmut run`` loads it (see ``[tool.mutmut]`` in ``pyproject.toml``); nothing else
does.
"""

import os
import sys

import pytest
from hypothesis import settings

OURS = ("mnprofile", "tests")
STATS = "stats"  # mutmut's name for the run that notes which test calls what

settings.register_profile("mutation", database=None, derandomize=True, deadline=None)
settings.load_profile("mutation")


def under_test() -> str:
    """The mutant that runs, or what else mutmut is doing; empty in a plain run."""
    return os.environ.get("MUTANT_UNDER_TEST", "")


def pytest_addoption() -> None:
    """The first hook of all, before any conftest is imported."""
    for name in [*sys.modules]:
        if name.partition(".")[0] in OURS and name not in ("tests", __name__):
            del sys.modules[name]


class Credit:
    """In the run of notes: no warm caches, and every test is credited with imports."""

    def __init__(self) -> None:
        from mutmut.state import state

        self.hits = state()._stats
        self.at_import: set[str] = set()

    def pytest_collection_finish(self) -> None:
        self.at_import = set(self.hits)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        for name, module in [*sys.modules.items()]:
            if name.partition(".")[0] == OURS[0]:
                for value in vars(module).values():
                    if hasattr(value, "cache_clear"):
                        value.cache_clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        self.hits |= self.at_import


def pytest_configure(config: pytest.Config) -> None:
    if under_test() == STATS:
        config.pluginmanager.register(Credit())
