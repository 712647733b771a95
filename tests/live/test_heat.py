"""Heat substations: cooling, excess flow, ranking; nothing unknown becomes a zero."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from energy_console.live.heat import KWH_PER_M3_K, excess_flow_m3, heat_now, heat_rows, heat_span, rank
from energy_console.live.table import LiveTable
from energy_console.site.loader import load_site
from hardware.points import GOOD_STATUS, Reason, ScanBatch, status_of

SITE = load_site(Path(__file__).resolve().parents[2] / "sites" / "port-demo")
SITE = dataclasses.replace(SITE, heat=SITE.heat[:4])


def table(values):
    made = LiveTable(SITE.points)
    rows = np.array([made.index[point] for point in values], np.int32)
    bad = np.array([value is None for value in values.values()])
    value = np.array([np.nan if v is None else v for v in values.values()], float)
    status = np.where(bad, status_of(Reason.TIMEOUT), GOOD_STATUS).astype(np.uint16)
    made.apply(ScanBatch(1, rows, np.full(len(rows), 5), value, status))
    return made


def meter(row, supply, back, flow, power=100.0, info=0.0):
    name = SITE.heat[row].meter
    return {
        f"{name}/supply_c": supply,
        f"{name}/return_c": back,
        f"{name}/flow_m3h": flow,
        f"{name}/heat_power_kw": power,
        f"{name}/info_code": info,
    }


def test_water_that_cools_as_designed_is_no_excess_and_what_is_beyond_is():
    heat = np.array([KWH_PER_M3_K * 40 * 10.0] * 2)
    assert excess_flow_m3(np.array([10.0, 25.0]), heat, np.array([40.0, 40.0])) == pytest.approx([0.0, 15.0])
    assert excess_flow_m3(np.array([5.0]), np.array([9999.0]), np.array([40.0])) == [0.0]


def test_a_silent_meter_is_unknown_and_standing_water_has_no_cooling():
    now = heat_now(
        heat_rows(SITE, LiveTable(SITE.points).index), table(meter(0, None, 40, 1.0) | meter(1, 80, 40, 0.0))
    )
    assert np.isnan(now.supply_c[0])
    assert np.isnan(now.cooling_k).all()
    assert np.isnan(now.power_kw[2])


def test_the_plant_sees_temperatures_by_flow():
    now = heat_now(heat_rows(SITE, LiveTable(SITE.points).index), table(meter(0, 80, 40, 3.0) | meter(1, 70, 60, 1.0)))
    assert now.by_flow_c(now.return_c) == pytest.approx(45.0)


def test_swapped_sensors_stand_first_then_the_most_excess_flow():
    values = meter(0, 80, 40, 1.0) | meter(1, 80, 40, 1.0) | meter(2, 40, 80, 1.0) | meter(3, 80, 40, 1.0)
    now = heat_now(heat_rows(SITE, LiveTable(SITE.points).index), table(values))
    span = heat_span(SITE.heat, 24.0, np.array([10.0, 90.0, 10.0, np.nan]), np.array([0.0, 0.0, 0.0, 0.0]))
    assert rank(SITE.heat, now, span) == [2, 1, 0, 3]
    assert np.isnan(span.excess_m3[3])


def test_only_what_is_far_from_the_fleet_stands_out():
    cooling = np.array([unit.design_cooling_k for unit in SITE.heat])
    volume = np.full(4, 100.0)
    heat = KWH_PER_M3_K * cooling * np.array([70.0, 70.0, 68.0, 20.0])
    assert heat_span(SITE.heat, 24.0, volume, heat).stands_out.tolist() == [False, False, False, True]
