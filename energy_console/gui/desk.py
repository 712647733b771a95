"""What every page gets: the engine, the bridge that brings its news, the time picked, and where to show things."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from energy_console.engine.link import AlarmView, DeviceState, EngineHealth, EngineLink, EngineNews
from energy_console.gui.live_only import LiveOnly
from energy_console.gui.past import Past, TimePick
from energy_console.gui.replay import Replay
from energy_console.gui.theme import Looks
from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable


class Bridge(QObject):
    """The one QObject that turns the engine's immutable news into one queued signal each."""

    news = Signal(object)  # EngineNews
    answered = Signal(object, object)  # (callback, result) of work done elsewhere, delivered on the GUI thread

    def __init__(self, engine: EngineLink) -> None:
        super().__init__()
        self._open = True
        self.answered.connect(self._deliver)
        engine.subscribe(self._forward)

    def _forward(self, news: EngineNews) -> None:
        if self._open:
            self.news.emit(news)

    def _deliver(self, callback: Callable[[Any], None], result: Any) -> None:
        if self._open:
            callback(result)

    def close(self) -> None:
        """What the engine or a worker still says is dropped: its page is going away."""
        self._open = False


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time on screen, UTC. `live`: its end follows the clock."""

    start: dt.datetime
    end: dt.datetime
    live: bool


# What a person may do; the roles of a site hand out parts of it.
EVERYTHING = frozenset({"look", "acknowledge", "note", "probe", "command", "approve"})


class Latest:
    """The newest of everything the engine has told, for pages that are opened later. Read on the GUI thread only."""

    def __init__(self) -> None:
        self.devices: dict[str, DeviceState] = {}
        self.health: EngineHealth | None = None
        self.alarms: tuple[AlarmView, ...] = ()
        self.plan: Any | None = None
        self.heard_s = time.monotonic()  # when the engine last said anything

    def keep(self, news: EngineNews) -> None:
        self.heard_s = time.monotonic()
        if news.devices is not None:
            self.devices.update(news.devices)
        if news.health is not None:
            self.health = news.health
        if news.alarms is not None:
            self.alarms = news.alarms
        if news.plan is not None:
            self.plan = news.plan

    @property
    def silence_s(self) -> float:
        """Seconds since the engine last said anything."""
        return time.monotonic() - self.heard_s


class Desk(QObject):
    """One desk: handed to every page as its only dependency besides its own widgets."""

    open_page = Signal(str, object)  # page key, what to select there (id or None): the window calls Page.select
    trend = Signal(list)  # point ids to add to Trends: the window opens that page and calls its select with the list
    said = Signal(str)  # one sentence for the status line
    show_source = Signal(str)  # a device, point or node: the window opens the page that shows it best
    write_note = Signal(object)  # an Entry to be written anew, or None for a new note
    noted = Signal()  # a note has come into the journal

    def __init__(
        self, engine: EngineLink, who: str, looks: Looks | None = None, permissions: frozenset[str] = EVERYTHING
    ) -> None:
        super().__init__()
        self.looks = looks or Looks()
        self.site = engine.site
        self.live = engine.live
        self.who = who
        self.permissions = permissions
        self.latest = Latest()
        self.bridge = Bridge(engine)
        # a method of a QObject, so that Qt delivers it on this object's thread
        self.bridge.news.connect(self._keep)
        self.time = TimePick()
        self.engine: EngineLink = LiveOnly(engine, self.time)
        self.past = Past(engine.site, engine.historian, self.time, self.on_gui)
        self.replay = Replay(self.time, self.past, self.said.emit)
        self._closed = False
        self._readers = ThreadPoolExecutor(2, "history")

    def _keep(self, news: EngineNews) -> None:
        self.latest.keep(news)

    def query(self, question: Callable[[Historian], Any], answer: Callable[[Any], None]) -> Future[Any]:
        """Asks the store on a worker thread; `answer` gets the result, or the exception, on the GUI thread."""

        def work() -> Any:
            try:
                result = question(self.engine.historian)
            except Exception as error:  # noqa: BLE001 - whatever the store raises is shown by the page that asked
                result = error
            self.bridge.answered.emit(answer, result)
            return result

        if self._closed:  # a page's timer that fires while the window goes down
            nothing: Future[Any] = Future()
            nothing.cancel()
            return nothing
        return self._readers.submit(work)

    # Of the time shown: the present, or the moment of the past that is picked

    @property
    def ready(self) -> bool:
        """Whether what stood at the time shown is known; of a moment just picked it is still being read."""
        return self.time.live or self.past.then is not None

    @property
    def table(self) -> LiveTable:
        """Values of all points; of a moment that is still being read nothing is known."""
        if self.time.live:
            return self.live
        return self.past.then.table if self.past.then is not None else self.past.nothing

    @property
    def alarms(self) -> tuple[AlarmView, ...]:
        if self.time.live:
            return self.latest.alarms
        return self.past.then.alarms if self.past.then is not None else ()

    @property
    def devices(self) -> Mapping[str, DeviceState]:
        if self.time.live:
            return self.latest.devices
        return self.past.then.devices if self.past.then is not None else {}

    @property
    def health(self) -> EngineHealth | None:
        if self.time.live:
            return self.latest.health
        return self.past.then.health if self.past.then is not None else None

    @property
    def plan(self) -> Any | None:
        """PlanNews; of the past only the plan in force."""
        if self.time.live:
            return self.latest.plan
        return self.past.then.plan if self.past.then is not None else None

    def may(self, permission: str) -> bool:
        """Whether the person at this desk may do it."""
        return permission in self.permissions

    def on_gui(self, answer: Callable[[Any], None]) -> Callable[[Any], None]:
        """Wraps a callback so that the engine may call it from its own thread."""
        return lambda result: self.bridge.answered.emit(answer, result)

    def close(self) -> None:
        """No more news, no query running, and none begun from here on."""
        self._closed = True
        self.replay.close()
        self.bridge.close()
        self.past.close()
        self._readers.shutdown(wait=True, cancel_futures=True)

    def shown_ns(self) -> int:
        """The time shown: the clock, or the moment of the past."""
        moment = self.time.moment
        return self.clock_ns() if moment is None else round(moment.timestamp() * 1e9)

    @staticmethod
    def clock_ns() -> int:
        return time.time_ns()
