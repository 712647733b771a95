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
    sensor:DEVICE:QUANTITY[:FACE]  the sensor is broken: the device says "no value", in the way that FACE names:
                              sensor_short, sensor_open, overflow, not_fitted, unspecified (as far as its type has it)
    busy:DEVICE               answers every other request with exception 6
    slow:DEVICE:SECONDS       takes that long to send an answer, piece by piece
    restart:DEVICE:SECONDS    is away for that long, and has forgotten its set-points when it is back
    stuck:DEVICE[:QUANTITY]   shows for ever what it shows now, at one point or at all
    drift:DEVICE:QUANTITY:PERCENT  shows more and more, by so much an hour
    force:DEVICE:QUANTITY:VALUE    shows this value, sensible or not
    reset:DEVICE:COUNTER      the counter begins at 0 again
    rollover:DEVICE:COUNTER   the counter is about to run over the end of its register
    swap:DEVICE               another meter was put in: its counters stand somewhere else
    shift:DEVICE              a firmware update moved all registers up by one
    wordswap:DEVICE           a firmware update turned the order of words round

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

FORMS = {
    "silent": "DEVICE", "refuse": "LINK", "drop": "LINK", "exception": "DEVICE:CODE", "late": "DEVICE:SECONDS",
    "wrong": "DEVICE", "trip": "DEVICE", "lamps": "CABINET:N", "leak": "METER:M3H", "sensor": "DEVICE:QUANTITY[:FACE]",
    "busy": "DEVICE", "slow": "DEVICE:SECONDS", "restart": "DEVICE:SECONDS", "stuck": "DEVICE[:QUANTITY]",
    "drift": "DEVICE:QUANTITY:PERCENT", "force": "DEVICE:QUANTITY:VALUE", "reset": "DEVICE:COUNTER",
    "rollover": "DEVICE:COUNTER", "swap": "DEVICE", "shift": "DEVICE", "wordswap": "DEVICE",
}  # fmt: skip
NUMBERED = ("exception", "late", "lamps", "leak", "slow", "restart")
OF_POINTS = ("stuck", "drift", "force")
OF_COUNTERS = ("reset", "rollover")
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
    extra: str = ""  # what follows the argument

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
    faces: Mapping[tuple[str, str], Collection[str]] = dataclasses.field(
        default_factory=dict
    )  # device, quantity -> how
    points: Mapping[str, Collection[str]] = dataclasses.field(default_factory=dict)  # device -> its quantities
    counters: Mapping[str, Collection[str]] = dataclasses.field(default_factory=dict)  # device -> those that count


def parse_span(text: str) -> float:
    """Seconds of `90s`, `15min`, `24h`, `1d`. Raises BadFault."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise BadFault(f"'{text}' is not a span; write it as 90s, 15min or 24h.")
    return float(found[1]) * _SPAN_UNITS[found[2]]


def parse_fault(text: str, targets: Targets, now_s: float) -> Fault:
    """Reads `KIND:TARGET[:ARGUMENT][@TIME][+SPAN]`. Raises BadFault."""
    bare, start_s, end_s = _split_times(text.strip(), now_s)
    kind, *rest = bare.split(":")
    if kind not in FORMS:
        raise BadFault(f"There is no fault '{kind}'{_nearest(kind, FORMS)}; known are {', '.join(FORMS)}.")
    form = FORMS[kind]
    if not form.partition("[")[0].count(":") < len(rest) <= form.count(":") + 1:
        raise BadFault(f"'{bare}' needs the form {_form(kind)}.")
    target, argument, extra = (*rest, "", "")[:3]
    target = _checked_target(kind, target, targets)
    _check_quantity(kind, target, argument, targets)
    if kind == "sensor" and extra and extra not in targets.faces.get((target, argument), (extra,)):
        known = ", ".join(sorted(targets.faces[target, argument])) or "nothing but not-a-number"
        raise BadFault(f"{target} cannot say '{extra}' at {argument}; it can say {known}.")
    _check_number(kind, extra if kind in ("drift", "force") else argument)
    return Fault(bare, kind, target, argument, start_s, end_s, extra)


def _checked_target(kind: str, target: str, targets: Targets) -> str:
    on_link = FORMS[kind] == "LINK"
    known = targets.links if on_link else targets.devices
    if kind == "trip":
        target = target.partition("/")[0]
    if target not in known:
        thing = "link" if on_link else "device"
        raise BadFault(f"There is no {thing} '{target}' on this site{_nearest(target, known)}.")
    if target not in targets.fitting.get(kind, (target,)):
        raise BadFault(f"{target} is not a device that '{kind}' can be given to; see simulate --faults.")
    return target


def _check_quantity(kind: str, target: str, quantity: str, targets: Targets) -> None:
    """That the device has such a value, and that the fault can happen to it."""
    if kind == "sensor" and quantity not in targets.sensors.get(target, (quantity,)):
        near = _nearest(quantity, targets.sensors[target])
        raise BadFault(f"{target} has no {quantity} that could be missing{near}.")
    if kind in OF_POINTS and quantity and quantity not in targets.points.get(target, (quantity,)):
        raise BadFault(f"{target} has no {quantity}{_nearest(quantity, targets.points[target])}.")
    if kind in OF_COUNTERS and quantity not in targets.counters.get(target, (quantity,)):
        near = _nearest(quantity, targets.counters[target])
        raise BadFault(f"{target} has no counter {quantity}{near}.")
    if kind == "swap" and not targets.counters.get(target, (target,)):
        raise BadFault(f"{target} counts nothing, so nobody would notice another meter.")


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


def _check_number(kind: str, text: str) -> None:
    if kind not in NUMBERED and kind not in ("drift", "force"):
        return
    try:
        number = float(text)
        fine = abs(number) < 1e9 if kind in ("drift", "force") else 0.0 <= number < 1e6
        fine = fine and (kind != "exception" or 1 <= int(text) <= 255)
    except ValueError:
        fine = False
    if not fine:
        raise BadFault(f"'{text}' is not a number that {kind} takes; write it as {_form(kind)}.")


def _form(kind: str) -> str:
    return f"{kind}:{FORMS[kind]}"


def _nearest(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean '{found[0]}'?)" if found else ""
