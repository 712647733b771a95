"""The bridge to HiGHS tells every end apart, lowers a PuLP model as it stands, stays warm, and can be cancelled."""

from __future__ import annotations

import dataclasses
import threading
import time

import numpy as np
import pulp
import pytest

from optimizer.arrays import ArrayModel, Matrix
from optimizer.build import write_model
from optimizer.highs import End, HighsSession
from optimizer.model import Cells
from optimizer.plan import Plan
from optimizer.progress import Progress
from optimizer.pulp_bridge import HighsArrays, lower
from optimizer.solve import solve
from optimizer.tables import tabulate
from optimizer.through_pulp import PulpModel
from tests.optimizer.cities import district, quay


def _cells(size: int) -> Cells:
    return Cells(["x"], np.zeros(size, np.int64), np.arange(size))


def _matrix(upper: float = 4.0, demand: float = 3.0, *, integer: bool = False, cost: float = 1.0) -> Matrix:
    """Minimise cost * (x0 + 2 x1), x0 + x1 >= demand, 0 <= x <= upper."""
    model = ArrayModel()
    columns = model.columns("x", _cells(2), 0.0, upper, integer=integer)
    rows = model.rows("demand", _cells(1), demand, np.inf)
    model.put(rows, columns, 1.0)
    model.price(columns, np.array([cost, 2.0 * cost]))
    return model.finish()


def _knapsack(items: int = 60) -> Matrix:
    """A search over integers that takes a while: many knapsacks of nearly equal items at once."""
    rng = np.random.default_rng(5)
    model = ArrayModel()
    columns = model.columns("x", _cells(items), 0.0, 1.0, integer=True)
    for _ in range(12):
        weights = rng.integers(300, 1000, items).astype(float)
        model.put(model.rows("w", _cells(1), -np.inf, float(weights.sum() // 2)), columns, weights)
    model.price(columns, -rng.integers(300, 1000, items).astype(float))
    return model.finish()


def test_optimal_carries_values_and_duals() -> None:
    found = HighsSession().solve(_matrix())
    assert found.end is End.OPTIMAL
    assert found.objective == pytest.approx(3.0)
    assert found.values is not None
    assert found.values.tolist() == [3.0, 0.0]
    assert found.row_duals is not None
    assert found.row_duals.tolist() == [1.0]


def test_infeasible_carries_no_values() -> None:
    found = HighsSession().solve(_matrix(upper=1.0))
    assert found.end is End.INFEASIBLE
    assert found.values is None


def test_unbounded_is_told_apart_from_infeasible() -> None:
    found = HighsSession().solve(dataclasses.replace(_matrix(upper=np.inf), cost=np.array([-1.0, 1.0])))
    assert found.end is End.UNBOUNDED
    assert found.values is None


def test_a_stop_at_the_gap_is_feasible_and_not_optimal() -> None:
    found = HighsSession().solve(_knapsack(), gap=0.2, time_limit_s=30.0)
    assert found.end is End.FEASIBLE
    assert found.bound is not None
    assert found.bound < found.objective


def test_a_stop_at_the_time_limit_is_never_optimal() -> None:
    found = HighsSession().solve(_knapsack(200), time_limit_s=0.3)
    assert found.end is End.TIME_LIMIT


def test_a_cancelled_solve_hands_nothing_out() -> None:
    cancel = threading.Event()
    timer = threading.Timer(0.3, cancel.set)
    timer.start()
    found = HighsSession().solve(_knapsack(200), time_limit_s=60.0, cancel=cancel)
    timer.join()
    assert found.end is End.CANCELLED
    assert found.values is None


def _crowd() -> Matrix:
    """A city's rules with one integer more: reading it, presolve and its first program each take a while."""
    problem = district(1200, 300, 96)
    model = ArrayModel()
    write_model(model, problem, tabulate(problem))
    matrix = model.finish()
    return dataclasses.replace(matrix, integer=np.arange(matrix.columns) % 50 == 0)


@pytest.mark.parametrize("after_s", [0.0, 0.15, 0.6])
def test_a_large_solve_is_called_off_wherever_it_is(after_s: float) -> None:
    matrix, cancel, session = _crowd(), threading.Event(), HighsSession()
    threading.Timer(after_s, cancel.set).start()
    found = session.solve(matrix, cancel=cancel)
    assert found.end is End.CANCELLED
    assert found.seconds < after_s + 5.0  # to the end of its search it takes minutes
    assert session.solve(_matrix(), cancel=threading.Event()).end is End.OPTIMAL


def test_what_was_called_off_ends_by_itself() -> None:
    before = set(threading.enumerate())
    test_a_large_solve_is_called_off_wherever_it_is(0.3)
    for thread in set(threading.enumerate()) - before:
        thread.join(60.0)
        assert not thread.is_alive()


def test_a_search_tells_its_cost_and_bound_on_the_way() -> None:
    told: list[Progress] = []
    here = threading.get_ident()

    def tell(progress: Progress) -> None:
        assert threading.get_ident() == here
        told.append(progress)

    found = HighsSession().solve(_knapsack(200), time_limit_s=3.0, tell=tell)
    assert [one.seconds for one in told] == sorted(one.seconds for one in told)
    with_gap = [one for one in told if one.gap is not None]
    assert with_gap
    assert with_gap[-1].cost_eur >= found.objective - 1e-6  # type: ignore[operator]
    assert with_gap[0].bound_eur <= found.objective  # type: ignore[operator]


def test_a_time_limit_is_that_of_one_run_and_not_of_all_before() -> None:
    session, began = HighsSession(), time.perf_counter()
    session.solve(_knapsack(200), time_limit_s=1.0)
    ends = [session.solve(_matrix(demand=2.0 + n % 2), time_limit_s=1.0).end for n in range(3)]
    assert ends == [End.OPTIMAL] * 3
    assert session.solve(_knapsack(200), time_limit_s=1.0).end is End.TIME_LIMIT
    assert time.perf_counter() - began > 1.5


def test_other_threads_go_on_while_the_solver_runs() -> None:
    ticks = []
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.005):
            ticks.append(time.perf_counter())

    ticker = threading.Thread(target=tick)
    ticker.start()
    HighsSession().solve(_knapsack(200), time_limit_s=0.5)
    done.set()
    ticker.join()
    assert len(ticks) > 20


def test_a_change_of_price_starts_from_the_last_basis_and_finds_what_a_fresh_start_finds() -> None:
    problem = district(20, 30, 48)
    model = ArrayModel()
    write_model(model, problem, tabulate(problem))
    first = model.finish()
    session = HighsSession()
    cold = session.solve(first)
    changed = dataclasses.replace(first, cost=first.cost * np.linspace(0.8, 1.2, first.columns))
    warm = session.solve(changed)
    fresh = HighsSession().solve(changed)
    assert not cold.warm
    assert warm.warm
    assert warm.objective == pytest.approx(fresh.objective, rel=1e-9)
    assert warm.iterations < fresh.iterations


def test_other_rules_are_solved_from_nothing() -> None:
    session = HighsSession()
    session.solve(_matrix())
    assert not session.solve(dataclasses.replace(_matrix(), value=np.array([1.0, 3.0]))).warm


def _pulp_model(sense: int = pulp.LpMinimize) -> pulp.LpProblem:
    lp = pulp.LpProblem("small", sense)
    x, y = lp.add_variable("x", 0, 4), lp.add_variable("y", 0, 4, pulp.LpInteger)
    lp += 2 * x + 3 * y + 7
    lp += x + y >= 2.5, "least"
    lp += x - y <= 1, "apart"
    return lp


def test_a_pulp_model_is_lowered_as_it_stands() -> None:
    lp = _pulp_model()
    matrix = lower(lp, lp.variables())
    assert matrix.cost.tolist() == [2.0, 3.0]
    assert matrix.offset == 7.0
    assert matrix.integer.tolist() == [False, True]
    assert matrix.row_lower.tolist() == [2.5, -np.inf]
    assert matrix.row_upper.tolist() == [np.inf, 1.0]
    assert matrix.value.tolist() == [1.0, 1.0, 1.0, -1.0]


@pytest.mark.parametrize("sense", [pulp.LpMinimize, pulp.LpMaximize])
def test_pulp_finds_the_same_through_arrays_as_through_its_own_bridge(sense: int) -> None:
    ours, theirs = _pulp_model(sense), _pulp_model(sense)
    assert ours.solve(HighsArrays()) == pulp.LpStatusOptimal
    theirs.solve(pulp.HiGHS(msg=False))
    assert pulp.value(ours.objective) == pytest.approx(pulp.value(theirs.objective))


def test_pulp_is_not_told_optimal_at_the_time_limit() -> None:
    lp = pulp.LpProblem("slow", pulp.LpMaximize)
    rng = np.random.default_rng(5)
    items = [lp.add_variable(f"x{n:03d}", 0, 1, pulp.LpInteger) for n in range(200)]
    lp += pulp.lpSum(int(v) * x for v, x in zip(rng.integers(300, 1000, 200), items, strict=True))
    for _ in range(12):
        weights = rng.integers(300, 1000, 200)
        lp += pulp.lpSum(int(w) * x for w, x in zip(weights, items, strict=True)) <= int(weights.sum() // 2)
    assert lp.solve(HighsArrays(timeLimit=0.3)) == pulp.LpStatusNotSolved
    assert lp.sol_status != pulp.LpSolutionOptimal


@pytest.mark.filterwarnings("ignore:PULP_CBC_CMD is deprecated")
def test_another_solver_of_pulp_finds_the_same_plan() -> None:
    cbc = pulp.PULP_CBC_CMD(msg=False)
    if not cbc.available():
        pytest.skip("CBC is not on this machine")
    problem = quay(points=8, calls=5, groups=4, sessions=5, steps=24)
    model = PulpModel()
    write_model(model, problem, tabulate(problem))
    lp = model.finish()
    assert lp.solve(cbc) == pulp.LpStatusOptimal
    expected = solve(problem, gap=0.0)
    assert isinstance(expected, Plan)
    assert expected.solved.bound_eur == pytest.approx(pulp.value(lp.objective), rel=1e-6)


def test_duals_come_back_to_pulp() -> None:
    lp = pulp.LpProblem("duals", pulp.LpMinimize)
    x = lp.add_variable("x", 0, 10)
    lp += 2 * x
    lp += x >= 3, "least"
    lp.solve(HighsArrays())
    assert lp.get_constraint_by_name("least").pi == pytest.approx(2.0)
