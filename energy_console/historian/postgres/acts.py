"""Acts as rows of their own beside the engines': added in one transaction, taken back in one.

They lie in tables that no engine writes: what is rolled up of them is made here, at once, and counts with them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import psycopg

from energy_console.historian.acts import Act, ActKind, ActSeries, Mask
from energy_console.historian.columns import Columns
from energy_console.historian.errors import StoreBusy
from energy_console.historian.interface import Historian
from energy_console.historian.postgres.copying import copy_columns
from energy_console.historian.postgres.rollup import cell_columns
from energy_console.historian.postgres.server import Connection, Place, connect, migrate, server_faults
from energy_console.historian.postgres.store import PostgresReader
from energy_console.historian.postgres.writing import tell
from energy_console.historian.rolling import all_tiers
from energy_console.historian.zoom import TIERS_MS

PIECE_READINGS = 1_000_000  # rolled up at once


@contextlib.contextmanager
def acts_at(place: Place) -> Iterator[ServerActs]:
    """The right to add and take back acts, gone with the connection; makes the schema where missing. StoreError."""
    with contextlib.ExitStack() as undo:
        connection = connect(place)
        undo.callback(connection.close)
        migrate(connection, place)
        with server_faults(place):
            row = connection.execute("select pg_try_advisory_lock(hashtextextended(%s, 7))", (place.schema,)).fetchone()
        if row != (True,):
            raise StoreBusy(place.told, "another import or correction")
        undo.callback(_let_go, connection)
        historian = PostgresReader(place)
        undo.callback(historian.close)
        yield ServerActs(connection, place, historian)


def _let_go(connection: Connection) -> None:
    """At once: a server takes its time to notice that a connection is closed."""
    with contextlib.suppress(psycopg.Error):
        connection.execute("select pg_advisory_unlock_all()")


class ServerActs:
    """`Acts` on a server; made by `acts_at`, which holds the right."""

    def __init__(self, connection: Connection, place: Place, historian: Historian) -> None:
        self._connection, self._place, self.historian = connection, place, historian

    def add(self, act: Act, series: Sequence[ActSeries], masks: Sequence[Mask] = ()) -> int:
        with server_faults(self._place), self._connection.transaction():
            row = self._connection.execute(
                "insert into act(kind, number, readings) values (%s, %s, %s) returning id",
                (act.kind.value, act.number, sum(len(one.time_ms) for one in series)),
            ).fetchone()
            assert row is not None
            number = int(row[0])
            for one in series:
                self._add_series(number, self._key(one.point, one.unit), one)
            for mask in masks:
                span = (self._key(mask.point, ""), mask.start_ms, mask.end_ms)
                self._connection.execute("insert into act_mask values (%s, %s, %s, %s)", (number, *span))
            self._revise()
        return sum(len(one.time_ms) for one in series)

    def _key(self, point: str, unit: str) -> int:
        """The store's number of a point, which gets one where it has none."""
        self._connection.execute(
            "insert into point(id, unit, name) values (%s, %s, %s) on conflict (id) do nothing", (point, unit, point)
        )
        row = self._connection.execute("select key from point where id = %s", (point,)).fetchone()
        assert row is not None
        return int(row[0])

    def _add_series(self, act: int, key: int, one: ActSeries) -> None:
        for start, end in _pieces(one):
            time_ms, value, status = one.time_ms[start:end], one.value[start:end], one.status[start:end]
            size = end - start
            copy_columns(
                self._connection,
                "act_reading",
                {
                    "act": ("i4", np.full(size, act)),
                    "point": ("i4", np.full(size, key)),
                    "ms": ("i8", time_ms),
                    "value": ("f8", value),
                    "status": ("i4", status.astype(np.int32)),
                },
            )
            for tier, cells in all_tiers(Columns(np.full(size, key, np.int32), time_ms, value, status)):
                own = {"act": ("i4", np.full(len(cells), act)), "step_ms": ("i8", np.full(len(cells), TIERS_MS[tier]))}
                copy_columns(self._connection, "act_cell", {**own, **cell_columns(cells)})

    def take_back(self, act: Act) -> int:
        with server_faults(self._place), self._connection.transaction():
            row = self._connection.execute(
                "select id, readings from act where kind = %s and number = %s", (act.kind.value, act.number)
            ).fetchone()
            if row is None:
                return 0
            for table in ("act_reading", "act_cell", "act_mask"):
                self._connection.execute(f"delete from {table} where act = %s".encode(), (row[0],))
            self._connection.execute("update act set readings = 0 where id = %s", (row[0],))
            self._revise()
        return int(row[1])

    def last_number(self, kind: ActKind) -> int:
        with server_faults(self._place):
            row = self._connection.execute("select max(number) from act where kind = %s", (kind.value,)).fetchone()
        return int(row[0] or 0) if row else 0

    def _revise(self) -> None:
        """Whoever follows hears that the past is another, when this transaction is committed."""
        self._connection.execute("update revision set number = number + 1")
        tell(self._connection, "revised")


def _pieces(one: ActSeries) -> Iterator[tuple[int, int]]:
    """Rows of whole UTC days, so that no cell of a tier is in two, each of some `PIECE_READINGS`."""
    day_ms = 86_400_000
    days, counts = np.unique(one.time_ms // day_ms, return_counts=True)
    piece = np.cumsum(counts) // PIECE_READINGS
    for number in np.unique(piece):
        inside = days[piece == number]
        start, end = np.searchsorted(one.time_ms, (inside[0] * day_ms, (inside[-1] + 1) * day_ms))
        yield int(start), int(end)
