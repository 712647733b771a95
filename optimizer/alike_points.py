"""Access points that are alike, as one point with several places: how many ships are there, not which is where.

Points are alike when the same ships fit, draw and get the same there, and no limit between them can bind. Which of
them a ship takes then changes neither cost nor limits. Stays are intervals, and intervals of which never more than n
overlap can be given n places (an interval graph is perfect): so counting the ships there whenever one arrives is exact,
and `moor` finds each a point afterwards. Ships already plugged in keep their points: where their stays have a moment in
common, places are given out from that moment forwards and backwards, and counting is still enough.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.berths import BerthTable, find_clashes
from optimizer.profile import IntArray
from optimizer.tables import GridTree


@dataclass(frozen=True, slots=True, eq=False)
class AlikePoints:
    """The berth table with one point for all that are alike, and of each such point all that it stands for."""

    apart: BerthTable
    merged: BerthTable
    stands_for: dict[int, list[int]]

    def moor(self, chosen: IntArray) -> IntArray:
        """The option of `apart` for each ship, -1 on engines; `chosen` are options of `merged`, at most one a ship."""
        berth = np.full(self.apart.ships, -1, dtype=np.int64)
        for first, points in self.stands_for.items():
            ships = self.merged.ship[chosen[self.merged.point[chosen] == first]].tolist()
            for ship, point in _give_places(self.apart, ships, points):
                berth[ship] = self.apart.option_of(ship, point)
        return berth


def merge_alike_points(berths: BerthTable, tree: GridTree, held: set[int]) -> AlikePoints:
    """The kinds of points there are; `held`: numbers of the nodes that a limit may hold.

    In what comes back options count to the lowest such node above their point, and of the ships at a point at one
    moment as many may be plugged in as there are points of the kind.
    """
    options_at: dict[int, list[int]] = {}
    for option, point in enumerate(berths.point.tolist()):
        options_at.setdefault(point, []).append(option)
    node = np.array([_lowest_held(tree, int(number), held) for number in berths.node], dtype=np.int64)
    kinds: dict[Hashable, list[int]] = {}
    for point, options in options_at.items():
        kinds.setdefault((int(node[options[0]]), _looks(berths, options)), []).append(point)
    stands_for = {part[0]: part for points in kinds.values() for part in _split(berths, options_at, points)}
    options, first_of = [], []
    for first, points in stands_for.items():
        at_any = {int(berths.ship[option]): option for point in reversed(points) for option in options_at[point]}
        options += at_any.values()
        first_of += [first] * len(at_any)
    merged = dataclasses.replace(
        berths.only(np.array(options, dtype=np.int64)), point=np.array(first_of, dtype=np.int64)
    )
    places = {first: len(points) for first, points in stands_for.items()}
    clashes = find_clashes(merged.ship, merged.point, berths.arrives_h, berths.leaves_h, places)
    return AlikePoints(berths, dataclasses.replace(merged, node=node[options], clashes=clashes), stands_for)


def _lowest_held(tree: GridTree, node: int, held: set[int]) -> int:
    return next((number for number in tree.path(node) if number in held), tree.root)


def _looks(berths: BerthTable, options: Sequence[int]) -> Hashable:
    """Equal for points at which the same ships, but for those plugged in already, draw and get the same."""
    return tuple(
        (int(berths.ship[option]), berths.draws_kw[option].tobytes(), berths.shore_kwh[option].tobytes())
        for option in options
        if berths.plugged_at[berths.ship[option]] < 0
    )


def _split(berths: BerthTable, options_at: dict[int, list[int]], points: list[int]) -> list[list[int]]:
    """The points as one kind; those that ships are plugged in at apart where these stays have no moment in common."""
    here = [ship for ship in np.flatnonzero(berths.plugged_at >= 0).tolist() if berths.plugged_at[ship] in points]
    if not here or berths.arrives_h[here].max() < berths.leaves_h[here].min():
        return [points]
    taken = {int(berths.plugged_at[ship]) for ship in here}
    free = [point for point in points if point not in taken]
    return ([free] if free else []) + [[point] for point in sorted(taken)]


def _give_places(berths: BerthTable, ships: Sequence[int], points: Sequence[int]) -> list[tuple[int, int]]:
    """A point for each ship, of which never more than there are points are there at once.

    Those plugged in stay; then come the ships there at the moment all these share, then those that arrive after it in
    order of arrival, and last those that leave before it, the last to leave first.
    """
    pinned = [ship for ship in ships if berths.plugged_at[ship] >= 0]
    shared_h = max((float(berths.arrives_h[ship]) for ship in pinned), default=-np.inf)

    def turn(ship: int) -> tuple[float, ...]:
        arrives, leaves = float(berths.arrives_h[ship]), float(berths.leaves_h[ship])
        if arrives <= shared_h < leaves:
            return (0.0, arrives, ship)
        return (1.0, arrives, ship) if arrives > shared_h else (2.0, -leaves, ship)

    placed = [(ship, int(berths.plugged_at[ship])) for ship in pinned]
    for ship in sorted(set(ships) - set(pinned), key=turn):
        busy = {point for other, point in placed if berths.overlap(ship, other)}
        placed.append((ship, next(point for point in points if point not in busy)))
    return placed
