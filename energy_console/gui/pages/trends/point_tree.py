"""The point tree at the left of Trends: every point of the site with its value, a box in its curve's colour; find."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStyle, QStyleOptionViewItem, QTreeView, QVBoxLayout, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.format import number
from energy_console.gui.pages.trends.choice import MOST_CURVES
from energy_console.gui.pages.trends.point_delegate import BOX_PX, PointDelegate
from energy_console.gui.pages.trends.point_model import PointModel
from energy_console.gui.pages.trends.site_tree import found, site_tree
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card, rule
from energy_console.gui.parts.text import caption
from hardware.points import Reading

Index = QModelIndex | QPersistentModelIndex
_FIND_MS = 120
_OPEN_UP_TO = 400  # rows found, that are all opened


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
        return place.x() <= rect.left() + BOX_PX + 4

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
    all_wanted = Signal(list)  # draw all of these points
    menu_wanted = Signal(object, QPoint)  # Node, place on the screen

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
        self.all = Button(desk.looks, self.tr("Draw all"), "", "card", on_click=self.draw_found)
        self.all.setToolTip(self.tr("Draw every point found (Ctrl+Enter in the field)"))
        self.all.hide()
        self.find_box.setToolTip(self.tr("Words, a pattern of ids such as q1-*/power_kw, or unit:kW"))
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._ask_menu)
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
        holder = QHBoxLayout()
        holder.setContentsMargins(8, 0, 8, 6)
        holder.addWidget(self.all)
        holder.addStretch(1)
        self.body.addLayout(holder)
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
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                    self.draw_found()
                else:
                    self._search()
                    self.view.setFocus()
                return True
            if event.key() == Qt.Key.Key_Escape and self.find_box.text():
                self.find_box.clear()
                return True
        return super().eventFilter(watched, event)

    @property
    def found_points(self) -> list[str]:
        """The points of the search; none without one."""
        searching = bool(self.find_box.text().strip())
        return [point.id for point in self.model.root.points()] if searching else []

    def draw_found(self) -> None:
        """Draws every point that the words find."""
        self._delay.stop()
        self._search()
        points = self.found_points
        if 0 < len(points) <= MOST_CURVES:
            self.all_wanted.emit(points)
        elif points:
            words = self.tr("{0} points are more than the {1} that can be drawn; add a word.")
            self._desk.said.emit(words.format(number(len(points)), MOST_CURVES))

    def _ask_menu(self, place: QPoint) -> None:
        index = self.view.indexAt(place) if self.view.viewport().rect().contains(place) else self.view.currentIndex()
        if index.isValid():
            self.menu_wanted.emit(self.model.node(index), self.view.viewport().mapToGlobal(place))

    def _open_first(self) -> None:
        """Opens the first area, so that a newcomer sees what a point is."""
        node = self.model.root
        while node.children and node.children[0].point is None:
            node = node.children[0]
            self.view.expand(self.model.index_of(node))

    def show_colours(self, colours: dict[str, QColor]) -> None:
        """The points drawn, with the colours of their curves."""
        self.model.show_drawn(colours)
        if self.only.isChecked():
            self._search()
        self.view.viewport().update()

    def refresh(self, past: dict[str, Reading] | None = None) -> None:
        """Repaints the values: the newest, or with a moment picked those known of it."""
        self.model.past = past
        self.view.viewport().update()

    def reveal(self, point: str) -> None:
        """Opens the tree down to a point and marks its row."""
        node = self.model.node_of(point)
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
        node = self.model.node_of(point) if point else None
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
            self.all.hide()
            self._open_first()
            return
        root = found(self._whole, text, only)
        hits = root.size
        self.model.show(root)
        self.all.set_words(self.tr("Draw all {0}").format(number(hits)))
        self.all.setVisible(bool(text) and 0 < hits <= MOST_CURVES)
        self.count.setText(self.tr("{0} found").format(number(hits)) if hits else self.tr("none"))
        if hits <= _OPEN_UP_TO:
            self.view.expandAll()
