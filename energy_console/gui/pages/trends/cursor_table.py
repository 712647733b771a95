"""The cursor table: every curve's value at the cursor, and its least, mean, greatest and good share in view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
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
KEY = Qt.ItemDataRole.UserRole + 1
_ROW_ROLES = (_ROW, Qt.ItemDataRole.ToolTipRole)
_EDGE_PX = 10
_KEY_PX = 17
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class RowKey:
    """Which line of the table: `kind` heading, point or plan, of an axis of a plot."""

    kind: str
    point: str
    plot: int
    axis: int


@dataclass(frozen=True, slots=True)
class CursorRow:
    """One line, its figures as they are to be read. With no `point` it is the heading of an axis.

    `figures` are those of the four columns after the cursor's.
    `missing`: there is nothing at the cursor, and `at_cursor` says why. `tag`: sim, sub ... `dashed`: a plan.
    """

    point: str
    name: str
    second: str
    colour: QColor | None = None
    at_cursor: str = ""
    figures: tuple[str, ...] = ()
    missing: bool = False
    tag: str = ""
    dashed: bool = False
    selected: bool = False

    def spoken(self) -> str:
        if not self.point:
            return f"{self.name} {self.second}"
        figures = (text for text in (self.at_cursor, *self.figures) if text)
        return ", ".join((f"{self.name} {self.second}".strip(), *figures, *self._marks()))

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
    """`make` works a row out; asked only for rows that are looked at, and once until the next `show`."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: tuple[RowKey, ...] = ()
        self._make: Callable[[RowKey], CursorRow] = _no_row
        self._made: dict[int, CursorRow] = {}

    @property
    def rows(self) -> tuple[CursorRow, ...]:
        """All of them; for reading out and copying, not for painting."""
        return tuple(self.row(place) for place in range(len(self.keys)))

    def row(self, place: int) -> CursorRow:
        if place not in self._made:
            self._made[place] = self._make(self.keys[place])
        return self._made[place]

    def show(self, keys: Sequence[RowKey], make: Callable[[RowKey], CursorRow]) -> None:
        """Replaces the rows; keeps the view's place when they are the same points."""
        same = keys is self.keys or tuple(keys) == self.keys
        if not same:
            self.beginResetModel()
        self.keys, self._make, self._made = tuple(keys), make, {}
        if not same:
            self.endResetModel()
        elif keys:
            self.dataChanged.emit(self.index(0), self.index(len(self.keys) - 1))

    def place_of(self, point: str) -> int | None:
        """The row of a point."""
        return next((at for at, key in enumerate(self.keys) if key.kind == "point" and key.point == point), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.keys)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == KEY:
            return self.keys[index.row()]
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, *_ROW_ROLES):
            return None
        row = self.row(index.row())
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.point}\n{row.spoken()}" if row.point else None
        return row if role == _ROW else row.spoken()

    def flags(self, index: Index) -> Qt.ItemFlag:
        wanted = Qt.ItemFlag.ItemIsEnabled
        return wanted | Qt.ItemFlag.ItemIsSelectable if self.keys[index.row()].kind != "heading" else wanted


def _no_row(_key: RowKey) -> CursorRow:
    return CursorRow("", "", "")


class CursorDelegate(QStyledItemDelegate):
    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        key: RowKey = index.data(KEY)  # not the row: the list asks for the height of every one
        return QSize(200, GROUP_ROW_HEIGHT - 4 if key.kind == "heading" else TWO_LINE_ROW_HEIGHT)

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
        if row.missing:
            wide = QFontMetricsF(font(CAPTION_PX)).horizontalAdvance(row.at_cursor) + 16
            name.setRight(min(name.right(), rect.left() + places[0][1] - wide))
        self._paint_name(painter, name, row)
        self._paint_cursor_value(painter, rect, row, places[0])
        painter.setFont(font(BODY_PX))
        tones = (theme.muted, theme.muted, theme.muted, theme.text)
        for (left, right), text, tone in zip(places[1:], row.figures, tones, strict=False):
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
            measure, elide = painter.fontMetrics(), Qt.TextElideMode.ElideRight
            words = " ".join(measure.elidedText(word, elide, width) for word in row.name.split())
            painter.drawText(box, int(_LEFT | Qt.TextFlag.TextWordWrap), words)
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
        self._two = False
        self.setFixedHeight(TABLE_HEADER_HEIGHT)
        looks.changed.connect(self.update)

    def show_two(self, two: bool) -> None:
        """Whether the columns are those of two cursors."""
        if two != self._two:
            self._two = two
            self.update()

    def names(self) -> tuple[str, ...]:
        if self._two:
            return self.tr("at A"), self.tr("at B"), self.tr("B \u2212 A"), self.tr("mean"), self.tr("good %")
        return self.tr("at cursor"), self.tr("min"), self.tr("mean"), self.tr("max"), self.tr("good %")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._looks.theme
        painter.setFont(font(CAPTION_PX))
        painter.setPen(theme.muted)
        painter.drawText(QRectF(_EDGE_PX, 0, 100, self.height()), _LEFT, self.tr("Point"))
        for (left, right), name in zip(columns(self.width()), self.names(), strict=True):
            painter.drawText(QRectF(left - 10, 0, right - left + 10, self.height()), _RIGHT, name)
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), theme.grid)
        painter.end()


class CursorView(QListView):
    """`chosen` with the point of the row clicked or reached by key; `remove` when Delete is pressed on one."""

    chosen = Signal(str)
    remove = Signal(str)
    menu_wanted = Signal(str, QPoint)  # point of the row, place on the screen

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
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask_menu)
        self._looks = looks
        looks.changed.connect(self.viewport().update)

    def reveal(self, point: str) -> None:
        """Scrolls to the row of a point."""
        place = self.table.place_of(point) if point else None
        if place is not None:
            self.scrollTo(self.table.index(place))

    def _ask_menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        index = index if index.isValid() else self.currentIndex()
        if index.isValid() and self.table.keys[index.row()].kind != "heading":
            self.menu_wanted.emit(self.table.keys[index.row()].point, self.viewport().mapToGlobal(place))

    def _choose(self, index: QModelIndex) -> None:
        key = self.table.keys[index.row()]
        if key.kind != "heading":
            self.chosen.emit(key.point)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and index.isValid():
            key = self.table.keys[index.row()]
            if key.kind != "heading":
                self.remove.emit(key.point)
                return
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.currentIndex().isValid():
            self._choose(self.currentIndex())
