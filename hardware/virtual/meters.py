"""Electricity meters: of consumers, of plants, and of the nodes of the grid tree, which sum what hangs below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from hardware.points import BoolArray, Float64Array, Int64Array
from hardware.virtual.fleet import Counted, Fleet
from hardware.virtual.spec import Node, VirtualSpec
from hardware.virtual.weather import Conditions

MEDIUM_VOLTAGE_FROM_KW = 2500.0  # above it nobody builds low-voltage switchgear
LOW_V, MEDIUM_V = 230.0, 10_000.0 / 3**0.5


class GridTree:
    """Sums power from leaves to root. Node power = its leaves + its children + its own losses."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.rows = {node.id: row for row, node in enumerate(nodes)}
        self._parent = [self.rows[node.parent] if node.parent is not None else -1 for node in nodes]
        self._limit = [max(node.limit_kw, 1e-9) for node in nodes]
        self._idle = [node.idle_loss * node.limit_kw for node in nodes]
        self._full = [node.full_loss * node.limit_kw for node in nodes]
        self._order = sorted(range(len(nodes)), key=self._depth, reverse=True)

    def power_kw(self, leaf_kw: Float64Array, leaf_node: Int64Array) -> Float64Array:
        """Power into every node, given the leaves' power and the row of the node each belongs to."""
        total = np.bincount(leaf_node, weights=leaf_kw, minlength=len(self.rows)).tolist()
        for row in self._order:
            total[row] += self.loss_kw(row, total[row])
            if self._parent[row] >= 0:
                total[self._parent[row]] += total[row]
        return np.array(total)

    def loss_kw(self, row: int, below_kw: float) -> float:
        """Loss between a node and what hangs below it, which takes `below_kw`."""
        return self._idle[row] + self._full[row] * (below_kw / self._limit[row]) ** 2

    def _depth(self, row: int) -> int:
        depth = 0
        while self._parent[row] >= 0:
            row = self._parent[row]
            depth += 1
        return depth


class Meters(Fleet):
    """All devices of kind meter. `step` expects `set_power` to have been called for the same moment."""

    counted: ClassVar[Counted] = {
        "energy_import_kwh": ("power_kw", 1.0),
        "energy_export_kwh": ("power_kw", -1.0),
    }

    def __init__(self, devices: Sequence[str], rated_kw: Mapping[str, float], spec: VirtualSpec) -> None:
        super().__init__(devices, spec.seed)
        rated = np.array([rated_kw.get(device, 100.0) for device in devices])
        medium = (rated > MEDIUM_VOLTAGE_FROM_KW) & _shows_medium_voltage(devices, spec)
        self._nominal_v = np.where(medium, MEDIUM_V, LOW_V)
        self._lean = [1.0 + 0.06 * self.noise.normal(k) for k in (1, 2)]  # no feeder is loaded evenly
        self._factor = 0.97 - 0.06 * self.noise.uniform(3)
        self._means: dict[str, Float64Array] = {}

    def mean_rates(self) -> dict[str, Float64Array]:
        return self._means

    def set_means(self, mean_kw: Float64Array) -> None:
        """What each meter counts on average, for the counters' start."""
        # Who mostly feeds in has also drawn a little in its life; to SunSpec, a counter at 0 is one that is not there.
        drawn = np.maximum(mean_kw, 0.01 * np.abs(mean_kw) + 0.001)
        self._means = {"energy_import_kwh": drawn, "energy_export_kwh": np.maximum(-mean_kw, 0.0)}

    def set_power(self, power_kw: Float64Array) -> None:
        self.columns["power_kw"] = power_kw

    def step(self, now: Conditions, dt_s: float, wall_s: float) -> None:
        """Everything else that a meter shows, from its power."""
        power = self.columns["power_kw"]
        factor = np.clip(self._factor + 0.01 * self.noise.smooth(now.time_s, 300.0, 4), 0.8, 1.0)
        volt = self._nominal_v * (1.0 + 0.009 * self.noise.smooth(now.time_s, 90.0, 5))
        volts = (volt, volt * 1.003, volt * 0.9975)
        thirds = power / 3.0
        phases = (thirds * self._lean[0], thirds * self._lean[1], power - thirds * (self._lean[0] + self._lean[1]))
        self.columns |= {
            "power_factor": factor,
            "reactive_power_kvar": power * np.tan(np.arccos(factor)),
            "frequency_hz": self.full(float(50.0 + 0.012 * self.noise.smooth(now.time_s, 20.0, 6)[0])),
        }
        for k, (phase, line) in enumerate(zip(phases, volts, strict=True), start=1):
            self.columns[f"power_l{k}_kw"] = phase
            self.columns[f"voltage_l{k}_v"] = line
            self.columns[f"current_l{k}_a"] = np.abs(phase) * 1000.0 / (line * factor)


def _shows_medium_voltage(devices: Sequence[str], spec: VirtualSpec) -> BoolArray:
    """Meters whose type can show 10 kV; the others sit on the low-voltage side."""
    types = {device.id: device.profile for device in spec.field.devices}
    library = spec.field.library
    highest = [
        max((p.high or 0.0 for p in library.profile(types[device]).points if p.quantity == "voltage_l1_v"), default=0.0)
        for device in devices
    ]
    return np.array(highest) > MEDIUM_V
