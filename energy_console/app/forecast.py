"""`forecast`: what loads, roofs and turbines of a site will do next, and how such forecasts would have done before."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_console.app.spans import BadInput, utc_time

if TYPE_CHECKING:
    from energy_console.planning.forecasting.backtest import Backtest
    from energy_console.planning.forecasting.early import Past
    from energy_console.planning.forecasting.learning import Band
    from energy_console.planning.forecasting.outlook import Outlook, Seen
    from energy_console.planning.measured import Measured
    from energy_console.planning.problem import Steps
    from energy_console.site.model import Load, Plant, Site


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("things", nargs="*", metavar="ID", help="loads and plants of the site; all if none is named")
    parser.add_argument("--site", metavar="DIR", required=True, help="the site folder")
    parser.add_argument("--store", metavar="DIR", help="the store: a folder or postgresql://..., if not the site's")
    parser.add_argument("--at", metavar="T", help="forecast from this moment, with what was known then (now)")
    parser.add_argument("--hours", type=float, default=24.0, help="how far ahead (24)")
    parser.add_argument(
        "--backtest", type=int, metavar="DAYS", help="instead: how good forecasts of the last DAYS days would have been"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """0: told. 1: with --backtest, nothing has past enough for it. Raises BadInput, SiteFaults, StoreError."""
    from energy_console.site.loader import load_site

    if not 0.25 <= args.hours <= 48:
        raise BadInput(f"--hours {args.hours:g} cannot be forecast: give 0.25 to 48.")
    if args.backtest is not None and not 1 <= args.backtest <= 366:
        raise BadInput(f"--backtest {args.backtest} cannot be tried: give 1 to 366 days.")
    site = load_site(args.site)
    at = utc_time(args.at, site.place.zone) if args.at else dt.datetime.now(dt.UTC)
    asked = _Asked.of(site, args.store, at, round(args.hours * 4), args.backtest or 0)
    chosen: list[Load | Plant] = [*site.loads, *site.plants]
    if args.things:
        known = {thing.id: thing for thing in chosen}
        if unknown := [name for name in args.things if name not in known]:
            raise BadInput(f"{unknown[0]} is no load or plant of {site.name}: name some of {', '.join(known)}.")
        chosen = [known[name] for name in args.things]
    if args.backtest is None:
        return _tell_ahead(asked, chosen, as_json=args.json)
    return _tell_tried(asked, chosen, args.backtest, as_json=args.json)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A site, the steps ahead, and what was measured before them."""

    site: Site
    steps: Steps
    outlook: Outlook
    measured: Measured

    @classmethod
    def of(cls, site: Site, store: str | None, at: dt.datetime, count: int, tried_days: int) -> _Asked:
        from energy_console.historian.opening import open_store
        from energy_console.live.table import LiveTable
        from energy_console.planning.forecasting.learning import LEARNT_DAYS
        from energy_console.planning.forecasting.outlook import Outlook
        from energy_console.planning.measured import measure
        from energy_console.planning.problem import steps_from
        from energy_console.site.told import TableUnreadable
        from energy_console.site.weather import read_weather

        steps = steps_from(site, at, count)
        historian = open_store(site.id, site.store, store, writing=False)
        try:
            historian.register(site.points)
            measured = measure(site, LiveTable(site.points), historian, at, (), LEARNT_DAYS + tried_days)
        finally:
            historian.close()
        try:
            weather = read_weather(Path(site.folder))
        except TableUnreadable as error:
            raise BadInput(str(error)) from None
        return cls(site, steps, Outlook(site.place, steps.start_ns, weather), measured)

    def past(self, thing: Load | Plant) -> Past:
        from energy_console.planning.measured import NOTHING

        return self.measured.past.get(_point(thing), NOTHING)

    def band(self, thing: Load | Plant) -> Band:
        from energy_console.site.model import Load

        past = self.past(thing)
        if isinstance(thing, Load):
            return self.outlook.load(thing, past, math.nan)
        return self.outlook.plant(thing, past, math.nan)

    def seen(self, thing: Load | Plant) -> Seen | None:
        from energy_console.site.model import Load

        past = self.past(thing)
        return self.outlook.seen_load(past) if isinstance(thing, Load) else self.outlook.seen_plant(thing, past)


def _point(thing: Load | Plant) -> str:
    from energy_console.site.model import Load

    return f"{thing.device}/power_kw" if isinstance(thing, Load) else f"{thing.device}/generation_kw"


def _tell_ahead(asked: _Asked, chosen: list[Load | Plant], *, as_json: bool) -> int:
    zone = asked.site.place.zone
    times = [dt.datetime.fromtimestamp(ns / 1e9, zone) for ns in asked.steps.start_ns]
    found = {thing.id: (thing, asked.band(thing)) for thing in chosen}
    if as_json:
        document = {
            "site": asked.site.id,
            "times": [moment.isoformat() for moment in times],
            "forecasts": [_ahead_document(thing, band) for thing, band in found.values()],
        }
        print(json.dumps(document))
        return 0
    for thing, band in found.values():
        print(f"{thing.id}  {thing.name}, kW: 1 in 10 below, expected, 1 in 10 above")
        for step in range(0, len(times), 4):
            low, expected, high = (float(edge[step]) for edge in (band.low, band.expected, band.high))
            print(f"  {times[step]:%a %H:%M}  {low:10.1f}  {expected:10.1f}  {high:10.1f}")
    return 0


def _ahead_document(thing: Load | Plant, band: Band) -> dict[str, Any]:
    edges = {"low_kw": band.low, "expected_kw": band.expected, "high_kw": band.high}
    return {
        "id": thing.id,
        "name": thing.name,
        "point": _point(thing),
        **{name: [round(float(value), 3) for value in edge] for name, edge in edges.items()},
    }


def _tell_tried(asked: _Asked, chosen: list[Load | Plant], days: int, *, as_json: bool) -> int:
    found = dict(_tried(asked, chosen, days))
    told = {name: result for name, result in found.items() if result is not None}
    if as_json:
        print(
            json.dumps({"site": asked.site.id, "days": days, "backtests": [_document(*item) for item in told.items()]})
        )
    elif told:
        print(
            "mean error a day ahead, share of the mean power; covered: share of values within the band (0.8 is honest)"
        )
        print(f"{'':16}{'mean kW':>10}{'learnt':>10}{'persist.':>10}{'last week':>11}{'covered':>9}")
        for name, result in told.items():
            shares = [score.mean_error / result.mean_size if result.mean_size else math.nan for score in result.scores]
            line = "".join(f"{100 * share:{width}.1f}%" for share, width in zip(shares, (9, 9, 10), strict=True))
            print(f"{name:16}{result.mean_size:10.1f}{line}{result.scores[0].covered:9.2f}")
    if short := [name for name, result in found.items() if result is None]:
        print(f"Too little past to try: {', '.join(short)}.", file=sys.stderr)
    return 0 if told else 1


def _tried(asked: _Asked, chosen: list[Load | Plant], days: int) -> Iterator[tuple[str, Backtest | None]]:
    from energy_console.planning.forecasting.backtest import back_test

    for thing in chosen:
        seen = asked.seen(thing)
        yield thing.id, back_test(seen.series, days, seen.scale_kw) if seen else None


def _document(name: str, result: Backtest) -> dict[str, Any]:
    return {
        "id": name,
        "mean_kw": result.mean_size,
        "methods": [
            {
                "method": score.method,
                "forecasts": score.forecasts,
                "mean_error_kw": score.mean_error,
                "bias_kw": score.bias,
                **({} if math.isnan(score.covered) else {"covered": score.covered, "pinball_kw": score.pinball}),
            }
            for score in result.scores
        ],
    }
