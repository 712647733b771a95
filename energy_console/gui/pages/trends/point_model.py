"""The rows of the point tree as Qt asks for them; values come from the live table as they are painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from energy_console.gui.desk import Desk
from energy_console.gui.format import point_value
from energy_console.gui.pages.trends.choice import MOST_CURVES
from energy_console.gui.pages.trends.quality import short_tag
from energy_console.gui.pages.trends.site_tree import Node
from energy_console.gui.parts.point_drag import points_mime
from hardware.points import Reading

Index = QModelIndex | QPersistentModelIndex
NODE = Qt.ItemDataRole.UserRole
_MOST_DRAGGED = MOST_CURVES


def _by_point(root: Node) -> dict[str, Node]:
    found: dict[str, Node] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.point is not None:
            found[node.point.id] = node
        waiting.extend(node.children)
    return found


class PointModel(QAbstractItemModel):
    """The rows of a Node tree; `show` puts another tree in its place."""

    def __init__(self, desk: Desk, root: Node) -> None:
        super().__init__()
        self._desk = desk
        self.root = root
        self.colours: dict[str, QColor] = {}
        self._drawn: dict[int, int] = {}  # by id() of a row: curves drawn at or under it
        self._nodes = _by_point(root)
        self.past: dict[str, Reading] | None = None  # with a moment picked: what is known of it; None: live

    def show(self, root: Node) -> None:
        self.beginResetModel()
        self.root = root
        self._nodes = _by_point(root)
        self.endResetModel()
        self.show_drawn(self.colours)

    def show_drawn(self, colours: dict[str, QColor]) -> None:
        """The points drawn, with the colours of their curves."""
        self.colours, self._drawn = colours, {}
        for point in colours:
            node = self._nodes.get(point)
            while node is not None:
                self._drawn[id(node)] = self._drawn.get(id(node), 0) + 1
                node = node.parent

    def drawn_under(self, node: Node) -> int:
        return self._drawn.get(id(node), 0)

    def node_of(self, point: str) -> Node | None:
        """The row of a point, None where it is not among those shown."""
        return self._nodes.get(point)

    def reading(self, point: str) -> Reading | None:
        """The point's newest reading; with a moment picked the one of then, None where it is not known here."""
        return self._desk.live.reading(point) if self.past is None else self.past.get(point)

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
        if role == NODE:
            return node
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(node)
        if role == Qt.ItemDataRole.ToolTipRole and node.point is not None:
            return f"{node.point.id}\n{self._spoken(node)}"
        return None

    def _spoken(self, node: Node) -> str:
        if node.point is None:
            return self.tr("{0}, {1} of {2} drawn").format(node.text, self.drawn_under(node), node.size)
        reading = self.reading(node.point.id)
        if reading is None:
            return node.text
        drawn = self.tr("drawn") if node.point.id in self.colours else self.tr("not drawn")
        value = point_value(node.point, reading.value)
        return f"{node.text}, {value}, {short_tag(reading.status) or self.tr('good')}, {drawn}"

    def mimeTypes(self) -> list[str]:
        return points_mime(()).formats()

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        ids = [point.id for index in indexes for point in self.node(index).points()]
        return points_mime(ids[:_MOST_DRAGGED])
