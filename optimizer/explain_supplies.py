"""Why heat and water are made when they are: what each machine is for, who waits for a limit, what more would cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from optimizer.plan import AssetPlan, Kind, Plan
from optimizer.problem import Problem
from optimizer.requirement_words import names
from optimizer.tables import Tables, tabulate

_NOTHING_KW = 1e-3
_WORTH = 1e-6

MACHINES = (Kind.HEAT_PUMP, Kind.ELECTRIC_BOILER, Kind.GAS_BOILER, Kind.CHP, Kind.PUMP)
Prices = Callable[[AssetPlan], tuple[float, float]]  # of a kWh at an asset's node, and without the limits above it


def machine_remark(problem: Problem, asset: AssetPlan, step: int) -> str:
    """What a machine's power is for, in words: `60 kW of heat for North`, `fills Tower`."""
    served = {maker.id: maker.heat for maker in problem.heat_makers} | {pump.id: pump.tank for pump in problem.pumps}
    titles = {node.id: node.title for node in problem.heat_nodes} | {tank.id: tank.title for tank in problem.tanks}
    what = titles[served[asset.id]]
    if asset.kind is Kind.PUMP:
        return f"fills {what}"
    return f"{asset.setpoint[step]:,.0f} kW of heat for {what}"


def waiting_machines(
    problem: Problem, plan: Plan, tables: Tables, below: set[str], prices: Prices, step: int
) -> Iterator[tuple[AssetPlan, float, str]]:
    """Heat pumps, boilers and pumps that a limit above them keeps from drawing more: what they could, and words."""
    worth = {supply.id: float(supply.eur_per_unit[step]) for supply in plan.supplies}
    served = {maker.id: maker.heat for maker in problem.heat_makers} | {pump.id: pump.tank for pump in problem.pumps}
    heat, tank = tables.heat, tables.tank
    could = {maker.id: row for row, maker in enumerate(problem.heat_makers)}
    pumps = {pump.id: row for row, pump in enumerate(problem.pumps)}
    for asset in plan.assets:
        if asset.node not in below or asset.id not in served:
            continue
        if asset.id in pumps:
            row = pumps[asset.id]
            most_kw, per_kwh = float(tank.most_kw[row, step]), float(tank.m3_per_kwh[row])
        else:
            row = could[asset.id]
            draws = float(heat.power_per_heat[row, step])
            if draws <= 0.0:
                continue
            most_kw, per_kwh = float(heat.most_kw[row, step]) * draws, 1.0 / draws
        price, free = prices(asset)
        held = price - free > _WORTH and free < worth[served[asset.id]] * per_kwh - _WORTH
        if held and most_kw - float(asset.power_kw[step]) > _NOTHING_KW:
            yield asset, most_kw, _until(plan, asset, step)


def _until(plan: Plan, asset: AssetPlan, step: int) -> str:
    later = np.flatnonzero(asset.power_kw[step + 1 :] > asset.power_kw[step] + _NOTHING_KW)
    if not later.size:
        return "makes less" if asset.kind is not Kind.PUMP else "pumps less"
    return f"waits until {plan.horizon.begin(step + 1 + int(later[0])):%H:%M}"


def why_supply(problem: Problem, plan: Plan, step: int, supply: str) -> str:
    """One sentence on a heat node or a tank in a step: what a little more costs, and who brings what there is.

    Raises KeyError for a supply and IndexError for a step the plan does not have.
    """
    if not 0 <= step < plan.horizon.steps:
        raise IndexError(step)
    price = next((one for one in plan.supplies if one.id == supply), None)
    if price is None:
        raise KeyError(supply)
    when = f"{plan.horizon.begin(step):%H:%M}-{plan.horizon.begin(step + 1):%H:%M}"
    eur = f"{price.eur_per_unit[step]:.3f} EUR"
    title = plan.asset(supply).name
    if price.unit == "m3":
        return f"{when} a m3 more from {title} costs {eur}; {_pumping(problem, plan, supply, step)}."
    return f"{when} a kWh more of heat at {title} costs {eur}; {_heating(problem, plan, supply, step)}."


def _heating(problem: Problem, plan: Plan, supply: str, step: int) -> str:
    most = tabulate(problem).heat.most_kw
    told = []
    for row, maker in enumerate(problem.heat_makers):
        made = float(plan.asset(maker.id).setpoint[step])
        if maker.heat == supply and made > _NOTHING_KW:
            full = ", all it can" if made >= float(most[row, step]) - _NOTHING_KW else ""
            told.append(f"{maker.title} makes {made:,.0f} kW{full}")
    for store in problem.heat_stores:
        flow = float(plan.asset(store.id).setpoint[step])
        if store.heat == supply and abs(flow) > _NOTHING_KW:
            told.append(f"{store.title} {'takes' if flow > 0.0 else 'gives'} {abs(flow):,.0f} kW")
    if (short := float(plan.asset(supply).shortfall[step])) > _NOTHING_KW:
        told.append(f"{short:,.0f} kW are missing")
    return " and ".join(told) or "nothing is needed"


def _pumping(problem: Problem, plan: Plan, supply: str, step: int) -> str:
    pumps = [pump for pump in problem.pumps if pump.tank == supply]
    running = [pump for pump in pumps if plan.asset(pump.id).power_kw[step] > _NOTHING_KW]
    level = float(plan.asset(supply).state[step])
    if running:
        kw = sum(float(plan.asset(pump.id).power_kw[step]) for pump in running)
        return f"{names([pump.title for pump in running])} fills it with {kw:,.0f} kW, to {level:,.0f} m3"
    later = [np.flatnonzero(plan.asset(pump.id).power_kw[step:] > _NOTHING_KW) for pump in pumps]
    first = min((int(steps[0]) for steps in later if steps.size), default=None)
    if first is None:
        return f"what is in it lasts: {level:,.0f} m3 are left, and no pump runs any more"
    return f"it runs down to {level:,.0f} m3, and is filled from {plan.horizon.begin(step + first):%H:%M}"
