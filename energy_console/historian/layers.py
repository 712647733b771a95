"""What a point shows where it was corrected: the newest correction of each moment, and beneath it what was read.

Pure array functions for any store. Layer 0 is what was read and imported; a correction is a layer under its number, and
answers alone for the spans it replaces. A later one lies over an earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from energy_console.historian.acts import Mask
from energy_console.historian.columns import Columns
from energy_console.historian.rolling import Readings, settled, worked_out
from energy_console.historian.tiers import Cells, in_order
from energy_console.historian.zoom import Grid
from hardware.points import BoolArray, Int32Array, Int64Array

MEASURED = 0
"""The layer of what the engine wrote and what was imported."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Which layer answers when, for one point: `owner[i]` from `border_ms[i - 1]` up to `border_ms[i]`."""

    border_ms: Int64Array
    owner: Int32Array  # one more than borders

    @property
    def is_plain(self) -> bool:
        """Never corrected."""
        return not len(self.border_ms)

    def stretch(self, time_ms: Int64Array) -> Int64Array:
        """Number of the stretch, counted over all, that each time falls into."""
        return np.searchsorted(self.border_ms, time_ms, side="right")

    def owner_at(self, time_ms: Int64Array) -> Int32Array:
        return self.owner[self.stretch(time_ms)]

    def corrections(self, start_ms: int, end_ms: int) -> list[int]:
        """Numbers of the corrections that are seen anywhere in start <= time < end."""
        first, last = self.stretch(np.array([start_ms, end_ms - 1], np.int64))
        return [int(number) for number in np.unique(self.owner[first : last + 1]) if number != MEASURED]


def layers_of(masks: Sequence[Mask]) -> Layers:
    """The layers that these corrections of one point make."""
    ordered = sorted(masks, key=lambda mask: mask.number)
    border_ms = np.unique([end for mask in ordered for end in (mask.start_ms, mask.end_ms)]).astype(np.int64)
    owner = np.zeros(len(border_ms) + 1, np.int32)
    for mask in ordered:
        first, last = np.searchsorted(border_ms, (mask.start_ms, mask.end_ms))
        owner[first + 1 : last + 1] = mask.number
    return Layers(border_ms, owner)


def seen(layers: Layers, parts: Mapping[int, Columns]) -> Columns:
    """Readings of one point in time order, each layer's only where it answers; of equal times as they came."""
    chosen = []
    for layer, columns in parts.items():
        rows = np.flatnonzero(layers.owner_at(columns.time_ms) == layer)
        chosen.append(Columns(columns.key[rows], columns.time_ms[rows], columns.value[rows], columns.status[rows]))
    joined = [np.concatenate([getattr(part, name) for part in chosen]) for name in ("time_ms", "value", "status")]
    order = np.argsort(joined[0], kind="stable")
    return Columns(np.zeros(len(order), np.int32), *(column[order] for column in joined))


def seen_cells(
    layers: Layers, grid: Grid, parts: Mapping[int, Cells], window: tuple[int, int], seen: Readings
) -> Cells:
    """Cells of one point that start within `window` (ms), as what is seen of its readings says; parts are in order.

    A cell is taken as it was rolled up where its layer answers for all of it and for the reading that holds into it.
    Every other one is worked out anew from `seen`.
    """
    kept, anew = [], [_at_borders(layers, grid, window)]
    for layer, cells in parts.items():
        whole = _lies_in(layers, cells, layer, grid.step_ms)
        leads = cells.from_ms < cells.time_ms
        foreign = whole & leads & (layers.owner_at(cells.from_ms) != layer)
        kept.append(cells.take(whole & ~foreign))
        anew.append(cells.time_ms[foreign])
    cells = in_order(Cells.join(kept)) if kept else Cells.nothing()
    return settled(worked_out(cells, np.unique(np.concatenate(anew)), grid, seen), grid, seen)


def _lies_in(layers: Layers, cells: Cells, layer: int, step_ms: int) -> BoolArray:
    first, last = layers.stretch(cells.time_ms), layers.stretch(cells.time_ms + step_ms - 1)
    return np.asarray((first == last) & (layers.owner[first] == layer), np.bool_)


def _at_borders(layers: Layers, grid: Grid, window: tuple[int, int]) -> Int64Array:
    """Starts of the cells within which another layer begins."""
    starts = (layers.border_ms - grid.origin_ms) // grid.step_ms * grid.step_ms + grid.origin_ms
    return starts[(starts < layers.border_ms) & (starts >= window[0]) & (starts < window[1])]
