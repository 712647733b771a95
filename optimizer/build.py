"""Problem to model: every family of rules written once, and where to find what was decided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.charging import ChargeBlock, write_charging
from optimizer.generation import SourceBlock, write_generation
from optimizer.grid import GridBlock, write_grid
from optimizer.lighting import LightBlock, write_lighting
from optimizer.model import Model
from optimizer.problem import Problem
from optimizer.profile import BoolArray, FloatArray
from optimizer.tables import Tables


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where each family stands in the model's columns and rows."""

    grid: GridBlock
    light: LightBlock
    charge: ChargeBlock
    source: SourceBlock


@dataclass(frozen=True, slots=True, eq=False)
class Dispatch:
    """What is decided: levels (groups, steps), charging kW (sessions, steps), generation used kW (sources, steps)."""

    level: FloatArray
    charge_kw: FloatArray
    used_kw: FloatArray


def write_model(model: Model, problem: Problem, tables: Tables, in_order: BoolArray | None = None) -> Layout:
    """Writes all rules of a problem into a model. `in_order`: see write_lighting."""
    grid = write_grid(model, problem, tables, fixed_power_kw(tables))
    return Layout(
        grid=grid,
        light=write_lighting(model, problem, tables, grid.balance, in_order),
        charge=write_charging(model, problem, tables, grid.balance),
        source=write_generation(model, problem, tables, grid.balance),
    )


def fixed_power_kw(tables: Tables) -> FloatArray:
    """What each node's own assets draw before any decision: loads, light at target, less sources; (nodes, steps)."""
    own = np.zeros_like(tables.tree.limit_kw)
    np.add.at(own, tables.load_node, tables.load_kw)
    np.add.at(own, tables.light.node, tables.light.power_kw(tables.light.target))
    np.add.at(own, tables.source_node, -tables.source_max_kw)
    return own


def read_dispatch(layout: Layout, tables: Tables, values: FloatArray) -> Dispatch:
    """What the values of the model's columns decide."""
    return Dispatch(
        level=layout.light.levels(tables.light, values),
        charge_kw=layout.charge.powers_kw(tables.charge, values),
        used_kw=layout.source.used_kw(tables, values),
    )


def asset_power_kw(tables: Tables, dispatch: Dispatch) -> FloatArray:
    """Power of every asset, consumption positive, shape (assets, steps)."""
    return np.vstack([tables.light.power_kw(dispatch.level), dispatch.charge_kw, tables.load_kw, -dispatch.used_kw])


def node_power_kw(tables: Tables, asset_kw: FloatArray) -> FloatArray:
    """Power of every node from that of the assets, shape (nodes, steps)."""
    own = np.zeros_like(tables.tree.limit_kw)
    np.add.at(own, tables.asset_node, asset_kw)
    return tables.tree.sum_up(own)
