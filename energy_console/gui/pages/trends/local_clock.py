"""Earlier times laid over later ones by the clock on the wall, through both changes of the clock.

A shift is named by what the wall's clock and calendar are put back: "1440 min" is the day before, "1 year" the same
date of the year before. A day of 23 hours laid over one of 24 leaves an hour empty; of the hour that a day of 25 has
twice, the first pass is laid over the one hour of another day.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from functools import lru_cache

import numpy as np

from hardware.points import BoolArray, Float64Array

_HOUR_S = 3600.0
_QUARTER_S = 900
_QUARTERS_A_DAY = 96
_FINE_QUARTERS = 4_000


def minutes_back(minutes: int) -> str:
    """The name of a shift by so many minutes of the wall's clock."""
    return f"{minutes} min"


def is_shift(name: str) -> bool:
    amount, _, unit = name.partition(" ")
    return amount.isdecimal() and int(amount) > 0 and unit in ("min", "year")


def earlier(time_s: float, name: str, zone: dt.tzinfo) -> float:
    """The time before a UTC time that the clock on the wall names alike; NaN where that day had no such hour."""
    local = dt.datetime.fromtimestamp(time_s, zone).replace(tzinfo=None, fold=0)
    before = _put_back(local, name)
    found_s = before.replace(tzinfo=zone).timestamp()
    there = dt.datetime.fromtimestamp(found_s, zone).replace(tzinfo=None, fold=0)
    return found_s if there == before else math.nan


def _put_back(local: dt.datetime, name: str) -> dt.datetime:
    amount, _, unit = name.partition(" ")
    if unit == "min":
        return local - dt.timedelta(minutes=int(amount))
    leap_day = (local.month, local.day) == (2, 29)
    return local.replace(year=local.year - int(amount), day=28 if leap_day else local.day)


def earlier_window(start_s: float, end_s: float, name: str, zone: dt.tzinfo) -> tuple[float, float]:
    """From when to when the earlier times of a window are, with an hour more at either end for changes of the clock."""
    ends = [then_s for _, then_s in _pieces(start_s, end_s, name, zone) if not math.isnan(then_s)]
    return (min(ends) - _HOUR_S, max(ends) + _HOUR_S) if ends else (start_s, end_s)


def laid_over(
    time_s: Float64Array, name: str, start_s: float, end_s: float, zone: dt.tzinfo
) -> tuple[Float64Array, BoolArray]:
    """Earlier times (UTC seconds, rising) as times of the window `start_s` to `end_s`, and which of them have a place.

    Those with a place rise, too.
    """
    laid = np.full(len(time_s), np.nan)
    pieces = _pieces(start_s, end_s, name, zone)
    for (now_s, then_s), (next_now_s, _) in itertools.pairwise(pieces):
        if math.isnan(then_s):
            continue
        first, last = np.searchsorted(time_s, (then_s, then_s + next_now_s - now_s))
        part = laid[first:last]
        laid[first:last] = np.where(np.isnan(part), time_s[first:last] + (now_s - then_s), part)
    return laid, ~np.isnan(laid)


def _pieces(start_s: float, end_s: float, name: str, zone: dt.tzinfo) -> tuple[tuple[float, float], ...]:
    """Pairs of a time and its earlier one: the first, each at which their distance is another, and the last.

    Looked for at quarters of an hour, which is where clocks are changed; over long windows first at whole days.
    """
    return _turns(int(start_s // _QUARTER_S), int(-(-end_s // _QUARTER_S)), name, zone)


@lru_cache(maxsize=256)
def _turns(first: int, last: int, name: str, zone: dt.tzinfo) -> tuple[tuple[float, float], ...]:
    step = _QUARTERS_A_DAY if last - first > _FINE_QUARTERS else 1
    found: list[tuple[float, float]] = []
    for quarter in range(first, last + 1, step):
        pair = _pair(quarter, name, zone)
        if step > 1 and found and _apart(pair, found[-1]):
            found += [_pair(one, name, zone) for one in range(quarter - step + 1, quarter)]
        found.append(pair)
    found.append(_pair(last, name, zone))
    kept = [found[0], *(here for before, here in itertools.pairwise(found) if _apart(here, before))]
    return (*kept, found[-1])


def _pair(quarter: int, name: str, zone: dt.tzinfo) -> tuple[float, float]:
    return float(quarter * _QUARTER_S), earlier(float(quarter * _QUARTER_S), name, zone)


def _apart(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two pairs are not at the same distance."""
    distances = one[0] - one[1], other[0] - other[1]
    return distances[0] != distances[1] and not all(math.isnan(distance) for distance in distances)
