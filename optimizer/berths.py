"""Ship calls as arrays: which may plug in where (an option), what each option draws, and which exclude each other."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from optimizer.parts import Horizon
from optimizer.problem import Problem
from optimizer.profile import FloatArray, IntArray, table


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
    shore_kwh: FloatArray  # what the ship gets, shape (options, steps)
    clashes: tuple[IntArray, ...]  # options of one access point that are there at one moment: at most one of each

    @property
    def ships(self) -> int:
        return int(self.hotel_kwh.shape[0])

    def option_of(self, ship: int, point: int) -> int:
        """The option of a ship at a point, -1 where it does not fit."""
        found = np.flatnonzero((self.ship == ship) & (self.point == point))
        return int(found[0]) if found.size else -1

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

    def _chosen(self, of_options: FloatArray, option: IntArray) -> FloatArray:
        chosen = np.zeros_like(self.hotel_kwh)
        chosen[option >= 0] = of_options[option[option >= 0]]
        return chosen


def tabulate_berths(problem: Problem) -> BerthTable:
    """The arrays of a problem's ship calls."""
    horizon, calls = problem.horizon, problem.ships
    hotel = table((call.hotel_kw for call in calls), horizon.steps)
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
        shore_kwh=shore,
        clashes=tuple(_clashes(problem, options)),
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


def _clashes(problem: Problem, options: list[tuple[int, int]]) -> list[IntArray]:
    """For each option those of its point whose ship is there when its own arrives, where that is more than one."""
    found: set[tuple[int, ...]] = set()
    for s, p in options:
        moment = problem.ships[s].arrives
        there = [
            row
            for row, (other, point) in enumerate(options)
            if point == p and problem.ships[other].arrives <= moment < problem.ships[other].leaves
        ]
        if len(there) > 1:
            found.add(tuple(there))
    return [np.array(there, dtype=np.int64) for there in sorted(found)]
