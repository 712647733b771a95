"""Machines that are on or off as arrays, one row a machine and one column a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.profile import BoolArray, FloatArray
from optimizer.switching import Switching

_NOTHING_KW = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class RunningTable:
    """Machines with and without switching; arrays of shape (machines,) or (machines, steps).

    Where nothing is asked all figures are 0. Loads are in the unit of the machine's least load, kW.
    """

    asked: BoolArray
    least_kw: FloatArray
    most_kw: FloatArray  # (machines, steps)
    start_eur: FloatArray
    least_on_h: FloatArray
    least_off_h: FloatArray
    on_before: BoolArray
    must_on: BoolArray  # (machines, steps): still within its least time on, or held so by the plan in force
    must_off: BoolArray
    held: BoolArray  # (machines, steps): by the plan in force, so that least loads and times are past arguing about

    def is_on(self, load_kw: FloatArray) -> BoolArray:
        """Whether each machine runs in each step, shape (machines, steps)."""
        return np.asarray(load_kw > _NOTHING_KW)

    def starts(self, load_kw: FloatArray) -> BoolArray:
        """Where a machine that switches begins to run, shape (machines, steps)."""
        on = self.is_on(load_kw)
        before = np.hstack([self.on_before[:, None], on[:, :-1]])
        return np.asarray(on & ~before & self.asked[:, None])


def tabulate_running(
    switching: Sequence[Switching | None], most_kw: FloatArray, hours: FloatArray, held_kw: FloatArray
) -> RunningTable:
    """The arrays of machines; `held_kw` is NaN where the plan in force holds nothing, shape (machines, steps)."""
    asked = np.array([one is not None for one in switching], dtype=bool)

    def figure(field: str) -> FloatArray:
        return np.array([getattr(one, field) if one is not None else 0.0 for one in switching], dtype=float)

    on_before = figure("on_before") > 0.5
    since = np.array([np.inf if one is None or one.since_h is None else one.since_h for one in switching], dtype=float)
    begins_h = np.cumsum(hours) - hours
    held = np.isfinite(held_kw)
    runs = np.nan_to_num(held_kw) > 1e-6
    still_on = (on_before & asked)[:, None] & (begins_h[None, :] < (figure("least_on_h") - since)[:, None] - 1e-9)
    still_off = (~on_before & asked)[:, None] & (begins_h[None, :] < (figure("least_off_h") - since)[:, None] - 1e-9)
    return RunningTable(
        asked=asked,
        least_kw=figure("least_kw"),
        most_kw=most_kw,
        start_eur=figure("start_eur"),
        least_on_h=figure("least_on_h"),
        least_off_h=figure("least_off_h"),
        on_before=on_before,
        must_on=np.where(held, runs & asked[:, None], still_on),
        must_off=np.where(held, ~runs & asked[:, None], still_off),
        held=held & asked[:, None],
    )
