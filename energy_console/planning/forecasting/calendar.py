"""Which quarter hour of which kind of day a moment is, in the site's zone. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from energy_console.site.public_holidays import holidays_or_none
from hardware.points import Int64Array

QUARTER_S = 900
QUARTER_NS = QUARTER_S * 1_000_000_000
QUARTERS_A_DAY = 96
WORKING, SATURDAY, SUNDAY = 0, 1, 2  # kinds of day; a public holiday counts as a Sunday
KINDS = 3
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Slots:
    """Three columns of equal length, one entry a moment."""

    quarter: Int64Array  # of the local day, 0..95
    kind: Int64Array  # WORKING, SATURDAY or SUNDAY
    day: Int64Array  # the local day, counted from 1 January 1970

    def __getitem__(self, rows: slice) -> Slots:
        return Slots(self.quarter[rows], self.kind[rows], self.day[rows])


def slots_of(times_ns: Int64Array, zone: ZoneInfo, country: str = "") -> Slots:
    """Slots of UTC times, shape (n,). `country` as ISO 3166 says it, with a part where it has one: NL, DE-HH.

    One zone look-up an hour of the past: every zone's offset holds for whole hours, half of them at worst.
    """
    seconds = times_ns // 1_000_000_000
    halves, place = np.unique(seconds // 1800, return_inverse=True)
    offsets = np.array([_offset_s(int(half) * 1800, zone) for half in halves], np.int64)
    local = seconds + (offsets[place] if len(halves) else 0)
    day = local // _DAY_S
    days, of_day = np.unique(day, return_inverse=True)
    kinds = np.array([_kind(int(number), country) for number in days], np.int64)
    return Slots((local % _DAY_S) // QUARTER_S, kinds[of_day] if len(days) else day, day)


def _kind(day: int, country: str) -> int:
    date = dt.date(1970, 1, 1) + dt.timedelta(days=day)
    if date.weekday() == 6 or date in holidays_or_none(country):
        return SUNDAY
    return SATURDAY if date.weekday() == 5 else WORKING


def _offset_s(second: int, zone: ZoneInfo) -> int:
    offset = dt.datetime.fromtimestamp(second, zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
