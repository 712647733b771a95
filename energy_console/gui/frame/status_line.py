"""The status line: how the engine, the field, the store and the plan stand, who sits here, and the clock."""

from __future__ import annotations

import datetime as dt

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from energy_console.engine.link import EngineHealth
from energy_console.gui.desk import Desk
from energy_console.gui.format import clock, duration, number, percent, utc_offset, zone_name
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.parts.text import ElidedText, Text
from energy_console.gui.theme import CAPTION_PX, MEDIUM, STATUS_HEIGHT

LOST_AFTER_S = 10.0  # the engine tells its health every second or two
_SAID_FOR_S = 12
_MARK_PX = 14  # hatched mark in front of what is old


class _Item(QWidget):
    """Muted label, value in 500, muted rest; a hatched mark in front while `lost`."""

    def __init__(self, desk: Desk, label: str) -> None:
        super().__init__()
        self._looks = desk.looks
        self._lost = False
        self._label = Text(label, "muted", CAPTION_PX)
        self._value = Text("–", "text", CAPTION_PX, MEDIUM)
        self._rest = Text("", "muted", CAPTION_PX)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 10, 0)
        row.setSpacing(5)
        for part in (self._label, self._value, self._rest):
            row.addWidget(part)

    def show_value(self, value: str, rest: str = "", *, lost: bool = False) -> None:
        self._value.setText(value)
        self._rest.setText(rest)
        self._rest.setVisible(bool(rest))
        self.setAccessibleName(f"{self._label.text()} {value} {rest}")
        if lost != self._lost:
            self._lost = lost
            self._row.setContentsMargins(10 + _MARK_PX + 6 if lost else 10, 0, 10, 0)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._looks.theme
        if self._lost:
            draw_hatch(painter, QRectF(10, 5, _MARK_PX, self.height() - 10), theme, outline=True)
        painter.fillRect(QRect(self.width() - 1, 7, 1, self.height() - 14), theme.line)
        painter.end()


class StatusLine(QFrame):
    """`tick` once a second; `say` shows one sentence for a while."""

    def __init__(self, desk: Desk, seat: str = "") -> None:
        super().__init__()
        self._desk = desk
        self._said_for = 0
        self.setFixedHeight(STATUS_HEIGHT)
        self.setAccessibleName(self.tr("Status"))
        self.engine = _Item(desk, self.tr("Engine"))
        self.devices = _Item(desk, self.tr("Devices"))
        self.store = _Item(desk, self.tr("Store"))
        self.plan = _Item(desk, self.tr("Plan"))
        self.cycle = _Item(desk, self.tr("Field cycle"))
        self.said = ElidedText("", "text", CAPTION_PX)
        self.person = _Item(desk, "")
        self.seat = _Item(desk, "")
        self.clock = _Item(desk, "")
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 1, 2, 0)
        row.setSpacing(0)
        for item in (self.engine, self.devices, self.store, self.plan, self.cycle):
            row.addWidget(item)
        row.addSpacing(10)
        row.addWidget(self.said, 1)
        for item in (self.person, self.seat, self.clock):
            row.addWidget(item)
        self.person.show_value(desk.who, self._what_they_may())
        self.seat.show_value(seat)
        self.seat.setVisible(bool(seat))
        desk.looks.changed.connect(self.update)
        desk.said.connect(self.say)
        self.tick()

    def _what_they_may(self) -> str:
        if self._desk.may("command"):
            return self.tr("may command")
        return self.tr("may acknowledge") if self._desk.may("acknowledge") else self.tr("may look")

    def say(self, sentence: str) -> None:
        self.said.show_text(sentence)
        self._said_for = _SAID_FOR_S

    def tick(self) -> None:
        health = self._desk.latest.health
        self._show_engine(health)
        if health is not None:
            self._show_health(health)
        now, zone = dt.datetime.now(dt.UTC), self._desk.site.place.zone
        self.clock.show_value(clock(now, zone, seconds=True), f"{zone_name(now, zone)} · {utc_offset(now, zone)}")
        if self._said_for:
            self._said_for -= 1
            if not self._said_for:
                self.said.show_text("")

    def _show_engine(self, health: EngineHealth | None) -> None:
        silence = self._desk.latest.silence_s
        if health is None:
            self.engine.show_value(self.tr("starting"))
        elif silence > LOST_AFTER_S:
            self.engine.show_value(
                self.tr("lost"), self.tr("nothing heard for {0}").format(duration(silence, whole=True)), lost=True
            )
        elif not health.running:
            self.engine.show_value(self.tr("stopped"), lost=True)
        else:
            self.engine.show_value(self.tr("ok"), self.tr("in another process") if health.attached else "")

    def _show_health(self, health: EngineHealth) -> None:
        lost = self._desk.latest.silence_s > LOST_AFTER_S
        self.devices.show_value(f"{number(health.answering)} / {number(health.devices)}", self.tr("answer"), lost=lost)
        self.store.show_value(duration(health.store_behind_s), self.tr("behind"), lost=lost)
        self.plan.setVisible(bool(health.plan_name))
        followed = health.plan_followed
        rest = "" if followed is None else self.tr("followed {0}").format(percent(followed))
        self.plan.show_value(health.plan_name, rest)
        self.cycle.show_value(
            duration(health.cycle_s), self.tr("worst {0}").format(duration(health.cycle_worst_s)), lost=lost
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._desk.looks.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.surface)
        painter.fillRect(QRect(0, 0, self.width(), 1), theme.line)
        painter.end()
