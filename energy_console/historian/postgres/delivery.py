"""Brings what an engine has spooled to the server: in order, each record once, by a thread of its own.

While the server is there a record reaches it before the call that wrote it returns. While it is away, or too slow,
records wait in the spool and nobody waits for the server.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable

import psycopg

from energy_console.historian.errors import (
    StoreAddress,
    StoreAway,
    StoreBusy,
    StoreError,
    StoreForeign,
    StoreShut,
    StoreTooNew,
    StoreUnits,
)
from energy_console.historian.postgres.engine_rights import become_engine, say_gone, say_here, take_lead
from energy_console.historian.postgres.patience import Patience
from energy_console.historian.postgres.portions import MOST_READINGS, MOST_RECORDS, take_portion
from energy_console.historian.postgres.rollup import NOT_HELD, newest_batch
from energy_console.historian.postgres.server import Connection, Place, server_faults
from energy_console.historian.postgres.spool import Record, Spool
from energy_console.historian.postgres.taking import Taker
from energy_console.historian.share import Share

log = logging.getLogger(__name__)

PATIENCE_S = 10.0
"""A server that takes longer for one record is treated as away: readings are safe in the spool meanwhile."""

LOOK_EVERY_S = 1.0
SAY_HERE_EVERY_S = 2.0
END_S = 10.0


class Delivery:
    """Owns the writing connection. `taken` is called with the readings of each portion that the server has."""

    def __init__(
        self, place: Place, share: Share, spool: Spool, notices: list[str], appended: Callable[[int], None]
    ) -> None:
        """Raises StoreError where another writes or the store is none of ours; a server that is away is tried again.

        One that lets nobody in is an error at the first start only: later readings are kept until it is mended.
        """
        self._place, self._share, self._spool, self._notices, self._appended = place, share, spool, notices, appended
        self._turn = threading.Condition()
        self._delivered = 0
        self._wanted = spool.last
        self._answers: dict[int, int] = {}
        self._asked: set[int] = set()  # whose answers somebody waits for
        self._connection: Connection | None = None
        self._taker: Taker | None = None
        self._behind = False
        self._stopping = threading.Event()
        self._patience = Patience()
        self._fault: StoreError | None = None  # what came of the last try
        self._said_here_s = time.monotonic()
        self.held_from = NOT_HELD  # the newest batch of others when this engine got its right to write
        self.leads = False  # the engines of the site, where several serve areas of it
        self.trouble = ""  # why the server cannot be had, empty while it can
        try:
            self._connect()
        except (StoreBusy, StoreForeign, StoreTooNew, StoreAddress, StoreUnits):
            raise
        except StoreError as fault:
            if isinstance(fault, StoreShut) and spool.last == 0:
                raise  # it was never let in: whoever sets it up is told, and nothing waits yet
            self._lose(fault)
        self._behind = bool(self.trouble) or self._delivered < self._wanted
        self._thread = threading.Thread(target=self._run, name="store-delivery", daemon=True)
        self._thread.start()

    @property
    def delivered(self) -> int:
        """The number up to which the server has taken everything."""
        return self._delivered

    @property
    def is_behind(self) -> bool:
        return self._behind

    def offer(self, number: int) -> int | None:
        """Waits until the server has taken the record; its answer there (0: none), or None where it stays for now."""
        with self._turn:
            self._wanted = max(self._wanted, number)
            self._turn.notify_all()
            if self._behind:
                return None
            self._asked.add(number)
            there = self._turn.wait_for(lambda: self._delivered >= number or self._behind, PATIENCE_S)
            self._asked.discard(number)
            if not there:
                self._fall_behind("it takes too long to answer")
            return self._answers.pop(number, 0) if self._delivered >= number else None

    def _fall_behind(self, why: str) -> None:
        """The caller holds the turn."""
        if not self.trouble:
            self._fault = StoreAway(self._place.told, why)
            self.trouble = str(self._fault)
            self._notices.append(f"{self.trouble} Until then everything is kept on this machine.")
        self._behind = True
        self._turn.notify_all()

    # The thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._turn:
                self._turn.wait_for(lambda: self._stopping.is_set() or self._has_work(), LOOK_EVERY_S)
            if not self._stopping.is_set() and not (self._go() if self._has_work() else self._say_here()):
                self._stopping.wait(self._patience.wait_s(self._fault))

    def _has_work(self) -> bool:
        return self._behind or self._wanted > self._delivered

    def _say_here(self) -> bool:
        """Tells the others now and then that this engine is there; False where the server is away."""
        if self._connection is None or time.monotonic() - self._said_here_s < SAY_HERE_EVERY_S:
            return True
        try:
            with server_faults(self._place):
                say_here(self._connection, self._share)
                self.leads = self.leads or take_lead(self._connection, self._place)
        except StoreError as fault:
            self._lose(fault)
            return False
        self._said_here_s = time.monotonic()
        return True

    def _go(self) -> bool:
        """Delivers everything there is; False where the server is away."""
        try:
            self._connect()
            while records := self._spool.after(self._delivered, MOST_READINGS, MOST_RECORDS):
                self._take(records)
                self._say_here()
                if self._stopping.is_set():
                    return True
        except StoreError as fault:
            self._lose(fault)
            return False
        except Exception as fault:  # ours: what is spooled waits, and the sentence tells
            log.exception("what is kept for the server could not be delivered")
            self._lose(StoreAway(self._place.told, repr(fault)))
            return False
        self._come_back()
        return True

    def _connect(self) -> None:
        if self._connection is not None:
            return
        connection = become_engine(self._place, self._share)
        try:
            with server_faults(self._place):
                self._taker = Taker(connection, self._place, self._spool)
                delivered = self._taker.taken()
                leads = take_lead(connection, self._place)
                self.held_from = newest_batch(connection)
            if delivered > self._spool.last:  # the spool is older than what the server remembers of it
                self._spool.take_new_name()
                delivered = self._taker.taken()
        except BaseException:
            connection.close()
            raise
        self._connection, self.leads = connection, leads
        with self._turn:
            self._delivered = delivered
            self._turn.notify_all()

    def _take(self, records: list[Record]) -> None:
        assert self._taker is not None
        answers = take_portion(self._taker, self._spool, self._place, records, self._notices)
        with self._turn:
            self._answers |= {number: answer for number, answer in answers.items() if number in self._asked}
            self._delivered = records[-1].number
            self._turn.notify_all()
        self._appended(sum(record.size for record in records))

    def _lose(self, fault: StoreError) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
        self._connection = self._taker = None
        self.leads = False
        with self._turn:
            if not self.trouble or type(fault) is not type(self._fault):
                self.trouble = str(fault)
                self._notices.append(f"{fault} Until then everything is kept on this machine.")
            self._fault = fault
            self._behind = True
            self._turn.notify_all()

    def _come_back(self) -> None:
        with self._turn:
            if self._spool.last > self._delivered:
                return  # more has come meanwhile: the next round takes it
            was_behind, self._behind = self._behind, False
            if self.trouble:
                self._notices.append(f"The store {self._place.told} is back; everything kept here meanwhile is there.")
            self.trouble, self._fault = "", None
            self._patience.had()
            self._turn.notify_all()
        if was_behind:  # otherwise the next record takes them out, in its own commit
            self._spool.let_go(self._delivered)

    def close(self) -> None:
        """What is not delivered yet stays in the spool for the next run."""
        self._stopping.set()
        with self._turn:
            self._turn.notify_all()
        self._thread.join(END_S)
        if self._connection is not None and not self._thread.is_alive():
            with contextlib.suppress(psycopg.Error), contextlib.closing(self._connection):
                say_gone(self._connection, self._share)
