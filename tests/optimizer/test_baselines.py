"""What plans are compared with: each baseline by hand, under the same limits and prices as the plan."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from energy_console.app import main
from optimizer.baselines import Baseline, BaselineCase, run_baselines
from optimizer.document import write_problem
from optimizer.errors import OutOfRange, WrongLength
from optimizer.parts import Tariff
from optimizer.plan import Cause, Plan
from optimizer.problem import Problem
from optimizer.water import Pump, Tank
from tests.optimizer.small import at, battery, bus, lamps, load, planned, problem
from tests.optimizer.test_properties import QUICK, problems, solve

DEAR_FIRST = Tariff((0.40, 0.30, 0.10, 0.20))


def _case(case: Problem, baseline: Baseline) -> BaselineCase:
    return next(found for found in run_baselines(case) if found.baseline is baseline)


def test_the_naive_baseline_is_the_naive_case_of_the_plan() -> None:
    case = problem(tariff=DEAR_FIRST, charging=(bus(),), lighting=(lamps(),))
    assert _case(case, Baseline.NAIVE).cost_eur == pytest.approx(planned(case).naive.outcome.cost.total_eur)


def test_fixed_dimming_runs_light_by_todays_profile_and_pays_for_what_is_missing() -> None:
    case = problem(lighting=(lamps(fixed=(1.0, 0.8, 0.8, 0.3)),))
    found = _case(case, Baseline.FIXED_DIMMING)
    # 0.3 is below the class minimum of 0.5, which is kept.
    assert found.outcome.net_kw.tolist() == pytest.approx([40.0, 32.0, 32.0, 20.0])
    assert found.outcome.cost.by_cause_eur[Cause.LIGHT] == pytest.approx(12.0 * (0.2 + 0.2 + 0.5))
    assert found.feasible


def test_fixed_dimming_without_a_profile_is_the_wanted_light() -> None:
    case = problem(lighting=(lamps(),))
    assert _case(case, Baseline.FIXED_DIMMING).cost_eur == _case(case, Baseline.NAIVE).cost_eur


def test_the_cheapest_slots_are_taken_first_as_the_limits_leave_room() -> None:
    case = problem(tariff=DEAR_FIRST, charging=(bus(energy_kwh=110.0),), loads=(load((0.0, 0.0, 60.0, 0.0)),))
    found = _case(case, Baseline.CHEAPEST_SLOT)
    assert found.outcome.net_kw.tolist() == pytest.approx([0.0, 10.0, 100.0, 60.0])
    assert found.feasible


def test_the_first_to_arrive_has_the_first_choice_of_slots() -> None:
    sessions = (bus("late", arrives_h=1.0, energy_kwh=60.0), bus("early", energy_kwh=60.0))
    case = problem(tariff=DEAR_FIRST, charging=sessions, loads=(load((0.0, 0.0, 40.0, 0.0)),))
    found = _case(case, Baseline.CHEAPEST_SLOT)
    assert found.outcome.net_kw.tolist() == pytest.approx([0.0, 0.0, 100.0, 60.0])


def test_what_must_be_ready_is_taken_before_its_time() -> None:
    case = problem(tariff=DEAR_FIRST, charging=(bus(energy_kwh=90.0, ready_kwh=40.0, ready_by=at(2.0)),))
    found = _case(case, Baseline.CHEAPEST_SLOT)
    assert found.outcome.net_kw.tolist() == pytest.approx([0.0, 40.0, 50.0, 0.0])


def test_a_slot_too_small_for_the_least_power_is_left() -> None:
    case = problem(tariff=DEAR_FIRST, charging=(bus(energy_kwh=50.0, min_kw=20.0),), loads=(load((0, 0, 90.0, 0)),))
    assert _case(case, Baseline.CHEAPEST_SLOT).outcome.net_kw.tolist() == pytest.approx([0.0, 0.0, 90.0, 50.0])


def test_a_fixed_level_must_be_a_level_and_fit_the_horizon() -> None:
    with pytest.raises(OutOfRange, match="fixed of lighting group ring"):
        lamps(fixed=1.5)
    with pytest.raises(WrongLength, match="fixed of lighting group ring"):
        problem(lighting=(lamps(fixed=(1.0, 0.5)),))


def test_batteries_and_pumps_take_the_cheapest_slots_too() -> None:
    case = problem(
        tariff=DEAR_FIRST,
        batteries=(battery(end_kwh=30.0, charge_efficiency=0.5, loss_share_per_h=0.1),),
        tanks=(Tank("tower", "F3", 150.0, 100.0, 40.0, 50.0),),
        pumps=(Pump("lift", "F3", "tower", 40.0, 4.0),),
    )
    found = _case(case, Baseline.CHEAPEST_SLOT)
    assert found.feasible
    # The tower needs water in the second hour already (100 - 80 < 50): 30 m3 then, the rest in the third.
    assert found.outcome.net_kw[1] == pytest.approx(30.0 / 4.0)
    assert found.cost_eur < _case(case, Baseline.NAIVE).cost_eur
    assert planned(case).cost_eur <= found.cost_eur + 0.02


@QUICK
@given(problems())
def test_no_baseline_that_keeps_all_rules_is_cheaper_than_the_plan(case: Problem) -> None:
    answer = solve(case)
    for found in run_baselines(case):
        if not found.feasible:
            continue
        assert isinstance(answer, Plan)
        hair = case.wishes.hair_eur + case.wishes.hair_share * abs(answer.cost_eur)
        assert answer.cost_eur <= found.cost_eur + hair + 1e-4


def test_the_command_names_every_baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "problem.json"
    path.write_bytes(write_problem(problem(tariff=DEAR_FIRST, charging=(bus(energy_kwh=60.0),))))
    assert main(["plan", "--problem", str(path)]) == 0
    out = capsys.readouterr().out
    assert "against naive                       24.00 EUR   saved 18.00" in out
    assert "against cheapest slot                6.00 EUR   saved 0.00" in out
    assert "against fixed dimming profile" in out
