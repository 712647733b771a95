"""One order of a problem's parts, so that the order they came in does not choose among plans of one cost.

A problem is solved with its parts sorted by id, and the plan is handed out in the order that was asked for. So the same
parts give the very same plan, to the last bit, however they are listed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from optimizer.plan import Outcome, Plan
from optimizer.problem import Problem, checked
from optimizer.profile import IntArray, read_only


def in_one_order(problem: Problem) -> Problem:
    """The same problem with its parts sorted; the problem itself where they are already."""
    changes: dict[str, object] = {}
    for field in dataclasses.fields(problem):
        parts = getattr(problem, field.name)
        if isinstance(parts, tuple) and len(parts) > 1:
            ordered = tuple(sorted(parts, key=_key))
            if ordered != parts:
                changes[field.name] = ordered
    peaks = tuple(sorted(problem.tariff.peaks, key=lambda peak: (peak.name, repr(peak))))
    if peaks != problem.tariff.peaks:
        changes["tariff"] = dataclasses.replace(problem.tariff, peaks=peaks)
    return checked(problem, **changes) if changes else problem


def _key(part: object) -> tuple[str, ...]:
    """What a part is known by: its id, the asset it is about, or the two that are neighbours."""
    for fields in (("id",), ("asset",), ("a", "b")):
        if hasattr(part, fields[0]):
            return tuple(str(getattr(part, field)) for field in fields)
    raise TypeError(f"{type(part).__name__} has nothing to be sorted by")


def in_order_of(plan: Plan, problem: Problem) -> Plan:
    """A plan of the same parts, listed as the problem lists them."""
    rows = _places([asset.id for asset in plan.assets], [asset.id for asset in problem.assets])
    nodes = _places([node.id for node in plan.nodes], [node.id for node in problem.nodes])
    calls = _places([ship.call for ship in plan.ships], [call.id for call in problem.ships])
    supplied = [node.id for node in problem.heat_nodes] + [tank.id for tank in problem.tanks]
    supplies = _places([one.id for one in plan.supplies], supplied)
    return dataclasses.replace(
        plan,
        assets=tuple(plan.assets[row] for row in rows),
        nodes=tuple(plan.nodes[row] for row in nodes),
        ships=tuple(plan.ships[row] for row in calls),
        supplies=tuple(plan.supplies[row] for row in supplies),
        outcome=outcome_in_order_of(plan.outcome, problem, rows),
        naive=dataclasses.replace(plan.naive, outcome=outcome_in_order_of(plan.naive.outcome, problem, rows)),
    )


def outcome_in_order_of(outcome: Outcome, problem: Problem, rows: IntArray) -> Outcome:
    """The outcome with its costs by asset taken from these rows, and the rest listed as the problem lists it."""
    place = {asset.id: number for number, asset in enumerate(problem.assets)}
    charges = {charge.name: number for number, charge in enumerate(problem.tariff.charges)}
    return dataclasses.replace(
        outcome,
        cost=dataclasses.replace(outcome.cost, eur=read_only(outcome.cost.eur[rows])),
        peaks=tuple(sorted(outcome.peaks, key=lambda peak: charges[peak.name])),
        shortfalls=tuple(sorted(outcome.shortfalls, key=lambda short: place[short.asset])),
    )


def rows_in_order_of(ordered: Problem, problem: Problem) -> IntArray:
    """For each asset of a problem its row in the ordered one."""
    return _places([asset.id for asset in ordered.assets], [asset.id for asset in problem.assets])


def _places(given: Sequence[str], wanted: Sequence[str]) -> IntArray:
    place = {id: number for number, id in enumerate(given)}
    return np.array([place[id] for id in wanted], dtype=np.int64)
