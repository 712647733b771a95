"""The problem: what may be planned, between which limits, at which prices; and what must hold between its parts.

Checked where it is born: the grid tree, names, lengths, prices, levels, which show only when the parts are seen
together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

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
from optimizer.profile import must_be_profile, must_fit, over_steps, table
from optimizer.shore import AccessPoint, ShipCall
from optimizer.storage import Battery


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything that shares one connection over one horizon. Raises a ProblemError that names what is wrong.

    The first `frozen_steps` steps repeat what `in_force` says for the assets it names.
    """

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
    in_force: tuple[InForce, ...] = ()
    frozen_steps: int = 0
    wishes: Wishes = USUAL_WISHES

    def __post_init__(self) -> None:
        _check_sound(self)

    @property
    def assets(self) -> Iterator[Asset]:
        """Lighting, charging, loads, generation, batteries, ships: the order in which plans list assets."""
        return itertools.chain.from_iterable(self.families)

    @property
    def families(self) -> tuple[tuple[Asset, ...], ...]:
        """The assets by kind, in the order of `assets`."""
        return (self.lighting, self.charging, self.loads, self.generation, self.batteries, self.ships)

    def points_for(self, call: ShipCall) -> tuple[int, ...]:
        """Places of the access points that fit a call and that its berth reaches; the one it is at, where it is."""
        return tuple(
            place
            for place, point in enumerate(self.access_points)
            if call.fits(point) and call.at_point in (None, point.id) and _reaches(self.nodes, point.node, call.node)
        )

    @property
    def root(self) -> Node:
        return next(node for node in self.nodes if node.parent is None)


def _reaches(nodes: tuple[Node, ...], node: str, above: str) -> bool:
    parents = {one.id: one.parent for one in nodes}
    at: str | None = node
    while at is not None and at != above:
        at = parents[at]
    return at is not None


def _check_sound(problem: Problem) -> None:
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


def _check_names(problem: Problem) -> None:
    seen: set[str] = set()
    for thing in itertools.chain(problem.nodes, problem.assets, problem.access_points):
        if thing.id in seen:
            raise DuplicateId(thing.id)
        seen.add(thing.id)
    nodes = {node.id for node in problem.nodes}
    for asset in itertools.chain(problem.assets, problem.access_points):
        if asset.node not in nodes:
            raise UnknownNode(asset.id, asset.node, nodes)
    groups = {group.id for group in problem.lighting}
    for pair in problem.neighbours:
        for group in (pair.a, pair.b):
            if group not in groups:
                raise UnknownAsset("A pair of neighbours", group, groups)
    batteries = {battery.id for battery in problem.batteries}
    for item in problem.in_force:
        if item.asset not in batteries:
            must_be_profile(f"plan in force of {item.asset}", item.setpoint, 0.0)
    held = [item.asset for item in problem.in_force]
    if len(set(held)) != len(held):
        raise DuplicateId(next(asset for asset in held if held.count(asset) > 1))


def _check_lengths(problem: Problem) -> None:
    steps = problem.horizon.steps
    for node in problem.nodes:
        must_fit(f"limit_kw of node {node.id}", node.limit_kw, steps)
        must_fit(f"import_min_kw of node {node.id}", node.import_min_kw, steps)
    for field in ("import_eur_per_kwh", "export_eur_per_kwh", "carbon_kg_per_kwh"):
        must_fit(f"{field} of the tariff", getattr(problem.tariff, field), steps)
    for peak in problem.tariff.peaks:
        if peak.interval:
            must_fit(f"interval of peak charge {peak.name}", peak.interval, steps)
    for group in problem.lighting:
        for field in ("lit", "wanted", "floor", "ceiling"):
            must_fit(f"{field} of lighting group {group.id}", getattr(group, field), steps)
        if group.fixed is not None:
            must_fit(f"fixed of lighting group {group.id}", group.fixed, steps)
    for load in problem.loads:
        must_fit(f"power_kw of load {load.id}", load.power_kw, steps)
    for source in problem.generation:
        must_fit(f"forecast_kw of {source.kind} {source.id}", source.forecast_kw, steps)
    for call in problem.ships:
        must_fit(f"hotel_kw of ship call {call.id}", call.hotel_kw, steps)
    for item in problem.in_force:
        must_fit(f"plan in force of {item.asset}", item.setpoint, steps)


def _check_stays(problem: Problem) -> None:
    for session in problem.charging:
        if session.departs > problem.horizon.end or session.departs <= problem.horizon.start:
            raise WrongOrder(
                f"Charge session {session.id}",
                "it does not depart within the horizon",
                "leave it out, or let it depart at the horizon's end with the energy it needs by then",
            )


def _check_berths(problem: Problem) -> None:
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
    for group, low in zip(groups, floor.min(axis=1), strict=True):
        share = np.interp(low, [p[0] for p in group.points], [p[1] for p in group.points])
        if group.standby_kw + (group.rated_kw - group.standby_kw) * share < -1e-9:
            raise WrongOrder(
                f"Lighting group {group.id}", "its power at its floor is below 0", "raise gradient or floor"
            )


def _check_limits(nodes: tuple[Node, ...], steps: int) -> None:
    for node in nodes:
        if np.any(over_steps(node.import_min_kw, steps) > over_steps(node.limit_kw, steps)):
            raise WrongOrder(
                f"Node {node.id}", "its limit is below its lowest power", "correct limit_kw or import_min_kw"
            )
