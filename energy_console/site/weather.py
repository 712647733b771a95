"""weather.csv of a site: the weather of the past weeks and as it is forecast, kept fresh by whoever fetches it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from energy_console.site.told import read_told
from hardware.points import BoolArray, Float64Array, Int64Array

FILE = "weather.csv"
LONGEST_GAP_NS = 3 * 3600 * 1_000_000_000  # between two rows that are led over
_COLUMNS = {"temperature_c": (-60.0, 60.0), "irradiance_w_m2": (0.0, 1500.0), "wind_m_s": (0.0, 75.0)}


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
    """None where the site has no such file. Raises TableUnreadable for the first thing wrong with it."""
    found = read_told(folder / FILE, _COLUMNS)
    return Weather(*found) if found is not None else None
