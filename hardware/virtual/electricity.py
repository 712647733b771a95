"""The electric side of a virtual site: consumers and plants put on their meters, and the grid tree summed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hardware.points import Float64Array, Int64Array
from hardware.virtual.consumers import Consumers
from hardware.virtual.fleet import Fleet
from hardware.virtual.generators import Generators
from hardware.virtual.meters import GridTree, Meters
from hardware.virtual.spec import Consumer, VirtualSpec
from hardware.virtual.weather import Conditions

HOURS_OF_A_METER = 2000.0  # full-load hours of a consumer about whom only the rating is known


class Electricity:
    """`takers` are the fleets besides consumers and plants that take power; each has a column power_kw."""

    def __init__(
        self, spec: VirtualSpec, meters: Sequence[str], generators: Generators, takers: Sequence[Fleet]
    ) -> None:
        self._takers = tuple(takers)
        self._generators = generators
        self.consumers = Consumers(self._loads(spec, meters), spec.seed)
        self._fuse_kw = np.array([spec.rated_kw.get(device, np.inf) for device in self.consumers.devices])
        self.meters = Meters(meters, spec.rated_kw, spec)
        self.tree = GridTree(spec.nodes)
        self.leaves = [device for fleet in (*takers, generators) for device in fleet.devices]
        self.leaves += self.consumers.devices
        at = [self.tree.rows.get(spec.node_of.get(device, ""), -1) for device in self.leaves]
        self._leaf_node: Int64Array = np.array(at, dtype=np.int64)
        rows = self.meters.rows
        self._load_rows = np.array([rows[device] for device in self.consumers.devices], dtype=np.int64)
        made = [(rows[device], row) for device, row in generators.rows.items() if device in rows]
        self._plant_rows = np.array(made, dtype=np.int64).reshape(-1, 2)
        measured = [(rows[node.meter], self.tree.rows[node.id]) for node in spec.nodes if node.meter in rows]
        self._node_rows = np.array(measured, dtype=np.int64).reshape(-1, 2)

    def _loads(self, spec: VirtualSpec, meters: Sequence[str]) -> list[Consumer]:
        """Consumers as named; a meter that nothing else explains is that of a small office."""
        explained = {node.meter for node in spec.nodes} | set(self._generators.devices)
        named = {consumer.device: consumer for consumer in spec.consumers}
        return [
            named.get(meter, Consumer(meter, yearly_kwh=spec.rated_kw.get(meter, 50.0) * HOURS_OF_A_METER))
            for meter in meters
            if meter not in explained
        ]

    def measure(self, now: Conditions, dt_s: float, wall_s: float, replay: Callable[[Fleet], None]) -> None:
        """Fills the meters. A replayed power of a consumer goes into the sums; that of a node only onto its meter."""
        made = self._generators.columns.get("generation_kw", np.zeros(0))
        loads = np.minimum(self.consumers.power_kw(now), self._fuse_kw)
        self._show(loads, made, np.zeros(len(self.tree.rows)))
        replay(self.meters)
        power = self.meters.columns["power_kw"]
        self._show(power[self._load_rows], made, self._node_power(self.leaf_power_kw()))
        self.meters.step(now, dt_s, wall_s)
        replay(self.meters)

    def leaf_power_kw(self) -> Float64Array:
        """Power of each of `leaves`, consumption positive; what a broken sensor hides is taken as zero."""
        taken = [fleet.columns["power_kw"] for fleet in self._takers if len(fleet)]
        made = [-self._generators.columns["generation_kw"]] if len(self._generators) else []
        leaves = np.concatenate([*taken, *made, self.meters.columns["power_kw"][self._load_rows]])
        return np.where(np.isnan(leaves), 0.0, leaves)

    def node_power_kw(self) -> dict[str, float]:
        """Power into each node of the tree, now."""
        return dict(zip(self.tree.rows, self._node_power(self.leaf_power_kw()).tolist(), strict=True))

    def set_means(self) -> None:
        """Tells the meters what they count on average, so that their counters start where a long life left them."""
        made = self._generators.mean_rates()["energy_generated_kwh"]
        taken = [fleet.mean_rates()["energy_import_kwh"] for fleet in self._takers]
        nodes = self._node_power(np.concatenate([*taken, -made, self.consumers.mean_kw]))
        self.meters.set_means(self._spread(self.consumers.mean_kw, made, nodes))

    def _node_power(self, leaf_kw: Float64Array) -> Float64Array:
        inside = self._leaf_node >= 0
        return self.tree.power_kw(leaf_kw[inside], self._leaf_node[inside])

    def _show(self, loads: Float64Array, made: Float64Array, nodes: Float64Array) -> None:
        self.meters.columns["power_kw"] = self._spread(loads, made, nodes)

    def _spread(self, loads: Float64Array, made: Float64Array, nodes: Float64Array) -> Float64Array:
        """Power of consumers, plants and nodes on the rows of the meters that show them."""
        power = np.zeros(len(self.meters))
        power[self._load_rows] = loads
        power[self._plant_rows[:, 0]] = -made[self._plant_rows[:, 1]]
        power[self._node_rows[:, 0]] = nodes[self._node_rows[:, 1]]
        return power
