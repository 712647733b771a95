"""The points of the device selected: name, value, quality, age. Rows can be dragged to Trends."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView

from energy_console.gui.format import duration, point_value, reason_text
from energy_console.gui.pages.devices.point_rows import columns_of
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.parts.point_drag import POINTS_MIME, points_mime
from energy_console.gui.parts.rank_table import RankTable
from energy_console.gui.parts.table_model import Column, TableModel
from energy_console.gui.theme import BODY_PX, CAPTION_PX, MEDIUM, TREE_ROW_HEIGHT, Looks, font
from hardware.points import Point, Quality, Reading, Reason, quality_of, reason_of

_TAGS = {
    Reason.SIMULATED: "sim",
    Reason.SUBSTITUTED: "sub",
    Reason.NOT_PLAUSIBLE: "odd",
    Reason.OUT_OF_RANGE: "range",
    Reason.ESTIMATED: "est",
}

# px of value, quality and age; the name takes the rest
_WIDE = (136, 112, 66)
_NARROW = (110, 92, 58)
_NARROW_BELOW_PX = 480


class PointModel(TableModel):
    """Rows that can be dragged."""

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [POINTS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        return points_mime(dict.fromkeys(self.id_at(index.row()) for index in indexes))


class PointTable(RankTable):
    """`trend_points` carries the ids selected, on T."""

    trend_points = Signal(list)

    def __init__(self, looks: Looks) -> None:
        columns = (
            Column("name", self.tr("Point"), 0),
            Column("value", self.tr("Value"), _WIDE[0], "number", text=_value_text),
            Column("quality", self.tr("Quality"), _WIDE[1], "text", muted=True, text=_quality_text),
            Column("age", self.tr("Age"), _WIDE[2], "number", muted=True, text=_age_text),
        )
        super().__init__(looks, columns, self.tr("Points of the device"), TREE_ROW_HEIGHT, model=PointModel)
        self._looks = looks
        self.delegate.painters["value"] = self._paint_value
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        widths = _NARROW if self.width() < _NARROW_BELOW_PX else _WIDE
        for column, width in enumerate(widths, start=1):
            self.setColumnWidth(column, width)

    def show_points(self, points: Sequence[Point], readings: Sequence[Reading], now_ns: int) -> None:
        self.set_rows([point.id for point in points], dict(columns_of(points, readings, now_ns)))

    def points_selected(self) -> list[str]:
        return [self.table_model.id_at(index.row()) for index in self.selectionModel().selectedRows()]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_T and not event.modifiers() and (points := self.points_selected()):
            self.trend_points.emit(points)
            return
        super().keyPressEvent(event)

    def _paint_value(self, painter: QPainter, cell: QRectF, value: tuple[Point, Reading]) -> None:
        """Good: the figure. Uncertain: the figure and a tag. Bad: hatched; the reason is in the next cell."""
        point, reading = value
        theme = self._looks.theme
        inside = cell.adjusted(8, 0, -8, 0)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        quality = quality_of(reading.status)
        painter.setFont(font(BODY_PX, MEDIUM))
        if quality == Quality.BAD:
            draw_hatch(painter, cell.adjusted(36, 4, -8, -4), theme)
            return
        painter.setPen(theme.text)
        text = point_value(point, reading.value)
        tag = _TAGS.get(reason_of(reading.status))
        if tag:
            inside.setLeft(cell.left() + 42)  # beside the tag
        painter.drawText(
            inside, right, painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inside.width()))
        )
        if tag:
            painter.setFont(font(CAPTION_PX))
            painter.setPen(theme.muted)
            box = QRectF(cell.left() + 4, cell.center().y() - 8, 34, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tag)
            painter.setPen(theme.line)
            painter.drawRoundedRect(box, 3, 3)


def _value_text(value: tuple[Point, Reading]) -> str:
    return point_value(value[0], value[1].value)


def _quality_text(status: int) -> str:
    """Normal is silent: nothing for good."""
    return reason_text(status)


def _age_text(age_s: float | None) -> str:
    return "–" if age_s is None else duration(max(0.0, age_s))
