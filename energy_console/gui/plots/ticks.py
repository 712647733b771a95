"""Where axes have their marks: round values, and round times of the site's zone through both changes of the clock."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QDate, QLocale

_MINUTE = 60
_HOUR = 3600
_DAY = 86_400
_WITHIN_HOUR = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)
_WITHIN_DAY = (1, 2, 3, 6, 12)  # hours
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 2, 3, 6, 12)


@dataclass(frozen=True, slots=True)
class TimeTick:
    """One mark on a time axis. `second_line` names the day, month or year that begins here, or is empty."""

    time_s: float
    label: str
    second_line: str = ""
    strong: bool = False


_FACTORS = (1.0, 2.0, 4.0, 5.0, 10.0)
PERCENT_FACTORS = (1.0, 2.0, 5.0, 10.0)  # 0, 50, 100 and not 0, 40, 80


def value_step(span: float, most: int, factors: tuple[float, ...] = _FACTORS) -> float:
    """Round step (a factor times a power of ten) that gives at most `most` marks over `span`."""
    if span <= 0 or most < 1 or not math.isfinite(span):
        return 1.0
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in factors:
        if factor * power >= rough * (1 - 1e-9):
            return factor * power
    return 10.0 * power


def value_ticks(
    low: float, high: float, most: int, factors: tuple[float, ...] = _FACTORS
) -> tuple[tuple[float, ...], int]:
    """Round values from `low` to `high`, and the decimals they need."""
    step = value_step(high - low, most, factors)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return tuple(step * count for count in range(first, last + 1)), decimals


_WITHIN_DECADE = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))


def log_ticks(low: float, high: float, most: int) -> tuple[tuple[float, ...], int]:
    """Round values on a logarithmic scale, both ends above zero: 1, 2, 5 in each decade, fewer where there is no room.

    Over less than a decade the values are those of a straight scale. Decimals as the least value needs them.
    """
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    decimals = log_decimals(low)
    for parts in _WITHIN_DECADE:
        found = [part * 10.0**power for power in range(first, last + 1) for part in parts]
        inside = tuple(value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9))
        if 2 <= len(inside) <= most:
            return inside, decimals
        if len(inside) < 2:
            return value_ticks(low, high, most)
    every = -(-len(inside) // most)
    return inside[::every], decimals


def log_decimals(value: float) -> int:
    """Decimals that a round value on a logarithmic scale needs."""
    return max(0, -math.floor(math.log10(value) + 1e-9)) if value > 0 else 0


def time_ticks(start_s: float, end_s: float, most: int, zone: dt.tzinfo) -> list[TimeTick]:
    """Round times of `zone` between two UTC times, at most about `most` of them, in order of time."""
    span = end_s - start_s
    if span <= 0 or most < 1:
        return []
    for step in _WITHIN_HOUR:
        if span / step <= most:
            return _named_clock(_even(start_s, end_s, step, zone), zone, seconds=step < _MINUTE)
    for hours in _WITHIN_DAY:
        if span / (hours * _HOUR) <= most:
            return _named_clock(_hours(start_s, end_s, hours, zone), zone, seconds=False)
    for days in _DAYS:
        if span / (days * _DAY) <= most:
            return _named_days(_midnights(start_s, end_s, days, zone), zone)
    months = next((count for count in _MONTHS if span / (count * 30.4 * _DAY) <= most), 12)
    return _named_months(_month_starts(start_s, end_s, months, zone), zone)


def _even(start_s: float, end_s: float, step: int, zone: dt.tzinfo) -> Iterator[float]:
    """Multiples of a step below an hour; shifted by the zone's offset, since some zones are off by half hours."""
    shift = (dt.datetime.fromtimestamp(start_s, zone).utcoffset() or dt.timedelta()).total_seconds()
    count = math.ceil((start_s + shift) / step)
    while count * step - shift <= end_s:
        yield count * step - shift
        count += 1


def _hours(start_s: float, end_s: float, hours: int, zone: dt.tzinfo) -> Iterator[float]:
    """Wall-clock hours. The one that comes twice in autumn is given twice, the one skipped in spring not at all."""
    date = dt.datetime.fromtimestamp(start_s, zone).date()
    last = dt.datetime.fromtimestamp(end_s, zone).date()
    while date <= last:
        for hour in range(0, 24, hours):
            yield from _passes(dt.datetime(date.year, date.month, date.day, hour, tzinfo=zone), start_s, end_s)
        date += dt.timedelta(days=1)


def _passes(wall: dt.datetime, start_s: float, end_s: float) -> Iterator[float]:
    seen = set()
    for fold in (0, 1):
        time_s = wall.replace(fold=fold).timestamp()
        back = dt.datetime.fromtimestamp(time_s, wall.tzinfo)
        exists = (back.hour, back.minute) == (wall.hour, wall.minute)
        if exists and time_s not in seen and start_s <= time_s <= end_s:
            seen.add(time_s)
            yield time_s


def _midnights(start_s: float, end_s: float, days: int, zone: dt.tzinfo) -> Iterator[float]:
    """Midnights; with a step of weeks, of Mondays."""
    date = dt.datetime.fromtimestamp(start_s, zone).date()
    last = dt.datetime.fromtimestamp(end_s, zone).date()
    # day 1 of the calendar was a Monday
    date += dt.timedelta(days=-(date.toordinal() - 1) % days)
    while date <= last:
        time_s = dt.datetime(date.year, date.month, date.day, tzinfo=zone).timestamp()
        if start_s <= time_s <= end_s:
            yield time_s
        date += dt.timedelta(days=days)


def _month_starts(start_s: float, end_s: float, months: int, zone: dt.tzinfo) -> Iterator[float]:
    first = dt.datetime.fromtimestamp(start_s, zone)
    count = first.year * 12 + first.month - 1
    count += -count % months
    while True:
        time_s = dt.datetime(count // 12, count % 12 + 1, 1, tzinfo=zone).timestamp()
        if time_s > end_s:
            return
        if time_s >= start_s:
            yield time_s
        count += months


def _named_clock(times: Iterator[float], zone: dt.tzinfo, *, seconds: bool) -> list[TimeTick]:
    ticks: list[TimeTick] = []
    shown = None
    for time_s in times:
        local = dt.datetime.fromtimestamp(time_s, zone)
        label = local.strftime("%H:%M:%S" if seconds else "%H:%M")
        if local.fold:  # the second pass of an hour tells its zone
            label += f" {local.tzname()}"
        second_line = "" if local.date() == shown else _date(local, "ddd d MMM")
        midnight = local.hour == local.minute == local.second == 0
        ticks.append(TimeTick(time_s, label, second_line, midnight))
        shown = local.date()
    return ticks


def _named_days(times: Iterator[float], zone: dt.tzinfo) -> list[TimeTick]:
    ticks: list[TimeTick] = []
    shown = None
    for time_s in times:
        local = dt.datetime.fromtimestamp(time_s, zone)
        second_line = "" if (local.year, local.month) == shown else _date(local, "MMMM yyyy")
        ticks.append(TimeTick(time_s, _date(local, "ddd d"), second_line, local.weekday() == 0))
        shown = (local.year, local.month)
    return ticks


def _named_months(times: Iterator[float], zone: dt.tzinfo) -> list[TimeTick]:
    ticks: list[TimeTick] = []
    shown = None
    for time_s in times:
        local = dt.datetime.fromtimestamp(time_s, zone)
        second_line = "" if local.year == shown else str(local.year)
        ticks.append(TimeTick(time_s, _date(local, "MMM"), second_line, local.month == 1))
        shown = local.year
    return ticks


def _date(local: dt.datetime, pattern: str) -> str:
    return QLocale().toString(QDate(local.year, local.month, local.day), pattern)


def cursor_label(time_s: float, span_s: float, zone: dt.tzinfo) -> str:
    """A time as a tag on the axis: with seconds where a minute is wide, with the day where it is narrow."""
    local = dt.datetime.fromtimestamp(time_s, zone)
    if span_s <= 2 * _HOUR:
        return local.strftime("%H:%M:%S")
    if span_s <= 3 * _DAY:
        return local.strftime("%H:%M")
    return QCoreApplication.translate("ticks", "{0}  {1}").format(_date(local, "d MMM"), local.strftime("%H:%M"))
