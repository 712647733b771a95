"""Streets of a local map in a picture: fitting, zooming, hitting. Pure geometry, metres in, pixels out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from energy_console.site.model import LightingGroup

Line = tuple[tuple[float, float], ...]
MARGIN_PX = 16.0
MOST_ZOOM = 12.0
_FULL_WIDTH_PX_PER_M = 0.22


@dataclass(frozen=True, slots=True)
class MapView:
    """Which part of the map is seen: the middle in metres, and px per metre. North is up."""

    width: float
    height: float
    middle_x_m: float
    middle_y_m: float
    px_per_m: float

    def to_px(self, x_m: float, y_m: float) -> tuple[float, float]:
        return (
            self.width / 2 + (x_m - self.middle_x_m) * self.px_per_m,
            self.height / 2 - (y_m - self.middle_y_m) * self.px_per_m,
        )

    def to_m(self, x: float, y: float) -> tuple[float, float]:
        return (
            self.middle_x_m + (x - self.width / 2) / self.px_per_m,
            self.middle_y_m - (y - self.height / 2) / self.px_per_m,
        )

    def line(self, line: Line) -> Line:
        return tuple(self.to_px(x, y) for x, y in line)

    def moved(self, dx_px: float, dy_px: float) -> MapView:
        return replace(
            self,
            middle_x_m=self.middle_x_m - dx_px / self.px_per_m,
            middle_y_m=self.middle_y_m + dy_px / self.px_per_m,
        )

    def zoomed(self, factor: float, x: float, y: float, least: float) -> MapView:
        """Nearer by `factor`; what is at (x, y) px stays there. `least` px per metre is the whole map."""
        px_per_m = min(max(self.px_per_m * factor, least), least * MOST_ZOOM)
        x_m, y_m = self.to_m(x, y)
        return replace(
            self,
            px_per_m=px_per_m,
            middle_x_m=x_m - (x - self.width / 2) / px_per_m,
            middle_y_m=y_m + (y - self.height / 2) / px_per_m,
        )


def fit(groups: Sequence[LightingGroup], width: float, height: float) -> MapView:
    """The whole map, as large as it fits with a margin."""
    points = [point for group in groups for line in group.streets for point in line]
    if not points:
        return MapView(width, height, 0.0, 0.0, 1.0)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    wide, high = max(max(xs) - min(xs), 1.0), max(max(ys) - min(ys), 1.0)
    scale = min((width - 2 * MARGIN_PX) / wide, (height - 2 * MARGIN_PX) / high)
    return MapView(width, height, (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2, max(scale, 1e-4))


def street_width_px(road_class: str, px_per_m: float) -> float:
    """How wide a street is drawn: rings, main roads and yards, local streets; thinner on a map seen from afar."""
    near = min(max(px_per_m / _FULL_WIDTH_PX_PER_M, 0.62), 1.8)
    if road_class in ("M1", "M2", "M3"):
        return 5.0 * near
    return (3.5 if road_class[:1] in ("M", "C") else 2.2) * near


def middle_of(line: Line) -> tuple[float, float]:
    """The point half way along a line."""
    lengths = [math.dist(a, b) for a, b in itertools.pairwise(line)]
    left = sum(lengths) / 2
    for (a, b), length in zip(itertools.pairwise(line), lengths, strict=True):
        if left <= length and length > 0:
            share = left / length
            return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
        left -= length
    return line[0]


def mark_place(group: LightingGroup) -> tuple[float, float]:
    """Where a group's mark stands: the middle of its longest street, metres."""
    longest = max(group.streets, key=lambda line: sum(math.dist(a, b) for a, b in itertools.pairwise(line)))
    return middle_of(longest)


def distance_to(line: Line, x: float, y: float) -> float:
    """Least distance from a point to a line."""
    if len(line) == 1:
        return math.dist(line[0], (x, y))
    return min(_to_segment(a, b, x, y) for a, b in itertools.pairwise(line))


def _to_segment(a: tuple[float, float], b: tuple[float, float], x: float, y: float) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    square = dx * dx + dy * dy
    share = 0.0 if square == 0 else min(1.0, max(0.0, ((x - a[0]) * dx + (y - a[1]) * dy) / square))
    return math.dist((a[0] + share * dx, a[1] + share * dy), (x, y))
