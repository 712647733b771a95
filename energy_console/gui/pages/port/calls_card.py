"""The card with the calls of one quay (or all) over 36 hours; asks the store for measured power."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.pages.port.call_rows import (
    NO_STEPS,
    Calls,
    Steps,
    Strip,
    add_steps,
    call_rows,
    make_bar,
    planned_kw,
    supply_share,
    window,
)
from energy_console.gui.pages.port.gantt import CallsGantt
from energy_console.gui.pages.port.history import ask_quay_power
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.parts.segments import Segments
from energy_console.gui.theme import CAPTION_PX, Looks, font
from energy_console.live.port import Supply, points_of_station
from energy_console.site.model import AccessPoint, ShipCall

_EVERY_S = 60.0
_SOON_S = 10.0  # while the store has no reading of the supply's power
_ALL = "*"


class CallsCard(Card):
    """`picked` carries (station, call id or "")."""

    picked = Signal(str, str)

    def __init__(self, desk: Desk, supplies: Sequence[Supply]) -> None:
        super().__init__(" ", " ")
        self._desk = desk
        self._supplies = supplies
        self._points = points_of_station(desk.site)
        self._calls: tuple[ShipCall, ...] = ()
        self._now = dt.datetime.now(dt.UTC)
        self._live = True
        self._measured: Mapping[str, Steps] = {}
        self._meter: Steps = NO_STEPS
        self._asked: tuple[str, dt.datetime | None] | None = None
        self._asked_s = -1e9
        self._shown_minute: tuple[object, ...] = ()
        quays = sorted(desk.site.quays, key=lambda quay: quay.order)
        choices = [(quay.id, quay.id) for quay in quays] + [(_ALL, self.tr("All"))]
        self.quays = Segments(choices, self.tr("Quay"))
        self.gantt = CallsGantt(desk.looks, desk.site.place.zone)
        self._key = GanttKey(desk.looks)
        self.tools.insertWidget(1, self.quays)
        self.add_tool(self._key)
        self.body.addWidget(self.gantt, 1)
        self.setMinimumHeight(34 + 92)
        self.quays.picked.connect(self._quay_picked)
        self.gantt.picked.connect(self.picked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._key.setVisible(self.width() > 980)

    @property
    def quay(self) -> str:
        return self.quays.current

    def select(self, quay: str, station: str, call: str) -> None:
        """Shows the quay of what is selected, with its row marked; "" marks nothing."""
        if quay and self.quays.current not in (quay, _ALL):
            self.quays.pick(quay)
        self.gantt.select(station, call)

    def show_time(self, now: dt.datetime, calls: tuple[ShipCall, ...], *, live: bool) -> None:
        """Every second; draws anew every minute, or when the calls or the mode change."""
        if live != self._live:
            self._measured, self._meter, self._asked = {}, NO_STEPS, None
        self._now, self._calls, self._live = now, calls, live
        patience_s = _EVERY_S if any(len(curve.value) for curve in self._measured.values()) else _SOON_S
        due = live and time.monotonic() - self._asked_s > patience_s
        if self._asked != (self.quay, None if live else now) or due:
            self._ask()
        minute = (round(now.timestamp() / 30), id(calls), live, self.quay)
        if minute != self._shown_minute:
            self._shown_minute = minute
            self._draw()

    def _quay_picked(self, _quay: str) -> None:
        self._measured, self._meter = {}, NO_STEPS
        if self._calls_known():
            self._ask()
            self._draw()

    def _calls_known(self) -> bool:
        return self._shown_minute != ()

    def _stations(self) -> dict[str, tuple[AccessPoint, ...]]:
        ordered = sorted(self._desk.site.stations, key=lambda station: (station.quay, station.position_m))
        return {station.id: self._points[station.id] for station in ordered if self.quay in (station.quay, _ALL)}

    def _supply(self) -> Supply | None:
        """The supply behind most of the points shown; none for all quays together."""
        if self.quay == _ALL:
            return None
        here = {point.id for points in self._stations().values() for point in points}
        points = self._desk.site.access_points
        found = [(sum(points[row].id in here for row in supply.points), supply) for supply in self._supplies]
        most = max(found, key=lambda pair: pair[0], default=(0, None))
        return most[1] if most[0] else None

    def _ask(self) -> None:
        asked = (self.quay, None if self._live else self._now)
        self._asked, self._asked_s = asked, time.monotonic()
        start, _ = window(self._now)
        supply = self._supply()
        meter = supply.node.meter if supply is not None else None

        def answered(result: Any) -> None:
            if self._asked == asked and not isinstance(result, Exception):
                self._measured, self._meter = result
                self._draw()

        stations = self._stations()
        now_ns = round(self._now.timestamp() * 1e9)
        question = ask_quay_power(stations, meter, round(start.timestamp() * 1e9), now_ns)
        self._desk.query(question, answered)

    def _draw(self) -> None:
        start, end = window(self._now)
        now_s = self._now.timestamp()
        stations = self._stations()
        inside = [c for c in self._calls if c.station in stations and c.arrives < end and c.leaves > start]
        rows = call_rows(list(stations), inside, self._measured, now_s)
        strip = self._strip(now_s, end.timestamp())
        self.gantt.show_calls(Calls(start.timestamp(), end.timestamp(), now_s, rows, strip))
        name = next((quay.name for quay in self._desk.site.quays if quay.id == self.quay), self.tr("All quays"))
        words = self.tr("{0}, {1} stations, {2} calls").format(name, len(stations), len(inside))
        self.say(self.tr("Calls, 36 h"), words)

    def _strip(self, now_s: float, end_s: float) -> Strip | None:
        supply = self._supply()
        if supply is None:
            return None
        share = supply_share(self._desk.site, supply, self._calls)
        planned = planned_kw([make_bar(call, now_s) for call in self._calls], share, now_s, end_s)
        measured = self._meter if len(self._meter.value) else add_steps(list(self._measured.values()))
        return Strip(supply.node.id, supply.node.limit_kw, measured, planned)


class GanttKey(QWidget):
    """What the signs of the rows mean."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Legend of the calls"))
        looks.changed.connect(self.update)

    def _words(self) -> tuple[str, ...]:
        return (
            self.tr("at berth"),
            self.tr("connect, release"),
            self.tr("supplied, height = kW"),
            self.tr("announced"),
        )

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(font(CAPTION_PX))
        return QSize(int(sum(metrics.horizontalAdvance(words) + 42 for words in self._words())), 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._looks.theme
        painter.setFont(font(CAPTION_PX))
        x = 0.0
        for kind, words in enumerate(self._words()):
            box = QRectF(x + 0.5, 5.5, 22, 9)
            if kind == 1:
                draw_hatch(painter, box, theme)
            if kind == 2:
                painter.fillRect(QRectF(box.left(), box.center().y() - 1, box.width(), box.height() / 2 + 1), theme.bar)
            pen = QPen(theme.muted, 1)
            if kind == 3:
                pen.setDashPattern([3, 2])
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box)
            painter.setPen(theme.muted)
            width = painter.fontMetrics().horizontalAdvance(words)
            painter.drawText(QRectF(x + 28, 0, width + 2, 20), Qt.AlignmentFlag.AlignVCenter, words)
            x += 42 + width
        painter.end()
