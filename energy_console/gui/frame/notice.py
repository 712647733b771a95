"""A line under the title row when what is on screen is not live: no readings yet, or the engine is lost."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout

from energy_console.gui.desk import Desk
from energy_console.gui.format import duration, number
from energy_console.gui.frame.status_line import LOST_AFTER_S
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.parts.text import ElidedText, Text
from energy_console.gui.theme import BODY_PX, CARD_GAP, CARD_RADIUS, SEMIBOLD

_HEIGHT_PX = 30


class Notice(QFrame):
    """Hidden while all is well; `tick` once a second."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setFixedHeight(_HEIGHT_PX + CARD_GAP)
        self._what = Text("", "text", BODY_PX, SEMIBOLD)
        self._todo = ElidedText("", "text")
        row = QHBoxLayout(self)
        row.setContentsMargins(52, 0, 12, CARD_GAP)
        row.setSpacing(8)
        row.addWidget(self._what)
        row.addWidget(self._todo, 1)
        desk.looks.changed.connect(self.update)
        self.hide()

    def tick(self) -> None:
        what, todo = self._sentence()
        self._what.setText(what)
        self._todo.show_text(todo)
        self.setAccessibleName(f"{what} {todo}")
        self.setVisible(bool(what))

    def _sentence(self) -> tuple[str, str]:
        """What is so, and what to do; both empty when everything is live."""
        latest = self._desk.latest
        health = latest.health
        if latest.silence_s > LOST_AFTER_S:
            what = self.tr("Nothing heard from the engine for {0}.").format(duration(latest.silence_s, whole=True))
            return what, self.tr("What you see is old. If it does not come back, start it with: energy-console serve")
        if health is None:
            return self.tr("The engine is starting."), self.tr(
                "Values appear as the devices answer for the first time."
            )
        if not health.running:
            return self.tr("The engine is stopped."), self.tr(
                "What you see is old. Start it with: energy-console serve"
            )
        if health.answering == 0:
            what = self.tr("None of {0} devices answers.").format(number(health.devices))
            return what, self.tr(
                "Is the field, or the virtual site, running? The Devices page tells why for each link."
            )
        return "", ""

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._desk.looks.theme
        painter = QPainter(self)
        painter.setPen(theme.line)
        painter.setBrush(theme.surface)
        box = QRectF(0.5, 0.5, self.width() - 1, _HEIGHT_PX - 1)
        painter.drawRoundedRect(box, CARD_RADIUS, CARD_RADIUS)
        draw_hatch(painter, QRectF(6, 6, 36, _HEIGHT_PX - 12), theme, outline=True)
        painter.end()
