"""The embedded historian: newest batches in SQLite, the rest in sealed Parquet, one answer over both."""

from __future__ import annotations

import copy
import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from energy_console.historian.acts import Act
from energy_console.historian.columns import Columns, finite
from energy_console.historian.embedded.acts import correction_of, files_of
from energy_console.historian.embedded.answering import (
    PointView,
    cells_in,
    leaves_out,
    readings_in,
    span_in,
    view_of,
)
from energy_console.historian.embedded.choosing import answerable
from energy_console.historian.embedded.folder import StoreFolder, WriterLock
from energy_console.historian.embedded.groups import FileGone
from energy_console.historian.embedded.keeper import Keeper
from energy_console.historian.embedded.newest import Facts, Listing, NewestFile, Renamed, SealedFile
from energy_console.historian.embedded.parquet import LEAVING_OUT, READINGS, Step
from energy_console.historian.embedded.reading import SealedReader
from energy_console.historian.embedded.recovery import bring_along, export_points, open_newest, open_state
from energy_console.historian.embedded.state import StateFile
from energy_console.historian.embedded.window import HotWindow
from energy_console.historian.errors import StoreBroken, StoreError, StoreGone
from energy_console.historian.interface import Buckets, Event, Series
from energy_console.historian.keeping import KEEP_STATE, days_to_keep
from energy_console.historian.ledger import LedgerCommand, LedgerRecord, LedgerStep
from energy_console.historian.newest import Newest
from energy_console.historian.renaming import declared, refuse_changed_units
from energy_console.historian.rolling import buckets_of, cells_from, reach
from energy_console.historian.share import EnginePresence
from energy_console.historian.tiers import Cells
from energy_console.historian.zoom import Grid, fitting_grid, grid_of
from hardware.points import Float64Array, Int64Array, Point, ScanBatch, UInt16Array

MS = 1_000_000
READ_TRIES = 5
NEVER_MS = 2**62

Answer = TypeVar("Answer")


class EmbeddedHistorian:
    """`Historian` on a folder. Made by `open_embedded`; safe to use from several threads."""

    def __init__(
        self, folder: StoreFolder, newest: NewestFile, state: StateFile, lock: WriterLock | None, notices: list[str]
    ) -> None:
        self._folder, self._newest_file, self._state, self._writer_lock = folder, newest, state, lock
        self._notices = notices
        self._sealed = SealedReader(folder)
        self._guard = threading.RLock()  # over the columns in memory, below
        self._window = HotWindow()
        self._facts = Facts(0, -1, 0)
        self._listing = Listing()
        self._keep_days: Mapping[str, float] = {}
        self._folded: tuple[int, int] = (-1, 0)  # newest readings below: as of (sealed, readings of the window)
        self._newest = Newest.nothing(0)
        self._keys: dict[str, int] = {}
        self._points: tuple[str, ...] = ()
        self._key_of_index = np.empty(0, np.int32)
        self._index_of_key = np.empty(0, np.int32)
        self._last = newest.facts().newest
        self._keeper: Keeper | None = None
        self._step: Step = lambda _: None
        self._registered: tuple[Point, ...] = ()
        self._former: EmbeddedHistorian | None = None  # what was open before the store was gone and came back

    def start_keeping(self, step: Step) -> None:
        """Makes this the writing historian: starts the thread that seals."""
        self._step = step
        self._keeper = Keeper(self._folder, self._notices, step)

    # Writing

    def register(self, points: Sequence[Point]) -> None:
        ids = tuple(point.id for point in points)
        self._registered = tuple(points)
        with self._guard:
            self._keys = self._newest_file.points()
            self._look_at_units(points)
            if self._keeper is not None and (missing := [name for name in ids if name not in self._keys]):
                self._newest_file.add_points(missing)
                self._keys = self._newest_file.points()
                export_points(
                    self._folder, ((p.id, p.device, p.quantity, p.unit, p.name, str(p.counter)) for p in points)
                )
            self._points = ids
            self._map_keys()

    def _look_at_units(self, points: Sequence[Point]) -> None:
        """No point goes on in another unit; the writer keeps the units and the older names. Raises StoreUnits."""
        kept = self.units()
        empty = refuse_changed_units(points, kept, lambda point: self.span(point) is None)
        if self._keeper is not None:
            self._newest_file.keep_units(
                {point.id: point.unit for point in points if point.id not in kept}, {p.id: p.unit for p in empty}
            )
            there = {name: kept.get(name, "") for name in self._keys}
            self._newest_file.rename(Renamed(*one) for one in declared(points, there))

    def units(self) -> dict[str, str]:
        return self._newest_file.units()

    def _map_keys(self) -> None:
        """Keys of the registered points (-1: not stored yet), and back."""
        self._key_of_index = np.array([self._keys.get(name, -1) for name in self._points], np.int32)
        self._index_of_key = np.full(max(self._keys.values(), default=0) + 1, -1, np.int32)
        known = np.flatnonzero(self._key_of_index >= 0)
        self._index_of_key[self._key_of_index[known]] = known

    def append(self, batch: ScanBatch) -> None:
        if self._keeper is None:
            raise StoreError("This store was opened for reading: open it with writing=True to append.")
        if not len(batch):
            return
        try:
            self._append(batch, self._keeper)
        except StoreGone as gone:
            self._come_back(gone)
            self._append(batch, self._keeper)

    def _append(self, batch: ScanBatch, keeper: Keeper) -> None:
        columns = finite(Columns(self._key_of_index[batch.index], batch.time_ns // MS, batch.value, batch.status))
        self._newest_file.append(self._last + 1, columns)
        self._last += 1
        keeper.appended(len(columns))

    def _come_back(self, gone: StoreGone) -> None:
        """Goes on with the store that lies in the place of one that is gone (a copy put there); else raises `gone`."""
        if not self._folder.mark.exists():
            raise gone
        with self._guard:
            fresh = open_store(self._folder, writing=self._keeper is not None, step=self._step, gone=self._newest_file)
            former = copy.copy(self)  # stays open till the end: others may be asking it
            vars(self).update({**vars(fresh), "_guard": self._guard, "_former": former})
            self.register(former._registered)
            self.keep(former._keep_days)
        if former._keeper is not None:
            former._keeper.close()

    # Following

    def newest(self) -> tuple[Int64Array, Float64Array, UInt16Array]:
        with self._guard:
            self._refresh()
            self._fold()
            size = max(len(self._newest.time_ms), int(self._key_of_index.max(initial=-1)) + 1) + 1
            held = self._newest.grown(size)  # the last row stays empty: key -1 points there
        rows = self._key_of_index
        return held.time_ms[rows] * MS, held.value[rows], held.status[rows]

    def _fold(self) -> None:
        sealed, folded = self._folded
        if sealed != self._facts.sealed:
            self._newest, folded = self._newest_file.newest_sealed(), 0
        columns = self._window.columns()
        fresh = Columns(*(getattr(columns, name)[folded:] for name in ("key", "time_ms", "value", "status")))
        self._newest = self._newest.renewed(fresh)
        self._folded = (self._facts.sealed, len(columns))

    def since(self, sequence: int) -> tuple[int, list[ScanBatch]]:
        with self._guard:
            # asked before the batches: one appended in between must not be taken for one that was told
            known = self._newest_file.facts().newest
            rows = self._newest_file.batches(sequence)
            newest = rows[-1][0] if rows else max(sequence, known)
            if any(int(columns.key.max()) >= len(self._index_of_key) for _, columns in rows):
                self._keys = self._newest_file.points()
                self._map_keys()
            return newest, [self._batch(number, columns) for number, columns in rows]

    def wake(self, call: Callable[[], None]) -> None:
        """A folder tells nobody: `since` is asked now and then."""

    def _batch(self, sequence: int, columns: Columns) -> ScanBatch:
        index = self._index_of_key[columns.key]
        known = index >= 0
        return ScanBatch(
            sequence, index[known], columns.time_ms[known] * MS, columns.value[known], columns.status[known]
        )

    # Reading

    def _refresh(self) -> None:
        """Takes in what was appended, sealed and changed since; the caller holds the guard."""
        try:
            facts, listing, batches = self._newest_file.view(self._facts, self._window.loaded)
        except StoreGone as gone:
            if self._keeper is not None:  # its writer comes back with the next batch
                raise
            self._come_back(gone)
            facts, listing, batches = self._newest_file.view(self._facts, self._window.loaded)
        self._window.drop_through(facts.sealed)
        self._window.extend(batches)
        self._listing = self._listing if listing is None else listing
        self._facts = facts

    def _current(self) -> Listing:
        with self._guard:
            self._refresh()
            return self._listing

    def _view(self, point: str, start_ms: int, end_ms: int) -> PointView:
        """Everything of a point as of one moment; of what is not sealed only start <= time < end."""
        with self._guard:
            self._refresh()
            if point not in self._keys or self._listing.renamed:
                self._keys = self._newest_file.points()
            return view_of(point, self._listing, self._keys, self._window, start_ms, end_ms)

    def _steadily(self, question: Callable[[], Answer]) -> Answer:
        """Asks again where files were merged away between listing and opening them."""
        missing = self._folder.root
        for _ in range(READ_TRIES):
            try:
                return question()
            except FileGone as gone:
                missing = gone.path
                with self._guard:
                    self._facts = Facts(self._facts.sealed, -1, self._facts.newest)
        raise StoreBroken(missing, "it is listed, and not there")

    def read(self, point: str, start_ns: int, end_ns: int, original: bool = False) -> Series:
        start_ms, end_ms = -(-start_ns // MS), -(-end_ns // MS)
        columns = self._steadily(lambda: self._readings(point, start_ms, end_ms, original))
        return Series(point, columns.time_ms * MS, columns.value, columns.status)

    def _readings(self, point: str, start_ms: int, end_ms: int, original: bool = False) -> Columns:
        view = self._view(point, start_ms, end_ms)
        return readings_in(self._sealed, view.original if original else view, start_ms, end_ms)

    def as_of(
        self, points: Sequence[str], moment_ns: int, look_back_ns: int
    ) -> tuple[Int64Array, Float64Array, UInt16Array]:
        last = self._steadily(lambda: self._as_of(points, (moment_ns - look_back_ns) // MS + 1, moment_ns // MS + 1))
        return last.time_ms * MS, last.value, last.status

    def _as_of(self, points: Sequence[str], start_ms: int, end_ms: int) -> Newest:
        with self._guard:
            self._refresh()
            if any(point not in self._keys for point in points):
                self._keys = self._newest_file.points()
            listing, held = self._listing, self._window.columns()
            # another process may have named points since: its keys can be higher than any known here
            place = np.full(max(max(self._keys.values(), default=0), int(held.key.max(initial=0))) + 1, -1, np.int32)
            for row, point in enumerate(points):
                if point in self._keys:
                    place[self._keys[point]] = row
        inside = np.flatnonzero((held.time_ms >= start_ms) & (held.time_ms < end_ms))
        rows = inside[place[held.key[inside]] >= 0]
        hot = Columns(place[held.key[rows]], held.time_ms[rows], held.value[rows], held.status[rows])
        readings = [file for file in listing.files if file.kind == READINGS and not correction_of(file)]
        sealed = self._sealed.last_readings(readings, points, start_ms, end_ms)
        last = Newest.nothing(len(points)).renewed(sealed).renewed(hot)
        special = {mask.point for mask in listing.masks} | {one.point for one in listing.renamed}
        for row in [row for row, point in enumerate(points) if point in special]:
            last = last.replaced(row, self._readings(points[row], start_ms, end_ms))
        return last

    def buckets(self, point: str, start_ns: int, end_ns: int, count: int) -> Buckets:
        start_ms, end_ms = start_ns // MS, -(-end_ns // MS)
        return self._steadily(lambda: self._fitting(point, start_ms, end_ms, count))

    def _fitting(self, point: str, start_ms: int, end_ms: int, count: int) -> Buckets:
        listing = self._current()
        grid = fitting_grid(start_ms, end_ms, count, listing.kept)
        base_ms = listing.kept.get(READINGS, start_ms)
        if start_ms < base_ms and grid.tier in LEAVING_OUT and leaves_out(self._sealed, self._view(point, 0, 0), grid):
            grid = fitting_grid(start_ms, end_ms, count, {**listing.kept, **dict.fromkeys(LEAVING_OUT, NEVER_MS)})
        return buckets_of(point, *self._cells(point, grid, False))

    def spans(self, point: str, start_ns: int, end_ns: int, every_ns: int, original: bool = False) -> Buckets:
        start_ms, end_ms, every_ms = start_ns // MS, -(-end_ns // MS), max(every_ns // MS, 1)

        def asked() -> Buckets:
            grid = grid_of(start_ms, end_ms, every_ms, self._current().kept)
            return buckets_of(point, *self._cells(point, grid, original))

        return self._steadily(asked)

    def _cells(self, point: str, grid: Grid, original: bool) -> tuple[Grid, Cells]:
        """Cells to join into the spans of `grid`, and the grid with the tier that they are of."""
        view = self._view(point, *reach(grid))
        view = view.original if original else view
        grid = answerable(view.listing, grid, *reach(grid))
        try:
            return grid, cells_in(self._sealed, view, grid)
        except StoreBroken as fault:
            if grid.tier is None:
                raise
            # a tier can be worked out anew; the readings are what counts
            self._notices.append(f"{fault} Until then its spans come slowly, from the readings.")
            return grid, cells_from(readings_in(self._sealed, view, *reach(grid)), grid)

    def span(self, point: str) -> tuple[int, int] | None:
        found = self._steadily(lambda: span_in(self._sealed, self._view(point, -(2**62), 2**62)))
        return found and (found[0] * MS, found[1] * MS)

    def revision(self) -> int:
        return self._newest_file.revision()

    def readings_of(self, act: Act) -> int:
        return sum(file.rows for file in files_of(self._newest_file, act) if file.kind == READINGS)

    def corrected(self, point: str) -> list[tuple[int, int, int]]:
        with self._guard:
            self._refresh()
            own = {name.kept_as for name in self._view(point, 0, 0).names}
            return [(m.number, m.start_ms * MS, m.end_ms * MS) for m in self._listing.masks if m.point in own]

    # State, journal, commands

    def write_event(self, time_ns: int, kind: str, source: str, text: str, data: Mapping[str, Any]) -> int:
        return self._state.write_event(time_ns, kind, source, text, data)

    def events(self, start_ns: int, end_ns: int, kinds: Sequence[str] = (), limit: int = 1000) -> list[Event]:
        return self._state.events(start_ns, end_ns, kinds, limit)

    def put_state(self, room: str, key: str, value: Any, at_ns: int | None = None) -> None:
        self._state.put_state(room, key, value, at_ns)

    def get_state(self, room: str, key: str) -> Any | None:
        return self._state.get_state(room, key)

    def list_state(self, room: str) -> dict[str, Any]:
        return self._state.list_state(room)

    def state_at(self, room: str, key: str, moment_ns: int) -> Any | None:
        return self._state.state_at(room, key, moment_ns)

    def past_state(self, room: str, key: str) -> list[tuple[int, int, Any]]:
        return self._state.past_state(room, key)

    def request_command(self, command: Mapping[str, Any]) -> int:
        return self._state.request_command(command)

    def claim_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        return self._state.claim_commands(owner)

    def finish_command(self, command_id: int, result: Mapping[str, Any]) -> None:
        self._state.finish_command(command_id, result)

    def command_result(self, command_id: int) -> Mapping[str, Any] | None:
        return self._state.command_result(command_id)

    def claimed_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        return self._state.claimed_commands(owner)

    def append_ledger(self, commands: Sequence[LedgerCommand], steps: Sequence[LedgerStep]) -> None:
        self._state.append_ledger(commands, steps)

    def ledger(
        self, start_ns: int, end_ns: int, device: str = "", point: str = "", limit: int = 200
    ) -> list[LedgerRecord]:
        return self._state.ledger(start_ns, end_ns, device, point, limit)

    def open_ledger(self) -> list[LedgerRecord]:
        return self._state.open_ledger()

    def last_number(self) -> int:
        return self._state.last_number()

    def leads(self) -> bool:
        return True

    def engines(self) -> list[EnginePresence]:
        return []

    # Housekeeping

    def keep(self, days: Mapping[str, float]) -> None:
        self._keep_days = days_to_keep(days, self.get_state(*KEEP_STATE))
        if self._keeper is not None:
            self._keeper.keep_days = self._keep_days

    def notices(self) -> list[str]:
        """Sentences on what the store did by itself or could not do since last asked."""
        said, self._notices[:] = list(self._notices), []
        return said

    def trouble(self) -> str:
        """Never any: what is written is there for all at once."""
        return ""

    @property
    def folder(self) -> Path:
        return self._folder.root

    def sealed_files(self) -> list[SealedFile]:
        """The sealed files that count now."""
        return self._newest_file.files()

    def seal(self) -> None:
        """Seals everything now and waits for it; normally the store does so by itself."""
        if self._keeper is not None:
            self._keeper.seal_now()

    def merge(self, now: dt.datetime | None = None) -> None:
        """Merges whatever is due and waits for it; normally the store does so by itself."""
        while self._keeper is not None and self._keeper.merge_now(now or dt.datetime.now(dt.UTC)):
            pass

    def close(self) -> None:
        if self._former is not None:
            self._former.close()
        if self._keeper is not None:
            self._keeper.close()
        self._sealed.close()
        self._newest_file.close()
        self._state.close()
        if self._writer_lock is not None:
            self._writer_lock.release()


def open_store(folder: StoreFolder, *, writing: bool, step: Step, gone: NewestFile | None = None) -> EmbeddedHistorian:
    """Opens the parts in an order that leaves nothing held if one refuses.

    `gone`: the newest batches of what lay here before; those that are not in what lies here now are brought along.
    """
    notices: list[str] = []
    if not writing:
        folder.check()
        newest = NewestFile(folder.newest, create=False)
        return EmbeddedHistorian(folder, newest, StateFile(folder.state, create=False), None, notices)
    folder.prepare()
    lock = WriterLock(folder)
    try:
        newest = open_newest(folder, notices)
        if gone is not None:
            bring_along(gone, newest, notices)
        historian = EmbeddedHistorian(folder, newest, open_state(folder, notices), lock, notices)
    except BaseException:
        lock.release()
        raise
    historian.start_keeping(step)
    return historian
