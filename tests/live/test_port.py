"""What the shore-power fleet does, from a live table."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from energy_console.live.port import (
    PointState,
    ShipState,
    fleet_now,
    fleet_rows,
    headroom_kw,
    ships_now,
    supplies,
    tightest,
)
from energy_console.live.table import LiveTable
from energy_console.site.model import Site
from hardware.points import GOOD_STATUS, Reason, ScanBatch, status_of
from tests.live.harbour_site import call, make_harbour

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
STATIONS = (("A01", 2, 50.0), ("B01", 2, 60.0))


def read(site: Site, values: dict[str, float], reason: Reason = Reason.GOOD) -> LiveTable:
    """A table with all points idle, then the values given; those are NaN where the reason is bad."""
    table = LiveTable(site.points)
    rows = np.arange(len(site.points), dtype=np.int32)
    zeros = np.zeros(len(rows))
    table.apply(ScanBatch(1, rows, np.ones(len(rows), np.int64), zeros, np.full(len(rows), GOOD_STATUS, np.uint16)))
    status = status_of(reason)
    bad = status >> 8 >= 64
    index = np.array([table.index[point] for point in values], np.int32)
    column = np.array([np.nan if bad else value for value in values.values()])
    full = np.full(len(index), status, np.uint16)
    table.apply(ScanBatch(2, index, np.full(len(index), 2, np.int64), column, full))
    return table


def states(site: Site, table: LiveTable) -> dict[str, PointState]:
    fleet = fleet_now(fleet_rows(site, table.index), table)
    return {point.id: PointState(int(s)) for point, s in zip(site.access_points, fleet.state, strict=True)}


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (0, PointState.FREE),
        (1, PointState.CONNECTING),
        (7, PointState.CONNECTING),
        (8, PointState.SUPPLYING),
        (9, PointState.RELEASING),
        (11, PointState.RELEASING),
        (12, PointState.FREE),
        (13, PointState.NO_ANSWER),
    ],
)
def test_a_step_decides_what_a_point_does(step: int, state: PointState) -> None:
    site = make_harbour(STATIONS)
    assert states(site, read(site, {"A01.1/step": step}))["A01.1"] is state


def test_an_alarm_bit_or_fault_mode_outranks_the_step() -> None:
    site = make_harbour(STATIONS)
    found = states(site, read(site, {"A01.1/step": 8, "A01.1/alarms": 16, "B01.1/step": 8, "B01.1/mode": 3}))
    assert found["A01.1"] is PointState.TRIPPED
    assert found["B01.1"] is PointState.TRIPPED


def test_a_point_that_does_not_answer_is_neither_free_nor_supplying() -> None:
    site = make_harbour(STATIONS)
    assert states(site, read(site, {"A01.1/step": 8}, Reason.TIMEOUT))["A01.1"] is PointState.NO_ANSWER
    assert states(site, read(site, {"A01.1/step": 8}, Reason.OUT_OF_SERVICE))["A01.1"] is PointState.OUT_OF_SERVICE
    assert states(site, LiveTable(site.points))["A01.1"] is PointState.NOT_READ_YET


def test_states_add_up_to_the_fleet() -> None:
    site = make_harbour(tuple((f"A{k:02d}", 3, 30.0 * k) for k in range(1, 12)))
    table = read(site, {"A01.1/step": 8, "A02.1/step": 3, "A03.1/step": 10, "A04.1/alarms": 1})
    fleet = fleet_now(fleet_rows(site, table.index), table)
    assert sum(fleet.count(state) for state in PointState) == 33
    assert fleet.in_use == 3


def test_a_power_that_is_not_known_adds_nothing_and_is_not_zero() -> None:
    site = make_harbour(STATIONS)
    table = read(site, {"A01.1/power_kw": 120.0})
    table.status[table.index["A01.2/power_kw"]] = status_of(Reason.TIMEOUT)
    fleet = fleet_now(fleet_rows(site, table.index), table)
    assert fleet.total_kw == 120.0
    assert np.isnan(fleet.power_kw[1])


def test_a_ship_takes_shore_power_when_one_of_its_points_supplies() -> None:
    site = make_harbour(STATIONS)
    table = read(site, {"A01.1/step": 8, "A01.1/power_kw": 80.0, "A01.2/step": 2, "B01.1/step": 10})
    fleet = fleet_now(fleet_rows(site, table.index), table)
    calls = [
        call("A01", ("A01.1", "A01.2"), NOON - dt.timedelta(hours=1), 4),
        call("B01", ("B01.1",), NOON - dt.timedelta(hours=9), 10),
        call("B01", (), NOON - dt.timedelta(hours=1), 4),
        call("B01", ("B01.2",), NOON + dt.timedelta(minutes=1), 4),
    ]
    ships = ships_now(site, fleet, calls, NOON)
    assert [ship.state for ship in ships] == [ShipState.SUPPLIED, ShipState.RELEASING, ShipState.OWN_ENGINES]
    assert ships[0].power_kw == 80.0


def test_every_point_is_behind_one_converter_and_takes_from_its_head_room() -> None:
    site = make_harbour(STATIONS, A=300.0)
    found = supplies(site)
    assert [supply.node.id for supply in found] == ["K-A", "K-B"]
    assert sorted(row for supply in found for row in supply.points) == [0, 1, 2, 3]
    table = read(site, {"A01.1/power_kw": 90.0, "B01.1/power_kw": 10.0})
    assert headroom_kw(found[0], fleet_now(fleet_rows(site, table.index), table)) == 210.0


def test_the_tightest_moment_is_where_announced_loads_overlap() -> None:
    site = make_harbour(STATIONS, A=500.0, B=5000.0)
    calls = [
        call("A01", ("A01.1",), NOON - dt.timedelta(hours=1), 8, 200.0),
        call("A01", ("A01.2",), NOON + dt.timedelta(hours=3), 8, 250.0),
        call("B01", ("B01.1",), NOON, 8, 250.0),
    ]
    tight = tightest(site, supplies(site), calls, NOON)
    assert tight is not None
    assert (tight.supply.node.id, tight.time, tight.left_kw) == ("K-A", NOON + dt.timedelta(hours=3), 50.0)


def test_no_call_means_no_tight_moment() -> None:
    site = make_harbour(STATIONS)
    assert tightest(site, supplies(site), [], NOON) is None
