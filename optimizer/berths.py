"""Ship calls as arrays: which may plug in where (an option), what each option draws, and which exclude each other."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.parts import Horizon
from optimizer.problem import Problem
from optimizer.profile import FloatArray, IntArray, table

_OF_OPTIONS = ("ship", "point", "node", "draws_kw", "while_on_kw", "shore_kwh")


@dataclass(frozen=True, slots=True, eq=False)
class Clash:
    """Options of one access point whose ships are there at one moment: at most so many may be chosen."""

    options: IntArray
    places: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class BerthTable:
    """Ship calls (ships,), their options (options,) and steps. An option is a ship at one access point that fits."""

    hotel_kwh: FloatArray  # what each ship needs in each step, shape (ships, steps)
    engine_eur_per_kwh: FloatArray  # fuel alone, shape (ships,)
    engine_kg_per_kwh: FloatArray
    carbon_eur_per_kwh: FloatArray  # of what the engine burns
    not_connected_eur: FloatArray
    ship: IntArray  # of each option
    point: IntArray  # of each option, its place among the access points
    node: IntArray  # of each option: where it draws
    draws_kw: FloatArray  # mean power at that node, shape (options, steps)
    while_on_kw: FloatArray  # power at that node while on shore power, 0 where it is not; shape (options, steps)
    shore_kwh: FloatArray  # what the ship gets, shape (options, steps)
    clashes: tuple[Clash, ...]
    arrives_h: FloatArray  # hours from the horizon's start, shape (ships,)
    leaves_h: FloatArray
    plugged_at: IntArray  # the access point each ship is plugged in at already, -1 for none

    @property
    def ships(self) -> int:
        return int(self.hotel_kwh.shape[0])

    def option_of(self, ship: int, point: int) -> int:
        """The option of a ship at a point, -1 where it does not fit."""
        found = np.flatnonzero((self.ship == ship) & (self.point == point))
        return int(found[0]) if found.size else -1

    def overlap(self, a: int, b: int) -> bool:
        """Whether two ships are there at one moment."""
        return bool(self.arrives_h[a] < self.leaves_h[b] and self.arrives_h[b] < self.leaves_h[a])

    def only(self, options: IntArray) -> BerthTable:
        """The table with these options alone; what clashes is left as it is."""
        of_options = {name: getattr(self, name)[options] for name in _OF_OPTIONS}
        return dataclasses.replace(self, **of_options)

    def power_kw(self, option: IntArray) -> FloatArray:
        """What ships draw from the grid by the option each has (-1: none), shape (ships, steps)."""
        return self._chosen(self.draws_kw, option)

    def engine_kwh(self, option: IntArray) -> FloatArray:
        """What the engines make by the option each ship has, shape (ships, steps)."""
        return np.maximum(self.hotel_kwh - self._chosen(self.shore_kwh, option), 0.0)

    def add_to_nodes(self, own_kw: FloatArray, option: IntArray) -> None:
        """Adds what ships draw to the nodes of their points; in place, shape (nodes, steps)."""
        used = option[option >= 0]
        np.add.at(own_kw, self.node[used], self.draws_kw[used])

    def most_kw(self) -> tuple[IntArray, FloatArray]:
        """Node of each access point that has options, and the most it can ever draw, shape (points, steps).

        Ships that follow each other within a step share it: no more than the highest load while on shore power.
        """
        _, first, place = np.unique(self.point, return_index=True, return_inverse=True)
        most = np.zeros((first.size, self.draws_kw.shape[1]))
        np.maximum.at(most, place, self.while_on_kw)
        return self.node[first], most

    def _chosen(self, of_options: FloatArray, option: IntArray) -> FloatArray:
        chosen = np.zeros_like(self.hotel_kwh)
        chosen[option >= 0] = of_options[option[option >= 0]]
        return chosen


def tabulate_berths(problem: Problem) -> BerthTable:
    """The arrays of a problem's ship calls."""
    horizon, calls = problem.horizon, problem.ships
    hotel = table(
        (problem.against.choose(call.hotel_low_kw, call.hotel_kw, call.hotel_high_kw) for call in calls), horizon.steps
    )
    present = np.array([_present(horizon, call.arrives, call.leaves) for call in calls]).reshape(hotel.shape)
    number = {node.id: place for place, node in enumerate(problem.nodes)}
    options = [(s, p) for s, call in enumerate(calls) for p in problem.points_for(call)]
    ship, point = (np.array([option[k] for option in options], dtype=np.int64) for k in range(2))
    shore = np.zeros((len(options), horizon.steps))
    for row, (s, _) in enumerate(options):
        call = calls[s]
        delay_h = 0.0 if call.at_point is not None else call.connect_h
        shore[row] = hotel[s] * _present(horizon, call.arrives, call.leaves, delay_h, call.release_h) * horizon.hours
    efficiency = np.array([item.efficiency for item in problem.access_points], dtype=float)
    carbon = np.array([call.engine_kg_per_kwh for call in calls], dtype=float)
    arrives_h = np.array([horizon.offset_h(call.arrives) for call in calls], dtype=float)
    leaves_h = np.array([horizon.offset_h(call.leaves) for call in calls], dtype=float)
    place_of = {item.id: place for place, item in enumerate(problem.access_points)}
    return BerthTable(
        hotel_kwh=hotel * present * horizon.hours,
        engine_eur_per_kwh=np.array([call.engine_eur_per_kwh for call in calls], dtype=float),
        engine_kg_per_kwh=carbon,
        carbon_eur_per_kwh=carbon * problem.tariff.carbon_eur_per_t / 1000.0,
        not_connected_eur=np.array([call.not_connected_eur for call in calls], dtype=float),
        ship=ship,
        point=point,
        node=np.array([number[problem.access_points[p].node] for _, p in options], dtype=np.int64),
        draws_kw=shore / horizon.hours / efficiency[point][:, None] if options else shore,
        while_on_kw=np.where(shore > 0.0, hotel[ship] / efficiency[point][:, None], 0.0) if options else shore,
        shore_kwh=shore,
        clashes=find_clashes(ship, point, arrives_h, leaves_h),
        arrives_h=arrives_h,
        leaves_h=leaves_h,
        plugged_at=np.array([place_of.get(call.at_point or "", -1) for call in calls], dtype=np.int64),
    )


def _present(
    horizon: Horizon, begins: dt.datetime, ends: dt.datetime, delay_h: float = 0.0, early_h: float = 0.0
) -> FloatArray:
    """Part of each step between two moments, the first later and the second earlier by some hours."""
    first = horizon.offset_h(begins) + delay_h
    last = horizon.offset_h(ends) - early_h
    edges = horizon.edges_h
    share = np.clip((np.minimum(last, edges[1:]) - np.maximum(first, edges[:-1])) / horizon.hours, 0.0, 1.0)
    return np.asarray(np.where(share < 1e-9, 0.0, np.where(share > 1.0 - 1e-9, 1.0, share)))


def find_clashes(
    ship: IntArray,
    point: IntArray,
    arrives_h: FloatArray,
    leaves_h: FloatArray,
    places: Mapping[int, int] | None = None,
) -> tuple[Clash, ...]:
    """The largest sets of options of a point whose ships are there when one of them arrives, more than it has places.

    Whatever overlaps at all does so when one arrives, so these moments are enough.
    """
    found = []
    for number in np.unique(point).tolist():
        at = np.flatnonzero(point == number)
        begins, ends = arrives_h[ship[at]], leaves_h[ship[at]]
        there = {frozenset(at[(begins <= moment) & (moment < ends)].tolist()) for moment in begins}
        room = 1 if places is None else places[number]
        largest = [one for one in there if len(one) > room and not any(one < other for other in there)]
        found += [Clash(np.array(sorted(one), dtype=np.int64), room) for one in sorted(largest, key=sorted)]
    return tuple(found)
