"""All values of a device type in the requests that cost its wire least, within the rules of the device.

The cost of a plan is seconds of the wire for each second of time: what one request takes (`wire.py`) over how often it
is asked. On a network a round trip outweighs any gap, so that requests are joined as far as they go; on a serial line
a gap of some fifteen registers takes longer than a request of its own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hardware.profiles.model import MOST_LONELY, Profile, ProfilePoint, Span, Table
from hardware.profiles.wire import NETWORK, WireCost

USUAL_CYCLE_S = 5.0  # what "each cycle of its device" counts as where a plan weighs it against a slow point


@dataclass(frozen=True, slots=True)
class PlannedRead:
    """One request of a plan, asked no oftener than every `every_s` seconds; 0: in each cycle of its device."""

    span: Span
    every_s: float


@dataclass(frozen=True, slots=True)
class _Need:
    """Registers that have to come in one answer."""

    address: int
    end: int
    every_s: float


@dataclass(frozen=True, slots=True)
class _Best:
    """The cheapest plan for the first so many needs: its cost, and the plan without its last request."""

    cost: float
    before: int
    last: PlannedRead | None


def plan_requests(profile: Profile, wire: WireCost = NETWORK) -> tuple[PlannedRead, ...]:
    """The cheapest requests that together cover every point, scale register and block; addresses as in the profile.

    Blocks are read as they are; values are never split; registers that must not be read are not; a value that must not
    be asked for alone gets a neighbour. Cheapest among all plans whose requests do not reach over one another, which
    for points of one pace is cheapest of all (`tests/hardware/test_read_plan.py` compares with every plan there is).
    """
    planned: list[PlannedRead] = []
    for table in Table:
        needs = _needs(profile, table)
        for block in profile.read.blocks:
            if block.table is table:
                inside = [need.every_s for need in needs if _covers(block, need)]
                planned.append(PlannedRead(block, min(inside, default=0.0)))
                needs = [need for need in needs if not _covers(block, need)]
        for together in _apart(needs, profile):
            planned.extend(_cheapest(together, table, profile, wire))
    return tuple(planned)


def plan_reads(profile: Profile, wire: WireCost = NETWORK) -> tuple[Span, ...]:
    """The spans of `plan_requests`."""
    return tuple(planned.span for planned in plan_requests(profile, wire))


def may_be_read(profile: Profile) -> tuple[Span, ...]:
    """All that some plan, over some wire, asks for: every value, and every gap that a request may span."""
    spans = list(plan_reads(profile))  # blocks and neighbours as they are
    for table in Table:
        needs = _needs(profile, table)
        pairs = (_joined(pair, table, profile) for pair in itertools.pairwise(needs))
        spans += [pair.span for pair in pairs if pair is not None]
    return tuple(spans)


def request_of(requests: Sequence[Span], table: Table, address: int, words: int) -> int:
    """Which request brings these registers. Raises ValueError where none does."""
    for number, request in enumerate(requests):
        if request.table is table and request.address <= address and address + words <= request.end:
            return number
    raise ValueError(f"no request brings {table.value} {address}..{address + words - 1}")


def _needs(profile: Profile, table: Table) -> list[_Need]:
    """What has to be read of a table, from the lowest address up, each range once and at its fastest pace."""
    fastest: dict[tuple[int, int], float] = {}
    for point in profile.points:
        if point.table is not table:
            continue
        ranges = [(point.address, point.end)]
        if point.scale_register is not None:
            ranges.append((point.scale_register, point.scale_register + 1))
        for place in ranges:
            fastest[place] = min(point.every_s, fastest.get(place, math.inf))
    return [_Need(address, end, every_s) for (address, end), every_s in sorted(fastest.items())]


def _covers(span: Span, need: _Need) -> bool:
    return span.address <= need.address and need.end <= span.end


def _apart(needs: Sequence[_Need], profile: Profile) -> Iterable[Sequence[_Need]]:
    """Needs of different SunSpec models never share a request: a device may have them anywhere, or not at all.

    Each model used is asked for its number and length too, so that a device that was exchanged is seen at once.
    """
    if not profile.sunspec:
        yield needs
        return
    for model in profile.sunspec:
        inside = [need for need in needs if need.address in model]
        if inside:
            yield [_Need(model.start, model.start + 2, min(need.every_s for need in inside)), *inside]


def _cheapest(needs: Sequence[_Need], table: Table, profile: Profile, wire: WireCost) -> Iterable[PlannedRead]:
    """Dynamic programming over where the last request begins: `best[n]` is for the first n needs."""
    best = [_Best(0.0, 0, None)]
    for count in range(1, len(needs) + 1):
        found: _Best | None = None
        for first in range(count - 1, -1, -1):
            planned = _joined(needs[first:count], table, profile)
            if planned is None:
                break  # further down it only grows longer and takes in more gaps
            cost = best[first].cost + _cost_each_s(planned, profile, wire)
            if found is None or cost <= found.cost:  # at equal cost the fewer requests
                found = _Best(cost, first, planned)
        assert found is not None  # a single need always makes a request
        best.append(found)
    requests: list[PlannedRead] = []
    at = len(needs)
    while (last := best[at].last) is not None:
        requests.append(last)
        at = best[at].before
    return reversed(requests)


def _joined(needs: Sequence[_Need], table: Table, profile: Profile) -> PlannedRead | None:
    """One request for all of `needs`, or None where the device's rules do not allow it."""
    end = max(need.end for need in needs)
    span = Span(table, needs[0].address, end - needs[0].address)
    if len(needs) > 1:
        if span.count > profile.read.longest_in(table) or _widest_gap(needs) > profile.read.gap:
            return None
        if profile.read.is_forbidden(table, span.address, end):
            return None
    return PlannedRead(_with_neighbour(span, profile), min(need.every_s for need in needs))


def _widest_gap(needs: Sequence[_Need]) -> int:
    widest, end = 0, needs[0].end
    for need in needs[1:]:
        widest, end = max(widest, need.address - end), max(end, need.end)
    return widest


def _cost_each_s(planned: PlannedRead, profile: Profile, wire: WireCost) -> float:
    once_s = wire.of(planned.span) + profile.read.silence_ms / 1000.0
    return once_s / max(planned.every_s, USUAL_CYCLE_S)


def _with_neighbour(span: Span, profile: Profile) -> Span:
    """A span that holds only a value which must not be asked for alone takes the register before it, or behind it."""
    if span.count > MOST_LONELY or not any(_is_lonely(point, span) for point in profile.points):
        return span
    before = Span(span.table, span.address - 1, span.count + 1)
    taken = span.address == 0 or profile.read.is_forbidden(span.table, before.address, span.address)
    return before if not taken else Span(span.table, span.address, span.count + 1)


def _is_lonely(point: ProfilePoint, span: Span) -> bool:
    return not point.alone and (point.table, point.address, point.words) == (span.table, span.address, span.count)
