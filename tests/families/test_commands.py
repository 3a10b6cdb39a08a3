"""Every command takes every family: one table of each block beyond the MobileNets'.

All tables and commands were run once by hand; here are those whose graphs differ most.
"""

from pathlib import Path

import pytest

from mnprofile.cli import main

TABLES = (
    "vgg-11",  # flattened maps
    "ofa-note8-22",
    "shufflenet-oneshot",  # divided channels, joined again
    "mobilenet-v4-hybrid-medium",  # attention
    "v2+lraspp",  # a dilated backbone, two outputs joined
)
COMMANDS = {
    "show": (),
    "count": ("--fields", "receptive"),
    "memory": (),
    "explain": (),
    "ledger": (),
    "sweep": ("--res", "64,96", "--no-plot"),
    "time": ("--peak", "10G", "--bandwidth", "10GB"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("table", TABLES)
def test_a_command_takes_a_table(table: str, command: str, tmp_path: Path) -> None:
    target = tmp_path / "out.json"

    assert main([command, table, *COMMANDS[command], "-o", str(target)]) == 0
    assert target.stat().st_size > 100


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_compared_with_another_family(table: str, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"

    assert main(["diff", "v2", table, "-o", str(target)]) == 0
