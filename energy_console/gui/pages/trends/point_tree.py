"""The point tree at the left of Trends: every point of the site with its value, a box in its curve's colour; find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from energy_console.gui.desk import Desk
from energy_console.gui.format import duration, number, point_value
from energy_console.gui.pages.trends.quality import short_tag
from energy_console.gui.pages.trends.site_tree import Node, found, site_tree
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card, rule
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.parts.point_drag import points_mime
from energy_console.gui.parts.text import caption
from energy_console.gui.theme import BODY_PX, CAPTION_PX, MEDIUM, TREE_ROW_HEIGHT, font
from hardware.points import Quality, quality_of

Index = QModelIndex | QPersistentModelIndex
_NODE = Qt.ItemDataRole.UserRole
_FIND_MS = 120
_OPEN_UP_TO = 400  # rows found, that are all opened
_MOST_DRAGGED = 24
_BOX_PX = 13


class PointModel(QAbstractItemModel):
    """The rows of a Node tree; `show` puts another tree in its place."""

    def __init__(self, desk: Desk, root: Node) -> None:
        super().__init__()
        self._desk = desk
        self.root = root
        self.colours: dict[str, QColor] = {}

    def show(self, root: Node) -> None:
        self.beginResetModel()
        self.root = root
        self.endResetModel()

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008 - Qt's signature
        owner = self.node(parent)
        if column != 0 or not 0 <= row < len(owner.children):
            return QModelIndex()
        return self.createIndex(row, column, owner.children[row])

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        owner = self.node(index).parent
        if owner is None or owner.parent is None:
            return QModelIndex()
        return self.createIndex(owner.row, 0, owner)

    def index_of(self, node: Node) -> QModelIndex:
        return self.createIndex(node.row, 0, node)

    def node(self, index: Index) -> Node:
        """The row at an index, the root for an invalid one."""
        node = index.internalPointer() if index.isValid() else self.root
        return node if isinstance(node, Node) else self.root

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self.node(parent).children)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        node = self.node(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if node.point is not None or node.device else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self.node(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return node.text
        if role == _NODE:
            return node
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(node)
        if role == Qt.ItemDataRole.ToolTipRole and node.point is not None:
            return f"{node.point.id}\n{self._spoken(node)}"
        return None

    def _spoken(self, node: Node) -> str:
        if node.point is None:
            return node.text
        reading = self._desk.live.reading(node.point.id)
        drawn = self.tr("drawn") if node.point.id in self.colours else self.tr("not drawn")
        value = point_value(node.point, reading.value)
        return f"{node.text}, {value}, {short_tag(reading.status) or self.tr('good')}, {drawn}"

    def mimeTypes(self) -> list[str]:
        return points_mime(()).formats()

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        ids = [point.id for index in indexes for point in self.node(index).points()]
        return points_mime(ids[:_MOST_DRAGGED])


class PointDelegate(QStyledItemDelegate):
    """Paints a row: caret, box, name, value with its unit, and what is wrong with it."""

    def __init__(self, desk: Desk, model: PointModel) -> None:
        super().__init__()
        self._desk = desk
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, TREE_ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        node = self._model.node(index)
        rect = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect.adjusted(-rect.left(), 0, 0, 0), self._desk.looks.theme.selected)
        if node.point is None:
            self._paint_group(painter, rect, node, bool(option.state & QStyle.StateFlag.State_Open))
        else:
            self._paint_point(painter, rect, node)
        painter.restore()

    def _paint_group(self, painter: QPainter, rect: QRectF, node: Node, open_: bool) -> None:
        theme = self._desk.looks.theme
        _draw_caret(painter, QPointF(rect.left() + 6, rect.center().y()), theme.muted, open_)
        painter.setFont(font(BODY_PX, MEDIUM if node.device == "" else 400))
        painter.setPen(theme.text)
        right = self._device_state(painter, rect, node) if node.device else rect.right() - 8
        text = QRectF(rect.left() + 16, rect.top(), right - rect.left() - 18, rect.height())
        _elided(painter, text, node.text)

    def _device_state(self, painter: QPainter, rect: QRectF, node: Node) -> float:
        """A silent device tells since when; returns where the name must end."""
        state = self._desk.latest.devices.get(node.device)
        if state is None or state.state in ("answering", "slow", "starting"):
            return rect.right() - 8
        words = self.tr("never")
        if state.last_answer_ns:
            words = duration((self._desk.clock_ns() - state.last_answer_ns) / 1e9)
        return self._paint_hatched(painter, rect, words)

    def _paint_hatched(self, painter: QPainter, rect: QRectF, words: str) -> float:
        theme = self._desk.looks.theme
        painter.setFont(font(CAPTION_PX))
        width = QFontMetricsF(font(CAPTION_PX)).horizontalAdvance(words)
        box = QRectF(rect.right() - 8 - width, rect.top(), width + 2, rect.height())
        painter.setPen(theme.muted)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        tile = QRectF(box.left() - 16, rect.center().y() - 5, 11, 11)
        draw_hatch(painter, tile, theme, outline=True)
        painter.setFont(font(BODY_PX))
        painter.setPen(theme.text)
        return tile.left() - 4

    def _paint_point(self, painter: QPainter, rect: QRectF, node: Node) -> None:
        theme, point = self._desk.looks.theme, node.point
        if point is None:
            return
        colour = self._model.colours.get(point.id)
        box = QRectF(rect.left() + 2, rect.center().y() - _BOX_PX / 2, _BOX_PX, _BOX_PX)
        painter.setPen(QPen(colour or theme.faint, 1.2))
        painter.setBrush(colour or Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 2, 2)
        if colour is not None:
            painter.setPen(QPen(theme.on_accent, 1.8))
            tick = [QPointF(3, 6.6), QPointF(5.6, 9.2), QPointF(10, 4)]
            painter.drawPolyline(QPolygonF([box.topLeft() + place for place in tick]))
        reading = self._desk.live.reading(point.id)
        painter.setFont(font(BODY_PX))
        painter.setPen(theme.text)
        right = rect.right() - 8
        if quality_of(reading.status) is Quality.BAD:
            since = duration((self._desk.clock_ns() - reading.time_ns) / 1e9) if reading.time_ns else ""
            right = self._paint_hatched(painter, rect, short_tag(reading.status) or since)
        else:
            text = point_value(point, reading.value)
            width = min(QFontMetricsF(font(BODY_PX)).horizontalAdvance(text) + 1, rect.width() * 0.55)
            value = QRectF(right - width, rect.top(), width, rect.height())
            _elided(painter, value, text, Qt.AlignmentFlag.AlignRight)
            right = value.left() - 6
            tag = short_tag(reading.status)
            if tag:
                right = _draw_tag(painter, QPointF(right, rect.center().y()), tag, theme.line, theme.muted)
        painter.setFont(font(BODY_PX))
        painter.setPen(theme.text)
        _elided(painter, QRectF(box.right() + 7, rect.top(), right - box.right() - 8, rect.height()), node.text)


class PointView(QTreeView):
    """`toggled` with a point id when its box is clicked or Space pressed; `chosen` when its name is."""

    toggled = Signal(str)
    chosen = Signal(str)

    def __init__(self, model: PointModel, delegate: PointDelegate) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(delegate)
        self._model = model
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setRootIsDecorated(False)
        self.setIndentation(14)
        self.setDragEnabled(True)
        self.setExpandsOnDoubleClick(False)
        self.setSelectionMode(QTreeView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Points of the site"))

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """As Qt does, less its own selection: the delegate draws that and the carets."""
        self.itemDelegate().paint(painter, self._row_option(option, index), index)

    def _row_option(self, option: QStyleOptionViewItem, index: Index) -> QStyleOptionViewItem:
        made = QStyleOptionViewItem(option)
        made.rect = self.visualRect(index)
        if self.isExpanded(index):
            made.state |= QStyle.StateFlag.State_Open
        if self.selectionModel().isSelected(index):
            made.state |= QStyle.StateFlag.State_Selected
        if index == self.currentIndex() and self.hasFocus():
            made.state |= QStyle.StateFlag.State_HasFocus
        return made

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        index = self.indexAt(place)
        node = self._model.node(index) if index.isValid() else None
        if node is None or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
        elif node.point is not None and self._on_box(index, place):
            self.toggled.emit(node.point.id)
        else:
            super().mousePressEvent(event)
            if node.point is not None:
                self.chosen.emit(node.point.id)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A group opens on release, so that a drag from it does not open it."""
        index = self.indexAt(event.position().toPoint())
        dragging = self.state() == QTreeView.State.DraggingState
        super().mouseReleaseEvent(event)
        if index.isValid() and self._model.node(index).point is None and not dragging:
            self.setExpanded(index, not self.isExpanded(index))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        node = self._model.node(index) if index.isValid() else None
        if node is not None and node.point is not None:
            self.toggled.emit(node.point.id)

    def _on_box(self, index: Index, place: QPoint) -> bool:
        rect = self.visualRect(index)
        return place.x() <= rect.left() + _BOX_PX + 4

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_T)
        node = self._model.node(self.currentIndex()) if self.currentIndex().isValid() else None
        if event.key() in keys and node is not None:
            if node.point is not None:
                self.toggled.emit(node.point.id)
            else:
                self.setExpanded(self.currentIndex(), not self.isExpanded(self.currentIndex()))
        else:
            super().keyPressEvent(event)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        node = self._model.node(current) if current.isValid() else None
        if node is not None and node.point is not None and self.hasFocus():
            self.chosen.emit(node.point.id)


class PointTree(Card):
    """Find box, count, filter button and the tree. `toggled` and `chosen` as of the view."""

    toggled = Signal(str)
    chosen = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._whole = site_tree(desk.site)
        self.setAccessibleName(self.tr("Points"))
        self.model = PointModel(desk, self._whole)
        self.view = PointView(self.model, PointDelegate(desk, self.model))
        self.view.toggled.connect(self.toggled)
        self.view.chosen.connect(self.chosen)
        self.find_box = QLineEdit()
        self.find_box.setPlaceholderText(self.tr("Find a point"))
        self.find_box.setAccessibleName(self.tr("Find a point"))
        self.find_box.setClearButtonEnabled(True)
        self.count = caption(number(len(desk.site.points)))
        self.only = Button(
            desk.looks, "", "funnel", "icon", name=self.tr("Only the points drawn"), on_click=self._search
        )
        self.only.setCheckable(True)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_FIND_MS)
        self._delay.timeout.connect(self._search)
        self.find_box.textChanged.connect(lambda _text: self._delay.start())
        self.find_box.installEventFilter(self)
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(8, 7, 8, 7)
        row.setSpacing(6)
        row.addWidget(self.find_box, 1)
        row.addWidget(self.count)
        row.addWidget(self.only)
        self.body.addWidget(head)
        self.body.addWidget(rule())
        inset = QVBoxLayout()
        inset.setContentsMargins(6, 4, 0, 4)
        inset.addWidget(self.view)
        self.body.addLayout(inset, 1)
        desk.looks.changed.connect(self.view.viewport().update)
        self._open_first()

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        """Down from the find box goes into the tree."""
        if watched is self.find_box and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Down:
                self.view.setFocus()
                return True
            if event.key() == Qt.Key.Key_Escape and self.find_box.text():
                self.find_box.clear()
                return True
        return super().eventFilter(watched, event)

    def _open_first(self) -> None:
        """Opens the first area, so that a newcomer sees what a point is."""
        node = self.model.root
        while node.children and node.children[0].point is None:
            node = node.children[0]
            self.view.expand(self.model.index_of(node))

    def show_colours(self, colours: dict[str, QColor]) -> None:
        """The points drawn, with the colours of their curves."""
        self.model.colours = colours
        if self.only.isChecked():
            self._search()
        self.view.viewport().update()

    def refresh(self) -> None:
        """Repaints the values; they are read from the live table as they are painted."""
        self.view.viewport().update()

    def reveal(self, point: str) -> None:
        """Opens the tree down to a point and marks its row."""
        node = _node_of(self.model.root, point)
        if node is None:
            return
        index = self.model.index_of(node)
        owner = node.parent
        while owner is not None and owner.parent is not None:
            self.view.expand(self.model.index_of(owner))
            owner = owner.parent
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)

    def mark(self, point: str) -> None:
        """Marks a point's row where it is to be seen already."""
        node = _node_of(self.model.root, point) if point else None
        if node is not None:
            index = self.model.index_of(node)
            if self.view.currentIndex() != index and self.view.isExpanded(index.parent()):
                self.view.setCurrentIndex(index)

    def _search(self) -> None:
        text = self.find_box.text().strip()
        only = frozenset(self.model.colours) if self.only.isChecked() else None
        if not text and only is None:
            self.model.show(self._whole)
            self.count.setText(number(len(self._desk.site.points)))
            self._open_first()
            return
        root = found(self._whole, text, only)
        hits = sum(1 for _ in root.points())
        self.model.show(root)
        self.count.setText(self.tr("{0} found").format(number(hits)) if hits else self.tr("none"))
        if hits <= _OPEN_UP_TO:
            self.view.expandAll()


def _node_of(node: Node, point: str) -> Node | None:
    if node.point is not None and node.point.id == point:
        return node
    for child in node.children:
        hit = _node_of(child, point)
        if hit is not None:
            return hit
    return None


def _draw_caret(painter: QPainter, centre: QPointF, colour: QColor, open_: bool) -> None:
    painter.setPen(QPen(colour, 1.3))
    corners = ((-3.5, -1.5), (0, 2), (3.5, -1.5)) if open_ else ((-1.5, -3.5), (2, 0), (-1.5, 3.5))
    painter.drawPolyline(QPolygonF([centre + QPointF(*corner) for corner in corners]))


def _elided(painter: QPainter, rect: QRectF, text: str, side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, int(rect.width()) + 1))
    painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter, shown)


def _draw_tag(painter: QPainter, right: QPointF, text: str, line: QColor, ink: QColor) -> float:
    """A small framed word, ending at `right`; returns where it begins."""
    painter.setFont(font(CAPTION_PX))
    width = QFontMetricsF(font(CAPTION_PX)).horizontalAdvance(text) + 8
    box = QRectF(right.x() - width, right.y() - 8, width, 16)
    painter.setPen(line)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 2, 2)
    painter.setPen(ink)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    return box.left() - 4
