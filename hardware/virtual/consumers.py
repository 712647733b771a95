"""Buildings, pumps, cold stores and heat pumps: power from standard load profiles, weather and a little noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hardware.points import Float64Array
from hardware.virtual.noise import Noise
from hardware.virtual.shapes import PROFILE_OF, SLOTS, load_profiles, season_weights
from hardware.virtual.spec import Consumer
from hardware.virtual.water import TRADE
from hardware.virtual.weather import Conditions

HOURS_A_YEAR = 8760.0
HEATED = ("heat pump", "boiler")
PUMPS = ("pumps",)
COOLED = ("cold store", "reefers")


class Consumers:
    """Power of every consumer; the meters that show it are another fleet."""

    def __init__(self, consumers: Sequence[Consumer], seed: int) -> None:
        self.devices = tuple(consumer.device for consumer in consumers)
        self._noise = Noise(self.devices, seed)
        self.mean_kw = np.array([consumer.yearly_kwh / HOURS_A_YEAR for consumer in consumers])
        profiles = load_profiles()
        names = sorted(profiles)
        self._tables = np.stack([profiles[name] for name in names])  # [profile, season, slot]
        self._profile = np.array(
            [names.index(PROFILE_OF.get(consumer.kind, "g0")) for consumer in consumers], dtype=int
        )
        self._heated = np.array([consumer.kind in HEATED for consumer in consumers], dtype=bool)
        self._pumps = np.array([consumer.kind in PUMPS for consumer in consumers], dtype=bool)
        self._cooled = np.array([consumer.kind in COOLED for consumer in consumers], dtype=bool)
        self._late_s = 1200.0 * self._noise.normal(1)  # nobody opens at the same minute
        self._week: tuple[int, Float64Array] | None = None

    def power_kw(self, now: Conditions) -> Float64Array:
        shape = self._by_profile(now)
        shape = np.where(self._heated, _heating_shape(now.outside_c), shape)
        shape = np.where(self._pumps, 0.45 + 0.55 * TRADE[int(now.hour)], shape)
        shape = np.where(self._cooled, shape * (1.0 + 0.02 * (now.outside_c - 10.0)), shape)
        slow, quick = self._noise.smooth(now.time_s, 2700.0, 2), self._noise.smooth(now.time_s, 12.0, 3)
        kw: Float64Array = self.mean_kw * np.maximum(shape, 0.02) * np.maximum(1.0 + 0.07 * slow + 0.015 * quick, 0.1)
        return kw

    def _by_profile(self, now: Conditions) -> Float64Array:
        if self._week is None or self._week[0] != now.day_of_year:
            table = np.einsum("psk,s->pk", self._tables, season_weights(now.day_of_year))
            self._week = (now.day_of_year, table)
        place = ((now.weekday * 24.0 + now.hour) * 4.0 + self._late_s / 900.0) % SLOTS
        slot = place.astype(int)
        part = place - slot
        week = self._week[1]
        shape: Float64Array = week[self._profile, slot] * (1 - part) + week[self._profile, (slot + 1) % SLOTS] * part
        return shape


def _heating_shape(outside_c: float) -> float:
    """Power of a heat pump: what the house loses against what the pump makes of it; 1 on average over a mild year."""
    demand = max(0.12, (17.0 - outside_c) / 7.0)
    cop = max(2.6 + 0.06 * outside_c, 1.5)
    return demand / cop * 3.2 / 1.1
