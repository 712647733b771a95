"""Holds a store against what a killed process had acknowledged to the witness: every reading there exactly once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from energy_console.historian.columns import Columns
from energy_console.historian.interface import Buckets, Historian
from energy_console.historian.rolling import MS, buckets_of, cells_from, reach
from energy_console.historian.zoom import TIERS_MS, grid_of
from tests.soak.killed import IMPORTED_ROWS, corrected_series, imported_point, imported_series
from tests.soak.witness import MOST_ROWS, POINTS, Rows, rows_of

END_NS = 2**62
_EXACT = ("time_ns", "minimum", "maximum", "first", "last", "count", "good_count", "status")
_NEARLY = ("mean", "integral_h")


def faults_of(store: Historian, told: dict[str, list[int]], maybe: set[int]) -> list[str]:
    """Readings, journal, state and imports against what was acknowledged: sentences, none where all is well.

    `maybe`: batches that a kill may have caught between their commit and their acknowledgement.
    """
    faults = reading_faults(all_rows(store), told.get("kept", []), maybe)
    faults += event_faults(store, told.get("event", []))
    last = store.get_state("soak", "last")
    if (states := told.get("state", [])) and (last is None or last < states[-1]):
        faults.append(f"the state says {last}, acknowledged was {states[-1]}")
    return faults + import_faults(store, told)


def all_rows(store: Historian) -> Rows:
    """Every reading of the writer's points, however often."""
    parts = []
    for index, point in enumerate(POINTS):
        series = store.read(point.id, 0, END_NS)
        parts.append(Rows(np.full(len(series.value), index, np.int32), series.time_ns // 1_000_000, series.value))
    return Rows.join(parts)


def reading_faults(found: Rows, kept: Sequence[int], maybe: set[int]) -> list[str]:
    """Sentences on what is lost, doubled, changed, torn or foreign among `found`."""
    rows = found.in_order()
    batches = rows.value.astype(np.int64) // MOST_ROWS
    present = {int(number) for number in np.unique(batches)}
    wanted = Rows.join(rows_of(number) for number in sorted(set(kept) | (maybe & present))).in_order()
    faults = []
    if lost := sorted(set(kept) - present):
        faults.append(f"{len(lost)} acknowledged batches are lost, the first is {lost[0]}")
    if foreign := sorted(present - set(kept) - maybe):
        faults.append(f"batches {foreign[:5]} were never written")
    if doubled := int((np.diff(rows.value) == 0).sum()):
        faults.append(f"{doubled} readings are there twice")
    if not faults and not all(np.array_equal(getattr(rows, n), getattr(wanted, n)) for n in Rows.__slots__):
        faults.append(
            f"{len(rows)} readings are there, {len(wanted)} were written: some are changed, or a batch is torn"
        )
    return faults


def event_faults(store: Historian, kept: Sequence[int]) -> list[str]:
    numbers = [int(event.text) for event in store.events(0, END_NS, ["engine"], 1_000_000)]
    faults = []
    if lost := set(kept) - set(numbers):
        faults.append(f"events {sorted(lost)[:5]} are lost")
    if len(numbers) != len(set(numbers)):
        faults.append("events are there twice")
    return faults


def import_faults(store: Historian, told: dict[str, list[int]]) -> list[str]:
    """Each import is whole or not there, corrected whole or not at all, and what it is told to be where it was told."""
    faults = []
    done = {what: set(told.get(f"{what} done", [])) for what in ("import", "undo", "correction")}
    for number in told.get("import begun", []):
        allowed = {"whole"} if number in done["import"] else {"whole", "gone"}
        if number in told.get("undo begun", []):
            allowed = {"gone"} if number in done["undo"] else {"whole", "gone"}
        if number in told.get("correction begun", []):
            allowed = {"corrected"} if number in done["correction"] else {"whole", "corrected"}
        found = state_of_import(store, number)
        if found not in allowed:
            faults.append(f"import {number} is {found}, not {' or '.join(sorted(allowed))}")
    return faults


def state_of_import(store: Historian, number: int) -> str:
    """whole, corrected, gone, or what else it is."""
    series = store.read(imported_point(number), 0, END_NS)
    if not len(series.value):
        return "gone"
    for name, wanted in (("whole", imported_series(number)), ("corrected", corrected_series(number))):
        if np.array_equal(series.value, wanted.value) and np.array_equal(series.time_ns, wanted.time_ms * MS):
            return name
    return f"there with {len(series.value)} of {IMPORTED_ROWS} readings"


def tier_faults(store: Historian) -> list[str]:
    """Every tier against the readings of each point: all that a cell says, its integral too."""
    faults = []
    for point in POINTS:
        series = store.read(point.id, 0, END_NS)
        if not len(series.value):
            continue
        start_ms, end_ms = int(series.time_ns[0]) // MS, int(series.time_ns[-1]) // MS + 1
        for kind, step_ms in TIERS_MS.items():
            grid = grid_of(start_ms // step_ms * step_ms, end_ms, step_ms)
            inside = slice(*np.searchsorted(series.time_ns // MS, reach(grid)))
            key = np.zeros(len(series.value[inside]), np.int32)
            columns = Columns(key, series.time_ns[inside] // MS, series.value[inside], series.status[inside])
            wanted = buckets_of(point.id, grid, cells_from(columns, grid))
            found = store.spans(point.id, grid.start_ms * MS, grid.end_ms * MS, step_ms * MS)
            faults += [f"{kind} of {point.id}: {name} differs from the readings" for name in unlike(found, wanted)]
    return faults


def unlike(found: Buckets, wanted: Buckets) -> list[str]:
    """Columns in which two answers differ."""
    if len(found.time_ns) != len(wanted.time_ns):
        return ["the number of cells"]
    exact = [n for n in _EXACT if not np.array_equal(getattr(found, n), getattr(wanted, n), equal_nan=n != "status")]
    return exact + [
        n
        for n in _NEARLY
        if not np.allclose(getattr(found, n), getattr(wanted, n), rtol=1e-9, atol=1e-9, equal_nan=True)
    ]
