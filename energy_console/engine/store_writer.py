"""The one thread that writes to the store. Nothing is dropped in silence: what cannot be written waits and says so."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from energy_console.historian.errors import StoreError
from energy_console.historian.interface import Historian
from hardware.points import ScanBatch

log = logging.getLogger(__name__)

RETRY_S = 2.0
MOST_WAITING = 5_000_000  # readings kept in memory while the store cannot take them: about 100 MB


class StoreWriter:
    """Writes batches about once a second and runs other store work in between, in the order it was given."""

    def __init__(self, historian: Historian, every_s: float = 1.0) -> None:
        self._historian = historian
        self._every_s = every_s
        self._work: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._unfinished: deque[Callable[[], Any]] = deque()
        self._waiting: deque[ScanBatch] = deque()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self.stored = 0
        self.lost = 0
        self.trouble = ""  # a sentence while the store cannot take readings, empty otherwise
        self._last_commit = time.monotonic()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Writes what is waiting, then ends the thread. Returns when both are done."""
        self._work.put(None)
        self._thread.join()

    def keep(self, batch: ScanBatch) -> None:
        """Hands over a batch; never blocks. Where memory for waiting ones is full the oldest is lost and counted."""
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
        while True:
            try:
                work = self._work.get(timeout=self._pause_s())
            except queue.Empty:
                self._write_waiting()
                self._finish()
                continue
            if work is None:
                self._write_waiting()
                self._finish()
                return
            self._unfinished.append(work)
            if not self.trouble:
                self._finish()

    def _pause_s(self) -> float:
        every_s = RETRY_S if self.trouble else self._every_s
        return max(0.01, self._last_commit + every_s - time.monotonic())

    def _finish(self) -> None:
        """Does what is left in order; stops at the first that the store refuses, to try again later."""
        while self._unfinished:
            try:
                self._unfinished[0]()
            except StoreError as error:
                self._say(str(error))
                return
            except Exception:  # a fault of ours in one piece of work must not hold up the store for ever
                log.exception("a piece of store work failed and is left out")
            self._unfinished.popleft()

    def _write_waiting(self) -> None:
        self._last_commit = time.monotonic()
        with self._lock:
            batches = list(self._waiting)
        if not batches:
            return
        merged = merge(batches)
        try:
            self._historian.append(merged)
        except StoreError as error:  # kept in memory and tried again; the sentence becomes an alarm
            self._say(str(error))
            return
        self.trouble = ""
        self.stored += len(merged)
        written = set(map(id, batches))
        with self._lock:
            while self._waiting and id(self._waiting[0]) in written:
                self._waiting.popleft()

    def _say(self, sentence: str) -> None:
        if sentence != self.trouble:
            log.error("store: %s", sentence)
        self.trouble = sentence or "the store cannot be written"


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
