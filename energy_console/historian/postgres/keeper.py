"""The thread of a writing engine that rolls its batches up into tiers, while `append` goes on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from energy_console.historian.errors import StoreError

log = logging.getLogger(__name__)

SEAL_READINGS = 500_000
SEAL_AFTER_S = 300.0
LOOK_EVERY_S = 5.0
RETRY_AFTER_S = 30.0
TIDY_EVERY_S = 1800.0


class Keeper:
    """Calls `seal` when enough has gathered, and tells through `notices` when that fails and when it works again.

    `begin` is called again and again until it says that it is done. Nothing happens before `start`.
    """

    def __init__(
        self, begin: Callable[[], bool], seal: Callable[[], None], tidy: Callable[[], None], notices: list[str]
    ) -> None:
        self._begin, self._seal, self._tidy, self._notices = begin, seal, tidy, notices
        self._begun = False
        self._tidied_s = time.monotonic()
        self._waiting = 0
        self._since_s = time.monotonic()
        self._troubles: dict[str, str] = {}
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def appended(self, readings: int) -> None:
        """Told after each commit."""
        if not self._waiting:
            self._since_s = time.monotonic()
        self._waiting += readings
        if self._waiting >= SEAL_READINGS:
            self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._begun:
                self._tell_of(self._do_begin, "Delivery of what earlier engines have left here waits")
            aged = self._waiting > 0 and time.monotonic() - self._since_s >= SEAL_AFTER_S
            if (aged or self._waiting >= SEAL_READINGS) and not self._tend():
                self._stop.wait(RETRY_AFTER_S)
            if time.monotonic() - self._tidied_s >= TIDY_EVERY_S:
                self._tidied_s = time.monotonic()
                self._tell_of(self._tidy, "Sorting of days that are over waits")
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()

    def _do_begin(self) -> None:
        self._begun = self._begin()

    def _tend(self) -> bool:
        before = self._waiting
        if not self._tell_of(self._seal, "Rolling up waits, readings are kept meanwhile"):
            return False
        self._waiting -= before
        self._since_s = time.monotonic()
        return True

    def _tell_of(self, work: Callable[[], None], words: str) -> bool:
        """Does one piece of work; the change from done to not done, and back, is told, not the repetition."""
        trouble = ""
        try:
            work()
        except Exception as fault:
            if not isinstance(fault, StoreError):
                log.exception("the store could not be kept in order")
            trouble = f"{words}: {fault}"
        if trouble != self._troubles.get(words, ""):
            self._notices.append(trouble or f"It goes on again: {words.partition(' waits')[0].lower()}.")
        self._troubles[words] = trouble
        return not trouble

    def close(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
