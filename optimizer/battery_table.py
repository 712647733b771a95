"""Batteries as arrays, one row a battery and one column a step; frozen steps leave no room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray, IntArray, column


@dataclass(frozen=True, slots=True, eq=False)
class BatteryTable:
    """Batteries; arrays of shape (batteries,) or (batteries, steps). Frozen steps leave no room between the powers."""

    node: IntArray
    charge_min_kw: FloatArray
    charge_max_kw: FloatArray
    discharge_min_kw: FloatArray
    discharge_max_kw: FloatArray
    capacity_kwh: FloatArray
    least_kwh: FloatArray
    start_kwh: FloatArray
    end_kwh: FloatArray
    end_is_hard: BoolArray
    end_missing_eur_per_kwh: FloatArray
    charge_efficiency: FloatArray
    discharge_efficiency: FloatArray
    kept: FloatArray  # share of the stored energy that each step leaves
    wear_eur_per_kwh: FloatArray

    def stored_kwh(self, power_kw: FloatArray, hours: FloatArray) -> FloatArray:
        """Energy stored at each step's end under a power at the node, both of shape (batteries, steps)."""
        stored = np.zeros_like(power_kw)
        now = self.start_kwh
        for step in range(power_kw.shape[1]):
            now = now * self.kept[:, step] + self.added_kwh(power_kw[:, step], float(hours[step]))
            stored[:, step] = now
        return stored

    def added_kwh(self, power_kw: FloatArray, hours: float) -> FloatArray:
        """What a power adds to the stored energy in so many hours, shape (batteries,)."""
        charged = np.maximum(power_kw, 0.0) * self.charge_efficiency
        return np.asarray((charged - np.maximum(-power_kw, 0.0) / self.discharge_efficiency) * hours)


def tabulate_batteries(problem: Problem, node: IntArray, held: dict[str, tuple[float, ...]]) -> BatteryTable:
    batteries, hours = problem.batteries, problem.horizon.hours
    shape = (len(batteries), problem.horizon.steps)
    end_price = [battery.end_missing_eur_per_kwh for battery in batteries]
    lost = column(batteries, "loss_share_per_h")[:, None]
    found = BatteryTable(
        node=node,
        charge_min_kw=np.zeros(shape),
        charge_max_kw=np.repeat(column(batteries, "charge_max_kw")[:, None], shape[1], axis=1),
        discharge_min_kw=np.zeros(shape),
        discharge_max_kw=np.repeat(column(batteries, "discharge_max_kw")[:, None], shape[1], axis=1),
        capacity_kwh=column(batteries, "capacity_kwh"),
        least_kwh=column(batteries, "least_kwh"),
        start_kwh=column(batteries, "start_kwh"),
        end_kwh=column(batteries, "end_kwh"),
        end_is_hard=np.array([price is None for price in end_price], dtype=bool),
        end_missing_eur_per_kwh=np.array([price or 0.0 for price in end_price], dtype=float),
        charge_efficiency=column(batteries, "charge_efficiency"),
        discharge_efficiency=column(batteries, "discharge_efficiency"),
        kept=(1.0 - lost) ** hours,
        wear_eur_per_kwh=column(batteries, "wear_eur_per_kwh"),
    )
    for row, battery in enumerate(batteries):
        if battery.id in held:
            _hold_battery(found, row, held[battery.id][: problem.frozen_steps], hours)
    return found


def _hold_battery(found: BatteryTable, row: int, wanted_kw: tuple[float, ...], hours: FloatArray) -> None:
    """Leaves a battery no room in its first steps: the power in force, as far as its charge still allows it."""
    now = float(found.start_kwh[row])
    charge_efficiency, discharge_efficiency = found.charge_efficiency[row], found.discharge_efficiency[row]
    for step, wanted in enumerate(wanted_kw):
        hour = float(hours[step])
        now *= float(found.kept[row, step])
        room = max(float(found.capacity_kwh[row]) - now, 0.0) / (hour * charge_efficiency)
        left = max(now - float(found.least_kwh[row]), 0.0) * discharge_efficiency / hour
        power = float(np.clip(wanted, -min(left, found.discharge_max_kw[row, step]), room))
        power = min(power, float(found.charge_max_kw[row, step]))
        found.charge_min_kw[row, step] = found.charge_max_kw[row, step] = max(power, 0.0)
        found.discharge_min_kw[row, step] = found.discharge_max_kw[row, step] = max(-power, 0.0)
        now += hour * (max(power, 0.0) * charge_efficiency - max(-power, 0.0) / discharge_efficiency)
