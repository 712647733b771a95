"""How a forecast would have done in the past, beside what is simplest. Pure; nothing later than its moment is used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from energy_console.planning.forecasting.calendar import QUARTERS_A_DAY
from energy_console.planning.forecasting.learning import HIGH, LOW, Band, Learnt, Series, foresee, learn
from hardware.points import Float64Array

STEPS = QUARTERS_A_DAY  # a day ahead
FROM_EVERY = 12  # quarter hours from one forecast to the next; learnt anew each day
OURS, PERSISTENCE, LAST_WEEK = "learnt", "persistence", "same day last week"
METHODS = (OURS, PERSISTENCE, LAST_WEEK)


@dataclass(frozen=True, slots=True)
class Score:
    """Over all forecasts and steps tried. Errors in the unit of the series."""

    method: str
    forecasts: int
    mean_error: float  # how far the expected value was off, without its sign
    bias: float  # with its sign: positive is too high
    covered: float  # share of values within the band, NaN for a method without one; 0.8 is honest
    pinball: float  # loss of the two edges of the band, mean; NaN for a method without one


@dataclass(frozen=True, slots=True)
class Backtest:
    days: float  # over which forecasts were tried; fewer than asked for where the past is short
    mean_size: float  # mean of the series without its sign, over what was forecast: errors may be told as a share
    scores: tuple[Score, ...]  # in the order of METHODS
    error_by_lead: tuple[tuple[str, Float64Array], ...]  # method, mean error a quarter hour ahead, shape (STEPS,)

    def score(self, method: str) -> Score:
        return next(score for score in self.scores if score.method == method)


def back_test(series: Series, days: int, scale: Float64Array | None = None) -> Backtest | None:
    """Forecasts each of the last `days` days from every three hours of it, a day ahead. `scale` makes of what is learnt
    (how clear the sky is) what is told (kW), one figure a value.

    None where the past is too short for it. What is `known` ahead is taken as it is in `series`: where that is weather
    as it came, not as it was forecast, the learnt forecast is a little too good.
    """
    count = len(series.value)
    start = count - days * QUARTERS_A_DAY - STEPS
    tried: list[tuple[int, Band]] = []
    learnt: Learnt | None = None
    for at in range(start, count - STEPS + 1, FROM_EVERY):
        if (at - start) % QUARTERS_A_DAY < FROM_EVERY:
            learnt = learn(_until(series, at)) if at > 0 else None
        if learnt is not None:
            tried.append((at, foresee(_until(series, at), learnt, STEPS)))
    factor = np.ones(count) if scale is None else scale[:count]
    return _scored(series.value * factor, factor, tried) if tried else None


def _until(series: Series, at: int) -> Series:
    """The past as it was at a moment; what is known goes on."""
    return Series(series.value[:at], series.slots, series.known)


def _scored(value: Float64Array, factor: Float64Array, tried: list[tuple[int, Band]]) -> Backtest:
    places = np.array([at for at, _ in tried])[:, None] + np.arange(STEPS)
    truth = value[places]
    forecasts = {
        OURS: np.stack([band.expected for _, band in tried]) * factor[places],
        PERSISTENCE: np.repeat(_last_known(value, places[:, :1] - 1), STEPS, axis=1),
        LAST_WEEK: np.where(places >= 7 * QUARTERS_A_DAY, value[places - 7 * QUARTERS_A_DAY], np.nan),
    }
    low, high = (np.stack([getattr(band, edge) for _, band in tried]) * factor[places] for edge in ("low", "high"))
    # all methods on the same values: those that each of them forecast
    usable = np.isfinite(truth) & np.all([np.isfinite(column) for column in forecasts.values()], axis=0)
    hidden = np.where(usable, truth, np.nan)
    scores = []
    for method, column in forecasts.items():
        error = column - hidden
        banded = method == OURS
        scores.append(
            Score(
                method,
                len(tried),
                float(np.nanmean(np.abs(error))),
                float(np.nanmean(error)),
                float(np.mean((low <= truth)[usable] & (truth <= high)[usable])) if banded else np.nan,
                float(np.nanmean(_pinball(hidden, low, LOW) + _pinball(hidden, high, HIGH)) / 2) if banded else np.nan,
            )
        )
    by_lead = tuple((method, np.nanmean(np.abs(column - hidden), axis=0)) for method, column in forecasts.items())
    return Backtest(len(tried) * FROM_EVERY / QUARTERS_A_DAY, float(np.nanmean(np.abs(hidden))), tuple(scores), by_lead)


def _last_known(value: Float64Array, at: np.ndarray) -> Float64Array:
    """The newest usable value at or before each place."""
    known = np.where(np.isfinite(value), np.arange(len(value)), -1)
    newest = np.maximum.accumulate(known)[np.maximum(at, 0)]
    return np.where(newest >= 0, value[np.maximum(newest, 0)], np.nan)


def _pinball(truth: Float64Array, edge: Float64Array, share: float) -> Float64Array:
    """Koenker and Bassett (1978): the loss that the true quantile makes least."""
    missing = truth - edge
    return np.maximum(share * missing, (share - 1.0) * missing)
