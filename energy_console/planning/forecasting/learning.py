"""Learns from the past of one series how what is unusual goes on, and how far off that is. Pure; no clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_console.planning.forecasting.calendar import QUARTERS_A_DAY, Slots
from energy_console.planning.forecasting.usual import Usual, usual_of
from hardware.points import Float64Array, Int64Array

LEAST_DAYS = 7  # of past, before anything can be learnt: one of each day of the week
LEARNT_DAYS = 56
LOW, HIGH = 0.1, 0.9  # the band: one value in ten is below, one above
_WEEK = 7 * QUARTERS_A_DAY
# Groups of leads that are learnt together, in quarter hours; what lies between their middles is led over.
_LEADS = ((1, 2), (3, 4), (5, 8), (9, 16), (17, 32), (33, 64), (65, 96), (97, 192))
_LEADS_LEARNT = 5  # of a group
_ORIGIN_EVERY = 5  # quarter hours; not four, so that every quarter of the hour is learnt from
_FOLDS = 4
_RIDGE = 0.02  # of the mean square of a feature: a feature that says little is given little
_LEAST_ROWS = 60
_STAYS = 4  # the feature that alone, weighed 1, says: the last value stays

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """Quarter-hour means without a gap in time, oldest first; NaN where there is nothing usable."""

    value: Float64Array  # shape (n,)
    slots: Slots  # of the same n quarter hours and of those ahead
    known: tuple[Float64Array, ...] = ()  # what is known of the n and of those ahead, such as the weather


@dataclass(frozen=True, slots=True)
class Band:
    """Shape (steps,) each; `low` <= `expected` <= `high`. One value in ten falls below `low`, one above `high`."""

    low: Float64Array
    expected: Float64Array
    high: Float64Array


@dataclass(frozen=True, slots=True)
class Learnt:
    """One row a group of leads."""

    middles: Float64Array  # lead in the middle of a group, quarter hours
    weights: Matrix  # shape (groups, features)
    below: Float64Array  # quantiles of the error, in units of `spread`
    above: Float64Array
    spread: Float64Array  # usual size of the error by quarter hour of the local day, shape (96,)


def learn(series: Series) -> Learnt | None:
    """None where the past is too short to learn from. Errors are those on days that the weights had not seen."""
    count = len(series.value)
    if len(np.unique(series.slots.day[:count][np.isfinite(series.value)])) <= LEAST_DAYS:
        return None
    first = max(2 * QUARTERS_A_DAY, count - LEARNT_DAYS * QUARTERS_A_DAY)
    usual = [usual_of(column[:count], series.slots[:count]) for column in (series.value, *series.known)]
    groups = [_learn_group(series, usual, leads, np.arange(first, count, _ORIGIN_EVERY)) for leads in _LEADS]
    kept = [(place, group) for place, group in enumerate(groups) if group is not None]
    if not kept:
        return None
    spread = _spread([group for _, group in kept])
    quantiles = [_edges(group.error / spread[group.quarter]) for _, group in kept]
    return Learnt(
        np.array([sum(_LEADS[place]) / 2.0 for place, _ in kept]),
        np.array([group.weights for _, group in kept]),
        np.array([pair[0] for pair in quantiles]),
        np.array([pair[1] for pair in quantiles]),
        spread,
    )


def foresee(series: Series, learnt: Learnt, steps: int) -> Band:
    """The `steps` quarter hours after the past of `series`; its slots and what is known must reach that far."""
    count = len(series.value)
    usual = [usual_of(column[:count], series.slots[:count]) for column in (series.value, *series.known)]
    leads = np.arange(1, steps + 1)
    origins = np.full(steps, count - 1)
    base, features = _features(series, usual, origins, leads)
    weights = np.stack([_between(learnt.middles, column, leads) for column in learnt.weights.T], axis=1)
    expected = base + (features * weights).sum(axis=1)
    spread = learnt.spread[series.slots.quarter[count : count + steps]]
    low = expected + _between(learnt.middles, learnt.below, leads) * spread
    high = expected + _between(learnt.middles, learnt.above, leads) * spread
    return Band(np.minimum(low, expected), expected, np.maximum(high, expected))


@dataclass(frozen=True, slots=True)
class _Group:
    weights: Float64Array
    error: Float64Array  # of each example, by weights that had not seen its days
    quarter: Int64Array  # that each example was about


def _learn_group(series: Series, usual: Sequence[Usual], leads: tuple[int, int], origins: Int64Array) -> _Group | None:
    least, most = leads
    asked = np.unique(np.linspace(least, most, _LEADS_LEARNT).round().astype(np.int64))
    origin, lead = (column.ravel() for column in np.meshgrid(origins, asked, indexing="ij"))
    in_past = origin + lead < len(series.value)
    origin, lead = origin[in_past], lead[in_past]
    truth = series.value[origin + lead]
    base, features = _features(series, usual, origin, lead)
    usable = np.isfinite(truth) & np.isfinite(base)
    if usable.sum() < _LEAST_ROWS:
        return None
    features, missing = features[usable], (truth - base)[usable]
    block = _blocks(origin[usable])
    error = np.full(len(missing), np.nan)
    for fold in range(1, _FOLDS):  # what came before says how far off what comes is; the other way round it says less
        before, now = block < fold, block == fold
        error[now] = missing[now] - features[now] @ _ridge(features[before], missing[before])
    tried = np.isfinite(error)
    quarter = series.slots.quarter[(origin + lead)[usable]][tried]
    weights = _ridge(features, missing)
    stays = missing - features[:, _STAYS]
    if np.abs(stays[tried]).mean() < np.abs(error[tried]).mean():  # nothing to be learnt: it goes on as it is
        weights, error = np.eye(features.shape[1])[_STAYS], stays
    return _Group(weights, error[tried], quarter)


def _edges(error: Float64Array) -> tuple[float, float]:
    """Quantiles of errors in order of time: of all and of the newer half, whichever is wider.

    The past is rarely of one kind: a windy week to come is told by the one just gone rather than by the calm month.
    """
    newer = error[len(error) // 2 :]
    low, high = (np.quantile(part, (LOW, HIGH)) for part in (error, newer))
    return float(min(low[0], high[0])), float(max(low[1], high[1]))


def _blocks(origin: Int64Array) -> Int64Array:
    """Whole runs of days together, so that no day is learnt from and tried at once."""
    span = max(1, int(origin[-1] - origin[0] + 1))
    return np.asarray(np.minimum((origin - origin[0]) * _FOLDS // span, _FOLDS - 1))


def _features(
    series: Series, usual: Sequence[Usual], origin: Int64Array, lead: Int64Array
) -> tuple[Float64Array, Matrix]:
    """What was usual for each (origin, lead), shape (rows,), and what was unusual by then, shape (rows, features).

    Nothing later than the origin is looked at, but for what is known ahead. What is not there is 0: nothing unusual.
    """
    slots, target = series.slots, origin + lead
    seen_from = slots.day[origin]
    base = usual[0].at(seen_from, slots.quarter[target], slots.kind[target])

    def unusual(column: Float64Array, which: Usual, at: Int64Array) -> Float64Array:
        safe = np.clip(at, 0, len(column) - 1)
        deviation = column[safe] - which.at(seen_from, slots.quarter[safe], slots.kind[safe])
        return np.where(at >= 0, deviation, np.nan)

    def lately(quarters: int) -> Float64Array:
        ages = np.unique(np.linspace(0, quarters - 1, 12).round().astype(np.int64))
        return _mean([unusual(series.value, usual[0], origin - int(age)) for age in ages])

    days_back = -(-lead // QUARTERS_A_DAY) * QUARTERS_A_DAY
    weeks_back = -(-lead // _WEEK) * _WEEK
    columns = [
        np.ones(len(lead)),
        unusual(series.value, usual[0], origin),
        lately(4),
        lately(QUARTERS_A_DAY),
        series.value[origin] - base,
        unusual(series.value, usual[0], target - days_back),
        unusual(series.value, usual[0], target - weeks_back),
    ]
    for column, which in zip(series.known, usual[1:], strict=True):
        columns += [unusual(column, which, target), unusual(column, which, origin)]
    return base, np.nan_to_num(np.stack(columns, axis=1))


def _mean(columns: Sequence[Float64Array]) -> Float64Array:
    stack = np.stack(columns)
    known = np.isfinite(stack)
    total = np.where(known, stack, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, known.sum(axis=0), out=np.zeros(stack.shape[1]), where=known.any(axis=0)))


def _ridge(features: Matrix, wanted: Float64Array) -> Float64Array:
    """Least squares with a weight on the weights. Hoerl and Kennard (1970)."""
    square = features.T @ features
    size = np.maximum(np.diag(square), 1e-12)
    return np.asarray(np.linalg.solve(square + np.diag(_RIDGE * size), features.T @ wanted))


def _spread(groups: Sequence[_Group]) -> Float64Array:
    """Mean size of the error by quarter hour, smoothed over some hours, never 0."""
    quarter = np.concatenate([group.quarter for group in groups])
    size = np.abs(np.concatenate([group.error for group in groups]))
    total = _round_the_clock(np.bincount(quarter, size, QUARTERS_A_DAY).astype(np.float64))
    count = _round_the_clock(np.bincount(quarter, minlength=QUARTERS_A_DAY).astype(np.float64))
    mean = float(size.mean())
    smooth = np.where(count > 1e-6, total / np.maximum(count, 1e-6), mean)
    return np.maximum(smooth, max(0.05 * mean, math.ulp(1.0)))


def _round_the_clock(column: Float64Array) -> Float64Array:
    """Smoothed over some three hours; the day's end meets its beginning."""
    window = np.hanning(15)
    wrapped = np.concatenate([column[-7:], column, column[:7]])
    return np.convolve(wrapped, window / window.sum(), mode="valid")


def _between(middles: Float64Array, column: Float64Array, leads: Int64Array) -> Float64Array:
    return np.interp(np.log(leads), np.log(middles), column)
