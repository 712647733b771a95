"""What must hold between the parts of a problem: the grid tree, names, lengths, prices, levels."""

from __future__ import annotations

import itertools

import numpy as np

from optimizer.errors import (
    DuplicateId,
    GridCycle,
    NotOneRoot,
    OutOfRange,
    TariffArbitrage,
    UnknownAsset,
    UnknownNode,
    WrongOrder,
)
from optimizer.parts import LightingGroup, Node, Tariff
from optimizer.problem_parts import ProblemParts
from optimizer.profile import FloatArray, must_be_profile, must_fit, over_steps, table

_PROFILES = (  # of each family what it is called, and which of its fields may have a figure for each step
    ("nodes", "node", ("limit_kw", "import_min_kw")),
    ("lighting", "lighting group", ("lit", "wanted", "floor", "ceiling", "fixed")),
    ("loads", "load", ("power_kw", "power_low_kw", "power_high_kw")),
    ("generation", "generation", ("forecast_kw", "forecast_low_kw", "forecast_high_kw")),
    ("ships", "ship call", ("hotel_kw", "hotel_low_kw", "hotel_high_kw")),
    ("heat_nodes", "heat node", ("demand_kw", "demand_low_kw", "demand_high_kw")),
    ("heat_pumps", "heat pump", ("most_kw", "cop")),
    ("electric_boilers", "electric boiler", ("most_kw",)),
    ("gas_boilers", "gas boiler", ("most_kw", "fuel_eur_per_kwh")),
    ("chps", "CHP", ("fuel_eur_per_kwh",)),
    ("tanks", "tank", ("outflow_m3h",)),
)


def must_be_sound(problem: ProblemParts) -> None:
    """Raises a ProblemError for the first fault between the parts of a problem."""
    steps = problem.horizon.steps
    _check_tree(problem.nodes)
    _check_names(problem)
    _check_lengths(problem)
    _check_stays(problem)
    _check_berths(problem)
    _check_prices(problem.tariff, steps)
    _check_levels(problem.lighting, steps)
    _check_limits(problem.nodes, steps)
    if not 0 <= problem.frozen_steps <= steps:
        raise OutOfRange("frozen_steps", problem.frozen_steps, 0, steps)


def _check_tree(nodes: tuple[Node, ...]) -> None:
    parents = {node.id: node.parent for node in nodes}
    roots = [node.id for node in nodes if node.parent is None]
    for node in nodes:
        if node.parent is not None and node.parent not in parents:
            raise UnknownNode(f"Node {node.id}", node.parent, parents)
        seen = [node.id]
        while (parent := parents[seen[-1]]) is not None:
            if parent in seen:
                raise GridCycle([*seen, parent])
            seen.append(parent)
    if len(roots) != 1:
        raise NotOneRoot(roots)


def _check_names(problem: ProblemParts) -> None:
    seen: set[str] = set()
    for thing in itertools.chain(problem.nodes, problem.assets, problem.access_points):
        if thing.id in seen:
            raise DuplicateId(thing.id)
        seen.add(thing.id)
    nodes = {node.id for node in problem.nodes}
    for asset in itertools.chain(problem.assets, problem.access_points):
        if asset.node not in nodes:
            raise UnknownNode(asset.id, asset.node, nodes)
    _check_supplies(problem)
    groups = {group.id for group in problem.lighting}
    for pair in problem.neighbours:
        for group in (pair.a, pair.b):
            if group not in groups:
                raise UnknownAsset("A pair of neighbours", group, groups)
    both_ways = {battery.id for battery in problem.batteries} | {store.id for store in problem.heat_stores}
    both_ways |= {session.id for session in problem.charging if session.discharge_max_kw > 0.0}
    for item in problem.in_force:
        if item.asset not in both_ways:
            must_be_profile(f"plan in force of {item.asset}", item.setpoint, 0.0)
            must_be_profile(f"power_kw of the plan in force of {item.asset}", item.power_kw, 0.0)
    held = [item.asset for item in problem.in_force]
    if len(set(held)) != len(held):
        raise DuplicateId(next(asset for asset in held if held.count(asset) > 1))


def _check_supplies(problem: ProblemParts) -> None:
    """What makes or stores heat names a heat node, and a pump a tank."""
    heat, tanks = {node.id for node in problem.heat_nodes}, {tank.id for tank in problem.tanks}
    for maker in (*problem.heat_makers, *problem.heat_stores):
        if maker.heat not in heat:
            raise UnknownAsset(f"The field heat of {maker.id}", maker.heat, heat)
    for pump in problem.pumps:
        if pump.tank not in tanks:
            raise UnknownAsset(f"The field tank of {pump.id}", pump.tank, tanks)


def _check_lengths(problem: ProblemParts) -> None:
    steps = problem.horizon.steps
    for family, title, fields in _PROFILES:
        for part in getattr(problem, family):
            for field in fields:
                must_fit(f"{field} of {title} {part.id}", getattr(part, field), steps)
    for field in ("import_eur_per_kwh", "export_eur_per_kwh", "carbon_kg_per_kwh"):
        must_fit(f"{field} of the tariff", getattr(problem.tariff, field), steps)
    if problem.tariff.contract_interval:
        must_fit("contract_interval of the tariff", problem.tariff.contract_interval, steps)
    for peak in problem.tariff.peaks:
        if peak.interval:
            must_fit(f"interval of peak charge {peak.name}", peak.interval, steps)
    for item in problem.in_force:
        must_fit(f"plan in force of {item.asset}", item.setpoint, steps)
        if item.power_kw:
            must_fit(f"power_kw of the plan in force of {item.asset}", item.power_kw, steps)


def _check_stays(problem: ProblemParts) -> None:
    for session in problem.charging:
        if session.departs > problem.horizon.end or session.departs <= problem.horizon.start:
            raise WrongOrder(
                f"Charge session {session.id}",
                "it does not depart within the horizon",
                "leave it out, or let it depart at the horizon's end with the energy it needs by then",
            )


def _check_berths(problem: ProblemParts) -> None:
    points = {point.id for point in problem.access_points}
    taken: dict[str, str] = {}
    for call in problem.ships:
        if call.at_point is None:
            continue
        if call.at_point not in points:
            raise UnknownAsset(f"Ship call {call.id}", call.at_point, points)
        if not problem.points_for(call):
            raise WrongOrder(
                f"Ship call {call.id}",
                f"it is plugged in at {call.at_point}, which does not fit it",
                "correct at_point, or voltage, frequency, plug or power of one of the two",
            )
        if call.at_point in taken:
            raise WrongOrder(
                f"Ship call {call.id}", f"{taken[call.at_point]} is plugged in at {call.at_point} too", "correct one"
            )
        taken[call.at_point] = call.id


def _check_prices(tariff: Tariff, steps: int) -> None:
    buy, sell = tariff.import_cost_eur_per_kwh(steps), over_steps(tariff.export_eur_per_kwh, steps)
    if (wrong := np.flatnonzero(sell > buy + 1e-12)).size:
        step = int(wrong[0])
        raise TariffArbitrage(step, float(buy[step]), float(sell[step]))


def _check_levels(groups: tuple[LightingGroup, ...], steps: int) -> None:
    if not groups:
        return
    floor, ceiling = table((g.floor for g in groups), steps), table((g.ceiling for g in groups), steps)
    for row, step in np.argwhere(floor > ceiling)[:1]:
        raise WrongOrder(
            f"Lighting group {groups[row].id}",
            f"in step {step} its floor {floor[row, step]:g} is above its ceiling {ceiling[row, step]:g}",
            "lower the floor or raise the ceiling",
        )
    lit = np.array([group.lit for group in groups], dtype=bool)
    for row, group in enumerate(groups):
        if group.dimmer_levels:
            _check_dimmer(group, np.where(lit[row], floor[row], 0.0), np.where(lit[row], ceiling[row], 1.0))
    for group, low in zip(groups, floor.min(axis=1), strict=True):
        share = np.interp(low, [p[0] for p in group.points], [p[1] for p in group.points])
        if group.standby_kw + (group.rated_kw - group.standby_kw) * share < -1e-9:
            raise WrongOrder(
                f"Lighting group {group.id}", "its power at its floor is below 0", "raise gradient or floor"
            )


def _check_dimmer(group: LightingGroup, floor: FloatArray, ceiling: FloatArray) -> None:
    levels = np.array(group.dimmer_levels)[:, None]
    inside = (levels >= floor - 1e-6) & (levels <= ceiling + 1e-6)
    if (without := np.flatnonzero(~inside.any(axis=0))).size:
        step = int(without[0])
        band = f"its floor {floor[step]:g} and ceiling {ceiling[step]:g}"
        what = f"in step {step} none of its dimmer levels is between {band}"
        raise WrongOrder(f"Lighting group {group.id}", what, "add a level, or widen the band")


def _check_limits(nodes: tuple[Node, ...], steps: int) -> None:
    for node in nodes:
        if np.any(over_steps(node.import_min_kw, steps) > over_steps(node.limit_kw, steps)):
            raise WrongOrder(
                f"Node {node.id}", "its limit is below its lowest power", "correct limit_kw or import_min_kw"
            )
