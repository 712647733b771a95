"""Light that cannot be of use is left out of the model, and nothing is lost by it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from optimizer import solve as solving
from optimizer.luminaires import Neighbours
from optimizer.parts import Tariff
from optimizer.problem import Problem
from optimizer.solve import Modelling, solve
from optimizer.tables import Tables, tabulate
from optimizer.tied import tied_groups
from optimizer.useful_light import within_use
from tests.optimizer.cities import district
from tests.optimizer.small import lamps, planned, problem


def _case(seed: int, lowest_price: float) -> Problem:
    case = district(24, 8, 48, feeders=2, seed=seed)
    rng = np.random.default_rng(seed)
    prices = tuple(rng.uniform(lowest_price, 0.3, case.horizon.steps).tolist())
    groups = tuple(
        dataclasses.replace(g, level_before=1.0, ramp=0.1) if n % 3 else g for n, g in enumerate(case.lighting)
    )
    pair = Neighbours(groups[0].id, groups[2].id, 0.05)
    exported = tuple(min(price, 0.0) for price in prices)
    tariff = dataclasses.replace(case.tariff, import_eur_per_kwh=prices, export_eur_per_kwh=exported)
    return dataclasses.replace(case, lighting=groups, neighbours=(pair,), tariff=tariff)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("lowest_price", [0.02, -0.3])
def test_the_best_plan_costs_the_same(seed: int, lowest_price: float, monkeypatch: pytest.MonkeyPatch) -> None:
    case = _case(seed, lowest_price)
    lean = planned(case)
    with monkeypatch.context() as patch:
        patch.setattr(solving, "within_use", lambda problem, tables, kept: tables)
        full = solve(case, modelling=Modelling.ARRAYS)
    assert lean.solved.columns < full.solved.columns  # type: ignore[union-attr]
    assert lean.solved.bound_eur == pytest.approx(full.solved.bound_eur, rel=1e-8)  # type: ignore[union-attr]


def _lean(case: Problem) -> Tables:
    return within_use(case, tabulate(case), tied_groups(case))


def test_light_may_climb_to_where_more_is_wanted() -> None:
    ring = lamps(steps=4, wanted=(0.5, 0.5, 0.5, 1.0), floor=0.2, ramp=0.2)
    assert _lean(problem(lighting=(ring,))).light.ceiling[0] == pytest.approx([0.5, 0.6, 0.8, 1.0])


def test_where_a_kwh_is_paid_for_all_light_may_be_of_use() -> None:
    ring = lamps(steps=4, wanted=0.5, floor=0.2)
    case = problem(lighting=(ring,), tariff=Tariff((0.2, -0.1, 0.2, 0.2), -0.1))
    assert _lean(case).light.ceiling[0] == pytest.approx([1.0, 1.0, 1.0, 1.0])
    only_import = dataclasses.replace(case, tariff=Tariff((0.2, -0.1, 0.2, 0.2), (0.0, -0.1, 0.0, 0.0)))
    assert _lean(only_import).light.ceiling[0] == pytest.approx([0.5, 1.0, 0.5, 0.5])
