"""The check finds what a wrong plan breaks, and a broken plan is never handed out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from optimizer import solve as solving
from optimizer.build import Dispatch
from optimizer.check import PlanBroken, broken_rules, check_plan
from optimizer.naive import naive_dispatch
from optimizer.parts import Generation, InForce, Neighbours
from optimizer.problem import Problem
from optimizer.tables import Tables, tabulate
from tests.optimizer.small import at, bus, lamps, load, planned, problem


def _case() -> Problem:
    return problem(
        lighting=(lamps("ring", ramp=0.3, ceiling=0.9), lamps("park")),
        neighbours=(Neighbours("ring", "park", 0.2),),
        charging=(bus(required_kwh=60.0, ready_kwh=20.0, ready_by=at(2.0), min_kw=5.0),),
        loads=(load(10.0),),
        generation=(Generation("sun", "F3", 8.0, 0.0), Generation("wind", "F3", 4.0, None)),
        in_force=(InForce("park", (0.8, 0.9, 0.9, 0.9)),),
        frozen_steps=1,
    )


def _broken(change: str, place: tuple[int, ...], value: float) -> list[str]:
    case = _case()
    plan = planned(case)
    from optimizer.check import dispatch_of

    dispatch = dispatch_of(case, tabulate(case), plan)
    table = np.array(getattr(dispatch, change))
    table[place] = value
    return list(broken_rules(case, tabulate(case), dataclasses.replace(dispatch, **{change: table})))


@pytest.mark.parametrize(
    ("change", "place", "value", "word"),
    [
        ("level", (0, 2), 0.2, "floor"),
        ("level", (0, 2), 0.97, "ceiling"),
        ("level", (0, 2), 0.5, "ramp"),
        ("level", (0, 2), 0.55, "differ"),
        ("level", (1, 0), 0.9, "ceiling"),
        ("charge_kw", (0, 3), 80.0, "more than it can"),
        ("charge_kw", (0, 3), 70.0, "over its limit"),
        ("charge_kw", (0, 3), 2.0, "least it can"),
        ("charge_kw", (0, slice(0, 2)), 0.0, "ready"),
        ("charge_kw", (0, slice(None)), 10.0, "must have"),
        ("charge_kw", (0, slice(None)), 50.0, "more than it wants"),
        ("used_kw", (0, 0), 9.0, "more than its forecast"),
        ("used_kw", (1, 0), 0.0, "must not be"),
        ("level", (0, 2), float("nan"), "floor"),
    ],
)
def test_each_hard_rule_is_watched(change: str, place: tuple[int, ...], value: float, word: str) -> None:
    assert any(word in sentence for sentence in _broken(change, place, value))


def test_a_sound_plan_breaks_nothing() -> None:
    case = _case()
    assert check_plan(case, planned(case)) == ()


def test_a_power_that_does_not_follow_from_its_setpoint_is_found() -> None:
    case = _case()
    plan = planned(case)
    wrong = dataclasses.replace(plan.assets[0], power_kw=plan.assets[0].power_kw + 1.0)
    assert any("ring" in s for s in check_plan(case, dataclasses.replace(plan, assets=(wrong, *plan.assets[1:]))))


def test_a_broken_plan_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    def overdrawn(layout: object, tables: Tables, values: object) -> Dispatch:
        dispatch = naive_dispatch(tables)
        return dataclasses.replace(dispatch, charge_kw=np.full((1, 4), 200.0))

    monkeypatch.setattr(solving, "read_dispatch", overdrawn)
    with pytest.raises(PlanBroken, match="withheld"):
        solving.solve(dataclasses.replace(problem(charging=(bus(),)), wishes=_no_wishes()))


def _no_wishes() -> object:
    from optimizer.parts import Wishes

    return Wishes(0.0, 0.0, 0.0, 0.0, 0.0)
