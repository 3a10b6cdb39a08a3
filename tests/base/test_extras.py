"""A missing package is named with the command that installs it."""

from importlib.metadata import PackageNotFoundError

import pytest

from mnprofile.base.errors import UNMEASURED, MissingExtraError
from mnprofile.base.extras import install_line, is_installed, require, requirements


def test_an_installed_package_is_found_and_not_imported() -> None:
    require("pytest")

    assert is_installed("this")  # importing it would print a poem
    assert "this" not in __import__("sys").modules


def test_a_missing_package_is_named_with_its_extra() -> None:
    with pytest.raises(MissingExtraError) as caught:
        require("no_such_package", "check-all")

    assert str(caught.value) == (
        f"no_such_package is not installed\nAccepted: {install_line('check-all')}"
    )
    assert caught.value.exit_code == UNMEASURED


DECLARED = [
    "click>=8.2",
    "torch>=2.4; extra == 'check'",
    "mnprofile[check]; extra == 'check-all'",
    'ptflops==0.7.5; extra == "check-all"',
    "old==1; (python_version < '3.11') and extra == 'check-all'",
    "new==1; (python_version < '4.0') and extra == 'check-all'",
]


def test_the_line_installs_what_the_package_declares(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It must work before there is a release, so it never names mnprofile."""
    monkeypatch.setattr("importlib.metadata.requires", lambda name: DECLARED)

    assert requirements("check", DECLARED) == ["torch>=2.4"]
    assert install_line("check-all") == (
        "pip install 'torch>=2.4' ptflops==0.7.5 new==1"
    )


def test_a_package_that_is_not_installed_is_installed_from_its_clone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing(name: str) -> list[str]:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.requires", nothing)

    assert install_line("check") == "pip install '.[check]', in a clone of mnprofile"
