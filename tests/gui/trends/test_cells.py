"""Cells: the line, the gaps and the figures that come from kept readings and spans."""

from __future__ import annotations

import numpy as np
import pytest

from energy_console.gui.pages.trends.cells import of_buckets, of_readings
from energy_console.gui.pages.trends.choice import (
    DAY_BEFORE,
    WEEK_BEFORE,
    AxisChoice,
    PlotChoice,
    TrendView,
    one_axis,
)
from energy_console.gui.pages.trends.view_format import ForeignView, from_json, to_json
from energy_console.gui.plots.range_of import AxisRange
from energy_console.historian.interface import Buckets, Series
from hardware.points import GOOD_STATUS, Reason, status_of

BAD = status_of(Reason.TIMEOUT)


def series(*readings: tuple[float, float | None]) -> Series:
    time_ns = np.array([round(time_s * 1e9) for time_s, _ in readings], np.int64)
    value = np.array([np.nan if value is None else value for _, value in readings])
    status = np.where(np.isnan(value), BAD, GOOD_STATUS).astype(np.uint16)
    return Series("a/b", time_ns, value, status)


def test_figures_are_weighted_by_time_and_bad_time_counts_against_good():
    cells = of_readings(series((0, 10.0), (10, 20.0), (30, None), (40, 40.0)), hold_s=60)
    found = cells.figures(0, 40)
    assert (found.minimum, found.maximum) == (10.0, 20.0)
    assert found.mean == pytest.approx((10 * 10 + 20 * 20) / 30)
    assert found.good == pytest.approx(0.75)


def test_a_bad_reading_is_a_gap_with_its_reason():
    cells = of_readings(series((0, 1.0), (10, None), (20, None), (30, 1.0)), hold_s=60)
    (gap,) = cells.gaps(30)
    assert (gap.start_s, gap.end_s, gap.words) == (10, 30, "no answer 20 s")
    assert np.isnan(cells.line().value).sum() == 2


def test_time_without_any_reading_is_a_gap_and_breaks_the_line():
    cells = of_readings(series((0, 1.0), (10, 1.0), (500, 1.0), (510, 1.0)), hold_s=30)
    (gap,) = cells.gaps(510)
    assert (gap.start_s, gap.end_s) == (40, 500)
    assert gap.words.startswith("nothing kept")
    line = cells.line()
    assert list(np.isnan(line.value)) == [False, False, True, False, False]


def test_a_cell_says_what_was_there_at_a_time():
    cells = of_readings(series((0, 1.0), (10, None), (20, 3.0)), hold_s=30)
    assert cells.at(5).value == 1.0
    assert np.isnan(cells.at(15).value)
    assert cells.at(15).status == BAD
    assert cells.at(25).value == 3.0
    assert not cells.at(500).kept
    assert not cells.at(-1).kept


def test_a_span_is_drawn_with_its_least_and_greatest_value():
    one = np.array([7.0])
    buckets = Buckets(
        "a/b", 60_000_000_000, np.array([0]), one - 7, one + 93, one, one, one, np.array([60]), np.array([60]), one,
        np.array([0], np.uint16),
    )  # fmt: skip
    line = of_buckets(buckets, 5.0, 1e9).line()
    assert sorted(line.value) == [0.0, 7.0, 7.0, 100.0]
    assert np.all(np.diff(line.time_s) > 0)


def test_a_view_survives_being_kept_and_leaves_out_points_the_site_lost():
    both = PlotChoice((AxisChoice("V", ("c/v",), AxisRange(0.1, None, True)), AxisChoice("degC", ("d/t",))), "Own")
    view = TrendView((one_axis("kW", ("a/p", "b/p")), both), 3600.0, (DAY_BEFORE, "90 min"), ("plan",), True)
    units = {"a/p": "kW", "b/p": "kW", "c/v": "V", "d/t": "degC"}
    assert from_json(to_json(view), units) == view
    fewer = from_json(to_json(view), {"b/p": "kW"})
    assert fewer.plots == (one_axis("kW", ("b/p",)),)


def test_a_view_of_the_first_format_is_read():
    plots = [{"unit": "kW", "points": ["a/p"], "title": ""}]
    kept = {"format": 1, "span_s": 900.0, "compare": ["day before", "same day last week"], "plots": plots}
    assert from_json(kept, {"a/p": "kW"}) == TrendView((one_axis("kW", ("a/p",)),), 900.0, (DAY_BEFORE, WEEK_BEFORE))


def test_a_point_whose_unit_the_site_has_changed_gets_an_axis_of_its_own():
    view = TrendView((one_axis("kW", ("a/p", "b/p")),))
    (plot,) = from_json(to_json(view), {"a/p": "kW", "b/p": "A"}).plots
    assert [(axis.unit, axis.points) for axis in plot.axes] == [("kW", ("a/p",)), ("A", ("b/p",))]


@pytest.mark.parametrize("kept", [{}, {"format": 1}, {"format": 99}, {"format": "x"}, {"format": 1, "span_s": None}])
def test_a_view_that_cannot_be_read_is_refused_with_a_sentence(kept):
    with pytest.raises(ForeignView, match=r"\w+ .*\."):
        from_json(kept, {})


def test_a_history_kept_more_rarely_than_live_has_no_gaps_of_its_own():
    rare = [(300.0 * step, 1.0) for step in range(20)]
    often = [(6000.0 + step, 2.0) for step in range(200)]
    cells = of_readings(series(*rare, *often), hold_s=5)
    assert cells.gaps(6200) == ()
    assert cells.figures(0, 6199).good == pytest.approx(1.0)
    assert not np.isnan(cells.line().value).any()


def test_an_outage_in_a_rare_history_is_still_a_gap():
    rare = [(300.0 * step, 1.0) for step in range(20) if step not in range(8, 14)]
    (gap,) = of_readings(series(*rare), hold_s=5).gaps(5700)
    assert gap.end_s == 300 * 14
    assert gap.start_s < 300 * 8
