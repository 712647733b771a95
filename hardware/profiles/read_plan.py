"""All values of a device type in the fewest requests its rules allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hardware.profiles.model import Profile, ProfilePoint, Span, Table


@dataclass(frozen=True, slots=True)
class _Need:
    """Registers that have to come in one answer."""

    address: int
    end: int


def plan_reads(profile: Profile) -> tuple[Span, ...]:
    """Requests that together cover every point, scale register and block; addresses relative as in the profile.

    Going up from the lowest need and taking as much as one request may hold is optimal for intervals on a line.
    Blocks are read as they are; values are never split; a value that must not be asked for alone gets a neighbour.
    """
    requests: list[Span] = []
    for table in Table:
        blocks = [block for block in profile.read.blocks if block.table is table]
        requests.extend(blocks)
        needs = [need for need in _needs(profile, table) if not _covered(need, blocks)]
        requests.extend(_grow(needs, table, profile))
    return tuple(requests)


def request_of(requests: Sequence[Span], table: Table, address: int, words: int) -> int:
    """Which request brings these registers. Raises ValueError where none does."""
    for number, request in enumerate(requests):
        if request.table is table and request.address <= address and address + words <= request.end:
            return number
    raise ValueError(f"no request brings {table.value} {address}..{address + words - 1}")


def _needs(profile: Profile, table: Table) -> list[_Need]:
    needs = set()
    for point in profile.points:
        if point.table is not table:
            continue
        needs.add(_Need(point.address, point.end))
        if point.scale_register is not None:
            needs.add(_Need(point.scale_register, point.scale_register + 1))
    return sorted(needs, key=lambda need: (need.address, need.end))


def _covered(need: _Need, blocks: Iterable[Span]) -> bool:
    return any(block.address <= need.address and need.end <= block.end for block in blocks)


def _grow(needs: Sequence[_Need], table: Table, profile: Profile) -> Iterable[Span]:
    start, end = -1, -1
    for need in needs:
        fits = start >= 0 and need.end - start <= profile.read.longest and need.address - end <= profile.read.gap
        if start >= 0 and not fits:
            yield _with_neighbour(Span(table, start, end - start), profile.points)
        if not fits:
            start, end = need.address, need.end
        end = max(end, need.end)
    if start >= 0:
        yield _with_neighbour(Span(table, start, end - start), profile.points)


def _with_neighbour(span: Span, points: Iterable[ProfilePoint]) -> Span:
    for point in points:
        if point.alone or point.table is not span.table or (point.address, point.words) != (span.address, span.count):
            continue
        if span.address > 0:
            return Span(span.table, span.address - 1, span.count + 1)
        return Span(span.table, span.address, span.count + 1)
    return span
