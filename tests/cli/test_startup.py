"""What a fresh interpreter loads: the main job needs no heavy package."""

import subprocess
import sys

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


def test_the_command_line_loads_nothing_heavy() -> None:
    """All in one interpreter: what one of them loads, stays."""
    commands = (
        "--help",
        "--version",
        "count v2 --alpha 0.75 --res 160",
        "count v1 --by type --format json",
        "count --help",
        "list",
        "show v3-large",
    )
    runs = "".join(f"main({one.split()!r})\n" for one in commands)

    assert heavy_after(f"from mnprofile.cli import main\n{runs}") == set()


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert heavy_after("import mnprofile\nmnprofile.build('v2')") == set()


def test_this_test_can_fail() -> None:
    """A package that is loaded is seen."""
    assert heavy_after("import pandas") >= {"pandas", "numpy"}
