"""Two engines serve one site from one server, a desk follows both; one is killed and its area taken over."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Iterator

import pytest

from energy_console.engine.attached import AttachedEngine
from energy_console.planning.schedule import Schedule
from hardware.points import Reason, is_usable, reason_of
from hardware.virtual.control import tell
from tests.control_room.conftest import Room
from tests.engine.ears import Answer, Ears

QUAY, TOWN, BOTH = "quay-socket/limit_a", "town-socket/limit_a", "site/charging_kw"
ALWAYS = (-(2**62), 2**62)
LONG_S = 90.0


@pytest.fixture(scope="module")
def desk(room: Room) -> Iterator[tuple[AttachedEngine, Ears]]:
    first = room.serve("quayside", "machine-q")
    room.serve("town", "machine-t")
    until = time.monotonic() + LONG_S
    while "point" not in _tables(room):
        assert time.monotonic() < until, room.said("machine-q")
        assert first.poll() is None, room.said("machine-q")
        time.sleep(0.1)
    with room.desk() as there:
        yield there


def _tables(room: Room) -> set[str]:
    import psycopg

    with psycopg.connect(room.url) as connection:
        rows = connection.execute(
            "select table_name from information_schema.tables where table_schema = %s", (room.site.id,)
        ).fetchall()
    return {row[0] for row in rows}


def test_a_desk_sees_both_areas_live_and_what_is_worked_out_of_both(
    desk: tuple[AttachedEngine, Ears], room: Room
) -> None:
    engine, ears = desk
    ears.wait_for(lambda: ears.health and ears.health.answering == 3, LONG_S, lambda: room.said("machine-t"))
    for point in ("meter/power_kw", "town-socket/power_kw", BOTH):
        ears.wait_for(lambda point=point: not math.isnan(engine.live.reading(point).value), LONG_S)
    before = engine.live.reading(BOTH).time_ns
    ears.wait_for(lambda: engine.live.reading(BOTH).time_ns > before, LONG_S)
    ears.wait_for(lambda: not [a for a in ears.alarms if "away" in a.text], LONG_S)


def test_a_command_is_carried_out_once_by_the_engine_of_its_area(desk: tuple[AttachedEngine, Ears], room: Room) -> None:
    engine, _ = desk
    for point, value in ((QUAY, 9.0), (TOWN, 8.0)):
        answer = Answer()
        engine.write(point, value, "Ada", answer)
        result = answer.within(LONG_S)
        assert result.ok, result.text
    found = engine.historian.ledger(*ALWAYS)
    assert sorted((record.command.point, record.command.value) for record in found) == [(QUAY, 9.0), (TOWN, 8.0)]
    assert len({record.command.id for record in found}) == 2
    with room.desk() as (other, ears):
        ears.wait_for(lambda: other.live.reading(TOWN).value == 8.0, LONG_S)


def test_of_two_desks_that_acknowledge_one_alarm_one_does(desk: tuple[AttachedEngine, Ears], room: Room) -> None:
    engine, ears = desk
    tell(room.virtual.ready["control"], "silent:meter")
    try:
        (alarm,) = ears.wait_for(lambda: [a for a in ears.alarms if a.source == "meter"], LONG_S)
        order = {"do": "acknowledge", "alarm": alarm.id, "area": "quayside"}
        with room.desk() as (other, _):
            answers = Answer(), Answer()
            engine._order(order | {"who": "Ada"}, answers[0])
            other._order(order | {"who": "Bo"}, answers[1])
            results = [answer.within(LONG_S) for answer in answers]
        assert sorted(result.ok for result in results) == [False, True]
        winner = "Ada" if results[0].ok else "Bo"
        assert [result.text for result in results if not result.ok] == [
            f"{winner} has acknowledged that alarm already."
        ]
        ears.wait_for(lambda: [a.state for a in ears.alarms if a.id == alarm.id] == ["acknowledged"], LONG_S)
        lines = engine.historian.events(0, time.time_ns() + 10**9, ["alarm"])
        assert [line.data["who"] for line in lines if "acknowledged by" in line.text] == [winner]
    finally:
        tell(room.virtual.ready["control"], "heal meter")
    ears.wait_for(lambda: not ears.alarms, LONG_S)


def test_of_two_desks_that_approve_different_plans_one_does(desk: tuple[AttachedEngine, Ears], room: Room) -> None:
    engine, ears = desk
    now = dt.datetime.now(dt.UTC)
    plans = {who: Schedule(who, f"of {who}", now, (1.0,), (), (0.0,), who, now) for who in ("Ada", "Bo")}
    with room.desk() as (other, seen):
        answers = {who: Answer() for who in plans}
        for who, one in (("Ada", engine), ("Bo", other)):
            order = {"do": "put in force", "schedule": plans[who].to_state(), "who": who, "instead_of": ""}
            one._order(order, answers[who])
        results = {who: answer.within(LONG_S) for who, answer in answers.items()}
        (winner,) = [who for who, result in results.items() if "is in force" in result.text]
        (refused,) = [result.text for who, result in results.items() if who != winner]
        assert refused.startswith(f"Plan of {winner} was approved by {winner} meanwhile")
        for desks_ears in (ears, seen):
            desks_ears.wait_for(
                lambda e=desks_ears: e.plan and e.plan.in_force and e.plan.in_force.id == winner, LONG_S
            )
        taken_out = Answer()
        other.revert_plan("Bo", taken_out)
        assert taken_out.within(LONG_S).ok
        ears.wait_for(lambda: ears.plan.in_force is None, LONG_S)


def test_an_area_whose_engine_was_killed_is_stale_and_told_and_takes_no_command(
    desk: tuple[AttachedEngine, Ears], room: Room
) -> None:
    engine, ears = desk
    room.kill("machine-t")
    (alarm,) = ears.wait_for(
        lambda: [a for a in ears.alarms if a.text == "Engine of area town is away" and a.id > 0], LONG_S
    )
    assert alarm.source == "town"
    assert reason_of(engine.live.reading("town-socket/power_kw").status) is Reason.STALE
    assert ears.health.running
    assert ears.not_answering().keys() == {"town-socket"}
    before = engine.live.reading("meter/power_kw").time_ns
    ears.wait_for(lambda: engine.live.reading("meter/power_kw").time_ns > before, LONG_S)
    sum_row = room.site.row(BOTH)
    ears.wait_for(lambda: reason_of(int(engine.live.status[sum_row])) is Reason.ESTIMATED, LONG_S)
    answer = Answer()
    engine.write(TOWN, 7.0, "Ada", answer)
    refused = answer.within(5.0)
    assert not refused.ok
    assert "The engine of area town is away" in refused.text
    engine.acknowledge(alarm.id, "Ada")
    ears.wait_for(lambda: [a.state for a in ears.alarms if a.id == alarm.id] == ["acknowledged"], LONG_S)


def test_another_engine_takes_the_area_over(desk: tuple[AttachedEngine, Ears], room: Room) -> None:
    engine, ears = desk
    room.stop("machine-q")
    room.serve("quayside,town", "machine-q")
    ears.wait_for(lambda: not ears.not_answering(), LONG_S, lambda: room.said("machine-q"))
    ears.wait_for(lambda: not [a for a in ears.alarms if "is away" in a.text], LONG_S)
    ears.wait_for(lambda: is_usable(engine.live.status)[room.site.row(BOTH)], LONG_S)
    answer = Answer()
    engine.write(TOWN, 6.0, "Ada", answer)
    assert answer.within(LONG_S).ok
    taken = [record for record in engine.historian.ledger(*ALWAYS) if record.command.point == TOWN]
    assert [record.command.value for record in taken] == [6.0, 8.0]
    late = room.serve("town", "machine-t")
    assert late.wait(60) == 1
    assert "is served by process" in room.said("machine-t")
