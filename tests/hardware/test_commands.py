"""Commands: guarded before they are sent, looked at afterwards, fed while held, let go to the device's own fallback."""

from __future__ import annotations

import asyncio
import math
import struct
from dataclasses import replace

import pytest

from hardware.commands import Commander, told, why_not
from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.profiles import points_of, profile
from hardware.profiles.model import KeyWrite, WriteRules
from hardware.scanner import Scanner
from tests.hardware.scripted import registers, serving, tcp


class Registers:
    """A device that keeps what is written into it, and lists the writes as (address, words)."""

    def __init__(self):
        self.words = {}
        self.writes = []
        self.needs_key = {}  # address -> (register, value) without which a write is refused
        self.deaf = set()  # addresses that take a write and do nothing
        self.silent_writes = 0  # writes that get no answer although they are taken

    def __call__(self, request):
        address = request.address
        if request.function in (3, 4):
            return [tcp(request, registers(request.function, self._read(address, request.count)))]
        if request.function == 6:
            words = [struct.unpack(">H", request.body[2:4])[0]]
        else:
            words = list(struct.unpack(f">{request.count}H", request.body[5:]))
        self.writes.append((address, tuple(words)))
        key = self.needs_key.get(address)
        if key and self.words.get(key[0]) != key[1]:
            return [tcp(request, bytes([request.function | 0x80, 3]))]
        if address not in self.deaf:
            self.words.update({address + offset: word for offset, word in enumerate(words)})
        if self.silent_writes:
            self.silent_writes -= 1
            return []
        return [tcp(request, bytes([request.function]) + request.body[:4])]

    def _read(self, address, count):
        return [self.words.get(address + offset, 0) for offset in range(count)]


def command(name, conversation, loaded=None, device=None):
    """Runs `conversation(commander, device, scanner)` with one device `D` of profile `name` behind a scanner."""
    device = device or Registers()

    async def main():
        async with serving(device) as server:
            links = (LinkSpec("L", f"tcp://127.0.0.1:{server.port}", 0.2),)
            spec = FieldSpec(links, (DeviceSpec("D", "L", 1, name, 0.5),))
            scanner = Scanner(spec, lambda batch: None, profiles=lambda known: loaded or profile(known))
            running = asyncio.create_task(scanner.run())
            commander = Commander(scanner)
            try:
                return await conversation(commander, device, scanner)
            finally:
                await commander.close()
                scanner.stop()
                await running

    return asyncio.run(main())


def float_words(value):
    return struct.unpack(">2H", struct.pack(">f", value))


def test_a_set_point_is_written_and_read_back():
    async def conversation(commander, device, scanner):
        result = await commander.write("D/comfort_setpoint_c", 21.5)
        assert result.ok
        assert result.read_back == 21.5
        assert result.text == "Comfort set-point of D is set to 21.5 degC, and reads back so."
        assert device.writes == [(21215, float_words(21.5))]

    command("danfoss_ecl", conversation)


@pytest.mark.parametrize(
    ("point", "value", "says"),
    [
        ("D/comfort_setpoint_c", 99.0, "above the most allowed"),
        ("D/comfort_setpoint_c", 1.0, "below the least allowed"),
        ("D/comfort_setpoint_c", math.nan, "needs a number"),
        ("D/mode", 2.5, "no state 2.5"),
        ("D/outside_c", 5.0, "only read"),
        ("D/nothing", 5.0, "There is no point D/nothing"),
    ],
)
def test_what_may_not_be_written_is_never_sent(point, value, says):
    async def conversation(commander, device, scanner):
        result = await commander.write(point, value)
        assert not result.ok
        assert says in result.text
        assert device.writes == []

    command("danfoss_ecl", conversation)


def test_keys_are_written_before_a_set_point_that_needs_them():
    device = Registers()
    device.needs_key[4399] = (4398, 2)

    async def conversation(commander, device, scanner):
        result = await commander.write("D/outside_command_c", -7.25)
        assert result.ok
        assert device.writes == [(4397, (1,)), (4398, (2,)), (4399, (0x10000 - 725,))]

    command("danfoss_ecl", conversation, device=device)


def test_a_device_that_does_not_take_the_value_is_told():
    device = Registers()
    device.deaf.add(21215)
    device.words.update(zip(range(21215, 21217), float_words(19.0), strict=True))

    async def conversation(commander, device, scanner):
        result = await commander.write("D/comfort_setpoint_c", 21.5)
        assert not result.ok
        assert result.read_back == 19.0
        assert "did not take 21.5 degC: the device shows 19 degC" in result.text

    command("danfoss_ecl", conversation, device=device)


def test_a_refused_write_is_told_with_the_devices_reason():
    loaded = replace(profile("danfoss_ecl"), write=WriteRules())
    device = Registers()
    device.needs_key[4399] = (4398, 2)

    async def conversation(commander, device, scanner):
        result = await commander.write("D/outside_command_c", 3.0)
        assert not result.ok
        assert "exception 3 (value not accepted)" in result.text

    command("danfoss_ecl", conversation, loaded=loaded, device=device)


def test_a_write_without_an_answer_is_looked_at_and_never_sent_again():
    device = Registers()
    device.silent_writes = 1

    async def conversation(commander, device, scanner):
        result = await commander.write("D/comfort_setpoint_c", 21.5)
        assert result.ok
        assert len(device.writes) == 1

    command("danfoss_ecl", conversation, device=device)


def test_writes_keep_the_least_time_between_them():
    loaded = replace(profile("danfoss_ecl"), write=WriteRules(every_min_s=0.4))

    async def conversation(commander, device, scanner):
        loop = asyncio.get_running_loop()
        began = loop.time()
        results = await asyncio.gather(*(commander.write("D/comfort_setpoint_c", value) for value in (20.0, 21.0)))
        assert all(result.ok for result in results)
        assert loop.time() - began >= 0.4

    command("danfoss_ecl", conversation, loaded=loaded)


def test_a_device_that_takes_single_registers_only_gets_them_one_by_one():
    base = profile("danfoss_ecl")
    keys = (("comfort_setpoint_c", (KeyWrite(144, 1732),)),)
    loaded = replace(base, write=WriteRules(single=True, keys=keys))

    async def conversation(commander, device, scanner):
        assert (await commander.write("D/comfort_setpoint_c", 21.5)).ok
        high, low = float_words(21.5)
        assert device.writes == [(144, (1732,)), (21215, (high,)), (21216, (low,))]

    command("danfoss_ecl", conversation, loaded=loaded)


async def until(true, within_s=20.0):
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.02)


def quick(name, **changes):
    """The profile with its watchdog's times made short."""
    loaded = profile(name)
    (watchdog,) = loaded.watchdogs
    return replace(loaded, watchdogs=(replace(watchdog, every_s=0.1, timeout_s=0.3, **changes),))


def test_a_charging_limit_is_fed_until_it_is_released():
    async def conversation(commander, device, scanner):
        assert (await commander.write("D/limit_a", 16.0)).ok
        assert [hold.point for hold in commander.holds()] == ["D/limit_a"]
        await until(lambda: len(device.writes) >= 4)
        assert set(device.writes) == {(1210, float_words(16.0))}
        result = await commander.release("D/limit_a")
        fed = len(device.writes)
        assert result.ok
        assert "safe current" in result.text
        await asyncio.sleep(0.3)
        assert len(device.writes) == fed
        assert commander.holds() == ()

    command("alfen_ng9", conversation, loaded=quick("alfen_ng9"))


def test_a_lighting_level_is_written_with_its_time_and_released_to_the_cabinets_own_clock():
    async def conversation(commander, device, scanner):
        assert (await commander.write("D/level_command", 0.5)).ok
        assert device.writes == [(20, (500,)), (21, (900,))]
        (result,) = await commander.release_all()
        assert result.ok
        assert "astronomical clock" in result.text
        assert device.writes[-1] == (21, (0,))

    command("lighting_cabinet", conversation)


def test_a_new_value_replaces_the_one_held():
    async def conversation(commander, device, scanner):
        await commander.write("D/limit_a", 16.0)
        await commander.write("D/limit_a", 8.0)
        await until(lambda: len(device.writes) >= 4)
        assert [(hold.value, hold.problem) for hold in commander.holds()] == [(8.0, "")]
        assert set(device.writes[2:]) == {(1210, float_words(8.0))}

    command("alfen_ng9", conversation, loaded=quick("alfen_ng9"))


def test_a_hold_says_when_its_device_cannot_be_fed_and_goes_on_when_it_can():
    async def conversation(commander, device, scanner):
        await commander.write("D/limit_a", 16.0)
        device.needs_key[1210] = (1, 1)
        await until(lambda: "is not fed: answered with exception 3" in commander.holds()[0].problem)
        device.needs_key.clear()
        await until(lambda: not commander.holds()[0].problem)

    command("alfen_ng9", conversation, loaded=quick("alfen_ng9"))


def test_a_lost_device_is_not_fed_at_its_neighbours_cost_and_is_fed_when_it_is_back():
    class Mute(Registers):
        mute = False

        def __call__(self, request):
            return [] if self.mute else super().__call__(request)

    async def conversation(commander, device, scanner):
        await commander.write("D/limit_a", 16.0)
        device.mute = True
        await until(lambda: "is not fed: no answer" in commander.holds()[0].problem and scanner.lost_because("D"))
        device.mute = False
        device.writes.clear()
        await until(lambda: not commander.holds()[0].problem)
        assert set(device.writes) == {(1210, float_words(16.0))}

    command("alfen_ng9", conversation, loaded=quick("alfen_ng9"), device=Mute())


def test_a_device_that_is_gone_is_told_after_one_write_and_one_look():
    class Gone(Registers):
        def __call__(self, request):
            return [] if request.unit == 1 and self.writes else super().__call__(request)

    device = Gone()
    device.silent_writes = 1

    async def conversation(commander, device, scanner):
        result = await commander.write("D/comfort_setpoint_c", 21.5)
        assert not result.ok
        assert "was written but cannot be read back: no answer" in result.text

    command("danfoss_ecl", conversation, device=device)


def test_a_device_out_of_service_is_not_written_to():
    async def conversation(commander, device, scanner):
        scanner.set_out_of_service("D", True)
        result = await commander.write("D/limit_a", 16.0)
        assert not result.ok
        assert "out of service" in result.text
        assert device.writes == []

    command("alfen_ng9", conversation)


def test_nothing_can_close_a_breaker():
    """Connection and load transfer are controlled on board only: a shore system may request, never switch."""
    station = profile("ops_80005_2")
    writable = {point.quantity for point in station.points if point.writable}
    assert writable == {"request_load_reduction_kw", "request_transfer_back"}
    breaker = next(point for point in points_of(station, "S") if point.quantity == "ship_breaker")
    assert "only read" in why_not(station, breaker, station.point("ship_breaker"), 1.0)


def test_a_value_is_told_as_a_person_reads_it():
    cabinet = {point.quantity: point for point in points_of(profile("lighting_cabinet"), "C")}
    assert told(cabinet["level_command"], 0.5) == "50 %"
    assert told(cabinet["mode"], 2.0) == "override command"
    assert told(cabinet["power_kw"], 1.25) == "1.25 kW"
