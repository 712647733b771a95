"""Rows over columns of values for the ranked tables: sorting by the raw value, text made only for what is painted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from energy_console.gui.format import NONE, number

Index = QModelIndex | QPersistentModelIndex

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a RankTable.

    `kind`: text, number, bar (value / `full`), two_lines (value is a pair of texts), shape (value is None or
    (priority, state)), or own (painted by `paint` of the table). `width` 0 makes it the one that stretches.
    `text` makes the text of one value; numbers have one decimal each `decimals` otherwise.
    """

    key: str
    title: str
    width: int = 80
    kind: str = "text"
    decimals: int = 0
    full: float = 1.0
    muted: bool = False
    strong: bool = False
    text: Callable[[Any], str] | None = None

    @property
    def right(self) -> bool:
        return self.kind == "number"


class TableModel(QAbstractTableModel):
    """`set_rows` replaces everything while keeping the sort; `ids[row]` names the row shown at `row`."""

    def __init__(self, columns: Sequence[Column], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._values: dict[str, Sequence[Any]] = {column.key: () for column in columns}
        self._ids: list[str] = []
        self._order: list[int] = []
        self._muted: frozenset[str] = frozenset()
        self._sort: tuple[int, Qt.SortOrder] | None = None

    def set_rows(self, ids: Sequence[str], values: Mapping[str, Sequence[Any]], muted: Sequence[str] = ()) -> None:
        """Equally long columns by key, in the page's own order. `muted` rows have nothing to say and are greyed.

        Raises ValueError if a column is missing or of another length.
        """
        for column in self.columns:
            if column.key not in values or len(values[column.key]) != len(ids):
                raise ValueError(f"column {column.key} needs {len(ids)} values")
        same = list(ids) == self._ids
        if not same:
            self.beginResetModel()
        self._ids, self._values, self._muted = list(ids), dict(values), frozenset(muted)
        before = self._order
        self._order = self._sorted()
        if not same:
            self.endResetModel()
        elif before != self._order:
            self.layoutChanged.emit()
        if same and ids:
            self.dataChanged.emit(self.index(0, 0), self.index(len(ids) - 1, len(self.columns) - 1))

    def id_at(self, row: int) -> str:
        return self._ids[self._order[row]]

    def row_of(self, row_id: str) -> int:
        """The row shown for an id, -1 where it is not there."""
        if row_id not in self._ids:
            return -1
        return self._order.index(self._ids.index(row_id))

    def value(self, row: int, key: str) -> Any:
        return self._values[key][self._order[row]]

    def is_muted(self, row: int) -> bool:
        return self.id_at(row) in self._muted

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column = self.columns[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._text(column, self.value(index.row(), column.key))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.right else _LEFT
        if role == Qt.ItemDataRole.UserRole:
            return self.value(index.row(), column.key)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if self.columns[section].right else _LEFT
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sorts by raw values, missing ones last; column -1 restores the page's own order."""
        self._sort = (column, order) if column >= 0 else None
        self.layoutAboutToBeChanged.emit()
        chosen = {index.row(): self.id_at(index.row()) for index in self.persistentIndexList()}
        self._order = self._sorted()
        for index in self.persistentIndexList():
            self.changePersistentIndex(index, self.index(self.row_of(chosen[index.row()]), index.column()))
        self.layoutChanged.emit()

    def _sorted(self) -> list[int]:
        rows = list(range(len(self._ids)))
        if self._sort is None:
            return rows
        values = self._values[self.columns[self._sort[0]].key]
        present = [row for row in rows if not _missing(values[row])]
        missing = [row for row in rows if _missing(values[row])]
        backwards = self._sort[1] == Qt.SortOrder.DescendingOrder
        return sorted(present, key=lambda row: values[row], reverse=backwards) + missing

    @staticmethod
    def _text(column: Column, value: Any) -> str:
        if column.text is not None:
            return column.text(value)
        if _missing(value):
            return NONE if column.kind in ("number", "bar") else ""
        if column.kind in ("number", "bar"):
            return number(float(value), column.decimals)
        if column.kind == "two_lines":
            return f"{value[0]}, {value[1]}"
        if column.kind == "shape":
            return f"P{value[0]} {value[1]}"
        return str(value)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and math.isnan(value))
