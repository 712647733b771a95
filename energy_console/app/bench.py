"""`bench`: measures one part against the bare library or solver in the same run."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import inspect
from pathlib import Path
from typing import Any

from energy_console.app.spans import BadInput, span_s

NAMES = ("acquisition", "engine", "forecast", "history", "trends", "plan", "startup", "week")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=NAMES, help="what to measure")
    parser.add_argument(
        "--for", dest="span", metavar="SPAN", help="how long, for example 60s, where that can be chosen"
    )
    parser.add_argument(
        "--devices", type=int, metavar="N", help="how many devices, for a smaller run, where that can be chosen"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder of real measurements, where some are measured on"
    )
    parser.add_argument("--quick", action="store_true", help="a fast look, where there is one")
    parser.add_argument("--pulp", action="store_true", help="plan: also time PuLP as shipped")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def run(args: argparse.Namespace) -> int:
    """0 where every target was met, 1 where one was missed. Raises BadInput."""
    module = f"tests.benchmarks.{args.name}"
    if not _is_there(module):
        raise BadInput(
            f"The benchmark '{args.name}' is not installed: it comes with the source, so run it from a clone."
        )
    measure = importlib.import_module(module).run
    chosen: dict[str, Any] = {}
    known = inspect.signature(measure).parameters
    if args.span:
        if "for_s" not in known:
            raise BadInput(f"The benchmark '{args.name}' has a length of its own; leave --for away.")
        chosen["for_s"] = span_s(args.span)
    if args.devices is not None:
        if "devices" not in known:
            raise BadInput(f"The benchmark '{args.name}' has a size of its own; leave --devices away.")
        if args.devices < 10:
            raise BadInput(f"--devices {args.devices} is too few to measure: give 10 or more.")
        chosen["devices"] = args.devices
    if args.data is not None:
        if "data" not in known:
            raise BadInput(f"The benchmark '{args.name}' makes its own data; leave --data away.")
        if not args.data.is_dir():
            raise BadInput(f"{args.data} is no folder: name the one that holds the measurements.")
        chosen["data"] = args.data
    for option in ("quick", "pulp"):
        if getattr(args, option):
            if option not in known:
                raise BadInput(f"The benchmark '{args.name}' knows no --{option}; leave it away.")
            chosen[option] = True
    return int(measure(args.json, **chosen))


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
