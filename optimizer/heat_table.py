"""Heat nodes, what makes heat and what stores it, as arrays: one row a thing and one column a step.

Makers stand in one order: heat pumps, electric boilers, gas boilers, CHP. Frozen steps leave no room between least and
most heat. A heat store is never held: it follows from what is made and needed. Where a heat node has no store and its
demand is not what the plan in force makes, its makers follow the demand, and only on and off stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.heating import Chp, ElectricBoiler, GasBoiler, HeatMaker, HeatPump
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray, IntArray, column, table
from optimizer.running_table import RunningTable, tabulate_running

_SAME_KW = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class ChpTable:
    """Extraction CHP; arrays of shape (chps,) unless said otherwise. `row` is the place of each among the makers."""

    row: IntArray
    electric_efficiency: FloatArray
    power_lost_per_heat: FloatArray
    power_to_heat: FloatArray
    back_pressure: BoolArray
    fuel_max_kw: FloatArray
    power_max_kw: FloatArray
    held_kw: FloatArray  # power the plan in force holds, NaN where it holds none; shape (chps, steps)

    def fuel_kw(self, power_kw: FloatArray, heat_kw: FloatArray) -> FloatArray:
        """Fuel for power and heat, all of shape (chps, steps)."""
        return (power_kw + self.power_lost_per_heat[:, None] * heat_kw) / self.electric_efficiency[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class StoreTable:
    """Heat stores; arrays of shape (stores,) or (stores, steps). Flows are kW of heat, positive into the store."""

    heat: IntArray  # row of the heat node
    charge_max_kw: FloatArray
    discharge_max_kw: FloatArray
    capacity_kwh: FloatArray
    least_kwh: FloatArray
    start_kwh: FloatArray
    end_kwh: FloatArray
    end_is_hard: BoolArray
    end_missing_eur_per_kwh: FloatArray
    kept: FloatArray  # share of the stored heat that each step leaves, (stores, steps)

    def stored_kwh(self, flow_kw: FloatArray, hours: FloatArray) -> FloatArray:
        """Heat stored at each step's end, shape (stores, steps)."""
        stored, now = np.zeros_like(flow_kw), self.start_kwh
        for step in range(flow_kw.shape[1]):
            now = now * self.kept[:, step] + flow_kw[:, step] * hours[step]
            stored[:, step] = now
        return stored


@dataclass(frozen=True, slots=True, eq=False)
class HeatTable:
    """All of a problem's heat; arrays of shape (makers,), (makers, steps), (nodes,) or (nodes, steps)."""

    demand_kw: FloatArray  # (nodes, steps)
    missing_max_kw: FloatArray  # (nodes,): inf where missing heat has a price, else 0
    missing_eur_per_kwh: FloatArray
    surplus_max_kw: FloatArray
    surplus_eur_per_kwh: FloatArray
    node: IntArray  # of the grid, (makers,)
    heat: IntArray  # row of the heat node, (makers,)
    least_kw: FloatArray  # (makers, steps): above 0 only where the plan in force holds
    most_kw: FloatArray
    power_per_heat: FloatArray  # (makers, steps): what a kW of heat draws; 0 for a CHP
    fuel_per_heat: FloatArray  # (makers,): 0 for what burns none, and for a CHP
    fuel_eur_per_kwh: FloatArray  # (makers, steps), fuel alone
    fuel_kg_per_kwh: FloatArray  # (makers,)
    carbon_eur_per_kwh: FloatArray  # (makers,), of a kWh of fuel
    merit: IntArray  # makers by what a kWh of heat costs on average, the cheapest first
    running: RunningTable  # loads are heat; fuel for a CHP
    chp: ChpTable
    store: StoreTable

    def fuel_kw(self, heat_kw: FloatArray, chp_kw: FloatArray) -> FloatArray:
        """Fuel burnt by every maker, shape (makers, steps)."""
        fuel = heat_kw * self.fuel_per_heat[:, None]
        fuel[self.chp.row] = self.chp.fuel_kw(chp_kw, heat_kw[self.chp.row])
        return fuel

    def load_kw(self, heat_kw: FloatArray, chp_kw: FloatArray) -> FloatArray:
        """What each maker's least load is measured by, shape (makers, steps)."""
        load = heat_kw.copy()
        load[self.chp.row] = self.chp.fuel_kw(chp_kw, heat_kw[self.chp.row])
        return load

    def power_kw(self, heat_kw: FloatArray, chp_kw: FloatArray) -> FloatArray:
        """What every maker draws from its grid node, below 0 for a CHP; shape (makers, steps)."""
        power = heat_kw * self.power_per_heat
        power[self.chp.row] = -chp_kw
        return power

    def lacking_kw(self, heat_kw: FloatArray, store_kw: FloatArray) -> FloatArray:
        """Demand less what is made and taken from stores: missing above 0, surplus below; shape (nodes, steps)."""
        lacking = self.demand_kw.copy()
        np.add.at(lacking, self.heat, -heat_kw)
        np.add.at(lacking, self.store.heat, store_kw)
        return lacking


def tabulate_heat(problem: Problem, held: dict[str, tuple[float, ...]]) -> HeatTable:
    """The arrays of a problem's heat."""
    steps, makers = problem.horizon.steps, problem.heat_makers
    needs = (problem.against.choose(n.demand_low_kw, n.demand_kw, n.demand_high_kw) for n in problem.heat_nodes)
    demand_kw = table(needs, steps)
    grid = {node.id: row for row, node in enumerate(problem.nodes)}
    place = {node.id: row for row, node in enumerate(problem.heat_nodes)}
    heat = np.array([place[maker.heat] for maker in makers], dtype=np.int64)
    most = table((m.heat_max_kw if isinstance(m, Chp) else m.most_kw for m in makers), steps)
    held_kw, power_held = _held(problem, makers, held, most)
    exact = np.where(_follows(problem, heat, held_kw, demand_kw), np.nan, held_kw)
    fixed = np.isfinite(exact)
    chp = _chps(problem, np.where(fixed, power_held, np.nan))
    load_max, load_held = most.copy(), held_kw.copy()
    load_max[chp.row] = chp.fuel_max_kw[:, None]
    load_held[chp.row] += np.nan_to_num(power_held[chp.row])
    burning = [m if isinstance(m, GasBoiler | Chp) else None for m in makers]
    kg = np.array([m.fuel_kg_per_kwh if m is not None else 0.0 for m in burning], dtype=float)
    missing = [node.missing_eur_per_kwh for node in problem.heat_nodes]
    surplus = [node.surplus_eur_per_kwh for node in problem.heat_nodes]
    return HeatTable(
        demand_kw=demand_kw,
        missing_max_kw=np.array([0.0 if price is None else np.inf for price in missing], dtype=float),
        missing_eur_per_kwh=np.array([price or 0.0 for price in missing], dtype=float),
        surplus_max_kw=np.array([0.0 if price is None else np.inf for price in surplus], dtype=float),
        surplus_eur_per_kwh=np.array([price or 0.0 for price in surplus], dtype=float),
        node=np.array([grid[maker.node] for maker in makers], dtype=np.int64),
        heat=heat,
        least_kw=np.where(fixed, np.nan_to_num(exact), 0.0),
        most_kw=np.where(fixed, np.nan_to_num(exact), most),
        power_per_heat=table((_power_per_heat(maker) for maker in makers), steps),
        fuel_per_heat=np.array([1.0 / m.efficiency if isinstance(m, GasBoiler) else 0.0 for m in makers], dtype=float),
        fuel_eur_per_kwh=table((m.fuel_eur_per_kwh if m is not None else 0.0 for m in burning), steps),
        fuel_kg_per_kwh=kg,
        carbon_eur_per_kwh=kg * problem.tariff.carbon_eur_per_t / 1000.0,
        merit=_merit(problem),
        running=tabulate_running([m.switching for m in makers], load_max, problem.horizon.hours, load_held),
        chp=chp,
        store=_stores(problem, place),
    )


def _power_per_heat(maker: HeatMaker) -> float | tuple[float, ...]:
    match maker:
        case HeatPump():
            return tuple(1.0 / cop for cop in maker.cop) if isinstance(maker.cop, tuple) else 1.0 / maker.cop
        case ElectricBoiler():
            return 1.0 / maker.efficiency
        case GasBoiler():
            return maker.power_share
        case Chp():
            return 0.0


def _merit(problem: Problem) -> IntArray:
    """Makers by what a kWh of heat costs at the mean prices, CHP with the power that has to come with it."""
    power = float(problem.tariff.import_cost_eur_per_kwh(problem.horizon.steps).mean())

    def eur(maker: HeatMaker) -> float:
        match maker:
            case HeatPump() | ElectricBoiler():
                return power * float(np.mean(_power_per_heat(maker)))
            case GasBoiler():
                return power * maker.power_share + _fuel_eur(problem, maker) / maker.efficiency
            case Chp():
                burns = (maker.power_to_heat + maker.power_lost_per_heat) / maker.electric_efficiency
                return burns * _fuel_eur(problem, maker) - power * maker.power_to_heat

    return np.argsort([eur(maker) for maker in problem.heat_makers], kind="stable").astype(np.int64)


def _fuel_eur(problem: Problem, maker: GasBoiler | Chp) -> float:
    carbon = maker.fuel_kg_per_kwh * problem.tariff.carbon_eur_per_t / 1000.0
    return float(np.mean(maker.fuel_eur_per_kwh)) + carbon


def _held(
    problem: Problem, makers: Sequence[HeatMaker], held: dict[str, tuple[float, ...]], most_kw: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Heat, and the power of CHP, that the plan in force holds; NaN where it holds none, shape (makers, steps)."""
    held_kw, power = np.full_like(most_kw, np.nan), np.full_like(most_kw, np.nan)
    powers = {item.asset: item.power_kw for item in problem.in_force if item.power_kw}
    first = slice(0, problem.frozen_steps)
    for row, maker in enumerate(makers):
        if maker.id in held:
            held_kw[row, first] = np.minimum(held[maker.id][first], most_kw[row, first])
            if maker.id in powers:
                power[row, first] = powers[maker.id][first]
    return held_kw, power


def _follows(problem: Problem, heat: IntArray, held_kw: FloatArray, demand_kw: FloatArray) -> BoolArray:
    """Cells (makers, steps) of makers that have to follow their node's demand, as no store is there to take it up."""
    made = np.zeros_like(demand_kw)
    np.add.at(made, heat, held_kw)  # NaN where one of them is free, and can follow by itself
    stored = {store.heat for store in problem.heat_stores}
    soft = [
        node.id in stored or (node.missing_eur_per_kwh is not None and node.surplus_eur_per_kwh is not None)
        for node in problem.heat_nodes
    ]
    off = np.isfinite(made) & (np.abs(made - demand_kw) > _SAME_KW) & ~np.array(soft, dtype=bool)[:, None]
    return np.asarray(off[heat])


def _chps(problem: Problem, power_held_kw: FloatArray) -> ChpTable:
    """The arrays of the CHP, the last of the makers whose held power is given, shape (makers, steps)."""
    chps, makers = problem.chps, len(power_held_kw)
    efficiency, fuel = column(chps, "electric_efficiency"), column(chps, "fuel_max_kw")
    lost, ratio = column(chps, "power_lost_per_heat"), column(chps, "power_to_heat")
    back_pressure = np.array([chp.back_pressure for chp in chps], dtype=bool)
    heat_most = np.minimum(column(chps, "heat_max_kw"), efficiency * fuel / np.maximum(ratio + lost, 1e-9))
    row = np.arange(makers - len(chps), makers, dtype=np.int64)
    power_max = np.where(back_pressure, ratio * heat_most, efficiency * fuel)
    return ChpTable(
        row=row,
        electric_efficiency=efficiency,
        power_lost_per_heat=lost,
        power_to_heat=ratio,
        back_pressure=back_pressure,
        fuel_max_kw=fuel,
        power_max_kw=power_max,
        held_kw=np.clip(power_held_kw[row], 0.0, power_max[:, None]),
    )


def _stores(problem: Problem, place: dict[str, int]) -> StoreTable:
    stores, hours = problem.heat_stores, problem.horizon.hours
    price = [store.end_missing_eur_per_kwh for store in stores]
    return StoreTable(
        heat=np.array([place[store.heat] for store in stores], dtype=np.int64),
        charge_max_kw=column(stores, "charge_max_kw"),
        discharge_max_kw=column(stores, "discharge_max_kw"),
        capacity_kwh=column(stores, "capacity_kwh"),
        least_kwh=column(stores, "least_kwh"),
        start_kwh=column(stores, "start_kwh"),
        end_kwh=column(stores, "end_kwh"),
        end_is_hard=np.array([one is None for one in price], dtype=bool),
        end_missing_eur_per_kwh=np.array([one or 0.0 for one in price], dtype=float),
        kept=(1.0 - column(stores, "loss_share_per_h")[:, None]) ** hours,
    )
