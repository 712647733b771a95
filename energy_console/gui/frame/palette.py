"""The palette (Ctrl+K): finds any page, device, point, alarm or action. The keyboard is enough."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from energy_console.gui.frame.finding import Finder, Found
from energy_console.gui.icons import draw_icon
from energy_console.gui.parts.card import rule
from energy_console.gui.parts.text import caption
from energy_console.gui.theme import BODY_PX, CAPTION_PX, MEDIUM, TITLE_PX, Looks, font

_ROW_PX = 32
_ROWS = 12
_WIDTH = 640
_ANY = QModelIndex | QPersistentModelIndex


class FoundModel(QAbstractListModel):
    """The rows found; the entry itself is the UserRole."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[Found] = []

    def show_rows(self, rows: list[Found]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: _ANY = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _ANY, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{row.text} {row.detail}"
        return row if role == Qt.ItemDataRole.UserRole else None


class _FoundDelegate(QStyledItemDelegate):
    """Icon, name, muted detail, and at the right the key or the kind."""

    def __init__(self, looks: Looks, parent: QObject) -> None:
        super().__init__(parent)
        self._looks = looks
        self._kinds = {
            "page": self.tr("page"),
            "device": self.tr("device"),
            "point": self.tr("point"),
            "alarm": self.tr("alarm"),
            "action": self.tr("action"),
        }

    def sizeHint(self, option: QStyleOptionViewItem, index: _ANY) -> QSize:
        return QSize(_WIDTH - 20, _ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _ANY) -> None:
        row = index.data(Qt.ItemDataRole.UserRole)
        theme = self._looks.theme
        cell = QRectF(option.rect)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(cell, theme.selected)
            painter.fillRect(QRectF(cell.left(), cell.top(), 3, cell.height()), theme.accent)
        draw_icon(painter, QRectF(cell.left() + 14, cell.top() + 8, 16, 16), row.icon, theme.muted)
        middle = Qt.AlignmentFlag.AlignVCenter
        words = cell.adjusted(42, 0, -12, 0)
        painter.setFont(font(CAPTION_PX))
        painter.setPen(theme.muted)
        right = row.shortcut or self._kinds[row.kind]
        painter.drawText(words, middle | Qt.AlignmentFlag.AlignRight, right)
        words.setRight(words.right() - painter.fontMetrics().horizontalAdvance(right) - 12)
        painter.setFont(font(BODY_PX, MEDIUM))
        painter.setPen(theme.text)
        metrics = painter.fontMetrics()
        painter.drawText(words, middle, metrics.elidedText(row.text, Qt.TextElideMode.ElideRight, int(words.width())))
        words.setLeft(words.left() + metrics.horizontalAdvance(row.text) + 10)
        painter.setFont(font(BODY_PX))
        painter.setPen(theme.muted)
        if words.width() > 20:
            fitted = painter.fontMetrics().elidedText(row.detail, Qt.TextElideMode.ElideRight, int(words.width()))
            painter.drawText(words, middle, fitted)
        painter.restore()


class Palette(QFrame):
    """Lies over the window. `chosen` on Enter or click, `trend` on Ctrl+T; both carry a Found."""

    chosen = Signal(object)
    trend = Signal(object)

    def __init__(self, looks: Looks, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("look", "card")
        self.setAccessibleName(self.tr("Find anything"))
        self._host = parent
        self._finder = Finder(())
        self.line = QLineEdit()
        self.line.setProperty("look", "bare")
        self.line.setFont(font(TITLE_PX))
        self.line.setFixedHeight(44)
        self.line.setPlaceholderText(self.tr("Page, device, point, alarm or action"))
        self.line.setAccessibleName(self.tr("What to find"))
        self.line.installEventFilter(self)
        self.line.textChanged.connect(self._search)
        self._model = FoundModel(self)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_FoundDelegate(looks, self))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName(self.tr("Found"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(lambda index: self._choose(self._model.rows[index.row()]))
        self._hint = caption(self.tr("Enter opens    Ctrl+T draws it in Trends    Esc closes"))
        self._hint.setContentsMargins(14, 6, 14, 7)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self.line)
        column.addWidget(rule("line"))
        column.addWidget(self.list)
        column.addWidget(rule("line"))
        column.addWidget(self._hint)
        self.hide()

    def open(self, finder: Finder) -> None:
        """Shows the palette with an empty line, in the upper middle of its window."""
        self._finder = finder
        self.line.clear()
        self._search("")
        self._fit()
        self.show()
        self.raise_()
        self.line.setFocus()

    def _fit(self) -> None:
        host = self._host
        rows = max(1, min(_ROWS, len(self._model.rows)))
        self.list.setFixedHeight(rows * _ROW_PX)
        self.setFixedWidth(min(_WIDTH, host.width() - 40))
        self.adjustSize()
        self.move((host.width() - self.width()) // 2, min(96, host.height() // 8))

    def _search(self, text: str) -> None:
        rows = self._finder.find(text)
        self._model.show_rows(rows)
        if rows:
            self.list.setCurrentIndex(self._model.index(0, 0))
        self._hint.setText(
            self.tr("Enter opens    Ctrl+T draws it in Trends    Esc closes")
            if rows
            else self.tr("Nothing is called “{0}”. Try part of an id, as in E01 power.").format(text)
        )
        self._fit()

    def _current(self) -> Found | None:
        index = self.list.currentIndex()
        return self._model.rows[index.row()] if index.isValid() else None

    def _choose(self, row: Found) -> None:
        self.hide()
        self.chosen.emit(row)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event) or super().eventFilter(watched, event)
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.hide()
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        """True where the key was one of the palette's own."""
        current = self._current()
        key = event.key()
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS, Qt.Key.Key_PageUp: -_ROWS}
        if key == Qt.Key.Key_Escape:
            self.hide()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if current is not None:
                self._choose(current)
        elif key == Qt.Key.Key_T and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            if current is not None:
                self.hide()
                self.trend.emit(current)
        elif Qt.Key(key) in steps:
            row = self.list.currentIndex().row() + steps[Qt.Key(key)]
            self.list.setCurrentIndex(self._model.index(max(0, min(len(self._model.rows) - 1, row)), 0))
        else:
            return False
        return True
