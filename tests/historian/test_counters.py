"""Counters: what they counted, and what is not believed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_console.historian.counters import HOUR_NS, Consumption, CounterRule, Step, consumption, per_span
from hardware.points import Reason, status_of

RATED = CounterRule(rated_per_h=100.0)
START_NS = 1_790_000_000_000_000_000


def counted(values: list[float], rule: CounterRule = RATED, every_h: float = 1.0) -> Consumption:
    time_ns = START_NS + (np.arange(len(values)) * every_h * HOUR_NS).astype(np.int64)
    return consumption(time_ns, np.array(values), np.zeros(len(values), np.uint16), rule)


@pytest.mark.parametrize(
    ("values", "steps", "amounts"),
    [
        ([10, 60, 160], [Step.NORMAL, Step.NORMAL], [50, 100]),
        ([5000, 5050, 20, 90], [Step.NORMAL, Step.RESET, Step.NORMAL], [50, 20, 70]),
        ([99_950, 99_990, 30, 90], [Step.NORMAL, Step.ROLLOVER, Step.NORMAL], [40, 40, 60]),
        ([5000, 5050, 3000, 3040], [Step.NORMAL, Step.SWAP, Step.NORMAL], [50, 0, 40]),
        ([5000, 5050, 9000, 9040], [Step.NORMAL, Step.JUMP, Step.NORMAL], [50, 0, 40]),
        ([5000, 900_000, 5050, 5100], [Step.NORMAL, Step.NORMAL], [50, 50]),
        ([5000, 0, 5050, 5100], [Step.NORMAL, Step.NORMAL], [50, 50]),
    ],
    ids=["runs", "reset", "rollover", "swap", "jump", "spike passed over", "dip passed over"],
)
def test_a_step_is_told_apart_and_counted(values: list[float], steps: list[Step], amounts: list[float]) -> None:
    result = counted(values)
    assert result.step.tolist() == steps
    assert result.amount.tolist() == pytest.approx(amounts)


def test_a_jump_is_flagged_with_what_the_counter_claims_and_not_billed() -> None:
    result = counted([5000, 5050, 9000])
    assert result.flagged.tolist() == [False, True]
    assert result.unexplained.tolist() == [0, 3950]
    assert result.total == 50


def test_nothing_is_claimed_of_a_swap() -> None:
    assert np.isnan(counted([5000, 5050, 3000]).unexplained[1])


def test_bad_readings_are_bridged_and_the_energy_of_the_gap_is_kept() -> None:
    status = np.array([0, status_of(Reason.TIMEOUT), 0], np.uint16)
    time_ns = START_NS + np.arange(3) * HOUR_NS
    result = consumption(time_ns, np.array([10.0, np.nan, 150.0]), status, RATED)
    assert result.amount.tolist() == [140.0]


def test_a_known_end_of_the_counter_is_used() -> None:
    assert counted([4_294_960, 15], CounterRule(100.0, modulus=4_294_967.296)).amount[0] == pytest.approx(22.296)


def test_rounding_of_a_float32_counter_is_not_a_swap() -> None:
    values = [float(np.float32(1_234_567.94)), float(np.float32(1_234_567.81))]
    assert counted(values).step.tolist() == [Step.NORMAL]


def test_a_rule_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="rated_per_h"):
        CounterRule(rated_per_h=-1.0)


rises = st.lists(st.floats(0, 100), min_size=2, max_size=50)


@given(rises, st.floats(0, 1e5))
def test_a_counter_that_only_runs_adds_up_to_its_last_less_its_first(rise: list[float], first: float) -> None:
    values = np.concatenate(([first], first + np.cumsum(rise)))
    result = counted(values.tolist())
    assert not result.flagged.any()
    assert result.total == pytest.approx(values[-1] - values[0], abs=1e-6)


@given(rises, st.integers(1, 10**6))
def test_a_rollover_changes_nothing_of_the_sum(rise: list[float], below: int) -> None:
    modulus = 1e6
    values = (modulus - below % 4000 + np.concatenate(([0.0], np.cumsum(rise)))) % modulus
    result = counted(values.tolist(), CounterRule(100.0, modulus))
    assert result.total == pytest.approx(sum(rise), abs=1.0)


@given(rises, st.data())
def test_a_reset_counts_what_the_counter_shows_after_it(rise: list[float], data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(rise)))
    values = 50_000 + np.concatenate(([0.0], np.cumsum(rise)))
    values[at:] -= values[at - 1]
    result = counted(values.tolist())
    assert result.step[at - 1] == Step.RESET
    assert result.total == pytest.approx(sum(rise), abs=1e-6)


@given(st.lists(st.floats(0, 1e7), min_size=2, max_size=40))
def test_whatever_a_counter_shows_no_step_bills_more_than_its_rating_allows(values: list[float]) -> None:
    result = counted(values)
    hours = (result.end_ns - result.start_ns) / HOUR_NS
    assert (result.amount <= hours * 120 + 1e7 * 2**-22 + 1e-6).all()
    assert (result.amount >= -1e7 * 2**-22 - 1e-6).all()


@given(rises, st.lists(st.floats(-2, 60), min_size=2, max_size=20).map(sorted))
def test_spans_that_cover_everything_share_out_the_whole_and_nothing_else(rise: list[float], cuts: list[float]) -> None:
    result = counted(np.concatenate(([0.0], np.cumsum(rise))).tolist())
    hours = np.array([-3.0, *cuts, 70.0])
    shares = per_span(result, START_NS + (hours * HOUR_NS).astype(np.int64))
    assert shares.sum() == pytest.approx(result.total, abs=1e-6)
    assert (shares >= -1e-3).all()
