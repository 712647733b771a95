"""Weather of a virtual site: a function of place, seed and time. Sun from pvlib, the rest from season and noise."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hardware.virtual.noise import Noise
from hardware.virtual.sky import ClearSky, Sun

DAY_S = 86_400.0
LUX_PER_WM2 = 110.0  # luminous efficacy of daylight, 105..120 lm/W


@dataclass(frozen=True, slots=True)
class Conditions:
    """One moment of the virtual site, shared by everything in it."""

    time_s: float
    hour: float  # local
    weekday: int  # local, 0 Monday
    day_of_year: int
    outside_c: float
    humidity: float
    cloud: float  # 0 clear .. 1 overcast
    wind_ms: float  # at 10 m
    wind_deg: float
    sun: Sun  # under a clear sky
    ghi_wm2: float  # what comes through the clouds, on the level
    illuminance_lx: float

    @property
    def beam_share(self) -> float:
        """How much of the clear sky's direct beam is left."""
        return float((1.0 - self.cloud) ** 1.5)


class Weather:
    def __init__(self, latitude_deg: float, longitude_deg: float, zone: ZoneInfo, seed: int) -> None:
        self._sky = ClearSky(latitude_deg, longitude_deg)
        self._zone = zone
        self._south = latitude_deg < 0
        self._noise = Noise(["temperature", "cloud", "wind", "humidity", "direction"], seed)

    def at(self, time_s: float) -> Conditions:
        local = dt.datetime.fromtimestamp(time_s, self._zone)
        hour = local.hour + local.minute / 60 + (local.second + local.microsecond * 1e-6) / 3600
        season = self._season(local, hour)
        swing = self._swing(time_s)
        cloud = _normal_to_share(0.9 * swing[1] + 0.5 - 0.3 * season)
        sun = self._sky.at(time_s)
        outside_c = self._outside(season, hour, cloud, swing[0])
        ghi = sun.ghi_wm2 * (1.0 - 0.75 * cloud**3.4)  # Kasten and Czeplak (1980)
        return Conditions(
            time_s=time_s,
            hour=hour,
            weekday=local.weekday(),
            day_of_year=local.timetuple().tm_yday,
            outside_c=outside_c,
            humidity=min(0.99, max(0.25, 0.78 - 0.012 * (outside_c - 10) + 0.12 * cloud + 0.05 * swing[3])),
            cloud=cloud,
            wind_ms=_weibull(swing[2], scale=5.5 - 0.7 * season, shape=2.0),
            wind_deg=(235.0 + 70.0 * swing[4]) % 360.0,
            sun=sun,
            ghi_wm2=ghi,
            illuminance_lx=ghi * LUX_PER_WM2 + _twilight(sun.elevation_deg),
        )

    def _season(self, local: dt.datetime, hour: float) -> float:
        """-1 in the middle of winter, +1 in the middle of summer."""
        day = local.timetuple().tm_yday + hour / 24
        wave = -math.cos(2 * math.pi * (day - 20) / 365.25)
        return -wave if self._south else wave

    def _swing(self, time_s: float) -> list[float]:
        """Slow and quick noise of each kind, deviation about 1."""
        slow = self._noise.smooth(time_s, 4.2 * DAY_S, 1)
        daily = self._noise.smooth(time_s, 0.7 * DAY_S, 2)
        quick = self._noise.smooth(time_s, 5400.0, 3)
        mixed: list[float] = (0.75 * slow + 0.57 * daily + 0.33 * quick).tolist()
        return mixed

    @staticmethod
    def _outside(season: float, hour: float, cloud: float, swing: float) -> float:
        daily = (1.6 + 1.9 * (season + 1)) * (1.0 - 0.6 * cloud)
        return 10.6 + 7.4 * season + daily * math.cos(2 * math.pi * (hour - 15) / 24) + (3.6 - 0.3 * season) * swing


def _normal_to_share(x: float) -> float:
    """The normal distribution function: a deviate to a share 0..1."""
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def _weibull(x: float, scale: float, shape: float) -> float:
    """A normal deviate as wind speed of Weibull distribution."""
    return float(scale * (-math.log(max(1e-9, 1.0 - _normal_to_share(x)))) ** (1.0 / shape))


def _twilight(elevation_deg: float) -> float:
    """Light of the sky after sunset, lx: 400 at 0 deg, 3.4 at -6 deg (civil), next to none at -12 deg."""
    return 400.0 * math.exp(0.795 * elevation_deg) if elevation_deg < 0 else 400.0
