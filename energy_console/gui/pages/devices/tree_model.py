"""Links and their devices as a two-level model. Rows are ids; everything drawn is looked up by the view."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt

from energy_console.gui.pages.devices.field_rows import Group
from energy_console.gui.parts.point_drag import POINTS_MIME, points_mime
from energy_console.gui.theme import TABLE_ROW_HEIGHT

Index = QModelIndex | QPersistentModelIndex
FOLD = "fold"  # last row of a group: "26 more, all answering"
_LINK = 0  # internal id of a link row; a device row carries its link's row + 1


class FieldModel(QAbstractItemModel):
    """`columns` are header texts, those in `right` right-aligned; `power_points` what a dragged device means."""

    def __init__(
        self, columns: Sequence[str], right: frozenset[int], power_points: dict[str, list[str]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._right = right
        self._power_points = power_points
        self.groups: list[Group] = []

    def show_groups(self, groups: list[Group]) -> bool:
        """Puts other rows in; False where they are the ones already there."""
        if groups == self.groups:
            return False
        self.beginResetModel()
        self.groups = groups
        self.endResetModel()
        return True

    def group_at(self, index: Index) -> Group:
        """The link a row belongs to, itself included."""
        place = index.row() if index.internalId() == _LINK else index.internalId() - 1
        return self.groups[place]

    def device_at(self, index: Index) -> str:
        """Device id of a row, FOLD for the line of the folded ones, "" for a link."""
        if not index.isValid() or index.internalId() == _LINK:
            return ""
        devices = self.group_at(index).devices
        return devices[index.row()] if index.row() < len(devices) else FOLD

    def index_of(self, device: str) -> QModelIndex:
        """Where a device is listed; an invalid index where it is not."""
        for place, group in enumerate(self.groups):
            if device in group.devices:
                return self.createIndex(group.devices.index(device), 0, place + 1)
        return QModelIndex()

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008 - Qt's signature
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else _LINK)

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        if not index.isValid() or index.internalId() == _LINK:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, _LINK)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if not parent.isValid():
            return len(self.groups)
        if parent.internalId() != _LINK or parent.column() > 0:
            return 0
        group = self.groups[parent.row()]
        return len(group.devices) + bool(group.folded)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) and index.column() == 0:
            return self.device_at(index) or self.group_at(index).link
        return QSize(0, TABLE_ROW_HEIGHT) if role == Qt.ItemDataRole.SizeHintRole else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in self._right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self.device_at(index) not in ("", FOLD):
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    def mimeTypes(self) -> list[str]:
        return [POINTS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        devices = dict.fromkeys(self.device_at(index) for index in indexes)
        return points_mime(point for device in devices for point in self._power_points.get(device, ()))
