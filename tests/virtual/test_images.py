"""The registers that are served say what the physics says: checked against the profiles' own encoding and the decoder
that reads the field."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_console.site.loader import load_site
from energy_console.site.twin import virtual_spec
from hardware.modbus.decode import Decoder
from hardware.points import Reason, reason_of
from hardware.profiles import (
    NotEncodable,
    ProfilePoint,
    RegisterType,
    Table,
    encode_value,
    profile,
    profile_names,
)
from hardware.virtual.column_coding import decode_words, encode_column, has_no_value, shown
from hardware.virtual.framing import WireFault
from hardware.virtual.images import Bank
from hardware.virtual.world import World
from tests.virtual.sites import at, value, world

POINTS = [(name, point) for name in profile_names() for point in profile(name).points]


@given(st.sampled_from(POINTS), st.floats(-1e6, 1e6), st.integers(0, 8))
@settings(max_examples=600, deadline=None)
def test_words_of_a_fleet_are_those_that_the_profile_encodes(
    named: tuple[str, ProfilePoint], number: float, pick: int
) -> None:
    _, point = named
    if point.type is RegisterType.STRING:
        number = float(pick % len(point.texts))
    elif point.bit is not None:
        number = float(pick % 2)
    try:
        expected = encode_value(point, number)
    except NotEncodable:
        assert shown(point, np.array([number]))[0] != pytest.approx(number, abs=0.49 * point.scale)
        return
    words = encode_column(point, np.array([number, 0.0]))
    assert tuple(words[0].tolist()) == expected


@given(st.sampled_from([(name, point) for name, point in POINTS if point.writable]), st.floats(0.0, 100.0))
@settings(max_examples=200, deadline=None)
def test_words_written_are_read_as_what_was_meant(named: tuple[str, ProfilePoint], number: float) -> None:
    _, point = named
    point = point.written
    if point.type is RegisterType.BIT:
        number = float(number > 50.0)
    try:
        words = encode_value(point, number)
    except NotEncodable:
        return
    assert decode_words(point, words) == pytest.approx(number, abs=0.51 * point.scale + 1e-5 * number)


@pytest.fixture(scope="module")
def demo() -> World:
    played = World(virtual_spec(load_site("sites/port-demo")), at("2026-11-20T15:00"))
    list(played.run_to(at("2026-11-20T17:10")))
    return played


def image(bank: Bank, row: int) -> np.ndarray:
    """The answers to a profile's read plan, one after the other, as the decoder wants them."""
    parts = [bank.read(row, r.table, r.address, r.count) for r in Decoder(bank.profile).requests]
    return np.frombuffer(b"".join(parts), np.uint8)


def test_what_the_field_reader_decodes_is_what_the_physics_says(demo: World) -> None:
    for bank in demo.banks:
        values, status = Decoder(bank.profile).decode(np.stack([image(bank, row) for row in range(len(bank.devices))]))
        for column, slot in enumerate(bank.slots):
            expected = bank.shown(slot)
            name = f"{bank.profile.name} {slot.point.quantity}"
            for row, device in enumerate(bank.devices):
                if math.isnan(expected[row]):
                    assert reason_of(int(status[row, column])) is Reason.NO_VALUE, f"{name} of {device}"
                else:
                    assert values[row, column] == pytest.approx(expected[row], rel=1e-6, abs=1e-6), f"{name} {device}"


def test_every_value_of_a_healthy_demo_is_good(demo: World) -> None:
    for bank in demo.banks:
        _, status = Decoder(bank.profile).decode(np.stack([image(bank, row) for row in range(len(bank.devices))]))
        assert {reason_of(int(code)) for code in status.ravel()} == {Reason.GOOD}, bank.profile.name


def test_registers_lose_no_more_than_their_resolution(demo: World) -> None:
    for bank in demo.banks:
        for slot in bank.slots:
            column = bank.fleet.columns[slot.point.quantity][bank.fleet_rows]
            step = slot.point.scale * 10.0 ** np.asarray(slot.exponent)
            lost = np.abs(bank.shown(slot) - column)
            assert (np.isnan(lost) | (lost <= 0.5 * step + 1e-6 * np.abs(column))).all(), slot.point.quantity


def test_a_large_plant_takes_a_larger_scale_factor() -> None:
    played = world({"PV": "sunspec_103"}, "2026-06-20T13:00", rated_kw={"PV": 5000.0})
    bank = played.banks[0]
    values, _ = Decoder(bank.profile).decode(image(bank, 0)[None, :])
    at_power = [point.quantity for point in bank.profile.points].index("generation_kw")
    assert value(played, "PV/generation_kw") > 400
    assert values[0, at_power] == pytest.approx(value(played, "PV/generation_kw"), abs=1.0)


def test_addresses_outside_the_profile_are_refused(demo: World) -> None:
    bank = next(bank for bank in demo.banks if bank.profile.name == "lighting_cabinet")
    for table, address, count in ((Table.HOLDING, 0, 60), (Table.HOLDING, 5000, 1), (Table.INPUT, 0, 1)):
        with pytest.raises(WireFault) as refusal:
            bank.read(0, table, address, count)
        assert refusal.value.code == 2
    with pytest.raises(WireFault):
        bank.write(0, 0, [1])  # the level is the lamp's, only the command can be written


def test_a_broken_sensor_reads_as_no_value_where_the_device_can_say_so() -> None:
    played = world({"H": "kamstrup_multical", "B": "abb_b23"}, "2026-01-14T12:00")
    for bank in played.banks:
        points = [point.quantity for point in bank.profile.points]
        quantity = "supply_c" if bank.devices == ("H",) else "power_kw"
        assert has_no_value(bank.profile.point(quantity))
        bank.missing[points.index(quantity), 0] = True
        played.touch()
        _, status = Decoder(bank.profile).decode(image(bank, 0)[None, :])
        assert reason_of(int(status[0, points.index(quantity)])) is Reason.NO_VALUE
        assert sum(reason_of(int(code)) is Reason.NO_VALUE for code in status[0]) == 1
