"""The engine as pages see it: while they show the past, nothing that acts on the field or the plan goes through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication

from energy_console.engine.commissioning import Answer, Question, Said
from energy_console.engine.link import CommandResult, EngineLink, EngineNews, ProbeReport
from energy_console.gui.past import TimePick
from energy_console.planning.proposal import PlanNews


class LiveOnly:
    """An EngineLink. Alarms of now are acknowledged whatever is shown: their strip stays live."""

    def __init__(self, engine: EngineLink, time: TimePick) -> None:
        self._engine, self._time = engine, time
        self.site, self.live, self.historian = engine.site, engine.live, engine.historian

    @property
    def refusal(self) -> str:
        """Why nothing can be done now; empty while the console is live."""
        if self._time.live:
            return ""
        words = "The console shows the past, nothing was done: go live (Ctrl+L) and do it then."
        return QCoreApplication.translate("desk", words)

    def subscribe(self, listener: Callable[[EngineNews], None]) -> None:
        self._engine.subscribe(listener)

    def start(self) -> None:
        self._engine.start()

    def stop(self) -> None:
        self._engine.stop()

    def write(self, point: str, value: float, who: str, done: Callable[[CommandResult], None]) -> None:
        if not self._refuse(done):
            self._engine.write(point, value, who, done)

    def acknowledge(self, alarm_id: int, who: str) -> None:
        self._engine.acknowledge(alarm_id, who)

    def probe(self, device: str, done: Callable[[ProbeReport], None]) -> None:
        if refusal := self.refusal:
            done(ProbeReport(device, 0, (), (), refusal))
        else:
            self._engine.probe(device, done)

    def enquire(self, question: Question, said: Said, done: Callable[[Answer], None]) -> Callable[[], None]:
        return self._engine.enquire(question, said, done)

    def set_out_of_service(self, device: str, out: bool, who: str, done: Callable[[CommandResult], None]) -> None:
        if not self._refuse(done):
            self._engine.set_out_of_service(device, out, who, done)

    def make_plan(self, done: Callable[[Any], None]) -> None:
        if refusal := self.refusal:
            done(PlanNews(sentence=refusal))
        else:
            self._engine.make_plan(done)

    def approve_plan(self, plan_id: str, who: str, done: Callable[[CommandResult], None]) -> None:
        if not self._refuse(done):
            self._engine.approve_plan(plan_id, who, done)

    def revert_plan(self, who: str, done: Callable[[CommandResult], None]) -> None:
        if not self._refuse(done):
            self._engine.revert_plan(who, done)

    def _refuse(self, done: Callable[[CommandResult], None]) -> bool:
        if refusal := self.refusal:
            done(CommandResult(False, refusal))
        return bool(refusal)
