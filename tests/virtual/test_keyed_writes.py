"""Devices that want something first: keys, or a reversion time before a limit; and how types say "no value"."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from hardware.commands import Commander
from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.modbus import Connection, Decoder, DeviceLine, parse_link
from hardware.points import Reason, detail_of, reason_of
from hardware.profiles import NoValue, Table, encode_no_value, encode_value, profile
from hardware.scanner import Scanner
from hardware.virtual.server import Line, make_lines
from hardware.virtual.world import World
from tests.virtual.sites import at, spec

Conversation = Callable[[Line, DeviceLine], Awaitable[None]]


def with_device(name: str, conversation: Conversation) -> None:
    """Talks to one virtual device of a type, in whose world no time passes."""

    async def main() -> None:
        world = World(spec({"D": name}), at("2026-01-14T12:00"))
        (line,) = make_lines(world.spec.field, world.banks)
        await line.open()
        connection = Connection(parse_link(f"tcp://127.0.0.1:{line.port}"), 2.0)
        try:
            await conversation(line, DeviceLine(connection, Decoder(profile(name)), 1))
        finally:
            connection.close()
            line.close()

    asyncio.run(main())


async def commanded(line: Line, name: str, work: Callable[[Commander], Awaitable[None]]) -> None:
    """`work` with the commander of a running scanner that reads the device."""
    link = LinkSpec("link", f"tcp://127.0.0.1:{line.port}", 2.0)
    scanner = Scanner(FieldSpec((link,), (DeviceSpec("D", "link", 1, name, 1.0),)), lambda batch: None)
    running = asyncio.create_task(scanner.run())
    commander = Commander(scanner)
    try:
        await work(commander)
    finally:
        await commander.close()
        scanner.stop()
        await running


@pytest.mark.parametrize(
    ("name", "quantity", "value", "keys"),
    [
        ("samson_trovis_557x", "comfort_setpoint_c", 22.5, {144: 1732}),
        ("samson_trovis_557x", "night_setpoint_c", 16.0, {144: 1732}),
        ("danfoss_ecl120_a130", "outside_command_c", -3.25, {4397: 1, 4398: 2}),
        ("danfoss_ecl", "outside_command_c", -3.25, {4397: 1, 4398: 2}),
    ],
)
def test_a_write_without_its_key_is_answered_and_has_no_effect(
    name: str, quantity: str, value: float, keys: dict[int, int]
) -> None:
    point = profile(name).point(quantity)

    async def conversation(line: Line, device: DeviceLine) -> None:
        before = await device.read_point(point)
        await device.write_point(point, value)  # no key, and no complaint
        assert await device.read_point(point) == before != (value, 0)

        async def write(commander: Commander) -> None:
            outcome = await commander.write(f"D/{quantity}", value)
            assert outcome.ok, outcome.text
            assert outcome.read_back == pytest.approx(value)

        await commanded(line, name, write)
        for address, word in keys.items():
            shown = await device.connection.read(1, Table.HOLDING, address, 1)
            assert int.from_bytes(shown, "big") == word

    with_device(name, conversation)


@pytest.mark.parametrize(
    ("name", "reversion", "seconds"),
    [("sunspec_inverter", "power_limit_revert_s", 60.0), ("sunspec_der", "power_limit_revert_s", 120.0)],
)
def test_a_sunspec_limit_is_given_its_reversion_time_then_enabled_and_disabled_on_release(
    name: str, reversion: str, seconds: float
) -> None:
    loaded = profile(name)

    async def conversation(line: Line, device: DeviceLine) -> None:
        async def limit(commander: Commander) -> None:
            outcome = await commander.write("D/power_limit", 0.7)
            assert outcome.ok, outcome.text
            assert [hold.point for hold in commander.holds()] == ["D/power_limit"]
            assert (await device.read_point(loaded.point(reversion)))[0] == seconds
            assert (await device.read_point(loaded.point("power_limit")))[0] == pytest.approx(0.7)
            assert (await device.read_point(loaded.point("power_limit_enabled")))[0] == 1.0
            released = await commander.release("D/power_limit")
            assert released.ok, released.text
            assert (await device.read_point(loaded.point("power_limit_enabled")))[0] == 0.0

        await commanded(line, name, limit)

    with_device(name, conversation)


@pytest.mark.parametrize(
    ("name", "quantity", "means"),
    [
        ("samson_trovis_557x", "outside_2_c", NoValue.NOT_FITTED),
        ("kamstrup_multical_modbus", "supply_c", NoValue.SENSOR_SHORT),
        ("kamstrup_multical_modbus", "return_c", NoValue.SENSOR_OPEN),
        ("wirenboard_wb_msw_v4", "temperature_c", NoValue.SENSOR_OPEN),
        ("wirenboard_wb_msw_v4", "co2_ppm", NoValue.SENSOR_OPEN),
        ("lufft_ws501", "temperature_c", NoValue.UNSPECIFIED),
        ("thies_clima_sensor_us", "humidity", NoValue.UNSPECIFIED),
        ("arlight_dali_logic_lite", "group3_arc_now", NoValue.UNSPECIFIED),
        ("danfoss_ecl220_heat_meter", "primary_address", NoValue.NOT_FITTED),
        ("sunspec_battery", "power_kw", NoValue.NOT_FITTED),
        ("sunspec_inverter", "energy_generated_kwh", NoValue.NOT_FITTED),
    ],
)
def test_no_value_of_a_type_is_told_by_its_name(name: str, quantity: str, means: NoValue) -> None:
    loaded = profile(name)
    decoder, point = Decoder(loaded), loaded.point(quantity)
    number = next(n for n in decoder.requests_of(point) if decoder.requests[n].address <= point.address)
    image = np.zeros((1, decoder.image_bytes), np.uint8)
    start = decoder.starts[number] + 2 * (point.address - decoder.requests[number].address)
    words = encode_no_value(point, means)
    image[0, start : start + 2 * len(words)] = np.frombuffer(np.array(words, ">u2").tobytes(), np.uint8)
    value, status = decoder.decode(image)
    at_point = loaded.points.index(point)
    assert np.isnan(value[0, at_point])
    code = int(status[0, at_point])
    assert (reason_of(code), NoValue(detail_of(code))) == (Reason.NO_VALUE, means)


@pytest.mark.parametrize(
    ("name", "quantity", "value", "words"),
    [
        ("tuf2000m", "heat_power_kw", 277.77777, (0, 0x3F80)),  # 1 GJ/h, low word first
        ("tuf2000m_flow", "volume_m3", 65538.0, (2, 1)),
        ("danfoss_ecl220_heat_meter", "heat_power_kw", 1.5, (0x44BB, 0x8000)),  # 1500 W
        ("danfoss_ecl220_p266", "hot_water_flow_m3h", 3.6, (0x3A83, 0x126F)),  # 1 l/s in m3/s
        ("danfoss_ecl310", "outside_c", -5.25, (0xFDF3,)),
        ("samson_trovis_557x", "valve", 0.37, (37,)),
        ("lufft_ws501", "humidity", 0.613, (613,)),
        ("sokol_m", "pressure_hpa", 1013.2, (10132,)),
        ("wirenboard_wb_msw_v4", "humidity", 0.4312, (4312,)),
        ("wirenboard_wb_mwac_v2", "volume_m3", 12.345, (0, 0, 0, 12345)),
        ("thies_clima_sensor_us", "precipitation_mm", 1.234, (0, 1234)),
        ("campbell_metsens300", "humidity", 0.5, (0x4248, 0)),
        ("ecodim_dali_gw2", "group2_arc", 200.0, (200,)),
    ],
)
def test_figures_of_a_type_are_in_the_units_of_the_console(
    name: str, quantity: str, value: float, words: tuple[int, ...]
) -> None:
    assert encode_value(profile(name).point(quantity), value) == words
