"""The calls of a quay as rows over time: stays, measured power behind now, announced power before it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from energy_console.historian.interface import Buckets
from energy_console.live.port import Supply
from energy_console.site.model import ShipCall, Site
from hardware.points import Float64Array

WINDOW_H = 36
BEHIND_H = 6
SPAN_S = 300  # measured power is shown in means of five minutes
# How long plugging in and out is drawn for calls that have not done it yet; our assumption, no measured figure.
CONNECT_S, RELEASE_S = 30 * 60, 25 * 60


@dataclass(frozen=True, slots=True)
class Steps:
    """A step curve: value[i] holds from time_s[i] to time_s[i + 1]; one time more than values. NaN: not known."""

    time_s: Float64Array
    value: Float64Array


NO_STEPS = Steps(np.empty(0), np.empty(0))


@dataclass(frozen=True, slots=True)
class CallBar:
    """One stay. `supplied_from_s`..`supplied_to_s` is when it takes power; outside it connects and releases."""

    call: ShipCall
    arrives_s: float
    leaves_s: float
    announced: bool  # has not come yet
    supplied_from_s: float
    supplied_to_s: float


@dataclass(frozen=True, slots=True)
class CallRow:
    station: str
    bars: tuple[CallBar, ...]
    measured: Steps
    peak_kw: float


@dataclass(frozen=True, slots=True)
class Strip:
    """Power of a supply against its limit over the window."""

    name: str
    limit_kw: float
    measured: Steps
    planned: Steps


@dataclass(frozen=True, slots=True)
class Calls:
    """All the Gantt shows; times in seconds UTC."""

    start_s: float
    end_s: float
    now_s: float
    rows: tuple[CallRow, ...]
    strip: Strip | None

    @property
    def highest_kw(self) -> float:
        return max((row.peak_kw for row in self.rows), default=0.0)


def window(now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """36 h around now, from a whole even hour about six hours back."""
    start = now.replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=BEHIND_H + now.hour % 2)
    return start, start + dt.timedelta(hours=WINDOW_H)


def steps_of(buckets: Buckets, until_s: float) -> Steps:
    """Means as a step curve; spans left out by the store become NaN."""
    if not len(buckets.time_ns):
        return NO_STEPS
    every_s = buckets.every_ns / 1e9
    start_s = buckets.time_ns / 1e9
    first = start_s[0]
    count = round((start_s[-1] - first) / every_s) + 1
    value = np.full(count, np.nan)
    value[np.round((start_s - first) / every_s).astype(np.int64)] = buckets.mean
    edges = first + every_s * np.arange(count + 1)
    edges[-1] = max(min(edges[-1], until_s), edges[-2] if count else first)
    return Steps(edges, value)


def add_steps(curves: Sequence[Steps]) -> Steps:
    """Sum of curves on the grid of the longest; a value counts where at least one of them is known."""
    known = [curve for curve in curves if len(curve.value)]
    if not known:
        return NO_STEPS
    grid = max(known, key=lambda curve: len(curve.value))
    middle = (grid.time_s[:-1] + grid.time_s[1:]) / 2
    columns = np.array([sample(curve, middle) for curve in known])
    total = np.nansum(columns, axis=0)
    total[np.isnan(columns).all(axis=0)] = np.nan
    return Steps(grid.time_s, total)


def sample(curve: Steps, time_s: Float64Array) -> Float64Array:
    """The curve's value at each time; NaN outside it."""
    place = np.searchsorted(curve.time_s, time_s, side="right") - 1
    inside = (place >= 0) & (place < len(curve.value))
    value: Float64Array = np.where(inside, curve.value[np.clip(place, 0, len(curve.value) - 1)], np.nan)
    return value


def make_bar(call: ShipCall, now_s: float) -> CallBar:
    arrives_s, leaves_s = call.arrives.timestamp(), call.leaves.timestamp()
    middle_s = (arrives_s + leaves_s) / 2
    return CallBar(
        call,
        arrives_s,
        leaves_s,
        arrives_s > now_s,
        min(arrives_s + CONNECT_S, middle_s),
        max(leaves_s - RELEASE_S, middle_s),
    )


def planned_kw(bars: Sequence[CallBar], share: Mapping[str, float], start_s: float, end_s: float) -> Steps:
    """Announced hotel loads from `start_s` on. `share`: part of each call's load that counts, by call id."""
    taking = [bar for bar in bars if bar.call.points and share.get(bar.call.id, 0.0) > 0.0]
    edges = {start_s, end_s}
    for bar in taking:
        edges.update(t for t in (bar.supplied_from_s, bar.supplied_to_s) if start_s < t < end_s)
    time_s = np.array(sorted(edges))
    value = np.zeros(max(len(time_s) - 1, 0))
    for bar in taking:
        inside = (time_s[:-1] >= bar.supplied_from_s) & (time_s[:-1] < bar.supplied_to_s)
        value[inside] += bar.call.hotel_kw * share[bar.call.id]
    return Steps(time_s, value)


def call_rows(
    stations: Sequence[str], calls: Sequence[ShipCall], measured: Mapping[str, Steps], now_s: float
) -> tuple[CallRow, ...]:
    """One row a station, in the order given; `measured` is power by station."""
    bars: dict[str, list[CallBar]] = {station: [] for station in stations}
    for call in sorted(calls, key=lambda call: call.arrives):
        if call.station in bars:
            bars[call.station].append(make_bar(call, now_s))
    rows = []
    for station in stations:
        curve = measured.get(station, NO_STEPS)
        seen_kw = float(np.nanmax(curve.value)) if len(curve.value) and not np.isnan(curve.value).all() else 0.0
        announced_kw = max((bar.call.hotel_kw for bar in bars[station] if bar.call.points), default=0.0)
        rows.append(CallRow(station, tuple(bars[station]), curve, max(seen_kw, announced_kw)))
    return tuple(rows)


def supply_share(site: Site, supply: Supply, calls: Sequence[ShipCall]) -> dict[str, float]:
    """Part of each call's points that hang on the supply, by call id."""
    behind = {site.access_points[row].id for row in supply.points}
    return {call.id: sum(point in behind for point in call.points) / len(call.points) for call in calls if call.points}
