"""The newest batches and the list of sealed files, in one SQLite file: what is sealed and what is not, is one fact."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from energy_console.historian.acts import Mask
from energy_console.historian.columns import Columns, is_whole, pack, unpack
from energy_console.historian.embedded.database import (
    Presence,
    Schema,
    open_database,
    rows_of,
    snapshot,
    store_faults,
    transaction,
)
from energy_console.historian.errors import StoreBroken, StoreError
from energy_console.historian.newest import Newest
from energy_console.historian.zoom import NOTHING_GONE, Kept

FOLLOW_MS = 120_000
"""Sealed batches stay this long for consoles that follow by `since`."""

ACTS_SINCE = 3
"""The version of this file that has corrections and points renamed."""

KEPT_SINCE = 4
"""The version that knows what was removed for its age."""

_MISSING_AT_FIRST = """
    select tier.name, part, first, last from file
    join (select 'tenseconds' as name union select 'hours' union select 'days') as tier where kind = 'readings'
"""
"""Tiers that files of version 1 had not."""

SCHEMA = Schema(
    0x45434E57,  # "ECNW"
    (
        """
        create table fact(name text primary key, number integer not null) without rowid;
        insert into fact values ('sealed', 0), ('change', 0);
        create table point(key integer primary key, id text not null unique);
        create table batch(sequence integer primary key, stored_ms integer not null, size integer not null,
                           first_ms integer not null, last_ms integer not null, body blob not null);
        create table file(kind text not null, part text not null, first integer not null, last integer not null,
                          level integer not null, rows integer not null, start_ms integer not null,
                          end_ms integer not null, primary key(kind, part, first, last)) without rowid;
        create table newest(id integer primary key check(id = 1), body blob not null);
        """,
        f"""
        create table missing(kind text not null, part text not null, first integer not null, last integer not null,
                             primary key(kind, part, first, last)) without rowid;
        insert into missing {_MISSING_AT_FIRST};
        delete from file where kind = 'threehours';
        """,
        """
        create table mask(number integer not null, point text not null, start_ms integer not null,
                          end_ms integer not null, primary key(number, point, start_ms)) without rowid;
        create table renamed(old text primary key, point text not null, factor real not null) without rowid;
        alter table point add column unit text not null default '';
        insert into fact values ('revised', 0);
        """,
        "create table kept(kind text primary key, from_ms integer not null) without rowid",
    ),
)


_BATCHES = "select sequence, body from batch where sequence > ? and sequence <= ? order by sequence"


@dataclass(frozen=True, slots=True)
class SealedFile:
    """One sealed Parquet file: all readings (or cells) of `part` that came in batches `first` to `last`."""

    kind: str  # readings, or a tier
    part: str  # 2026-11-22 or 2026-11, or an act's
    first: int
    last: int
    level: int  # how often merged
    rows: int
    start_ms: int  # times of its readings, both ends included
    end_ms: int

    @property
    def is_act(self) -> bool:
        """Of an import or a correction, not of the engine."""
        return not self.part[0].isdigit()


@dataclass(frozen=True, slots=True)
class Renamed:
    """What is kept as `old` belongs to `point`; times `factor` it is in that one's unit."""

    old: str
    point: str
    factor: float


Gap = tuple[str, str, int, int]
"""A tier (kind) that was not worked out yet for one file of readings (part, first, last)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What is sealed, as of one moment."""

    files: tuple[SealedFile, ...] = ()
    missing: frozenset[Gap] = frozenset()
    masks: tuple[Mask, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    kept: Kept = dataclasses.field(default_factory=dict)

    def of(self, kind: str) -> list[SealedFile]:
        return [file for file in self.files if file.kind == kind]

    def gaps(self, kind: str) -> set[str]:
        """Parts for which some of that tier is missing."""
        return {part for tier, part, _, _ in self.missing if tier == kind}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the file says at one moment."""

    sealed: int  # batches up to this sequence are in sealed files
    change: int  # grows whenever the list of files changes
    newest: int  # highest sequence ever given


class NewestFile:
    """One connection to the file, safe to use from several threads."""

    def __init__(self, path: Path, *, create: bool, full_sync: bool = True) -> None:
        self.path = path
        self._connection = open_database(path, SCHEMA, create=create, full_sync=full_sync)
        self._place = Presence(path)
        self._lock = threading.RLock()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    # Points

    def points(self) -> dict[str, int]:
        with self._lock, self._place.faults():
            return dict(rows_of(self._connection, "select id, key from point"))

    def add_points(self, ids: Iterable[str]) -> None:
        with self._lock, self._place.faults(), transaction(self._connection):
            self._connection.executemany("insert or ignore into point(id) values (?)", [(name,) for name in ids])

    def units(self) -> dict[str, str]:
        """The unit that each point's readings are kept in, where it is known."""
        with self._lock, self._place.faults():
            if self._is_older:
                return {}
            return dict(rows_of(self._connection, "select id, unit from point where unit != ''"))

    def keep_units(self, units: Mapping[str, str], anew: Mapping[str, str] | None = None) -> None:
        """Names points with their units; a unit that stands there already stays, but for those named `anew`."""
        if not units and not anew:
            return
        with self._lock, self._place.faults(), transaction(self._connection):
            self._connection.executemany(
                "insert into point(id, unit) values (?, ?) on conflict(id) do update set unit = excluded.unit "
                "where unit = ''",
                list(units.items()),
            )
            self._connection.executemany(
                "update point set unit = ? where id = ?", [(unit, name) for name, unit in (anew or {}).items()]
            )

    def rename(self, renamed: Iterable[Renamed]) -> None:
        """From now on what is kept under an older name is read under the new one."""
        rows = [(one.old, one.point, one.factor) for one in renamed]
        with self._lock, self._place.faults():
            known = rows_of(self._connection, "select old, point, factor from renamed")
        if not (rows := [row for row in rows if row not in known]):
            return
        with self._lock, self._place.faults(), transaction(self._connection):
            self._connection.executemany("replace into renamed values (?, ?, ?)", rows)
            self._connection.execute("update fact set number = number + 1 where name in ('change', 'revised')")

    # Batches

    def append(self, sequence: int, columns: Columns) -> None:
        """Commits one batch under its number."""
        span = (int(columns.time_ms.min()), int(columns.time_ms.max()))
        row = (sequence, time.time_ns() // 1_000_000, len(columns), *span, pack(columns))
        with self._lock, self._place.faults():
            self._connection.execute("insert into batch values (?, ?, ?, ?, ?, ?)", row)

    def batches(self, after: int, through: int = 2**62) -> list[tuple[int, Columns]]:
        """Unsealed and lately sealed batches with after < sequence <= through."""
        with self._lock, self._place.faults():
            rows = rows_of(self._connection, _BATCHES, (after, through))
        return [(sequence, self._unpack(sequence, body)) for sequence, body in rows]

    def left_behind(self, after: int) -> tuple[dict[str, int], list[tuple[int, Columns]]]:
        """Points and batches after `after` of a file that is gone from its place, as far as it still answers."""
        try:
            with self._lock, store_faults(self.path), snapshot(self._connection):
                points = dict(rows_of(self._connection, "select id, key from point"))
                rows = rows_of(self._connection, _BATCHES, (after, 2**62))
        except StoreError:  # its disk is gone, too: what was on it is there when that is back
            return {}, []
        return points, [(sequence, self._unpack(sequence, body)) for sequence, body in rows]

    def last_within(self, after: int, most_readings: int) -> int:
        """The last sequence so that the batches after `after` up to it hold at most `most_readings`, at least one."""
        sql = (
            "select max(sequence) from (select sequence, sum(size) over (order by sequence) - size as before "
            "from batch where sequence > ?) where before = 0 or before < ?"
        )
        with self._lock, self._place.faults():
            rows = rows_of(self._connection, sql, (after, most_readings))
        return int(rows[0][0] or after)

    def _unpack(self, sequence: int, body: bytes) -> Columns:
        try:
            return unpack(body)
        except ValueError as fault:
            raise StoreBroken(self.path, f"batch {sequence}: {fault}") from fault

    def damaged_batches(self) -> list[tuple[int, bytes]]:
        """Batches that do not unpack, as they lie there."""
        with self._lock, self._place.faults():
            rows = rows_of(self._connection, "select sequence, cast(body as blob) from batch order by sequence")
        return [(sequence, body) for sequence, body in rows if not is_whole(body)]

    def remove_batch(self, sequence: int) -> None:
        with self._lock, self._place.faults():
            self._connection.execute("delete from batch where sequence = ?", (sequence,))

    def facts(self) -> Facts:
        with self._lock, self._place.faults(), snapshot(self._connection):
            return self._facts()

    def _facts(self) -> Facts:
        facts = dict(rows_of(self._connection, "select name, number from fact"))
        top = rows_of(self._connection, "select max(sequence) from batch")[0][0]
        return Facts(facts["sealed"], facts["change"], max(top or 0, facts["sealed"]))

    def unsealed(self) -> tuple[int, int]:
        """Readings waiting to be sealed, and when the oldest of them was stored (ms, 0: none)."""
        sql = "select coalesce(sum(size), 0), coalesce(min(stored_ms), 0) from batch where sequence > ?"
        with self._lock, self._place.faults(), snapshot(self._connection):
            size, since = rows_of(self._connection, sql, (self._facts().sealed,))[0]
        return size, since

    def waits_before(self, time_ms: int) -> bool:
        """Whether a reading from before a moment is kept and not sealed yet."""
        sql = "select 1 from batch where sequence > ? and first_ms < ? limit 1"
        with self._lock, self._place.faults(), snapshot(self._connection):
            return bool(rows_of(self._connection, sql, (self._facts().sealed, time_ms)))

    def view(self, known: Facts, loaded: int) -> tuple[Facts, Listing | None, list[tuple[int, Columns]]]:
        """What is new since `known`, of one moment: facts, the list if it changed, batches past `loaded`."""
        with self._lock, self._place.faults(), snapshot(self._connection):
            facts = self._facts()
            listing = None if facts.change == known.change else self._listing()
            batches = self.batches(max(loaded, facts.sealed))
        return facts, listing, batches

    # Sealed files

    def listing(self) -> Listing:
        with self._lock, self._place.faults(), snapshot(self._connection):
            return self._listing()

    def _listing(self) -> Listing:
        version = int(self._connection.pragma("user_version"))  # older where its engine was not started since
        lacking = _MISSING_AT_FIRST if version < 2 else "select kind, part, first, last from missing"
        missing = rows_of(self._connection, lacking)
        question = "select old, point, factor from renamed order by old"
        renamed = [] if self._is_older else rows_of(self._connection, question)
        kept = {} if version < KEPT_SINCE else dict(rows_of(self._connection, "select kind, from_ms from kept"))
        masks, names = tuple(self.masks()), tuple(Renamed(*row) for row in renamed)
        return Listing(tuple(self.files()), frozenset(missing), masks, names, kept)

    def masks(self) -> list[Mask]:
        """What corrections replace, by their numbers."""
        with self._lock, self._place.faults():
            if self._is_older:
                return []
            rows = rows_of(self._connection, "select number, point, start_ms, end_ms from mask order by number, point")
        return [Mask(*row) for row in rows]

    def revision(self) -> int:
        """Grows whenever what was kept before is changed: by a correction, an import, or one taken back."""
        with self._lock, self._place.faults():
            rows = rows_of(self._connection, "select number from fact where name = 'revised'")
        return int(rows[0][0]) if rows else 0

    @property
    def is_current(self) -> bool:
        """Led forward to this program's version."""
        return int(self._connection.pragma("user_version")) == len(SCHEMA.steps)

    @property
    def _is_older(self) -> bool:
        """Its engine has not been started since: it has neither corrections nor points renamed."""
        return int(self._connection.pragma("user_version")) < ACTS_SINCE

    def files(self) -> list[SealedFile]:
        with self._lock, self._place.faults():
            rows = rows_of(self._connection, "select * from file where kind != 'threehours' order by kind, part, first")
        return [SealedFile(*row) for row in rows]

    def replace_files(
        self,
        old: Sequence[SealedFile],
        new: Sequence[SealedFile],
        *,
        sealed: int | None = None,
        newest: Newest | None = None,
        missing: Collection[Gap] = (),
        found: Collection[Gap] = (),
        masks: Sequence[Mask] = (),
        unmask: int = 0,
        kept: Kept = NOTHING_GONE,
    ) -> None:
        """Lists `new` instead of `old`; with `sealed`, marks batches as sealed up to there. All in one transaction.

        `missing`: tiers that lack from now on; `found`: such that no longer do. Those of `old` readings are forgotten.
        `masks`: what the correction among `new` replaces; `unmask`: the correction that replaces nothing any more.
        `kept`: kinds of which all before a time is gone, for its age.
        """
        with self._lock, self._place.faults(), transaction(self._connection):
            self._connection.executemany(
                "delete from file where kind = ? and part = ? and first = ? and last = ?",
                [(file.kind, file.part, file.first, file.last) for file in old],
            )
            self._connection.executemany(
                "insert into file values (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (file.kind, file.part, file.first, file.last, file.level, file.rows, file.start_ms, file.end_ms)
                    for file in new
                ],
            )
            gone = [(file.part, file.first, file.last) for file in old if file.kind == "readings"]
            self._connection.executemany("delete from missing where part = ? and first = ? and last = ?", gone)
            self._connection.executemany(
                "delete from missing where kind = ? and part = ? and first = ? and last = ?", list(found)
            )
            self._connection.executemany("insert or ignore into missing values (?, ?, ?, ?)", list(missing))
            self._connection.executemany(
                "insert into kept values (?, ?) "
                "on conflict(kind) do update set from_ms = max(from_ms, excluded.from_ms)",
                list(kept.items()),
            )
            self._connection.execute("update fact set number = number + 1 where name = 'change'")
            if any(file.is_act for file in (*old, *new)):
                self._connection.execute("update fact set number = number + 1 where name = 'revised'")
            self._connection.execute("delete from mask where number = ?", (unmask,))
            self._connection.executemany(
                "insert into mask values (?, ?, ?, ?)", [(m.number, m.point, m.start_ms, m.end_ms) for m in masks]
            )
            if newest is not None:
                self._connection.execute("replace into newest values (1, ?)", (newest.packed(),))
            if sealed is not None:
                self._mark_sealed(sealed)

    def _mark_sealed(self, sealed: int) -> None:
        self._connection.execute("update fact set number = ? where name = 'sealed'", (sealed,))
        oldest = time.time_ns() // 1_000_000 - FOLLOW_MS
        self._connection.execute("delete from batch where sequence <= ? and stored_ms < ?", (sealed, oldest))

    def newest_sealed(self) -> Newest:
        """Newest readings as of the last sealing."""
        with self._lock, self._place.faults():
            rows = rows_of(self._connection, "select body from newest")
        if not rows:
            return Newest.nothing(0)
        try:
            return Newest.unpacked(rows[0][0])
        except ValueError as fault:
            raise StoreBroken(self.path, "the newest readings do not unpack") from fault
