"""The model as sparse arrays, for problems where a rule repeats by the hundred thousand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimizer.model import Cells
from optimizer.profile import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """A linear program by rows: minimise cost @ x + offset, row_lower <= A x <= row_upper, lower <= x <= upper."""

    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: BoolArray
    row_lower: FloatArray
    row_upper: FloatArray
    starts: NDArray[np.int32]  # shape (rows + 1,)
    index: NDArray[np.int32]
    value: FloatArray
    offset: float = 0.0

    @property
    def columns(self) -> int:
        return int(self.cost.size)

    @property
    def rows(self) -> int:
        return int(self.row_lower.size)

    @property
    def nonzeros(self) -> int:
        return int(self.value.size)

    @property
    def integers(self) -> int:
        return int(np.count_nonzero(self.integer))

    def same_rules(self, other: Matrix) -> bool:
        """Whether the two differ in costs and bounds only, so that a basis of one is a start for the other."""
        return (
            np.array_equal(self.integer, other.integer)
            and np.array_equal(self.starts, other.starts)
            and np.array_equal(self.index, other.index)
            and np.array_equal(self.value, other.value)
        )


def by_rows(
    row: IntArray, column: IntArray, value: FloatArray, rows: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], FloatArray]:
    """Coordinates as compressed rows (starts, index, value); the order inside a row is the order of writing."""
    # Most blocks are written row after row, and a stable sort of long runs is close to free.
    order = np.argsort(row, kind="stable")
    starts = np.zeros(rows + 1, dtype=np.int32)
    np.cumsum(np.bincount(row, minlength=rows), out=starts[1:])
    return starts, column[order].astype(np.int32), value[order]


class ArrayModel:
    """Collects blocks of columns, rows and coefficients; `finish` joins them into a Matrix."""

    def __init__(self) -> None:
        self._columns = 0
        self._rows = 0
        self._lower: list[FloatArray] = []
        self._upper: list[FloatArray] = []
        self._integer: list[BoolArray] = []
        self._row_lower: list[FloatArray] = []
        self._row_upper: list[FloatArray] = []
        self._places: list[tuple[IntArray, IntArray, FloatArray]] = []
        self._prices: list[tuple[IntArray, FloatArray]] = []
        self._offset = 0.0

    def columns(
        self, name: str, cells: Cells, lower: ArrayLike = 0.0, upper: ArrayLike = np.inf, *, integer: bool = False
    ) -> IntArray:
        """See Model."""
        numbers = np.arange(self._columns, self._columns + cells.size, dtype=np.int64)
        self._columns += cells.size
        self._lower.append(_spread(lower, cells.size))
        self._upper.append(_spread(upper, cells.size))
        self._integer.append(np.full(cells.size, integer))
        return numbers

    def rows(self, name: str, cells: Cells, lower: ArrayLike, upper: ArrayLike) -> IntArray:
        """See Model."""
        numbers = np.arange(self._rows, self._rows + cells.size, dtype=np.int64)
        self._rows += cells.size
        self._row_lower.append(_spread(lower, cells.size))
        self._row_upper.append(_spread(upper, cells.size))
        return numbers

    def put(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """See Model. A coefficient of zero is left out."""
        row, column, value = (part.ravel() for part in np.broadcast_arrays(rows, columns, values))
        if not value.all():
            kept = value != 0.0
            row, column, value = row[kept], column[kept], value[kept]
        self._places.append((row.astype(np.int64), column.astype(np.int64), value.astype(float)))

    def price(self, columns: ArrayLike, eur: ArrayLike) -> None:
        """See Model."""
        column, cost = (part.ravel() for part in np.broadcast_arrays(columns, eur))
        self._prices.append((column.astype(np.int64), cost.astype(float)))

    def charge(self, eur: float) -> None:
        """See Model."""
        self._offset += float(eur)

    def finish(self) -> Matrix:
        """The matrix of everything written so far."""
        cost = np.zeros(self._columns)
        for column, eur in self._prices:
            np.add.at(cost, column, eur)
        starts, index, value = by_rows(
            _join([place[0] for place in self._places], np.int64),
            _join([place[1] for place in self._places], np.int64),
            _join([place[2] for place in self._places], float),
            self._rows,
        )
        return Matrix(
            cost=cost,
            lower=_join(self._lower, float),
            upper=_join(self._upper, float),
            integer=_join(self._integer, bool),
            row_lower=_join(self._row_lower, float),
            row_upper=_join(self._row_upper, float),
            starts=starts,
            index=index,
            value=value,
            offset=self._offset,
        )


def _spread(value: ArrayLike, size: int) -> FloatArray:
    return np.broadcast_to(np.asarray(value, dtype=float), (size,))


def _join(parts: list, kind: type) -> NDArray:  # type: ignore[type-arg]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)
