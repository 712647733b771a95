"""Everything that a profile says can be written, written to a virtual device of the type over a real connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from hardware.commands import Commander, Result, StepKind, is_same
from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.profiles import Profile, ProfilePoint, profile, profile_names
from hardware.scanner import Scanner
from hardware.virtual.world import World
from tests.hardware.test_guarded_writes import Ledger
from tests.virtual.sites import spec, value, write
from tests.virtual.wire import serving


def writable(name: str) -> list[ProfilePoint]:
    return [point for point in profile(name).points if point.writable]


# charging points have sockets, sessions and a test of their own
TYPES = [name for name in profile_names() if profile(name).kind != "charger" and writable(name)]


@contextlib.asynccontextmanager
async def commanding(name: str, profiles: Callable[[str], Profile] = profile) -> AsyncIterator[tuple[Commander, World]]:
    """A commander on one virtual device `D` of a type."""
    async with serving(spec({"D": name})) as served:
        link = LinkSpec("link", f"tcp://127.0.0.1:{served.ports['link']}", 2.0)
        scanner = Scanner(
            FieldSpec((link,), (DeviceSpec("D", "link", 1, name, 5.0),)), lambda batch: None, profiles=profiles
        )
        running = asyncio.create_task(scanner.run())
        commander = Commander(scanner)
        try:
            yield commander, served.site.world
        finally:
            await commander.close()
            scanner.stop()
            await running


def some_value(point: ProfilePoint) -> float:
    """One that may be written, and is not likely to be there already."""
    if point.states:
        return float(point.states[-1][0])
    low = 0.0 if point.low is None else point.low
    high = 100.0 if point.high is None else point.high
    middle = low + 0.37 * (high - low)
    return float(round(middle)) if low <= round(middle) <= high and high - low > 4.0 else low + 0.5 * (high - low)


@pytest.mark.parametrize("name", TYPES)
def test_what_the_ledger_says_last_is_what_the_device_holds(name: str) -> None:
    async def main() -> None:
        async with commanding(name) as (commander, world):
            points = writable(name)
            for point in points[:2] + points[2:][-1:]:
                ledger, wanted = Ledger(), some_value(point)
                outcome = await commander.write(f"D/{point.quantity}", wanted, ledger)
                holds = value(world, f"D/{point.quantity}")
                if outcome.result is Result.REFUSED:
                    assert point.needs, outcome.text
                    assert StepKind.SENDING not in ledger.kinds
                elif outcome.ok:
                    assert is_same(point, wanted, holds), outcome.text
                else:  # it says no to this value, and still holds what it held
                    assert outcome.result is Result.NOT_TAKEN, outcome.text
                    assert StepKind.DENIED in ledger.kinds
                    assert is_same(point, holds, ledger.last.value)
                await commander.release(f"D/{point.quantity}")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "point", "keys"),
    [
        ("samson_trovis_557x", "comfort_setpoint_c", ["Key 1732"]),
        ("danfoss_ecl", "outside_command_c", ["Key 1", "Key 2"]),
    ],
)
def test_a_device_that_wants_a_key_gets_it_before_the_value(name: str, point: str, keys: list[str]) -> None:
    async def main() -> None:
        async with commanding(name) as (commander, world):
            ledger = Ledger()
            assert (await commander.write(f"D/{point}", 18.0, ledger)).ok
            written = [step for step in ledger.steps if step.kind is StepKind.KEY_WRITTEN]
            assert [step.text.split(" was")[0] for step in written] == keys
            assert ledger.kinds.index(StepKind.KEY_WRITTEN) < ledger.kinds.index(StepKind.WRITTEN)
            assert value(world, f"D/{point}") == 18.0

    asyncio.run(main())


def test_without_its_key_the_device_takes_nothing_and_that_is_said() -> None:
    bare = replace(profile("samson_trovis_557x"), write=replace(profile("samson_trovis_557x").write, keys=()))

    async def main() -> None:
        async with commanding("samson_trovis_557x", lambda name: bare) as (commander, world):
            before = value(world, "D/comfort_setpoint_c")
            outcome = await commander.write("D/comfort_setpoint_c", before + 1.0)
            assert outcome.result is Result.NOT_TAKEN
            assert outcome.read_back == value(world, "D/comfort_setpoint_c") == before

    asyncio.run(main())


def test_a_cabinet_that_starts_anew_while_held_is_found_and_set_again() -> None:
    base = profile("lighting_cabinet")
    quick = replace(base, watchdogs=tuple(replace(dog, every_s=0.2) for dog in base.watchdogs))

    async def main() -> None:
        async with commanding("lighting_cabinet", lambda name: quick) as (commander, world):
            ledger = Ledger()
            assert (await commander.write("D/level_command", 0.5, ledger)).ok
            write(world, "D/level_command", 0.0)
            write(world, "D/level_command_valid_s", 0.0)
            for bank in world.banks:
                bank.stale = True
            async with asyncio.timeout(20):
                while StepKind.FED_AGAIN not in ledger.kinds:
                    await asyncio.sleep(0.02)
            assert value(world, "D/level_command") == pytest.approx(0.5)
            assert value(world, "D/level_command_valid_s") > 800.0
            await commander.release("D/level_command", "The test is over.")
            assert value(world, "D/level_command_valid_s") == 0.0

    asyncio.run(main())
