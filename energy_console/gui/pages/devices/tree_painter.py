"""Draws one row of the device tree: a link, a device, or the line of the folded ones. One call a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from energy_console.engine.link import DeviceState
from energy_console.gui.format import NONE, duration, number
from energy_console.gui.icons import draw_icon
from energy_console.gui.pages.devices.error_spark import draw_error_spark
from energy_console.gui.pages.devices.field_rows import OFF, SILENT, SLOW, DeviceRow, Group, LinkSums, sort_of
from energy_console.gui.parts.alarm_shape import ACKNOWLEDGED, NEW, draw_alarm_shape
from energy_console.gui.theme import BODY_PX, MEDIUM, REGULAR, SEMIBOLD, Theme, font

translate = QCoreApplication.translate

NAME, PROFILE, UNIT, STATE, LAST, TRIP, ERRORS, LOST = range(8)
_INDENT = 30  # of a name, right of the caret
_PADDING = 6
_SLOT_FULL = 60  # lost requests in one slot that fill a bar of a device
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
Cells = list[QRectF]
Shape = tuple[int, str]  # priority, state
SILENT_SHAPE: Shape = (3, NEW)
SLOW_SHAPE: Shape = (4, ACKNOWLEDGED)


@dataclass(slots=True)
class RowPainter:
    """Made for one paint: painter, theme and the present in ns are fixed."""

    painter: QPainter
    theme: Theme
    now_ns: int
    alarms: Mapping[str, Shape]  # by device; a silent device without an alarm yet gets the shape of P3

    def link(self, cells: Cells, group: Group, sums: LinkSums, unfolded: bool) -> None:
        theme = self.theme
        caret = "caret-down" if unfolded else "caret-right"
        draw_icon(
            self.painter, QRectF(cells[NAME].left() + 9, cells[NAME].center().y() - 6, 12, 12), caret, theme.muted
        )
        self._words(cells[NAME].adjusted(_INDENT, 0, 0, 0), group.link, SEMIBOLD)
        self._words(cells[PROFILE], group.address, muted=True)
        self._words(cells[UNIT], f"{sums.answering} / {sums.devices}", MEDIUM)
        self._link_state(cells[STATE], group, sums)
        self._age(cells[LAST], sums.last_answer_ns, strong=sums.silent > 0)
        self._figure(cells[TRIP], trip_text(sums.round_trip_ms), MEDIUM)
        draw_error_spark(self.painter, cells[ERRORS], theme, sums.lost_recent, _SLOT_FULL * max(1, sums.devices) // 3)
        self._figure(cells[LOST], _lost_percent(sums.lost, sums.requests), MEDIUM)

    def _link_state(self, cell: QRectF, group: Group, sums: LinkSums) -> None:
        words = [
            translate("devices", "{0} silent").format(sums.silent) if sums.silent else "",
            translate("devices", "{0} slow or wrong").format(sums.slow) if sums.slow else "",
            translate("devices", "{0} out of service").format(sums.off) if sums.off else "",
        ]
        text = ", ".join(word for word in words if word)
        if text:
            open_alarms = [self.alarms[device] for device in group.devices if device in self.alarms]
            usual = SILENT_SHAPE if sums.silent else SLOW_SHAPE if sums.slow else None
            self._state(cell, text, min(open_alarms, default=usual) if usual else None)

    def device(self, cells: Cells, row: DeviceRow, state: DeviceState | None) -> None:
        name = cells[NAME].adjusted(_INDENT, 0, 0, 0)
        used = self._words(name, row.id)
        if row.name:
            self._words(name.adjusted(used + 6, 0, 0, 0), row.name, muted=True)
        self._words(cells[PROFILE], row.profile, muted=True)
        self._words(cells[UNIT], str(row.unit), muted=True)
        if state is None:
            self._words(cells[STATE], translate("devices", "not asked yet"), muted=True)
            return
        sort = sort_of(state)
        if sort in (SILENT, SLOW):
            usual = SILENT_SHAPE if sort == SILENT else SLOW_SHAPE
            self._state(cells[STATE], state.reason or state.state, self.alarms.get(row.id, usual))
        else:
            self._words(cells[STATE], state.state, muted=True)
        self._age(cells[LAST], state.last_answer_ns, strong=sort == SILENT)
        # who only follows the store, or looks at the past, knows of no round trip
        answered = state.last_answer_ns > 0 and sort not in (SILENT, OFF) and state.round_trip_ms > 0
        trip = trip_text(state.round_trip_ms) if answered else NONE
        self._figure(cells[TRIP], trip, MEDIUM if sort == SLOW else REGULAR, muted=sort != SLOW)
        spark = cells[ERRORS]
        draw_error_spark(self.painter, spark, self.theme, state.lost_recent, _SLOT_FULL, silent=sort == SILENT)
        self._figure(cells[LOST], _lost_percent(state.lost, state.requests), REGULAR)

    def folded(self, cells: Cells, group: Group) -> None:
        self._words(
            cells[NAME].adjusted(_INDENT, 0, 200, 0),
            translate("devices", "{0} more, all answering").format(group.folded),
            muted=True,
        )

    def rule(self, cells: Cells, strong: bool) -> None:
        bottom = cells[0].bottom() - 0.5
        self.painter.setPen(QPen(self.theme.line if strong else self.theme.grid, 1))
        self.painter.drawLine(QPointF(cells[0].left(), bottom), QPointF(cells[-1].right(), bottom))

    def _state(self, cell: QRectF, text: str, shape: Shape | None) -> None:
        if shape is not None:
            priority, state = shape
            centre = QPointF(cell.left() + _PADDING + 6, cell.center().y())
            draw_alarm_shape(self.painter, centre, self.theme, priority, state, 12, digit=False)
            cell = cell.adjusted(19, 0, 0, 0)
        self._words(cell, text, muted=shape is None)

    def _age(self, cell: QRectF, time_ns: int, *, strong: bool) -> None:
        if not time_ns:
            self._figure(cell, translate("devices", "never"), REGULAR, muted=not strong)
            return
        age = max(0.0, (self.now_ns - time_ns) / 1e9)
        self._figure(cell, duration(age), MEDIUM if strong else REGULAR, muted=not strong)

    def _words(self, cell: QRectF, text: str, weight: int = REGULAR, *, muted: bool = False) -> float:
        """Draws text elided to the cell; returns the width it took."""
        inside = cell.adjusted(_PADDING, 0, -2, 0)
        self.painter.setFont(font(BODY_PX, weight))
        self.painter.setPen(self.theme.muted if muted else self.theme.text)
        metrics = self.painter.fontMetrics()
        if inside.width() < 8:
            return 0.0
        fitted = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(inside.width()))
        self.painter.drawText(inside, _LEFT, fitted)
        return float(metrics.horizontalAdvance(fitted))

    def _figure(self, cell: QRectF, text: str, weight: int, *, muted: bool = False) -> None:
        if cell.width() < 8:
            return
        self.painter.setFont(font(BODY_PX, weight))
        self.painter.setPen(self.theme.muted if muted else self.theme.text)
        self.painter.drawText(cell.adjusted(0, 0, -_PADDING, 0), _RIGHT, text)


def trip_text(round_trip_ms: float) -> str:
    """Tenths below ten."""
    return number(round_trip_ms, 1 if round_trip_ms < 9.95 else 0)


def _lost_percent(lost: int, requests: int) -> str:
    return number(100 * lost / requests, 2) if requests else NONE
