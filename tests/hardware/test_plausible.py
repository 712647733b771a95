"""Values that cannot be are flagged and kept; what is real is believed at the second reading that agrees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.points import GOOD_STATUS, Implausible, Point, Quality, Reason, detail_of, quality_of, reason_of
from hardware.points import status_of as status_from
from hardware.profiles import ProfileFaults, ProfilePoint, RegisterType, Table, load_profile, profile
from hardware.scanner.plausible import PlausibilityWatch

SECOND = 1_000_000_000
TIMEOUT = status_from(Reason.TIMEOUT)
T0 = 1_800_000_000 * SECOND


def kind(quantity, unit, counter=False, scale=1.0, type=RegisterType.FLOAT32):
    return ProfilePoint(quantity, quantity, unit, Table.HOLDING, 0, type, 2, scale=scale, counter=counter)


def point(quantity, unit, counter=False, step=None, rated=None):
    return Point(f"D/{quantity}", "D", quantity, unit, "", counter, step_per_s=step, rated_kw=rated)


SUPPLY = kind("supply_c", "degC"), point("supply_c", "degC", step=2.0)
POWER = kind("power_kw", "kW"), point("power_kw", "kW", rated=100.0)
ENERGY = kind("energy_kwh", "kWh", True, 0.1, RegisterType.UINT32), point("energy_kwh", "kWh", True, rated=100.0)
FREQUENCY = kind("frequency_hz", "Hz"), point("frequency_hz", "Hz", step=5.0)


def flags(of, readings):
    """What each of (second, value) is flagged with; a value of None is a timeout. Good readings give 0."""
    watch = PlausibilityWatch([of[0]], [[of[1]]])
    found = []
    for second, number in readings:
        lost = number is None
        value = np.array([[np.nan if lost else float(number)]])
        status = np.array([[TIMEOUT if lost else GOOD_STATUS]], np.uint16)
        watch.judge(np.array([0], np.intp), np.array([T0 + round(second * SECOND)]), value, status)
        told = int(status[0, 0])
        assert lost or value[0, 0] == number  # kept, whatever is thought of it
        if told not in (GOOD_STATUS, TIMEOUT):
            assert (reason_of(told), quality_of(told)) == (Reason.NOT_PLAUSIBLE, Quality.UNCERTAIN)
        found.append(detail_of(told) if told != TIMEOUT else None)
    return found


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([(0, 70), (5, 75), (10, 66)], [0, 0, 0]),
        ([(0, 70), (5, 300), (10, 71)], [0, 1, 0]),  # a spike
        ([(0, 70), (5, 20), (10, 21), (15, 20)], [0, 1, 0, 0]),  # a real step: two that agree
        ([(0, 70), (5, 20), (10, 70), (15, 20)], [0, 1, 0, 1]),  # two that do not
        ([(0, 70), (5, 300), (10, -40), (15, 200)], [0, 1, 1, 1]),
        ([(0, 70), (60, 20)], [0, 0]),  # a minute is long enough for it
        ([(0, 70), (5, None), (10, 20), (15, 21)], [0, None, 0, 0]),  # first after a gap
        ([(0, 70), (0.01, 71.5), (0.02, 70)], [0, 0, 0]),  # twice in an instant
        ([(0, None), (5, 20)], [None, 0]),
    ],
)
def test_a_temperature_that_leaps_is_flagged_until_it_is_confirmed(readings, expected):
    assert flags(SUPPLY, readings) == expected


def test_power_far_beyond_the_rating_is_flagged_either_way_and_for_as_long_as_it_lasts():
    found = flags(POWER, [(0, 90), (1, 149), (2, 151), (3, 151), (4, -400), (5, 20)])
    assert found == [0, 0, Implausible.BEYOND_RATING, Implausible.BEYOND_RATING, Implausible.BEYOND_RATING, 0]


def test_switching_on_and_off_is_no_leap():
    assert flags(FREQUENCY, [(0, 50), (1, 0), (2, 0), (3, 60), (4, 50.1)]) == [0, 0, 0, 0, Implausible.STEP]


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([(0, 500.0), (60, 501.6), (120, 503.2)], [0, 0, 0]),
        ([(0, 500.0), (5, 500.0), (10, 900.0), (15, 900.1), (20, 900.2)], [0, 0, 3, 0, 0]),
        ([(0, 500.0), (5, 500.1), (10, 9e6), (15, 500.3)], [0, 0, 3, 0]),  # read wrongly once
        ([(0, 500.0), (5, 500.1), (10, 0.0), (15, 500.3)], [0, 0, 4, 0]),  # a dip
        ([(0, 500.0), (5, 500.1), (10, 0.1), (15, 0.2), (20, 0.3)], [0, 0, 4, 0, 0]),  # reset
        ([(0, 999_999.8), (5, 999_999.9), (10, 0.0), (15, 0.1)], [0, 0, 4, 0]),  # rollover
        ([(0, 500.0), (5, 500.1), (10, 77_000.0), (15, 77_000.1)], [0, 0, 3, 0]),  # another meter
        ([(0, 500.0), (5, 500.1), (10, None), (3610, 600.0)], [0, 0, None, 0]),  # counted on while it was not heard
        ([(0, 500.0), (5, 500.0), (30, 500.0), (60, 501.2), (90, 502.4)], [0, 0, 0, 0, 0]),  # lumps of half a minute
        ([(0, 500.0), (1, 500.1), (2, 500.0), (3, 500.2)], [0, 0, 0, 0]),  # its last digit
    ],
)
def test_a_counter_that_leaps_or_falls_is_flagged_once(readings, expected):
    assert flags(ENERGY, readings) == expected


def test_a_point_not_read_this_time_is_neither_judged_nor_renewed():
    watch = PlausibilityWatch([SUPPLY[0]], [[SUPPLY[1]]])
    rows, good = np.array([0], np.intp), lambda: np.array([[GOOD_STATUS]], np.uint16)
    watch.judge(rows, np.array([T0]), np.array([[20.0]]), good())
    for second in range(5, 100, 5):  # its device is read, this point is not
        watch.judge(rows, np.array([T0 + second * SECOND]), np.array([[20.0]]), good(), np.array([[False]]))
    status = good()
    watch.judge(rows, np.array([T0 + 100 * SECOND]), np.array([[90.0]]), status)
    assert status[0, 0] == GOOD_STATUS  # 70 K in the 100 s since it was read


def test_devices_are_judged_each_by_its_own_rating_and_its_own_past():
    kinds = [POWER[0], SUPPLY[0]]
    small, large = point("power_kw", "kW", rated=10.0), point("power_kw", "kW", rated=1000.0)
    watch = PlausibilityWatch(kinds, [[small, SUPPLY[1]], [large, SUPPLY[1]]])
    status = np.full((2, 2), GOOD_STATUS, np.uint16)
    rows, time_ns = np.array([1, 0], np.intp), np.array([T0, T0])
    watch.judge(rows, time_ns, np.array([[500.0, 20.0], [500.0, 60.0]]), status)
    assert [[detail_of(s) for s in row] for row in status.tolist()] == [[0, 0], [Implausible.BEYOND_RATING, 0]]
    status = np.full((2, 2), GOOD_STATUS, np.uint16)
    watch.judge(rows, time_ns + SECOND, np.array([[500.0, 60.0], [5.0, 60.0]]), status)
    assert [[detail_of(s) for s in row] for row in status.tolist()] == [[0, Implausible.STEP], [0, 0]]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(-1e6, 1e6))
@settings(max_examples=100, deadline=None)
def test_whatever_came_before_a_value_that_stays_is_believed_at_its_second_reading(before, stays):
    for of in (SUPPLY, ENERGY):
        values = [*before, stays, stays]
        assert flags(of, [(5 * n, value) for n, value in enumerate(values)])[-1] == 0


def test_profiles_limit_the_steps_of_temperatures_and_frequencies_unless_they_say_otherwise():
    meter = profile("eastron_sdm630")
    assert meter.point("frequency_hz").step_per_s == 5.0
    assert meter.point("voltage_l1_v").step_per_s is None
    assert profile("kamstrup_multical").point("supply_c").step_per_s == 20.0


WRITTEN = """
format = 2
name = "probe"
title = "Probe"
maker = "Nobody"
kind = "environment"
confidence = "own"
source = "this test"

[point.air_c]
name = "Air"
table = "input"
type = "int16"
address = 0
"""


@pytest.mark.parametrize(("line", "step"), [("", 20.0), ("step_per_s = 0.5", 0.5), ("step_per_s = 0", None)])
def test_a_profile_says_how_far_a_value_may_step(tmp_path, line, step):
    path = tmp_path / "probe.toml"
    path.write_text(WRITTEN + line, encoding="utf-8")
    assert load_profile(path).point("air_c").step_per_s == step


def test_a_step_below_zero_is_a_fault(tmp_path):
    path = tmp_path / "probe.toml"
    path.write_text(WRITTEN + "step_per_s = -1", encoding="utf-8")
    with pytest.raises(ProfileFaults, match="step_per_s: -1 is too little"):
        load_profile(path)
