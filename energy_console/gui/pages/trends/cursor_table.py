"""The cursor table: every curve's value at the cursor, and its least, mean, greatest and good share in view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import (
    BODY_PX,
    CAPTION_PX,
    GROUP_ROW_HEIGHT,
    MEDIUM,
    SEMIBOLD,
    TABLE_HEADER_HEIGHT,
    TWO_LINE_ROW_HEIGHT,
    Looks,
    font,
)

Index = QModelIndex | QPersistentModelIndex
_ROW = Qt.ItemDataRole.UserRole
_EDGE_PX = 10
_KEY_PX = 17
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class CursorRow:
    """One line, its figures as they are to be read. With no `point` it is the heading of a plot.

    `missing`: there is nothing at the cursor, and `at_cursor` says why. `tag`: sim, sub ... `dashed`: a plan.
    """

    point: str
    name: str
    second: str
    colour: QColor | None = None
    at_cursor: str = ""
    minimum: str = ""
    mean: str = ""
    maximum: str = ""
    good: str = ""
    missing: bool = False
    tag: str = ""
    dashed: bool = False
    selected: bool = False

    def spoken(self) -> str:
        if not self.point:
            return f"{self.name} {self.second}"
        figures = (self.at_cursor, self.minimum, self.mean, self.maximum, self.good)
        return ", ".join((f"{self.name} {self.second}".strip(), *(text for text in figures if text), *self._marks()))

    def _marks(self) -> tuple[str, ...]:
        return (self.tag,) if self.tag else ()


def columns(width: float) -> tuple[tuple[float, float], ...]:
    """Left and right of the five figure columns for a width in px."""
    widths = (58, 48, 48, 48, 46) if width >= 360 else (56, 46, 46, 46, 44)
    right = width - _EDGE_PX
    found = []
    for part in reversed(widths):
        found.append((right - part, right))
        right -= part
    return tuple(reversed(found))


class CursorModel(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[CursorRow, ...] = ()

    def show(self, rows: Sequence[CursorRow]) -> None:
        """Replaces the rows; keeps the view's place when they are the same points."""
        same = [row.point for row in rows] == [row.point for row in self.rows]
        if not same:
            self.beginResetModel()
        self.rows = tuple(rows)
        if not same:
            self.endResetModel()
        elif rows:
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.spoken()
        if role == Qt.ItemDataRole.ToolTipRole and row.point:
            return f"{row.point}\n{row.spoken()}"
        return row if role == _ROW else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        wanted = Qt.ItemFlag.ItemIsEnabled
        return wanted | Qt.ItemFlag.ItemIsSelectable if self.rows[index.row()].point else wanted


class CursorDelegate(QStyledItemDelegate):
    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row: CursorRow = index.data(_ROW)
        return QSize(200, TWO_LINE_ROW_HEIGHT if row.point else GROUP_ROW_HEIGHT - 4)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: CursorRow = index.data(_ROW)
        rect = QRectF(option.rect)
        painter.save()
        if row.point:
            focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
            self._paint_row(painter, rect, row, focused)
        else:
            self._paint_heading(painter, rect, row)
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRectF, row: CursorRow) -> None:
        theme = self._looks.theme
        painter.fillRect(rect, theme.raised)
        painter.setFont(font(BODY_PX, MEDIUM))
        painter.setPen(theme.text)
        box = rect.adjusted(_EDGE_PX, 0, -_EDGE_PX, 0)
        unit = painter.fontMetrics().horizontalAdvance(row.second + "  ")
        text = painter.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideRight, int(box.width() - unit))
        painter.drawText(box, _LEFT, text)
        painter.setPen(theme.muted)
        painter.setFont(font(BODY_PX))
        offset = painter.fontMetrics().horizontalAdvance(text) + 8
        painter.drawText(box.adjusted(offset, 0, 0, 0), _LEFT, row.second)

    def _paint_row(self, painter: QPainter, rect: QRectF, row: CursorRow, focused: bool) -> None:
        theme = self._looks.theme
        if row.selected:
            painter.fillRect(rect, theme.selected)
        if focused:
            painter.setPen(theme.accent)
            painter.drawRect(rect.adjusted(0.5, 0.5, -1.5, -1.5))
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), theme.grid)
        self._paint_key(painter, rect, row)
        places = columns(rect.width())
        name = QRectF(rect.left() + _EDGE_PX + _KEY_PX + 7, rect.top() + 3, 0, 0)
        name.setRight(rect.left() + places[0][0] - 2)
        self._paint_name(painter, name, row)
        self._paint_cursor_value(painter, rect, row, places[0])
        painter.setFont(font(BODY_PX))
        for (left, right), text, tone in zip(
            places[1:],
            (row.minimum, row.mean, row.maximum, row.good),
            (theme.muted, theme.muted, theme.muted, theme.text),
            strict=True,
        ):
            painter.setPen(tone)
            painter.drawText(QRectF(rect.left() + left, rect.top(), right - left, rect.height()), _RIGHT, text)

    def _paint_name(self, painter: QPainter, place: QRectF, row: CursorRow) -> None:
        """Name and remark; a name alone may take both lines."""
        theme = self._looks.theme
        painter.setFont(font(BODY_PX))
        painter.setPen(theme.text)
        width = int(place.width())
        if not row.second:
            box = QRectF(place.left(), place.top() - 1, width + 2, TWO_LINE_ROW_HEIGHT - 4)
            measure = painter.fontMetrics()
            fits = all(measure.horizontalAdvance(word) <= width for word in row.name.split())
            painter.setFont(font(BODY_PX if fits else CAPTION_PX))
            painter.drawText(box, int(_LEFT | Qt.TextFlag.TextWordWrap), row.name)
            return
        shown = painter.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRectF(place.left(), place.top(), width + 2, 16), _LEFT, shown)
        painter.setFont(font(CAPTION_PX))
        painter.setPen(theme.muted)
        shown = painter.fontMetrics().elidedText(row.second, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRectF(place.left(), place.top() + 16, width + 2, 16), _LEFT, shown)

    def _paint_key(self, painter: QPainter, rect: QRectF, row: CursorRow) -> None:
        pen = QPen(row.colour or self._looks.theme.muted, 3 if row.selected else 2)
        if row.dashed:
            pen.setDashPattern([2, 1.2])
        painter.setPen(pen)
        y = round(rect.center().y())
        painter.drawLine(round(rect.left() + _EDGE_PX), y, round(rect.left() + _EDGE_PX + _KEY_PX), y)

    def _paint_cursor_value(self, painter: QPainter, rect: QRectF, row: CursorRow, place: tuple[float, float]) -> None:
        theme = self._looks.theme
        box = QRectF(rect.left() + place[0], rect.top(), place[1] - place[0], rect.height())
        if row.missing:
            painter.setFont(font(CAPTION_PX))
            width = painter.fontMetrics().horizontalAdvance(row.at_cursor) + 12
            hatched = QRectF(box.right() - width, box.center().y() - 10, width, 20)
            draw_hatch(painter, hatched, theme)
            painter.setPen(theme.text)
            painter.drawText(hatched, Qt.AlignmentFlag.AlignCenter, row.at_cursor)
            return
        painter.setFont(font(BODY_PX, SEMIBOLD))
        painter.setPen(theme.text)
        painter.drawText(box.adjusted(-20, 0, 0, -12 if row.tag else 0), _RIGHT, row.at_cursor)
        if row.tag:
            painter.setFont(font(CAPTION_PX))
            painter.setPen(theme.muted)
            painter.drawText(box.adjusted(0, 16, 0, 0), _RIGHT, row.tag)


class CursorHeader(QWidget):
    """Names of the columns."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self.setFixedHeight(TABLE_HEADER_HEIGHT)
        looks.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._looks.theme
        painter.setFont(font(CAPTION_PX))
        painter.setPen(theme.muted)
        painter.drawText(QRectF(_EDGE_PX, 0, 100, self.height()), _LEFT, self.tr("Point"))
        names = (self.tr("at cursor"), self.tr("min"), self.tr("mean"), self.tr("max"), self.tr("good %"))
        for (left, right), name in zip(columns(self.width()), names, strict=True):
            painter.drawText(QRectF(left - 10, 0, right - left + 10, self.height()), _RIGHT, name)
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), theme.grid)
        painter.end()


class CursorView(QListView):
    """`chosen` with the point of the row clicked or reached by key; `remove` when Delete is pressed on one."""

    chosen = Signal(str)
    remove = Signal(str)

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self.table = CursorModel()
        self.setModel(self.table)
        self.setItemDelegate(CursorDelegate(looks))
        self.setUniformItemSizes(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(self.tr("Values at the cursor"))
        self.clicked.connect(self._choose)
        self._looks = looks
        looks.changed.connect(self.viewport().update)

    def _choose(self, index: QModelIndex) -> None:
        row = self.table.rows[index.row()]
        if row.point:
            self.chosen.emit(row.point)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and index.isValid():
            point = self.table.rows[index.row()].point
            if point:
                self.remove.emit(point)
                return
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.currentIndex().isValid():
            self._choose(self.currentIndex())
