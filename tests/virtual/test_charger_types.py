"""Every charger type through the real scanner and commander: a limit is obeyed and read back, and what comes after
follows the profile: fallback when nobody feeds it, letting go when told.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from hardware.commands import Commander
from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.profiles import Profile, profile, profile_names
from hardware.scanner import Scanner
from hardware.virtual.device import VirtualDevice
from hardware.virtual.spec import Session, Socket, VirtualSpec
from hardware.virtual.world import World
from tests.virtual.sites import at, pass_time, spec, value
from tests.virtual.wire import Served, serving

START = "2026-01-14T18:30"
PHASES, VOLTAGE_V = 3, 230.0
CHARGERS = [name for name in profile_names() if profile(name).kind == "charger"]
WATCHED = [name for name in CHARGERS if profile(name).watchdogs]
BY_CURRENT = [
    name for name in CHARGERS if any(p.quantity == "limit_a" and p.never_between for p in profile(name).points)
]
HIGHEST_A = 22_000.0 / VOLTAGE_V / PHASES


def sessions(start_s: float, end_s: float) -> tuple[Session, ...]:
    return (Session("bus", "S", at("2026-01-14T18:00"), at("2026-01-15T06:00"), 200.0),)


def socket_of(name: str) -> VirtualSpec:
    return spec({"S": name}, sockets=(Socket("S", "bus", 22.0, PHASES),), sessions=sessions)


@dataclass
class Console:
    """A scanner and a commander on a served charger."""

    served: Served
    commander: Commander
    type: Profile

    @property
    def limit(self) -> str:
        return "limit_a" if any(point.quantity == "limit_a" for point in self.type.points) else "limit_kw"

    def amps(self, setpoint: float) -> float:
        return setpoint if self.limit == "limit_a" else setpoint * 1000.0 / VOLTAGE_V / PHASES

    def offered_a(self) -> float:
        return value(self.served.site.world, "S/limit_applied_a")

    def pass_time(self, seconds: float) -> None:
        """Time of the charger's own clock, in steps of a second."""
        for _ in range(round(seconds)):
            self.served.site.world.step(1.0, 1.0)


@contextlib.asynccontextmanager
async def console(name: str) -> AsyncIterator[Console]:
    async with serving(socket_of(name), START) as served:
        links = (LinkSpec("link", f"tcp://127.0.0.1:{served.ports['link']}", 1.0),)
        # Read now and then: what is looked at here is the writing.
        field = FieldSpec(links, (DeviceSpec("S", "link", 1, name, 60.0),))
        scanner = Scanner(field, lambda batch: None)
        running = asyncio.create_task(scanner.run())
        commander = Commander(scanner)
        try:
            yield Console(served, commander, profile(name))
        finally:
            await commander.close()
            scanner.stop()
            await running


def test_the_types_with_a_fallback_are_those_the_makers_describe() -> None:
    assert set(WATCHED) == {
        "abb_terra_ac", "alfen_ng9", "alpitronic_hypercharger_connector", "heidelberg_energy_control",
        "keba_kecontact_p40", "mennekes_amtron_compact", "webasto_next", "webasto_unite_vestel_evc04",
    }  # fmt: skip


@pytest.mark.parametrize("name", CHARGERS)
def test_a_limit_is_obeyed_and_read_back_and_what_drops_it_is_what_the_profile_says(name: str) -> None:
    async def scenario() -> None:
        async with console(name) as at_desk:
            played = at_desk.served.site.world
            at_desk.pass_time(2)
            result = await at_desk.commander.write(f"S/{at_desk.limit}", 9.0)
            assert result.ok, result.text
            assert result.read_back == pytest.approx(9.0, abs=0.06)
            at_desk.pass_time(2)
            wanted = min(at_desk.amps(9.0), HIGHEST_A)
            assert at_desk.offered_a() == pytest.approx(wanted, rel=0.01)
            assert value(played, "S/power_kw") == pytest.approx(wanted * PHASES * VOLTAGE_V / 1000.0, rel=0.05)
            await at_desk.commander.close()  # nobody feeds it any more
            _let_time_out(at_desk, wanted)

    asyncio.run(scenario())


def _let_time_out(at_desk: Console, wanted_a: float) -> None:
    dog = at_desk.type.watchdog(at_desk.limit)
    if dog is None:
        at_desk.pass_time(600)
        assert at_desk.offered_a() == pytest.approx(wanted_a, rel=0.01)
        assert at_desk.type.fallback(at_desk.limit)
        return
    at_desk.pass_time(dog.timeout_s / 2)
    assert at_desk.offered_a() == pytest.approx(wanted_a, rel=0.01)
    at_desk.pass_time(dog.timeout_s + 2)
    safe_a = value(at_desk.served.site.world, "S/safe_current_a")
    assert safe_a != pytest.approx(wanted_a, rel=0.1)
    assert at_desk.offered_a() == pytest.approx(safe_a, abs=0.01)


@pytest.mark.parametrize("name", WATCHED)
def test_feeding_holds_a_limit_far_beyond_its_time_and_release_lets_go(name: str) -> None:
    async def scenario() -> None:
        async with console(name) as at_desk:
            dog = at_desk.type.watchdog(at_desk.limit)
            assert dog is not None
            assert (await at_desk.commander.write(f"S/{at_desk.limit}", 9.0)).ok
            wanted = min(at_desk.amps(9.0), HIGHEST_A)
            feed = at_desk.type.point(dog.feed)
            fed = dog.feed_value if dog.feed != dog.command and dog.feed_value is not None else 9.0
            fleet = at_desk.served.site.world.chargers
            for _ in range(4):
                fleet.write(0, feed.quantity, fed)
                at_desk.pass_time(dog.timeout_s - 2)
                assert at_desk.offered_a() == pytest.approx(wanted, rel=0.01)
            released = await at_desk.commander.release(f"S/{at_desk.limit}")
            assert released.ok, released.text
            assert at_desk.commander.holds() == ()
            if dog.release_value is not None:
                at_desk.pass_time(1)
                assert at_desk.offered_a() == pytest.approx(dog.release_value, rel=0.01)
                return
            at_desk.pass_time(dog.timeout_s + 2)
            assert at_desk.offered_a() != pytest.approx(wanted, rel=0.01)

    asyncio.run(scenario())


@pytest.mark.parametrize("name", BY_CURRENT)
def test_a_current_at_which_no_vehicle_charges_is_refused_by_console_and_charger(name: str) -> None:
    async def scenario() -> None:
        async with console(name) as at_desk:
            result = await at_desk.commander.write("S/limit_a", 3.0)
            assert not result.ok
            assert "write 0 or at least 6" in result.text
            assert (await at_desk.commander.write("S/limit_a", 0.0)).ok
            at_desk.pass_time(2)
            assert value(at_desk.served.site.world, "S/power_kw") == 0

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("name", "feeds", "starves"),
    [
        ("mennekes_amtron_compact", ("heartbeat", 0x55AA), ("heartbeat", 0x55AB)),
        ("webasto_next", ("life", 1), ("life", 0)),
        ("webasto_unite_vestel_evc04", ("life", 1), ("life", 0)),
        ("keba_kecontact_p40", ("limit_a", 9), ("safe_current_a", 6)),
        ("alfen_ng9", ("limit_a", 9), ("phases", 3)),
    ],
)
def test_only_the_right_word_in_the_right_register_feeds(
    name: str, feeds: tuple[str, float], starves: tuple[str, float]
) -> None:
    played = World(socket_of(name), at(START))
    fleet, dog = played.chargers, profile(name).watchdogs[0]
    for (quantity, number), held in ((feeds, True), (starves, False)):
        fleet.write(0, "limit_a", 9)
        fleet.write(0, feeds[0], feeds[1])
        pass_time(played, dog.timeout_s - 1)
        fleet.write(0, quantity, number)
        pass_time(played, 3)
        assert (value(played, "S/limit_applied_a") == 9) is held, quantity


@pytest.mark.parametrize("name", ["heidelberg_energy_control", "abb_terra_ac"])
def test_any_request_feeds_a_charger_that_only_wants_to_be_talked_to(name: str) -> None:
    played = World(socket_of(name), at(START))
    device = VirtualDevice("S", played.banks[0])
    point = profile(name).point("power_kw")
    ask = bytes([point.table.read_function]) + point.address.to_bytes(2, "big") + point.words.to_bytes(2, "big")
    device.answer(ask)
    played.chargers.write(0, "limit_a", 9)
    for _ in range(4):
        pass_time(played, profile(name).watchdogs[0].timeout_s - 1)
        assert value(played, "S/limit_applied_a") == 9
        assert device.answer(ask)[0] == ask[0]
    pass_time(played, profile(name).watchdogs[0].timeout_s + 1)
    assert value(played, "S/limit_applied_a") == value(played, "S/safe_current_a")
    device.answer(ask)
    assert value(played, "S/limit_applied_a") != 9  # a set-point once dropped has to be written anew


def test_the_time_and_the_current_of_the_fallback_can_be_set_in_their_registers() -> None:
    played = World(socket_of("keba_kecontact_p40"), at(START))
    bank = played.banks[0]
    for address, word in ((5018, 100), (5016, 7000), (5004, 12_000)):
        bank.write(0, address, (word,))
    pass_time(played, 99)
    assert value(played, "S/limit_applied_a") == 12
    pass_time(played, 2)
    assert value(played, "S/limit_applied_a") == 7
    bank.write(0, 5018, (0,))  # switched off: what is written stays
    bank.write(0, 5004, (12_000,))
    pass_time(played, 5000, 10)
    assert value(played, "S/limit_applied_a") == 12


def test_where_a_set_point_is_read_elsewhere_stands_what_is_in_force() -> None:
    played = World(socket_of("keba_kecontact_p40"), at(START))
    pass_time(played, 2)
    assert value(played, "S/limit_a") == value(played, "S/safe_current_a") == value(played, "S/limit_applied_a")


def test_a_locked_charger_gives_nothing_until_it_is_released() -> None:
    played = World(socket_of("heidelberg_energy_control"), at(START))
    played.chargers.hear(0)
    pass_time(played, 2)
    assert value(played, "S/power_kw") > 0
    for lock, gives in ((0, False), (1, True)):
        played.chargers.write(0, "remote_lock", lock)
        pass_time(played, 2)
        assert (value(played, "S/power_kw") > 0) is gives


@pytest.mark.parametrize("name", ["mennekes_amtron_compact", "phoenix_charx_sec3xxx", "phoenix_em_cp_pp_eth"])
def test_a_release_taken_back_through_the_commander_stops_the_charging(name: str) -> None:
    async def scenario() -> None:
        async with console(name) as at_desk:
            world = at_desk.served.site.world
            assert (await at_desk.commander.write("S/limit_a", 9.0)).ok
            for release, gives in ((0.0, False), (1.0, True)):
                result = await at_desk.commander.write("S/enabled", release)
                assert result.ok, result.text
                at_desk.pass_time(2)
                assert (value(world, "S/power_kw") > 0) is gives

    asyncio.run(scenario())
