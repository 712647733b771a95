"""Why a plan is as it is: which limits are at work, what one kW or kWh more is worth there, and who waits for it.

All from the plan's prices (the duals of the cheapest plan). With integers these are of the linear program left once
they are fixed, and so say what a little more is worth with all on and off decisions as they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.explain_supplies import MACHINES, machine_remark, waiting_machines
from optimizer.parts import ChargeSession, LightingGroup
from optimizer.plan import AssetPlan, Kind, NodePlan, Plan
from optimizer.problem import Problem
from optimizer.profile import FloatArray
from optimizer.tables import Tables, tabulate

_WORTH = 1e-6  # EUR: prices below this are rounding
_TOLD_EUR = 0.005  # a limit worth less than this would be told as 0.00
_NOTHING_KW = 1e-3
_FULL_KW = 0.5


@dataclass(frozen=True, slots=True)
class LimitAtWork:
    """A limit that holds the plan for a run of steps, and what one kW more over all of them saves."""

    node: str
    name: str
    first_step: int
    last_step: int
    begins: dt.datetime
    ends: dt.datetime
    eur_per_kw: float

    @property
    def sentence(self) -> str:
        return (
            f"{self.begins:%H:%M}-{self.ends:%H:%M} {self.name} is full; "
            f"one kW more there saves {self.eur_per_kw:.2f} EUR."
        )


@dataclass(frozen=True, slots=True)
class PricePart:
    """One cause of what a kWh costs at a node: energy with carbon, a peak charge, or the limit of a node."""

    cause: str
    node: str | None
    eur_per_kwh: float


@dataclass(frozen=True, slots=True)
class OnLimit:
    """One asset or child node that draws on a node, and in words what holds it, or what it could take."""

    id: str
    name: str
    power_kw: float
    could_kw: float  # what it would draw at most; its power where it has no say
    remark: str


@dataclass(frozen=True, slots=True)
class Held:
    """An asset that would draw more in a step were it not for a limit; until when it waits (None: never made up)."""

    id: str
    name: str
    power_kw: float
    could_kw: float
    until: dt.datetime | None
    sentence: str  # what it does instead: `waits until 19:00`, `goes without`


@dataclass(frozen=True, slots=True)
class Why:
    """The answer for one node and step. The powers of `drawing` sum to the node's power."""

    node: str
    name: str
    begins: dt.datetime
    ends: dt.datetime
    headline: str
    limit: LimitAtWork | None
    energy_eur_per_kwh: float
    parts: tuple[PricePart, ...]  # sum to energy_eur_per_kwh
    drawing: tuple[OnLimit, ...]
    held: tuple[Held, ...]


def limits_at_work(plan: Plan) -> tuple[LimitAtWork, ...]:
    """Every run of steps in which a limit has a price, the dearest first."""
    found = [limit for node in plan.nodes for limit in _runs(plan, node)]
    return tuple(sorted(found, key=lambda limit: -limit.eur_per_kw))


def why(problem: Problem, plan: Plan, step: int, node: str | None = None) -> Why:
    """What holds a node in a step; by default the node whose limit is dearest then, or the connection.

    Raises KeyError for a node and IndexError for a step the plan does not have.
    """
    if not 0 <= step < plan.horizon.steps:
        raise IndexError(step)
    chosen = plan.node(node) if node is not None else _dearest(plan, step)
    limit = next((run for run in _runs(plan, chosen) if run.first_step <= step <= run.last_step), None)
    held = tuple(_held(problem, plan, chosen, step))
    return Why(
        node=chosen.id,
        name=chosen.name,
        begins=plan.horizon.begin(step),
        ends=plan.horizon.begin(step + 1),
        headline=_headline(plan, chosen, step, limit, held),
        limit=limit,
        energy_eur_per_kwh=float(chosen.energy_eur_per_kwh[step]),
        parts=price_parts(plan, chosen.id, step),
        drawing=tuple(_drawing(problem, plan, chosen, step)),
        held=held,
    )


def price_parts(plan: Plan, node: str, step: int) -> tuple[PricePart, ...]:
    """What one kWh more at a node costs in a step, by cause; parts of no worth are left out."""
    hours = plan.horizon.steps_h[step]
    parts = [
        PricePart("energy and carbon", None, float(plan.energy_price_eur_per_kwh[step])),
        PricePart("peak", None, float(plan.peak_eur_per_kw[step]) / hours),
    ]
    for above in _upwards(plan, plan.node(node)):
        worth = float(above.limit_eur_per_kw[step] - above.import_min_eur_per_kw[step]) / hours
        parts.append(PricePart(f"limit of {above.name}", above.id, worth))
    return tuple(part for part in parts if part.node is None or abs(part.eur_per_kwh) > _WORTH)


def _runs(plan: Plan, node: NodePlan) -> Iterator[LimitAtWork]:
    priced = np.concatenate(([False], node.limit_eur_per_kw > _WORTH, [False]))
    edges = np.flatnonzero(priced[1:] != priced[:-1])
    for first, after in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        worth = float(node.limit_eur_per_kw[first:after].sum())
        begins, ends = plan.horizon.begin(first), plan.horizon.begin(after)
        if worth >= _TOLD_EUR:
            yield LimitAtWork(node.id, node.name, first, after - 1, begins, ends, worth)


def _dearest(plan: Plan, step: int) -> NodePlan:
    root = next(node for node in plan.nodes if node.parent is None)
    dearest = max(plan.nodes, key=lambda node: float(node.limit_eur_per_kw[step]))
    told = any(run.first_step <= step <= run.last_step for run in _runs(plan, dearest))
    return dearest if told else root


def _upwards(plan: Plan, node: NodePlan) -> Iterator[NodePlan]:
    by_id = {other.id: other for other in plan.nodes}
    while True:
        yield node
        if node.parent is None:
            return
        node = by_id[node.parent]


def _below(plan: Plan, node: NodePlan) -> set[str]:
    parent = {other.id: other.parent for other in plan.nodes}

    def is_below(id: str | None) -> bool:
        while id is not None and id != node.id:
            id = parent[id]
        return id is not None

    return {id for id in parent if is_below(id)}


def _headline(plan: Plan, node: NodePlan, step: int, limit: LimitAtWork | None, held: tuple[Held, ...]) -> str:
    if not plan.solved.priced:
        return "This plan was found without prices: solve it again with more time to see what holds it."
    if limit is None and node.slack_kw[step] <= _FULL_KW:
        return f"{node.name} is full, but more there would save next to nothing."
    if limit is None:
        return f"{node.name} has {node.slack_kw[step]:,.0f} kW to spare; no limit of it holds the plan here."
    if not held:
        return limit.sentence
    who = " and ".join(f"{one.name} {one.sentence}" for one in held[:2])
    others = f", and {len(held) - 2} more" if len(held) > 2 else ""
    return f"{limit.sentence[:-1]}; that is why {who}{others}."


def _drawing(problem: Problem, plan: Plan, node: NodePlan, step: int) -> Iterator[OnLimit]:
    """Children and own assets of a node, largest first."""
    rows = [
        OnLimit(child.id, child.name, float(child.power_kw[step]), float(child.limit_kw[step]), "everything under it")
        for child in plan.nodes
        if child.parent == node.id
    ]
    levels = {group.id: group for group in problem.lighting}
    vehicles = {session.id: session for session in problem.charging}
    for asset in plan.assets:
        if asset.node == node.id:
            rows.append(_own_row(problem, plan, asset, levels.get(asset.id), vehicles.get(asset.id), step))
    yield from sorted((row for row in rows if abs(row.power_kw) > _NOTHING_KW), key=lambda row: -abs(row.power_kw))


def _own_row(
    problem: Problem,
    plan: Plan,
    asset: AssetPlan,
    group: LightingGroup | None,
    session: ChargeSession | None,
    step: int,
) -> OnLimit:
    power = float(asset.power_kw[step])
    if group is not None:
        remark = "as wanted" if asset.shortfall[step] < 1e-4 else f"at {asset.setpoint[step]:.0%} of full light"
        return OnLimit(asset.id, asset.name, power, max(power, float(asset.at_once_kw[step])), remark)
    if session is not None and power < 0.0:
        return OnLimit(asset.id, asset.name, power, power, "gives back")
    if session is not None:
        return OnLimit(asset.id, asset.name, power, session.max_kw, f"could take {session.max_kw:,.0f}")
    if asset.kind is Kind.BATTERY:
        return OnLimit(asset.id, asset.name, power, power, _battery_remark(plan, asset, step))
    if asset.kind is Kind.SHIP:
        return OnLimit(asset.id, asset.name, power, power, "on shore power")
    if asset.kind in MACHINES:
        most = max(power, float(asset.at_once_kw[step]))
        return OnLimit(asset.id, asset.name, power, most, machine_remark(problem, asset, step))
    remark = "forecast" if asset.kind is Kind.LOAD else "generation"
    return OnLimit(asset.id, asset.name, power, power, remark)


def _battery_remark(plan: Plan, asset: AssetPlan, step: int) -> str:
    """What a battery's power is for: `charges, to give from 18:00`, `gives what it took from 02:00`."""
    if asset.power_kw[step] > 0.0:
        gives = np.flatnonzero(asset.power_kw[step + 1 :] < -_NOTHING_KW)
        if not gives.size:
            return "charges, to keep"
        return f"charges, to give from {plan.horizon.begin(step + 1 + int(gives[0])):%H:%M}"
    took = np.flatnonzero(asset.power_kw[:step] > _NOTHING_KW)
    if not took.size:
        return "gives what was in it"
    return f"gives what it took from {plan.horizon.begin(int(took[0])):%H:%M}"


def _held(problem: Problem, plan: Plan, node: NodePlan, step: int) -> Iterator[Held]:
    """Who under a node would draw more in a step at the connection's price, and does not at the node's."""
    tables, below = tabulate(problem), _below(plan, node)
    assets = {asset.id: asset for asset in plan.assets}
    prices = {other.id: other for other in plan.nodes}
    for row, session in enumerate(problem.charging):
        if session.node in below:
            yield from _held_session(plan, tables, row, assets[session.id], prices, step)

    def at(asset: AssetPlan) -> tuple[float, float]:
        return _without_limits(plan, prices[asset.node], prices, step)

    for asset, could_kw, words in waiting_machines(problem, plan, tables, below, at, step):
        yield Held(asset.id, asset.name, float(asset.power_kw[step]), could_kw, None, words)
    for row, group in enumerate(problem.lighting):
        if group.node in below:
            yield from _held_light(plan, tables, row, assets[group.id], prices, step)


def _without_limits(plan: Plan, node: NodePlan, prices: dict[str, NodePlan], step: int) -> tuple[float, float]:
    """(price of a kWh at a node, and the same without the limits above it)."""
    price, free = float(node.energy_eur_per_kwh[step]), float(node.energy_eur_per_kwh[step])
    hours = plan.horizon.steps_h[step]
    above: NodePlan | None = node
    while above is not None:
        free -= float(above.limit_eur_per_kw[step]) / hours
        above = prices[above.parent] if above.parent is not None else None
    return price, free


def _held_session(
    plan: Plan, tables: Tables, row: int, asset: AssetPlan, prices: dict[str, NodePlan], step: int
) -> Iterator[Held]:
    could = float(tables.charge.highest_kw[row, step])
    power = float(asset.power_kw[step])
    price, free = _without_limits(plan, prices[asset.node], prices, step)
    worth = _worth_of_charge(tables, row, asset, prices[asset.node].energy_eur_per_kwh)
    if could - power <= _NOTHING_KW or price - free <= _WORTH or not free < worth - _WORTH:
        return
    later = np.flatnonzero(asset.power_kw[step + 1 :] > asset.power_kw[step] + _NOTHING_KW)
    until = plan.horizon.begin(step + 1 + int(later[0])) if later.size else None
    missing = float(tables.charge.energy_kwh[row] - asset.state[-1]) > _NOTHING_KW
    last_resort = "goes without" if missing else "charges before that"
    words = f"waits until {until:%H:%M}" if until is not None else last_resort
    yield Held(asset.id, asset.name, power, could, until, words)


def _worth_of_charge(tables: Tables, row: int, asset: AssetPlan, price: FloatArray) -> float:
    """The most the session pays for a kWh in any step, or the price of what it misses: what a kWh is worth to it."""
    drawing = asset.power_kw > _NOTHING_KW
    paid = float(price[drawing].max()) if drawing.any() else -np.inf
    missing = float(tables.charge.energy_kwh[row] - asset.state[-1]) > 1e-3
    bid = float(tables.charge.missing_eur_per_kwh[row] * tables.charge.efficiency[row])
    return max(paid, bid) if missing else paid


def _held_light(
    plan: Plan, tables: Tables, row: int, asset: AssetPlan, prices: dict[str, NodePlan], step: int
) -> Iterator[Held]:
    if asset.shortfall[step] < 1e-4:
        return
    light = tables.light
    full = light.power_kw(light.target)[row, step]
    price, free = _without_limits(plan, prices[asset.node], prices, step)
    level = float(asset.setpoint[step])
    given_up = float(full - asset.power_kw[step]) / max(float(light.target[row, step]) - level, 1e-9)
    if price - free <= _WORTH or not free * given_up < float(light.missing_eur_per_h[row]) - _WORTH:
        return
    at_floor = level <= float(light.floor[row, step]) + 1e-4
    words = "runs at class minimum" if at_floor else f"runs at {level:.0%}"
    yield Held(asset.id, asset.name, float(asset.power_kw[step]), float(full), None, words)
