"""When a page asks the store again, live and while the moment of the past moves on."""

from __future__ import annotations

import datetime as dt

from energy_console.gui.asking import Asking

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def asked_of(asking: Asking, answers: list, subject: str = "a", value: object = None) -> None:
    asking.ask(subject, lambda store: value or subject, answers.append, lambda: None)


def test_one_question_is_under_way_and_live_it_is_asked_again_when_it_is_old(desk, qtbot):
    asking, answers = Asking(desk, every_s=1000.0), []
    asked_of(asking, answers)
    assert not asking.due("a")
    assert not asking.holds
    qtbot.waitUntil(lambda: answers == ["a"], timeout=20_000)
    assert asking.holds
    assert not asking.due("a")
    asking.every_s = 0.0
    assert asking.due("a")
    assert asking.due("b")


def test_an_answer_of_another_subject_is_dropped(desk, qtbot):
    asking, answers = Asking(desk, every_s=1000.0), []
    asked_of(asking, answers, "a")
    asked_of(asking, answers, "b")
    qtbot.waitUntil(lambda: bool(answers), timeout=20_000)
    qtbot.wait(50)
    assert answers == ["b"]


def test_nothing_of_the_present_stays_in_the_past_and_the_other_way(desk, qtbot):
    asking, answers = Asking(desk, 1000.0, moved_s=60.0), []
    asked_of(asking, answers)
    qtbot.waitUntil(lambda: asking.holds, timeout=20_000)
    desk.time.pick(NOON)
    assert not asking.holds
    asked_of(asking, answers)
    qtbot.waitUntil(lambda: asking.holds, timeout=20_000)
    desk.time.pick(None)
    assert not asking.holds


def test_the_past_is_asked_again_when_the_moment_has_moved_on_far_enough_or_back(desk, qtbot):
    asking, answers = Asking(desk, 0.0, moved_s=60.0), []
    desk.time.pick(NOON)
    asked_of(asking, answers)
    qtbot.waitUntil(lambda: asking.holds, timeout=20_000)
    desk.time.pick(NOON + dt.timedelta(seconds=30))
    assert not asking.due("a")
    assert asking.holds
    desk.time.pick(NOON + dt.timedelta(seconds=61))
    qtbot.waitUntil(lambda: asking.due("a"), timeout=20_000)
    desk.time.pick(NOON - dt.timedelta(seconds=1))
    assert asking.due("a")
    desk.time.pick(NOON - dt.timedelta(hours=5))
    assert not asking.holds


def test_a_store_that_fails_is_told_and_nothing_is_taken(desk, qtbot):
    asking, answers, said = Asking(desk, 1000.0), [], []
    desk.said.connect(said.append)

    def fails(_store: object) -> None:
        raise OSError("the disk is gone")

    asking.ask("a", fails, answers.append, lambda: None)
    qtbot.waitUntil(lambda: said == ["the disk is gone"], timeout=20_000)
    assert answers == []
