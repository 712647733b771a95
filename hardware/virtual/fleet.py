"""What every fleet of virtual devices has: columns of values, counters that count them, and set-points it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from hardware.points import Float64Array
from hardware.virtual.noise import Noise
from hardware.virtual.weather import Conditions

Counted = Mapping[str, tuple[str, float]]  # counter -> the rate it counts, per hour, and the sign counted
FIRST_COUNTING_DAY = 19_723  # 2024-01-01: the day all counters of a virtual site are taken to have stood at zero


class Refused(Exception):
    """A device does not take this value; answered on the wire as Modbus exception 3."""


class Fleet:
    """Devices of one kind. `columns` maps a quantity to an array over `devices`, in the quantity's unit.

    `counted` says which columns are counters, and of what; see `count`.
    """

    counted: ClassVar[Counted] = {}

    def __init__(self, devices: Sequence[str], seed: int) -> None:
        self.devices = tuple(devices)
        self.rows = {device: row for row, device in enumerate(self.devices)}
        self.noise = Noise(self.devices, seed)
        self.columns: dict[str, Float64Array] = {}
        self.steady: dict[str, Float64Array] = {}  # columns that no physics plays; settings stay as they were written
        self.worked_out: set[str] = set()  # columns that follow from others
        self._rates: dict[str, Float64Array] = {}
        self.counters: dict[str, Float64Array] = {}

    def __len__(self) -> int:
        return len(self.devices)

    def full(self, value: float) -> Float64Array:
        return np.full(len(self), float(value))

    def step(self, now: Conditions, dt_s: float, wall_s: float) -> None:
        """Lets `dt_s` seconds pass up to `now`; `wall_s` of them passed on the wall (less, where time is sped up)."""
        raise NotImplementedError

    def write(self, row: int, quantity: str, value: float) -> None:
        """Takes a set-point. Raises Refused."""
        raise Refused(f"{self.devices[row]} does not take {quantity}.")

    def hear(self, row: int) -> None:
        """A request for this device came in, whatever it asks; only types that mind are told."""

    def restart(self, row: int) -> None:
        """The device has been without supply: what it was told is forgotten."""

    def mean_rates(self) -> dict[str, Float64Array]:
        """About how much each counter counts in an hour: where the counters stand when the story begins."""
        return {}

    def start_counters(self, time_s: float) -> None:
        """Sets each counter to what the mean rate has counted since the first counting day."""
        hours = max(0.0, time_s / 3600.0 - FIRST_COUNTING_DAY * 24.0)
        means = self.mean_rates()
        for name in self.counted if len(self) else ():
            self.counters[name] = np.round(means.get(name, np.zeros(len(self))) * hours)

    def set_counter(self, name: str, values: Float64Array) -> None:
        self.counters[name] = values
        self.columns[name] = values

    def count(self, dt_s: float) -> None:
        """Adds to each counter what its rate integrated to over the step (trapezoid)."""
        for name, (rate, sign) in self.counted.items() if len(self) else ():
            now = self.columns[rate] * sign
            before = self._rates.get(name, now)
            mean = np.maximum(0.5 * (now + before), 0.0)
            # A missing value (a broken sensor, a hole in a replay) counts nothing.
            self.counters[name] = self.counters[name] + np.nan_to_num(mean) * (dt_s / 3600.0)
            self.columns[name] = self.counters[name]
            self._rates[name] = now.copy()


class Still(Fleet):
    """Devices of a kind that nobody plays; their registers hold steady values and what is written into them."""

    def step(self, now: Conditions, dt_s: float, wall_s: float) -> None:
        pass
