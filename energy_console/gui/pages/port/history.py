"""What the Port page asks the store for. Every function blocks and runs on a worker thread through `Desk.query`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from energy_console.gui.pages.port.call_rows import NO_STEPS, SPAN_S, Steps, add_steps, steps_of
from energy_console.historian.interface import Buckets, Historian
from energy_console.live.port_call import ENGINE_CO2_KG_PER_KWH, StepMark, energy_per_span_kwh, grid_co2_kg, step_marks
from energy_console.site.model import AccessPoint, Carbon, Site
from hardware.points import Float64Array

HOUR_NS = 3_600_000_000_000
QUARTER_NS = HOUR_NS // 4


@dataclass(frozen=True, slots=True)
class DayEnergy:
    """Energy delivered by the whole fleet from local midnight to `until_ns`, and the CO2 it avoided."""

    since_ns: int
    until_ns: int
    energy_kwh: float
    co2_avoided_kg: float  # net of the grid
    stands_kwh: Mapping[str, float]  # meter stand at `until_ns` by access point, to count on from
    first_ns: int  # first reading of the day; later than `since_ns` where the store began later


@dataclass(frozen=True, slots=True)
class CallDetail:
    """One call (or the point alone) from its readings. Spans are quarters of an hour."""

    marks: tuple[StepMark, ...]
    span_ns: tuple[int, ...]
    energy_kwh: Float64Array
    meter_start_kwh: float
    meter_now_kwh: float
    power: Steps


def midnight_ns(now: dt.datetime, zone: ZoneInfo) -> int:
    """Start of the local day, UTC ns."""
    local = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return round(local.timestamp()) * 1_000_000_000


def ask_day(site: Site, now_ns: int) -> Callable[[Historian], DayEnergy]:
    zone, carbon = site.place.zone, site.carbon

    def question(historian: Historian) -> DayEnergy:
        start_ns = midnight_ns(dt.datetime.fromtimestamp(now_ns / 1e9, dt.UTC), zone)
        return _day_energy(historian, site.access_points, carbon, zone, start_ns, now_ns)

    return question


def _day_energy(
    historian: Historian, points: Sequence[AccessPoint], carbon: Carbon, zone: ZoneInfo, start_ns: int, now_ns: int
) -> DayEnergy:
    energy: dict[int, float] = {}
    stands: dict[str, float] = {}
    first_ns = now_ns
    for point in points:
        spans = historian.spans(f"{point.device}/energy_import_kwh", start_ns, now_ns, HOUR_NS)
        if not len(spans.time_ns):
            continue
        for moment, kwh in zip(spans.time_ns.tolist(), _counted(spans, point), strict=True):
            energy[moment] = energy.get(moment, 0.0) + kwh
        stands[point.id] = _last_known(spans.last)
        first_ns = min(first_ns, int(spans.time_ns[0]))
    column = np.array(list(energy.values()))
    total = float(column.sum()) if len(column) else 0.0
    avoided_kg = total * ENGINE_CO2_KG_PER_KWH - grid_co2_kg(carbon, zone, list(energy), column)
    return DayEnergy(start_ns, now_ns, total, avoided_kg, stands, first_ns)


def _counted(spans: Buckets, point: AccessPoint) -> list[float]:
    """Energy by span; what the rating cannot explain counts nothing."""
    found: list[float] = np.nan_to_num(energy_per_span_kwh(spans, point.rated_kw)).tolist()
    return found


def _last_known(value: Float64Array) -> float:
    known = value[~np.isnan(value)]
    return float(known[-1]) if len(known) else float("nan")


def ask_quay_power(
    stations: Mapping[str, Sequence[AccessPoint]], meter: str | None, start_ns: int, now_ns: int
) -> Callable[[Historian], tuple[dict[str, Steps], Steps]]:
    """Measured power by station, and of the supply's own meter (NO_STEPS without one), in five-minute means."""

    def curve(historian: Historian, point: str) -> Steps:
        return steps_of(historian.spans(point, start_ns, now_ns, SPAN_S * 1_000_000_000), now_ns / 1e9)

    def question(historian: Historian) -> tuple[dict[str, Steps], Steps]:
        by_station = {
            station: add_steps([curve(historian, f"{point.device}/power_kw") for point in points])
            for station, points in stations.items()
        }
        return by_station, curve(historian, meter) if meter else NO_STEPS

    return question


def ask_call(points: Sequence[AccessPoint], start_ns: int, now_ns: int) -> Callable[[Historian], CallDetail]:
    """Steps of the first point, energy and power of all points together."""

    def question(historian: Historian) -> CallDetail:
        marks = step_marks(historian.read(f"{points[0].device}/step", start_ns, now_ns + 1), start_ns)
        energy: dict[int, float] = {}
        first = last = 0.0
        curves = []
        for point in points:
            spans = historian.spans(f"{point.device}/energy_import_kwh", start_ns, now_ns, QUARTER_NS)
            for moment, kwh in zip(spans.time_ns.tolist(), _counted(spans, point), strict=True):
                energy[moment] = energy.get(moment, 0.0) + kwh
            first += _first_known(spans)
            last += _last_known(spans.last)
            every_ns = max(SPAN_S * 1_000_000_000 // 5, (now_ns - start_ns) // 300)
            power = historian.spans(f"{point.device}/power_kw", start_ns, now_ns, every_ns)
            curves.append(steps_of(power, now_ns / 1e9))
        moments = tuple(sorted(energy))
        column = np.array([energy[moment] for moment in moments])
        return CallDetail(marks, moments, column, first, last, add_steps(curves))

    return question


def _first_known(spans: Buckets) -> float:
    known = spans.first[~np.isnan(spans.first)]
    return float(known[0]) if len(known) else float("nan")
