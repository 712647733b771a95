"""The shore-power fleet at one moment: what every access point does, which ships lie where, what converters can give.

Pure functions over a site and a live table (the table may hold the newest values or those of a moment in the past).
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_console.live.table import LiveTable
from energy_console.site.model import AccessPoint, GridNode, ShipCall, Site
from hardware.points import FIRST_BAD_REASON, Float64Array, Int32Array, Reason

# Names of `step` 0..12. Commonly quoted order of IEC/IEEE 80005 connections, not checked against the standard.
STEPS: tuple[str, ...] = (
    "Idle, earthed",
    "Cable connected",
    "Insulation check",
    "Permissive, both",
    "Shore breaker",
    "Sync or blackout",
    "Ship breaker",
    "Load transfer",
    "Supplied",
    "Unload",
    "Breakers open",
    "Earthed",
    "Released",
)
STEP_SUPPLIED = 8
STEP_RELEASED = 12
MODE_FAULT = 3


class PointState(enum.IntEnum):
    """What one access point does, as its cell on the map shows it."""

    FREE = 0
    CONNECTING = 1
    SUPPLYING = 2
    RELEASING = 3
    TRIPPED = 4
    NO_ANSWER = 5
    NOT_READ_YET = 6
    OUT_OF_SERVICE = 7


STATE_OF_STEP: npt.NDArray[np.int8] = np.array(
    [PointState.FREE]
    + [PointState.CONNECTING] * 7
    + [PointState.SUPPLYING]
    + [PointState.RELEASING] * 3
    + [PointState.FREE],
    np.int8,
)
CHANGING = (PointState.CONNECTING, PointState.RELEASING)


@dataclass(frozen=True, slots=True)
class FleetRows:
    """Rows of the fleet's values in a live table: one entry an access point in site order, -1 where it has none."""

    step: Int32Array
    mode: Int32Array
    alarms: Int32Array
    warnings: Int32Array
    power_kw: Int32Array
    energy_import_kwh: Int32Array


@dataclass(frozen=True, slots=True)
class FleetNow:
    """The fleet at one moment; equally long columns, one entry an access point in site order."""

    state: npt.NDArray[np.int8]  # PointState
    step: npt.NDArray[np.int8]  # -1 where it is not known
    power_kw: Float64Array  # NaN where it is not known
    warned: npt.NDArray[np.bool_]
    energy_kwh: Float64Array  # meter stand, NaN where it is not known

    @property
    def total_kw(self) -> float:
        return float(np.nansum(self.power_kw))

    def count(self, *states: PointState) -> int:
        return int(np.isin(self.state, states).sum())

    @property
    def in_use(self) -> int:
        return self.count(PointState.CONNECTING, PointState.SUPPLYING, PointState.RELEASING)


def fleet_rows(site: Site, index: Mapping[str, int]) -> FleetRows:
    """Finds the rows once, so that a summary a second costs a handful of array takes."""

    def rows(quantity: str) -> Int32Array:
        return np.array([index.get(f"{point.device}/{quantity}", -1) for point in site.access_points], np.int32)

    return FleetRows(
        step=rows("step"),
        mode=rows("mode"),
        alarms=rows("alarms"),
        warnings=rows("warnings"),
        power_kw=rows("power_kw"),
        energy_import_kwh=rows("energy_import_kwh"),
    )


def fleet_now(rows: FleetRows, table: LiveTable) -> FleetNow:
    """States, steps and powers of all access points as the table has them."""
    step = _take(table, rows.step)
    reason = np.where(rows.step >= 0, table.status[rows.step] >> 8, int(Reason.NOT_READ_YET))
    known = ~np.isnan(step) & (reason < FIRST_BAD_REASON) & (step >= 0) & (step <= STEP_RELEASED)
    index = np.where(known, step, 0).astype(np.int8)
    state = STATE_OF_STEP[index]
    tripped = (np.nan_to_num(_take(table, rows.alarms)) != 0) | (_take(table, rows.mode) == MODE_FAULT)
    state = np.where(tripped, np.int8(PointState.TRIPPED), state)
    state = np.where(known, state, np.int8(PointState.NO_ANSWER))
    state = np.where(reason == int(Reason.NOT_READ_YET), np.int8(PointState.NOT_READ_YET), state)
    state = np.where(reason == int(Reason.OUT_OF_SERVICE), np.int8(PointState.OUT_OF_SERVICE), state)
    return FleetNow(
        state=state.astype(np.int8),
        step=np.where(known, index, np.int8(-1)).astype(np.int8),
        power_kw=_take(table, rows.power_kw),
        warned=np.nan_to_num(_take(table, rows.warnings)) != 0,
        energy_kwh=_take(table, rows.energy_import_kwh),
    )


def _take(table: LiveTable, rows: Int32Array) -> Float64Array:
    """Values of the rows; NaN where a row is missing or its value is bad."""
    value = np.where(rows >= 0, table.value[rows], np.nan)
    return np.where((table.status[rows] >> 8) < FIRST_BAD_REASON, value, np.nan)


class ShipState(enum.StrEnum):
    """How a ship that lies or is expected at a berth gets its power."""

    ANNOUNCED = "announced"
    OWN_ENGINES = "own engines"
    CONNECTING = "connecting"
    SUPPLIED = "supplied"
    RELEASING = "releasing"
    UNKNOWN = "unknown"  # none of its points answers


@dataclass(frozen=True, slots=True)
class ShipNow:
    call: ShipCall
    state: ShipState
    power_kw: float


def ships_now(site: Site, fleet: FleetNow, calls: Sequence[ShipCall], now: dt.datetime) -> tuple[ShipNow, ...]:
    """Ships at berth at `now` (aware), in order of berth."""
    index = {point.id: row for row, point in enumerate(site.access_points)}
    present = [call for call in calls if call.arrives <= now < call.leaves]
    return tuple(_ship_now(fleet, call, [index[point] for point in call.points]) for call in present)


def _ship_now(fleet: FleetNow, call: ShipCall, rows: Sequence[int]) -> ShipNow:
    states = {PointState(int(fleet.state[row])) for row in rows}
    power_kw = float(np.nansum(fleet.power_kw[list(rows)])) if rows else 0.0
    for point_state, ship_state in (
        (PointState.SUPPLYING, ShipState.SUPPLIED),
        (PointState.CONNECTING, ShipState.CONNECTING),
        (PointState.RELEASING, ShipState.RELEASING),
        (PointState.NO_ANSWER, ShipState.UNKNOWN),
        (PointState.NOT_READ_YET, ShipState.UNKNOWN),
    ):
        if point_state in states:
            return ShipNow(call, ship_state, power_kw)
    return ShipNow(call, ShipState.OWN_ENGINES, power_kw)


@dataclass(frozen=True, slots=True)
class Supply:
    """A converter (or, where there is none, the feeder) that stations share, and the access points behind it."""

    node: GridNode
    points: tuple[int, ...]  # rows in site.access_points


def supplies(site: Site) -> tuple[Supply, ...]:
    """What limits the stations, in the order of the grid tree; every access point is behind exactly one."""
    nodes = {node.id: node for node in site.nodes}
    station_node = {station.id: _supplying_node(nodes, station.node) for station in site.stations}
    behind: dict[str, list[int]] = {}
    for row, point in enumerate(site.access_points):
        behind.setdefault(station_node[point.station].id, []).append(row)
    return tuple(Supply(node, tuple(behind[node.id])) for node in site.nodes if node.id in behind)


def _supplying_node(nodes: Mapping[str, GridNode], start: str) -> GridNode:
    """Nearest converter towards the grid; else the nearest feeder; else the node itself."""
    path = [nodes[start]]
    while (parent := path[-1].parent) is not None:
        path.append(nodes[parent])
    for kind in ("converter", "feeder"):
        for node in path:
            if node.kind == kind:
                return node
    return path[0]


def headroom_kw(supply: Supply, fleet: FleetNow) -> float:
    """What the supply can still give now, kW."""
    return supply.node.limit_kw - float(np.nansum(fleet.power_kw[list(supply.points)]))


@dataclass(frozen=True, slots=True)
class Tight:
    """The moment at which a supply has least left, by the hotel loads that ships have announced."""

    supply: Supply
    time: dt.datetime
    left_kw: float


def tightest(
    site: Site, found: Sequence[Supply], calls: Sequence[ShipCall], start: dt.datetime, hours: float = 12.0
) -> Tight | None:
    """Least head-room of any supply within `hours` from `start`, announced hotel loads taken as full from arrival on.

    None when no call touches any supply in that time.
    """
    end = start + dt.timedelta(hours=hours)
    point_row = {point.id: row for row, point in enumerate(site.access_points)}
    best: Tight | None = None
    for supply in found:
        mine = set(supply.points)
        loads = [
            (call.arrives, call.leaves, call.hotel_kw * share)
            for call in calls
            if call.points and call.arrives < end and call.leaves > start
            if (share := sum(point_row[point] in mine for point in call.points) / len(call.points))
        ]
        for moment in sorted({max(start, arrives) for arrives, _, _ in loads}):
            load_kw = sum(kw for arrives, leaves, kw in loads if arrives <= moment < leaves)
            left_kw = supply.node.limit_kw - load_kw
            # ties go to the supply nearest its limit by share, which is the one a person must watch
            if best is None or left_kw / supply.node.limit_kw < best.left_kw / best.supply.node.limit_kw:
                best = Tight(supply, moment, left_kw)
    return best


def points_of_station(site: Site) -> dict[str, tuple[AccessPoint, ...]]:
    """Access points by station id, in the order in which they stand."""
    found: dict[str, list[AccessPoint]] = {station.id: [] for station in site.stations}
    for point in site.access_points:
        found[point.station].append(point)
    return {station: tuple(points) for station, points in found.items()}
