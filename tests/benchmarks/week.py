"""A week of rolling plans on the demo site, with real prices, loads, sun, wind and cars: `bench week --data DIR`.

Every quarter hour of the week a plan for the next 24 hours is made as the console makes it, its first quarter hour is
carried out, and what really came (not what was forecast) is paid. Beside it, under the same account and the same
truth: light as full as it goes with charging at once, the same with the usual night profile, the cheapest slots, and
the plan of one who knew the whole week. `--for 24h` for less.

What is real: Dutch day-ahead prices of 14 to 20 November 2016 (and, unlike in life, nothing else a kWh costs but a
fixed fee); loads, sun and wind of 2016 of the SimBench profiles, of the same weather, scaled to the yearly use and the
rated power that the site's tables state; charging sessions of Dundee's public points, April 2018. Buses, trucks,
vessels and ships are the site's own timetables. The dates are moved by whole weeks to November 2026.

What the planner knows: prices to the end of the day, from 13:00 also of the next, then those of a day before; loads,
sun and wind from their past of eight weeks, no weather; buses and ships by timetable; cars once they are plugged in,
then with the time they leave and the energy they want.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from energy_console.planning.forecasting.calendar import QUARTER_NS
from energy_console.planning.forecasting.early import Past
from energy_console.planning.forecasting.learning import LEARNT_DAYS
from energy_console.planning.forecasting.outlook import Lessons
from energy_console.planning.measured import Measured
from energy_console.planning.overloads import lift_what_cannot_be_kept
from energy_console.planning.problem import STEP_H, problem_of
from energy_console.planning.propose import unfrozen
from energy_console.site.loader import load_site
from energy_console.site.model import ChargeBooking, Site
from energy_console.site.timetable import bookings, ship_calls
from hardware.points import Float64Array
from optimizer import parts as op
from optimizer.band import Band
from optimizer.baselines import Baseline, run_baselines
from optimizer.build import Dispatch, node_power_kw
from optimizer.check import broken_rules
from optimizer.costs import account
from optimizer.naive import naive_dispatch
from optimizer.plan import Cause, Infeasible, Outcome, Plan
from optimizer.problem import Problem
from optimizer.solve import Planner, solve
from optimizer.tables import tabulate

SITE = Path(__file__).resolve().parents[2] / "sites" / "port-demo"
WEEKS_MOVED = dt.timedelta(weeks=522)  # Monday 14 November 2016 becomes Monday 16 November 2026
WEEK_START = dt.datetime(2026, 11, 15, 23, 0, tzinfo=dt.UTC)  # Monday, local midnight
SESSIONS_FROM = pd.Timestamp("2018-04-16").to_pydatetime()  # a Monday, by the clock there
FEE_EUR_PER_KWH = 0.045  # network and levies, on what is imported [M]
PRICES_TOLD_H = 13  # local hour from which the next day's prices are known
QUARTER = dt.timedelta(minutes=15)
A_DAY = 96
AGAINST = Band.EXPECTED

# kind of load -> SimBench profile
PROFILES = {
    "homes": "mv_urban_pload", "offices": "mv_comm_pload", "school": "mv_comm_pload", "shops": "mv_comm_pload",
    "hospital": "G3-A_pload", "hotel": "G3-H_pload", "server room": "G3-A_pload", "workshop": "mv_comm_pload",
    "sports": "G5-A_pload", "theatre": "G5-A_pload", "terminal": "G0-A_pload", "cold store": "G3-H_pload",
    "heat pump": "WB-H_pload", "boiler": "HS0_pload", "pumps": "G3-A_pload",
}  # fmt: skip
USUAL_PROFILE = "G0-A_pload"


@dataclass(frozen=True, slots=True)
class Truth:
    """What came: quarter hours from LEARNT_DAYS before the week to its end, and a day more."""

    first: dt.datetime
    power_kw: Mapping[str, Float64Array]  # by point id
    price_eur_per_kwh: Float64Array
    cars: tuple[ChargeBooking, ...]

    def step(self, moment: dt.datetime) -> int:
        return int((moment - self.first) / QUARTER)

    def past(self, moment: dt.datetime) -> dict[str, Past]:
        end = self.step(moment)
        at = int(self.first.timestamp()) * 10**9 + QUARTER_NS * np.arange(end, dtype=np.int64)
        return {point: Past(at, power[:end]) for point, power in self.power_kw.items()}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    outcome: Outcome
    broken: int  # hard rules that what was done breaks, given what really came


def run(as_json: bool, data: Path | None = None, for_s: float = 7 * 86_400.0) -> int:
    """0 where the rolling plans cost less than every baseline, 1 where not or where there is no data."""
    if data is None:
        print("Name the folder of measurements with --data DIR.", file=sys.stderr)
        return 1
    site, steps = load_site(SITE), max(1, round(for_s / 900.0))
    truth = _truth(site, data, steps)
    week = _week(site, truth, steps)
    rolled, seconds = _rolled(site, truth, week, steps)
    rows = [*_baseline_rows(week), _row("rolling plans", week, rolled)]
    known = solve(week)
    if isinstance(known, Plan):
        rows.append(Row("all known beforehand", known.outcome, 0))
    _print(rows, seconds, steps, as_json=as_json)
    costs = {row.name: row.outcome.cost.total_eur for row in rows}
    return 0 if costs["rolling plans"] < min(costs[row.name] for row in rows[:-2]) else 1


def _truth(site: Site, data: Path, steps: int) -> Truth:
    first = WEEK_START - dt.timedelta(days=LEARNT_DAYS)
    index = pd.date_range(first - WEEKS_MOVED, periods=LEARNT_DAYS * A_DAY + steps + A_DAY, freq="15min", tz="UTC")
    loads, sources = (_simbench(data / path, index) for path in (
        "03_load/simbench_profiles_pu_15min_2016.csv.gz", "08_pv_wind_weather/simbench_res_pu_15min_2016.csv.gz"
    ))  # fmt: skip
    power = {}
    for load in site.loads:
        shape = loads[PROFILES.get(load.kind, USUAL_PROFILE)]
        # of two things of one kind none is the other's twin: each is a little early or late
        shifted = np.roll(shape.to_numpy(np.float64), _own(load.id, 5) - 2)
        power[f"{load.device}/power_kw"] = shifted * load.yearly_kwh / _yearly_hours(data, load.kind)
    for plant in site.plants:
        shape = sources["PV3" if plant.kind == "solar" else "WP7"].to_numpy(np.float64)
        power[f"{plant.device}/generation_kw"] = shape * plant.rated_kw
    prices = pd.read_csv(data / "01_prices/nl_dayahead_hourly_2015_2023.csv.gz", parse_dates=["utc"])
    hourly = prices.set_index("utc")["price_eur_mwh"].tz_localize("UTC").reindex(index, method="ffill")
    return Truth(first, power, hourly.to_numpy(np.float64) / 1000.0, _cars(site, data, steps))


def _simbench(path: Path, index: pd.DatetimeIndex) -> pd.DataFrame:
    """Profiles of 2016 by local (German) clock, as UTC."""
    table = pd.read_csv(path, parse_dates=["time"]).set_index("time")
    local = table[~table.index.duplicated()].tz_localize("Europe/Berlin", ambiguous="NaT", nonexistent="NaT")
    return local[local.index.notna()].tz_convert("UTC").reindex(index, method="nearest")


_HOURS: dict[str, float] = {}


def _yearly_hours(data: Path, kind: str) -> float:
    """Energy of a year of a profile, per unit of its peak: hours at full use."""
    column = PROFILES.get(kind, USUAL_PROFILE)
    if not _HOURS:
        table = pd.read_csv(data / "03_load/simbench_profiles_pu_15min_2016.csv.gz")
        _HOURS.update({name: float(table[name].sum() * STEP_H) for name in table.columns if name != "time"})
    return _HOURS[column]


def _own(name: str, among: int) -> int:
    return sum(name.encode()) % among


def _cars(site: Site, data: Path, steps: int) -> tuple[ChargeBooking, ...]:
    """Sessions of Dundee on the site's car points: each takes a free point that brings its energy, or is left out."""
    table = pd.read_csv(data / "06_ev/uk_dundee_sessions_2018-03_05.csv.gz", parse_dates=["start", "end"]).dropna()
    table = table.sort_values("start")
    points = [charger for charger in site.chargers if charger.kind == "car"]
    free_from = {charger.id: WEEK_START for charger in points}
    zone, local_start = site.place.zone, WEEK_START.astimezone(site.place.zone).replace(tzinfo=None)
    found = []
    for row in table.itertuples():
        arrives, departs = ((local_start + (at.to_pydatetime() - SESSIONS_FROM)).replace(tzinfo=zone).astimezone(dt.UTC)
                            for at in (row.start, row.end))  # fmt: skip
        hours = (departs - arrives) / dt.timedelta(hours=1)
        if arrives < WEEK_START or departs > WEEK_START + steps * QUARTER or not 0.5 <= hours <= 24 or row.kwh <= 0.5:
            continue
        for charger in points:
            if free_from[charger.id] <= arrives and row.kwh <= 0.85 * 0.9 * charger.max_kw * (hours - 0.25):
                free_from[charger.id] = departs + QUARTER
                name = f"car-{len(found) + 1}"
                found.append(ChargeBooking(name, charger.id, f"Car {len(found) + 1}", arrives, departs, row.kwh, False))
                break
    return tuple(found)


def _timetabled(site: Site, start: dt.datetime, end: dt.datetime, last: dt.datetime) -> list[ChargeBooking]:
    """Buses, trucks and vessels; those that stay beyond the end of the week are nobody's."""
    cars = {charger.id for charger in site.chargers if charger.kind == "car"}
    return [
        b for b in bookings(site, start, end) if b.charger not in cars and b.arrives >= WEEK_START and b.departs <= last
    ]


def _week(site: Site, truth: Truth, steps: int) -> Problem:
    """The whole week as it came."""
    end = WEEK_START + steps * QUARTER
    sessions = [*_timetabled(site, WEEK_START, end, end), *truth.cars]
    posed = problem_of(
        site, Measured(WEEK_START, {}, {}, {}, 0.0), ship_calls(site, WEEK_START, end), sessions, count=steps
    )
    first = truth.step(WEEK_START)
    came = slice(first, first + steps)
    power = {load.id: truth.power_kw[f"{load.device}/power_kw"][came] for load in site.loads}
    source = {plant.id: truth.power_kw[f"{plant.device}/generation_kw"][came] for plant in site.plants}
    return dataclasses.replace(
        posed,
        loads=tuple(_as_it_came(load, power) for load in posed.loads),
        generation=tuple(
            dataclasses.replace(g, forecast_kw=tuple(source[g.id]), forecast_low_kw=None, forecast_high_kw=None)
            for g in posed.generation
        ),
        tariff=_priced(posed.tariff, truth.price_eur_per_kwh[came], 0.0),
    )


def _as_it_came(load: op.FixedLoad, power: Mapping[str, Float64Array]) -> op.FixedLoad:
    if load.id not in power:
        return load
    return dataclasses.replace(load, power_kw=tuple(power[load.id]), power_low_kw=None, power_high_kw=None)


def _priced(tariff: op.Tariff, price: Float64Array, peak_kw: float) -> op.Tariff:
    peaks = tuple(dataclasses.replace(peak, so_far_kw=peak_kw) for peak in tariff.peaks)
    return dataclasses.replace(
        tariff,
        import_eur_per_kwh=tuple(price + FEE_EUR_PER_KWH),
        export_eur_per_kwh=tuple(price),
        peaks=peaks,
    )


def _told_prices(site: Site, truth: Truth, now: dt.datetime, steps: int) -> Float64Array:
    """Known to the end of the day, from PRICES_TOLD_H on to that of the next; later ones as they were a day before."""
    local = now.astimezone(site.place.zone)
    days = 2 if local.hour >= PRICES_TOLD_H else 1
    midnight = dt.datetime.combine(local.date() + dt.timedelta(days=days), dt.time(), site.place.zone)
    at = truth.step(now) + np.arange(steps)
    unknown = at >= truth.step(midnight.astimezone(dt.UTC))
    return truth.price_eur_per_kwh[np.where(unknown, at - A_DAY, at)]


@dataclass(slots=True)
class _Standing:
    """How the site stands while the week goes by."""

    delivered_kwh: dict[str, float]
    level: dict[str, float]
    in_force: tuple[op.InForce, ...]
    peak_kw: float


def _rolled(site: Site, truth: Truth, week: Problem, steps: int) -> tuple[Dispatch, list[float]]:
    tables = tabulate(week)
    dispatch = naive_dispatch(tables)  # of the right shapes; overwritten step by step
    rows = {session.id: row for row, session in enumerate(week.charging)}
    groups = {group.id: row for row, group in enumerate(week.lighting)}
    end = WEEK_START + steps * QUARTER
    standing, planner, lessons, seconds = _Standing({}, {}, (), 0.0), Planner(), Lessons(), []
    dispatch.charge_kw[:] = 0.0
    dispatch.level[:] = np.where(tables.light.lit, dispatch.level, 0.0)
    for step in range(steps):
        began = time.perf_counter()
        now = WEEK_START + step * QUARTER
        problem = _problem(site, truth, now, end, standing, lessons)
        answer = planner.solve(problem)
        if isinstance(answer, Infeasible) and (loose := unfrozen(problem)) is not None:
            answer = planner.solve(loose)
        seconds.append(time.perf_counter() - began)
        if isinstance(answer, Plan):
            _carry_out(answer, step, dispatch, rows, groups, standing)
        else:
            print(
                f"{now:%a %H:%M}: no plan; light as wanted, nobody charges: {getattr(answer, 'sentence', answer)}",
                file=sys.stderr,
            )
            standing.in_force = ()
        net_kw = node_power_kw(tables, dispatch)[tables.tree.root, : step + 1]
        standing.peak_kw = max(0.0, float(net_kw.max()))
        if sys.stderr.isatty() and step % 4 == 0:
            print(f"\r{now:%a %H:%M}  {statistics.median(seconds):.2f} s a plan", end="", file=sys.stderr)
    return dispatch, seconds


def _problem(
    site: Site, truth: Truth, now: dt.datetime, end: dt.datetime, standing: _Standing, lessons: Lessons
) -> Problem:
    """What the console would pose at this moment."""
    ahead = now + dt.timedelta(hours=24)
    sessions = [*_timetabled(site, now, ahead, end), *(car for car in truth.cars if car.arrives <= now < car.departs)]
    measured = Measured(now, standing.level, truth.past(now), standing.delivered_kwh, standing.peak_kw)
    posed = problem_of(
        site, measured, ship_calls(site, now, ahead), sessions, standing.in_force, against=AGAINST, lessons=lessons
    )
    told = _told_prices(site, truth, now, posed.horizon.steps)
    priced = dataclasses.replace(posed, tariff=_priced(posed.tariff, told, standing.peak_kw))
    return lift_what_cannot_be_kept(priced)[0]


def _carry_out(
    plan: Plan, step: int, dispatch: Dispatch, rows: Mapping[str, int], groups: Mapping[str, int], standing: _Standing
) -> None:
    """The first quarter hour of a plan becomes what was done."""
    kept = []
    for asset in plan.assets:
        if asset.id in groups:
            dispatch.level[groups[asset.id], step] = asset.setpoint[0]
            standing.level[f"{asset.id}/level"] = float(asset.setpoint[0])
        elif asset.id in rows:
            dispatch.charge_kw[rows[asset.id], step] = asset.power_kw[0]
            drawn = standing.delivered_kwh.get(asset.id, 0.0)
            standing.delivered_kwh[asset.id] = drawn + float(asset.power_kw[0]) * STEP_H
        else:
            continue
        kept.append(op.InForce(asset.id, (*map(float, asset.setpoint[1:]), float(asset.setpoint[-1]))))
    standing.in_force = tuple(kept)


def _baseline_rows(week: Problem) -> Iterator[Row]:
    """Full light with charging at once, then the planner's own baselines on the light that the site wants."""
    full = dataclasses.replace(
        week, lighting=tuple(dataclasses.replace(group, wanted=group.ceiling) for group in week.lighting)
    )
    yield _row("full light, charge at once", week, naive_dispatch(tabulate(full)))
    yield _row("night profile, charge at once", week, naive_dispatch(tabulate(week)))
    (case,) = (case for case in run_baselines(week) if case.baseline is Baseline.CHEAPEST_SLOT)
    yield Row("night profile, cheapest slots", case.outcome, len(case.broken))


def _row(name: str, week: Problem, dispatch: Dispatch) -> Row:
    tables = tabulate(week)
    return Row(name, account(week, tables, dispatch).outcome, len(list(broken_rules(week, tables, dispatch))))


def _print(rows: Sequence[Row], seconds: Sequence[float], steps: int, *, as_json: bool) -> None:
    p50, p99 = (float(np.quantile(seconds, share)) for share in (0.5, 0.99))
    if as_json:
        told = [dataclasses.asdict(row) | {"outcome": None} | _figures(row) for row in rows]
        print(json.dumps({"quarter_hours": steps, "seconds_a_plan": {"p50": p50, "p99": p99}, "rows": told}))
        return
    print(f"{'':32}" + "".join(f"{name:>12}" for name in _figures(rows[0])) + f"{'broken':>8}")
    for row in rows:
        print(f"{row.name:32}" + "".join(f"{value:12,.0f}" for value in _figures(row).values()) + f"{row.broken:8}")
    print(f"{len(seconds)} plans, each from forecast to set-point in {p50:.2f} s (p99 {p99:.2f} s)")


def _figures(row: Row) -> dict[str, float]:
    cost = row.outcome.cost.by_cause_eur
    short = {cause: sum(s.amount for s in row.outcome.shortfalls if s.cause is cause) for cause in Cause}
    return {
        "total EUR": row.outcome.cost.total_eur,
        "energy EUR": cost[Cause.ENERGY],
        "peak EUR": cost[Cause.PEAK],
        "carbon EUR": cost[Cause.CARBON],
        "service EUR": cost[Cause.LIGHT] + cost[Cause.CHARGE],
        "peak kW": max((peak.highest_kw for peak in row.outcome.peaks), default=0.0),
        "MWh": row.outcome.energy_kwh / 1000.0,
        "t CO2": row.outcome.carbon_kg / 1000.0,
        "light h": short[Cause.LIGHT],
        "kWh short": short[Cause.CHARGE],
    }
