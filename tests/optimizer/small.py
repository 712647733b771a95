"""Small problems written by hand: one connection, a feeder or two, what a test needs on them."""

from __future__ import annotations

import dataclasses
import datetime as dt

from optimizer.parts import ChargeSession, FixedLoad, Horizon, LightingGroup, Node, Tariff
from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.shore import ShipCall
from optimizer.solve import solve
from optimizer.storage import Battery

START = dt.datetime(2026, 11, 22, 17, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def at(hours: float) -> dt.datetime:
    """A moment so many hours after the start."""
    return START + dt.timedelta(hours=hours)


def problem(steps: int = 4, step_h: float = 1.0, **parts: object) -> Problem:
    """A problem of a connection of 1,000 kW with feeder F3 of 100 kW at 0.20 EUR/kWh, and the parts given."""
    defaults: dict[str, object] = {
        "horizon": Horizon(START, (step_h,) * steps),
        "nodes": (Node("grid", None, 1000.0), Node("F3", "grid", 100.0, name="Feeder F3")),
        "tariff": Tariff(0.20),
    }
    return Problem(**{**defaults, **parts})  # type: ignore[arg-type]


def bus(id: str = "bus", arrives_h: float = 0.0, departs_h: float = 4.0, **changes: object) -> ChargeSession:
    """A bus on F3 that takes 60 kW and wants 120 kWh."""
    session = ChargeSession(id, "F3", at(arrives_h), at(departs_h), 60.0, 120.0, 1.0, kind="bus", name=id.capitalize())
    return dataclasses.replace(session, **changes)  # type: ignore[arg-type]


def lamps(id: str = "ring", steps: int = 4, **changes: object) -> LightingGroup:
    """A group of 40 kW on F3, lit in all steps, full light wanted, half the least, 12 EUR an hour of light missing."""
    group = LightingGroup(id, "F3", 40.0, (True,) * steps, 1.0, 0.5, 12.0, name=id.capitalize())
    return dataclasses.replace(group, **changes)  # type: ignore[arg-type]


def battery(id: str = "store", **changes: object) -> Battery:
    """A battery of 100 kWh on F3, empty, 50 kW either way, without losses, wear or a wanted end."""
    return dataclasses.replace(Battery(id, "F3", 100.0, 50.0, 50.0, 0.0, name=id.capitalize()), **changes)  # type: ignore[arg-type]


def ship(id: str = "ferry", arrives_h: float = 0.0, leaves_h: float = 4.0, **changes: object) -> ShipCall:
    """A ship whose berth reaches every point and that needs 40 kW; its engines make a kWh for 0.50 EUR."""
    call = ShipCall(id, "grid", at(arrives_h), at(leaves_h), 40.0, 0.50, name=id.capitalize())
    return dataclasses.replace(call, **changes)  # type: ignore[arg-type]


def load(power_kw: float | tuple[float, ...], id: str = "buildings", node: str = "F3") -> FixedLoad:
    """A fixed load."""
    return FixedLoad(id, node, power_kw)


def planned(case: Problem) -> Plan:
    """The plan of a problem that has one."""
    answer = solve(case)
    assert isinstance(answer, Plan), answer
    return answer
