"""Streets in a picture: fitting, zooming, hitting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_console.gui.pages.lighting.geometry import distance_to, fit, middle_of
from tests.live.test_lighting import lit_site

SIDE = st.floats(50.0, 2000.0)


@given(SIDE, SIDE)
def test_the_whole_map_fits_any_picture(width: float, height: float) -> None:
    groups = lit_site("L-1", "L-2").lighting
    view = fit(groups, width, height)
    for group in groups:
        for line in group.streets:
            for x, y in view.line(line):
                assert -1e-6 <= x <= width + 1e-6
                assert -1e-6 <= y <= height + 1e-6


@given(st.floats(-500, 500), st.floats(-500, 500))
def test_a_place_comes_back_from_the_picture(x_m: float, y_m: float) -> None:
    view = fit(lit_site("L-1").lighting, 600, 400)
    assert view.to_m(*view.to_px(x_m, y_m)) == pytest.approx((x_m, y_m), abs=1e-6)


def test_zooming_keeps_the_place_under_the_pointer() -> None:
    view = fit(lit_site("L-1").lighting, 600, 400)
    before = view.to_m(100, 50)
    assert view.zoomed(2.0, 100, 50, view.px_per_m).to_m(100, 50) == pytest.approx(before)


def test_zooming_out_stops_at_the_whole_map() -> None:
    view = fit(lit_site("L-1").lighting, 600, 400)
    assert view.zoomed(0.1, 0, 0, view.px_per_m).px_per_m == view.px_per_m


def test_north_is_up() -> None:
    view = fit(lit_site("L-1").lighting, 600, 400)
    assert view.to_px(0, 10)[1] < view.to_px(0, 0)[1]


def test_the_middle_is_half_the_way_along() -> None:
    assert middle_of(((0.0, 0.0), (10.0, 0.0), (10.0, 30.0))) == pytest.approx((10.0, 10.0))


def test_distance_is_to_the_nearest_part_of_a_line() -> None:
    line = ((0.0, 0.0), (10.0, 0.0))
    assert distance_to(line, 5, 3) == pytest.approx(3)
    assert distance_to(line, 13, 4) == pytest.approx(5)
