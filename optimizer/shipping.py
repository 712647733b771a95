"""Rules of ships at shore power. An option, a ship at one access point that fits, is an integer a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.alike_points import AlikePoints, merge_alike_points
from optimizer.berths import BerthTable
from optimizer.grid import GridBlock
from optimizer.model import NO_STEP, Cells, Model, once_each
from optimizer.problem import Problem
from optimizer.profile import FloatArray, IntArray
from optimizer.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class ShipBlock:
    """Where ships stand in the model: a column for each option at one of the kinds of points."""

    plugged: IntArray
    alike: AlikePoints

    def options(self, values: FloatArray) -> IntArray:
        """The option of each ship, -1 where it runs its engines, shape (ships,)."""
        return self.alike.moor(np.flatnonzero(values[self.plugged] > 0.5))


def write_shipping(model: Model, problem: Problem, tables: Tables, grid: GridBlock) -> ShipBlock:
    """All rules of ships at shore power, with the points that are alike as one."""
    alike = merge_alike_points(tables.berths, tables.tree, grid.held)
    berths, balance, names = alike.merged, grid.balance, [call.id for call in problem.ships]
    plugged = plug_in_once_or_run_engines(model, names, berths)
    serve_one_ship_at_a_time(model, [point.id for point in problem.access_points], berths, plugged)
    draw_shore_power(model, berths, balance, plugged)
    burn_fuel_while_not_connected(model, berths, plugged)
    return ShipBlock(plugged, alike)


def plug_in_once_or_run_engines(model: Model, names: Sequence[str], berths: BerthTable) -> IntArray:
    """Sum over the access points that fit of plugged in (0 or 1) + on engines = 1, for each ship call.

    On engines costs the price of its obligation to connect, in EUR a call. Gives columns, shape (options,).
    """
    cells = Cells([names[ship] for ship in berths.ship], np.arange(berths.ship.size), berths.point)
    plugged = model.columns("plugged", cells, 0.0, 1.0, integer=True)
    engines = model.columns("engines", once_each(names), 0.0, 1.0)
    model.price(engines, berths.not_connected_eur)
    rows = model.rows("supplied", once_each(names), 1.0, 1.0)
    model.put(rows[berths.ship], plugged, 1.0)
    model.put(rows, engines, 1.0)
    return plugged


def serve_one_ship_at_a_time(model: Model, points: Sequence[str], berths: BerthTable, plugged: IntArray) -> None:
    """Sum over the ships at the berth at one moment of plugged in at a point <= 1, whenever one arrives.

    For points that are alike and written as one: <= how many they are.
    """
    at = np.array([berths.point[clash.options[0]] for clash in berths.clashes], dtype=np.int64)
    places = np.array([clash.places for clash in berths.clashes], dtype=float)
    rows = model.rows("one_ship", Cells(points, at, np.full(at.size, NO_STEP, dtype=np.int64)), -np.inf, places)
    for row, clash in zip(rows, berths.clashes, strict=True):
        model.put(row, plugged[clash.options], 1.0)


def draw_shore_power(model: Model, berths: BerthTable, balance: IntArray, plugged: IntArray) -> None:
    """A plugged ship's hotel load over its converter's efficiency counts to the point's node, in kW."""
    option, step = np.nonzero(berths.draws_kw > 0.0)
    model.put(balance[berths.node[option], step], plugged[option], -berths.draws_kw[option, step])


def burn_fuel_while_not_connected(model: Model, berths: BerthTable, plugged: IntArray) -> None:
    """What shore power does not give the engines make, in kWh, at the price of fuel and its carbon."""
    price = berths.engine_eur_per_kwh + berths.carbon_eur_per_kwh
    model.charge(float(berths.hotel_kwh.sum(axis=1) @ price))
    model.price(plugged, -berths.shore_kwh.sum(axis=1) * price[berths.ship])
