"""The one thread of a writer that seals, merges and reports, while `append` goes on."""

from __future__ import annotations

import threading
import time

from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.newest import NewestFile
from energy_console.historian.embedded.parquet import Step
from energy_console.historian.embedded.sealing import seal
from energy_console.historian.errors import StoreError

SEAL_READINGS = 1_000_000
SEAL_AFTER_S = 900.0
LOOK_EVERY_S = 5.0
RETRY_AFTER_S = 60.0


class Keeper:
    """Seals when a million readings or a quarter of an hour have gathered. Owns its thread and its connection."""

    def __init__(self, folder: StoreFolder, notices: list[str], step: Step) -> None:
        self._folder, self._notices, self._step = folder, notices, step
        self._newest = NewestFile(folder.newest, create=False)
        self._waiting, since_ms = self._newest.unsealed()
        age_s = time.time() - since_ms / 1000 if since_ms else 0.0
        self._oldest_s = time.monotonic() - max(age_s, 0.0)
        self._work = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-keeper", daemon=True)
        self._thread.start()

    def appended(self, readings: int) -> None:
        """Told after each commit; wakes the thread once enough has gathered."""
        if not self._waiting:
            self._oldest_s = time.monotonic()
        self._waiting += readings
        if self._waiting >= SEAL_READINGS:
            self._wake.set()

    @property
    def _due(self) -> bool:
        return self._waiting >= SEAL_READINGS or (
            self._waiting > 0 and time.monotonic() - self._oldest_s >= SEAL_AFTER_S
        )

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._due and not self._tend():
                self._stop.wait(RETRY_AFTER_S)
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()

    def _tend(self) -> bool:
        """Seals what is there; False, and a notice, where that failed: the batches stay as they are."""
        try:
            self.seal_now()
        except StoreError as fault:
            notice = f"Sealing waits, readings are kept meanwhile: {fault}"
            if notice not in self._notices:
                self._notices.append(notice)
            return False
        return True

    def seal_now(self) -> None:
        """Seals everything that is there now. Raises StoreError."""
        with self._work:
            before = self._waiting
            self._oldest_s = time.monotonic()
            while seal(self._folder, self._newest, self._step):
                pass
            self._waiting -= before

    def close(self) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join()
        if self._due:
            self._tend()
        self._newest.close()
