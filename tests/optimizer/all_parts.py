"""Random problems with something of every family at once: what holds for all of them is tried on these."""

from __future__ import annotations

import dataclasses

import hypothesis.strategies as st

from optimizer.heating import Chp, ElectricBoiler, GasBoiler, HeatNode, HeatPump, HeatStore
from optimizer.parts import (
    AccessPoint,
    FixedLoad,
    Generation,
    Horizon,
    Neighbours,
    Node,
    PeakCharge,
    ShipCall,
    Tariff,
)
from optimizer.problem import Problem
from optimizer.switching import Switching
from optimizer.water import Pump, Tank
from tests.optimizer.small import START, battery, bus, lamps, ship


def _profile(draw: st.DrawFn, steps: int, low: int, high: int, scale: float = 1.0) -> tuple[float, ...]:
    return tuple(scale * value for value in draw(st.lists(st.integers(low, high), min_size=steps, max_size=steps)))


@st.composite
def mixed(draw: st.DrawFn, *, integers: bool = True, signs: bool = True) -> Problem:
    """A tree of three feeders with everything on it. `integers`: with ships, machines that switch, dimmers, phases."""
    steps = draw(st.integers(2, 5))
    prices = _profile(draw, steps, -10 if signs and draw(st.booleans()) else 5, 50, 0.01)
    asked = draw(st.sampled_from([None, Switching(10.0, 0.5, 2.0, 1.0)])) if integers else None
    levels = draw(st.sampled_from([(), (0.5, 0.75, 1.0)])) if integers else ()
    phases = draw(st.sampled_from([(), (1, 3)])) if integers else ()
    ready = {"missing_eur_per_kwh": 0.8, "efficiency": 0.9}
    horizon = Horizon(START, tuple(draw(st.lists(st.sampled_from([0.5, 1.0]), min_size=steps, max_size=steps))))
    some, end = float(horizon.edges_h[2]), float(horizon.edges_h[-1])  # the independent model knows whole steps only
    case = Problem(
        horizon,
        (
            Node("grid", None, float(draw(st.integers(150, 400))), -60.0),
            Node("F3", "grid", float(draw(st.integers(60, 200))), -60.0),
            Node("F4", "grid", float(draw(st.integers(60, 200))), -60.0),
            Node("hub", "F3", float(draw(st.integers(30, 100))), -60.0),
        ),
        Tariff(
            prices,
            tuple(price - 0.02 for price in prices),
            (PeakCharge("month", draw(st.sampled_from([0.0, 0.7])), 60.0),),
            0.3,
            50.0,
        ),
        lighting=(
            lamps("ring", steps, rated_kw=20.0, dimmer_levels=levels, gradient=1.2),
            lamps("park", steps, rated_kw=10.0, ramp=0.6),
        ),
        neighbours=(Neighbours("ring", "park", 0.6),),
        charging=(
            bus("bus", departs_h=end, energy_kwh=float(draw(st.integers(5, 60))), **ready),
            bus("car", departs_h=some, max_kw=11.0, energy_kwh=8.0, node="hub", phases=phases, most_a=16.0),
            bus("van", departs_h=end, energy_kwh=0.0, discharge_max_kw=20.0, start_kwh=20.0, capacity_kwh=60.0,
                wear_eur_per_kwh=0.01, **ready),
        ),
        loads=(FixedLoad("offices", "F3", _profile(draw, steps, 0, 30)),),
        generation=(Generation("roof", "hub", _profile(draw, steps, 0, 40), 0.01),),
        batteries=(
            battery("one", capacity_kwh=40.0, start_kwh=20.0, end_kwh=15.0, charge_efficiency=0.9),
            battery("two", node="F4", capacity_kwh=30.0, start_kwh=5.0, wear_eur_per_kwh=0.02),
        ),
        heat_nodes=(HeatNode("north", "F4", _profile(draw, steps, 0, 60), 0.4, 0.05),),
        heat_pumps=(HeatPump("pump", "F4", "north", 50.0, 3.0, asked),),
        electric_boilers=(ElectricBoiler("wire", "F4", "north", 15.0),),
        gas_boilers=(GasBoiler("gas", "F4", "north", 40.0, 0.9, 0.06, 0.2, 0.01),),
        chps=(Chp("chp", "F4", "north", 60.0, 30.0, 0.4, 0.1, 0.6, 0.05, 0.2),),
        heat_stores=(HeatStore("tank", "F4", "north", 60.0, 30.0, 30.0, 20.0, 0.0, 10.0, 0.1, 0.02),),
        tanks=(Tank("tower", "F3", 200.0, 100.0, _profile(draw, steps, 0, 40), 50.0, 60.0, 0.05),),
        pumps=(Pump("lift", "F3", "tower", 20.0, 4.0, asked),),
    )  # fmt: skip
    return dataclasses.replace(case, **_port(draw, steps)) if integers else case


def _port(draw: st.DrawFn, steps: int) -> dict[str, tuple[AccessPoint, ...] | tuple[ShipCall, ...]]:
    hotel = _profile(draw, steps, 5, 30)
    return {
        "access_points": (AccessPoint("A1", "F4", 40.0), AccessPoint("A2", "F4", 40.0, efficiency=0.9)),
        "ships": (
            ship("ferry", hotel_kw=hotel, not_connected_eur=draw(st.sampled_from([0.0, 50.0]))),
            ship("tug", arrives_h=0.5, hotel_kw=10.0, engine_eur_per_kwh=0.2),
        ),
    }
