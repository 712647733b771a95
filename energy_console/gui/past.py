"""The time shown, and everything that stood at it: read from the store on a thread of its own, a moment at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, Signal

from energy_console.engine.then import Then, ThenReader
from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable
from energy_console.site.model import Site

Answer = Callable[[Any], None]


class TimePick(QObject):
    """The time picker's value; rules every page. Live, or one moment of the past."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.moment: dt.datetime | None = None  # None: live

    @property
    def live(self) -> bool:
        return self.moment is None

    def now(self) -> dt.datetime:
        """The moment shown: the clock when live, the moment picked otherwise (UTC, aware)."""
        return self.moment or dt.datetime.now(dt.UTC)

    def pick(self, moment: dt.datetime | None) -> None:
        if moment != self.moment:
            self.moment = moment
            self.changed.emit()


class Past(QObject):
    """`then` is what stood at the moment picked, None while live and until the store has answered; `came` tells.

    `failure` is the sentence of a store that did not answer.
    """

    came = Signal()

    def __init__(self, site: Site, historian: Historian, time: TimePick, on_gui: Callable[[Answer], Answer]) -> None:
        super().__init__()
        self._time, self._on_gui, self._historian = time, on_gui, historian
        self._reader = ThenReader(site, historian)
        self._site = site
        self._nothing: LiveTable | None = None
        self._thread = ThreadPoolExecutor(1, "past")
        self._closed = False
        self._reading = False
        self.then: Then | None = None
        self.failure = ""
        time.changed.connect(self._picked)

    @property
    def nothing(self) -> LiveTable:
        """A table in which no point was ever read."""
        if self._nothing is None:
            self._nothing = LiveTable(self._site.points)
        return self._nothing

    def fetch(self, moment_ns: int, answer: Answer) -> None:
        """Reads a moment; `answer` gets the Then, or the exception, on the GUI thread. One after the other."""
        self.ask(lambda: self._reader.at(moment_ns), answer)

    def ask(self, question: Callable[[], Any], answer: Answer) -> None:
        """Any question in turn with those, so that none is held up by what a page asks."""
        if self._closed:
            return
        deliver = self._on_gui(answer)

        def work() -> None:
            try:
                deliver(question())
            except Exception as error:  # noqa: BLE001 - whatever the store raises is shown by who asked
                deliver(error)

        self._thread.submit(work)

    @property
    def historian(self) -> Historian:
        """For questions given to `ask`."""
        return self._historian

    def show(self, then: Then) -> None:
        """Shows a moment that was read before: time and values change at once, on every page."""
        self.then, self.failure = then, ""
        self._time.pick(then.moment)

    def _picked(self) -> None:
        moment = self._time.moment
        if moment is None or self.then is None or self.then.moment != moment:
            self.then, self.failure = None, ""
            self._read()

    def _read(self) -> None:
        """Reads the moment picked, unless another is under way: then the newest one is read after it."""
        moment = self._time.moment
        if moment is None or self._reading:
            return
        self._reading = True
        moment_ns = round(moment.timestamp() * 1e6) * 1000

        def answered(result: Any) -> None:
            self._reading = False
            if self._time.moment != moment:
                if self.then is None:
                    self._read()
                return
            if isinstance(result, Then):
                self.then = result
            else:
                self.failure = str(result)
            self.came.emit()

        self.fetch(moment_ns, answered)

    def close(self) -> None:
        """No question is begun from here on; returns when none is under way."""
        self._closed = True
        self._thread.shutdown(wait=True, cancel_futures=True)
