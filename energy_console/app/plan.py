"""`plan`: the optimizer from the command line. `--problem` plans a document; `--schema` prints the JSON schemas."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optimizer.plan import Answer, Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `plan`."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--problem", type=Path, metavar="FILE.json", help="plan the problem in this document")
    what.add_argument("--schema", action="store_true", help="print the JSON schemas of problem and answer")
    parser.add_argument("--json", action="store_true", help="print the whole answer as one JSON document")
    parser.add_argument("--time-limit", type=float, metavar="SECONDS", help="stop after this long with the best found")
    parser.add_argument("--gap", type=float, default=1e-3, help="with integers: stop at this relative gap (0.001)")


def run(args: argparse.Namespace) -> int:
    """Returns 0 for a plan, 1 where there is none, 2 for a bad document."""
    if args.schema:
        return _print_schema()
    return _plan_document(args)


def _print_schema() -> int:
    from optimizer.document import answer_schema, problem_schema

    print(json.dumps({"problem": problem_schema(), "answer": answer_schema()}, indent=2))
    return 0


def _plan_document(args: argparse.Namespace) -> int:
    from optimizer.document import read_problem
    from optimizer.errors import ProblemError
    from optimizer.solve import solve

    try:
        problem = read_problem(args.problem.read_bytes())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        print(f"{args.problem} cannot be read ({reason}): name a problem document that exists.", file=sys.stderr)
        return 2
    except ProblemError as error:
        print(f"{args.problem}: {error}", file=sys.stderr)
        return 2
    return print_answer(solve(problem, time_limit_s=args.time_limit, gap=args.gap), as_json=args.json)


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
    for shortfall in outcome.shortfalls:
        print(f"missed  {shortfall.amount:12.2f} {shortfall.unit}   {shortfall.asset} ({shortfall.cause})")
    for sentence in naive.broken:
        print(f"naive case: {sentence}")
