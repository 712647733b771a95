"""The ranked table of the pages: bars beside numbers, shapes, two-line cells; all painted, no widget in a cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QItemSelection, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from energy_console.gui.parts.alarm_shape import draw_alarm_shape
from energy_console.gui.parts.bar_cell import draw_bar_cell, draw_two_lines
from energy_console.gui.parts.table_model import Column, TableModel
from energy_console.gui.theme import BODY_PX, MEDIUM, REGULAR, TABLE_HEADER_HEIGHT, TABLE_ROW_HEIGHT, Looks, font

CellPainter = Callable[[QPainter, QRectF, Any], None]  # painter, cell, value
_PADDING = 8


class RankDelegate(QStyledItemDelegate):
    """Paints every cell from the model's raw value."""

    def __init__(self, looks: Looks, table: RankTable) -> None:
        super().__init__(table)
        self._looks = looks
        self._table = table
        self.painters: dict[str, CellPainter] = {}

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme = self._looks.theme
        model = self._table.table_model
        column = model.columns[index.column()]
        value = model.value(index.row(), column.key)
        cell = QRectF(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected:
            painter.fillRect(cell, theme.selected)
            if index.column() == 0:
                painter.fillRect(QRectF(cell.left(), cell.top(), 3, cell.height()), theme.accent)
        painter.setPen(QPen(theme.grid, 1))
        painter.drawLine(QPointF(cell.left(), cell.bottom() - 0.5), QPointF(cell.right(), cell.bottom() - 0.5))
        self._paint_value(painter, cell, column, value, str(index.data() or ""), model.is_muted(index.row()))
        painter.restore()

    def _paint_value(self, painter: QPainter, cell: QRectF, column: Column, value: Any, text: str, muted: bool) -> None:
        theme = self._looks.theme
        if column.key in self.painters:
            self.painters[column.key](painter, cell, value)
        elif column.kind == "shape":
            if value is not None:
                draw_alarm_shape(painter, cell.center(), theme, value[0], value[1], 12, digit=False)
        elif column.kind == "bar":
            share = float("nan") if value is None else float(value) / column.full
            draw_bar_cell(painter, cell, theme, text, share)
        elif column.kind == "two_lines":
            draw_two_lines(painter, cell, theme, value[0], value[1])
        else:
            painter.setFont(font(BODY_PX, MEDIUM if column.strong else REGULAR))
            painter.setPen(theme.muted if muted or column.muted else theme.text)
            inside = cell.adjusted(_PADDING, 0, -_PADDING, 0)
            fitted = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inside.width()))
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            painter.drawText(inside, side | Qt.AlignmentFlag.AlignVCenter, fitted)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(self._table.table_model.columns[index.column()].width, self._table.row_px)


class RankTable(QTableView):
    """`picked` carries the id of the row chosen, `opened` of the row double-clicked or entered, `trend` on T."""

    picked = Signal(str)
    opened = Signal(str)
    trend = Signal(str)

    def __init__(
        self,
        looks: Looks,
        columns: Sequence[Column],
        name: str,
        row_px: int = TABLE_ROW_HEIGHT,
        model: type[TableModel] = TableModel,
    ) -> None:
        super().__init__()
        self.row_px = row_px
        self.table_model = model(columns, self)
        self.delegate = RankDelegate(looks, self)
        self.setModel(self.table_model)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(row_px)
        self._set_header(columns)
        self.selectionModel().selectionChanged.connect(self._chosen)
        self.activated.connect(lambda index: self.opened.emit(self.table_model.id_at(index.row())))
        looks.changed.connect(self.viewport().update)

    def _set_header(self, columns: Sequence[Column]) -> None:
        header = self.horizontalHeader()
        header.setFixedHeight(TABLE_HEADER_HEIGHT)
        header.setHighlightSections(False)
        header.setFont(font(11))
        header.setMinimumSectionSize(16)
        for place, column in enumerate(columns):
            stretch = column.width == 0
            mode = QHeaderView.ResizeMode.Stretch if stretch else QHeaderView.ResizeMode.Fixed
            header.setSectionResizeMode(place, mode)
            if not stretch:
                self.setColumnWidth(place, column.width)
        header.setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        header.setSortIndicatorClearable(True)
        self.setSortingEnabled(True)

    def set_rows(self, ids: Sequence[str], values: dict[str, Sequence[Any]], muted: Sequence[str] = ()) -> None:
        """See TableModel.set_rows; keeps the selection by id."""
        chosen = self.selected_id()
        self.table_model.set_rows(ids, values, muted)
        if chosen and self.selected_id() != chosen:
            self.select_id(chosen)

    def selected_id(self) -> str:
        rows = self.selectionModel().selectedRows()
        return self.table_model.id_at(rows[0].row()) if rows else ""

    def select_id(self, row_id: str) -> bool:
        """Chooses a row by id and scrolls to it; False where it is not there."""
        row = self.table_model.row_of(row_id)
        if row < 0:
            return False
        self.selectRow(row)
        self.scrollTo(self.table_model.index(row, 0))
        return True

    def _chosen(self, _on: QItemSelection, _off: QItemSelection) -> None:
        if row_id := self.selected_id():
            self.picked.emit(row_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_T and not event.modifiers() and self.selected_id():
            self.trend.emit(self.selected_id())
            return
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.selected_id():
            event.accept()  # it has opened the row; whoever is around the table shall not act on it too
