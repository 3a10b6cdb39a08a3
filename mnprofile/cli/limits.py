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
    "max_latency": ("latency_ms", "<="),
    "min_top1": ("top1", ">="),
}


# --max-macs, --max-params, --max-activations, --max-memory, --bits, --min-top1.
limit_options = together(
    click.option(
        "--max-macs",
        metavar="N",
        help="Maximum multiply-adds, such as 100M, 1.5G or 512K.",
    ),
    click.option("--max-params", metavar="N", help="Maximum parameters."),
    click.option("--max-activations", metavar="N", help="Maximum activations."),
    click.option(
        "--max-memory",
        metavar="BYTES",
        help="Maximum live activation memory, such as 256KiB or 256kB.",
    ),
    click.option(
        "--max-latency",
        metavar="TIME",
        help="Maximum latency on --device, such as 30ms.",
    ),
    click.option(
        "--device",
        metavar="NAME",
        help='Add the latency on a device, such as "Pixel 1": see mnprofile time.',
    ),
    click.option(
        "--bits",
        type=click.Choice([str(bits) for bits in BITS]),
        help="Bits per element in memory. [default: 8]",
    ),
    click.option("--min-top1", metavar="PERCENT", help="Minimum top-1, such as 70."),
)


def limit_values(given: dict[str, str | None]) -> dict[str, Any]:
    """The given limits as numbers. Raises UsageError naming the option."""
    from mnprofile.search.conditions import limit_value

    return {
        name: limit_value(column, text, "--" + name.replace("_", "-"))
        for name, (column, _) in LIMITS.items()
        if (text := given[name]) is not None
    }
