"""Questions about one point over all there is of it: sealed files, what is not sealed yet, imports and corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from energy_console.historian.columns import Columns, in_time_order
from energy_console.historian.embedded.acts import correction_of
from energy_console.historian.embedded.choosing import telling_ends, without_cells
from energy_console.historian.embedded.newest import Listing
from energy_console.historian.embedded.parquet import MONTHLY, READINGS
from energy_console.historian.embedded.reading import SealedReader
from energy_console.historian.embedded.window import HotWindow
from energy_console.historian.layers import MEASURED, Layers, layers_of, seen, seen_cells
from energy_console.historian.renaming import Name, names_of, scaled, scaled_cells
from energy_console.historian.rolling import cells_from, joined_before, reach, settled
from energy_console.historian.tiers import Cells, in_order
from energy_console.historian.zoom import TIERS_MS, Grid


@dataclass(frozen=True, slots=True)
class PointView:
    """What there is of one point at one moment."""

    names: tuple[Name, ...]  # under which it is kept, its own first
    listing: Listing
    hot: Columns  # not sealed yet, in the order it came
    layers: Layers

    @property
    def original(self) -> PointView:
        """The same without any correction."""
        return replace(self, layers=layers_of(()))

    def layer(self, number: int) -> Listing:
        """The files of one layer."""
        files = tuple(file for file in self.listing.files if correction_of(file) == number)
        return replace(self.listing, files=files)


def view_of(
    point: str, listing: Listing, keys: Mapping[str, int], window: HotWindow, start_ms: int, end_ms: int
) -> PointView:
    """The view of a point; of what is not sealed yet only start <= time < end."""
    names = names_of(point, {one.old: (one.point, one.factor) for one in listing.renamed})
    hot = [scaled(window.of_key(keys.get(n.kept_as, -1), start_ms, end_ms), n.factor) for n in names]
    own = {name.kept_as for name in names}
    masks = [mask for mask in listing.masks if mask.point in own]
    return PointView(names, listing, _joined(hot), layers_of(masks))


def _joined(parts: Sequence[Columns]) -> Columns:
    if len(parts) == 1:
        return parts[0]
    return Columns(
        *(np.concatenate([getattr(p, name) for p in parts]) for name in ("key", "time_ms", "value", "status"))
    )


def readings_in(reader: SealedReader, view: PointView, start_ms: int, end_ms: int) -> Columns:
    """Readings with start <= time < end as they are seen, in time order. Raises FileGone, StoreBroken."""
    sealed = [_sealed(reader, view, MEASURED, start_ms, end_ms)]
    parts = {MEASURED: _joined([*sealed, view.hot])}
    for number in view.layers.corrections(start_ms, end_ms):
        parts[number] = _sealed(reader, view, number, start_ms, end_ms)
    return seen(view.layers, parts)


def _sealed(reader: SealedReader, view: PointView, layer: int, start_ms: int, end_ms: int) -> Columns:
    files = view.layer(layer).of(READINGS)
    return _joined([scaled(reader.readings(files, n.kept_as, start_ms, end_ms), n.factor) for n in view.names])


def cells_in(reader: SealedReader, view: PointView, grid: Grid) -> Cells:
    """Cells of one point in order, from the tier of the grid and what is not in it yet. As `readings_in` raises.

    `view` holds what is not sealed within `reach(grid)`.
    """
    start_ms, end_ms = reach(grid)

    def readings(first_ms: int, last_ms: int) -> Columns:
        inside = (view.hot.time_ms >= first_ms) & (view.hot.time_ms < last_ms)
        hot = Columns(*(getattr(view.hot, name)[inside] for name in ("key", "time_ms", "value", "status")))
        return readings_in(reader, replace(view, hot=hot), first_ms, last_ms)

    if grid.tier is None:
        return cells_from(readings(start_ms, end_ms), grid)
    measured = _layer_cells(reader, view, MEASURED, grid, [view.hot])
    parts = {MEASURED: joined_before(measured, view.listing.kept.get(READINGS, -(2**62)), grid.step_ms)}
    if view.layers.is_plain:
        return settled(parts[MEASURED], grid, readings)
    for number in view.layers.corrections(start_ms, end_ms):
        parts[number] = _layer_cells(reader, view, number, grid, [])
    return seen_cells(view.layers, grid, parts, (start_ms, end_ms), readings)


def _layer_cells(reader: SealedReader, view: PointView, layer: int, grid: Grid, hot: Sequence[Columns]) -> Cells:
    """Cells of one layer in order: of its tier, and worked out from what is not sealed or not in that tier."""
    assert grid.tier is not None
    listing, window = view.layer(layer), reach(grid)
    found, rest = [], []
    for name in view.names:
        cells, holding = reader.cells(listing.of(grid.tier), name.kept_as, *window)
        found.append(scaled_cells(cells, name.factor))
        others = reader.readings(without_cells(listing, grid.tier, holding), name.kept_as, *window)
        rest.append(scaled(others, name.factor))
    return in_order(Cells.join([*found, cells_from(in_time_order([*rest, *hot]), grid)]))


def leaves_out(reader: SealedReader, view: PointView, grid: Grid) -> bool:
    """Whether a tier has not all of a point from before the readings, where none stand in for it any more."""
    assert grid.tier is not None
    width_ms = TIERS_MS[MONTHLY[0]]
    end_ms = min(-(-grid.end_ms // width_ms) * width_ms, view.listing.kept.get(READINGS, grid.end_ms))
    counts = []
    for kind in (grid.tier, MONTHLY[0]):
        files = [file for file in view.listing.of(kind) if not file.is_act]
        cells = [
            reader.cells(files, name.kept_as, grid.start_ms // width_ms * width_ms, end_ms)[0] for name in view.names
        ]
        counts.append(sum(int(found.count.sum()) for found in cells))
    return counts[0] < counts[1]


def span_in(reader: SealedReader, view: PointView) -> tuple[int, int] | None:
    """First and last time in ms of what was read, imported or put there by a correction."""
    ends = [reader.first_and_last(files, name.kept_as) for files in telling_ends(view.listing) for name in view.names]
    if len(view.hot):
        ends.append((int(view.hot.time_ms.min()), int(view.hot.time_ms.max())))
    known = [end for end in ends if end is not None]
    return (min(end[0] for end in known), max(end[1] for end in known)) if known else None
