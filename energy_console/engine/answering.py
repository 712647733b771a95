"""How devices answer, told by their readings alone: for a console beside an engine, and for a moment of the past."""

from __future__ import annotations

import collections

import numpy as np

from energy_console.engine.link import DeviceState, EngineHealth
from energy_console.live.table import LiveTable
from energy_console.site.model import Site
from hardware.points import Reason, is_usable, reason_of

NO_LOSSES = (0,) * 24
WORDS = {
    Reason.TIMEOUT: ("silent", "no answer in time"),
    Reason.REFUSED: ("refusing", "connection refused"),
    Reason.DROPPED: ("silent", "connection dropped"),
    Reason.EXCEPTION: ("refusing", "answers with an exception"),
    Reason.WRONG_ANSWER: ("wrong answers", "wrong answers"),
    Reason.STALE: ("silent", "nothing new"),
    Reason.NOT_READ_YET: ("starting", ""),
    Reason.OUT_OF_SERVICE: ("out of service", "taken out by a person"),
}


class Answering:
    """Built once a site."""

    def __init__(self, site: Site) -> None:
        self._rows = _rows_by_device(site)
        self._points = len(site.points)

    def states(self, table: LiveTable) -> dict[str, DeviceState]:
        """Every device as the table tells it."""
        usable = is_usable(table.status)
        return {device: self._state(device, rows, table, usable) for device, rows in self._rows.items()}

    def _state(self, device: str, rows: slice, table: LiveTable, usable: np.ndarray) -> DeviceState:
        """Silent when none of its readings is usable, with the reason most of them give."""
        last_ns = int(table.time_ns[rows].max(initial=0))
        if usable[rows].any():
            return DeviceState(device, "answering", "", last_ns, 0.0, 0, 0, NO_LOSSES)
        reason = collections.Counter(map(int, table.status[rows])).most_common(1)[0][0]
        state, words = WORDS.get(reason_of(reason), ("silent", "no usable value"))
        return DeviceState(device, state, words, last_ns, 0.0, 0, 0, NO_LOSSES)

    def health(self, table: LiveTable, *, running: bool, behind_s: float, plan_name: str) -> EngineHealth:
        """What can be said of the engine without being it."""
        usable = is_usable(table.status)
        good = int(np.count_nonzero(usable))
        return EngineHealth(
            running=running,
            attached=True,
            devices=len(self._rows),
            answering=sum(bool(usable[rows].any()) for rows in self._rows.values()),
            points=self._points,
            good_points=good,
            bad_points=self._points - good,
            cycle_s=0.0,
            cycle_worst_s=0.0,
            requests_per_s=0.0,
            wrong_answers=0,
            store_behind_s=behind_s,
            plan_name=plan_name,
            plan_followed=None,
        )


def _rows_by_device(site: Site) -> dict[str, slice]:
    """Points of a device stand together in a site's list, devices in their order."""
    rows: dict[str, slice] = {}
    first = 0
    for device in site.devices:
        last = first
        while last < len(site.points) and site.points[last].device == device.id:
            last += 1
        rows[device.id] = slice(first, last)
        first = last
    return rows
