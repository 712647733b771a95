"""Keeps the drawer up to date with what is selected: live values every second, the store's answers when they come."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import numpy as np
from PySide6.QtCore import QObject

from energy_console.gui.desk import Desk
from energy_console.gui.pages.port.attention import Scene
from energy_console.gui.pages.port.drawer import PortDrawer, Subject
from energy_console.gui.pages.port.harbour_view import Pick
from energy_console.gui.pages.port.history import CallDetail, ask_call, ask_points, signal_points
from energy_console.gui.pages.port.scenes import Scenes
from energy_console.live.table import LiveTable

_EVERY_S = 30.0
_SOON_S = 5.0  # after an answer without a reading, or when the step has changed
_POINT_BEHIND = dt.timedelta(hours=12)  # of a point without a ship


class SubjectPane(QObject):
    """Drives one drawer. `show_pick` may be called as often as one likes."""

    def __init__(self, desk: Desk, drawer: PortDrawer, scenes: Scenes) -> None:
        super().__init__(drawer)
        self._desk, self._drawer, self._scenes = desk, drawer, scenes
        self._pick: Pick | None = None
        self._asked_s = -1e9
        self._asked_step = -1
        self._empty = False

    def forget(self) -> None:
        """Another time is looked at: the store is asked again."""
        self._asked_s = -1e9

    def show_pick(self, pick: Pick, scene: Scene, table: LiveTable) -> None:
        live = self._desk.time.live
        if pick != self._pick:
            self._pick, self._asked_s = pick, -1e9
            if not live:
                self._ask_signals(pick, scene, table)
        subject = self._subject(pick, scene)
        now_ns = round(scene.now.timestamp() * 1e9)
        self._drawer.show_subject(subject, table, now_ns, live=live, may_ask=self._desk.may("command"))
        if time.monotonic() - self._asked_s > self._patience_s(subject):
            self._ask_detail(subject, scene.now)

    def _patience_s(self, subject: Subject) -> float:
        """How long the store's last answer will do."""
        if not self._desk.time.live:
            return 1e9
        return _SOON_S if self._empty or subject.step != self._asked_step else _EVERY_S

    def _subject(self, pick: Pick, scene: Scene) -> Subject:
        point, call = self._scenes.points[pick.point], self._scenes.call(pick.call)
        points = self._scenes.points_of(point, call)
        rows = [self._scenes.row_of[candidate.id] for candidate in points]
        present = call is not None and call.arrives <= scene.now < call.leaves
        step = int(scene.fleet.step[self._scenes.row_of[point.id]]) if present or call is None else 0
        return Subject(point, points, call, step, float(np.nansum(scene.fleet.power_kw[rows])))

    def _ask_detail(self, subject: Subject, now: dt.datetime) -> None:
        self._asked_s, self._asked_step = time.monotonic(), subject.step
        moment, now_ns = self._desk.time.moment, round(now.timestamp() * 1e9)
        start = subject.call.arrives if subject.call else now - _POINT_BEHIND
        start_ns = min(round(start.timestamp() * 1e9), now_ns)

        def answered(result: CallDetail | Exception) -> None:
            shown = self._drawer.subject
            same = shown is not None and (shown.point.id, shown.call) == (subject.point.id, subject.call)
            if same and self._desk.time.moment == moment:
                self._empty = isinstance(result, CallDetail) and not result.span_ns
                self._drawer.show_detail(result, now_ns)

        self._desk.query(ask_call(subject.points, start_ns, now_ns), answered)

    def _ask_signals(self, pick: Pick, scene: Scene, past: LiveTable) -> None:
        """At a moment of the past, the values that only the drawer shows are asked for when it needs them."""
        point = self._scenes.points[pick.point]
        wanted = [candidate.id for candidate in signal_points(scene.site, point)]
        moment = self._desk.time.moment

        def answered(result: Any) -> None:
            if self._desk.time.moment != moment or isinstance(result, Exception):
                return
            rows = past.rows(wanted)
            past.status[rows] = result.status[rows]
            past.value[rows] = result.value[rows]
            past.time_ns[rows] = result.time_ns[rows]
            if self._pick == pick:
                self.show_pick(pick, scene, past)

        self._desk.query(ask_points(scene.site, wanted, round(scene.now.timestamp() * 1e9)), answered)
