"""Whose turn it is on a link, as scripts of seconds: no clock, no wire."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.field import DeviceSpec
from hardware.modbus import Decoder
from hardware.profiles import Profile, ProfilePoint, RegisterType, Table, points_of
from hardware.scanner.group import Group, Member
from hardware.scanner.record import Record
from hardware.scanner.task import USUAL_RESTS, DeviceTask
from hardware.scanner.turns import FIRST_FORCED_AFTER_S, FORCED_AFTER_S, LINK_ROUND_S, PROBE_SHARE, Turns

ANSWER_S = 0.002
TIMEOUT_S = 1.0


def point(quantity: str, address: int, every_s: float = 0.0) -> ProfilePoint:
    return ProfilePoint(quantity, quantity, "", Table.HOLDING, address, RegisterType.UINT16, 1, every_s=every_s)


PLAIN = Profile("t", "T", "M", "meter", "s", "", (point("near", 10),))
# So far apart that they are two requests.
WITH_SLOW = Profile("t", "T", "M", "meter", "s", "", (point("near", 10), point("slow", 500, every_s=60.0)))


def tasks_of(loaded: Profile, cycles_s: Sequence[float]) -> list[DeviceTask]:
    names = [f"D{number}" for number in range(len(cycles_s))]
    points = {made.id: made for name in names for made in points_of(loaded, name)}
    width = len(loaded.points)
    group = Group(Decoder(loaded), [Member(name, width * row) for row, name in enumerate(names)], points)
    return [
        DeviceTask(DeviceSpec(name, "L", row + 1, "t", every_s), group, row, Record(name, TIMEOUT_S), USUAL_RESTS)
        for row, (name, every_s) in enumerate(zip(names, cycles_s, strict=True))
    ]


@dataclass(frozen=True)
class Asked:
    number: int
    at_s: float
    due_s: float
    took_s: float
    probe: bool


def play(
    tasks: Sequence[DeviceTask],
    is_silent: Callable[[int, float], bool],
    until_s: float,
    is_rtu: bool = False,
    answer_s: float = ANSWER_S,
    spread_s: float = 0.0,
) -> list[Asked]:
    """Plays one link with one connection; every device is due at the start, `spread_s` apart from the next."""
    turns = Turns(TIMEOUT_S, is_rtu)
    for task in tasks:
        turns.add(task)
        task.due = 1.0 + spread_s * task.number
        turns.put(task)
    now, asked, chance = 1.0, [], random.Random(7)
    while now < until_s:
        task = turns.next(now)
        if task is None:
            wake = turns.wake_at(now)
            assert wake > now, "a bus that does not sleep where nobody has a turn spins for ever"
            now = wake
            continue
        began, probe, due = now, task.is_troubled, task.due
        silent = is_silent(task.number, now)
        if probe:
            patience_s = turns.patience_s(task)
            turns.probe_begins()
        now += (patience_s if probe else TIMEOUT_S) if silent else answer_s
        if probe:
            turns.probe_ends(began, now, not silent)
        if silent:
            task.next_after_failure(now, chance.random())
        else:
            task.next_after_success(now)
            turns.answered_in(answer_s)
        turns.put(task)
        asked.append(Asked(task.number, began, due, now - began, probe))
    return asked


def intervals_s(asked: Sequence[Asked], numbers: Sequence[int], after_s: float) -> np.ndarray:
    parts = [[ask.at_s for ask in asked if ask.number == number and ask.at_s >= after_s] for number in numbers]
    return np.concatenate([np.diff(part) for part in parts])


def test_ten_silent_of_fifty_on_one_connection_cost_their_neighbours_nothing_once_they_are_known() -> None:
    silent = {4, 9, 14, 19, 24, 29, 34, 39, 44, 49}
    healthy = [number for number in range(50) if number not in silent]
    asked = play(tasks_of(PLAIN, [1.0] * 50), lambda number, _: number in silent, 900.0)
    apart = intervals_s(asked, healthy, 30.0)
    assert float(np.quantile(apart, 0.99)) <= 1.02
    assert float(np.median(apart)) == pytest.approx(1.0, abs=0.001)
    late = [ask.at_s - ask.due_s for ask in asked if not ask.probe and ask.number in healthy and ask.at_s > 30.0]
    assert float(np.quantile(late, 0.99)) < 0.15  # the round itself takes 80 ms


def test_the_rests_of_a_silent_device_grow_from_two_seconds_to_five_minutes() -> None:
    asked = play(tasks_of(PLAIN, [1.0, 1.0]), lambda number, _: number == 0, 3000.0)
    probes = [ask.at_s for ask in asked if ask.probe]
    rests = np.diff(probes)
    assert 2.0 + 1.6 <= probes[0] <= 2.0 + 2.2  # after its first loss, which took a second
    assert all(second > 1.5 * first for first, second in itertools.pairwise(rests[:6]))
    assert 0.8 * 300.0 <= rests[-1] <= 301.5
    assert USUAL_RESTS.after(30, 1.0) == 300.0
    assert USUAL_RESTS.after(1, 0.0) == pytest.approx(1.6)


@settings(max_examples=40, deadline=None)
@given(
    devices=st.integers(2, 12),
    dead=st.sets(st.integers(0, 11), min_size=1, max_size=6),
    answer_s=st.floats(0.001, 0.09),
    is_rtu=st.booleans(),
    spread=st.booleans(),
)
def test_probes_take_no_more_than_their_share_of_a_link_that_is_full(devices, dead, answer_s, is_rtu, spread) -> None:
    silent = {number for number in dead if number < devices - 1}
    tasks = tasks_of(PLAIN, [1.0] * devices)
    asked = play(tasks, lambda number, _: number in silent, 400.0, is_rtu, answer_s, 1.0 / devices if spread else 0.0)
    known_s = 1.0 + len(silent) * TIMEOUT_S + devices * answer_s + 1.0
    forced = [
        ask
        for ask in asked
        if ask.probe
        and any(
            abs(other.at_s - (ask.at_s + ask.took_s)) < 1e-9 and other.due_s < other.at_s - 0.001
            for other in asked
            if not other.probe
        )
    ]
    spent_s = sum(ask.took_s for ask in forced if ask.at_s > known_s)
    assert spent_s <= PROBE_SHARE * 400.0 + TIMEOUT_S
    for number in silent:
        assert max((ask.at_s for ask in asked if ask.number == number), default=0.0) > 60.0  # never forgotten


def test_a_full_link_gives_everybody_the_same_number_of_turns() -> None:
    asked = play(tasks_of(PLAIN, [1.0] * 20), lambda number, at_s: False, 200.0, answer_s=0.15)  # three times too much
    counts = np.bincount([ask.number for ask in asked], minlength=20)
    assert counts.max() - counts.min() <= 1


def test_a_probe_on_a_link_without_a_gap_is_forced_after_a_while() -> None:
    asked = play(tasks_of(PLAIN, [1.0] * 11), lambda number, _: number == 0, 120.0, answer_s=0.2)
    probes = [ask.at_s for ask in asked if ask.probe]
    assert probes[0] >= 1.0 + TIMEOUT_S + USUAL_RESTS.after(1, 0.0) + FIRST_FORCED_AFTER_S
    assert len(probes) >= 3
    assert max(np.diff(probes)) <= 64.0 + FORCED_AFTER_S + TIMEOUT_S


def test_a_link_none_of_whose_devices_answers_is_tried_every_two_seconds_and_all_are_due_when_one_does() -> None:
    asked = play(tasks_of(PLAIN, [1.0] * 5), lambda number, at_s: at_s < 600.0, 605.0)
    tried = [ask.at_s for ask in asked if 100.0 < ask.at_s < 600.0]
    assert max(np.diff(tried)) <= LINK_ROUND_S + TIMEOUT_S + 0.01
    assert {ask.number for ask in asked if 100.0 < ask.at_s < 600.0} == set(range(5))
    assert min(ask.at_s for ask in asked if ask.at_s >= 600.0) < 600.0 + LINK_ROUND_S + TIMEOUT_S


def test_slow_points_are_asked_at_their_pace_and_spread_over_it() -> None:
    tasks = tasks_of(WITH_SLOW, [1.0] * 10)
    slow: list[tuple[int, float]] = []
    for second in range(300):
        for task in tasks:
            now = float(second) + 1.0
            task.due = now
            numbers = task.wanted(now)
            assert numbers is not None
            assert 0 in numbers  # the fast one each cycle
            slow += [(task.row, now)] if 1 in numbers else []
            task.was_read(numbers, now)
    for task in tasks:
        mine = np.diff([at_s for number, at_s in slow if number == task.row])
        assert mine[1:] == pytest.approx(60.0)
    after_first = [at_s for _, at_s in slow if at_s > 1.0]
    assert max(np.bincount(np.array(after_first, int))) <= 2  # not all in one cycle


def test_slow_points_wait_where_the_link_does_not_keep_up_but_not_for_ever() -> None:
    (task,) = tasks_of(WITH_SLOW, [1.0])
    task.was_read([0, 1], 1.0)
    first = task.next_read
    assert first is not None
    later = first[1] + 1.0
    task.due = later - 5.0
    assert task.wanted(later) == [0]
    assert task.wanted(later + 60.0) == [0, 1]
    task.due = later
    assert task.wanted(later) == [0, 1]


def test_after_a_loss_everything_is_read_again() -> None:
    (task,) = tasks_of(WITH_SLOW, [1.0])
    task.was_read([0, 1], 1.0)
    assert task.wanted(2.0) == [0]
    task.next_after_failure(3.0, 0.5)
    assert task.wanted(4.0) == [0, 1]
