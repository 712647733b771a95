"""Events in view: the journal's lines that concern what is drawn, newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from energy_console.gui.format import day
from energy_console.gui.parts.alarm_shape import draw_alarm_shape
from energy_console.gui.plots.marks import Mark, draw_mark_icon
from energy_console.gui.theme import BODY_PX, EVENT_ROW_HEIGHT, Looks, font

Index = QModelIndex | QPersistentModelIndex
_MARK = Qt.ItemDataRole.UserRole
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class EventModel(QAbstractListModel):
    def __init__(self, zone: dt.tzinfo) -> None:
        super().__init__()
        self._zone = zone
        self.marks: tuple[Mark, ...] = ()

    def show(self, marks: Sequence[Mark]) -> None:
        if tuple(marks) != self.marks:
            self.beginResetModel()
            self.marks = tuple(marks)
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.marks)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        mark = self.marks[index.row()]
        moment = dt.datetime.fromtimestamp(mark.time_s, self._zone)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return f"{day(moment, self._zone)} {moment:%H:%M:%S}  {mark.words}"
        return mark if role == _MARK else None


class EventDelegate(QStyledItemDelegate):
    def __init__(self, looks: Looks, zone: dt.tzinfo) -> None:
        super().__init__()
        self._looks, self._zone = looks, zone

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, EVENT_ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        mark: Mark = index.data(_MARK)
        theme = self._looks.theme
        rect = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.selected)
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), theme.grid)
        centre = QPointF(rect.left() + 18, rect.center().y())
        if mark.priority:
            draw_alarm_shape(painter, centre, theme, mark.priority, mark.state, 15)
        else:
            draw_mark_icon(painter, centre, mark.kind, theme.bar)
        moment = dt.datetime.fromtimestamp(mark.time_s, self._zone)
        painter.setFont(font(BODY_PX))
        painter.setPen(theme.muted)
        painter.drawText(QRectF(rect.left() + 36, rect.top(), 40, rect.height()), _LEFT, f"{moment:%H:%M}")
        painter.setPen(theme.text)
        box = QRectF(rect.left() + 80, rect.top(), rect.width() - 90, rect.height())
        text = painter.fontMetrics().elidedText(mark.words, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, _LEFT, text)
        painter.restore()


class EventView(QListView):
    """`chosen` with the Mark clicked or opened by Enter."""

    chosen = Signal(object)

    def __init__(self, looks: Looks, zone: dt.tzinfo) -> None:
        super().__init__()
        self.events = EventModel(zone)
        self.setModel(self.events)
        self.setItemDelegate(EventDelegate(looks, zone))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Events in view"))
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)
        looks.changed.connect(self.viewport().update)

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self.events.marks[index.row()])
