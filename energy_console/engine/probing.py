"""A device read once, in the words of the console."""

from __future__ import annotations

import time

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
