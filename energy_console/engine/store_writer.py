"""The one thread that writes to the store. Nothing is dropped in silence: what cannot be written waits and says so."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from energy_console.historian.errors import StoreError
from energy_console.historian.interface import Historian
from energy_console.historian.thinning import Thinning
from hardware.points import ScanBatch

log = logging.getLogger(__name__)

RETRY_S = 2.0
AT_ONCE = 200_000  # readings in one commit
MOST_WAITING = 5_000_000  # readings kept in memory while the store cannot take them: about 100 MB


class StoreWriter:
    """Writes batches about once a second and runs other store work in between, in the order it was given."""

    def __init__(self, historian: Historian, every_s: float = 1.0, thinning: Thinning | None = None) -> None:
        """`thinning`: what need not be kept; None keeps everything."""
        self._historian, self._thinning = historian, thinning
        self._every_s = every_s
        self._work: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._unfinished: deque[Callable[[], Any]] = deque()
        self._waiting: deque[ScanBatch] = deque()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self.stored = 0
        self.lost = 0
        self._refused = ""  # why readings wait
        self._refused_work = ""  # why other work waits
        self._due = time.monotonic() + every_s

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Writes what is waiting, then ends the thread. Returns when both are done; what the store refuses is told."""
        if self._thinning is not None and len(rest := self._thinning.end()):
            with self._lock:
                self._waiting.append(rest)
        self._work.put(None)
        self._thread.join()
        with self._lock:
            left, self._waiting = sum(map(len, self._waiting)), deque()
        self.lost += left
        if left or self._unfinished:
            log.error(
                "%d readings and %d events could not be stored before the end. %s",
                left, len(self._unfinished), self.trouble,
            )  # fmt: skip

    @property
    def trouble(self) -> str:
        """A sentence while the store does not take what it is given, empty otherwise."""
        return self._refused or self._refused_work

    def keep(self, batch: ScanBatch) -> None:
        """Hands over a batch; never blocks. Where memory for waiting ones is full the oldest is lost and counted."""
        if self._thinning is not None and not len(batch := self._thinning.kept(batch)):
            return
        with self._lock:
            self._waiting.append(batch)
            waiting = sum(map(len, self._waiting)) if self.trouble else 0
            while waiting > MOST_WAITING:
                oldest = self._waiting.popleft()
                waiting -= len(oldest)
                self.lost += len(oldest)

    def do(self, *works: Callable[[], Any]) -> None:
        """Runs other store work (events, states) on the store's thread, in order; what the store refuses is retried."""
        for work in works:
            self._work.put(work)

    @property
    def behind_s(self) -> float:
        """How old the oldest reading is that is not yet safe."""
        with self._lock:
            oldest = self._waiting[0] if self._waiting else None
        if oldest is None or not len(oldest):
            return 0.0
        return max(0.0, (time.time_ns() - int(oldest.time_ns.min())) / 1e9)

    def _run(self) -> None:
        going_on = True
        while going_on:
            try:
                work = self._work.get(timeout=max(0.01, self._due - time.monotonic()))
            except queue.Empty:
                pass
            else:
                going_on = work is not None
                if work is not None:
                    self._unfinished.append(work)
            if time.monotonic() >= self._due or not going_on:
                self._refused = self._told(self._refused, self._write_waiting())
                self._refused_work = self._told(self._refused_work, self._finish())
                self._due = time.monotonic() + (RETRY_S if self.trouble else self._every_s)
            elif not self.trouble:
                self._refused_work = self._told(self._refused_work, self._finish())

    def _finish(self) -> str:
        """Does what is left in order; stops at the first that the store refuses, to try again later, and says why."""
        while self._unfinished:
            try:
                self._unfinished[0]()
            except StoreError as error:
                return str(error)
            except Exception:  # a fault of ours in one piece of work must not hold up the store for ever
                log.exception("a piece of store work failed and is left out")
            self._unfinished.popleft()
        return ""

    def _write_waiting(self) -> str:
        """Writes what waits, a part at a time; returns why the store refuses, empty where it took everything."""
        while True:
            with self._lock:
                batches = list(_first_part(self._waiting))
            if not batches:
                return ""
            merged = merge(batches)
            try:
                self._historian.append(merged)
            except StoreError as error:
                return str(error)
            except Exception as error:  # ours or the store's: what was read waits, and the sentence becomes an alarm
                if not self._refused:
                    log.exception("readings could not be handed to the store")
                return f"The store cannot take readings: {error!r}."
            self.stored += len(merged)
            self._drop(batches)

    def _drop(self, written: list[ScanBatch]) -> None:
        """What is stored waits no longer; the oldest may be gone already where memory was full."""
        known = set(map(id, written))
        with self._lock:
            while self._waiting and id(self._waiting[0]) in known:
                self._waiting.popleft()

    def _told(self, before: str, sentence: str) -> str:
        """Logs the change, never the repetition."""
        if sentence and sentence != before:
            log.error("store: %s", sentence)
        elif before and not sentence:
            log.warning("store: it takes what it is given again")
        return sentence


def _first_part(waiting: Iterable[ScanBatch]) -> Iterator[ScanBatch]:
    """The oldest batches, at least one and together about `AT_ONCE` readings."""
    readings = 0
    for batch in waiting:
        if readings >= AT_ONCE:
            return
        readings += len(batch)
        yield batch


def merge(batches: list[ScanBatch]) -> ScanBatch:
    """Several batches as one, in order; `sequence` is that of the last."""
    if len(batches) == 1:
        return batches[0]
    return ScanBatch(
        batches[-1].sequence,
        np.concatenate([batch.index for batch in batches]),
        np.concatenate([batch.time_ns for batch in batches]),
        np.concatenate([batch.value for batch in batches]),
        np.concatenate([batch.status for batch in batches]),
    )
