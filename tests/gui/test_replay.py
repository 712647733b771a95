"""Replay as a person drives it: by mouse and by keys, over a store in which something has happened."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from energy_console.engine.alarm_desk import KEY, ROOM
from energy_console.gui.desk import Desk
from energy_console.gui.frame.main_window import MainWindow
from energy_console.gui.replay import SPEEDS
from tests.gui.scripted_engine import ScriptedEngine
from tests.gui.test_window import press

SECOND = 10**9
POINT = "Q1-01/power_kw"
STEPS = 12
EVERY_S = 10


def alarm(number: int, since_ns: int) -> dict:
    condition = {"key": "k", "priority": 2, "source": "Q1-02", "text": "Point Q1-02: no answer", "detail": ""}
    return {
        "format": 1,
        "next_id": number + 1,
        "alarms": [{"id": number, "condition": condition, "state": "new", "since_ns": since_ns, "acknowledged_by": ""}],
    }


@pytest.fixture
def past(engine: ScriptedEngine) -> dict[int, np.ndarray]:
    """What was live at each second of two minutes; an alarm comes at 40 s and is over at 80 s."""
    start, known = engine.now_ns, {}
    for step in range(STEPS):
        engine.now_ns = start + (step + 1) * EVERY_S * SECOND
        engine.read({POINT: 100.0 + step, "Q1-02/power_kw": 50.0 - step})
        known[engine.now_ns] = engine.live.value.copy()
    raised = {"alarm": 7, "state": "new", "priority": 2}
    store = engine.historian
    store.write_event(start + 40 * SECOND, "alarm", "Q1-02", "P2 Point Q1-02: no answer: raised", raised)
    store.put_state(ROOM, KEY, alarm(7, start + 40 * SECOND), start + 40 * SECOND)
    store.write_event(
        start + 80 * SECOND, "alarm", "Q1-02", "P2 Point Q1-02: no answer: over", raised | {"state": "normal"}
    )
    store.put_state(ROOM, KEY, {"format": 1, "next_id": 8, "alarms": []}, start + 80 * SECOND)
    store.write_event(start + 100 * SECOND, "note", "Q1-01", "Crane started", {"who": "Anna"})
    return known


def moment(time_ns: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(time_ns / 1e9, dt.UTC)


def go(desk: Desk, qtbot, time_ns: int) -> None:
    desk.replay.seek(moment(time_ns))
    qtbot.waitUntil(lambda: desk.time.moment == moment(time_ns), timeout=20_000)


def test_every_moment_played_shows_the_values_that_were_live_then(window: MainWindow, desk, past, qtbot):
    first = min(past)
    seen: dict[int, float] = {}

    def keep() -> None:
        if desk.past.then is not None:
            assert desk.past.then.moment == desk.time.moment
            seen[desk.past.then.moment_ns] = desk.table.reading(POINT).value

    go(desk, qtbot, first)
    desk.time.changed.connect(keep)
    desk.replay.set_speed(30)
    press(qtbot, window, "Ctrl+R")
    assert desk.replay.playing
    assert window.replay_bar.tag.words.startswith("REPLAY")
    qtbot.waitUntil(lambda: desk.time.now() >= moment(max(past)), timeout=60_000)
    press(qtbot, window, "Ctrl+R")
    assert not desk.replay.playing
    assert window.replay_bar.tag.words.startswith("PAST")
    row = desk.live.index[POINT]
    assert len(seen) >= 4
    for time_ns, value in seen.items():
        before = max(kept for kept in past if kept <= time_ns)
        assert value == past[before][row]


def test_alarms_stand_as_they_stood_and_those_of_now_stay_in_the_strip(window, desk, engine, past, qtbot):
    start = min(past) - EVERY_S * SECOND
    window.open_page("alarms")
    page = window.stack.pages["alarms"]
    go(desk, qtbot, start + 30 * SECOND)
    assert desk.alarms == ()
    go(desk, qtbot, start + 45 * SECOND)
    assert [alarm.text for alarm in desk.alarms] == ["Point Q1-02: no answer"]
    qtbot.waitUntil(lambda: page.alarms.selected_id() == "7", timeout=10_000)
    assert not page.ack_button.isEnabled()
    assert window.strip.now.isVisible()
    now = engine.raise_alarm(1, "Q1-05", "Feeder open")
    assert window.strip.alarm.id == now
    assert [alarm.id for alarm in desk.alarms] == [7]
    press(qtbot, window, "F8")
    assert engine.acknowledged == [(now, "M. Brandt")]
    go(desk, qtbot, start + 85 * SECOND)
    assert desk.alarms == ()
    press(qtbot, window, "Ctrl+L")
    assert [alarm.id for alarm in desk.alarms] == [now]
    assert not window.strip.now.isVisible()
    assert not window.replay_bar.isVisible()


def test_keys_go_from_entry_to_entry_and_from_alarm_to_alarm(window, desk, past, qtbot):
    start = min(past) - EVERY_S * SECOND
    go(desk, qtbot, start)

    def at(second: float) -> None:
        wanted = moment(start + round(second * SECOND)) + dt.timedelta(microseconds=1)
        qtbot.waitUntil(lambda: desk.time.moment == wanted, timeout=20_000)

    press(qtbot, window, "Alt+Shift+Down")
    at(40)
    press(qtbot, window, "Alt+Shift+Right")
    at(80)
    press(qtbot, window, "Alt+Shift+Right")
    at(100)
    press(qtbot, window, "Alt+Shift+Left")
    at(100)  # the entry that is shown stands a microsecond before
    press(qtbot, window, "Alt+Shift+Up")
    at(40)


def test_nothing_is_commanded_while_the_past_is_shown(window, desk, engine, past, qtbot):
    go(desk, qtbot, min(past))
    answers = []
    desk.engine.write(POINT, 5.0, "M. Brandt", answers.append)
    desk.engine.approve_plan("p", "M. Brandt", answers.append)
    desk.engine.revert_plan("M. Brandt", answers.append)
    desk.engine.set_out_of_service("Q1-01", True, "M. Brandt", answers.append)
    desk.engine.make_plan(answers.append)
    desk.engine.probe("Q1-01", answers.append)
    assert (engine.writes, engine.approved, engine.reverted) == ([], [], [])
    assert not any(answer.ok for answer in answers[:4])
    assert "go live" in answers[0].text
    assert "go live" in answers[4].sentence
    assert "go live" in answers[5].fault
    desk.replay.go_live()
    desk.engine.write(POINT, 5.0, "M. Brandt", answers.append)
    assert answers[-1].ok


def test_a_span_is_played_to_its_end_and_again_from_its_beginning(window, desk, past, qtbot):
    start, end = moment(min(past)), moment(min(past) + 60 * SECOND)
    desk.replay.set_speed(60)
    press(qtbot, window, "Ctrl+Shift+R")
    popup = window.replay_bar.popup
    assert popup.isVisible()
    popup.hide()
    desk.replay.set_span(start, end)
    desk.replay.play()
    qtbot.waitUntil(lambda: not desk.replay.playing, timeout=60_000)
    assert desk.time.moment == end
    assert window.replay_bar.span() == (start, end)
    desk.replay.play()
    qtbot.waitUntil(lambda: desk.time.moment == start, timeout=20_000)
    desk.replay.pause()


def test_the_track_is_clicked_dragged_and_walked_by_keys(window, desk, past, qtbot):
    start, end = moment(min(past)), moment(max(past))
    go(desk, qtbot, min(past))
    desk.replay.set_span(start, end)
    track = window.replay_bar.track
    qtbot.waitUntil(lambda: len(track.entries) == 3, timeout=20_000)
    assert "no answer" in track.words_at(track.x_of(moment(min(past) + 30 * SECOND)))
    place = QPoint(round(track.x_of(start + (end - start) / 2)), 12)
    wanted = track.moment_at(place.x())
    qtbot.mouseClick(track, Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: desk.time.moment == wanted, timeout=20_000)
    qtbot.keyClick(track, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: desk.time.moment == start, timeout=20_000)
    qtbot.keyClick(track, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: desk.time.moment == start + dt.timedelta(minutes=1), timeout=20_000)


def test_the_speed_goes_up_and_down_the_scale_by_keys(window, desk, qtbot):
    press(qtbot, window, "Alt+Up")
    assert desk.replay.speed == SPEEDS[SPEEDS.index(60) + 1]
    for _ in SPEEDS:
        press(qtbot, window, "Alt+Down")
    assert desk.replay.speed == SPEEDS[0]
    for _ in range(2 * len(SPEEDS)):
        press(qtbot, window, "Alt+Up")
    assert desk.replay.speed == SPEEDS[-1]


def test_a_replay_that_reaches_the_present_goes_live(window, desk, qtbot):
    desk.replay.set_speed(3600)
    desk.replay.seek(dt.datetime.now(dt.UTC) - dt.timedelta(minutes=100))
    qtbot.waitUntil(lambda: not desk.time.live, timeout=20_000)
    desk.replay.play()
    qtbot.waitUntil(lambda: desk.time.live, timeout=60_000)
    assert not desk.replay.playing
    assert "live" in window.status.said.whole()


def test_a_jump_where_nothing_was_is_told(window, desk, qtbot, past):
    go(desk, qtbot, min(past) - 100 * SECOND)
    press(qtbot, window, "Alt+Shift+Up")
    qtbot.waitUntil(lambda: "no earlier alarm" in window.status.said.whole(), timeout=20_000)


def test_the_mark_of_the_past_is_on_every_page_and_in_its_own_window(window, desk, past, qtbot):
    window.open_page("devices")
    page = window.stack.pages["devices"]
    assert not page._mark.isVisible()
    go(desk, qtbot, min(past))
    assert page._mark.isVisible()
    assert page._mark.geometry() == page.rect()
    own = window.stack.tear_off("devices")
    assert own.replay_bar.isVisible()
    assert own.replay_bar.tag.words == window.replay_bar.tag.words
    own.close()
    desk.replay.go_live()
    assert not page._mark.isVisible()
