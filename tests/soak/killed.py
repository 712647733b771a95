"""The process that is killed: an engine's store under all the work it ever has, on a scale of milliseconds.

One thread appends batches and writes the journal, the store's own keeper seals and merges in quick succession, another
imports readings from outside, corrects some and takes some back. What is acknowledged is told to the witness.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from energy_console.historian.acts import Act, ActKind, ActSeries, Mask
from energy_console.historian.embedded import keeper, open_embedded
from energy_console.historian.embedded.acts import add_act, lock_acts, take_back
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.newest import NewestFile
from energy_console.historian.interface import Historian
from tests.soak.witness import POINTS, START_MS, Board, Told, batch_of

SEAL_READINGS = 400  # instead of a million: some twelve batches
LOOK_EVERY_S = 0.02
KEEPING = {
    "seal_all": "sealing",
    "merge_day": "merging a day",
    "merge_month": "merging a month",
    "fill": "filling in a tier",
}
IMPORTED_ROWS = 200
IMPORT_PAUSE_S = 0.05
WRITER_PAUSE_S = 0.003  # leaves the others their turns: a writer alone would only ever be struck while it seals


def corrected_series(number: int) -> ActSeries:
    """What a correction makes of import `number`."""
    own = imported_series(number)
    return ActSeries(own.point, own.unit, own.time_ms, own.value + 1000.0, own.status)


def imported_point(number: int) -> str:
    return f"import-{number}/energy_import_kwh"


def imported_series(number: int) -> ActSeries:
    """What import `number` holds."""
    times = START_MS + 3_600_000 * np.arange(IMPORTED_ROWS, dtype=np.int64)
    value = number + np.arange(IMPORTED_ROWS) / 1000.0
    return ActSeries(imported_point(number), "kW", times, value, np.zeros(IMPORTED_ROWS, np.uint16))


def write_until_killed(place: Path, first: int, first_import: int) -> None:
    """Appends batches from `first` on to the store in `place`, without end. What goes wrong is left in `trouble`."""
    leaving_trouble(place, lambda: _write(place, first, first_import))


def leaving_trouble(place: Path, work: Callable[[], None]) -> None:
    """Ends the process where `work` fails on any of its threads: a writer that stood still would prove nothing."""
    try:
        work()
    except BaseException:  # noqa: BLE001 - told to the parent, whose soak fails with it
        (place / "trouble").write_text(traceback.format_exc(), "utf-8")
        os._exit(1)


def _write(place: Path, first: int, first_import: int) -> None:
    board, told = Board(place / "board"), Told(place / "told")
    board.note("writer", "opening")
    scale_down(board)
    store = open_embedded(place / "store", writing=True, step=lambda name: board.note("step", name))
    board.note("writer", "registering")
    store.register(POINTS)
    outside = partial(leaving_trouble, place, partial(_import, place, first_import, board, told))
    threading.Thread(target=outside, daemon=True).start()
    number = first
    while True:
        append(store, number, board, told)
        if notices := store.notices():
            raise AssertionError(f"the store noticed something: {notices}")
        number += 1


def append(store: Historian, number: int, board: Board, told: Told) -> None:
    """One batch; every third also an event and a state that bear its number."""
    board.note("writer", "appending")
    store.append(batch_of(number))
    told.tell("kept", number)
    if number % 3 == 0:
        board.note("writer", "writing the journal")
        store.write_event(time.time_ns(), "engine", "soak", str(number), {})
        told.tell("event", number)
        store.put_state("soak", "last", number)
        told.tell("state", number)
    board.note("writer", "between two batches")
    time.sleep(WRITER_PAUSE_S)


def scale_down(board: Board) -> None:
    """The keeper's own work at its own steps, only sooner; what it is at is noted."""
    keeper.SEAL_READINGS, keeper.LOOK_EVERY_S = SEAL_READINGS, LOOK_EVERY_S
    for name, deed in KEEPING.items():
        setattr(keeper, name, noted(board, "keeper", deed, getattr(keeper, name)))
    board.note("keeper", "resting")


def noted(board: Board, hand: str, deed: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """`work`, with what it is told on the board while it goes on."""

    def doing(*args: Any, **named: Any) -> Any:
        board.note("step", "before the first step")
        board.note(hand, deed)
        try:
            return work(*args, **named)
        finally:
            board.note(hand, "resting")

    return doing


def _import(place: Path, number: int, board: Board, told: Told) -> None:
    """Imports; takes every second import back, corrects every fourth. Each act begun and done is told."""
    folder = StoreFolder(place / "store")
    newest = NewestFile(folder.newest, create=False)
    while True:
        time.sleep(IMPORT_PAUSE_S)
        lock = lock_acts(folder)
        board.note("outside", "importing")
        told.tell("import begun", number)
        add_act(folder, newest, Act(ActKind.IMPORT, number), [imported_series(number)])
        told.tell("import done", number)
        if number % 2:
            board.note("outside", "taking an import back")
            told.tell("undo begun", number)
            take_back(folder, newest, Act(ActKind.IMPORT, number))
            told.tell("undo done", number)
        elif number % 4:
            board.note("outside", "correcting")
            told.tell("correction begun", number)
            whole = corrected_series(number)
            mask = Mask(number, whole.point, int(whole.time_ms[0]), int(whole.time_ms[-1]) + 1)
            add_act(folder, newest, Act(ActKind.CORRECTION, number), [whole], [mask])
            told.tell("correction done", number)
        board.note("outside", "resting")
        lock.release()
        number += 1
