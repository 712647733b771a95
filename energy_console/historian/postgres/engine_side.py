"""The historian of an engine on PostgreSQL: all it writes is kept on its own machine first, and lost to no outage.

While the server is away the engine goes on: readings, events, state and ledger wait in the spool, and what it needs to
know to start (its own state, open commands) is remembered there.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from energy_console.historian.columns import unpack
from energy_console.historian.embedded.folder import StoreFolder, WriterLock
from energy_console.historian.errors import StoreAway, StoreAwayStill
from energy_console.historian.keeping import KEEP_STATE, days_to_keep
from energy_console.historian.ledger import LedgerCommand, LedgerRecord, LedgerStep
from energy_console.historian.postgres.delivery import Delivery
from energy_console.historian.postgres.engine_rights import presences
from energy_console.historian.postgres.following import Tail, later_of
from energy_console.historian.postgres.keeper import Keeper
from energy_console.historian.postgres.leftovers import deliver_leftovers
from energy_console.historian.postgres.rollup import NOT_HELD, seal
from energy_console.historian.postgres.server import Connection, Place
from energy_console.historian.postgres.spool import open_spool
from energy_console.historian.postgres.store import PostgresReader
from energy_console.historian.postgres.tidying import tidy
from energy_console.historian.renaming import declared
from energy_console.historian.rolling import MS
from energy_console.historian.share import Share
from hardware.points import Float64Array, Int64Array, Point, ScanBatch, UInt16Array

BACKLOG_AT_ONCE = 500_000  # readings taken from the spool at once for the newest of each point


class PostgresEngine(PostgresReader):
    """The one writer of `share`; its spool lies in `folder`. Raises StoreBusy where another has an area of it."""

    def __init__(self, place: Place, share: Share, folder: Path) -> None:
        self._share, self._folder = share, folder
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as undo:
            self._lock = WriterLock(StoreFolder(folder))
            undo.callback(self._lock.release)
            notices: list[str] = []
            self._spool = open_spool(folder, notices)
            undo.callback(self._spool.close)
            self._spool.belong_to(place.schema, share.stream)
            super().__init__(place, folder.parent, looked=True)
            undo.callback(super().close)
            self._notices = notices
            self._tail = Tail()
            self._keep_days: dict[str, float] = {}
            self._keeper = Keeper(self._deliver_leftovers, self.seal, self.tidy, notices)
            undo.callback(self._keeper.close)
            self._delivery = Delivery(place, share, self._spool, notices, self._keeper.appended)
            undo.callback(self._delivery.close)
            self._take_backlog()
            self._keeper.start()
            undo.pop_all()

    def _take_backlog(self) -> None:
        """The newest of each point among what waits from an earlier run."""
        number = self._delivery.delivered
        while records := self._spool.after(number, BACKLOG_AT_ONCE, 1000):
            for record in records:
                if record.kind == "batch":
                    self._tail.extend(unpack(record.body))
            number = records[-1].number

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        if trouble := self._delivery.trouble:  # told at once: nobody waits for a server that is known to be away
            raise StoreAwayStill(trouble)
        with super()._reading() as connection:
            yield connection

    # Readings

    def register(self, points: Sequence[Point]) -> None:
        super().register(points)  # first: a unit that has changed is told before anything is kept
        with contextlib.suppress(StoreAway):
            declared(points, self.units())
        keys = self._spool.register(points, self._share.area)
        self._tail.register([keys[point.id] for point in points])
        self._write("points", [[point.id, point.unit, list(point.was)] for point in points if point.was])

    def append(self, batch: ScanBatch) -> None:
        if not len(batch):
            return
        columns = self._tail.columns(batch)
        number = self._spool.add_batch(columns, self._delivery.delivered)
        if self._delivery.offer(number) is None:
            self._tail.extend(columns)

    def _write(self, kind: str, content: Any) -> int:
        """Keeps one record; returns the server's answer, 0 while it is away."""
        number = self._spool.add(kind, content, self._delivery.delivered)
        return self._delivery.offer(number) or 0

    def newest(self) -> tuple[Int64Array, Float64Array, UInt16Array]:
        own = self._tail.newest()
        try:
            newest = later_of(self._follower.newest(), own)
        except StoreAway:
            newest = own
        return newest.time_ms * MS, newest.value, newest.status

    def _deliver_leftovers(self) -> bool:
        """False while the server is away, or is behind with what is this engine's own."""
        if self._delivery.is_behind:
            return False
        deliver_leftovers(self._place, self._folder.parent, self._notices, self._folder)
        return True

    def seal(self) -> None:
        """Rolls everything up that the server has; normally the store does so by itself."""
        with self._reading() as connection:
            areas = [one.area for one in presences(connection)] if self.leads() else self._share.held
            for area in areas:  # whoever leads also rolls up what engines have left that are gone
                seal(connection, area, self._delivery.held_from if area == self._share.stream else NOT_HELD)

    def tidy(self, now_ms: int | None = None) -> None:
        """Sorts and gathers days that are over, drops what need not be kept; normally the store does so by itself."""
        now_ms = time.time_ns() // MS if now_ms is None else now_ms
        keep_days = days_to_keep(self._keep_days, self.get_state(*KEEP_STATE))
        with self._reading() as connection:
            self._notices += tidy(connection, keep_days, now_ms)

    def keep(self, days: Mapping[str, float]) -> None:
        self._keep_days = dict(days)

    # State, journal, orders

    def write_event(self, time_ns: int, kind: str, source: str, text: str, data: Mapping[str, Any]) -> int:
        return self._write("event", [time_ns, kind, source, text, dict(data)])

    def put_state(self, room: str, key: str, value: Any, at_ns: int | None = None) -> None:
        content = [room, key, value, time.time_ns() if at_ns is None else at_ns]
        number = self._spool.add(
            "state", content, self._delivery.delivered, lambda: self._spool.remember_state(room, key, value)
        )
        self._delivery.offer(number)

    def get_state(self, room: str, key: str) -> Any | None:
        if not self._delivery.is_behind:
            with contextlib.suppress(StoreAway):
                value = super().get_state(room, key)
                self._spool.remember_state(room, key, value)
                return value
        return self._spool.state(room, key)

    def list_state(self, room: str) -> dict[str, Any]:
        if not self._delivery.is_behind:
            with contextlib.suppress(StoreAway):
                return super().list_state(room)
        return self._spool.states(room)

    def claim_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        return self._tables.claim_commands(owner, self._share, leads=self.leads())

    def claimed_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        return self._tables.claimed_commands(owner, self._share)

    def finish_command(self, command_id: int, result: Mapping[str, Any]) -> None:
        self._write("finish", [command_id, dict(result), time.time_ns()])

    def append_ledger(self, commands: Sequence[LedgerCommand], steps: Sequence[LedgerStep]) -> None:
        number = self._spool.add(
            "ledger",
            [list(commands), list(steps)],
            self._delivery.delivered,
            lambda: self._spool.remember_ledger(commands, steps),
        )
        self._delivery.offer(number)

    def ledger(
        self, start_ns: int, end_ns: int, device: str = "", point: str = "", limit: int = 200
    ) -> list[LedgerRecord]:
        """While the server is away: open commands, which are remembered here."""
        if not self._delivery.is_behind:
            with contextlib.suppress(StoreAway):
                return super().ledger(start_ns, end_ns, device, point, limit)
        return sorted(self._spool.open_commands(), key=lambda record: -record.command.id)[:limit]

    def open_ledger(self) -> list[LedgerRecord]:
        if not self._delivery.is_behind:
            with contextlib.suppress(StoreAway):
                found = self._tables.open_ledger(self._share)
                self._spool.remember_open(found)
                return found
        return self._spool.open_commands()

    def last_number(self) -> int:
        return self._spool.last_number

    def leads(self) -> bool:
        return self._share.is_whole or self._delivery.leads

    def trouble(self) -> str:
        return self._delivery.trouble

    def close(self) -> None:
        self._delivery.close()
        self._keeper.close()
        super().close()
        self._spool.close()
        self._lock.release()
