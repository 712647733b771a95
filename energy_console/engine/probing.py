"""A device read once, in the words of the console."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping
from typing import Any

from energy_console.engine.link import ProbedSpan, ProbedValue, ProbeReport
from hardware.modbus import FieldError, Readout
from hardware.profiles import Profile
from hardware.scanner import Scanner


async def probe(scanner: Scanner, device: str) -> ProbeReport:
    """Reads the whole profile out of turn; a device that does not answer is a report that says why."""
    try:
        readout = await scanner.probe(device)
    except KeyError:
        return ProbeReport(device, time.time_ns(), (), (), f"the site has no device {device}")
    except FieldError as error:
        return ProbeReport(device, time.time_ns(), (), (), error.text)
    return report_of(device, scanner.profile_of(device), readout)


def report_of(device: str, profile: Profile, readout: Readout) -> ProbeReport:
    spans = tuple(
        ProbedSpan(answer.span.table.value, answer.span.address, answer.words, answer.round_trip_ms, answer.error)
        for answer in readout.answers
    )
    values = tuple(
        ProbedValue(
            f"{device}/{point.quantity}",
            point.table.value,
            point.address,
            point.words,
            point.type.value,
            float(value),
            int(status),
        )
        for point, value, status in zip(profile.points, readout.value, readout.status, strict=True)
    )
    silent = all(answer.error for answer in readout.answers)
    return ProbeReport(device, readout.time_ns, spans, values, readout.answers[0].error if silent and spans else "")


def detail_of(report: ProbeReport) -> dict[str, Any]:
    """The report as JSON holds it, for a console in another process; a value that is none is null."""
    detail = dataclasses.asdict(report)
    for value in detail["values"]:
        value["value"] = value["value"] if math.isfinite(value["value"]) else None
    return detail


def report_from(detail: Mapping[str, Any]) -> ProbeReport:
    """What `detail_of` made. Raises KeyError, TypeError for what is no report."""
    spans = tuple(ProbedSpan(**{**span, "words": tuple(span["words"])}) for span in detail["spans"])
    values = tuple(
        ProbedValue(**{**value, "value": math.nan if value["value"] is None else float(value["value"])})
        for value in detail["values"]
    )
    return ProbeReport(detail["device"], detail["time_ns"], spans, values, detail["fault"])
