"""Rows of a sweep as a frame, CSV, JSON lines or Parquet, piece by piece."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isnan
from typing import IO, TYPE_CHECKING, Any

from mnprofile.base import units
from mnprofile.base.errors import MissingExtraError, UsageError
from mnprofile.base.escape import csv_cell
from mnprofile.base.extras import install_line
from mnprofile.base.sheet import Sheet
from mnprofile.base.units import check_bits
from mnprofile.costs.latency.devices import device_of
from mnprofile.evidence.literature.accuracy_series import PHONES
from mnprofile.search.conditions import COUNTS, LATENCY, MEMORY, parse_condition
from mnprofile.search.grids import DEFAULT_TABLES, Archs, Values, grids_for, total_size
from mnprofile.search.interpolation import KINDS, NONE, is_as_printed
from mnprofile.search.rows import (
    SCALED,
    TIMED,
    Rows,
    SweepGroup,
    groups_of,
    has_phi,
    join,
)
from mnprofile.search.stream import stream

if TYPE_CHECKING:
    import pandas as pd

_SETTINGS = ("model", "impl", "alpha", "resolution", "rho", "t", "classes")
COLUMNS = (*_SETTINGS, *COUNTS, MEMORY, "top1", "top1_kind", "top1_source")
_INTS = ("classes", *COUNTS, MEMORY)
_TEXTS = ("model", "impl", "top1_kind", "top1_source", "latency_kind")
MAX_FRAME_ROWS = 20_000_000
_ROW_GROUP = 1 << 18
_TEXT_ROWS = 1 << 15  # rows held as text at one time


def latency_column(phone: str) -> str:
    """ "Pixel 1" -> "latency_ms_pixel_1"."""
    return "latency_ms_" + phone.lower().replace(" ", "_")


def columns_of(groups: Sequence[SweepGroup]) -> tuple[str, ...]:
    """The columns of a sweep; phones without published figures have none.

    Those of a compound scaling are there if one is asked for.
    """
    phones = {latency.phone for group in groups for latency in group.latencies}
    timed = TIMED if any(group.timing for group in groups) else ()
    return (
        *COLUMNS,
        *timed,
        *(latency_column(phone) for phone in PHONES if phone in phones),
        *(SCALED if has_phi(groups) else ()),
    )


def arrays(rows: Rows) -> dict[str, Any]:
    """The columns as numpy arrays. nan means unknown.

    Texts are pairs (codes, values); ``resolution`` is a text if not all are square.
    """
    import numpy as np

    columns, group = rows.columns, rows.group
    height, square = columns["height"], columns["height"] == columns["width"]
    of_table = np.array([one.arch.resolution for one in rows.groups], float)[group]
    labels = ["", *(one.accuracy.label if one.accuracy else "" for one in rows.groups)]
    found: dict[str, Any] = {
        "model": (group, [one.arch.name for one in rows.groups]),
        "impl": (group, [one.impl for one in rows.groups]),
        "resolution": height,
        "rho": np.where(square, height / of_table, np.nan),
        "classes": np.array([one.classes for one in rows.groups], np.int64)[group],
        "top1_kind": (columns["kind"].astype(np.int32), list(KINDS)),
        "top1_source": (np.where(columns["kind"] == NONE, 0, group + 1), labels),
    }
    found |= {name: columns[name] for name in COLUMNS if name in columns}
    if LATENCY in columns:
        found[LATENCY] = columns[LATENCY]
        found["latency_kind"] = columns["latency_kind"].astype(np.int32), list(KINDS)
    for name in SCALED if has_phi(rows.groups) else ():
        of_group = [getattr(one, name) for one in rows.groups]
        found[name] = np.array(of_group, float)[group]
    for phone in PHONES:
        found[latency_column(phone)] = _latency(rows, phone)
    return found


def _latency(rows: Rows, phone: str) -> Any:
    """The published milliseconds of each row on one phone; nan if there are none."""
    import numpy as np

    alpha, height, width, t = (
        rows.columns[name] for name in ("alpha", "height", "width", "t")
    )
    values = np.full(len(rows), np.nan)
    for index, group in enumerate(rows.groups):
        for latency in (one for one in group.latencies if one.phone == phone):
            mine = (rows.group == index) & (height == width)
            mine &= is_as_printed(group.arch, t)
            for (at, side), milliseconds in latency.milliseconds.items():
                values[mine & (alpha == at) & (height == side)] = milliseconds
    return values


def frame(parts: Iterable[Rows], groups: Sequence[SweepGroup]) -> pd.DataFrame:
    """All rows as one tidy frame; texts are categories."""
    import numpy as np
    import pandas as pd

    pieces = list(parts)
    if pieces:
        rows = join(pieces)
        made = arrays(rows)
        if not (rows.columns["height"] == rows.columns["width"]).all():
            made["resolution"] = _sizes(rows)
    else:
        made = dict.fromkeys(columns_of(groups), np.array([], float))
        made |= dict.fromkeys(_INTS, np.array([], np.int64))
        texts = [name for name in _TEXTS if name in made]
        made |= dict.fromkeys(texts, (np.array([], np.int64), []))
    made |= {name: _category(*made[name]) for name in _TEXTS if name in made}
    return pd.DataFrame({name: made[name] for name in columns_of(groups)})


def _sizes(rows: Rows, quote: Callable[[str], str] = str) -> list[str]:
    """Each row's resolution as text, quoted if it is not a number: 224 or 96x128."""
    heights, widths = (rows.columns[name].tolist() for name in ("height", "width"))
    pairs = list(zip(heights, widths, strict=True))
    texts = {pair: units.resolution_text(pair) for pair in set(pairs)}
    texts |= {(h, w): quote(text) for (h, w), text in texts.items() if h != w}
    return [texts[pair] for pair in pairs]


def sweep(
    arch: Archs = DEFAULT_TABLES,
    *,
    alpha: Values = None,
    resolution: Values = None,
    rho: Values = None,
    t: Values = None,
    classes: Values = None,
    impl: str | Sequence[str] = "paper",
    where: str | Sequence[str] = (),
    pareto: bool = False,
    bits: int = 8,
    device: str | None = None,
    phi: Values = None,
) -> pd.DataFrame:
    """Every combination of the values as a tidy frame, one row per configuration.

    Args:
        arch: one table or several: aliases, names, paths or loaded architectures.
        alpha, resolution, rho, t, classes: a number, several, or a text with ranges
            such as "0.35:1.4:0.05"; None for the family's published grid.
        impl: the width rules of one implementation or several.
        where: conditions such as "macs<=100M" or "act_peak_bytes<=256KiB"; a row must
            satisfy all of them.
        pareto: only the frontier of top-1 over macs.
        bits: bits per element (8, 16 or 32) in ``act_peak_bytes``, the peak memory of
            live activations.
        device: adds ``latency_ms`` on a device of ``mnprofile time --devices``, or on
            the one of a .toml file, with ``latency_kind`` published or estimate.
        phi: compound scaling of EfficientNet, in place of alpha, resolution and rho;
            adds the columns ``phi`` and ``depth``.

    Raises:
        UsageError: a value out of range, or more rows than a frame should hold.

    >>> sweep("v2", alpha=0.75, resolution=160).loc[0, "macs"].item()
    107295200
    """
    checked = check_bits(bits)
    texts = (where,) if isinstance(where, str) else where
    conditions = [parse_condition(text, "where") for text in texts]
    grids = grids_for(
        arch,
        alpha=alpha,
        resolution=resolution,
        rho=rho,
        t=t,
        classes=classes,
        impl=impl,
        device=device_of(device) if device is not None else None,
        phi=phi,
    )
    size = total_size(grids)
    if size > MAX_FRAME_ROWS and not (conditions or pareto):
        raise UsageError(
            f"the frame would have {size:,} rows",
            accepted=f"up to {MAX_FRAME_ROWS:,}, or where=... or pareto=True",
        )
    parts = stream(grids, conditions, pareto=pareto, bits=checked)
    return frame(capped(parts, MAX_FRAME_ROWS, "the frame"), groups_of(grids))


def capped(parts: Iterable[Rows], most: int, what: str) -> Iterator[Rows]:
    """The pieces unchanged. Raises UsageError if they have more than ``most`` rows."""
    count = 0
    for rows in parts:
        count += len(rows)
        if count > most:
            raise UsageError(
                f"more than {most:,} rows pass, too many for {what}",
                accepted="tighter limits, or --output FILE.csv or FILE.parquet",
            )
        yield rows


def _category(codes: Any, values: list[str]) -> Any:
    """Codes and texts as a pandas categorical: each text once, "" as missing."""
    import numpy as np
    import pandas as pd

    distinct = [value for value in dict.fromkeys(values) if value]
    new = np.array([distinct.index(v) if v else -1 for v in values], np.int64)
    categories = pd.Index(distinct, dtype=object)
    return pd.Categorical.from_codes(new[codes.astype(np.int64)], categories)


# --- text ----------------------------------------------------------------------------


def write_csv(file: IO[bytes], parts: Iterable[Rows], names: Sequence[str]) -> None:
    """Write rows under a header."""
    file.write((",".join(names) + "\n").encode())
    for rows in _small(parts):
        columns = _texts(rows, names, none="", quote=_csv_quoted)
        lines = map(",".join, zip(*columns, strict=True))
        file.write(("\n".join(lines) + "\n").encode())


def _csv_quoted(text: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([csv_cell(text)])
    return out.getvalue()


def write_json(
    file: IO[bytes],
    parts: Iterable[Rows],
    names: Sequence[str],
    head: dict[str, Any],
    tail: Callable[[int], dict[str, Any]],
) -> None:
    """Write one object: ``head``, the rows, and ``tail`` of their number."""
    count = 0
    file.write(json.dumps(head, indent=2)[:-2].encode() + b',\n  "rows": [')
    pattern = "{" + ", ".join(f'"{name}": %s' for name in names) + "}"
    for rows in _small(parts):
        columns = _texts(rows, names, none="null", quote=json.dumps)
        lines = [pattern % row for row in zip(*columns, strict=True)]
        file.write(b",\n    " if count else b"\n    ")
        file.write(",\n    ".join(lines).encode())
        count += len(rows)
    file.write(b"\n  ],\n" + json.dumps(tail(count), indent=2)[2:].encode() + b"\n")


def _small(parts: Iterable[Rows]) -> Iterator[Rows]:
    """Pieces that are small as text; empty ones are left out."""
    for rows in parts:
        for start in range(0, len(rows), _TEXT_ROWS):
            yield rows.take(slice(start, start + _TEXT_ROWS))


def _texts(
    rows: Rows, names: Sequence[str], *, none: str, quote: Callable[[str], str]
) -> list[list[str]]:
    """Each column as texts: whole numbers and shortest decimals, ``none`` for nan."""
    found = arrays(rows)
    columns = []
    for name in names:
        value = found[name]
        if name in _TEXTS:
            codes, texts = value
            written = [quote(text) if text else none for text in texts]
            columns.append([written[code] for code in codes.tolist()])
        elif name == "resolution":
            columns.append(_sizes(rows, quote))
        elif name in _INTS:
            columns.append(list(map(str, value.tolist())))
        else:
            numbers = value.tolist()
            decimals = {number: repr(number) for number in set(numbers)}
            columns.append([none if isnan(n) else decimals[n] for n in numbers])
    return columns


# --- Parquet -------------------------------------------------------------------------


def write_parquet(
    file: IO[bytes], parts: Iterable[Rows], names: Sequence[str], *, square: bool
) -> None:
    """Write rows as Parquet; ``square`` if all resolutions are.

    Raises MissingExtraError if pyarrow is not installed.
    """
    arrow, parquet = require_parquet()
    text = arrow.dictionary(arrow.int32(), arrow.string())
    types = dict.fromkeys(_TEXTS, text) | {name: arrow.int64() for name in _INTS}
    types["resolution"] = arrow.int64() if square else arrow.string()
    schema = arrow.schema([(name, types.get(name, arrow.float64())) for name in names])
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for rows in parts:
            found = arrays(rows)
            if not square:
                found["resolution"] = _sizes(rows)
            columns = [
                _dictionary(arrow, *found[name])
                if name in _TEXTS
                else arrow.array(found[name], type=types.get(name), from_pandas=True)
                for name in names
            ]
            table = arrow.Table.from_arrays(columns, schema=schema)
            writer.write_table(table, row_group_size=_ROW_GROUP)


def write_sheet(file: IO[bytes], sheet: Sheet) -> None:
    """Write the rows of a small sheet as Parquet; a mixed column becomes text."""
    arrow, parquet = require_parquet()
    cells = zip(*sheet.rows, strict=True) if sheet.rows else ((),) * len(sheet.columns)
    columns = {}
    for column, values in zip(sheet.columns, cells, strict=True):
        kinds = {type(value) for value in values if value is not None}
        columns[column.key] = arrow.array(
            values
            if len(kinds) < 2
            else [None if value is None else str(value) for value in values]
        )
    parquet.write_table(arrow.table(columns), file, compression="zstd")


def require_parquet() -> tuple[Any, Any]:
    """pyarrow and its module for Parquet.

    Raises MissingExtraError, so that a sweep can check before it starts.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError(
            "Parquet needs pyarrow",
            accepted=f"{install_line('parquet')}, or --format csv",
        ) from None
    return pyarrow, pyarrow.parquet


def _dictionary(arrow: Any, codes: Any, values: list[str]) -> Any:
    """A text column; "" is null."""
    import numpy as np

    empty = [at for at, value in enumerate(values) if not value]
    mask = np.isin(codes, empty) if empty else None
    indices = arrow.array(codes.astype(np.int32), mask=mask)
    return arrow.DictionaryArray.from_arrays(indices, arrow.array(values))
