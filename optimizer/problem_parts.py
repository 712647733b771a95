"""The parts of a problem side by side, and what is asked of them together; `problem` checks that they fit."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.band import Band
from optimizer.heating import Chp, ElectricBoiler, GasBoiler, HeatMaker, HeatNode, HeatPump, HeatStore
from optimizer.parts import (
    USUAL_WISHES,
    Asset,
    ChargeSession,
    FixedLoad,
    Generation,
    Horizon,
    InForce,
    LightingGroup,
    Neighbours,
    Node,
    Tariff,
    Wishes,
)
from optimizer.shore import AccessPoint, ShipCall
from optimizer.storage import Battery
from optimizer.water import Pump, Tank

FAMILIES = (  # the fields of Problem that hold assets, in the order in which plans list them
    "lighting",
    "charging",
    "loads",
    "generation",
    "batteries",
    "ships",
    "heat_nodes",
    "heat_pumps",
    "electric_boilers",
    "gas_boilers",
    "chps",
    "heat_stores",
    "tanks",
    "pumps",
)


@dataclass(frozen=True, slots=True)
class ProblemParts:
    """The fields of a problem, and its parts in the orders that others need."""

    horizon: Horizon
    nodes: tuple[Node, ...]
    tariff: Tariff
    lighting: tuple[LightingGroup, ...] = ()
    neighbours: tuple[Neighbours, ...] = ()
    charging: tuple[ChargeSession, ...] = ()
    loads: tuple[FixedLoad, ...] = ()
    generation: tuple[Generation, ...] = ()
    batteries: tuple[Battery, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    ships: tuple[ShipCall, ...] = ()
    heat_nodes: tuple[HeatNode, ...] = ()
    heat_pumps: tuple[HeatPump, ...] = ()
    electric_boilers: tuple[ElectricBoiler, ...] = ()
    gas_boilers: tuple[GasBoiler, ...] = ()
    chps: tuple[Chp, ...] = ()
    heat_stores: tuple[HeatStore, ...] = ()
    tanks: tuple[Tank, ...] = ()
    pumps: tuple[Pump, ...] = ()
    in_force: tuple[InForce, ...] = ()
    frozen_steps: int = 0
    against: Band = Band.EXPECTED
    wishes: Wishes = USUAL_WISHES

    @property
    def assets(self) -> Iterator[Asset]:
        """All assets, family after family: the order in which plans list them."""
        return itertools.chain.from_iterable(self.families)

    @property
    def families(self) -> tuple[tuple[Asset, ...], ...]:
        """The assets by kind, in the order of `assets`."""
        return tuple(getattr(self, family) for family in FAMILIES)

    @property
    def heat_makers(self) -> tuple[HeatMaker, ...]:
        """Everything that makes heat, in the order in which plans list it."""
        return (*self.heat_pumps, *self.electric_boilers, *self.gas_boilers, *self.chps)

    def points_for(self, call: ShipCall) -> tuple[int, ...]:
        """Places of the access points that fit a call and that its berth reaches; the one it is at, where it is."""
        return tuple(
            place
            for place, point in enumerate(self.access_points)
            if call.fits(point) and call.at_point in (None, point.id) and reaches(self.nodes, point.node, call.node)
        )

    @property
    def root(self) -> Node:
        return next(node for node in self.nodes if node.parent is None)


def reaches(nodes: tuple[Node, ...], node: str, above: str) -> bool:
    """Whether a node is another one or below it."""
    parents = {one.id: one.parent for one in nodes}
    at: str | None = node
    while at is not None and at != above:
        at = parents[at]
    return at is not None
