"""Orders of other consoles: each is carried out once, by one engine, and a slow one holds up nobody."""

from __future__ import annotations

import asyncio
import time

import pytest

from energy_console.engine import orders as orders_module
from energy_console.engine.link import CommandResult
from energy_console.engine.orders import CLAIMED_AS, GIVEN_AT, Orders
from energy_console.engine.store_writer import StoreWriter
from tests.engine.one_meter import store_in


@pytest.fixture
def store(tmp_path):
    with store_in(tmp_path) as opened:
        yield opened


def given(store, number):
    return store.request_command({"do": "write", "number": number, GIVEN_AT: time.time_ns()})


async def until(true):
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.02)


def carrying_out(store, carry_out, conversation):
    writer = StoreWriter(store, every_s=0.05)
    writer.start()

    async def main():
        running = asyncio.create_task(Orders(store, writer, carry_out).run())
        try:
            await conversation()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    try:
        asyncio.run(main())
    finally:
        writer.stop()


def test_a_slow_order_does_not_hold_up_the_next(store, monkeypatch):
    monkeypatch.setattr(orders_module, "LOOK_EVERY_S", 0.02)
    slow, quick = given(store, 1), given(store, 2)
    gate = asyncio.Event()

    async def carry_out(order):
        if order["number"] == 1:
            await gate.wait()
        return CommandResult(True, f"order {order['number']}")

    async def conversation():
        await until(lambda: store.command_result(quick))
        assert store.command_result(slow) is None
        gate.set()
        await until(lambda: store.command_result(slow))

    carrying_out(store, carry_out, conversation)


def test_two_that_look_at_once_never_carry_out_one_order_twice(store, monkeypatch):
    monkeypatch.setattr(orders_module, "LOOK_EVERY_S", 0.005)
    done = []

    async def carry_out(order):
        done.append(order["number"])
        return CommandResult(True, "done")

    async def conversation():
        writer = StoreWriter(store, every_s=0.05)
        writer.start()
        second = asyncio.create_task(Orders(store, writer, carry_out).run())
        numbers = [await asyncio.to_thread(given, store, number) for number in range(40)]
        await until(lambda: all(store.command_result(number) for number in numbers))
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        await asyncio.to_thread(writer.stop)
        assert sorted(done) == list(range(40))

    carrying_out(store, carry_out, conversation)


def test_what_an_engine_took_and_did_not_finish_is_answered_and_not_carried_out(store, monkeypatch):
    monkeypatch.setattr(orders_module, "LOOK_EVERY_S", 0.02)
    left = given(store, 1)
    assert store.claim_commands(CLAIMED_AS)

    async def carry_out(order):
        raise AssertionError("it was carried out a second time")

    async def conversation():
        await until(lambda: store.command_result(left))
        assert "the ledger tells what became of it" in store.command_result(left)["text"]

    carrying_out(store, carry_out, conversation)
