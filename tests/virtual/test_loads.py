"""Consumers follow the standard load profiles, and use in a year about what the site says."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.virtual.consumers import Consumers
from hardware.virtual.noise import Noise
from hardware.virtual.shapes import SLOTS, load_profiles, season_weights
from hardware.virtual.spec import Consumer
from hardware.virtual.weather import Weather
from tests.virtual.sites import ZONE, at

KINDS = ("homes", "offices", "shops", "hospital", "cold store", "pumps", "heat pump")


def test_every_profile_averages_to_one_over_the_year() -> None:
    days = np.array([season_weights(day) for day in range(1, 366)])
    np.testing.assert_allclose(days.sum(axis=1), 1.0)
    for name, profile in load_profiles().items():
        assert profile.shape == (3, SLOTS), name
        assert (days @ profile.mean(axis=1)).mean() == pytest.approx(1.0, abs=0.01), name


@pytest.fixture(scope="module")
def year() -> tuple[np.ndarray, list[tuple[int, float]]]:
    """Power of one consumer of each kind over a year, [moment, kind], and weekday and hour of each moment."""
    weather = Weather(51.9, 4.4, ZONE, seed=7)
    consumers = Consumers([Consumer(kind, kind, 87_600.0) for kind in KINDS], seed=7)
    moments = [at("2026-01-01T00:30") + day * 86_400 + hour * 3600 for day in range(0, 364, 3) for hour in range(24)]
    now = [weather.at(moment) for moment in moments]
    return np.array([consumers.power_kw(n) for n in now]), [(n.weekday, n.hour) for n in now]


def test_a_year_uses_what_the_site_says(year: tuple[np.ndarray, list[tuple[int, float]]]) -> None:
    np.testing.assert_allclose(year[0].mean(axis=0), 10.0, rtol=0.15)


def test_offices_work_on_weekdays_and_homes_in_the_evening(
    year: tuple[np.ndarray, list[tuple[int, float]]],
) -> None:
    power, moments = year
    kinds = {kind: power[:, k] for k, kind in enumerate(KINDS)}
    noon = np.array([weekday < 5 and 10 < hour < 14 for weekday, hour in moments])
    sunday = np.array([weekday == 6 and 10 < hour < 14 for weekday, hour in moments])
    evening = np.array([18 < hour < 21 for _, hour in moments])
    night = np.array([1 < hour < 5 for _, hour in moments])
    assert kinds["offices"][noon].mean() > 3 * kinds["offices"][sunday].mean()
    assert kinds["homes"][evening].mean() > 1.8 * kinds["homes"][night].mean()
    assert kinds["hospital"][night].mean() > 0.7 * kinds["hospital"].mean()


def test_noise_is_a_function_of_name_and_time_alone() -> None:
    both, alone = Noise(["a", "b"], 3), Noise(["b"], 3)
    times = [1e9 + 37.0 * k for k in range(500)]
    forth = [both.smooth(t, 600.0, 1)[1] for t in times]
    back = [alone.smooth(t, 600.0, 1)[0] for t in reversed(times)][::-1]
    assert forth == back
    assert np.abs(np.diff(forth)).max() < 0.6


def test_noise_is_centred_with_deviation_one() -> None:
    noise = Noise([f"n{k}" for k in range(400)], 1)
    drawn = np.array([noise.smooth(1e9 + 977.0 * k, 300.0, 2) for k in range(60)])
    assert drawn.mean() == pytest.approx(0.0, abs=0.03)
    assert drawn.std() == pytest.approx(1.0, abs=0.03)
    uniform = Noise([f"n{k}" for k in range(4000)], 1).uniform(3)
    assert 0 <= uniform.min() < 0.01
    assert 0.99 < uniform.max() < 1
