"""What comes out: a Plan, an explained Infeasible, or an Unsolved that says why there is none. Match on the type.

Arrays are read-only float64 of shape (steps,) unless said otherwise; kW with consumption positive, EUR, levels 0..1.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

import numpy as np

from optimizer.parts import Horizon
from optimizer.profile import FloatArray


class Status(enum.StrEnum):
    """How far a plan is proved. Only OPTIMAL means that no plan is cheaper (within the gap shown)."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"  # stopped at the gap asked for
    TIME_LIMIT = "time limit"  # the best found in the time given; `gap` says how far it may be from the best there is


class Kind(enum.StrEnum):
    """The kind of an asset in a plan."""

    LIGHTING = "lighting"
    CHARGING = "charging"
    LOAD = "load"
    GENERATION = "generation"
    BATTERY = "battery"
    SHIP = "ship"
    HEAT_NODE = "heat node"
    HEAT_PUMP = "heat pump"
    ELECTRIC_BOILER = "electric boiler"
    GAS_BOILER = "gas boiler"
    CHP = "chp"
    HEAT_STORE = "heat store"
    TANK = "tank"
    PUMP = "pump"


class Cause(enum.StrEnum):
    """What a cost is for: the columns of `CostSplit.eur`."""

    ENERGY = "energy"
    CARBON = "carbon"
    PEAK = "peak"
    LIGHT = "light missing"
    CHARGE = "charge missing"
    CURTAILED = "curtailed"
    WEAR = "wear"
    STORED = "stored energy missing"
    FUEL = "fuel"
    NOT_CONNECTED = "not connected"
    START = "start"
    HEAT = "heat missing"
    SURPLUS = "heat surplus"


SENTENCES_TOLD = 5  # of a contradiction; the rest is counted
CAUSES: tuple[Cause, ...] = tuple(Cause)


@dataclass(frozen=True, slots=True, eq=False)
class AssetPlan:
    """One asset over the horizon.

    `setpoint` is what to write to it: the level for light; the power while the vehicle is there for charging; the kW
    allowed for generation; the forecast for a load; the power of a battery, below 0 where it gives; the heat (kW) of
    what makes it, and into a store; the power of a pump; the demand of a heat node (kW), the outflow of a tank (m3/h).
    `state` is the energy brought into the vehicle, or stored in battery or heat store, by each step's end (kWh); the
    level for light; the heat a heat node gets (kW); the water in a tank (m3); 1 while a machine runs.
    `shortfall` is the light (levels), generation or heat (kW) held back in each step; for charging and storage it is
    zero, since what is missing there is counted once, at departure or at the end.
    """

    id: str
    name: str
    kind: Kind
    node: str
    power_kw: FloatArray  # mean over the step; generation is negative
    setpoint: FloatArray
    state: FloatArray
    shortfall: FloatArray
    at_once_kw: FloatArray  # what the naive case gives it: hollow against power_kw is "present, but waits"


@dataclass(frozen=True, slots=True)
class ShipPlan:
    """Where one ship plugs in and what its engines still make; `point` is None where it stays on them, and why."""

    call: str
    point: str | None
    shore_kwh: float
    engine_kwh: float
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class SupplyPrice:
    """What one kWh more of a heat node's demand, or one m3 more out of a tank, costs in each step."""

    id: str
    unit: str  # kWh of heat, or m3
    eur_per_unit: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class NodePlan:
    """One node over the horizon, with the prices that say why.

    `limit_eur_per_kw`: what one kW more of limit in a step saves. `energy_eur_per_kwh`: what one kWh more there costs.
    """

    id: str
    name: str
    parent: str | None
    power_kw: FloatArray
    limit_kw: FloatArray
    import_min_kw: FloatArray
    slack_kw: FloatArray  # limit less power
    limit_eur_per_kw: FloatArray
    import_min_eur_per_kw: FloatArray  # what one kW lower a minimum saves
    energy_eur_per_kwh: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CostSplit:
    """Cost in EUR by asset (rows, in the order of the plan's assets) and cause (columns, in the order of CAUSES).

    Energy and carbon go to an asset at the price of its step; a peak by the asset's share in the highest interval.
    """

    eur: FloatArray  # shape (assets, causes)

    @property
    def total_eur(self) -> float:
        return float(self.eur.sum())

    @property
    def by_asset_eur(self) -> FloatArray:
        """Shape (assets,)."""
        return np.asarray(self.eur.sum(axis=1))

    @property
    def by_cause_eur(self) -> dict[Cause, float]:
        return dict(zip(CAUSES, self.eur.sum(axis=0).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest mean import under one peak charge, and what it adds to the bill beyond the peak so far."""

    name: str
    highest_kw: float
    so_far_kw: float
    first_step: int  # where the highest interval begins; -1: no interval counts
    eur: float


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A wish not met in full: light (level hours), charge, generation, battery (kWh), shore power (a call)."""

    asset: str
    cause: Cause
    amount: float
    unit: str
    eur: float


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a way of running everything comes to: its power at the connection and in all, its cost, peaks and carbon."""

    net_kw: FloatArray
    cost: CostSplit
    peaks: tuple[Peak, ...]
    energy_kwh: float  # imported
    exported_kwh: float
    carbon_kg: float
    shortfalls: tuple[Shortfall, ...]


@dataclass(frozen=True, slots=True, eq=False)
class NaiveCase:
    """Full wanted light, charge at once as far as the limits let it, nothing curtailed that need not be.

    `broken` lists in sentences which rules even this cannot keep; while it is not empty, its cost is not one to beat.
    """

    outcome: Outcome
    broken: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        return not self.broken


@dataclass(frozen=True, slots=True)
class Solved:
    """How the plan was found. `gap` is (cost - bound) / |cost|, None where no bound is known."""

    status: Status
    gap: float | None
    bound_eur: float | None
    seconds: float
    solver_seconds: float
    columns: int
    rows: int
    nonzeros: int
    integers: int
    iterations: int
    stopped: str  # why the solver stopped, in words
    warm: bool  # started from the basis of the plan before
    second_choice: bool  # chosen among equally cheap plans as the wishes say
    priced: bool  # whether the plan's prices are those of the solver; all zero otherwise
    price_rounds: int = 0  # of price decomposition; 0: solved as a whole


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Every asset and node over the horizon, what it costs and why, against the naive case."""

    horizon: Horizon
    assets: tuple[AssetPlan, ...]  # family after family as in Problem, each in the problem's order
    nodes: tuple[NodePlan, ...]  # in the problem's order
    ships: tuple[ShipPlan, ...]  # in the problem's order
    supplies: tuple[SupplyPrice, ...]  # heat nodes, then tanks, in the problem's order
    outcome: Outcome
    naive: NaiveCase
    energy_price_eur_per_kwh: FloatArray  # energy plus carbon price of one imported kWh
    peak_eur_per_kw: FloatArray  # what one kW more of import in that step adds to the peak charges
    frozen_steps: int
    solved: Solved

    @property
    def cost_eur(self) -> float:
        return self.outcome.cost.total_eur

    @property
    def saved_eur(self) -> float:
        """Naive less planned; only a fair figure where the naive case is feasible."""
        return self.naive.outcome.cost.total_eur - self.cost_eur

    def asset(self, id: str) -> AssetPlan:
        """Raises KeyError where the plan has no such asset."""
        for asset in self.assets:
            if asset.id == id:
                return asset
        raise KeyError(id)

    def node(self, id: str) -> NodePlan:
        """Raises KeyError where the plan has no such node."""
        for node in self.nodes:
            if node.id == id:
                return node
        raise KeyError(id)


@dataclass(frozen=True, slots=True)
class Conflict:
    """One requirement of a set that cannot be kept together; leave any one out and the rest can."""

    thing: str  # id of the node, session, group
    rule: str  # name of the rule's function
    first: dt.datetime | None
    last: dt.datetime | None
    sentence: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """One change that makes the problem solvable, and what the plan then costs."""

    thing: str
    amount: float
    unit: str
    eur: float | None  # cost of the plan after the change; None where it was not worked out
    sentence: str


@dataclass(frozen=True, slots=True)
class Infeasible:
    """No plan keeps every hard rule: a smallest set of rules that contradict each other, and the cheapest ways out."""

    conflicts: tuple[Conflict, ...]
    ways_out: tuple[WayOut, ...]
    seconds: float

    @property
    def sentence(self) -> str:
        """What contradicts what and what to do, for a person."""
        told = [conflict.sentence for conflict in self.conflicts[:SENTENCES_TOLD]]
        if len(self.conflicts) > SENTENCES_TOLD:
            told.append(f"And {len(self.conflicts) - SENTENCES_TOLD} more requirements of the kind.")
        ways = "; or ".join(way.sentence for way in self.ways_out)
        return " ".join(told) + (f" Ways out: {ways}." if ways else "")


@dataclass(frozen=True, slots=True)
class Unsolved:
    """Neither a plan nor a proof that there is none: cancelled, or no time left."""

    reason: str
    seconds: float


Answer = Plan | Infeasible | Unsolved
