"""Problem to Plan against HiGHS given the same matrix as arrays, in the same run. Called by `main.py bench plan`.

quay        154 access points, 60 calls, 50 groups, 100 sessions, 96 steps; ships to a gap of 0.5 %
district    200 groups that all differ, 300 sessions, 96 steps
lights      2,000 groups, 1,000 sessions, 96 steps: the city's linear program, for a look at other modelling layers
city        the same with the quay, six batteries and district heating; ships to a gap of 0.5 %
metropolis  20,000 groups that all differ, 1,000 sessions, 96 steps; by prices, to within 0.1 % of a bound

plan        Problem to Plan, everything: merging, building, solving, second solve, naive case, account, check
solver      the part of it that HiGHS itself takes
again       the same Planner after all prices have changed, and after all forecasts have
HiGHS       HiGHS as it comes, given the finished matrix as arrays: pass it, run to the same gap, read values and duals;
            `plain` is without presolve, which is how the planner runs a linear program
PuLP        (only with `--pulp`) the same rules as PuLP objects through PuLP's own bridge to HiGHS, to the same gap
memory      the most that a process of its own has in use which makes the problem and plans it once

Each figure is the median of a few rounds, taken in turns, so that whatever else the machine does falls on all of them.
A search over integers by HiGHS alone is stopped after two minutes; its figure is then at least that.
Results with date and load stand in docs/plan-speed.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import json as json_format
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import highspy
import numpy as np
import psutil
import pulp as pulp_solvers

from optimizer.arrays import ArrayModel, Matrix
from optimizer.build import write_model
from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.solve import Planner
from optimizer.tables import Tables, tabulate
from optimizer.through_pulp import PulpModel
from optimizer.tied import tied_groups
from optimizer.useful_light import within_use
from tests.optimizer.cities import city, district, quay, whole_city

STOP_S = 120.0  # of a search over integers that is only here to compare with
SHIP_GAP = 0.005


@dataclass(frozen=True, slots=True)
class Size:
    """One row of the table: its problem, how often it is timed, and what it is to reach."""

    make: Callable[[], Problem]
    rounds: int
    plan_to_highs: float  # most seconds of a plan, by those of HiGHS
    again_to_first: float | None = None  # most seconds of a plan again, by those of a first plan
    most_s: float | None = None
    gap: float = 1e-4  # of searches over integers
    most_gap: float | None = None
    in_quick: bool = True
    with_pulp: bool = True


SIZES: dict[str, Size] = {
    # Seed 1 is solved by its linear program alone; this one has to be searched.
    "quay": Size(partial(quay, seed=2), 5, 1.25, 0.25, most_s=5.0, gap=SHIP_GAP, most_gap=SHIP_GAP),
    "district": Size(district, 9, 1.25, 0.40),
    "lights": Size(city, 3, 1.25, 0.25),
    "city": Size(whole_city, 1, 1.25, 0.25, gap=SHIP_GAP, most_gap=SHIP_GAP, in_quick=False),
    "metropolis": Size(
        partial(district, 20_000, 1000, 96, feeders=40), 1, 0.25, most_gap=1e-3, in_quick=False, with_pulp=False
    ),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of one size, and its ratios."""

    size: str
    columns: int
    rows: int
    nonzeros: int
    integers: int
    plan_s: float
    solver_s: float
    again_prices_s: float
    again_forecasts_s: float
    gap: float
    price_rounds: int
    highs_s: float
    highs_gap: float
    plain_s: float | None
    pulp_s: float | None
    memory_mb: float

    @property
    def ratios(self) -> dict[str, float]:
        """What the targets are stated in."""
        ratios = {"plan / HiGHS": self.plan_s / self.highs_s}
        if self.plain_s is not None:
            ratios["plan / HiGHS plain"] = self.plan_s / self.plain_s
        ratios["again, prices / first"] = self.again_prices_s / self.plan_s
        ratios["again, forecasts / first"] = self.again_forecasts_s / self.plan_s
        ratios["again, prices / HiGHS"] = self.again_prices_s / self.highs_s
        ratios["again, forecasts / HiGHS"] = self.again_forecasts_s / self.highs_s
        if self.pulp_s is not None:
            ratios["PuLP as shipped / HiGHS"] = self.pulp_s / self.highs_s
        return ratios

    @property
    def targets(self) -> dict[str, bool]:
        """Each target in words, and whether it was met."""
        size, ratios = SIZES[self.size], self.ratios
        targets = {f"plan at most {size.plan_to_highs:g} x HiGHS": ratios["plan / HiGHS"] <= size.plan_to_highs}
        if size.again_to_first is not None:
            for what in ("prices", "forecasts"):
                ratio = ratios[f"again, {what} / first"]
                targets[f"again after other {what} at most {size.again_to_first:g} x the first"] = (
                    ratio <= size.again_to_first
                )
        if size.most_s is not None:
            targets[f"under {size.most_s:g} s"] = self.plan_s < size.most_s
        if size.most_gap is not None:
            targets[f"within {size.most_gap:.1%}"] = self.gap <= size.most_gap
        return targets


def measure(name: str, *, with_pulp: bool = False, quick: bool = False) -> Figures:
    """All figures of one size."""
    size = SIZES[name]
    problem = size.make()
    matrix = _matrix(problem)
    times: dict[str, list[float]] = {key: [] for key in ("plan", "solver", "prices", "forecasts", "highs", "plain")}
    plan, highs_gap = None, 0.0
    for turn in range(1 if quick else size.rounds):
        seconds, highs_gap = bare_highs(matrix, size.gap)
        times["highs"].append(seconds)
        if not matrix.integers:
            times["plain"].append(bare_highs(matrix, size.gap, "off")[0])
        planner = Planner()
        seconds, plan = _planned(planner, problem, size.gap)
        times["plan"].append(seconds)
        times["solver"].append(plan.solved.solver_seconds)
        dearer = with_other_prices(problem, turn)
        times["prices"].append(_planned(planner, dearer, size.gap)[0])
        times["forecasts"].append(_planned(planner, with_other_forecasts(dearer, turn), size.gap)[0])
    assert plan is not None
    median = {key: statistics.median(values) if values else None for key, values in times.items()}
    return Figures(
        size=name,
        columns=matrix.columns,
        rows=matrix.rows,
        nonzeros=matrix.nonzeros,
        integers=matrix.integers,
        plan_s=median["plan"] or 0.0,
        solver_s=median["solver"] or 0.0,
        again_prices_s=median["prices"] or 0.0,
        again_forecasts_s=median["forecasts"] or 0.0,
        gap=plan.solved.gap or 0.0,
        price_rounds=plan.solved.price_rounds,
        highs_s=median["highs"] or 0.0,
        highs_gap=highs_gap,
        plain_s=median["plain"],
        pulp_s=pulp_as_shipped(problem, size.gap) if with_pulp and size.with_pulp else None,
        memory_mb=memory_mb(name),
    )


def bare_highs(matrix: Matrix, gap: float = 0.0, presolve: str = "choose") -> tuple[float, float]:
    """HiGHS with its own options on the finished matrix; gives seconds and the gap left of a search over integers."""
    began = time.perf_counter()
    highs: Any = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("presolve", presolve)
    if matrix.integers:
        highs.setOptionValue("mip_rel_gap", gap)
        highs.setOptionValue("time_limit", STOP_S)
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
    return time.perf_counter() - began, float(highs.getInfo().mip_gap) if matrix.integers else 0.0


def pulp_as_shipped(problem: Problem, gap: float) -> float:
    """Seconds for the same rules as PuLP objects, solved through the bridge PuLP ships."""
    began = time.perf_counter()
    model = PulpModel()
    write_model(model, problem, _tables(problem))
    model.finish().solve(pulp_solvers.HiGHS(msg=False, gapRel=gap, timeLimit=STOP_S))
    return time.perf_counter() - began


def memory_mb(name: str) -> float:
    """The most memory that a process of its own has in use while it makes one problem and plans it."""
    child = multiprocessing.get_context("spawn").Process(target=_plan_once, args=(name,))
    child.start()
    most = 0
    process = psutil.Process(child.pid)
    while child.is_alive():
        try:
            most = max(most, process.memory_info().rss)
        except psutil.Error:
            break
        child.join(0.02)
    child.join()
    return most / 1e6


def _plan_once(name: str) -> None:
    size = SIZES[name]
    Planner().solve(size.make(), gap=size.gap)


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
    """The matrix that the planner gives to the solver, where it gives the whole."""
    model = ArrayModel()
    write_model(model, problem, _tables(problem))
    return model.finish()


def _tables(problem: Problem) -> Tables:
    return within_use(problem, tabulate(problem), tied_groups(problem))


def _planned(planner: Planner, problem: Problem, gap: float) -> tuple[float, Plan]:
    began = time.perf_counter()
    answer = planner.solve(problem, gap=gap)
    seconds = time.perf_counter() - began
    if not isinstance(answer, Plan):
        raise RuntimeError(f"the benchmark's problem has no plan: {answer}")
    return seconds, answer


def _load() -> str:
    return ", ".join(f"{one:.1f}" for one in os.getloadavg()) if hasattr(os, "getloadavg") else "not known"


def _tell(figures: Figures) -> None:
    whole = f", {figures.integers} integers" if figures.integers else ""
    print(f"{figures.size}: {figures.columns:,} columns, {figures.rows:,} rows, {figures.nonzeros:,} nonzeros{whole}")
    for name, value in dataclasses.asdict(figures).items():
        if name.endswith("_s") and value is not None:
            print(f"  {name[:-2].replace('_', ' '):34} {value:9.3f} s")
    print(f"  {'gap of the plan':34} {figures.gap:9.4%}")
    if figures.integers:
        print(f"  {'gap HiGHS stopped at':34} {figures.highs_gap:9.4%}")
    if figures.price_rounds:
        print(f"  {'rounds of prices':34} {figures.price_rounds:9}")
    print(f"  {'memory':34} {figures.memory_mb:9.0f} MB")
    for name, ratio in figures.ratios.items():
        print(f"  {name:34} {ratio:9.2f}")
    for target, met in figures.targets.items():
        print(f"  {'met   ' if met else 'MISSED'} {target}")


def run(json: bool = False, sizes: tuple[str, ...] | None = None, pulp: bool = False, quick: bool = False) -> int:
    """Measures and prints; 0 where every target was met, 1 where one was missed."""
    chosen = sizes or tuple(name for name, size in SIZES.items() if size.in_quick or not quick)
    began = _load()
    found = []
    for name in chosen:
        found.append(measure(name, with_pulp=pulp, quick=quick))
        if not json:
            _tell(found[-1])
    if json:
        rows = [{**dataclasses.asdict(one), "ratios": one.ratios, "targets": one.targets} for one in found]
        print(json_format.dumps({"load_before": began, "load_after": _load(), "sizes": rows}))
    else:
        print(f"load of the machine (1, 5, 15 min), before {began}, after {_load()}; {os.cpu_count()} processors")
    return 0 if all(all(one.targets.values()) for one in found) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", help=", ".join(SIZES))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one round of the smaller sizes")
    parser.add_argument("--pulp", action="store_true", help="also time PuLP as shipped")
    given = parser.parse_args()
    sys.exit(run(given.json, tuple(given.sizes) or None, given.pulp, given.quick))
