"""The tasks that time each configuration of a grid on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from mnprofile.base.errors import UsageError
from mnprofile.base.units import resolution_text
from mnprofile.networks.catalog import STDIN
from mnprofile.networks.configuration import Request, parse_spec
from mnprofile.networks.finding import find_network, foreign_reader
from mnprofile.networks.readers.inputs import ReadRequest, parse_setting
from mnprofile.search.grids import parse_resolutions, parse_values, parse_whole
from mnprofile.search.tasks.networks import network_grid, network_tasks
from mnprofile.search.tasks.task import Task, check_number

MEASURE = "mnprofile.search.tasks.work:measure"
_NUMBERS = ("alpha", "rho", "t", "depth", "phi")


def timing_tasks(
    arch: str, given: Mapping[str, Any], how: Mapping[str, Any], device: str | None
) -> list[Task]:
    """One task for every combination of the values of ``given``.

    ``given`` are the options of a configuration; an option that takes several values
    may be a text with lists and ranges. ``how`` are the fields of a ``HowToRun``,
    ``device`` one whose prediction stands beside. Raises UsageError.
    """
    tasks = _of_a_network if foreign_reader(parse_spec(arch)[0]) else _of_a_table
    threads = {"threads": how.get("threads") or cores()}
    return tasks(arch, given, {"how": {**how, **threads}, "device": device})


def cores() -> int:
    """How many threads this process may run at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _of_a_network(
    arch: str, given: Mapping[str, Any], more: Mapping[str, Any]
) -> list[Task]:
    set_too = [key for key in (*_NUMBERS, "classes", "impl") if given[key] is not None]
    if set_too or parse_spec(arch)[1] != Request():
        raise UsageError(
            f"--{set_too[0] if set_too else 'alpha'}: {arch} is not a table",
            accepted="arguments of its own: --arg",
        )
    grid = network_grid([arch], given, given["resolution"])
    return [
        Task(
            MEASURE,
            {
                "arch": arch,
                "settings": {"resolution": one.arguments["resolution"]},
                "reading": {key: one.arguments[key] for key in ("arguments", "inputs")},
                **more,
            },
            one.row,
        )
        for one in network_tasks(grid, 8)
    ]


def _of_a_table(
    arch: str, given: Mapping[str, Any], more: Mapping[str, Any]
) -> list[Task]:
    """Every configuration is built here first, so that a wrong value is refused."""
    if arch.split("@", maxsplit=1)[0].split("+", maxsplit=1)[0] == STDIN:
        raise UsageError(
            "a grid needs a table that can be read again", accepted="a file"
        )
    reading = {"table": given["table"], "settings": given["settings"]}
    asked = ReadRequest(
        table=given["table"], settings=tuple(map(parse_setting, given["settings"]))
    )
    found = []
    for settings in _combinations(given):
        network, graph = find_network(arch, Request(**settings), asked)
        config = graph.config
        row = {
            "model": network.name,
            **{key: getattr(config, key) for key in ("alpha", "t", "classes", "impl")},
            "resolution": resolution_text(config.resolution),
        }
        arguments = {"arch": arch, "settings": settings, "reading": reading, **more}
        found.append(Task(MEASURE, arguments, row))
    return found


def _combinations(given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The fields of a Request for each combination, the sizes fastest."""
    axes: dict[str, Sequence[Any]] = {
        key: _values(given[key], lambda text, key=key: parse_values(text, f"--{key}"))
        for key in _NUMBERS
    }
    axes["classes"] = _values(
        given["classes"], lambda text: parse_whole(text, "--classes")
    )
    axes["impl"] = _values(given["impl"], lambda text: text.split(","))
    axes["resolution"] = _values(given["resolution"], parse_resolutions)
    stride = given["output_stride"]
    axes["output_stride"] = [None if stride is None else int(stride)]
    number = 1
    for values in axes.values():
        number *= len(values)
    check_number(number)
    for some in product(*axes.values()):
        yield dict(zip(axes, some, strict=True))


def _values(value: Any, parse: Any) -> Sequence[Any]:
    return tuple(parse(value)) if isinstance(value, str) else (value,)
