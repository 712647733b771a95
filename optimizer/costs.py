"""What a dispatch comes to in EUR, kWh and kg, by asset and cause. One account for the plan and the naive case.

Worked out from powers and prices alone, never from the solver's objective, so that the two check each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.build import Dispatch, asset_power_kw, node_power_kw
from optimizer.grid import intervals
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
    battery = tables.battery
    given_kwh = np.maximum(-dispatch.battery_kw, 0.0) @ tables.hours
    ships = tables.berths.ships
    last = eur.shape[0] - ships
    eur[last - battery.node.size : last, CAUSES.index(Cause.WEAR)] = given_kwh * battery.wear_eur_per_kwh
    engine_kwh = tables.berths.engine_kwh(dispatch.berth).sum(axis=1)
    eur[last:, CAUSES.index(Cause.FUEL)] = engine_kwh * tables.berths.engine_eur_per_kwh
    eur[last:, CAUSES.index(Cause.CARBON)] += engine_kwh * tables.berths.carbon_eur_per_kwh
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
        carbon_kg=float((bought * carbon) @ tables.hours + engine_kwh @ tables.berths.engine_kg_per_kwh),
        shortfalls=tuple(s for s in shortfalls if s.amount > _NOTHING),
    )
    return Account(outcome, asset_kw, node_kw)


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
    """Light, charge, sun or wind and stored energy that were wished for and not had, each with its price."""
    light_h = tables.light.missing(dispatch.level) @ tables.hours
    charged = (dispatch.charge_kw @ tables.hours) * tables.charge.efficiency
    missing_kwh = np.maximum(tables.charge.energy_kwh - charged, 0.0)
    curtailed_kwh = np.maximum(tables.source_kw - dispatch.used_kw, 0.0) @ tables.hours
    stored = tables.battery.stored_kwh(dispatch.battery_kw, tables.hours)
    unstored_kwh = np.maximum(tables.battery.end_kwh - stored[:, -1], 0.0)
    on_engines = (dispatch.berth < 0).astype(float)
    groups: tuple[tuple[Asset, ...], ...] = (
        problem.lighting,
        problem.charging,
        problem.generation,
        problem.batteries,
        problem.ships,
    )
    amounts = (light_h, missing_kwh, curtailed_kwh, unstored_kwh, on_engines)
    prices = (
        tables.light.missing_eur_per_h,
        tables.charge.missing_eur_per_kwh,
        tables.curtail_eur_per_kwh,
        tables.battery.end_missing_eur_per_kwh,
        tables.berths.not_connected_eur,
    )
    kinds = (
        (Cause.LIGHT, "level h"),
        (Cause.CHARGE, "kWh"),
        (Cause.CURTAILED, "kWh"),
        (Cause.STORED, "kWh"),
        (Cause.NOT_CONNECTED, "call"),
    )
    return [
        Shortfall(asset.id, cause, float(amount), unit, float(amount * price))
        for assets, amount_of, price_of, (cause, unit) in zip(groups, amounts, prices, kinds, strict=True)
        for asset, amount, price in zip(assets, amount_of.tolist(), price_of.tolist(), strict=True)
        if amount > 0.0
    ]
