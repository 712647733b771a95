"""The ledger on its way into the store: what is said to be sure is there, in order, whatever the disk does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from energy_console.control import ledger as ledger_module
from energy_console.control.ledger import Ledger
from energy_console.historian.embedded import EmbeddedHistorian
from energy_console.historian.errors import StoreFull
from hardware.commands import Step, StepKind
from tests.control.quay import ALWAYS


async def with_ledger(store, conversation):
    ledger = Ledger(store)
    running = asyncio.create_task(ledger.run())
    try:
        return await conversation(ledger)
    finally:
        ledger.end()
        await running


def test_what_is_sure_is_in_the_store_before_the_answer(store: EmbeddedHistorian) -> None:
    async def conversation(ledger):
        entry = ledger.begin("C1/limit_a", 16.0, "Ada", "a test")
        entry.note(Step(StepKind.SENDING, "16 A is being written."))
        assert await entry.sure() == ""
        (record,) = store.ledger(*ALWAYS)
        assert (record.command.device, record.command.who, record.command.value) == ("C1", "Ada", 16.0)
        assert [step.kind for step in record.steps] == ["sending"]

    asyncio.run(with_ledger(store, conversation))


def test_what_is_added_last_is_kept_when_it_ends(store: EmbeddedHistorian) -> None:
    async def conversation(ledger):
        for number in range(50):
            ledger.begin("C1/limit_a", number, "Ada", "").note(Step(StepKind.REFUSED, "No.", closes=True))

    asyncio.run(with_ledger(store, conversation))
    assert len(store.ledger(*ALWAYS)) == 50
    assert store.open_ledger() == []


def test_numbers_go_on_where_an_earlier_run_left_off(store: EmbeddedHistorian) -> None:
    async def conversation(ledger):
        return ledger.begin("C1/limit_a", 1.0, "Ada", "").number

    assert [asyncio.run(with_ledger(store, conversation)) for _ in range(3)] == [1, 2, 3]
    assert [record.command.id for record in Ledger(store).cut_off] == [1, 2, 3]


def test_a_store_that_refuses_is_told_at_once_and_gets_everything_in_order_later(
    store: EmbeddedHistorian, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "RETRY_S", 0.05)
    append, full = store.append_ledger, True

    def refuse(commands, steps):
        if full:
            raise StoreFull(Path("store"))
        append(commands, steps)

    monkeypatch.setattr(store, "append_ledger", refuse)

    async def conversation(ledger):
        nonlocal full
        entry = ledger.begin("C1/limit_a", 16.0, "Ada", "")
        entry.note(Step(StepKind.SENDING, "first"))
        assert "No room left" in await entry.sure()
        assert "No room left" in ledger.trouble
        entry.note(Step(StepKind.REFUSED, "second", closes=True))
        full = False
        assert await entry.sure() == ""
        assert ledger.trouble == ""

    asyncio.run(with_ledger(store, conversation))
    (record,) = store.ledger(*ALWAYS)
    assert [step.text for step in record.steps] == ["first", "second"]


def test_a_store_that_does_not_answer_is_not_waited_for_for_ever(
    store: EmbeddedHistorian, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "SURE_WITHIN_S", 0.05)

    async def nobody_writes() -> str:
        return await Ledger(store).begin("C1/limit_a", 16.0, "Ada", "").sure()

    assert "could not be kept within 0.05 s" in asyncio.run(nobody_writes())
