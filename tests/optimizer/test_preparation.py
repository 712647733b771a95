"""What did not change is not prepared again, and what comes of it is what a fresh planner finds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from optimizer.plan import Plan
from optimizer.preparation import Preparation
from optimizer.problem import Problem
from optimizer.solve import Modelling, Planner
from tests.optimizer.cities import district, quay, with_batteries, with_heat


def _other_prices(case: Problem) -> Problem:
    prices = tuple((np.asarray(case.tariff.import_eur_per_kwh) * np.linspace(0.7, 1.3, case.horizon.steps)).tolist())
    return dataclasses.replace(case, tariff=dataclasses.replace(case.tariff, import_eur_per_kwh=prices))


def _other_loads(case: Problem) -> Problem:
    loads = [dataclasses.replace(load, power_kw=tuple(1.05 * kw for kw in load.power_kw)) for load in case.loads]  # type: ignore[union-attr]
    return dataclasses.replace(case, loads=tuple(loads))


def _other_light(case: Problem) -> Problem:
    return dataclasses.replace(case, lighting=tuple(dataclasses.replace(g, ramp=0.5) for g in case.lighting))


CASES = {
    "lights": lambda: district(12, 8, 48, feeders=2),
    "port": lambda: quay(points=8, calls=6, groups=6, sessions=5, steps=48),
    "heat": lambda: with_heat(with_batteries(district(6, 4, 48, feeders=2), 2)),
    "equal groups": lambda: _doubled(district(6, 4, 48, feeders=2)),
}


def _doubled(case: Problem) -> Problem:
    twins = tuple(dataclasses.replace(group, id=f"{group.id}-b") for group in case.lighting)
    return dataclasses.replace(case, lighting=(*case.lighting, *twins))


@pytest.mark.parametrize("kind", CASES)
def test_a_plan_asked_for_again_costs_what_a_fresh_planner_finds(kind: str) -> None:
    case, planner = CASES[kind](), Planner(Modelling.ARRAYS)
    for changed in (case, _other_prices(case), _other_loads(_other_prices(case)), _other_light(case), case):
        again, fresh = planner.solve(changed, gap=0.0), Planner(Modelling.ARRAYS).solve(changed, gap=0.0)
        assert isinstance(again, Plan)
        assert isinstance(fresh, Plan)
        assert again.solved.bound_eur == pytest.approx(fresh.solved.bound_eur, rel=1e-6)
        assert again.naive.outcome.cost.total_eur == pytest.approx(fresh.naive.outcome.cost.total_eur, rel=1e-9)
        assert [asset.id for asset in again.assets] == [asset.id for asset in changed.assets]


def test_only_what_changed_is_prepared_again() -> None:
    case, preparation = district(12, 8, 48, feeders=2), Preparation()
    first = preparation.prepare(case)
    dearer = preparation.prepare(_other_prices(case))
    assert dearer.tables.light is first.tables.light
    assert dearer.at_once is first.at_once
    more = preparation.prepare(_other_loads(case))
    assert more.tables.light is first.tables.light
    assert more.at_once is not first.at_once
    assert preparation.prepare(_other_light(case)).tables.light is not first.tables.light
