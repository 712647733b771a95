"""`sweep`: one problem in many variations, solved by all processors or a cluster; ended, it goes on where it was."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from energy_console.app.spans import BadInput

if TYPE_CHECKING:
    from optimizer.sweep import Case, CaseResult, SweepProgress, Workers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `sweep`."""
    parser.add_argument("study", type=Path, metavar="STUDY.json", help="a problem and what to vary in it")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where results are kept (STUDY.sweep)")
    parser.add_argument("--workers", type=int, metavar="N", help="processes of this machine (one a processor)")
    parser.add_argument("--dask", metavar="ADDRESS", help="a Dask scheduler, such as tcp://host:8786, instead")
    parser.add_argument("--json", action="store_true", help="the results as one JSON document")


def run(args: argparse.Namespace) -> int:
    """0 where every case has a plan, 1 where one has none or the sweep was ended, 2 for a bad study."""
    from energy_console.planning.sweep_file import SweepFile, SweepFileRefused
    from optimizer.errors import ProblemError
    from optimizer.sweep import cases_of, read_study, sweep
    from optimizer.workers import ClusterMissing

    try:
        cases = cases_of(read_study(args.study.read_bytes()))
    except OSError as error:
        raise BadInput(f"{args.study} cannot be read ({error.strerror}): name a study that exists.") from error
    except ProblemError as error:
        raise BadInput(f"{args.study}: {error}") from error
    try:
        kept = SweepFile(args.out or args.study.with_suffix(".sweep"))
    except SweepFileRefused as error:
        raise BadInput(str(error)) from error
    cancel = threading.Event()
    try:
        results = sweep(cases, _workers(args), kept, cancel=cancel, tell=_show if sys.stderr.isatty() else _nothing)
    except ClusterMissing as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        known = len(set(kept.known()) & {case.key for case in cases})
        print(f"\nended with {known} of {len(cases)} cases kept; the same command goes on from there", file=sys.stderr)
        return 1
    finally:
        kept.close()
    _print(cases, results, as_json=args.json)
    return 0 if all(result.has_plan for result in results.values()) else 1


def _workers(args: argparse.Namespace) -> Workers:
    from optimizer.workers import DaskCluster, LocalProcesses

    if args.dask:
        if args.workers is not None:
            raise BadInput("--workers is for this machine; a cluster has its own: leave one of the two away.")
        return DaskCluster(args.dask)
    if args.workers is not None and args.workers < 1:
        raise BadInput(f"--workers {args.workers} solves nothing: give 1 or more.")
    return LocalProcesses(args.workers)


def _show(progress: SweepProgress) -> None:
    """One line that overwrites itself."""
    words = f"sweep: {progress.done} of {progress.of}"
    if progress.kept:
        words += f", {progress.kept} from before"
    if progress.without_plan:
        words += f", {progress.without_plan} without a plan"
    print(end=f"\r{words}\x1b[K" + ("\n" if progress.done == progress.of else ""), file=sys.stderr, flush=True)


def _nothing(progress: SweepProgress) -> None:
    """Nobody looks."""


def _print(cases: Sequence[Case], results: dict[str, CaseResult], *, as_json: bool) -> None:
    if as_json:
        rows = [{"changes": case.changes, "key": case.key, **dataclasses.asdict(results[case.key])} for case in cases]
        print(json.dumps({"format": "plan-sweep-results", "version": 1, "cases": rows}))
        return
    wide = max(len(case.name) for case in cases)
    print(f"{'case':{wide}}  {'status':10} {'cost EUR':>12} {'saved EUR':>11} {'peak kW':>9} {'carbon kg':>10}")
    for case in cases:
        one = results[case.key]
        if one.cost_eur is None:
            print(f"{case.name:{wide}}  {one.status:10} {one.sentence}")
            continue
        saved = "" if one.naive_eur is None else f"{one.naive_eur - one.cost_eur:.2f}"
        figures = f"{one.cost_eur:12.2f} {saved:>11} {one.peak_kw:9.1f} {one.carbon_kg:10.1f}"
        print(f"{case.name:{wide}}  {one.status:10} {figures}")
