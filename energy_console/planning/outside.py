"""What others tell of the hours ahead, read anew for every plan: weather and prices."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from energy_console.site import told_prices, weather
from energy_console.site.told import TableUnreadable
from energy_console.site.told_prices import ToldPrices, read_prices
from energy_console.site.weather import Weather, read_weather

FILES = (weather.FILE, told_prices.FILE)

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outside:
    """None: nobody tells it."""

    weather: Weather | None = None
    prices: ToldPrices | None = None


NOBODY_TELLS = Outside()


def read_outside(folder: Path) -> Outside:
    """Raises TableUnreadable."""
    return Outside(read_weather(folder), read_prices(folder))


def read_what_can_be(folder: Path) -> Outside:
    """A file that is being rewritten, or is wrong, must not keep a plan from being made: it is told, and left out."""

    def unless_wrong(read: Callable[[Path], T | None]) -> T | None:
        try:
            return read(folder)
        except TableUnreadable as error:
            log.warning("The plan is made without %s: %s", error.file, error)
            return None

    return Outside(unless_wrong(read_weather), unless_wrong(read_prices))


def times_of_files(folder: Path) -> tuple[int, ...]:
    """When each of them was written last, ns; 0 where there is none. Tells whether anything new was told."""
    return tuple(_written(folder / name) for name in FILES)


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
