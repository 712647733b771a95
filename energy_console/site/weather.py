"""weather.csv of a site: the weather of the past weeks and as it is forecast, kept fresh by whoever fetches it."""

from __future__ import annotations

import csv
import datetime as dt
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from energy_console.site.faults import suggest
from hardware.points import BoolArray, Float64Array, Int64Array

FILE = "weather.csv"
LONGEST_GAP_NS = 3 * 3600 * 1_000_000_000  # between two rows that are led over
# column -> least and greatest value that makes sense
_COLUMNS = {"temperature_c": (-60.0, 60.0), "irradiance_w_m2": (0.0, 1500.0), "wind_m_s": (0.0, 75.0)}


class WeatherUnreadable(ValueError):
    """`line` 0 stands for the file as a whole."""

    def __init__(self, line: int, what: str, remedy: str) -> None:
        self.line, self.what, self.remedy = line, what, remedy
        super().__init__(f"{FILE}{f':{line}' if line else ''}: {what}; {remedy}")


@dataclass(frozen=True, slots=True)
class Weather:
    """Rows in order of time; a value that is not told is NaN."""

    time_ns: Int64Array
    told: dict[str, Float64Array]  # by column

    def temperature_c(self, times_ns: Int64Array) -> Float64Array:
        return self._at("temperature_c", times_ns)

    def irradiance_w_m2(self, times_ns: Int64Array) -> Float64Array:
        """Global, on the level ground."""
        return self._at("irradiance_w_m2", times_ns)

    def wind_m_s(self, times_ns: Int64Array) -> Float64Array:
        return self._at("wind_m_s", times_ns)

    def _at(self, column: str, times_ns: Int64Array) -> Float64Array:
        """Led straight from row to row; NaN before the first, after the last, and where rows are too far apart."""
        known: BoolArray = np.isfinite(self.told[column])
        rows, values = self.time_ns[known], self.told[column][known]
        if len(rows) < 2:
            return np.full(len(times_ns), np.nan)
        after = np.clip(np.searchsorted(rows, times_ns), 1, len(rows) - 1)
        near = (rows[after] - rows[after - 1] <= LONGEST_GAP_NS) | np.isin(times_ns, rows)
        inside = (times_ns >= rows[0]) & (times_ns <= rows[-1])
        return np.where(near & inside, np.interp(times_ns, rows, values), np.nan)


def read_weather(folder: Path) -> Weather | None:
    """None where the site has no such file. Raises WeatherUnreadable for the first thing wrong with it."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            return _parsed(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WeatherUnreadable(0, f"it cannot be read ({error})", "write it as a UTF-8 table") from error


def _parsed(rows: csv.DictReader[str]) -> Weather:
    names = [name.strip() for name in rows.fieldnames or ()]
    for name in names:
        if name != "time" and name not in _COLUMNS:
            raise WeatherUnreadable(1, f"there is no column {name}", suggest(name, ("time", *_COLUMNS), "leave it out"))
    if "time" not in names or len(names) < 2:
        raise WeatherUnreadable(
            1,
            "time and one column of weather at least have to be there",
            f"name time, and of {', '.join(_COLUMNS)} what is known",
        )
    rows.fieldnames = names
    times: list[int] = []
    told: dict[str, list[float]] = {name: [] for name in _COLUMNS}
    for row in rows:
        line = rows.line_num
        times.append(_time_ns(row["time"] or "", line))
        if len(times) > 1 and times[-1] <= times[-2]:
            raise WeatherUnreadable(line, f"{row['time']} is not after the row before", "put the rows in order of time")
        for name, column in told.items():
            column.append(_value(name, (row.get(name) or "").strip(), line))
    return Weather(np.array(times, np.int64), {name: np.array(column) for name, column in told.items()})


def _time_ns(text: str, line: int) -> int:
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise WeatherUnreadable(line, f"{text!r} is no time", "write it like 2026-11-23T06:00:00Z") from None
    if moment.tzinfo is None:
        raise WeatherUnreadable(line, f"{text} has no zone", "write it like 2026-11-23T06:00:00Z or with +01:00")
    return int(moment.timestamp()) * 1_000_000_000


def _value(name: str, text: str, line: int) -> float:
    if not text:
        return math.nan
    low, high = _COLUMNS[name]
    try:
        value = float(text)
    except ValueError:
        raise WeatherUnreadable(line, f"{name} {text!r} is no number", "write a number with a point") from None
    if not low <= value <= high:
        raise WeatherUnreadable(line, f"{name} {text} cannot be", f"give {low:g} to {high:g}")
    return value
