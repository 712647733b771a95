"""The one thread of a writer that seals, merges and reports, while `append` goes on."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import threading
import time
from collections.abc import Iterator, Mapping

from energy_console.historian.embedded.database import store_faults
from energy_console.historian.embedded.filling import fill, next_fill
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.freed import give_back
from energy_console.historian.embedded.merging import (
    half_gathered,
    merge_day,
    merge_month,
    next_day_merge,
    next_month_merge,
)
from energy_console.historian.embedded.newest import NewestFile, SealedFile
from energy_console.historian.embedded.parquet import Step
from energy_console.historian.embedded.recovery import clear_failed
from energy_console.historian.embedded.retiring import gone_in_words, next_retirement, retire
from energy_console.historian.embedded.sealing import seal_all
from energy_console.historian.errors import StoreError

log = logging.getLogger(__name__)

SEAL_READINGS = 1_000_000
MOST_WAITING = 4_000_000
SEAL_AFTER_S = 900.0
LOOK_EVERY_S = 5.0
RETRY_AFTER_S = 60.0
DAY_SETTLES = dt.timedelta(hours=1)
"""A day is merged for good this long after its end, when its last readings have been sealed."""


class Stopped(Exception):
    """The store is closing, or has to seal first: a merge under way is left, its sources are as they were."""


class Keeper:
    """Seals when a million readings or a quarter of an hour have gathered. Owns its thread and its connection."""

    def __init__(self, folder: StoreFolder, notices: list[str], step: Step) -> None:
        self._folder, self._notices, self._step = folder, notices, step
        self._newest = NewestFile(folder.newest, create=False)
        self._waiting, since_ms = self._newest.unsealed()
        self._behind = bool(self._newest.listing().missing)  # tiers that an earlier version had not
        age_s = time.time() - since_ms / 1000 if since_ms else 0.0
        self._oldest_s = time.monotonic() - max(age_s, 0.0)
        self._count = threading.Lock()  # over the number waiting
        self._work = threading.Lock()  # one sealing or merge at a time
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._rested_at = 0.0
        self._trouble = ""  # what keeps sealing waiting, as last told
        self.keep_days: Mapping[str, float] = {}
        self._gone: list[SealedFile] = []  # for their age, and not told yet
        self._thread = threading.Thread(target=self._run, name="store-keeper", daemon=True)
        self._thread.start()

    def appended(self, readings: int) -> None:
        """Told after each commit; wakes the thread once enough has gathered."""
        if not self._waiting:
            self._oldest_s = time.monotonic()
        with self._count:
            self._waiting += readings
        if self._waiting >= MOST_WAITING:  # a past being filled in: whoever hands it over waits until it fits
            self._tend(merging=False)
        elif self._waiting >= SEAL_READINGS:
            self._wake.set()

    @property
    def _due(self) -> bool:
        return self._waiting >= SEAL_READINGS or (
            self._waiting > 0 and time.monotonic() - self._oldest_s >= SEAL_AFTER_S
        )

    def _run(self) -> None:
        while not self._stop.is_set():
            if (self._due or self._behind) and not self._tend():
                self._stop.wait(RETRY_AFTER_S)
            self._behind = False
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()

    def _tend(self, *, merging: bool = True) -> bool:
        """Seals what is there; False, and a notice, where that failed: the batches stay as they are."""
        try:
            self.seal_now()
            while merging and self.merge_now(dt.datetime.now(dt.UTC)):
                pass
        except Stopped:
            return True  # whatever was left is done next time
        except Exception as fault:
            if not isinstance(fault, StoreError):
                log.exception("sealing or merging failed")
            self._tell(f"Sealing waits, readings are kept meanwhile: {fault}")
            return False
        self._tell("")
        return True

    def _tell(self, trouble: str) -> None:
        """Notes what changed: a new trouble, or its end."""
        if trouble != self._trouble:
            self._notices.append(trouble or "Sealing goes on again.")
        self._trouble = trouble

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        """One sealing or merge at a time; what one that fails leaves is removed at once."""
        with self._work, store_faults(self._folder.incoming):
            try:
                yield
            except Stopped:
                raise
            except Exception:
                clear_failed(self._folder, self._newest, self._notices)
                raise

    def seal_now(self) -> None:
        """Seals everything that is there now. Raises StoreError."""
        with self._at_work():
            before = self._waiting
            self._oldest_s = time.monotonic()
            seal_all(self._folder, self._newest, self._step)
            with self._count:
                self._waiting -= before
        give_back()

    def merge_now(self, now: dt.datetime) -> bool:
        """One merge, the missing tiers of one file, or one day's end, if due; False if nothing is.

        Raises StoreError, Stopped.
        """
        today = (now - DAY_SETTLES).date().isoformat()
        with self._at_work():
            listing = self._newest.listing()
            self._rested_at = time.thread_time()
            month, lacking, old = [], None, None
            day = next_day_merge(listing.files, today)
            if lacking := half_gathered(listing, day):
                fill(self._folder, self._newest, *lacking, self._step, self._rest)
            elif day:
                merge_day(self._folder, self._newest, day, self._step, self._rest)
            elif month := next_month_merge(listing.files, today, listing.missing):
                merge_month(self._folder, self._newest, month, self._step, self._rest)
            elif lacking := next_fill(listing):
                fill(self._folder, self._newest, *lacking, self._step, self._rest)
            elif (old := next_retirement(listing, self.keep_days, now)) and self._newest.waits_before(old.end_ms):
                old = None  # first it is sealed, so that the day's cells are worked out with it
            elif old:
                self._gone += retire(self._folder, self._newest, old, self._step, self._rest)
        done = bool(day or month or lacking or old)
        if done:
            give_back()
        else:
            self._notices += gone_in_words(self._gone)
            self._gone = []
        return done

    def _rest(self) -> None:
        """Between two portions of a merge: gives others the processor; ends the merge on closing or for a sealing."""
        if self._stop.wait(time.thread_time() - self._rested_at) or self._waiting >= MOST_WAITING:
            raise Stopped
        self._rested_at = time.thread_time()

    def close(self) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join()
        if self._due:
            self._tend()
        self._newest.close()
