"""Time on a device: where it goes, on which devices, and how well they are known."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from mnprofile.base.sheet import Column, Share, Sheet, Value
from mnprofile.base.units import short, short_bytes
from mnprofile.costs.counting import Grouping
from mnprofile.costs.latency.devices import Calibration, Device
from mnprofile.costs.latency.fitting import SIMPLEST
from mnprofile.costs.latency.prediction import PartTime, Prediction, family_text
from mnprofile.evidence.literature.latencies import device_name, milliseconds
from mnprofile.evidence.literature.sources import Printed, title
from mnprofile.graph.configuration import Configuration
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.configuration import headline, model_record

_PART_MS = (
    Column("compute_ms", "Compute", "number"),
    Column("memory_ms", "Memory", "number"),
    Column("overhead_ms", "Overhead", "number"),
)
_HELD_OUT = (
    Column("median_percent", "Median", "number"),
    Column("most_percent", "9 in 10", "number"),
    Column("worst_percent", "Worst", "number"),
    Column("macs_alone_percent", "Multiply-adds", "number"),
)


def rounded_ms(ms: float) -> float:
    """Milliseconds to a thousandth."""
    return round(ms, 3)


def approximate(ms: float | None, kind: str) -> Value:
    """A latency for people: "~31.2" if it is estimated, None if it is not known."""
    if ms is None or not kind:
        return None
    return f"~{ms:.3g}" if kind == "estimate" else ms


def latency_notes(device: Device, families: Iterable[str]) -> list[str]:
    """What estimated latencies rest on, and the families that have none."""
    notes = [f"ms: on {device.name}, as published, or ~ estimated"]
    for family in families:
        found = device.calibration(family)
        name = family_text(family)
        missing = f"{device.name} is not calibrated for {name}: nothing is estimated"
        notes.append(calibration_note(device, found) if found else missing)
    return notes


# --- one network on one device -------------------------------------------------------


def time_document(
    prediction: Prediction, by: Grouping, published: Sequence[Printed]
) -> Document:
    """The predicted time of a network, layer by layer or in groups."""
    sheet = parts_sheet(prediction.by(by), by)
    config, device = prediction.graph.config, prediction.device
    printed = _about(device, published)
    overhead = any(part.overhead_ms for part in prediction.layers)
    times = _PART_MS if overhead else _PART_MS[:2]
    shown = sheet.only(by, "macs", *times, "ms share bound")
    notes = (*prediction_notes(prediction), *published_notes(printed))
    heading = f"{headline(config)}, on {device.name}"
    return Document(
        "time",
        [replace(shown, title=heading, notes=notes)],
        replace(sheet, notes=notes),
        lambda: {
            "model": model_record(config),
            **prediction_record(prediction, printed),
            "by": by,
            "parts": _part_records(prediction.by(by)),
            "notes": list(notes),
        },
    )


def parts_sheet(parts: Sequence[PartTime], by: str) -> Sheet:
    """One row per layer or group: its work, its time and what bounds it."""
    records = _part_records(parts)
    whole = sum(part.ms for part in parts)
    summed = ("macs", "bytes", "compute_ms", "memory_ms", "overhead_ms")
    total: dict[str, Any] = {
        key: sum(record[key] for record in records) for key in summed
    }
    total |= {key: rounded_ms(total[key]) for key in summed[2:]}
    return Sheet.of(
        columns(
            f"{by} macs bytes intensity",
            *_PART_MS,
            "ms share",
            Column("bound", "Bound by"),
            "gmacs_per_second",
        ),
        (
            {by: record["name"], **record, "share": _share(part.ms, whole)}
            for record, part in zip(records, parts, strict=True)
        ),
        {by: "total", **total, "ms": rounded_ms(whole)},
    )


def _share(ms: float, whole: float) -> Share:
    """A part of the time, in whole picoseconds."""
    return Share(round(1e9 * ms), round(1e9 * whole))


def _part_records(parts: Sequence[PartTime]) -> list[dict[str, Any]]:
    whole = sum(part.ms for part in parts)
    return [
        {
            "name": part.name,
            "macs": part.work.macs,
            "bytes": part.work.bytes,
            "intensity": four_digits(part.work.intensity),
            **{
                key: rounded_ms(getattr(part, key))
                for key in ("ms", "compute_ms", "memory_ms", "overhead_ms")
            },
            "share": round(part.ms / whole, 4) if whole else 0.0,
            "bound": part.bound,
            "gmacs_per_second": four_digits(part.rate),
        }
        for part in parts
    ]


def four_digits(value: float | None) -> float | None:
    """A value as exact as a model of time can be."""
    return None if value is None else float(f"{value:.4g}")


def prediction_notes(prediction: Prediction) -> list[str]:
    """The total, its range, and what it rests on."""
    found, device = prediction.calibration, prediction.device
    span = prediction.range_ms
    total = f"Predicted {prediction.ms:.1f} ms on {device.name}"
    if span is None:
        total += f"; outside the calibration: {prediction.outside}"
    else:
        total += (
            f", {span[0]:.1f} to {span[1]:.1f} ms: nine in ten of the figures left out"
            f" were within {found.errors.most:g} %"
        )
    return [total, calibration_note(device, found)]


def calibration_note(device: Device, found: Calibration) -> str:
    """What a calibration rests on and how far off it is."""
    return (
        f"{device.name}, {family_text(found.family)}: {len(found.figures)} figures of"
        f" {found.source}, by {found.model}. One {found.left_out} left out at a time,"
        f" it is off by {found.errors.median:g} % in the median and"
        f" {found.errors.worst:g} % at worst; {SIMPLEST} alone by"
        f" {found.macs_alone.median:g} % and {found.macs_alone.worst:g} %."
    )


def _about(device: Device, published: Iterable[Printed]) -> list[Printed]:
    """The published figures of a device."""
    return [one for one in published if device_name(one) == device.name]


def published_notes(figures: Iterable[Printed]) -> list[str]:
    """One line for each published figure."""
    return [
        f"Published: {milliseconds(one):g} ms on {one.device}"
        f" ({title(one.source)}, {one.table})"
        for one in figures
    ]


def prediction_record(
    prediction: Prediction, published: Sequence[Printed]
) -> dict[str, Any]:
    """The JSON record of a prediction."""
    span = prediction.range_ms
    return {
        "device": prediction.device.name,
        "bits": prediction.device.bits,
        "ms": rounded_ms(prediction.ms),
        "range_ms": span and [rounded_ms(side) for side in span],
        "outside": prediction.outside,
        "calibration": calibration_record(prediction.calibration),
        "published": [
            {
                "ms": milliseconds(one),
                "device": one.device,
                **record_of(one, "source", "table", "where"),
            }
            for one in published
        ],
    }


def calibration_record(found: Calibration) -> dict[str, Any]:
    """The JSON record of a calibration."""
    return {
        **record_of(found, "family", "source", "model", "left_out"),
        "figures": len(found.figures),
        "ns": dict(found.prices),
        "held_out_percent": found.errors._asdict(),
        "macs_alone_percent": found.macs_alone._asdict(),
    }


# --- one network on every device -----------------------------------------------------


def everywhere_document(
    predictions: Sequence[Prediction], published: Sequence[Printed]
) -> Document:
    """The predicted time of a network on each device that knows its family."""
    config = predictions[0].graph.config
    rows = []
    for one in predictions:
        printed = _about(one.device, published)
        low, high = one.range_ms or (None, None)
        rows.append(
            {
                "device": one.device.name,
                "ms": round(one.ms, 1),
                "low_ms": low and round(low, 1),
                "high_ms": high and round(high, 1),
                "published_ms": "; ".join(
                    dict.fromkeys(f"{milliseconds(f):g}" for f in printed)
                ),
                "median_percent": one.calibration.errors.median,
                "outside": one.outside,
            }
        )
    sheet = Sheet.of(
        columns(
            "device ms",
            Column("low_ms", "From", "number"),
            Column("high_ms", "To", "number"),
            Column("published_ms", "Published"),
            _HELD_OUT[0]._replace(label="Median error %"),
            "outside",
        ),
        rows,
        title=headline(config),
        notes=[calibration_note(one.device, one.calibration) for one in predictions],
    )
    if not any(row["outside"] for row in rows):
        sheet = sheet.only(*sheet.columns[:-1])
    return Document(
        "time",
        [sheet],
        sheet,
        lambda: {
            "model": model_record(config),
            "devices": [
                prediction_record(one, _about(one.device, published))
                for one in predictions
            ],
        },
    )


# --- the devices ---------------------------------------------------------------------


def devices_document(devices: Sequence[Device]) -> Document:
    """The devices, their calibrations with the held-out errors, and what is refused."""
    calibrated = [(device, one) for device in devices for one in device.calibrations]
    rows = [
        {
            "device": device.name,
            "figures": len(one.figures),
            **record_of(one, "family", "left_out", "model", "source"),
            **{f"{key}_percent": value for key, value in one.errors._asdict().items()},
            "macs_alone_percent": one.macs_alone.median,
            **record_of(device, "runtime", "bits"),
            "printed": "; ".join(device.printed),
        }
        for device, one in calibrated
    ]
    sheet = Sheet.of(
        columns(
            "device family figures left_out",
            *_HELD_OUT,
            "model source runtime bits",
            Column("printed", "Also called"),
        ),
        rows,
    )
    refused = Sheet.of(
        columns("device family figures", Column("reason", "Refused because")),
        (
            {"device": device.name, **one._asdict()}
            for device in devices
            for one in device.refused
        ),
    )
    shown = sheet.only(*sheet.columns[:8])
    notes = (
        "Errors are those of figures left out, in percent of the figure; what is left"
        " out takes no part in choosing the model. Multiply-adds: the median error if"
        " time is in proportion to them alone.",
        *(
            f"{device.name}, {family_text(one.family)}: "
            + "; ".join(filter(None, (one.source, one.model, device.runtime)))
            for device, one in calibrated
        ),
    )
    sheets = [shown.noted(*notes)]
    if refused.rows:
        sheets.append(refused)
    return Document("time-devices", sheets, sheet, lambda: devices_record(devices))


def devices_record(devices: Sequence[Device]) -> dict[str, Any]:
    """The JSON record of some devices."""
    return {
        "devices": [
            {
                **record_of(device, "name", "runtime", "bits"),
                "printed": list(device.printed),
                "calibrations": [
                    calibration_record(one) for one in device.calibrations
                ],
                "refused": [one._asdict() for one in device.refused],
            }
            for device in devices
        ]
    }


# --- a lower bound -------------------------------------------------------------------


def bound_document(
    parts: Sequence[PartTime], by: Grouping, config: Configuration, peaks: str
) -> Document:
    """The least time at peak rate and bandwidth, which is not a prediction."""
    sheet = parts_sheet(parts, by).only(
        by, "macs intensity", *_PART_MS[:2], "ms share bound"
    )
    whole = sum(part.ms for part in parts)
    note = (
        f"Lower bound {whole:.3g} ms at {peaks}: no device is faster than its data"
        " sheet, and none runs a whole network at its peak. This is not a prediction."
    )
    return Document(
        "time-bound",
        [replace(sheet, title=headline(config), notes=(note,))],
        sheet.noted(note),
        lambda: {
            "model": model_record(config),
            "lower_bound_ms": rounded_ms(whole),
            "by": by,
            "parts": _part_records(parts),
            "notes": [note],
        },
    )


def peaks_text(macs_per_second: int, bytes_per_second: int) -> str:
    """The peak rate and bandwidth in words."""
    rate, speed = short(macs_per_second), short_bytes(bytes_per_second)
    return f"{rate} multiply-adds and {speed} per second"
