"""Where everything of the harbour stands in a picture of given size. Pure geometry in pixels, no Qt."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from energy_console.site.model import AccessPoint, Quay, ShipCall, Station

GUTTER_PX = 142.0  # names of the quays, left of the quay face
RIGHT_PX = 20.0
SMALLEST, LARGEST = 0.8, 1.35
CELL_W, CELL_H, CELL_GAP = 12.0, 20.0, 2.0
APRON = 40.0  # id, cells, foot line and the edge of the quay
HALF_BASIN = 27.0
BEAM = 9.0
TEXT_PX = 11.0  # a line of ids or names; does not shrink with the rest
MARGIN_PX = 3.0  # above the first quay and under the last, so that their ids are whole


@dataclass(frozen=True, slots=True)
class Rect:
    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    @property
    def middle_x(self) -> float:
        return self.x + self.w / 2.0

    def grown(self, by: float) -> Rect:
        return Rect(self.x - by, self.y - by, self.w + 2 * by, self.h + 2 * by)


@dataclass(frozen=True, slots=True)
class StationPlace:
    """One station: its cells from left to right, the foot line at the water and where its id is written."""

    station: str
    quay: str
    cells: tuple[tuple[str, Rect], ...]  # (access point id, cell)
    foot_y: float
    label: Rect
    frame: Rect  # round the whole station


@dataclass(frozen=True, slots=True)
class QuayPlace:
    quay: Quay
    apron: Rect  # the land its stations stand on
    edge_y: float
    ship_y: float  # top of a hull
    name_y: float  # top of a ship's name
    title: Rect  # letter, name and figures
    land_right: float  # where the quay ends: at the end of its pier, or at the edge of the picture


@dataclass(frozen=True, slots=True)
class BasinPlace:
    name: str
    rect: Rect


@dataclass(frozen=True, slots=True)
class ShipPlace:
    call: ShipCall
    hull: Rect
    name_slot: Rect  # the name must stay inside
    water_below: bool


@dataclass(frozen=True, slots=True)
class Harbour:
    """The picture without ships. `scale` is the factor on all sizes, `px_per_m` along the quays."""

    width: float
    height: float
    scale: float
    px_per_m: float
    quays: Mapping[str, QuayPlace]
    basins: tuple[BasinPlace, ...]
    pier_ends: tuple[Rect, ...]  # water beyond the end of each pier
    stations: Mapping[str, StationPlace]

    def cell(self, point: AccessPoint) -> Rect:
        return dict(self.stations[point.station].cells)[point.id]


def lay_out(
    quays: Sequence[Quay],
    stations: Sequence[Station],
    points: Mapping[str, Sequence[AccessPoint]],
    width: float,
    height: float,
) -> Harbour:
    """Stacks quays from the top; quays that share a basin face each other over its water."""
    ordered = sorted(quays, key=lambda quay: quay.order)
    needed = sum(APRON + HALF_BASIN for _ in ordered)
    scale = min(max((height - 2 * MARGIN_PX) / max(needed, 1.0), SMALLEST), LARGEST)
    longest = max((quay.length_m for quay in ordered), default=1.0)
    px_per_m = (width - GUTTER_PX - RIGHT_PX) / longest
    places: dict[str, QuayPlace] = {}
    piers = [pair for pair in itertools.pairwise(ordered) if _back_to_back(*pair)]
    ends = {
        quay.id: GUTTER_PX + max(upper.length_m, lower.length_m) * px_per_m
        for upper, lower in piers
        for quay in (upper, lower)
    }
    top = max(MARGIN_PX, (height - needed * scale) / 2.0)
    for quay in ordered:
        places[quay.id] = _quay_place(quay, top, scale, ends.get(quay.id, width), width)
        top += (APRON + HALF_BASIN) * scale
    placed = {
        station.id: _station_place(station, points[station.id], places[station.quay], scale, px_per_m)
        for station in stations
    }
    pier_ends = tuple(
        Rect(ends[a.id], places[a.id].edge_y, width - ends[a.id], places[b.id].edge_y - places[a.id].edge_y)
        for a, b in piers
    )
    return Harbour(width, height, scale, px_per_m, places, _basins(places, scale, width), pier_ends, placed)


def _back_to_back(upper: Quay, lower: Quay) -> bool:
    """Whether two quays are the sides of one pier."""
    return upper.water == "above" and lower.water == "below"


def _text_gap(scale: float) -> float:
    """Between a cell and its id, a hull and its name: none where every pixel is needed."""
    return min(2.0, max(0.0, (scale - SMALLEST) * 10.0))


def _quay_place(quay: Quay, top: float, scale: float, land_right: float, width: float) -> QuayPlace:
    """`top` is the upper end of the quay's band: its apron, or its water where that lies above."""
    below = quay.water == "below"
    apron_y = top if below else top + HALF_BASIN * scale
    apron = Rect(0.0, apron_y, width, APRON * scale)
    edge_y = apron.bottom if below else apron.y
    beam = BEAM * scale
    gap = 4.0 * scale
    ship_y = edge_y + gap if below else edge_y - gap - beam
    name_y = ship_y + beam + _text_gap(scale) if below else ship_y - _text_gap(scale) - TEXT_PX
    title = Rect(10.0, apron_y, GUTTER_PX + 8.0, apron.h)
    return QuayPlace(quay, apron, edge_y, ship_y, name_y, title, land_right)


def _station_place(
    station: Station, points: Sequence[AccessPoint], place: QuayPlace, scale: float, px_per_m: float
) -> StationPlace:
    cell_w, cell_h, gap = round(CELL_W * scale), round(CELL_H * scale), round(CELL_GAP * scale)
    width = len(points) * cell_w + (len(points) - 1) * gap
    left = round(GUTTER_PX + station.position_m * px_per_m - width / 2.0)
    below = place.quay.water == "below"
    foot_y = place.edge_y - 3.0 if below else place.edge_y + 3.0
    cell_y = round(foot_y - 2.0 - cell_h if below else foot_y + 2.0)
    cells = tuple(
        (point.id, Rect(left + number * (cell_w + gap), cell_y, cell_w, cell_h)) for number, point in enumerate(points)
    )
    text_gap = _text_gap(scale)
    label_y = cell_y - text_gap - TEXT_PX if below else cell_y + cell_h + text_gap
    label = Rect(left - 20.0, label_y, width + 40.0, TEXT_PX)
    top, bottom = (cell_y, foot_y) if below else (foot_y, cell_y + cell_h)
    frame = Rect(left, top, width, bottom - top).grown(2.0)
    return StationPlace(station.id, station.quay, cells, foot_y, label, frame)


def _basins(places: Mapping[str, QuayPlace], scale: float, width: float) -> tuple[BasinPlace, ...]:
    """The water between quays that share a basin; half of it where only one quay lies at it."""
    spans: dict[str, tuple[float, float]] = {}
    for place in places.values():
        half = HALF_BASIN * scale
        low = place.edge_y if place.quay.water == "below" else place.edge_y - half
        top, bottom = spans.get(place.quay.basin, (low, low + half))
        spans[place.quay.basin] = (min(top, low), max(bottom, low + half))
    return tuple(BasinPlace(name, Rect(0.0, top, width, bottom - top)) for name, (top, bottom) in spans.items())


def place_ships(harbour: Harbour, calls: Sequence[ShipCall], stations: Mapping[str, Station]) -> tuple[ShipPlace, ...]:
    """Hulls to scale along their quay, as near to their own points as their neighbours let them."""
    by_quay: dict[str, list[ShipCall]] = {}
    for call in calls:
        by_quay.setdefault(stations[call.station].quay, []).append(call)
    placed: list[ShipPlace] = []
    for quay, here in by_quay.items():
        placed += _place_along(harbour, harbour.quays[quay], here)
    return tuple(placed)


def _place_along(harbour: Harbour, place: QuayPlace, calls: Sequence[ShipCall]) -> list[ShipPlace]:
    middles = {call.id: _middle_of(harbour, call) for call in calls}
    ordered = sorted(calls, key=lambda call: middles[call.id])
    widths = [max(call.length_m * harbour.px_per_m, 14.0) for call in ordered]
    lefts = spread(
        [middles[call.id] - width / 2.0 for call, width in zip(ordered, widths, strict=True)],
        widths,
        GUTTER_PX - 30.0,
        harbour.width - 4.0,
        4.0,
    )
    hulls = [Rect(left, place.ship_y, width, BEAM * harbour.scale) for left, width in zip(lefts, widths, strict=True)]
    below = place.quay.water == "below"
    found = []
    for number, (call, hull) in enumerate(zip(ordered, hulls, strict=True)):
        left = (hulls[number - 1].right + hull.x) / 2.0 + 2.0 if number else 0.0
        right = (hull.right + hulls[number + 1].x) / 2.0 - 2.0 if number + 1 < len(hulls) else harbour.width
        half = min(hull.middle_x - left, right - hull.middle_x)
        slot = Rect(hull.middle_x - half, place.name_y, 2.0 * half, TEXT_PX)
        found.append(ShipPlace(call, hull, slot, below))
    return found


def _middle_of(harbour: Harbour, call: ShipCall) -> float:
    """Where a ship would like to lie: before its points, else before its station."""
    cells = harbour.stations[call.station].cells
    wanted = [rect.middle_x for point, rect in cells if point in call.points]
    wanted = wanted or [rect.middle_x for _, rect in cells]
    return sum(wanted) / len(wanted)


def spread(lefts: Sequence[float], widths: Sequence[float], low: float, high: float, gap: float) -> list[float]:
    """Moves intervals (in order of their middles) apart until they are `gap` from each other, as little as a pass
    from the left and one from the right can; the row stays inside [low, high] where it fits at all."""
    placed = list(lefts)
    edge = low
    for number, width in enumerate(widths):
        placed[number] = max(placed[number], edge)
        edge = placed[number] + width + gap
    edge = high
    for number in range(len(widths) - 1, -1, -1):
        placed[number] = min(placed[number], edge - widths[number])
        edge = placed[number] - gap
    return placed
