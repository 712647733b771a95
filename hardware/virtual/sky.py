"""Where the sun stands and what it gives under a clear sky, from pvlib, as tables of two months.

The tables of a place are kept in the user's cache folder: pvlib and what it imports cost more than a second and a
hundred megabytes, and the sky of next week is known.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

from hardware.points import Float64Array

DAY_S = 86_400
STEP_S = 300  # the sun moves 1.25 degrees; between that, straight lines
DAY_ROWS = DAY_S // STEP_S
BLOCK_DAYS = 64  # one table; the next begins half way, so that a process that starts has a month before it
COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Sun:
    """Position (azimuth from north over east) and clear-sky irradiance in W/m2: level, direct beam, diffuse."""

    elevation_deg: float
    azimuth_deg: float
    ghi_wm2: float
    dni_wm2: float
    dhi_wm2: float


class ClearSky:
    """The sky over one place. `cache` is the folder that keeps its tables; None for the user's own."""

    def __init__(self, latitude_deg: float, longitude_deg: float, cache: Path | None = None) -> None:
        self._place = (latitude_deg, longitude_deg)
        self._cache = cache or Path(platformdirs.user_cache_dir("energy-console", appauthor=False)) / "sky"
        self._start_s = 0.0
        self._table: Float64Array = np.zeros((1, COLUMNS))

    def at(self, time_s: float) -> Sun:
        place = (time_s - self._start_s) / STEP_S
        if not 0.0 <= place < len(self._table) - 1:
            self._load(time_s)
            place = (time_s - self._start_s) / STEP_S
        row = int(place)
        low, high = self._table[row], self._table[row + 1]
        return Sun(*(low + (high - low) * (place - row)).tolist())

    def _load(self, time_s: float) -> None:
        half = BLOCK_DAYS // 2
        first_day = int(time_s // (half * DAY_S)) * half
        latitude, longitude = self._place
        kept = self._cache / f"{latitude:.4f}_{longitude:.4f}_{first_day}.npy"
        table = _kept_table(kept)
        if table is None:
            table = sky_table(latitude, longitude, first_day * DAY_S, BLOCK_DAYS)
            _keep_table(kept, table)
        self._table, self._start_s = table, float(first_day * DAY_S)


def sky_table(latitude_deg: float, longitude_deg: float, start_s: int, days: int) -> Float64Array:
    """Rows every STEP_S from `start_s`, one more than fills `days`; columns as in `Sun`.

    Position by pvlib's NREL SPA, irradiance by its simplified Solis model (Ineichen 2008) at the optical depth and
    water vapour of a temperate coast.
    """
    import pandas as pd  # both are heavy: only a process that has no table yet pays for them
    import pvlib

    times = pd.to_datetime(np.arange(start_s, start_s + days * DAY_S + 1, STEP_S), unit="s", utc=True)
    position = pvlib.solarposition.get_solarposition(times, latitude_deg, longitude_deg)
    elevation = position["apparent_elevation"].to_numpy()
    clear = pvlib.clearsky.simplified_solis(np.maximum(elevation, 0.0), aod700=0.12, precipitable_water=1.4)
    night = elevation <= 0.0
    light = [np.where(night, 0.0, np.asarray(clear[name])) for name in ("ghi", "dni", "dhi")]
    table: Float64Array = np.column_stack([elevation, position["azimuth"].to_numpy(), *light])
    return table


def _kept_table(path: Path) -> Float64Array | None:
    """The table in the file, None where there is none that could be one."""
    try:
        table: Float64Array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    fits = table.shape == (BLOCK_DAYS * DAY_ROWS + 1, COLUMNS) and table.dtype == np.float64
    return table if fits and bool(np.isfinite(table).all()) else None


def _keep_table(path: Path, table: Float64Array) -> None:
    # A cache that cannot be written costs a second at the next start and nothing else.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.new")
        with draft.open("wb") as file:
            np.save(file, table, allow_pickle=False)
        os.replace(draft, path)
