"""Limits on what a configuration costs, as options of several commands."""

from typing import Any

import click

from mnprofile.base.units import BITS
from mnprofile.cli.options import together

# Option -> column and sign of its condition.
LIMITS = {
    "max_macs": ("macs", "<="),
    "max_params": ("params", "<="),
    "max_activations": ("activations", "<="),
    "max_memory": ("act_peak_bytes", "<="),
    "min_top1": ("top1", ">="),
}


# --max-macs, --max-params, --max-activations, --max-memory, --bits, --min-top1.
limit_options = together(
    click.option("--max-macs", metavar="N", help="At most 100M, 1.5G, 512K."),
    click.option("--max-params", metavar="N", help="At most so many."),
    click.option("--max-activations", metavar="N", help="At most so many."),
    click.option(
        "--max-memory",
        metavar="BYTES",
        help="At most so much live activation memory: 256KiB, 256kB.",
    ),
    click.option(
        "--bits",
        type=click.Choice([str(bits) for bits in BITS]),
        help="Of an element in memory. [default: 8]",
    ),
    click.option("--min-top1", metavar="PERCENT", help="At least 70, say."),
)


def limit_values(given: dict[str, str | None]) -> dict[str, Any]:
    """The limits that are given as numbers. Raises UsageError naming the option."""
    from mnprofile.search.conditions import limit_value

    return {
        name: limit_value(column, text, "--" + name.replace("_", "-"))
        for name, (column, _) in LIMITS.items()
        if (text := given[name]) is not None
    }
