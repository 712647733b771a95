"""`plan`: the optimizer from the command line, on a site, or on a problem document alone."""

from __future__ import annotations

import argparse
import datetime as dt
import functools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from energy_console.site.model import Site
    from optimizer.plan import Answer, Plan
    from optimizer.problem import Problem
    from optimizer.progress import Progress


MISSED_SHOWN = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `plan`."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--site", type=Path, metavar="DIR", help="plan the next hours of this site")
    what.add_argument("--problem", type=Path, metavar="FILE.json", help="plan the problem in this document")
    what.add_argument("--schema", action="store_true", help="print the JSON schemas of problem and answer")
    parser.add_argument("--start", metavar="T", help="with --site: first moment to plan, ISO 8601 (now)")
    parser.add_argument("--hours", type=float, default=24.0, help="with --site: how many hours to plan (24)")
    parser.add_argument(
        "--against",
        choices=("low", "expected", "high"),
        default="expected",
        help="with --site: plan for the expected net load, or for the edge of the forecasts' bands (expected)",
    )
    parser.add_argument("--store", metavar="DIR", help="with --site: a folder or postgresql://..., if not the site's")
    parser.add_argument("--json", action="store_true", help="print the whole answer as one JSON document")
    parser.add_argument("--time-limit", type=float, metavar="SECONDS", help="stop after this long with the best found")
    parser.add_argument("--gap", type=float, default=1e-4, help="with integers: stop at this relative gap (0.0001)")
    parser.add_argument(
        "--decompose",
        choices=("auto", "yes", "no"),
        default="auto",
        help="solve by prices, to within 0.1 %% of a bound (auto: where there are thousands of lighting groups)",
    )


def run(args: argparse.Namespace) -> int:
    """Returns 0 for a plan, 1 where there is none, 2 for a bad document."""
    if args.schema:
        return _print_schema()
    if args.site:
        return _plan_site(args)
    return _plan_document(args)


def _plan_site(args: argparse.Namespace) -> int:
    from energy_console.app.spans import BadInput, utc_time
    from energy_console.planning.overloads import lift_what_cannot_be_kept
    from energy_console.site.loader import load_site
    from optimizer.errors import ProblemError

    site = load_site(args.site)
    try:
        start = utc_time(args.start, site.place.zone) if args.start else dt.datetime.now(dt.UTC)
        if not 0.25 <= args.hours <= 24 * 14:
            raise BadInput(f"--hours {args.hours:g} cannot be planned: give 0.25 to {24 * 14}.")
        problem = _problem_of_site(site, args.store, start, round(args.hours * 4), args.against)
        problem, overloads = lift_what_cannot_be_kept(problem)
        for overload in overloads:
            print(f"{overload.words(site.place.zone)}.", file=sys.stderr)
    except (BadInput, ProblemError) as error:
        print(error, file=sys.stderr)
        return 2
    return _print_planned(problem, args)


def _problem_of_site(site: Site, store: str | None, start: dt.datetime, steps: int, edge: str) -> Problem:
    """The site's problem from a moment on, with what its store knows; a store is not needed."""
    from energy_console.historian.errors import StoreMissing
    from energy_console.historian.opening import open_store
    from energy_console.live.table import LiveTable
    from energy_console.planning.measured import Measured, measure
    from energy_console.planning.outside import read_outside
    from energy_console.planning.problem import problem_of
    from energy_console.site.timetable import bookings, ship_calls
    from optimizer.band import Band

    pose = functools.partial(problem_of, site, count=steps, against=Band(edge), outside=read_outside(Path(site.folder)))
    end = start + dt.timedelta(hours=steps / 4)
    sessions, calls = bookings(site, start, end), ship_calls(site, start, end)
    try:
        historian = open_store(site.id, site.store, store, writing=False)
    except StoreMissing:
        return pose(Measured(start, {}, {}, {}, 0.0), calls, sessions)
    try:
        historian.register(site.points)
        live = LiveTable(site.points)
        if abs((start - dt.datetime.now(dt.UTC)).total_seconds()) < 3600:  # what is measured now says little of later
            live.time_ns[:], live.value[:], live.status[:] = historian.newest()
        return pose(measure(site, live, historian, start, sessions), calls, sessions)
    finally:
        historian.close()


def _print_schema() -> int:
    from optimizer.document import answer_schema, problem_schema

    print(json.dumps({"problem": problem_schema(), "answer": answer_schema()}, indent=2))
    return 0


def _plan_document(args: argparse.Namespace) -> int:
    from optimizer.document import read_problem
    from optimizer.errors import ProblemError

    try:
        problem = read_problem(args.problem.read_bytes())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        print(f"{args.problem} cannot be read ({reason}): name a problem document that exists.", file=sys.stderr)
        return 2
    except ProblemError as error:
        print(f"{args.problem}: {error}", file=sys.stderr)
        return 2
    return _print_planned(problem, args)


def _print_planned(problem: Problem, args: argparse.Namespace) -> int:
    from optimizer.plan import Plan
    from optimizer.solve import solve

    by_prices = {"auto": None, "yes": True, "no": False}[args.decompose]
    tell = _show_progress if sys.stderr.isatty() else None
    answer = solve(problem, time_limit_s=args.time_limit, gap=args.gap, decompose=by_prices, tell=tell)
    if tell is not None:
        print(end="\r\x1b[K", file=sys.stderr)
    code = print_answer(answer, as_json=args.json)
    if isinstance(answer, Plan) and not args.json:
        _print_baselines(problem, answer)
    return code


def _show_progress(progress: Progress) -> None:
    """One line that overwrites itself: seconds, cost, bound, gap."""
    known = [f"{progress.seconds:.0f} s"]
    if progress.cost_eur is not None:
        known.append(f"best {progress.cost_eur:,.2f} EUR")
    if progress.bound_eur is not None:
        known.append(f"bound {progress.bound_eur:,.2f} EUR")
    if progress.gap is not None:
        known.append(f"gap {progress.gap:.2%}")
    print(end=f"\rplanning: {', '.join(known)}\x1b[K", file=sys.stderr, flush=True)


def _print_baselines(problem: Problem, plan: Plan) -> None:
    from optimizer.baselines import run_baselines

    for case in run_baselines(problem):
        saved = f"saved {case.cost_eur - plan.cost_eur:.2f}" if case.feasible else f"breaks {len(case.broken)} rules"
        print(f"against {case.baseline:22} {case.cost_eur:10.2f} EUR   {saved}")


def print_answer(answer: Answer, *, as_json: bool) -> int:
    """Prints a plan, or why there is none; returns the exit code."""
    from optimizer.document import write_answer
    from optimizer.plan import Infeasible, Plan, Unsolved

    if as_json:
        print(write_answer(answer).decode())
    match answer:
        case Plan():
            if not as_json:
                _print_plan(answer)
            return 0
        case Infeasible():
            print(answer.sentence, file=sys.stderr)
        case Unsolved():
            print(answer.reason, file=sys.stderr)
    return 1


def _print_plan(plan: Plan) -> None:
    outcome, naive, solved = plan.outcome, plan.naive, plan.solved
    gap = "unknown" if solved.gap is None else f"{solved.gap:.2%}"
    print(f"{solved.status}, gap {gap}, {solved.seconds:.1f} s, {solved.columns} columns, {solved.rows} rows")
    print(f"cost    {plan.cost_eur:12.2f} EUR   saved {plan.saved_eur:.2f} EUR against the naive case")
    for cause, eur in outcome.cost.by_cause_eur.items():
        print(f"  {cause:14} {eur:10.2f} EUR   naive {naive.outcome.cost.by_cause_eur[cause]:.2f}")
    print(f"energy  {outcome.energy_kwh:12.1f} kWh   carbon {outcome.carbon_kg:.1f} kg")
    for peak, naive_peak in zip(outcome.peaks, naive.outcome.peaks, strict=True):
        print(f"peak    {peak.highest_kw:12.1f} kW    {peak.name}, naive {naive_peak.highest_kw:.1f}")
    dearest = sorted(outcome.shortfalls, key=lambda shortfall: -shortfall.eur)
    for shortfall in dearest[:MISSED_SHOWN]:
        print(f"missed  {shortfall.amount:12.2f} {shortfall.unit}   {shortfall.asset} ({shortfall.cause})")
    if len(dearest) > MISSED_SHOWN:
        print(f"missed  {len(dearest) - MISSED_SHOWN} more, all smaller; --json lists every one")
    for sentence in naive.broken:
        print(f"naive case: {sentence}")
