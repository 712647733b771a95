"""Where the sun stands and what it gives under a clear sky, from pvlib, as one table a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.points import Float64Array

DAY_S = 86_400
STEP_S = 300  # the sun moves 1.25 degrees; between that, straight lines


@dataclass(frozen=True, slots=True)
class Sun:
    """Position (azimuth from north over east) and clear-sky irradiance in W/m2: level, direct beam, diffuse."""

    elevation_deg: float
    azimuth_deg: float
    ghi_wm2: float
    dni_wm2: float
    dhi_wm2: float


class ClearSky:
    """Clear-sky tables of one place, made when first asked for."""

    def __init__(self, latitude_deg: float, longitude_deg: float) -> None:
        self._latitude_deg = latitude_deg
        self._longitude_deg = longitude_deg
        self._days: dict[int, Float64Array] = {}

    def at(self, time_s: float) -> Sun:
        day, second = divmod(time_s, DAY_S)
        table = self._days.get(int(day))
        if table is None:
            table = self._load(int(day))
        place = second / STEP_S
        row = int(place)
        low, high = table[row], table[row + 1]
        return Sun(*(low + (high - low) * (place - row)).tolist())

    def _load(self, day: int) -> Float64Array:
        # Two days at once while time runs forward; nobody looks back once the past has been played.
        table = sky_table(self._latitude_deg, self._longitude_deg, day * DAY_S, 2)
        for ahead in range(2):
            first = ahead * DAY_S // STEP_S
            self._days[day + ahead] = table[first : first + DAY_S // STEP_S + 1]
        for old in [known for known in self._days if known < day - 3]:
            del self._days[old]
        return self._days[day]


def sky_table(latitude_deg: float, longitude_deg: float, start_s: int, days: int) -> Float64Array:
    """Rows every STEP_S from `start_s`, one more than fills `days`; columns as in `Sun`.

    Position by pvlib's NREL SPA, irradiance by its simplified Solis model (Ineichen 2008) at the optical depth and
    water vapour of a temperate coast.
    """
    import pandas as pd  # both are heavy: only the process that plays a site pays for them
    import pvlib

    times = pd.to_datetime(np.arange(start_s, start_s + days * DAY_S + 1, STEP_S), unit="s", utc=True)
    position = pvlib.solarposition.get_solarposition(times, latitude_deg, longitude_deg)
    elevation = position["apparent_elevation"].to_numpy()
    clear = pvlib.clearsky.simplified_solis(np.maximum(elevation, 0.0), aod700=0.12, precipitable_water=1.4)
    night = elevation <= 0.0
    light = [np.where(night, 0.0, np.asarray(clear[name])) for name in ("ghi", "dni", "dhi")]
    table: Float64Array = np.column_stack([elevation, position["azimuth"].to_numpy(), *light])
    return table
