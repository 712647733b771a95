"""Problem to Plan against HiGHS given the same matrix as arrays, in the same run. Called by `main.py bench plan`.

district   200 groups that all differ, 300 sessions, 96 steps
city       2,000 groups that all differ, 1,000 sessions, 96 steps

HiGHS      HiGHS as it comes, given the finished matrix as arrays: pass it, run, read values and duals
no presolve  the same with presolve off, which is how the planner runs it: what is left above it is the planner's own
plan       Problem to Plan, everything: merging, building, solving, second solve, naive case, account, check
again      the same Planner after all prices have changed, and after all forecasts have
PuLP       (only with `--pulp`) the same rules as PuLP objects through PuLP's own bridge to HiGHS

Each figure is the median of a few rounds, taken in turns, so that whatever else the machine does falls on all of them.

Targets: plan at most 1.25 x HiGHS; again at most 0.4 x (district) and 0.25 x (city) of a first plan. That was set when
a first plan took as long as HiGHS; the planner's own is twice as fast by now, so `again` is given against both, and
judged against HiGHS from nothing.

Measured on two shared cores of an AMD EPYC with Python 3.11, HiGHS 1.15.1, PuLP 3.3.2:
district  plan / HiGHS 0.52-0.66, without presolve 1.6-1.8, again 0.36-0.46 and 0.25-0.37, PuLP as shipped 5.0
city      plan / HiGHS 0.49-0.58, without presolve 1.1, again 0.19-0.29 and 0.11-0.19, PuLP as shipped 3.7
`again` is after other prices, and after other forecasts, against HiGHS from nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import json as json_format
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import pulp

from optimizer.arrays import ArrayModel, Matrix
from optimizer.build import write_model
from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.solve import Modelling, Planner
from optimizer.tables import tabulate
from optimizer.through_pulp import PulpModel
from tests.optimizer.cities import city, district

SIZES: dict[str, tuple[Callable[[], Problem], int]] = {"district": (district, 5), "city": (city, 3)}
TARGETS = {"district": (1.25, 0.40), "city": (1.25, 0.25)}


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of one size, and its ratios."""

    size: str
    columns: int
    rows: int
    nonzeros: int
    highs_s: float
    highs_no_presolve_s: float
    plan_s: float
    plan_solver_s: float
    again_prices_s: float
    again_forecasts_s: float
    pulp_s: float | None

    @property
    def ratios(self) -> dict[str, float]:
        """What the targets are stated in."""
        again = {"prices": self.again_prices_s, "forecasts": self.again_forecasts_s}
        ratios = {
            "plan / HiGHS": self.plan_s / self.highs_s,
            "plan / HiGHS, no presolve": self.plan_s / self.highs_no_presolve_s,
        }
        for name, seconds in again.items():
            ratios[f"again, {name} / first plan"] = seconds / self.plan_s
            ratios[f"again, {name} / HiGHS"] = seconds / self.highs_s
        if self.pulp_s is not None:
            ratios["PuLP as shipped / HiGHS"] = self.pulp_s / self.highs_s
        return ratios

    @property
    def meets_targets(self) -> bool:
        """Whether plan and again are within their targets, both against HiGHS from nothing."""
        plan, again = TARGETS[self.size]
        ratios = self.ratios
        slowest = max(ratios["again, prices / HiGHS"], ratios["again, forecasts / HiGHS"])
        return ratios["plan / HiGHS"] <= plan and slowest <= again


def measure(size: str, *, with_pulp: bool = False) -> Figures:
    """All figures of one size."""
    make, rounds = SIZES[size]
    problem = make()
    matrix = _matrix(problem)
    highs, bare, plans, solver, prices, forecasts = [], [], [], [], [], []
    for turn in range(rounds):
        highs.append(_timed(lambda: bare_highs(matrix)))
        bare.append(_timed(lambda: bare_highs(matrix, "off")))
        planner = Planner(Modelling.ARRAYS)
        seconds, plan = _planned(planner, problem)
        plans.append(seconds)
        solver.append(plan.solved.solver_seconds)
        dearer = with_other_prices(problem, turn)
        prices.append(_planned(planner, dearer)[0])
        forecasts.append(_planned(planner, with_other_forecasts(dearer, turn))[0])
    return Figures(
        size=size,
        columns=matrix.columns,
        rows=matrix.rows,
        nonzeros=matrix.nonzeros,
        highs_s=statistics.median(highs),
        highs_no_presolve_s=statistics.median(bare),
        plan_s=statistics.median(plans),
        plan_solver_s=statistics.median(solver),
        again_prices_s=statistics.median(prices),
        again_forecasts_s=statistics.median(forecasts),
        pulp_s=_timed(lambda: pulp_as_shipped(problem)) if with_pulp else None,
    )


def bare_highs(matrix: Matrix, presolve: str = "choose") -> float:
    """HiGHS with its own options on the finished matrix; gives the objective."""
    highs: Any = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("presolve", presolve)
    highs.passModel(
        matrix.columns,
        matrix.rows,
        matrix.nonzeros,
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMinimize),
        matrix.offset,
        matrix.cost,
        matrix.lower,
        matrix.upper,
        matrix.row_lower,
        matrix.row_upper,
        matrix.starts[:-1],
        matrix.index,
        matrix.value,
        matrix.integer.astype(np.int32),
    )
    highs.run()
    solution = highs.getSolution()
    for part in (solution.col_value, solution.col_dual, solution.row_dual):
        np.array(part)
    return float(highs.getInfo().objective_function_value)


def pulp_as_shipped(problem: Problem) -> None:
    """The same rules as PuLP objects, solved through the bridge PuLP ships."""
    model = PulpModel()
    write_model(model, problem, tabulate(problem))
    model.finish().solve(pulp.HiGHS(msg=False))


def with_other_prices(problem: Problem, seed: int) -> Problem:
    """Every price of every step changed by some 5 %."""
    prices = np.asarray(problem.tariff.import_eur_per_kwh)
    changed = prices * (1.0 + 0.05 * np.random.default_rng(seed).standard_normal(prices.size))
    tariff = dataclasses.replace(problem.tariff, import_eur_per_kwh=tuple(np.clip(changed, 0.04, None).tolist()))
    return dataclasses.replace(problem, tariff=tariff)


def with_other_forecasts(problem: Problem, seed: int) -> Problem:
    """Every forecast of every step changed by some 2 %."""
    rng = np.random.default_rng(seed)

    def noisy(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple((np.asarray(values) * (1.0 + 0.02 * rng.standard_normal(len(values)))).tolist())

    loads = tuple(dataclasses.replace(load, power_kw=noisy(load.power_kw)) for load in problem.loads)  # type: ignore[arg-type]
    return dataclasses.replace(problem, loads=loads)


def _matrix(problem: Problem) -> Matrix:
    model = ArrayModel()
    write_model(model, problem, tabulate(problem))
    return model.finish()


def _planned(planner: Planner, problem: Problem) -> tuple[float, Plan]:
    began = time.perf_counter()
    answer = planner.solve(problem)
    seconds = time.perf_counter() - began
    if not isinstance(answer, Plan):
        raise RuntimeError(f"the benchmark's problem has no plan: {answer}")
    return seconds, answer


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _tell(figures: Figures) -> None:
    print(f"{figures.size}: {figures.columns} columns, {figures.rows} rows, {figures.nonzeros} nonzeros")
    for name, value in dataclasses.asdict(figures).items():
        if name.endswith("_s") and value is not None:
            print(f"  {name[:-2].replace('_', ' '):18} {value:8.3f} s")
    for name, ratio in figures.ratios.items():
        print(f"  {name:32} {ratio:6.2f}")
    plan, again = TARGETS[figures.size]
    met = "met" if figures.meets_targets else "missed"
    print(f"  {'targets':32} plan / HiGHS {plan:.2f}, again / HiGHS {again:.2f}: {met}")


def run(json: bool = False, sizes: tuple[str, ...] = tuple(SIZES), with_pulp: bool = False) -> int:
    """Measures and prints; 0 where every target was met, 1 where one was missed."""
    found = [measure(size, with_pulp=with_pulp) for size in sizes]
    if json:
        print(json_format.dumps([{**dataclasses.asdict(figures), "ratios": figures.ratios} for figures in found]))
    else:
        for figures in found:
            _tell(figures)
    return 0 if all(figures.meets_targets for figures in found) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", default=list(SIZES), help="district, city")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pulp", action="store_true", help="also time PuLP as shipped")
    given = parser.parse_args()
    sys.exit(run(given.json, tuple(given.sizes), given.pulp))
