"""What a fresh interpreter loads: the main job needs no heavy package."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "pandas", "numpy", "plotly", "jinja2", "pyarrow", "fvcore")


def heavy_after(code: str) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after running ``code``."""
    script = (
        "import sys\nsys.stdout = open('/dev/null', 'w')\n"
        + code
        + "\nsys.__stdout__.write(' '.join(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    return {name for name in HEAVY if name in result.stdout.split()}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["count", "v2", "--alpha", "0.75", "--res", "160"],
        ["count", "v1", "--by", "type", "--format", "json"],
        ["count", "--help"],
        ["list"],
        ["show", "v3-large"],
    ],
)
def test_the_command_line_loads_nothing_heavy(arguments: list[str]) -> None:
    code = f"from mnprofile.cli import main\nmain({arguments!r})"

    assert heavy_after(code) == set()


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert heavy_after("import mnprofile\nmnprofile.build('v2')") == set()


def test_this_test_can_fail() -> None:
    """A package that is loaded is seen."""
    assert heavy_after("import pandas") >= {"pandas", "numpy"}
