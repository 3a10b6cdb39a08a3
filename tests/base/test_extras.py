"""A missing package is named with the command that installs it."""

import pytest

from mnprofile.base.errors import UNMEASURED, MissingExtraError
from mnprofile.base.extras import is_installed, require


def test_an_installed_package_is_found_and_not_imported() -> None:
    require("pytest")

    assert is_installed("this")  # importing it would print a poem
    assert "this" not in __import__("sys").modules


def test_a_missing_package_is_named_with_its_extra() -> None:
    with pytest.raises(MissingExtraError) as caught:
        require("no_such_package", "check-all")

    assert str(caught.value) == (
        "no_such_package is not installed\nAccepted: pip install 'mnprofile[check-all]'"
    )
    assert caught.value.exit_code == UNMEASURED
