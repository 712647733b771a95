"""The points of one device as table rows: value, quality and age, live or at one moment of the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable
from energy_console.site.model import Site
from hardware.points import Point, Quality, Reading, Reason, quality_of, status_of

_LOOK_BACK_NS = 15 * 60 * 1_000_000_000  # a value older than this says nothing about the moment picked


def points_of_device(site: Site, device: str) -> list[Point]:
    return [point for point in site.points if point.device == device]


def newest(live: LiveTable, points: Sequence[Point]) -> list[Reading]:
    """What the live table has now."""
    return [live.reading(point.id) for point in points]


def at_moment(store: Historian, points: Sequence[Point], time_ns: int) -> list[Reading]:
    """The last reading of each point before a moment, at most a quarter of an hour old. Blocks: for a worker thread."""
    found = []
    for point in points:
        series = store.read(point.id, time_ns - _LOOK_BACK_NS, time_ns + 1)
        if len(series.time_ns):
            found.append(Reading(point.id, int(series.time_ns[-1]), float(series.value[-1]), int(series.status[-1])))
        else:
            found.append(Reading(point.id, 0, float("nan"), status_of(Reason.NOT_READ_YET)))
    return found


def columns_of(points: Sequence[Point], readings: Sequence[Reading], now_ns: int) -> Mapping[str, list[object]]:
    """Columns for the table: name, value (point and reading), quality (status), age in seconds (None: never)."""
    return {
        "name": [point.name for point in points],
        "value": list(zip(points, readings, strict=True)),
        "quality": [reading.status for reading in readings],
        "age": [(now_ns - reading.time_ns) / 1e9 if reading.time_ns else None for reading in readings],
    }


def tally(readings: Sequence[Reading]) -> tuple[int, int, int]:
    """How many are good, uncertain and bad."""
    qualities = [quality_of(reading.status) for reading in readings]
    return qualities.count(Quality.GOOD), qualities.count(Quality.UNCERTAIN), qualities.count(Quality.BAD)
