"""Another project's SunSpec client reads our virtual devices, and finds in them what our own reader finds.

pysunspec2 (SunSpec Alliance) knows the models from the published definitions, which it brings along: agreement means
that addresses, types, scale factors and "not implemented" values of the profiles are those of the definitions.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from hardware.modbus import Connection, Decoder, DeviceLine, parse_link
from hardware.points import GOOD_STATUS
from hardware.profiles import Profile, ProfilePoint, profile
from hardware.virtual.server import Line, make_lines
from hardware.virtual.world import World
from tests.virtual.sites import at, spec

client = pytest.importorskip("sunspec2.modbus.client", reason="pysunspec2 is not installed (pip install pysunspec2)")

NAMES = (
    "sunspec_inverter",
    "sunspec_inverter_float",
    "sunspec_meter_float",
    "sunspec_der",
    "sunspec_meter",
    "sunspec_battery",
    "sunspec_103",
)


def with_device(name: str, work: Any) -> Any:
    """`work(line)` with one virtual device of a type at unit 1, in whose world no time passes."""

    async def main() -> Any:
        world = World(spec({"D": name}), at("2026-06-20T13:00"))
        (line,) = make_lines(world.spec.field, world.banks)
        await line.open()
        try:
            return await work(line)
        finally:
            line.close()

    return asyncio.run(main())


async def read(line: Line, loaded: Profile) -> dict[str, tuple[float, int]]:
    connection = Connection(parse_link(f"tcp://127.0.0.1:{line.port}"), 2.0)
    readout = await DeviceLine(connection, Decoder(loaded), 1).read_all()
    connection.close()
    names = [point.quantity for point in loaded.points]
    return dict(zip(names, zip(map(float, readout.value), map(int, readout.status), strict=True), strict=True))


def scanned(port: int) -> Any:
    device = client.SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=port, timeout=5.0)
    try:
        device.scan()
    finally:
        device.close()
    return device


def points_by_offset(group: Any) -> dict[int, Any]:
    found = {point.offset: point for point in group.points.values()}
    for part in group.groups.values():
        for one in part if isinstance(part, list) else [part]:
            found |= points_by_offset(one)
    return found


def theirs(device: Any, loaded: Profile, point: ProfilePoint) -> Any:
    """Their point for ours: of the model that ours lies in, at the same offset."""
    model = next(model for model in loaded.sunspec if point.address in model)
    same = device.models[model.models[0]][model.nth - 1]
    return points_by_offset(same)[point.address - model.start]


@pytest.mark.parametrize("name", NAMES)
def test_pysunspec2_finds_the_same_values(name: str) -> None:
    loaded = profile(name)

    async def both(line: Line) -> tuple[Any, dict[str, tuple[float, int]]]:
        return await asyncio.to_thread(scanned, line.port), await read(line, loaded)

    device, ours = with_device(name, both)
    chain = [number for number in device.models if isinstance(number, int)]
    expected = dict.fromkeys(model.models[0] for model in loaded.sunspec)
    assert [number for number in chain if number in expected] == list(expected)
    for point in loaded.points:
        value, status = ours[point.quantity]
        other = theirs(device, loaded, point).cvalue
        if other is None:
            assert math.isnan(value), point.quantity
            continue
        assert status == GOOD_STATUS, point.quantity
        assert value == pytest.approx(other * point.scale + point.offset, rel=1e-9, abs=1e-9), point.quantity


def test_a_limit_written_by_pysunspec2_is_the_limit_we_read() -> None:
    loaded = profile("sunspec_inverter")

    def write(port: int) -> None:
        device = client.SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=port, timeout=5.0)
        device.scan()
        controls = device.controls[0]
        controls.WMaxLimPct.cvalue = 62.5
        controls.WMaxLimPct.write()
        controls.WMaxLim_Ena.value = 1
        controls.WMaxLim_Ena.write()
        device.close()

    async def written(line: Line) -> dict[str, tuple[float, int]]:
        await asyncio.to_thread(write, line.port)
        return await read(line, loaded)

    ours = with_device("sunspec_inverter", written)
    assert ours["power_limit"] == (pytest.approx(0.625), GOOD_STATUS)
    assert ours["power_limit_enabled"] == (1.0, GOOD_STATUS)


def test_a_limit_written_by_us_is_the_limit_pysunspec2_reads() -> None:
    loaded = profile("sunspec_der")

    async def written(line: Line) -> Any:
        connection = Connection(parse_link(f"tcp://127.0.0.1:{line.port}"), 2.0)
        ours = DeviceLine(connection, Decoder(loaded), 1)
        for key in loaded.write.keys_for("power_limit"):
            await ours.write_key(key)
        await ours.write_point(loaded.point("power_limit"), 0.4)
        connection.close()
        return await asyncio.to_thread(scanned, line.port)

    controls = with_device("sunspec_der", written).models[704][0]
    assert controls.WMaxLimPct.cvalue == pytest.approx(40.0)
    assert controls.WMaxLimPctRvrtTms.cvalue == 120
