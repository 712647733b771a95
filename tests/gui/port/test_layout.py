"""Where things stand in the harbour picture."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_console.gui.pages.port.layout import GUTTER_PX, Harbour, Rect, lay_out, place_ships, spread
from energy_console.live.port import points_of_station
from energy_console.site.model import ShipCall, Site
from energy_console.site.timetable import ship_calls
from tests.live.test_port import NOON

SIZES = [(1094, 400), (1180, 330), (1500, 560), (760, 330)]


def harbour_of(site: Site, width: float, height: float) -> Harbour:
    return lay_out(site.quays, site.stations, points_of_station(site), width, height)


def overlap(a: Rect, b: Rect) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_all_154_cells_stand_inside_the_picture_and_apart(demo: Site, width: int, height: int) -> None:
    harbour = harbour_of(demo, width, height)
    cells = [rect for place in harbour.stations.values() for _, rect in place.cells]
    assert len(cells) == 154
    assert all(rect.x >= GUTTER_PX and rect.right <= width and rect.y >= 0 and rect.bottom <= height for rect in cells)
    assert not any(overlap(a, b) for k, a in enumerate(cells) for b in cells[:k])


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_ids_stay_inside_and_free_of_every_cell(demo: Site, width: int, height: int) -> None:
    harbour = harbour_of(demo, width, height)
    for place in harbour.stations.values():
        assert place.label.y >= -1
        assert place.label.bottom <= height
        assert not any(overlap(place.label, rect) for _, rect in place.cells)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_texts_of_facing_and_of_neighbouring_quays_do_not_touch(demo: Site, width: int, height: int) -> None:
    harbour = harbour_of(demo, width, height)
    ships = place_ships(harbour, calls_of(demo), {station.id: station for station in demo.stations})
    texts = [place.label for place in harbour.stations.values()] + [ship.name_slot for ship in ships]
    shrunk = [Rect(t.x, t.y + 0.6, t.w, t.h - 1.2) for t in texts if t.w > 0]  # cells stand on whole pixels
    heights = sorted((t.y, t.bottom) for t in shrunk)
    for k, (_, bottom) in enumerate(heights):
        assert all(other_y == heights[k][0] or other_y >= bottom - 0.7 for other_y, _ in heights[k + 1 :])


def test_stations_stand_in_order_along_their_quay_to_scale(demo: Site) -> None:
    harbour = harbour_of(demo, 1094, 400)
    for station in demo.stations:
        cells = harbour.stations[station.id].cells
        middle = (cells[0][1].x + cells[-1][1].right) / 2
        assert middle == pytest.approx(GUTTER_PX + station.position_m * harbour.px_per_m, abs=1.0)


def calls_of(site: Site) -> list[ShipCall]:
    return [call for call in ship_calls(site, NOON, NOON + _HOUR) if call.arrives <= NOON]


_HOUR = NOON - NOON.replace(hour=11)


def test_ships_of_a_quay_do_not_touch_and_are_to_scale(demo: Site) -> None:
    harbour = harbour_of(demo, 1094, 400)
    calls = calls_of(demo)
    placed = place_ships(harbour, calls, {station.id: station for station in demo.stations})
    assert len(placed) == len(calls) > 10
    hulls = [place.hull for place in placed]
    assert not any(overlap(a, b) for k, a in enumerate(hulls) for b in hulls[:k])
    assert all(p.hull.w == pytest.approx(max(p.call.length_m * harbour.px_per_m, 14.0)) for p in placed)


@given(st.lists(st.tuples(st.floats(0, 900), st.floats(5, 60)), min_size=1, max_size=12))
def test_spread_intervals_keep_their_gap_and_stay_inside(wanted: list[tuple[float, float]]) -> None:
    wanted.sort()
    widths = [width for _, width in wanted]
    lefts = spread([left for left, _ in wanted], widths, 0.0, 1000.0, 4.0)
    for k in range(1, len(lefts)):
        assert lefts[k] >= lefts[k - 1] + widths[k - 1] + 4.0 - 1e-6
    assert lefts[-1] + widths[-1] <= 1000.0 + 1e-6
    assert lefts[0] >= -1e-6


def test_intervals_with_room_do_not_move() -> None:
    assert spread([10.0, 100.0], [20.0, 20.0], 0.0, 200.0, 4.0) == [10.0, 100.0]
