"""Faults a virtual site can be given, at the command line or while it runs, now or at a time.

    silent:DEVICE             does not answer
    refuse:LINK               nobody listens; connections are closed
    drop:LINK                 takes a request and hangs up in the middle of the answer
    exception:DEVICE:CODE     answers every request with this Modbus exception
    late:DEVICE:SECONDS       answers, but late
    wrong:DEVICE              answers with another unit, function, count or transaction, in turn
    trip:DEVICE               shore point: emergency stop; cabinet, charger, inverter: breaker off
    lamps:CABINET:N           N more lamps out of order
    leak:METER:M3H            water runs off behind this meter
    sensor:DEVICE:QUANTITY    the sensor is broken: the device says "no value"

Each may end in `@TIME`, `+SPAN` or `@TIME+SPAN`: TIME is ISO 8601 with zone, or a span after the start (`@90s`); SPAN
is how long it lasts (`+5min`). Both run on the clock of the wall, also where the site's own time is sped up.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

KINDS = {
    "silent": 1, "refuse": 1, "drop": 1, "exception": 2, "late": 2, "wrong": 1,
    "trip": 1, "lamps": 2, "leak": 2, "sensor": 2,
}  # fmt: skip
ON_LINKS = ("refuse", "drop")
NUMBERED = ("exception", "late", "lamps", "leak")
_SPAN_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|min|h|d)")


class BadFault(ValueError):
    """The text is no fault that can be given to this site; says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `start_s` and `end_s` are wall-clock seconds since 1970."""

    text: str  # kind, target and argument, without time
    kind: str
    target: str
    argument: str
    start_s: float
    end_s: float

    @property
    def number(self) -> float:
        return float(self.argument)

    def active(self, wall_s: float) -> bool:
        return self.start_s <= wall_s < self.end_s


@dataclass(frozen=True, slots=True)
class Targets:
    """What faults may be given to. `fitting`: fault -> the devices it makes sense for, where not for all of them."""

    links: Collection[str]
    devices: Collection[str]
    fitting: Mapping[str, Collection[str]] = dataclasses.field(default_factory=dict)
    sensors: Mapping[str, Collection[str]] = dataclasses.field(default_factory=dict)  # device -> what it can lose


def parse_span(text: str) -> float:
    """Seconds of `90s`, `15min`, `24h`, `1d`. Raises BadFault."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise BadFault(f"'{text}' is not a span; write it as 90s, 15min or 24h.")
    return float(found[1]) * _SPAN_UNITS[found[2]]


def parse_fault(text: str, targets: Targets, now_s: float) -> Fault:
    """Reads `KIND:TARGET[:ARGUMENT][@TIME][+SPAN]`. Raises BadFault."""
    bare, start_s, end_s = _split_times(text.strip(), now_s)
    parts = bare.split(":")
    kind = parts[0]
    if kind not in KINDS:
        raise BadFault(f"There is no fault '{kind}'{_nearest(kind, KINDS)}; known are {', '.join(KINDS)}.")
    if len(parts) != 1 + KINDS[kind]:
        raise BadFault(f"'{bare}' needs the form {_form(kind)}.")
    target, argument = parts[1], parts[2] if KINDS[kind] == 2 else ""
    known = targets.links if kind in ON_LINKS else targets.devices
    if kind == "trip":
        target = target.partition("/")[0]
    if target not in known:
        thing = "link" if kind in ON_LINKS else "device"
        raise BadFault(f"There is no {thing} '{target}' on this site{_nearest(target, known)}.")
    if target not in targets.fitting.get(kind, (target,)):
        raise BadFault(f"{target} is not a device that '{kind}' can be given to; see simulate --faults.")
    if kind == "sensor" and argument not in targets.sensors.get(target, (argument,)):
        raise BadFault(
            f"{target} has no {argument} that could be missing{_nearest(argument, targets.sensors[target])}."
        )
    _check_number(kind, argument)
    return Fault(bare, kind, target, argument, start_s, end_s)


class FaultBoard:
    """Faults given so far, to come or past their time."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults: list[Fault] = list(faults)

    def give(self, fault: Fault) -> None:
        self._faults = [known for known in self._faults if known.text != fault.text] + [fault]

    def heal(self, text: str) -> int:
        """Takes back `all`, one fault by its text, or everything at one device or link; how many."""
        kept = [f for f in self._faults if not (text in ("all", f.text, f.target) or f.text.startswith(f"{text}:"))]
        healed = len(self._faults) - len(kept)
        self._faults = kept
        return healed

    def active(self, wall_s: float) -> list[Fault]:
        return [fault for fault in self._faults if fault.active(wall_s)]

    def listed(self) -> list[Fault]:
        return list(self._faults)


def _split_times(text: str, now_s: float) -> tuple[str, float, float]:
    body, at, when = text.partition("@")
    if not at:
        # Without a start, a '+' can only begin the span; device names do not carry one before a digit.
        found = re.fullmatch(r"(.*?)\+(\d[^:+]*)", body)
        return (found[1], now_s, now_s + parse_span(found[2])) if found else (body, now_s, float("inf"))
    moment, length = when, ""
    spanned = re.fullmatch(r"(.*?)\+(\d+(?:\.\d+)?(?:ms|s|min|h|d))", when)
    if spanned:
        moment, length = spanned[1], spanned[2]
    start_s = now_s + parse_span(moment) if _SPAN.fullmatch(moment) else _moment(moment)
    return body, start_s, start_s + parse_span(length) if length else float("inf")


def _moment(text: str) -> float:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BadFault(
            f"'{text}' is neither a time (2026-11-22T14:30+01:00) nor a span after the start (90s)."
        ) from None
    if moment.tzinfo is None:
        raise BadFault(f"The time '{text}' has no zone; add one, as in {text}+01:00 or {text}Z.")
    return moment.timestamp()


def _check_number(kind: str, argument: str) -> None:
    if kind not in NUMBERED:
        return
    try:
        fine = 0.0 <= float(argument) < 1e6 and (kind != "exception" or 1 <= int(argument) <= 255)
    except ValueError:
        fine = False
    if not fine:
        raise BadFault(f"'{argument}' is not a number that {kind} takes; write it as {_form(kind)}.")


def _form(kind: str) -> str:
    forms = {
        "refuse": "refuse:LINK", "drop": "drop:LINK", "exception": "exception:DEVICE:CODE",
        "late": "late:DEVICE:SECONDS", "lamps": "lamps:CABINET:N", "leak": "leak:METER:M3H",
        "sensor": "sensor:DEVICE:QUANTITY",
    }  # fmt: skip
    return forms.get(kind, f"{kind}:DEVICE")


def _nearest(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean '{found[0]}'?)" if found else ""
