"""Told by the server the moment anybody has committed a batch, a state, an order or its answer."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

import psycopg

from energy_console.historian.errors import StoreError
from energy_console.historian.postgres.patience import Patience
from energy_console.historian.postgres.server import Connection, Place, connect, server_faults
from energy_console.historian.postgres.writing import NEWS

LOOK_EVERY_S = 0.5  # whether to end


class Listener:
    """Calls `wake` after each, on a thread and a connection of its own; while the server is away it tries again."""

    def __init__(self, place: Place, wake: Callable[[], None]) -> None:
        self._place, self._wake = place, wake
        self._patience = Patience()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-listener", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            fault: StoreError | None = None
            try:
                with contextlib.closing(connect(self._place)) as connection:
                    self._hear(connection)
            except StoreError as error:  # whoever asks the store is told; here it is only tried again
                fault = error
            if not self._stopping.is_set():
                self._stopping.wait(self._patience.wait_s(fault))

    def _hear(self, connection: Connection) -> None:
        with server_faults(self._place):
            connection.execute(psycopg.sql.SQL("listen {}").format(psycopg.sql.Identifier(NEWS)))
            self._patience.had()
            self._wake()  # something may have come before this connection listened
            while not self._stopping.is_set():
                news = list(connection.notifies(timeout=LOOK_EVERY_S, stop_after=1))
                if any(one.payload.startswith(f"{self._place.schema}/") for one in news):
                    self._wake()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()
