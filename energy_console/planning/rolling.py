"""When to plan anew: at fixed times, and in between when enough has changed. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from energy_console.site.model import PlanTimes

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """What a plan hangs on that may change between two fixed times, as it is at a moment."""

    lost: frozenset[str] = (
        frozenset()
    )  # devices of planned things and of meters that do not answer or are out of service
    present: Mapping[str, bool] | None = (
        None  # by charger or access point: whether something is plugged in; None: unknown
    )
    told: tuple[int, ...] = ()  # when weather and prices were written
    net_kw: float = math.nan  # mean import over the last minutes


@dataclass(frozen=True, slots=True)
class Expected:
    """What the newest plan expects for now; NaN where there is none."""

    net_kw: float = math.nan
    limit_kw: float = math.inf


def next_time(times: PlanTimes, after: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The next fixed time: of those named, or the next full step of `every_min` (whole in UTC, so never twice)."""
    if not times.at:
        step_s = 60 * times.every_min
        return dt.datetime.fromtimestamp((int(after.timestamp()) // step_s + 1) * step_s, dt.UTC)
    local = after.astimezone(zone)
    named = (
        dt.datetime.combine(local.date() + dt.timedelta(days=days), at, zone).astimezone(dt.UTC)
        for days in (0, 1)
        for at in times.at
    )
    return min(moment for moment in named if moment > after)


def why_again(before: Standing, now: Standing, expected: Expected, times: PlanTimes) -> str:
    """Why a plan should be made before its time, as a sentence part; empty where it need not."""
    reasons = [_lost(before, now), _plugged(before, now), _told(before, now), _off(now, expected, times)]
    return "; ".join(filter(None, reasons))


def _lost(before: Standing, now: Standing) -> str:
    gone, back = sorted(now.lost - before.lost), sorted(before.lost - now.lost)
    parts = []
    if gone:
        parts.append(f"{_names(gone)} {'does' if len(gone) == 1 else 'do'} not answer")
    if back:
        parts.append(f"{_names(back)} {'is' if len(back) == 1 else 'are'} back")
    return "; ".join(parts)


def _plugged(before: Standing, now: Standing) -> str:
    if before.present is None or now.present is None:
        return ""
    came = sorted(name for name, there in now.present.items() if there and before.present.get(name) is False)
    left = sorted(name for name, there in now.present.items() if not there and before.present.get(name) is True)
    parts = [f"something was plugged in at {_names(came)}"] if came else []
    return "; ".join(parts + ([f"{_names(left)} {'was' if len(left) == 1 else 'were'} unplugged"] if left else []))


def _told(before: Standing, now: Standing) -> str:
    return "new weather or prices are told" if before.told and now.told != before.told else ""


def _off(now: Standing, expected: Expected, times: PlanTimes) -> str:
    off_kw = now.net_kw - expected.net_kw
    if math.isnan(off_kw) or abs(off_kw) <= times.off_by_share * expected.limit_kw:
        return ""
    return f"the import is {abs(off_kw):,.0f} kW {'above' if off_kw > 0 else 'below'} the plan"


def _names(names: list[str]) -> str:
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
