"""A moment of the past is what was live then: values, alarms and the plan, on real stores."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy_console.alarms.machine import Condition
from energy_console.engine.alarm_desk import AlarmDesk
from energy_console.engine.link import AlarmView, EngineNews
from energy_console.engine.past import PastClerk
from energy_console.engine.planner import IN_FORCE
from energy_console.engine.planner import ROOM as PLAN_ROOM
from energy_console.engine.store_writer import StoreWriter
from energy_console.engine.then import Then, ThenReader
from energy_console.historian.embedded import open_embedded
from energy_console.live.staleness import allowed_silence_ns
from energy_console.live.table import LiveTable
from energy_console.planning.schedule import Schedule, ScheduledAsset
from hardware.points import Reason, ScanBatch, is_usable, reason_of
from tests.engine.one_meter import engine_on, running, store_in, unserved, virtual_meter
from tests.gui.scripted_engine import ScriptedEngine
from tests.gui.small_site import small_site

SECOND = 10**9
START = 1_795_354_328 * SECOND
_FOLDERS = itertools.count()
CONDITIONS = [
    Condition("a", 1, "Q1-01", "Feeder open", "", on_delay_s=2.0, off_delay_s=3.0),
    Condition("b", 3, "Q1-02", "No answer", "its values are bad"),
    Condition("c", 2, "grid", "Close to its limit", "", on_delay_s=5.0),
]


def shown(views: tuple[AlarmView, ...]) -> list[tuple[int, str, str, int]]:
    return [(view.id, view.text, view.state, view.since_ns) for view in views]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 4), st.sets(st.sampled_from("abc")), st.integers(0, 4)), min_size=3, max_size=25)
)
def test_the_alarms_of_every_moment_are_those_that_were_shown_then(tmp_path: Path, script: list) -> None:
    """Also when they are told from the journal alone: each alarm stands as its last line says."""
    folder = tmp_path / str(next(_FOLDERS))
    site = small_site()
    with store_in(folder) as store:
        store.register(site.points)
        writer = StoreWriter(store, every_s=0.01)
        writer.start()
        desk = AlarmDesk(site, LiveTable(site.points), store, writer)
        live, now = [], START
        for seconds, present, acknowledged in script:
            now += seconds * SECOND
            desk.step(now, {}, [condition for condition in CONDITIONS if condition.key in present])
            if acknowledged < len(desk.views):
                desk.acknowledge(desk.views[acknowledged].id, "Anna", now)
            live.append((now, shown(desk.views)))
        writer.stop()
        reader = ThenReader(site, store)
        for moment, expected in live:
            then = reader.at(moment + SECOND // 2)
            assert shown(then.alarms) == expected
            last = {
                event.data["alarm"]: event.data["state"] for event in reversed(store.events(0, moment + 1, ["alarm"]))
            }
            assert {number: state for number, state in last.items() if state != "normal"} == {
                number: state for number, _, state, _ in expected
            }


def test_every_value_of_a_played_span_is_the_one_that_was_live(tmp_path: Path) -> None:
    site = small_site()
    engine = ScriptedEngine(site, open_embedded(tmp_path / "store", writing=True))
    rng = np.random.default_rng(3)
    try:
        snapshots = []
        for _ in range(40):
            engine.now_ns += 2 * SECOND
            chosen = rng.choice(len(site.points), 30, replace=False)
            values = {
                site.points[row].id: Reason.TIMEOUT if rng.random() < 0.2 else float(rng.normal()) for row in chosen
            }
            engine.read(values)
            live = engine.live
            snapshots.append((engine.now_ns, live.time_ns.copy(), live.value.copy(), live.status.copy()))
        engine.historian.seal()
        reader = ThenReader(site, engine.historian)
        stands_ns = np.clip(allowed_silence_ns(site), 60 * SECOND, 3600 * SECOND)
        for now_ns, time_ns, value, status in snapshots:
            table = reader.at(now_ns).table
            fresh = (now_ns - time_ns <= stands_ns) & (time_ns > 0)  # what is older was stale by then
            np.testing.assert_array_equal(table.value[fresh], value[fresh])
            np.testing.assert_array_equal(table.status[fresh], status[fresh])
            assert not is_usable(table.status[~fresh]).any()
    finally:
        engine.close()


def test_a_running_engine_is_replayed_as_it_was_heard(tmp_path: Path) -> None:
    with virtual_meter() as virtual, store_in(tmp_path) as store:
        engine = engine_on(virtual, store)
        heard: list[tuple[int, np.ndarray, np.ndarray]] = []
        table = LiveTable(engine.site.points)

        def listen(news: EngineNews) -> None:
            if news.batch is not None and len(news.batch):
                table.apply(news.batch)
                heard.append((int(news.batch.time_ns.max()), table.value.copy(), table.status.copy()))

        engine.subscribe(listen)
        with running(engine):
            until = time.monotonic() + 60
            while len(heard) < 4 and time.monotonic() < until:
                time.sleep(0.05)
        assert len(heard) >= 4
        reader = ThenReader(engine.site, store)
        for now_ns, value, status in heard:
            then = reader.at(now_ns)
            np.testing.assert_array_equal(then.table.value, value)
            np.testing.assert_array_equal(then.table.status, status)
            assert then.health.running
            assert then.devices["meter"].state == "answering"


def schedule(name: str, start_ns: int) -> Schedule:
    start = dt.datetime.fromtimestamp(start_ns / 1e9, dt.UTC)
    asset = ScheduledAsset("G1", "Street", "lighting", "grid", (0.5, 0.6), (1.0, 1.2))
    return Schedule(name, name, start, (0.25, 0.25), (asset,), (5.0, 6.0), "Anna", start)


def test_the_plan_in_force_is_the_one_of_that_moment(tmp_path: Path) -> None:
    site = small_site()
    with store_in(tmp_path) as store:
        store.register(site.points)
        for second, plan in ((10, schedule("first", START)), (20, schedule("second", START)), (30, None)):
            store.put_state(PLAN_ROOM, IN_FORCE, plan.to_state() if plan else None, START + second * SECOND)
        late = schedule("late", START + 40 * SECOND)
        store.put_state(PLAN_ROOM, IN_FORCE, late.to_state(), START + 40 * SECOND)
        reader = ThenReader(site, store)

        def name(second: float) -> str | None:
            news = reader.at(START + round(second * SECOND)).plan
            return news.in_force.name if news.in_force else None

        assert [name(second) for second in (5, 10, 19.9, 20, 30, 41)] == [
            None,
            "first",
            "first",
            "second",
            None,
            "late",
        ]
        assert reader.at(START + 15 * SECOND).plan.in_force is reader.at(START + 16 * SECOND).plan.in_force
        assert name(40 + 1801) is None  # it has come to its end


def test_a_time_before_everything_says_that_nothing_is_known(tmp_path: Path) -> None:
    site = small_site()
    with store_in(tmp_path) as store:
        store.register(site.points)
        then: Then = ThenReader(site, store).at(START)
        assert not then.alarms_known
        assert not then.health.running
        assert {reason_of(int(status)) for status in then.table.status} == {Reason.NOT_READ_YET}


@pytest.mark.parametrize("quantity", ["power_kw"])
def test_a_past_that_is_played_has_its_alarms_and_leaves_none_open(quantity: str) -> None:
    site = unserved()
    clerk = PastClerk(site)
    row = next(row for row, point in enumerate(site.points) if point.quantity == quantity)
    limit = max(node.limit_kw for node in site.nodes)
    lines, states = [], []
    for step, value in enumerate([0.1, limit * 2, limit * 2, limit * 2, 0.1, 0.1, 0.1]):
        time_ns = np.array([START + step * 300 * SECOND], np.int64)
        batch = ScanBatch(0, np.array([row], np.int32), time_ns, np.array([value]), np.array([1280], np.uint16))
        told = clerk.step(batch)
        lines += told.lines
        states += [told.alarms] if told.alarms else []
    assert [line[4]["state"] for line in lines] == ["new", "normal"]
    assert all(line[4]["past"] for line in lines)
    assert states[-1]["alarms"] == clerk.end().alarms["alarms"] == []
