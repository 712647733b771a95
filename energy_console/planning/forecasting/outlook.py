"""The next steps of each load, solar field and turbine of a site, as bands: learnt where there is past enough. Pure."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from energy_console.planning.forecasting.calendar import QUARTER_NS, Slots, slots_of
from energy_console.planning.forecasting.early import Past, clear_sky_share, forecast_kw, solar_forecast_kw
from energy_console.planning.forecasting.learning import Band, Learnt, Series, foresee, learn
from energy_console.site import sun
from energy_console.site.model import Load, Place, Plant
from energy_console.site.weather import Weather
from hardware.points import Float64Array, Int64Array

HOURS_A_YEAR = 8760.0
HEATED_BELOW_C = 16.0  # outdoors; houses ask for heat below [M: 15 to 18 in codes of practice]
RATED_WIND_M_S = 12.0  # from here on a turbine gives no more [M]
_DAYLIGHT_SHARE = 0.02  # of the rated power under a clear sky; below, how clear it is cannot be told
_CLOUDED, _USUAL_WIND = 0.2, 0.25  # shares that are guessed where nothing was measured yet [M]
_CLEAREST = 1.3  # a flat field's clear sky is less than what a tilted one may give
_KNOWN_AHEAD, _KNOWN_BEFORE = 0.9, 0.5  # shares of the steps for which weather has to be known, or it is left out
_NO_PAST_SHARE = 0.5  # a value that nobody has measured may be half as much again, or half [M]


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing's past as it is learnt from, and what it has to be multiplied with to be kW again."""

    series: Series
    scale_kw: Float64Array  # of the past and of the steps ahead


@dataclass(slots=True)
class Lessons:
    """What was learnt of each thing, by its id; learnt anew every local day, and when other weather is told."""

    kept: dict[str, tuple[int, int, Learnt]] = field(default_factory=dict)

    def of(self, name: str, series: Series) -> Learnt | None:
        day, told = int(series.slots.day[len(series.value) - 1]), len(series.known)
        if (held := self.kept.get(name)) is not None and held[:2] == (day, told):
            return held[2]
        if (learnt := learn(series)) is not None:
            self.kept[name] = (day, told, learnt)
        return learnt


@dataclass(frozen=True, slots=True)
class Outlook:
    """For steps of a quarter hour each that begin where the past given ends, shape (steps,)."""

    place: Place
    steps_ns: Int64Array
    weather: Weather | None = None
    lessons: Lessons = field(default_factory=Lessons)  # kept from one outlook to the next, they cost little

    def load(self, load: Load, past: Past, latest_kw: float) -> Band:
        """A consumer; never below 0 where it never was. `latest_kw` or its usual power serve without a past."""
        band = self._learnt(load.id, self.seen_load(past))
        if band is None:
            expected = forecast_kw(past, self.steps_ns, self.place.zone, latest_kw, load.yearly_kwh / HOURS_A_YEAR)
            band = _guessed(expected, past)
        return band if (past.mean_kw < 0.0).any() else _clipped(band, 0.0, math.inf)

    def plant(self, plant: Plant, past: Past, latest_kw: float) -> Band:
        band = self._learnt(plant.id, self.seen_plant(plant, past))
        if band is None:
            guess = self._guessed_sun if plant.kind == "solar" else self._guessed_wind
            band = guess(plant, latest_kw)
        return _clipped(band, 0.0, plant.rated_kw)

    def seen_load(self, past: Past) -> Seen | None:
        """What can be learnt from; None where nothing usable was ever measured."""
        return self._seen(past, self._load_weather, lambda times_ns: np.ones(len(times_ns)))

    def seen_plant(self, plant: Plant, past: Past) -> Seen | None:
        """Of a roof how clear it was, so that the course of the sun need not be learnt; of a turbine its power."""
        if plant.kind != "solar":
            return self._seen(past, self._wind_weather, lambda times_ns: np.ones(len(times_ns)))
        clear_kw = self._clear_share(past.time_ns) * plant.rated_kw
        day = clear_kw > _DAYLIGHT_SHARE * plant.rated_kw
        clearness = np.full(len(past.mean_kw), np.nan)
        clearness[day] = np.clip(past.mean_kw[day] / clear_kw[day], 0.0, _CLEAREST)
        return self._seen(
            Past(past.time_ns, clearness),
            self._sun_weather,
            lambda times_ns: self._clear_share(times_ns) * plant.rated_kw,
        )

    def _learnt(self, name: str, seen: Seen | None) -> Band | None:
        if seen is None or not len(seen.series.value) or (learnt := self.lessons.of(name, seen.series)) is None:
            return None
        return _times(foresee(seen.series, learnt, len(self.steps_ns)), seen.scale_kw[len(seen.series.value) :])

    def _seen(
        self,
        past: Past,
        weather: Callable[[Int64Array], list[Float64Array]],
        scale_kw: Callable[[Int64Array], Float64Array],
    ) -> Seen | None:
        usable = np.flatnonzero(np.isfinite(past.mean_kw))
        if not len(usable) or not len(self.steps_ns):
            return None
        first, end = int(past.time_ns[usable[0]]), int(self.steps_ns[0])
        grid = np.arange(first, end, QUARTER_NS)
        value = np.full(len(grid), np.nan)
        place = (past.time_ns[usable] - first) // QUARTER_NS
        inside = place < len(grid)
        value[place[inside]] = past.mean_kw[usable][inside]
        times = np.concatenate([grid, self.steps_ns])
        known = [column for column in weather(times) if _is_known(column, len(grid))]
        slots = _slots_from(first, len(times), self.place.zone, self.place.holidays)
        return Seen(Series(value, slots, tuple(known)), scale_kw(times))

    def _guessed_sun(self, plant: Plant, latest_kw: float) -> Band:
        now_deg = _elevation_deg(self.place, int(self.steps_ns[0])) if len(self.steps_ns) else 0.0
        expected = solar_forecast_kw(self._elevations(self.steps_ns), plant.rated_kw, latest_kw, now_deg)
        clear_kw = self._clear_share(self.steps_ns) * plant.rated_kw
        return Band(_CLOUDED * expected, expected, np.maximum(expected, clear_kw))

    def _guessed_wind(self, plant: Plant, latest_kw: float) -> Band:
        known = latest_kw if math.isfinite(latest_kw) else _USUAL_WIND * plant.rated_kw
        expected = np.full(len(self.steps_ns), known)
        return Band(0.0 * expected, expected, np.full(len(expected), plant.rated_kw))

    def _load_weather(self, times_ns: Int64Array) -> list[Float64Array]:
        if self.weather is None:
            return []
        temperature = self.weather.temperature_c(times_ns)
        return [np.maximum(HEATED_BELOW_C - temperature, 0.0), self.weather.irradiance_w_m2(times_ns)]

    def _sun_weather(self, times_ns: Int64Array) -> list[Float64Array]:
        if self.weather is None:
            return []
        clear = 1000.0 * self._clear_share(times_ns)
        bright = clear > 1000.0 * _DAYLIGHT_SHARE
        share = self.weather.irradiance_w_m2(times_ns) / np.where(bright, clear, 1.0)
        return [np.where(bright, np.clip(share, 0.0, _CLEAREST), 0.0)]

    def _wind_weather(self, times_ns: Int64Array) -> list[Float64Array]:
        if self.weather is None:
            return []
        return [np.minimum(self.weather.wind_m_s(times_ns), RATED_WIND_M_S) ** 3]  # power in wind goes by its cube

    def _clear_share(self, times_ns: Int64Array) -> Float64Array:
        return clear_sky_share(self._elevations(times_ns))

    def _elevations(self, times_ns: Int64Array) -> Float64Array:
        """Of the sun in the middle of each quarter hour."""
        return np.array([_elevation_deg(self.place, int(at) + QUARTER_NS // 2) for at in times_ns], np.float64)


def _guessed(expected: Float64Array, past: Past) -> Band:
    """A band where nothing could be learnt: all that was ever seen, or half as much and half as much again."""
    seen = past.mean_kw[np.isfinite(past.mean_kw)]
    if not len(seen):
        around = _NO_PAST_SHARE * np.abs(expected)
        return Band(expected - around, expected, expected + around)
    return Band(np.minimum(expected, seen.min()), expected, np.maximum(expected, seen.max()))


def _is_known(column: Float64Array, before: int) -> bool:
    known = np.isfinite(column)
    return bool(known[:before].mean() >= _KNOWN_BEFORE and known[before:].mean() >= _KNOWN_AHEAD)


def _clipped(band: Band, least: float, most: float) -> Band:
    return Band(*(np.clip(edge, least, most) for edge in (band.low, band.expected, band.high)))


def _times(band: Band, factor: Float64Array) -> Band:
    return Band(band.low * factor, band.expected * factor, band.high * factor)


@functools.lru_cache(maxsize=64)
def _slots_from(first_ns: int, count: int, zone: ZoneInfo, country: str) -> Slots:
    """Of quarter hours in a row; most things of a site have been measured equally long."""
    return slots_of(first_ns + QUARTER_NS * np.arange(count, dtype=np.int64), zone, country)


@functools.lru_cache(maxsize=20_000)
def _elevation_deg(place: Place, at_ns: int) -> float:
    """Kept: the quarter hours of some weeks are asked for again with every plan."""
    return sun.elevation_deg(place, dt.datetime.fromtimestamp(at_ns / 1e9, dt.UTC))
