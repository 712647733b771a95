"""Hears what an engine says and waits for it, so that a test reads as a list of what has to come about."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from energy_console.engine.link import AlarmView, DeviceState, EngineHealth, EngineNews


class Ears:
    """Subscribed to one engine; keeps the newest of everything it has told."""

    def __init__(self, engine: Any) -> None:
        self.devices: dict[str, DeviceState] = {}
        self.health: EngineHealth | None = None
        self.alarms: tuple[AlarmView, ...] = ()
        self.plan: Any = None
        self.batches = 0
        self._heard = threading.Condition()
        engine.subscribe(self._hear)

    def _hear(self, news: EngineNews) -> None:
        with self._heard:
            self.devices.update(news.devices or {})
            self.health = news.health or self.health
            self.alarms = self.alarms if news.alarms is None else news.alarms
            self.plan = news.plan or self.plan
            self.batches += news.batch is not None
            self._heard.notify_all()

    def wait_for(self, what: Callable[[], Any], within_s: float, tell: Callable[[], Any] = lambda: "") -> Any:
        """Looks after every piece of news; returns what was true, or fails and says how things stand."""
        until = time.monotonic() + within_s
        with self._heard:
            while not (found := what()):
                if time.monotonic() > until:
                    raise AssertionError(f"not within {within_s} s; {self.health}; {self.alarms[:3]}; {tell()}")
                self._heard.wait(0.1)
        return found

    def not_answering(self) -> dict[str, str]:
        """Device -> state and reason, of all that do not answer now."""
        well = ("answering", "slow")
        return {d.device: f"{d.state}: {d.reason}" for d in list(self.devices.values()) if d.state not in well}

    def texts(self) -> list[str]:
        return [alarm.text for alarm in self.alarms]


class Answer:
    """A callback that an engine is given, and the wait for what it was called with."""

    def __init__(self) -> None:
        self._come = threading.Event()
        self._result: Any = None
        self.calls = 0

    def __call__(self, result: Any) -> None:
        self._result = result
        self.calls += 1
        self._come.set()

    def within(self, seconds: float) -> Any:
        assert self._come.wait(seconds), f"no answer in {seconds} s"
        return self._result
