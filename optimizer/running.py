"""Rules of machines that are on or off, where heat pumps, boilers, CHP or pumps ask for it. An integer a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.model import Cells, Model
from optimizer.profile import BoolArray, FloatArray, IntArray
from optimizer.running_table import RunningTable
from optimizer.session_table import steps_on_from

Load = Sequence[tuple[IntArray, FloatArray]]  # columns (machines, steps; -1: none) and what one of each is in load kW


@dataclass(frozen=True, slots=True, eq=False)
class RunningBlock:
    """Where on and off stand in the model; columns of shape (machines, steps), -1 where nothing is asked."""

    on: IntArray
    started: IntArray

    def off(self, values: FloatArray) -> BoolArray:
        """Where a machine that switches is off, shape (machines, steps)."""
        return np.asarray((self.on >= 0) & (values[self.on] < 0.5))


def write_running(
    model: Model, names: Sequence[str], running: RunningTable, hours: FloatArray, load: Load
) -> RunningBlock:
    """All rules of machines that are on or off."""
    on = run_at_least_load_or_stop(model, names, running, load)
    started = pay_for_starts(model, names, running, on)
    keep_running_for_least_time(model, names, running, hours, on)
    keep_resting_for_least_time(model, names, running, hours, on)
    return RunningBlock(on, started)


def run_at_least_load_or_stop(model: Model, names: Sequence[str], running: RunningTable, load: Load) -> IntArray:
    """least load * on <= load <= most load * on, in kW; on is 0 or 1. Gives the columns of on."""
    on = np.full(running.must_on.shape, -1, dtype=np.int64)
    machine, step = np.nonzero(np.broadcast_to(running.asked[:, None], running.must_on.shape))
    cells = Cells(names, machine, step)
    lower, upper = running.must_on[machine, step], 1.0 - running.must_off[machine, step]
    on[machine, step] = model.columns("on", cells, lower.astype(float), upper, integer=True)
    least = np.where(running.held, 0.0, running.least_kw[:, None])[machine, step]
    at_least = model.rows("least_load", cells, 0.0, np.inf)
    at_most = model.rows("most_load", cells, -np.inf, 0.0)
    for columns, share in load:
        there = columns[machine, step] >= 0
        used = columns[machine, step][there], np.broadcast_to(share, on.shape)[machine, step][there]
        model.put(at_least[there], *used)
        model.put(at_most[there], *used)
    model.put(at_least, on[machine, step], -least)
    model.put(at_most, on[machine, step], -running.most_kw[machine, step])
    return on


def pay_for_starts(model: Model, names: Sequence[str], running: RunningTable, on: IntArray) -> IntArray:
    """started(t) >= on(t) - on(t-1); each start has its price in EUR. Gives the columns of started."""
    started = np.full(on.shape, -1, dtype=np.int64)
    machine, step = np.nonzero((on >= 0) & (running.start_eur > 0.0)[:, None])
    cells = Cells(names, machine, step)
    columns = model.columns("started", cells, 0.0, 1.0)
    started[machine, step] = columns
    model.price(columns, running.start_eur[machine])
    runs_before = np.where((step == 0) & running.on_before[machine], 1.0, 0.0)
    rows = model.rows("start", cells, -runs_before, np.inf)
    model.put(rows, columns, 1.0)
    model.put(rows, on[machine, step], -1.0)
    later = step > 0
    model.put(rows[later], on[machine[later], step[later] - 1], 1.0)
    return started


def keep_running_for_least_time(
    model: Model, names: Sequence[str], running: RunningTable, hours: FloatArray, on: IntArray
) -> None:
    """on(t) - on(t-1) <= on(s) for each step s within the least time on after t."""
    machine, step, later = _within(running, running.least_on_h, hours)
    before = np.where((step == 0) & running.on_before[machine], 1.0, 0.0)
    rows = model.rows("least_time_on", Cells(names, machine, later), -before, np.inf)
    model.put(rows, on[machine, later], 1.0)
    model.put(rows, on[machine, step], -1.0)
    model.put(rows[step > 0], on[machine[step > 0], step[step > 0] - 1], 1.0)


def keep_resting_for_least_time(
    model: Model, names: Sequence[str], running: RunningTable, hours: FloatArray, on: IntArray
) -> None:
    """on(t-1) - on(t) <= 1 - on(s) for each step s within the least time off after t."""
    machine, step, later = _within(running, running.least_off_h, hours)
    before = np.where((step == 0) & running.on_before[machine], 1.0, 0.0)
    rows = model.rows("least_time_off", Cells(names, machine, later), -np.inf, 1.0 - before)
    model.put(rows, on[machine, later], 1.0)
    model.put(rows, on[machine, step], -1.0)
    model.put(rows[step > 0], on[machine[step > 0], step[step > 0] - 1], 1.0)


def _within(running: RunningTable, least_h: FloatArray, hours: FloatArray) -> tuple[IntArray, IntArray, IntArray]:
    """(machine, step of a change, a later step within the least time), none of the two held by the plan in force."""
    found = [
        (machine, step, later)
        for machine in np.flatnonzero(running.asked & (least_h > 0.0))
        for step in np.flatnonzero(~running.held[machine])
        for later in steps_on_from(float(least_h[machine]), hours, int(step))
        if not running.held[machine, later]
    ]
    cells = np.array(found, dtype=np.int64).reshape(-1, 3)
    return cells[:, 0], cells[:, 1], cells[:, 2]
