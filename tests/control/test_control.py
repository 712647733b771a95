"""Commands through rules, device and ledger; and what becomes of them when whoever is in charge is gone."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from energy_console.control import control as control_module
from energy_console.historian.errors import StoreError
from hardware.commands import Result
from hardware.points import Reason, ScanBatch, status_of
from tests.control.quay import LEVEL, LIMIT, SETPOINT, Quay, asked, desk, quay
from tests.hardware.test_commands import Registers, float_words


def kinds(record):
    return [step.kind for step in record.steps]


def run(tmp_path, store, conversation, script=None):
    async def main():
        async with desk(quay(tmp_path / "site"), store, script or Quay()) as made:
            await conversation(made)

    asyncio.run(main())


def test_a_command_is_kept_with_who_why_what_and_how_it_went(tmp_path, store):
    async def conversation(desk):
        outcome = await desk.control.command(asked(LEVEL, 0.5, plan="7"))
        assert outcome.ok
        await desk.ledger.sure()
        (record,) = desk.records()
        command = record.command
        assert (command.who, command.why, command.plan, command.value) == ("Ada", "a test", "7", 0.5)
        assert kinds(record) == ["checked", "sending", "written", "read back", "held"]
        assert record.is_open

    run(tmp_path, store, conversation)
    (record,) = store.ledger(0, 2**62)
    assert kinds(record)[-1] == "released"
    assert record.steps[-1].text.startswith("The engine stops.")
    assert not record.is_open


@pytest.mark.parametrize(
    ("point", "value", "says"),
    [
        ("CP1/phases", 3.0, "(rule phases): the cable has one"),
        ("H1/mode", 1.0, "no rule allows it; a row of writes.csv can"),
        (SETPOINT, 30.0, "may be set to 15 to 25 only (rule heat), not to 30"),
        ("E1/ship_breaker", 1.0, "Ship breaker of E1 is only read; nothing can be written to it."),
        ("X/y", 1.0, "The site has no point X/y"),
        (SETPOINT, float("nan"), "give a number"),
    ],
)
def test_what_the_site_does_not_allow_is_refused_and_kept(tmp_path, store, point, value, says):
    served = Quay()

    async def conversation(desk):
        outcome = await desk.control.command(asked(point, value))
        assert outcome.result is Result.REFUSED
        assert says in outcome.text
        await desk.ledger.sure()
        (record,) = desk.records()
        assert kinds(record) == ["refused"]
        assert all(not unit.writes for unit in served.units.values())

    run(tmp_path, store, conversation, served)


def test_a_condition_at_another_device_has_to_be_known_and_to_hold(tmp_path, store):
    served = Quay()

    async def conversation(desk):
        row = desk.live.index["E1/communication_fault"]
        await desk.until(lambda: desk.live.status[row] == 0)
        served.units[3].words[2] = 1
        await desk.until(lambda: desk.live.value[row] == 1.0)
        outcome = await desk.control.command(asked(SETPOINT, 20.0))
        assert "E1/communication_fault is yes, and has to be no (rule heat)" in outcome.text
        served.units[3].words[2] = 0
        await desk.until(lambda: desk.live.value[row] == 0.0)
        assert (await desk.control.command(asked(SETPOINT, 20.0))).ok
        desk.scanner.set_out_of_service("E1", True)
        await desk.until(lambda: desk.live.status[row] != 0)
        outcome = await desk.control.command(asked(SETPOINT, 21.0))
        assert "is not known for sure (out of service)" in outcome.text

    run(tmp_path, store, conversation, served)


def test_an_uncertain_value_holds_no_condition(tmp_path, store):
    async def conversation(desk):
        row = desk.live.index["E1/communication_fault"]
        doubtful = np.array([status_of(Reason.NOT_PLAUSIBLE)], np.uint16)
        batch = ScanBatch(1, np.array([row], np.int32), np.array([1], np.int64), np.array([0.0]), doubtful)
        desk.scanner.set_out_of_service("E1", True)
        await desk.until(lambda: desk.live.status[row] == status_of(Reason.OUT_OF_SERVICE))
        desk.live.apply(batch)
        assert "not plausible" in (await desk.control.command(asked(SETPOINT, 20.0))).text

    run(tmp_path, store, conversation)


def test_a_plan_that_asks_a_silent_device_again_and_again_is_kept_once(tmp_path, store):
    class Mute(Quay):
        def __call__(self, request):
            return [] if request.unit == 2 else super().__call__(request)

    async def conversation(desk):
        await desk.until(lambda: desk.scanner.lost_because("CP1"))
        for _ in range(3):
            outcome = await desk.control.command(asked(LIMIT, 16.0, plan="7"))
            assert not outcome.ok
        assert "is not written while no answer" in outcome.text
        assert not (await desk.control.command(asked(LIMIT, 16.0))).ok, "a person is answered each time"
        await desk.ledger.sure()
        assert len(desk.records(LIMIT)) == 2

    run(tmp_path, store, conversation, Mute())


def test_without_a_store_nothing_is_held_for_long_and_nothing_new_is_sent(tmp_path, store, monkeypatch):
    monkeypatch.setattr(control_module, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(control_module, "STORE_GONE_S", 0.2)
    served = Quay()

    async def conversation(desk):
        assert (await desk.control.command(asked(LEVEL, 0.5, plan="7"))).ok
        desk.trouble = "No room left."
        await desk.until(lambda: not desk.control.holds())
        await desk.until(lambda: desk.dropped)
        assert desk.dropped == [LEVEL]
        assert served.units[1].words[21] == 0
        await desk.ledger.sure()
        assert "No room left." in desk.records(LEVEL)[0].steps[-1].text

    run(tmp_path, store, conversation, served)


def test_a_plan_that_asks_while_the_store_is_gone_fills_no_memory(tmp_path, store, monkeypatch):
    served = Quay()
    append = store.append_ledger

    def refuse(commands, steps):
        raise StoreError("The disk is gone.")

    async def conversation(desk):
        monkeypatch.setattr(store, "append_ledger", refuse)
        assert "The disk is gone." in (await desk.control.command(asked(LEVEL, 0.5, plan="7"))).text
        waiting = len(desk.ledger._steps)
        for _ in range(20):
            assert "The disk is gone." in (await desk.control.command(asked(LEVEL, 0.5, plan="7"))).text
        assert len(desk.ledger._steps) == waiting
        assert served.units[1].writes == []
        monkeypatch.setattr(store, "append_ledger", append)
        assert await desk.ledger.sure() == ""
        assert (await desk.control.command(asked(LEVEL, 0.5, plan="7"))).ok

    run(tmp_path, store, conversation, served)


def test_a_plan_that_nobody_follows_any_more_loses_what_it_holds_and_a_person_does_not(tmp_path, store, monkeypatch):
    monkeypatch.setattr(control_module, "LOOK_EVERY_S", 0.05)

    async def conversation(desk):
        assert (await desk.control.command(asked(LEVEL, 0.5, plan="7"))).ok
        assert (await desk.control.command(asked(LIMIT, 16.0))).ok
        desk.plan_age_s = 1000.0
        await desk.until(lambda: desk.dropped)
        assert [hold.point for hold in desk.control.holds()] == [LIMIT]

    run(tmp_path, store, conversation)


def test_a_command_under_way_comes_to_its_end_when_its_asker_is_gone(tmp_path, store):
    async def conversation(desk):
        asking = asyncio.create_task(desk.control.command(asked(LEVEL, 0.5)))
        await asyncio.sleep(0)
        asking.cancel()
        await desk.until(desk.control.holds)

    run(tmp_path, store, conversation)


def test_after_the_end_nothing_is_taken_any_more(tmp_path, store):
    served = Quay()

    async def conversation(desk):
        await desk.control.end("The engine stops.")
        outcome = await desk.control.command(asked(LEVEL, 0.5))
        assert (outcome.result, outcome.text) == (Result.REFUSED, "The engine stops.")
        assert served.units[1].writes == []

    run(tmp_path, store, conversation, served)


def test_what_was_held_by_an_engine_that_died_is_looked_at_and_not_written(tmp_path, store, monkeypatch):
    """The first engine dies in the middle of holding: its ledger says `held`, and nobody closes it."""
    monkeypatch.setattr(control_module, "LOOK_EVERY_S", 0.05)
    served = Quay()

    async def dies(desk):
        assert (await desk.control.command(asked(LEVEL, 0.5))).ok
        assert (await desk.control.command(asked(LIMIT, 16.0))).ok
        await desk.ledger.sure()
        desk.ledger.add = lambda step: None  # what comes after the death is kept nowhere

    run(tmp_path, store, dies, served)
    assert len(store.open_ledger()) == 2
    for unit in served.units.values():
        unit.writes.clear()
    served.units[1].words[20] = 0  # it has fallen back
    served.units[2].words.update(zip((1210, 1211), float_words(16.0), strict=True))

    async def comes_back(desk):
        await desk.until(lambda: not desk.store.open_ledger())
        assert all(not unit.writes for unit in served.units.values())
        last = {record.command.point: record.steps[-1] for record in desk.records()}
        assert (last[LEVEL].kind, last[LEVEL].value) == ("fell back", 0.0)
        assert (last[LIMIT].kind, last[LIMIT].value) == ("left", 16.0)

    run(tmp_path, store, comes_back, served)


def test_a_silent_device_is_settled_when_it_answers_again(tmp_path, store, monkeypatch):
    monkeypatch.setattr(control_module, "LOOK_EVERY_S", 0.05)

    class Gone(Registers):
        mute = False

        def __call__(self, request):
            return [] if self.mute else super().__call__(request)

    served = Quay()
    served.units[4] = gone = Gone()

    async def dies(desk):
        await desk.until(lambda: desk.live.status[desk.live.index["E1/communication_fault"]] == 0)
        desk.ledger.begin(SETPOINT, 20.0, "Ada", "cut off").note(
            control_module.Step(control_module.StepKind.SENDING, "20 degC is being written.")
        )
        await desk.ledger.sure()

    run(tmp_path, store, dies, served)
    gone.mute = True

    async def comes_back(desk):
        await desk.until(lambda: desk.scanner.lost_because("H1"))
        assert len(desk.store.open_ledger()) == 1
        gone.words.update(zip((21215, 21216), float_words(20.0), strict=True))
        gone.mute = False
        await desk.until(lambda: not desk.store.open_ledger())
        step = desk.records(SETPOINT)[0].steps[-1]
        assert (step.kind, step.value) == ("read back", 20.0)
        assert gone.writes == []

    run(tmp_path, store, comes_back, served)
