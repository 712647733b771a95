"""Ship calls as changes: a list of (second, state of the points) and the acts expected."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import numpy as np

from energy_console.live.call_watch import CallAct, CallWatch
from energy_console.live.port import FleetNow, PointState
from energy_console.site.model import AccessPoint, ShipCall
from tests.gui.small_site import small_site

BEGIN = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
BEGIN_NS = round(BEGIN.timestamp()) * 10**9
SITE = dataclasses.replace(
    small_site(), access_points=(AccessPoint("E1", "east", "Q1-01", 100.0, 400.0, 50.0, "IEC", False),)
)
CALL = ShipCall("c.1", "Brave", "inland", 80.0, ("E1",), "east", BEGIN, BEGIN + dt.timedelta(seconds=500), 60.0, 2)


def fleet(state: PointState, stand_kwh: float) -> FleetNow:
    one = np.array([1.0])
    return FleetNow(one.astype(np.int8) * state, one.astype(np.int8), one, np.array([False]), one * stand_kwh)


def acts(watch: CallWatch, script: list[tuple[int, PointState, float]]) -> list[tuple[int, CallAct, float]]:
    told = []
    for second, state, stand in script:
        there = [CALL] if 0 <= second < 500 else []
        changes = watch.step(BEGIN_NS + second * 10**9, there, fleet(state, stand))
        told += [(round((c.time_ns - BEGIN_NS) / 1e9), c.act, c.energy_kwh) for c in changes]
    return told


VISIT = [
    (-10, PointState.FREE, 100.0),
    (7, PointState.FREE, 100.0),
    (20, PointState.CONNECTING, 100.0),
    (30, PointState.SUPPLYING, 100.0),
    (40, PointState.NO_ANSWER, float("nan")),
    (50, PointState.SUPPLYING, 140.0),
    (60, PointState.RELEASING, 150.0),
    (70, PointState.FREE, 151.0),
    (510, PointState.FREE, 151.0),
]


def test_a_whole_visit_is_told_once_with_the_energy_it_took() -> None:
    told = acts(CallWatch(SITE), VISIT)
    assert [(second, act) for second, act, _ in told] == [
        (0, CallAct.ARRIVED),
        (30, CallAct.CONNECTED),
        (70, CallAct.RELEASED),
        (500, CallAct.LEFT),
    ]
    assert told[2][2] == 51.0


def test_what_was_so_at_the_first_look_is_not_told() -> None:
    assert [act for _, act, _ in acts(CallWatch(SITE), VISIT[3:])] == [CallAct.RELEASED, CallAct.LEFT]


def test_a_restart_tells_nothing_twice_and_misses_nothing() -> None:
    whole = acts(CallWatch(SITE), VISIT)
    for cut in range(1, len(VISIT)):
        before = CallWatch(SITE)
        told = acts(before, VISIT[:cut])
        after = CallWatch(SITE, json.loads(json.dumps(before.state)))
        told += acts(after, VISIT[cut:])
        lost_name = cut == len(VISIT) - 1  # the call is over at the first look after it: nobody knows its ship any more
        assert [entry[:2] for entry in told] == [entry[:2] for entry in whole[: 3 if lost_name else 4]]
