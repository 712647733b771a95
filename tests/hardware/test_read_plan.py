"""The read plan: never dearer than any other plan there is, within the rules of the device, on every kind of wire."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.profiles import (
    NETWORK,
    PlannedRead,
    Profile,
    ProfilePoint,
    RegisterType,
    Span,
    Table,
    WireCost,
    network_cost,
    plan_reads,
    plan_requests,
    profile,
    profile_names,
    serial_cost,
)
from hardware.profiles.model import MODBUS_MOST_BITS, Forbidden, ReadRules
from hardware.profiles.read_plan import USUAL_CYCLE_S

SLOW_LINE = serial_cost(9600, "E")
WIRES = (NETWORK, SLOW_LINE, serial_cost(115_200), network_cost(0.0001, 1e4))
KINDS = {1: RegisterType.UINT16, 2: RegisterType.FLOAT32, 4: RegisterType.FLOAT64}


def point(address: int, words: int = 1, every_s: float = 0.0, table: Table = Table.HOLDING) -> ProfilePoint:
    kind = RegisterType.BIT if table.is_bits else KINDS[words]
    name = f"{table.value}_{address}"
    return ProfilePoint(name, name, "", table, address, kind, words, every_s=every_s)


def type_with(points: Sequence[ProfilePoint], rules: ReadRules | None = None) -> Profile:
    return Profile("t", "T", "M", "meter", "s", "", tuple(points), rules or ReadRules())


def partitions(items: Sequence[ProfilePoint]) -> Iterator[list[list[ProfilePoint]]]:
    """Every way of putting the items into groups."""
    if not items:
        yield []
        return
    for groups in partitions(items[1:]):
        yield [[items[0]], *groups]
        for at in range(len(groups)):
            yield [*groups[:at], [items[0], *groups[at]], *groups[at + 1 :]]


def cost_of(group: Sequence[ProfilePoint], rules: ReadRules, wire: WireCost) -> float:
    """Wire seconds a second for one request of all these points, infinite where a rule forbids it. `group` ascends."""
    address, end = group[0].address, group[-1].end
    widest = max((second.address - first.end for first, second in itertools.pairwise(group)), default=0)
    too_long = end - address > rules.longest or widest > rules.gap
    if len(group) > 1 and (too_long or any(rules.is_forbidden(Table.HOLDING, n, n + 1) for n in range(address, end))):
        return float("inf")
    pace_s = max(min(point.every_s for point in group), USUAL_CYCLE_S)
    return (wire.of(Span(Table.HOLDING, address, end - address)) + rules.silence_ms / 1000.0) / pace_s


def reaches_over(one: Sequence[ProfilePoint], other: Sequence[ProfilePoint]) -> bool:
    return one[0].address < other[0].address and other[-1].end < one[-1].end


@st.composite
def registers(draw: st.DrawFn, paces: Sequence[float]) -> list[ProfilePoint]:
    """Up to seven values from low to high that do not overlap, with small and large gaps."""
    points, at = [], draw(st.integers(0, 5))
    for _ in range(draw(st.integers(1, 7))):
        at += draw(st.sampled_from((0, 0, 1, 3, 10, 14, 15, 16, 17, 30, 100)))
        points.append(point(at, draw(st.sampled_from((1, 2, 4))), draw(st.sampled_from(paces))))
        at = points[-1].end
    return points


@st.composite
def rules(draw: st.DrawFn, points: Sequence[ProfilePoint]) -> ReadRules:
    """Rules that some of the gaps run into; nothing forbidden lies on a value."""
    taken = {register for point in points for register in range(point.address, point.end)}
    free = sorted(set(range(points[-1].end)) - taken)
    barred = draw(st.lists(st.sampled_from(free), max_size=2)) if free else []
    return ReadRules(
        longest=draw(st.integers(4, 125)),
        gap=draw(st.integers(0, 125)),
        silence_ms=draw(st.sampled_from((0.0, 60.0))),
        forbidden=tuple(Forbidden(Span(Table.HOLDING, register, 1), "it resets") for register in barred),
    )


@settings(max_examples=120, deadline=None)
@given(st.data(), st.sampled_from(WIRES))
def test_no_plan_for_points_of_one_pace_costs_less(data: st.DataObject, wire: WireCost) -> None:
    points = data.draw(registers((0.0,)))
    found = data.draw(rules(points))
    cheapest = min(sum(cost_of(group, found, wire) for group in groups) for groups in partitions(points))
    loaded = type_with(points, found)
    planned = sum(wire.of(span) + found.silence_ms / 1000.0 for span in plan_reads(loaded, wire)) / USUAL_CYCLE_S
    assert planned == pytest.approx(cheapest)


@settings(max_examples=80, deadline=None)
@given(st.data(), st.sampled_from(WIRES))
def test_no_plan_of_mixed_paces_costs_less_unless_a_request_reaches_over_another(
    data: st.DataObject, wire: WireCost
) -> None:
    points = data.draw(registers((0.0, 0.0, 30.0, 600.0)))
    found = data.draw(rules(points))
    plain = (
        groups
        for groups in partitions(points)
        if not any(reaches_over(one, other) for one, other in itertools.permutations(groups, 2))
    )
    cheapest = min(sum(cost_of(group, found, wire) for group in groups) for groups in plain)
    planned = sum(
        (wire.of(read.span) + found.silence_ms / 1000.0) / max(read.every_s, USUAL_CYCLE_S)
        for read in plan_requests(type_with(points, found), wire)
    )
    assert planned == pytest.approx(cheapest)


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from(WIRES))
def test_every_value_comes_whole_at_its_pace_and_nothing_forbidden_is_read(data: st.DataObject, wire: WireCost) -> None:
    points = data.draw(registers((0.0, 60.0)))
    found = data.draw(rules(points))
    reads = plan_requests(type_with(points, found), wire)
    for value in points:
        bringing = [read for read in reads if read.span.address <= value.address and value.end <= read.span.end]
        assert len(bringing) == 1
        assert bringing[0].every_s <= value.every_s
    for read in reads:
        assert read.span.count <= max(found.longest, 4)
        assert not found.is_forbidden(read.span.table, read.span.address, read.span.end)


def test_a_gap_is_read_over_on_a_network_and_split_on_a_slow_serial_line() -> None:
    gap = type_with([point(0, 2), point(40, 2)])
    assert plan_reads(gap) == (Span(Table.HOLDING, 0, 42),)
    assert plan_reads(gap, SLOW_LINE) == (Span(Table.HOLDING, 0, 2), Span(Table.HOLDING, 40, 2))
    small = type_with([point(0, 2), point(8, 2)])
    assert plan_reads(small, SLOW_LINE) == plan_reads(small) == (Span(Table.HOLDING, 0, 10),)


def test_a_serial_request_costs_its_characters_its_silences_and_the_time_to_think() -> None:
    line = serial_cost(9600, "E", turnaround_s=0.010)
    character_s = 11 / 9600  # start, eight bits, parity, stop
    assert line.of(Span(Table.HOLDING, 0, 10)) == pytest.approx((8 + 5 + 20 + 7) * character_s + 0.010)
    assert line.of(Span(Table.COIL, 0, 10)) == pytest.approx((8 + 5 + 2 + 7) * character_s + 0.010)
    fast = serial_cost(115_200, turnaround_s=0.0)
    assert fast.of(Span(Table.HOLDING, 0, 1)) == pytest.approx(15 * 10 / 115_200 + 2 * 0.00175)


def test_registers_that_must_not_be_read_split_a_request_and_are_no_neighbour() -> None:
    barred = ReadRules(forbidden=(Forbidden(Span(Table.HOLDING, 5, 1), "reading it clears the log"),))
    spans = plan_reads(type_with([point(0, 2), point(10, 2)], barred))
    assert spans == (Span(Table.HOLDING, 0, 2), Span(Table.HOLDING, 10, 2))
    lonely = ProfilePoint("a", "A", "", Table.HOLDING, 6, RegisterType.UINT16, 1, alone=False)
    assert plan_reads(type_with([lonely])) == (Span(Table.HOLDING, 5, 2),)
    assert plan_reads(type_with([lonely], barred)) == (Span(Table.HOLDING, 6, 2),)


@pytest.mark.parametrize("table", [Table.COIL, Table.DISCRETE])
def test_coils_are_read_up_to_their_own_longest(table: Table) -> None:
    wide = ReadRules(gap=MODBUS_MOST_BITS, longest_by_table=((table, MODBUS_MOST_BITS),))
    assert plan_reads(type_with([point(0, table=table), point(1999, table=table)], wide)) == (Span(table, 0, 2000),)
    spans = plan_reads(type_with([point(0, table=table), point(2000, table=table)], wide))
    assert spans == (Span(table, 0, 1), Span(table, 2000, 1))


def test_a_slow_value_rides_along_where_that_is_cheaper_and_waits_its_time_where_not() -> None:
    mixed = type_with([point(0, 2), point(40, 2, every_s=60.0)])
    assert [read.every_s for read in plan_requests(mixed)] == [0.0]
    assert [read.every_s for read in plan_requests(mixed, SLOW_LINE)] == [0.0, 60.0]


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_has_a_plan_for_a_slow_line_that_reads_no_more_registers(name: str) -> None:
    loaded = profile(name)
    network, serial = plan_requests(loaded), plan_requests(loaded, SLOW_LINE)
    assert _each_s(serial, lambda span: span.count) <= _each_s(network, lambda span: span.count) + 1e-9
    assert _each_s(serial, SLOW_LINE.of) <= _each_s(network, SLOW_LINE.of) + 1e-9


def _each_s(planned: Sequence[PlannedRead], of: Callable[[Span], float]) -> float:
    """What a plan asks for in a second, slow requests by their pace."""
    return sum(of(one.span) / max(one.every_s, USUAL_CYCLE_S) for one in planned)
