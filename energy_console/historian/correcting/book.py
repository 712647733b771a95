"""The book of corrections of a store: each one act with a number, a name and a reason, told in the journal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from energy_console.historian.acts import Act, ActKind, ActSeries, Mask
from energy_console.historian.correcting.change import (
    Around,
    Change,
    CorrectionRefused,
    Given,
    Interpolate,
    Invalidate,
    SetTo,
    Shift,
    corrected,
)
from energy_console.historian.interface import Acts, Historian, Series
from hardware.points import Point, is_usable

ROOM, KIND = "corrections", "correction"
MS = 1_000_000
LOOK_MS = (3_600_000, 86_400_000, 7 * 86_400_000)
"""How far a neighbour is looked for, nearest first."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a correction would do: readings seen now, and those seen then."""

    point: Point
    change: Change
    start_ms: int
    end_ms: int
    now: Series
    then: ActSeries

    @property
    def how(self) -> str:
        """What is done, in words."""
        unit = f" {self.point.unit}" if self.point.unit else ""
        match self.change:
            case SetTo(value=value):
                return f"set to {value:g}{unit}"
            case Interpolate():
                return "put on a line between the readings before and after"
            case Invalidate():
                return "said to be invalid"
            case Shift(by=by):
                return f"shifted by {by:+g}{unit}"
            case Given():
                return "replaced by readings from elsewhere"


def propose(historian: Historian, point: Point, change: Change, start_ns: int, end_ns: int) -> Proposal:
    """Looks, and writes nothing. Raises CorrectionRefused, StoreError."""
    start_ms, end_ms = start_ns // MS, -(-end_ns // MS)
    if end_ns > time.time_ns():
        raise CorrectionRefused(f"{point.id}: the span ends after now: only what was read already can be corrected.")
    now = historian.read(point.id, start_ms * MS, end_ms * MS)
    before = _neighbour(historian, point.id, start_ms, -1) if isinstance(change, Interpolate) else None
    after = _neighbour(historian, point.id, end_ms, 1) if isinstance(change, Interpolate) else None
    try:
        columns = corrected(change, Around(now, before, after), start_ms, end_ms)
    except CorrectionRefused as refused:
        raise CorrectionRefused(f"{point.id} {refused}: look at what is there with history.") from None
    return Proposal(point, change, start_ms, end_ms, now, ActSeries(point.id, point.unit, *columns))


def _neighbour(historian: Historian, point: str, border_ms: int, side: int) -> tuple[int, float] | None:
    """The nearest usable reading before (-1) or from (1) a moment on."""
    for reach_ms in LOOK_MS:
        ends = (border_ms, border_ms + reach_ms) if side > 0 else (border_ms - reach_ms, border_ms)
        near = historian.read(point, ends[0] * MS, ends[1] * MS)
        good = np.flatnonzero(is_usable(near.status) & ~np.isnan(near.value))
        if len(good):
            row = good[0 if side > 0 else -1]
            return int(near.time_ns[row]) // MS, float(near.value[row])
    return None


class CorrectionBook:
    """Corrections of one store, written by whoever holds its `acts`."""

    def __init__(self, acts: Acts) -> None:
        self._acts, self._historian = acts, acts.historian

    def write(self, proposal: Proposal, why: str, who: str) -> int:
        """Does what was proposed, whole or not at all; returns its number. Raises CorrectionRefused, StoreError."""
        if not why.strip():
            raise CorrectionRefused("A correction says why: add --why 'what was found'.")
        known = [int(key) for key in self._historian.list_state(ROOM)]
        number = max(max(known, default=0), self._acts.last_number(ActKind.CORRECTION)) + 1
        point, span = proposal.point.id, (proposal.start_ms, proposal.end_ms)
        entry = {
            "when_ns": time.time_ns(),
            "who": who,
            "why": why,
            "how": proposal.how,
            "point": point,
            "from_ms": span[0],
            "to_ms": span[1],
            "readings": len(proposal.then.time_ms),
            "replaced": len(proposal.now.time_ns),
        }
        self._put(number, {**entry, "state": "begun"})
        self._acts.add(Act(ActKind.CORRECTION, number), [proposal.then], [Mask(number, point, *span)])
        self._put(number, {**entry, "state": "holds"})
        self._tell(number, entry, f"{point}: {len(proposal.then.time_ms)} readings {proposal.how}: {why}", who)
        return number

    def undo(self, number: int, who: str) -> int:
        """Takes one back, once: what lay beneath is seen again. Returns how many readings of it are gone."""
        entry = self._historian.get_state(ROOM, _key(number))
        act = Act(ActKind.CORRECTION, number)
        count = self._historian.readings_of(act)
        if entry is None and not count:
            known = ", ".join(str(int(key)) for key in self._historian.list_state(ROOM)) or "none"
            raise CorrectionRefused(f"The store has no correction {number}: it has {known}.")
        if entry is not None and count:
            self._refuse_beneath_others(number, entry)
        self._acts.take_back(act)
        was_taken_back = entry is not None and entry["state"] == "taken back"
        if entry is not None and not was_taken_back:
            self._put(number, {**entry, "state": "taken back", "taken_back_ns": time.time_ns(), "by": who})
        if not count:
            was = "taken back already" if was_taken_back else "cut off before any of it held"
            raise CorrectionRefused(f"Correction {number} was {was}: nothing of it is in the store.")
        told = entry or {"point": act.kind.value}
        self._tell(number, told, f"{told['point']}: correction {number} taken back, {count} readings", who)
        return count

    def _refuse_beneath_others(self, number: int, entry: Mapping[str, Any]) -> None:
        """One over it was made from what it shows."""
        start_ns, end_ns = entry["from_ms"] * MS, entry["to_ms"] * MS
        for other, other_start, other_end in self._historian.corrected(entry["point"]):
            if other > number and other_start < end_ns and start_ns < other_end:
                raise CorrectionRefused(
                    f"Correction {other} of {entry['point']} lies over correction {number} and was made from it: "
                    f"take that back first (--undo {other})."
                )

    def _put(self, number: int, entry: Mapping[str, Any]) -> None:
        self._historian.put_state(ROOM, _key(number), entry)

    def _tell(self, number: int, entry: Mapping[str, Any], text: str, who: str) -> None:
        data = {
            "correction": number,
            "who": who,
            **{name: entry[name] for name in ("from_ms", "to_ms") if name in entry},
        }
        self._historian.write_event(time.time_ns(), KIND, str(entry["point"]), text, data)


def entries(historian: Historian) -> list[tuple[int, Mapping[str, Any]]]:
    """Every correction with what holds of it now, and how many readings came late into its span, beneath it."""
    found: list[tuple[int, Mapping[str, Any]]] = []
    for key, entry in historian.list_state(ROOM).items():
        holds = historian.readings_of(Act(ActKind.CORRECTION, int(key))) > 0
        state = "holds" if holds else ("cut off" if entry["state"] == "begun" else "taken back")
        found.append((int(key), {**entry, "state": state}))
    return found


def _key(number: int) -> str:
    return f"{number:06d}"
