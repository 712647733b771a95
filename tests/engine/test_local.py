"""The engine of this process when things go wrong around it: it says so and reads on, and it always ends."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from energy_console.engine.local import LocalEngine, first_cause
from energy_console.engine.orders import GIVEN_AT
from energy_console.historian.errors import StoreUnwritable
from hardware.points import Reason, reason_of
from tests.engine.ears import Answer, Ears
from tests.engine.one_meter import POWER, engine_on, running, store_in, unserved, virtual_meter


def test_a_virtual_site_that_is_killed_turns_its_values_bad_and_the_engine_says_what_to_do(tmp_path, caplog) -> None:
    with virtual_meter() as virtual, store_in(tmp_path) as store:
        engine = engine_on(virtual, store)
        with running(engine) as ears:
            ears.wait_for(lambda: not math.isnan(engine.live.reading(POWER).value), 20.0)
            os.kill(virtual._process.pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
            lost = (Reason.REFUSED, Reason.DROPPED)
            ears.wait_for(lambda: {reason_of(s) for s in engine.live.status} <= set(lost), 30.0)
            ears.wait_for(
                lambda: {"Main meter: the connection is refused"} <= set(ears.texts()), 30.0, ears.not_answering
            )
            ears.wait_for(lambda: any("virtual devices have ended" in text for text in ears.texts()), 30.0)
            assert np.isnan(engine.live.value).all()
            before = ears.batches
            ears.wait_for(lambda: ears.batches > before + 1, 30.0)
            assert ears.health.running
        assert engine.error is None
        assert engine.stats["stored"] == engine.stats["readings"]
    assert not [record for record in caplog.records if record.exc_info]


def test_a_clock_set_back_by_an_hour_stops_nothing_and_loses_nothing(tmp_path, monkeypatch) -> None:
    with virtual_meter() as virtual, store_in(tmp_path) as store:
        engine = engine_on(virtual, store)
        with running(engine) as ears:
            ears.wait_for(lambda: not math.isnan(engine.live.reading(POWER).value), 20.0)
            clock_ns, clock_s, hour_s = time.time_ns, time.time, 3600
            monkeypatch.setattr(time, "time_ns", lambda: clock_ns() - hour_s * 10**9)
            monkeypatch.setattr(time, "time", lambda: clock_s() - hour_s)
            set_back = clock_ns()
            ears.wait_for(lambda: engine.live.reading(POWER).time_ns < set_back - hour_s * 10**9 + 60 * 10**9, 30.0)
            before = engine.stats["readings"]
            ears.wait_for(lambda: engine.stats["readings"] > before + 30, 30.0)
            assert ears.health.running
            assert ears.health.good_points == ears.health.points
            assert not ears.alarms
        monkeypatch.undo()
        assert engine.error is None
        assert engine.stats["lost"] == 0
        assert engine.stats["stored"] == engine.stats["readings"]
        kept = store.read(POWER, 0, set_back + 3600 * 10**9)
        stored = (len(store.read(point.id, 0, set_back + 3600 * 10**9).time_ns) for point in engine.site.points)
        assert sum(stored) == engine.stats["readings"]
        assert (kept.time_ns < set_back - 1800 * 10**9).any()
        assert (kept.time_ns > set_back - 60 * 10**9).any()


def test_a_listener_that_fails_is_told_once_and_stops_nobody_else(tmp_path, caplog) -> None:
    with store_in(tmp_path) as store:
        engine = LocalEngine(unserved(), store)
        engine.subscribe(lambda news: 1 / 0)
        with running(engine) as ears:
            ears.wait_for(lambda: ears.batches >= 2, 30.0)
        assert engine.error is None
    assert len([record for record in caplog.records if "was not taken" in record.getMessage()]) == 1


def test_a_store_that_refuses_orders_leaves_the_field_read(tmp_path, monkeypatch) -> None:
    with store_in(tmp_path) as store:
        asked = []

        def refuse(owner: str) -> list:
            asked.append(owner)
            raise StoreUnwritable(tmp_path, "read-only")

        monkeypatch.setattr(store, "claim_commands", refuse)
        engine = LocalEngine(unserved(), store)
        with running(engine) as ears:
            ears.wait_for(lambda: len(asked) >= 2 and ears.batches >= 2, 30.0)
        assert engine.error is None


def test_an_order_that_lay_while_no_engine_ran_or_makes_no_sense_is_answered_and_not_carried_out(tmp_path) -> None:
    now = time.time_ns()
    orders = [
        {"do": "write", "point": POWER, "value": 1.0, "who": "x", GIVEN_AT: now - 3600 * 10**9},
        {"do": "dance", "who": "x", GIVEN_AT: now},
        {"do": "put in force", "schedule": {"format": 1}, "who": "x", GIVEN_AT: now},
        {"do": "write", "point": "nothing/at_all", "value": 1.0, "who": "x", GIVEN_AT: now},
    ]
    with store_in(tmp_path) as store:
        numbers = [store.request_command(order) for order in orders]
        engine = LocalEngine(unserved(), store)
        with running(engine) as ears:
            ears.wait_for(lambda: all(store.command_result(number) for number in numbers), 30.0)
        told = [store.command_result(number) for number in numbers]
        assert [answer["ok"] for answer in told] == [False] * 4
        words = (
            "was not carried out: give it again",
            "does not know that order",
            "could not be carried out",
            "no point",
        )
        for answer, word in zip(told, words, strict=True):
            assert word in answer["text"]
        assert engine.error is None


def test_a_plan_that_cannot_be_made_is_a_sentence_and_can_be_asked_for_again(tmp_path, monkeypatch) -> None:
    def fault(*_) -> None:
        raise ZeroDivisionError("of a forecast")

    monkeypatch.setattr("energy_console.engine.planner.propose", fault)
    with store_in(tmp_path) as store:
        engine = LocalEngine(unserved(), store)
        with running(engine):
            for _ in range(2):
                made = Answer()
                engine.make_plan(made)
                news = made.within(30.0)
                assert (news.solving, news.sentence) == (False, "No plan could be made: of a forecast")
        assert engine.error is None


def test_an_engine_that_has_ended_answers_in_the_words_of_the_question(tmp_path) -> None:
    with store_in(tmp_path) as store:
        engine = LocalEngine(unserved(), store)
        with running(engine):
            pass
        answers = [Answer() for _ in range(4)]
        engine.write(POWER, 1.0, "x", answers[0])
        engine.probe("meter", answers[1])
        engine.make_plan(answers[2])
        engine.revert_plan("x", answers[3])
        said = "The engine has stopped: start the console again."
        write, probe, plan, revert = (answer.within(1.0) for answer in answers)
        assert (write.text, probe.fault, plan.sentence, revert.text) == (said, said, said, said)


def test_a_probe_of_a_device_that_does_not_answer_says_why(tmp_path) -> None:
    with store_in(tmp_path) as store:
        engine = LocalEngine(unserved(), store)
        with running(engine):
            silent, unknown = Answer(), Answer()
            engine.probe("meter", silent)
            engine.probe("metre", unknown)
            assert silent.within(30.0).fault
            assert unknown.within(30.0).fault == "the site has no device metre"


def test_a_field_that_cannot_be_prepared_ends_the_engine_with_its_own_sentence(tmp_path) -> None:
    def fail() -> None:
        raise RuntimeError("the gateway is on fire")

    with store_in(tmp_path) as store:
        engine = LocalEngine(unserved(), store, prepare=fail)
        with running(engine) as ears:
            ears.wait_for(lambda: ears.health and not ears.health.running, 30.0)
            answer = Answer()
            engine.write(POWER, 1.0, "x", answer)
            assert "has stopped" in answer.within(30.0).text
        assert str(engine.error) == "the gateway is on fire"


def test_an_engine_is_stopped_while_its_field_is_still_being_prepared(tmp_path) -> None:
    held = threading.Event()
    with store_in(tmp_path) as store:
        engine = LocalEngine(unserved(), store, prepare=lambda: held.wait(60) and None)
        ears = Ears(engine)
        engine.start()
        began = time.monotonic()
        engine.stop()
        assert time.monotonic() - began < 30
        held.set()
        assert engine.error is None
        assert not ears.health.running


def test_the_first_cause_is_taken_out_of_its_groups() -> None:
    cause = ValueError("this")
    assert first_cause(ExceptionGroup("a", [ExceptionGroup("b", [cause]), KeyError()])) is cause
    assert first_cause(cause) is cause


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_not_written(tmp_path: Path, value: float) -> None:
    with store_in(tmp_path) as store:
        engine = LocalEngine(unserved(), store)
        with running(engine):
            answer = Answer()
            engine.write(POWER, value, "x", answer)
            assert "give a number" in answer.within(30.0).text
