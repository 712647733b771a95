"""prices.csv of a site: prices and carbon of the hours ahead as a market tells them, kept fresh by others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from energy_console.site.told import read_told
from hardware.points import Float64Array, Int64Array

FILE = "prices.csv"
LONGEST_ROW_NS = 6 * 3600 * 1_000_000_000  # a price holds until the next row, and no longer than this
IMPORT, EXPORT, CARBON = "import_eur_per_kwh", "export_eur_per_kwh", "carbon_kg_per_kwh"
_COLUMNS = {IMPORT: (-10.0, 100.0), EXPORT: (-10.0, 100.0), CARBON: (0.0, 3.0)}


@dataclass(frozen=True, slots=True)
class ToldPrices:
    """Each row holds until the next; the last one as long as the one before it did."""

    time_ns: Int64Array
    told: dict[str, Float64Array]  # by column

    def over(self, column: str, edges_ns: Int64Array) -> Float64Array:
        """Mean over each step between neighbouring edges, shape (len(edges) - 1,); NaN where any of it is not told."""
        if len(self.time_ns) < 2:
            return np.full(len(edges_ns) - 1, np.nan)
        until = np.append(self.time_ns[1:], 2 * self.time_ns[-1] - self.time_ns[-2])
        length = np.minimum(until - self.time_ns, LONGEST_ROW_NS)
        value = self.told[column]
        known = np.isfinite(value)
        total = _integral(edges_ns, self.time_ns, length, np.where(known, value, 0.0))
        covered = _integral(edges_ns, self.time_ns, length, known.astype(np.float64))
        span = np.diff(edges_ns).astype(np.float64)
        return np.where(np.diff(covered) >= span * (1.0 - 1e-9), np.diff(total) / span, np.nan)


def read_prices(folder: Path) -> ToldPrices | None:
    """None where the site has no such file. Raises TableUnreadable for the first thing wrong with it."""
    found = read_told(folder / FILE, _COLUMNS)
    return ToldPrices(*found) if found is not None else None


def _integral(at_ns: Int64Array, start_ns: Int64Array, length_ns: Int64Array, value: Float64Array) -> Float64Array:
    """Of a staircase from its beginning to each moment, value x ns."""
    done = np.concatenate([[0.0], np.cumsum(value * length_ns)])
    row = np.searchsorted(start_ns, at_ns, side="right") - 1
    inside = np.clip(at_ns - start_ns[np.maximum(row, 0)], 0, length_ns[np.maximum(row, 0)])
    return np.where(row >= 0, done[np.maximum(row, 0)] + value[np.maximum(row, 0)] * inside, 0.0)
