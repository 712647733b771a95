"""What each kind of correction makes of the readings of a span."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_console.historian.correcting.change import (
    CORRECTED,
    INTERPOLATED,
    WITHDRAWN,
    Around,
    CorrectionRefused,
    Given,
    Interpolate,
    Invalidate,
    SetTo,
    Shift,
    corrected,
    filled_times,
)
from energy_console.historian.interface import Series
from hardware.points import Reason, status_of

TIMEOUT = status_of(Reason.TIMEOUT)
END_MS = 600_000


def around(
    rows: list[tuple[int, float]], before: tuple[int, float] | None = None, after: tuple[int, float] | None = None
) -> Around:
    value = np.array([row[1] for row in rows], float)
    status = np.where(np.isnan(value), TIMEOUT, 0).astype(np.uint16)
    times = np.array([row[0] * 1_000_000 for row in rows], np.int64)
    return Around(Series("M1/power_kw", times, value, status), before, after)


MINUTES = [(minute * 60_000, float(minute)) for minute in range(10)]


def test_a_shift_leaves_what_could_not_be_read_as_it_was() -> None:
    rows = [*MINUTES[:3], (180_000, math.nan), *MINUTES[4:]]
    time_ms, value, status = corrected(Shift(2.5), around(rows), 0, END_MS)
    assert time_ms.tolist() == [row[0] for row in rows]
    assert value[[0, 1, 2, 4]].tolist() == [2.5, 3.5, 4.5, 6.5]
    assert math.isnan(value[3])
    assert status[3] == TIMEOUT
    assert set(status.tolist()) == {CORRECTED, TIMEOUT}


def test_a_value_stands_all_the_while_also_where_nothing_was_read() -> None:
    rows = [*MINUTES[:3], MINUTES[8], MINUTES[9]]
    time_ms, value, status = corrected(SetTo(7.0), around(rows), 0, END_MS)
    assert time_ms.tolist() == list(range(0, END_MS, 60_000))
    assert set(value.tolist()) == {7.0}
    assert set(status.tolist()) == {CORRECTED}


def test_a_value_for_a_span_without_any_reading_is_kept_a_minute_apart() -> None:
    time_ms, value, _ = corrected(SetTo(1.0), around([]), 0, END_MS)
    assert time_ms.tolist() == list(range(0, END_MS, 60_000))
    assert len(value) == 10


def test_a_line_goes_from_the_reading_before_to_the_reading_after() -> None:
    time_ms, value, status = corrected(Interpolate(), around(MINUTES, (-60_000, 0.0), (600_000, 11.0)), 0, END_MS)
    assert value.tolist() == pytest.approx([(ms + 60_000) / 60_000 for ms in time_ms])
    assert set(status.tolist()) == {INTERPOLATED}


def test_what_is_invalid_has_no_value_and_is_told_so() -> None:
    _, value, status = corrected(Invalidate(), around(MINUTES), 0, END_MS)
    assert np.isnan(value).all()
    assert set(status.tolist()) == {WITHDRAWN}


def test_given_readings_are_taken_only_within_the_span() -> None:
    other = Given(np.array([-1, 0, 5_000, END_MS]), np.array([1.0, 2.0, 3.0, 4.0]))
    time_ms, value, _ = corrected(other, around(MINUTES), 0, END_MS)
    assert (time_ms.tolist(), value.tolist()) == ([0, 5_000], [2.0, 3.0])


def test_of_two_readings_of_one_moment_the_one_that_holds_is_corrected() -> None:
    time_ms, value, _ = corrected(Shift(1.0), around([(0, 1.0), (0, 2.0), (1000, 3.0)]), 0, END_MS)
    assert (time_ms.tolist(), value.tolist()) == ([0, 1000], [3.0, 4.0])


@pytest.mark.parametrize(
    ("change", "rows", "sentence"),
    [
        (Invalidate(), [], "nothing there to correct"),
        (Shift(1.0), [(0, math.nan)], "no usable reading there to shift"),
        (Interpolate(), MINUTES, "no usable reading within a week before"),
        (Given(np.array([END_MS]), np.array([1.0])), MINUTES, "nothing there to correct"),
    ],
)
def test_what_cannot_be_done_is_refused(change: object, rows: list[tuple[int, float]], sentence: str) -> None:
    with pytest.raises(CorrectionRefused, match=sentence):
        corrected(change, around(rows), 0, END_MS)  # type: ignore[arg-type]


@given(st.sets(st.integers(0, 10_000_000), max_size=40), st.integers(1, 10_000_000))
def test_a_filled_span_keeps_the_times_read_and_has_no_hole_in_which_a_value_would_end(
    times: set[int], end_ms: int
) -> None:
    inside = np.array(sorted(time for time in times if time < end_ms), np.int64)
    filled = filled_times(inside, 0, end_ms)
    assert set(inside.tolist()) <= set(filled.tolist())
    assert ((filled >= 0) & (filled < end_ms)).all()
    assert (np.diff(np.concatenate((filled, [end_ms]))) <= 1_200_000).all()
