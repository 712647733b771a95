"""What a dispatch comes to in EUR, kWh and kg, by asset and cause. One account for the plan and the naive case.

Worked out from powers and prices alone, never from the solver's objective, so that the two check each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.battery_table import BatteryTable
from optimizer.build import Dispatch, asset_power_kw, node_power_kw
from optimizer.grid import intervals
from optimizer.heat_table import StoreTable
from optimizer.parts import Asset, PeakCharge
from optimizer.plan import CAUSES, Cause, CostSplit, Outcome, Peak, Shortfall
from optimizer.problem import Problem
from optimizer.profile import FloatArray, over_steps, read_only
from optimizer.tables import Tables

_NOTHING = 1e-6  # amounts below this are rounding of the solver, not a shortfall


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """An outcome with the powers it was worked out from, (assets, steps) and (nodes, steps)."""

    outcome: Outcome
    asset_kw: FloatArray
    node_kw: FloatArray


def account(problem: Problem, tables: Tables, dispatch: Dispatch) -> Account:
    """Costs, peaks, carbon and shortfalls of a dispatch."""
    asset_kw = asset_power_kw(tables, dispatch)
    node_kw = node_power_kw(tables, dispatch)
    net_kw = node_kw[tables.tree.root]
    bought = np.maximum(net_kw, 0.0)
    eur = np.zeros((asset_kw.shape[0], len(CAUSES)))
    eur[:, CAUSES.index(Cause.ENERGY)] = asset_kw @ (_energy_price(problem, net_kw) * tables.hours)
    eur[:, CAUSES.index(Cause.CARBON)] = asset_kw @ (_carbon_price(problem, net_kw) * tables.hours)
    peaks = []
    for charge in problem.tariff.charges:
        peak, shares = _peak(charge, tables.hours, bought, asset_kw)
        eur[:, CAUSES.index(Cause.PEAK)] += peak.eur * shares
        peaks.append(peak)
    rows = tables.rows
    given_kwh = np.maximum(-dispatch.battery_kw, 0.0) @ tables.hours
    eur[rows["batteries"], CAUSES.index(Cause.WEAR)] = given_kwh * tables.battery.wear_eur_per_kwh
    from_vehicles_kwh = np.maximum(-dispatch.charge_kw, 0.0) @ tables.hours
    eur[rows["charging"], CAUSES.index(Cause.WEAR)] = from_vehicles_kwh * tables.charge.wear_eur_per_kwh
    engine_kwh = tables.berths.engine_kwh(dispatch.berth).sum(axis=1)
    eur[rows["ships"], CAUSES.index(Cause.FUEL)] = engine_kwh * tables.berths.engine_eur_per_kwh
    eur[rows["ships"], CAUSES.index(Cause.CARBON)] += engine_kwh * tables.berths.carbon_eur_per_kwh
    fuel_kg = _heat_costs(tables, dispatch, eur)
    shortfalls = _missed(problem, tables, dispatch)
    row_of = {asset.id: row for row, asset in enumerate(problem.assets)}
    for shortfall in shortfalls:
        eur[row_of[shortfall.asset], CAUSES.index(shortfall.cause)] += shortfall.eur
    carbon = over_steps(problem.tariff.carbon_kg_per_kwh, tables.steps)
    outcome = Outcome(
        net_kw=read_only(net_kw.copy()),
        cost=CostSplit(read_only(eur)),
        peaks=tuple(peaks),
        energy_kwh=float(bought @ tables.hours),
        exported_kwh=float(np.maximum(-net_kw, 0.0) @ tables.hours),
        carbon_kg=float((bought * carbon) @ tables.hours + engine_kwh @ tables.berths.engine_kg_per_kwh) + fuel_kg,
        shortfalls=tuple(s for s in shortfalls if s.amount > _NOTHING),
    )
    return Account(outcome, asset_kw, node_kw)


def _heat_costs(tables: Tables, dispatch: Dispatch, eur: FloatArray) -> float:
    """Writes fuel, its carbon and starts of what makes heat and pumps water into `eur`; gives the carbon in kg."""
    heat, rows = tables.heat, tables.rows
    makers = slice(rows["heat_pumps"].start, rows["chps"].stop)
    fuel_kwh = heat.fuel_kw(dispatch.heat_kw, dispatch.chp_kw) * tables.hours
    eur[makers, CAUSES.index(Cause.FUEL)] = (fuel_kwh * heat.fuel_eur_per_kwh).sum(axis=1)
    eur[makers, CAUSES.index(Cause.CARBON)] += fuel_kwh.sum(axis=1) * heat.carbon_eur_per_kwh
    load_kw = heat.load_kw(dispatch.heat_kw, dispatch.chp_kw)
    for machines, running, load in (
        (makers, heat.running, load_kw),
        (rows["pumps"], tables.tank.running, dispatch.pump_kw),
    ):
        eur[machines, CAUSES.index(Cause.START)] = running.starts(load).sum(axis=1) * running.start_eur
    return float(fuel_kwh.sum(axis=1) @ heat.fuel_kg_per_kwh)


def _energy_price(problem: Problem, net_kw: FloatArray) -> FloatArray:
    """What a kWh is worth in each step: the import price while importing, the export price while exporting."""
    tariff, steps = problem.tariff, net_kw.size
    return np.where(
        net_kw >= 0.0, over_steps(tariff.import_eur_per_kwh, steps), over_steps(tariff.export_eur_per_kwh, steps)
    )


def _carbon_price(problem: Problem, net_kw: FloatArray) -> FloatArray:
    tariff = problem.tariff
    price = over_steps(tariff.carbon_kg_per_kwh, net_kw.size) * tariff.carbon_eur_per_t / 1000.0
    return np.where(net_kw >= 0.0, price, 0.0)


def _peak(charge: PeakCharge, hours: FloatArray, bought: FloatArray, asset_kw: FloatArray) -> tuple[Peak, FloatArray]:
    """The highest interval of one charge, and each asset's share of the import in it, which sums to 1."""
    interval = intervals(charge, hours.size)
    counted = interval >= 0
    if not counted.any():
        return Peak(charge.name, 0.0, charge.so_far_kw, -1, 0.0), np.zeros(asset_kw.shape[0])
    kinds, place = np.unique(interval[counted], return_inverse=True)
    energy = np.bincount(place, weights=(bought * hours)[counted], minlength=kinds.size)
    mean = energy / np.bincount(place, weights=hours[counted], minlength=kinds.size)
    highest = int(np.argmax(mean))
    inside = interval == kinds[highest]
    eur = charge.eur_per_kw * max(float(mean[highest]) - charge.so_far_kw, 0.0)
    peak = Peak(charge.name, float(mean[highest]), charge.so_far_kw, int(np.flatnonzero(inside)[0]), eur)
    drawn = asset_kw[:, inside] @ (hours * (bought > 0.0))[inside]
    total = float(drawn.sum())
    return peak, drawn / total if total > 0.0 else np.zeros_like(drawn)


def _missed(problem: Problem, tables: Tables, dispatch: Dispatch) -> list[Shortfall]:
    """What was wished for and not had (light, charge, sun, stored energy, heat, water), each with its price."""
    hours, light, heat = tables.hours, tables.light, tables.heat
    charged = tables.charge.brings_kwh(dispatch.charge_kw, hours).sum(axis=1)
    stored = tables.battery.stored_kwh(dispatch.battery_kw, hours)
    lacking = heat.lacking_kw(dispatch.heat_kw, dispatch.store_kw)
    warm = heat.store.stored_kwh(dispatch.store_kw, hours)
    level = tables.tank.level_m3(dispatch.pump_kw, hours)
    found: tuple[tuple[tuple[Asset, ...], FloatArray, FloatArray, Cause, str], ...] = (
        (problem.lighting, light.missing(dispatch.level) @ hours, light.missing_eur_per_h, Cause.LIGHT, "level h"),
        (problem.charging, tables.charge.energy_kwh - charged, tables.charge.missing_eur_per_kwh, Cause.CHARGE, "kWh"),
        (
            problem.generation,
            np.maximum(tables.source_kw - dispatch.used_kw, 0.0) @ hours,
            tables.curtail_eur_per_kwh,
            Cause.CURTAILED,
            "kWh",
        ),
        (problem.batteries, *_ends(tables.battery, stored), Cause.STORED, "kWh"),
        (
            problem.ships,
            (dispatch.berth < 0).astype(float),
            tables.berths.not_connected_eur,
            Cause.NOT_CONNECTED,
            "call",
        ),
        (problem.heat_nodes, np.maximum(lacking, 0.0) @ hours, heat.missing_eur_per_kwh, Cause.HEAT, "kWh"),
        (problem.heat_nodes, np.maximum(-lacking, 0.0) @ hours, heat.surplus_eur_per_kwh, Cause.SURPLUS, "kWh"),
        (problem.heat_stores, *_ends(heat.store, warm), Cause.STORED, "kWh"),
        (problem.tanks, tables.tank.end_m3 - level[:, -1], tables.tank.end_missing_eur_per_m3, Cause.STORED, "m3"),
    )
    return [
        Shortfall(asset.id, cause, amount, unit, amount * price)
        for assets, amounts, prices, cause, unit in found
        for asset, amount, price in zip(assets, amounts.tolist(), prices.tolist(), strict=True)
        if amount > 0.0
    ]


def _ends(store: BatteryTable | StoreTable, stored_kwh: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What each store lacks at the end, in kWh, and its price."""
    return store.end_kwh - stored_kwh[:, -1], store.end_missing_eur_per_kwh
