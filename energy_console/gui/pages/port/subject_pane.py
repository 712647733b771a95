"""Keeps the drawer up to date with what is selected: live values every second, the store's answers when they come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable
from functools import partial

import numpy as np
from PySide6.QtCore import QObject

from energy_console.gui.asking import Asking
from energy_console.gui.desk import Desk
from energy_console.gui.pages.port.attention import Scene
from energy_console.gui.pages.port.drawer import PortDrawer, Subject
from energy_console.gui.pages.port.harbour_view import Pick
from energy_console.gui.pages.port.history import CallDetail, ask_call
from energy_console.gui.pages.port.scenes import Scenes
from energy_console.live.table import LiveTable

_EVERY_S = 30.0
_SOON_S = 5.0  # after an answer without a reading, or when the step has changed
_MOVED_S = 60.0  # of the moment, before the store is asked again
_POINT_BEHIND = dt.timedelta(hours=12)  # of a point without a ship


class SubjectPane(QObject):
    """Drives one drawer. `show_pick` may be called as often as one likes."""

    def __init__(self, desk: Desk, drawer: PortDrawer, scenes: Scenes) -> None:
        super().__init__(drawer)
        self._desk, self._drawer, self._scenes = desk, drawer, scenes
        self._asking = Asking(desk, _EVERY_S, _MOVED_S)
        self._asked_step = -1
        self._empty = False

    def forget(self) -> None:
        """Another time is looked at: the store is asked again."""
        self._asking.forget()

    def show_pick(self, pick: Pick, scene: Scene, table: LiveTable) -> None:
        live = self._desk.time.live
        subject = self._subject(pick, scene)
        now_ns = round(scene.now.timestamp() * 1e9)
        self._drawer.show_subject(subject, table, now_ns, live=live, may_ask=self._desk.may("command"))
        again = partial(self.show_pick, pick, scene, table)
        self._asking.every_s = _SOON_S if self._empty or subject.step != self._asked_step else _EVERY_S
        if self._asking.due((pick, live)):
            self._asked_step = subject.step
            self._ask_detail(subject, (pick, live), scene.now, again)

    def _subject(self, pick: Pick, scene: Scene) -> Subject:
        point, call = self._scenes.points[pick.point], self._scenes.call(pick.call)
        points = self._scenes.points_of(point, call)
        rows = [self._scenes.row_of[candidate.id] for candidate in points]
        present = call is not None and call.arrives <= scene.now < call.leaves
        step = int(scene.fleet.step[self._scenes.row_of[point.id]]) if present or call is None else 0
        return Subject(point, points, call, step, float(np.nansum(scene.fleet.power_kw[rows])))

    def _ask_detail(self, subject: Subject, key: Hashable, now: dt.datetime, again: Callable[[], None]) -> None:
        now_ns = round(now.timestamp() * 1e9)
        start = subject.call.arrives if subject.call else now - _POINT_BEHIND
        start_ns = min(round(start.timestamp() * 1e9), now_ns)

        def take(result: CallDetail) -> None:
            shown = self._drawer.subject
            if shown is not None and (shown.point.id, shown.call) == (subject.point.id, subject.call):
                self._empty = not result.span_ns
                self._drawer.show_detail(result, now_ns)

        self._asking.ask(key, ask_call(subject.points, start_ns, now_ns), take, again)
