"""Forecasts a day ahead against persistence and the same day last week, on real measurements. `main.py bench forecast`.

Each of the last weeks of a series is forecast from every three hours of it, learnt anew each day from what came before;
quarter-hour means. Weather is what was forecast then where the file has it, else what came (which makes it a little too
good: told as "weather as it came"). Without `--data DIR` (it holds 03_load and so on) there is nothing to measure.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from energy_console.planning.forecasting.backtest import LAST_WEEK, OURS, PERSISTENCE, Backtest, back_test
from energy_console.planning.forecasting.calendar import slots_of
from energy_console.planning.forecasting.early import clear_sky_share
from energy_console.planning.forecasting.learning import Series
from energy_console.planning.forecasting.outlook import HEATED_BELOW_C, RATED_WIND_M_S
from energy_console.site.model import Place
from energy_console.site.sun import elevation_deg
from hardware.points import Float64Array

DAYS = 28
QUARTER = "15min"


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    weather: str  # "", "forecast then" or "as it came"
    series: Series
    scale: Float64Array | None = None  # what makes kW of clearness


def run(as_json: bool, data: Path | None = None) -> int:
    """0 where the learnt forecast beats both others on every series, 1 where not or where there is no data."""
    if data is None:
        print("Name the folder of measurements with --data DIR.", file=sys.stderr)
        return 1
    found = [(case, *_timed(case)) for case in cases(data)]
    if as_json:
        print(json.dumps([_document(*entry) for entry in found], indent=1))
    else:
        widths = (("series", -30), ("weather", 14), ("learnt", 9), ("persist.", 10), ("last week", 11), ("covered", 9))
        print("".join(f"{name:{'<' if width < 0 else '>'}{abs(width)}}" for name, width in widths) + "    bias     s")
        for case, result, seconds in found:
            print(_line(case, result, seconds))
    return 0 if found and all(_is_best(result) for _, result, _ in found) else 1


def _timed(case: Case) -> tuple[Backtest, float]:
    began = time.perf_counter()
    result = back_test(case.series, DAYS, case.scale)
    if result is None:
        raise ValueError(f"{case.name} is too short for a back-test of {DAYS} days")
    return result, time.perf_counter() - began


def _is_best(result: Backtest) -> bool:
    return result.score(OURS).mean_error < min(result.score(PERSISTENCE).mean_error, result.score(LAST_WEEK).mean_error)


def _line(case: Case, result: Backtest, seconds: float) -> str:
    share = {score.method: 100.0 * score.mean_error / result.mean_size for score in result.scores}
    ours = result.score(OURS)
    return (
        f"{case.name:30}{case.weather:>14}{share[OURS]:8.1f}%{share[PERSISTENCE]:9.1f}%{share[LAST_WEEK]:10.1f}%"
        f"{ours.covered:9.2f}{100.0 * ours.bias / result.mean_size:+7.1f}%{seconds:6.1f}"
    )


def _document(case: Case, result: Backtest, seconds: float) -> dict[str, object]:
    return {
        "series": case.name,
        "weather": case.weather,
        "days": result.days,
        "mean": result.mean_size,
        "mean_error": {score.method: score.mean_error for score in result.scores},
        "covered": result.score(OURS).covered,
        "bias": result.score(OURS).bias,
        "seconds": seconds,
    }


def cases(data: Path) -> Iterator[Case]:
    """Every series whose file is there."""
    for make in (_feeders, _substations, _city_load, _heat, _bicycles, _wind, _roof):
        try:
            yield from make(data)
        except FileNotFoundError as missing:
            print(f"Left out: {missing.filename} is not there.", file=sys.stderr)


def _feeders(data: Path) -> Iterator[Case]:
    for feeder in ("287", "307"):
        table = _read(data / f"03_load/nl_openstef_pid{feeder}_15min_2020-10_2021-01.csv.gz", "utc", "UTC")
        yield _case(f"feeder {feeder}, Netherlands", table["load"], "Europe/Amsterdam", "NL")
        weather = [_cold(table["temp"]), table["radiation"], _wind_power(table["windspeed_100m"])]
        yield _case(f"feeder {feeder}, Netherlands", table["load"], "Europe/Amsterdam", "NL", weather, "as it came")


def _substations(data: Path) -> Iterator[Case]:
    path = data / "03_load/nl_substations_15min_2021-07_2021-10.csv.gz"
    for name, rows in pd.read_csv(path, parse_dates=["utc"]).groupby("substation"):
        table = _on_grid(rows.drop(columns="substation").set_index("utc").tz_localize("UTC"))
        yield _case(f"substation {name}", table["total_substation"], "Europe/Amsterdam", "NL")
        weather = [table["radiation"], _wind_power(table["windspeed_100m"])]
        yield _case(f"substation {name}", table["total_substation"], "Europe/Amsterdam", "NL", weather, "as it came")


def _city_load(data: Path) -> Iterator[Case]:
    table = _read(data / "04_heat/network_el_heat_load_15min_2020.csv.gz", "time", "UTC").iloc[: 96 * 300]
    yield _case("electricity of a city", table["p_el_mw"], "Europe/Berlin", "DE")
    yield _case("district heat of a city", table["q_heat_mw"], "Europe/Berlin", "DE")


def _heat(data: Path) -> Iterator[Case]:
    table = _read(data / "04_heat/nis_L4_15min_2024-11_2025-03.csv.gz", "datetime", "Europe/Belgrade")
    yield _case("heat substation, Nis", table["qizm"], "Europe/Belgrade", "RS")
    weather = [_cold(table["forecast_temp"])]
    yield _case("heat substation, Nis", table["qizm"], "Europe/Belgrade", "RS", weather, "forecast then")


def _bicycles(data: Path) -> Iterator[Case]:
    path = data / "07_lighting_traffic/munster_de_bike_counts_15min_2024_2025.csv.gz"
    table = _read(path, "time_local", "Europe/Berlin").iloc[-96 * 200 :]
    yield _case("bicycles, Gartenstrasse", table["gartenstrasse"], "Europe/Berlin", "DE-NW")


def _wind(data: Path) -> Iterator[Case]:
    path = data / "08_pv_wind_weather/fr_la_haute_borne_wind_10min_2015.csv.gz"
    rows = pd.read_csv(path, parse_dates=["utc"])
    one = rows[rows["Wind_turbine_name"] == "R80711"].set_index("utc")[["P_avg", "Ws_avg"]].tz_localize("UTC")
    table = _on_grid(one).iloc[: 96 * 120]
    yield _case("turbine, La Haute Borne", table["P_avg"], "Europe/Paris", "FR")
    weather = [_wind_power(table["Ws_avg"])]
    yield _case("turbine, La Haute Borne", table["P_avg"], "Europe/Paris", "FR", weather, "as it came")


def _roof(data: Path) -> Iterator[Case]:
    """A field in Golden, Colorado."""
    place = Place("Golden", 39.742, -105.173, ZoneInfo("America/Denver"))
    path = data / "08_pv_wind_weather/us_nrel_serf_east_15min_ac_power.csv.gz"
    rows = pd.read_csv(path)
    times = pd.to_datetime(rows.iloc[:, 0], utc=True)
    table = _on_grid(pd.DataFrame({"kw": rows.iloc[:, 1].to_numpy() / 1000.0}, index=pd.DatetimeIndex(times)))
    middle = [moment.to_pydatetime() for moment in table.index + pd.Timedelta("7.5min")]
    clear = clear_sky_share(np.array([elevation_deg(place, moment) for moment in middle])) * table["kw"].max()
    day = clear > 0.02 * table["kw"].max()
    clearness = (table["kw"] / np.where(day, clear, np.nan)).clip(0.0, 1.3)
    yield _case("roof, Golden (Colorado)", clearness, "America/Denver", "US", scale=clear)


def _case(
    name: str,
    value: pd.Series,
    zone: str,
    country: str,
    weather: Sequence[pd.Series] = (),
    told: str = "",
    scale: Float64Array | None = None,
) -> Case:
    times_ns = value.index.as_unit("ns").asi8.astype(np.int64)
    known = tuple(column.interpolate(limit=12).to_numpy(np.float64) for column in weather)
    return Case(
        name, told, Series(value.to_numpy(np.float64), slots_of(times_ns, ZoneInfo(zone), country), known), scale
    )


def _read(path: Path, column: str, zone: str) -> pd.DataFrame:
    table = pd.read_csv(path, parse_dates=[column]).set_index(column)
    if zone == "UTC":
        return _on_grid(table.tz_localize("UTC"))
    local = table[~table.index.duplicated()].tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    return _on_grid(local[local.index.notna()])


def _on_grid(table: pd.DataFrame) -> pd.DataFrame:
    return table.tz_convert("UTC").select_dtypes("number").resample(QUARTER).mean()


def _cold(temperature_c: pd.Series) -> pd.Series:
    return (HEATED_BELOW_C - temperature_c).clip(lower=0.0)


def _wind_power(wind_m_s: pd.Series) -> pd.Series:
    return wind_m_s.clip(upper=RATED_WIND_M_S) ** 3
