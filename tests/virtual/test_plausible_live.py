"""Faults of values and counters that a virtual device plays, and what the scanner makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.points import GOOD_STATUS, Implausible, Reason, ScanBatch, detail_of, reason_of
from hardware.profiles import points_of, profile
from hardware.scanner import Scanner
from tests.virtual.sites import spec
from tests.virtual.wire import Served, serving

TYPE, RATED_KW = "eastron_sdm630", 100.0
Told = Callable[[str], list[tuple[float, int]]]


def scanned(story: Callable[[Served, Told], Awaitable[None]]) -> None:
    """Scans a virtual meter of a known rating while `story` goes on; it is given what each quantity has told so far."""

    async def scenario() -> None:
        batches: list[ScanBatch] = []
        own = [replace(point, rated_kw=RATED_KW) for point in points_of(profile(TYPE), "D")]
        row = {point.quantity: number for number, point in enumerate(own)}

        def told(quantity: str) -> list[tuple[float, int]]:
            rows = [zip(b.index.tolist(), b.value.tolist(), b.status.tolist(), strict=True) for b in batches]
            return [(value, status) for batch in rows for at, value, status in batch if at == row[quantity]]

        async with serving(spec({"D": TYPE})) as served:
            link = LinkSpec("L", f"tcp://127.0.0.1:{served.ports['link']}", timeout_s=5.0)
            field = FieldSpec((link,), (DeviceSpec("D", "L", 1, TYPE, 0.05),))
            scanner = Scanner(field, batches.append, points=own, tick_s=0.02)
            running = asyncio.create_task(scanner.run())
            try:
                async with asyncio.timeout(60):
                    await story(served, told)
            finally:
                scanner.stop()
                await running

    asyncio.run(scenario())


async def readings(told: Told, quantity: str, more: int) -> list[tuple[float, int]]:
    """The next so many."""
    before = len(told(quantity))
    while len(told(quantity)) < before + more:
        await asyncio.sleep(0.02)
    return told(quantity)[before:]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("reset:D:energy_import_kwh", Implausible.COUNTER_FELL),
        ("swap:D", Implausible.COUNTER_FELL),
        ("force:D:energy_import_kwh:9000000", Implausible.COUNTED_TOO_FAST),
    ],
)
def test_a_counter_that_leaps_is_flagged_once_kept_and_then_believed(fault: str, why: Implausible) -> None:
    async def story(served: Served, told: Told) -> None:
        before = await readings(told, "energy_import_kwh", 3)
        assert {status for _, status in before} == {GOOD_STATUS}
        assert (await served.tell(fault)).startswith("ok")
        while told("energy_import_kwh")[-1][0] == before[-1][0]:
            await asyncio.sleep(0.02)
        await readings(told, "energy_import_kwh", 3)
        after = [pair for pair in told("energy_import_kwh") if pair[0] != before[-1][0]]
        flagged = [(value, status) for value, status in after if status != GOOD_STATUS]
        assert [(reason_of(status), detail_of(status)) for _, status in flagged] == [(Reason.NOT_PLAUSIBLE, why)]
        assert flagged[0][0] == pytest.approx(after[-1][0], abs=1.0)  # kept as it was read
        assert after[-1][1] == GOOD_STATUS

    scanned(story)


def test_power_beyond_the_rating_is_flagged_while_it_lasts() -> None:
    async def story(served: Served, told: Told) -> None:
        await readings(told, "power_kw", 2)
        assert (await served.tell("force:D:power_kw:400")).startswith("ok")
        while told("power_kw")[-1][0] != 400.0:
            await asyncio.sleep(0.02)
        for value, status in await readings(told, "power_kw", 3):
            beyond = (Reason.NOT_PLAUSIBLE, Implausible.BEYOND_RATING)
            assert (value, reason_of(status), detail_of(status)) == (400.0, *beyond)
        assert (await served.tell("heal all")).startswith("ok")
        while told("power_kw")[-1][0] == 400.0:
            await asyncio.sleep(0.02)
        assert told("power_kw")[-1][1] == GOOD_STATUS

    scanned(story)


def test_a_frequency_that_leaps_is_flagged_once_and_switching_off_is_no_leap() -> None:
    async def story(served: Served, told: Told) -> None:
        await readings(told, "frequency_hz", 2)
        for forced, flags in (("58", [Implausible.STEP]), ("0", [])):
            before = len(told("frequency_hz"))
            assert (await served.tell(f"force:D:frequency_hz:{forced}")).startswith("ok")
            while told("frequency_hz")[-1][0] != float(forced):
                await asyncio.sleep(0.02)
            await readings(told, "frequency_hz", 2)
            statuses = [status for _, status in told("frequency_hz")[before:]]
            assert [detail_of(status) for status in statuses if reason_of(status) is Reason.NOT_PLAUSIBLE] == flags

    scanned(story)
