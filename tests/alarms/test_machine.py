"""Alarm life as lists of (second, what is present) and the transitions expected."""

from hypothesis import given
from hypothesis import strategies as st

from energy_console.alarms.machine import SECOND_NS, AlarmMachine, AlarmState, Condition

TRIP = Condition("trip", 2, "E01.1", "E01.1: tripped", "", on_delay_s=2, off_delay_s=3)
HIGH = Condition("limit", 3, "F3", "F3: close to its limit", "")


def walk(machine, script):
    """Steps through (second, conditions) and returns (second, key, before, after) of every transition."""
    seen = []
    for second, present in script:
        for change in machine.step(second * SECOND_NS, {condition.key: condition for condition in present}):
            seen.append((second, change.alarm.condition.key, change.before, change.alarm.state))
    return seen


def test_a_condition_becomes_an_alarm_only_after_its_on_delay():
    seen = walk(AlarmMachine(), [(0, [TRIP]), (1, [TRIP]), (2, [TRIP]), (3, [TRIP])])
    assert seen == [(2, "trip", AlarmState.NORMAL, AlarmState.NEW)]


def test_a_blink_shorter_than_the_on_delay_raises_nothing():
    assert walk(AlarmMachine(), [(0, [TRIP]), (1, []), (2, [TRIP]), (3, [TRIP])]) == []


def test_an_alarm_that_goes_unseen_stays_listed_as_returned():
    machine = AlarmMachine()
    seen = walk(machine, [(0, [TRIP]), (2, [TRIP]), (3, []), (5, []), (6, [])])
    assert seen[-1] == (6, "trip", AlarmState.NEW, AlarmState.RETURNED)
    assert [alarm.state for alarm in machine.alarms] == [AlarmState.RETURNED]


def test_acknowledging_puts_the_name_on_it_and_a_return_then_clears_it():
    machine = AlarmMachine()
    walk(machine, [(0, [HIGH])])
    change = machine.acknowledge(machine.alarms[0].id, "M. Brandt", 1 * SECOND_NS)
    assert change is not None
    assert (change.who, change.alarm.state) == ("M. Brandt", AlarmState.ACKNOWLEDGED)
    assert machine.acknowledge(change.alarm.id, "again", 2 * SECOND_NS) is None
    assert walk(machine, [(3, [])]) == [(3, "limit", AlarmState.ACKNOWLEDGED, AlarmState.NORMAL)]
    assert machine.alarms == ()


def test_an_acknowledged_alarm_is_raised_again_only_when_it_gets_worse():
    machine = AlarmMachine()
    walk(machine, [(0, [HIGH])])
    machine.acknowledge(machine.alarms[0].id, "M. Brandt", SECOND_NS)
    milder = Condition("limit", 4, "F3", "F3", "")
    worse = Condition("limit", 1, "F3", "F3: over its limit", "")
    assert walk(machine, [(2, [milder])]) == []
    assert walk(machine, [(3, [worse])]) == [(3, "limit", AlarmState.ACKNOWLEDGED, AlarmState.NEW)]


def test_the_most_urgent_unacknowledged_alarm_stands_first():
    machine = AlarmMachine()
    walk(machine, [(0, [HIGH]), (1, [HIGH, TRIP]), (3, [HIGH, TRIP])])
    assert [alarm.condition.key for alarm in machine.alarms] == ["trip", "limit"]
    machine.acknowledge(machine.alarms[0].id, "M. Brandt", 4 * SECOND_NS)
    assert [alarm.condition.key for alarm in machine.alarms] == ["limit", "trip"]


def test_a_clock_set_back_neither_hides_nor_repeats_an_alarm():
    seen = walk(AlarmMachine(), [(1000, [TRIP]), (10, [TRIP]), (12, [TRIP]), (13, [TRIP])])
    assert seen == [(12, "trip", AlarmState.NORMAL, AlarmState.NEW)]


@given(st.lists(st.sets(st.sampled_from(["a", "b", "c"])), max_size=40))
def test_every_open_alarm_was_raised_and_none_is_raised_twice(script):
    machine, opened = AlarmMachine(), {}
    for second, keys in enumerate(script):
        present = {key: Condition(key, 3, key, key, "") for key in keys}
        for change in machine.step(second * SECOND_NS, present):
            assert change.before is opened.get(change.alarm.condition.key, AlarmState.NORMAL)
            opened[change.alarm.condition.key] = change.alarm.state
        assert {alarm.condition.key for alarm in machine.alarms if alarm.state is AlarmState.NEW} == keys
