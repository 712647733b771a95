"""When ships arrive, are connected, released and leave, as changes between two looks at the fleet. Pure."""

from __future__ import annotations

import datetime as dt
import enum
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from energy_console.live.port import FleetNow, PointState
from energy_console.site.model import ShipCall, Site


class CallAct(enum.StrEnum):
    ARRIVED = "arrived"
    CONNECTED = "connected"  # fully supplied from the shore
    RELEASED = "released"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class CallChange:
    """`energy_kwh` is what the shore delivered since the ship was connected; NaN where that is not known."""

    call: ShipCall
    act: CallAct
    time_ns: int
    energy_kwh: float = math.nan


@dataclass(frozen=True, slots=True)
class _Stage:
    act: CallAct
    stand_kwh: float  # of its points together when it was connected
    leaves_ns: int


class CallWatch:
    """Holds no clock. What was so already at the first look is taken as it is, and not told."""

    def __init__(self, site: Site, kept: Mapping[str, Any] | None = None) -> None:
        self._row = {point.id: row for row, point in enumerate(site.access_points)}
        self._known = {
            call: _Stage(CallAct(act), math.nan if stand is None else stand, leaves)
            for call, (act, stand, leaves) in (kept or {}).items()
        }
        self._first = kept is None
        self._last: dict[str, ShipCall] = {}

    @property
    def state(self) -> dict[str, list[Any]]:
        """How the calls stand, as JSON holds it, to be given to the next watch."""
        return {
            call: [stage.act.value, None if math.isnan(stage.stand_kwh) else stage.stand_kwh, stage.leaves_ns]
            for call, stage in self._known.items()
        }

    def step(self, now_ns: int, calls: Sequence[ShipCall], fleet: FleetNow) -> list[CallChange]:
        """What has changed. `calls` are those there at `now_ns`."""
        there = {call.id: call for call in calls}
        changes = [change for call in calls for change in self._look(now_ns, call, fleet)]
        for call in [call for call in self._known if call not in there]:
            stage = self._known.pop(call)
            if (gone := self._last.get(call)) is not None:
                changes.append(CallChange(gone, CallAct.LEFT, min(now_ns, stage.leaves_ns)))
        self._last = there
        told = [] if self._first else changes
        self._first = False
        return told

    def _look(self, now_ns: int, call: ShipCall, fleet: FleetNow) -> Iterable[CallChange]:
        rows = [self._row[point] for point in call.points]
        states = {PointState(int(fleet.state[row])) for row in rows}
        stand = float(np.sum(fleet.energy_kwh[rows])) if rows else math.nan
        stage = self._known.get(call.id)
        if stage is None:
            stage = _Stage(CallAct.ARRIVED, math.nan, _ns(call.leaves))
            yield CallChange(call, CallAct.ARRIVED, min(now_ns, _ns(call.arrives)))
        if stage.act is not CallAct.CONNECTED and PointState.SUPPLYING in states:
            stage = _Stage(CallAct.CONNECTED, stand, stage.leaves_ns)
            yield CallChange(call, CallAct.CONNECTED, now_ns)
        elif stage.act is CallAct.CONNECTED and states <= {PointState.FREE}:
            yield CallChange(call, CallAct.RELEASED, now_ns, stand - stage.stand_kwh)
            stage = _Stage(CallAct.RELEASED, math.nan, stage.leaves_ns)
        self._known[call.id] = stage


def _ns(moment: dt.datetime) -> int:
    return round(moment.timestamp() * 1e9)
