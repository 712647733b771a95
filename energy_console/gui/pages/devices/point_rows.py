"""The points of one device as table rows: value, quality and age, live or at one moment of the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from energy_console.live.table import LiveTable
from energy_console.site.model import Site
from hardware.points import Point, Quality, Reading, quality_of


def points_of_device(site: Site, device: str) -> list[Point]:
    return [point for point in site.points if point.device == device]


def newest(table: LiveTable, points: Sequence[Point]) -> list[Reading]:
    """What the table has of them."""
    return [table.reading(point.id) for point in points]


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
