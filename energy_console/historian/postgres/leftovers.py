"""Outboxes that earlier engines of a site have left on this machine: what still waits in them is delivered, too.

An engine that served other areas than the one that runs now, or none that may run any more since its area was taken
over, may have kept readings while the server was away. They are told once like any others, and in their own order.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from energy_console.historian.embedded.folder import StoreFolder, WriterLock
from energy_console.historian.errors import StoreBusy
from energy_console.historian.postgres.portions import MOST_READINGS, MOST_RECORDS, take_portion
from energy_console.historian.postgres.server import Place, connect, server_faults
from energy_console.historian.postgres.spool import FILE, Spool, spools_in
from energy_console.historian.postgres.taking import Taker


def deliver_leftovers(place: Place, outboxes: Path, notices: list[str], own: Path | None = None) -> None:
    """Delivers what waits in every outbox of this site in the folder but `own`, and those in use. Raises StoreError."""
    for folder in [path.parent for path in spools_in(outboxes)]:
        if own is not None and folder == own.resolve():
            continue
        try:
            lock = WriterLock(StoreFolder(folder))
        except StoreBusy:  # an engine runs on it and delivers by itself
            continue
        try:
            with contextlib.closing(Spool(folder / FILE)) as spool:
                if spool.site == place.schema and spool.waiting_records(0):
                    _deliver(place, spool, folder, notices)
        finally:
            lock.release()


def _deliver(place: Place, spool: Spool, folder: Path, notices: list[str]) -> None:
    with contextlib.closing(connect(place)) as connection:
        with server_faults(place):
            taker = Taker(connection, place, spool, says_whose=False)
            taken = taker.taken()
        waiting = spool.waiting_records(taken)
        while records := spool.after(taken, MOST_READINGS, MOST_RECORDS):
            take_portion(taker, spool, place, records, notices)
            taken = records[-1].number
        spool.clear()
    if waiting:
        notices.append(f"{waiting} records that an earlier engine had left in {folder} were delivered to {place.told}.")
