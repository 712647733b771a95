"""Spans and times as a person types them on the command line."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

UNITS_S = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|min|m|h|d)")


class BadInput(ValueError):
    """What a person typed cannot be meant; the message is the sentence to show. Exit code 2."""


def span_s(text: str) -> float:
    """Seconds of a span such as 90s, 15min, 24h, 7d or 1h30min. Raises BadInput."""
    squeezed = text.replace(" ", "")
    parts = _PART.findall(squeezed)
    if not parts or "".join(number + unit for number, unit in parts) != squeezed:
        raise BadInput(f"{text!r} is not a span: write a number and a unit, such as 90s, 15min, 24h or 7d.")
    seconds = sum(float(number) * UNITS_S[unit] for number, unit in parts)
    if seconds <= 0:
        raise BadInput(f"{text!r} lasts no time: write a span longer than zero, such as 15min.")
    return seconds


def utc_time(text: str, zone: ZoneInfo) -> dt.datetime:
    """A moment in UTC from ISO 8601 with its zone. `zone` is the site's, for the advice only. Raises BadInput."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is not a time: write ISO 8601 with its zone, such as 2026-03-29T14:00Z.") from None
    if moment.tzinfo is None:
        local = moment.replace(tzinfo=zone).isoformat(timespec="minutes")
        raise BadInput(f"{text!r} says no time zone: write {local} for {zone.key}, or {text}Z for UTC.")
    return moment.astimezone(dt.UTC)
