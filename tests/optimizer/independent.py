"""The same optimum from other hands: a model written straight from PLANNER's rules, solved by scipy's own HiGHS.

Nothing of `optimizer.model`, `tables` or the rules is used; every either-or has its integer, every figure its own row.
Knows grid, tariff with peaks of one step, vehicles that stay for whole steps, loads, sources, batteries and ships;
heat and water in `independent_supplies`, light in `independent_light`.
"""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from optimizer.parts import ChargeSession
from optimizer.problem import Problem
from optimizer.profile import Profile
from optimizer.shore import ShipCall
from tests.optimizer.independent_light import add_light
from tests.optimizer.independent_supplies import add_heat, add_water

Terms = dict[int, float]


class Sheet:
    """Columns and rows by hand."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.whole: list[int] = []
        self.rows: list[tuple[Terms, float, float]] = []

    def column(self, low: float = 0.0, high: float = math.inf, eur: float = 0.0, whole: int = 0) -> int:
        self.cost.append(eur)
        self.low.append(low)
        self.high.append(high)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, terms: Terms, low: float = -math.inf, high: float = math.inf) -> None:
        self.rows.append((terms, low, high))

    def least_eur(self) -> float | None:
        """The least cost, None where the rows contradict each other."""
        places = [(r, c, v) for r, (terms, _, _) in enumerate(self.rows) for c, v in terms.items()]
        row, column, value = zip(*places, strict=True)
        matrix = csr_array((value, (row, column)), shape=(len(self.rows), len(self.cost)))
        found = milp(
            np.array(self.cost),
            integrality=np.array(self.whole),
            bounds=Bounds(self.low, self.high),
            constraints=LinearConstraint(matrix, [r[1] for r in self.rows], [r[2] for r in self.rows]),
            options={"mip_rel_gap": 0.0},
        )
        if found.status == 2:
            return None
        assert found.status == 0, found.message
        return float(found.fun)


def _at(profile: Profile, step: int) -> float:
    return profile[step] if isinstance(profile, tuple) else profile


def least_cost_eur(case: Problem) -> float | None:
    """What the best plan costs, None where there is none."""
    sheet = Sheet()
    drawn: dict[tuple[str, int], Terms] = defaultdict(dict)  # what each node's own assets draw, as columns
    fixed: dict[tuple[str, int], float] = defaultdict(float)
    for load in case.loads:
        for step in range(case.horizon.steps):
            fixed[load.node, step] += _at(load.power_kw, step)
    add_light(sheet, case, drawn, fixed)
    _sources(sheet, case, drawn, fixed)
    _vehicles(sheet, case, drawn)
    _batteries(sheet, case, drawn)
    _ships(sheet, case, drawn)
    add_heat(sheet, case, drawn)
    add_water(sheet, case, drawn)
    _grid(sheet, case, drawn, fixed)
    return sheet.least_eur()


def _sources(sheet: Sheet, case: Problem, drawn: dict, fixed: dict) -> None:
    for source in case.generation:
        for step, hours in enumerate(case.horizon.steps_h):
            most = _at(source.forecast_kw, step)
            price = source.curtail_eur_per_kwh
            fixed[source.node, step] -= most
            cut = sheet.column(0.0, 0.0 if price is None else most, (price or 0.0) * hours)
            drawn[source.node, step][cut] = 1.0


def _vehicles(sheet: Sheet, case: Problem, drawn: dict) -> None:
    horizon = case.horizon
    for one in case.charging:
        first, last = horizon.offset_h(one.arrives), horizon.offset_h(one.departs)
        missing = sheet.column(0.0, one.energy_kwh - one.required_kwh, one.missing_eur_per_kwh)
        brought: Terms = {missing: 1.0}
        switch: dict[int, int] = {}
        inside: int | None = None
        for step, hours in enumerate(horizon.steps_h):
            if not first - 1e-9 <= horizon.edges_h[step] < last - 1e-9:
                continue
            switch[step], power = _charger(sheet, one)
            given = sheet.column(0.0, math.inf, one.wear_eur_per_kwh * hours)
            gives = sheet.column(0.0, 1.0, whole=1)
            sheet.row({given: 1.0, gives: -one.discharge_max_kw}, high=0.0)
            sheet.row({gives: 1.0, switch[step]: 1.0}, high=1.0)
            drawn[one.node, step].update({power: 1.0, given: -1.0})
            brings = {power: hours * one.efficiency, given: -hours / one.discharge_efficiency}
            brought.update(brings)
            if one.discharge_max_kw > 0.0:
                now = sheet.column(min(one.least_kwh, one.start_kwh), one.capacity_kwh or math.inf)
                begins = one.start_kwh if inside is None else 0.0
                terms = {now: 1.0, **{column: -value for column, value in brings.items()}}
                sheet.row(terms if inside is None else {**terms, inside: -1.0}, begins, begins)
                inside = now
        sheet.row(brought, one.energy_kwh, one.energy_kwh)
        for begin, on in switch.items():
            for later in switch:
                if later > begin and horizon.edges_h[later] < horizon.edges_h[begin] + one.least_on_h - 1e-9:
                    terms = {switch[later]: 1.0, on: -1.0}
                    if begin - 1 in switch:
                        terms[switch[begin - 1]] = terms.get(switch[begin - 1], 0.0) + 1.0
                    sheet.row(terms, low=0.0)


def _charger(sheet: Sheet, one: ChargeSession) -> tuple[int, int]:
    """Columns of on and of power: off, or on by one number of phases with its least and most current."""
    on, power = sheet.column(0.0, 1.0, whole=1), sheet.column()
    if not one.phases:
        sheet.row({power: 1.0, on: -one.max_kw}, high=0.0)
        sheet.row({power: 1.0, on: -one.min_kw}, low=0.0)
        return on, power
    on_phases: Terms = {}
    least: Terms = {power: 1.0}
    most: Terms = {power: 1.0}
    for count in one.phases:
        kw_per_a = count * one.voltage_v / 1000.0
        top = one.max_kw if one.most_a is None else min(one.max_kw, one.most_a * kw_per_a)
        if one.least_a * kw_per_a > top:
            continue
        used = sheet.column(0.0, 1.0, whole=1)
        on_phases[used], least[used], most[used] = 1.0, -max(one.least_a * kw_per_a, one.min_kw), -top
    sheet.row({**on_phases, on: -1.0}, 0.0, 0.0)
    sheet.row(least, low=0.0)
    sheet.row(most, high=0.0)
    return on, power


def _batteries(sheet: Sheet, case: Problem, drawn: dict) -> None:
    for one in case.batteries:
        before: int | None = None
        for step, hours in enumerate(case.horizon.steps_h):
            charging = sheet.column(0.0, 1.0, whole=1)
            takes, gives = sheet.column(), sheet.column(eur=one.wear_eur_per_kwh * hours)
            sheet.row({takes: 1.0, charging: -one.charge_max_kw}, high=0.0)
            sheet.row({gives: 1.0, charging: one.discharge_max_kw}, high=one.discharge_max_kw)
            drawn[one.node, step].update({takes: 1.0, gives: -1.0})
            kept = (1.0 - one.loss_share_per_h) ** hours
            now = sheet.column(one.least_kwh, one.capacity_kwh)
            terms = {now: 1.0, takes: -hours * one.charge_efficiency, gives: hours / one.discharge_efficiency}
            if before is not None:
                terms[before] = -kept
            begins = one.start_kwh * kept if before is None else 0.0
            sheet.row(terms, begins, begins)
            before = now
        assert before is not None
        price = one.end_missing_eur_per_kwh
        missing = sheet.column(0.0, 0.0 if price is None else math.inf, price or 0.0)
        sheet.row({before: 1.0, missing: 1.0}, low=one.end_kwh)


def _ships(sheet: Sheet, case: Problem, drawn: dict) -> None:
    parent = {node.id: node.parent for node in case.nodes}
    at_berth: list[tuple[ShipCall, str, int]] = []
    for call in case.ships:
        one: Terms = {sheet.column(0.0, 1.0, call.not_connected_eur, whole=1): 1.0}
        plugged = {}
        for point in case.access_points:
            reach: str | None = point.node
            while reach not in (None, call.node):
                reach = parent[reach]
            if call.fits(point) and reach is not None and call.at_point in (None, point.id):
                plugged[point.id] = sheet.column(0.0, 1.0, whole=1)
                one[plugged[point.id]] = 1.0
                at_berth.append((call, point.id, plugged[point.id]))
        sheet.row(one, 1.0, 1.0)
        for step in range(case.horizon.steps):
            _supply(sheet, case, drawn, call, plugged, step)
    for number, (a, point_id, first) in enumerate(at_berth):
        for b, other_id, second in at_berth[:number]:
            if point_id == other_id and a is not b and a.arrives < b.leaves and b.arrives < a.leaves:
                sheet.row({first: 1.0, second: 1.0}, high=1.0)


def _supply(sheet: Sheet, case: Problem, drawn: dict, call: ShipCall, plugged: dict[str, int], step: int) -> None:
    """What a ship needs in a step = what its engines make + what each point gives."""
    begin, end = case.horizon.edges_h[step], case.horizon.edges_h[step + 1]
    first, last = case.horizon.offset_h(call.arrives), case.horizon.offset_h(call.leaves)
    ready = first + (0.0 if call.at_point else call.connect_h)
    needed_h = max(min(last, end) - max(first, begin), 0.0)
    given_h = max(min(last - call.release_h, end) - max(ready, begin), 0.0)
    hotel = _at(call.hotel_kw, step)
    carbon = call.engine_kg_per_kwh * case.tariff.carbon_eur_per_t / 1000.0
    engine = sheet.column(eur=call.engine_eur_per_kwh + carbon)
    terms: Terms = {engine: 1.0}
    for point in case.access_points:
        if point.id in plugged:
            terms[plugged[point.id]] = hotel * given_h
            drawn[point.node, step][plugged[point.id]] = hotel * given_h / (end - begin) / point.efficiency
    sheet.row(terms, hotel * needed_h, hotel * needed_h)


def _grid(sheet: Sheet, case: Problem, drawn: dict, fixed: dict) -> None:
    tariff = case.tariff
    beyond = [sheet.column(eur=peak.eur_per_kw) for peak in tariff.charges]
    for step, hours in enumerate(case.horizon.steps_h):
        power = {n.id: sheet.column(_at(n.import_min_kw, step), _at(n.limit_kw, step)) for n in case.nodes}
        for node in case.nodes:
            terms: Terms = {power[node.id]: 1.0}
            terms.update({power[child.id]: -1.0 for child in case.nodes if child.parent == node.id})
            terms.update({column: -sign for column, sign in drawn[node.id, step].items()})
            sheet.row(terms, fixed[node.id, step], fixed[node.id, step])
        carbon = _at(tariff.carbon_kg_per_kwh, step) * tariff.carbon_eur_per_t / 1000.0
        buys = sheet.column(eur=(_at(tariff.import_eur_per_kwh, step) + carbon) * hours)
        sells = sheet.column(eur=-_at(tariff.export_eur_per_kwh, step) * hours)
        sheet.row({buys: 1.0, sells: -1.0, power[case.root.id]: -1.0}, 0.0, 0.0)
        for peak, more in zip(tariff.charges, beyond, strict=True):
            sheet.row({buys: 1.0, more: -1.0}, high=peak.so_far_kw)
