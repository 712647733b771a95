"""Faults of what a device shows, given through the control port and seen by the client that reads the field."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator

import pytest

from hardware.modbus import Decoder, DeviceLine, parse_link
from hardware.modbus.connection import Connection
from hardware.points import Reason, detail_of, reason_of
from hardware.profiles import NoValue, profile
from tests.virtual.sites import pass_time, spec, value
from tests.virtual.wire import Served, serving

GOOD = (Reason.GOOD, 0)


class Reader:
    """The client that reads the field, on one device of a served site."""

    def __init__(self, served: Served, connection: Connection, name: str) -> None:
        self.served = served
        self.names = [point.quantity for point in profile(name).points]
        self.line = DeviceLine(connection, Decoder(profile(name)), 1)

    async def all(self) -> dict[str, tuple[float, Reason, int]]:
        """Value, reason and its detail by quantity."""
        readout = await self.line.read_all()
        rows = zip(self.names, readout.value.tolist(), readout.status.tolist(), strict=True)
        return {name: (number, reason_of(status), detail_of(status)) for name, number, status in rows}

    async def value(self, quantity: str) -> float:
        return (await self.all())[quantity][0]

    async def give(self, fault: str) -> None:
        told = await self.served.tell(fault)
        assert told.startswith("ok"), told

    def later(self, seconds: float) -> None:
        pass_time(self.served.site.world, seconds, min(seconds, 60.0))


@contextlib.asynccontextmanager
async def reading(name: str, timeout_s: float = 2.0) -> AsyncIterator[Reader]:
    async with serving(spec({"D": name})) as served:
        connection = Connection(parse_link(f"tcp://127.0.0.1:{served.ports['link']}"), timeout_s)
        try:
            yield Reader(served, connection, name)
        finally:
            connection.close()


def test_every_way_of_having_no_value_that_the_type_knows_can_be_asked_for() -> None:
    async def scenario() -> None:
        async with reading("kamstrup_multical") as reader:
            for face in ("sensor_short", "sensor_open"):
                await reader.give(f"sensor:D:supply_c:{face}")
                number, reason, detail = (await reader.all())["supply_c"]
                assert math.isnan(number)
                assert (reason, detail) == (Reason.NO_VALUE, NoValue[face.upper()])
                await reader.served.tell("heal all")
            told = await reader.served.tell("sensor:D:supply_c:overflow")
            assert told == "error D cannot say 'overflow' at supply_c; it can say sensor_open, sensor_short."
        async with reading("carlo_gavazzi_em24") as reader:
            await reader.give("sensor:D:power_kw:overflow")
            shown = await reader.all()
            assert shown["power_kw"][1:] == (Reason.NO_VALUE, NoValue.OVERFLOW)
            assert shown["voltage_l1_v"][1:] == GOOD
        async with reading("eastron_sdm630") as reader:
            await reader.give("sensor:D:power_kw")
            assert (await reader.all())["power_kw"][1] is Reason.NO_VALUE  # not-a-number

    asyncio.run(scenario())


def test_a_stuck_value_stays_while_its_neighbours_move() -> None:
    async def scenario() -> None:
        async with reading("carlo_gavazzi_em24") as reader:
            before = await reader.all()
            await reader.give("stuck:D:energy_import_kwh")
            reader.later(7200)
            after = await reader.all()
            assert after["energy_import_kwh"] == before["energy_import_kwh"]
            assert after["power_kw"][0] != before["power_kw"][0]
            await reader.give("stuck:D")
            frozen = await reader.all()
            reader.later(600)
            assert await reader.all() == frozen
            await reader.served.tell("heal all")
            assert await reader.value("energy_import_kwh") > before["energy_import_kwh"][0]

    asyncio.run(scenario())


def test_a_drifting_value_shows_more_and_more() -> None:
    async def scenario() -> None:
        async with reading("eastron_sdm630") as reader:
            await reader.give("drift:D:frequency_hz:-360000")  # its whole value in a second
            seen = [await reader.value("frequency_hz")]
            until = time.monotonic() + 60
            while seen[-1] > 45:
                assert time.monotonic() < until
                await asyncio.sleep(0.1)
                reader.later(1)
                seen.append(await reader.value("frequency_hz"))
            assert seen == sorted(seen, reverse=True)

    asyncio.run(scenario())


def test_a_value_out_of_its_range_is_kept_and_marked() -> None:
    async def scenario() -> None:
        async with reading("eastron_sdm630") as reader:
            await reader.give("force:D:frequency_hz:400")
            assert (await reader.all())["frequency_hz"] == (400.0, Reason.OUT_OF_RANGE, 0)

    asyncio.run(scenario())


def test_counters_begin_anew_stand_elsewhere_or_run_over() -> None:
    async def scenario() -> None:
        async with reading("carlo_gavazzi_em24") as reader:
            stood = await reader.value("energy_import_kwh")
            assert stood > 1000
            await reader.give("reset:D:energy_import_kwh")
            assert await reader.value("energy_import_kwh") == pytest.approx(0, abs=0.2)
            reader.later(7200)
            counted = await reader.value("energy_import_kwh")
            assert counted > 0.5
            await reader.served.tell("heal all")
            assert await reader.value("energy_import_kwh") == pytest.approx(stood + counted, abs=0.3)
            await reader.give("swap:D")
            assert await reader.value("energy_import_kwh") == pytest.approx(11, abs=0.3)
            await reader.served.tell("heal all")
            await reader.give("rollover:D:energy_import_kwh")
            assert await reader.value("energy_import_kwh") > 1e7
            reader.later(7200)
            assert await reader.value("energy_import_kwh") < 1000
            assert (await reader.served.tell("reset:D:power_kw")).startswith("error D has no counter power_kw")

    asyncio.run(scenario())


def test_a_firmware_update_moves_the_registers_or_turns_their_words_round() -> None:
    async def scenario() -> None:
        async with reading("carlo_gavazzi_em24") as reader:
            right = await reader.all()
            await reader.give("wordswap:D")
            turned = await reader.all()
            assert abs(turned["voltage_l1_v"][0]) > 1e5
            assert turned["frequency_hz"][0] == pytest.approx(50, abs=0.2)  # one word has no order
            await reader.served.tell("heal all")
            await reader.give("shift:D")
            moved = await reader.all()
            assert moved["frequency_hz"][0] != pytest.approx(50, abs=1)
            assert moved["voltage_l2_v"][0] != pytest.approx(right["voltage_l2_v"][0], rel=0.2)
            await reader.served.tell("heal all")
            assert (await reader.all())["voltage_l2_v"][0] == pytest.approx(right["voltage_l2_v"][0], rel=0.1)

    asyncio.run(scenario())


def test_a_moved_map_takes_writes_for_the_register_below() -> None:
    async def scenario() -> None:
        async with serving(spec({"D": "lighting_cabinet"})) as served, served.client() as client:
            assert (await served.tell("shift:D")).startswith("ok")
            assert not (await client.write_register(21, 300, device_id=1)).isError()
            assert value(served.site.world, "D/level_command") == 0.3

    asyncio.run(scenario())


def test_a_device_that_restarts_is_away_and_has_forgotten_what_it_was_told() -> None:
    async def scenario() -> None:
        async with reading("phoenix_charx_sec3xxx", timeout_s=0.3) as reader:
            world = reader.served.site.world
            async with reader.served.client() as client:
                assert not (await client.write_register(1301, 7, device_id=1)).isError()
            assert await reader.value("limit_a") == 7
            await reader.give("restart:D:1.5")
            assert {reason for _, reason, _ in (await reader.all()).values()} == {Reason.TIMEOUT}
            until = time.monotonic() + 60
            while (await reader.all())["limit_a"][1] is Reason.TIMEOUT:
                assert time.monotonic() < until
                await asyncio.sleep(0.1)
            assert value(world, "D/limit_a") == pytest.approx(16, abs=0.5)
            assert await reader.value("limit_a") == 16

    asyncio.run(scenario())


def test_a_busy_device_answers_every_other_request_and_a_slow_one_in_pieces() -> None:
    async def scenario() -> None:
        async with reading("lighting_cabinet", timeout_s=5.0) as reader:
            await reader.give("busy:D")
            seen = [(await reader.all())["level"][1:] for _ in range(4)]
            assert set(seen) == {GOOD, (Reason.EXCEPTION, 6)}
            await reader.served.tell("heal all")
            await reader.give("slow:D:0.4")
            began = time.monotonic()
            assert (await reader.all())["level"][1:] == GOOD
            assert time.monotonic() - began >= 0.4

    asyncio.run(scenario())


def test_faults_that_a_device_cannot_have_are_told_with_what_it_can() -> None:
    async def scenario() -> None:
        async with serving(spec({"C": "lighting_cabinet"})) as served:
            for text, says in (
                ("stuck:C:levle", "C has no levle (did you mean 'level'?)"),
                ("force:C:level", "needs the form force:DEVICE:QUANTITY:VALUE"),
                ("force:C:level:much", "'much' is not a number that force takes"),
                ("reset:C:level", "C has no counter level"),
                ("shift:C:1", "needs the form shift:DEVICE"),
                ("restart:C:-1", "'-1' is not a number that restart takes"),
            ):
                assert says in await served.tell(text), text

    asyncio.run(scenario())
