"""Standard load profiles of the BDEW as demandlib carries them: power over a week, by season."""

from __future__ import annotations

import csv
import functools
import importlib.util
from pathlib import Path

import numpy as np

from hardware.points import Float64Array

SLOTS = 7 * 96  # quarter hours of a week, from Monday 00:00 local
SEASONS = ("winter", "transition", "summer")
# From which day of the year (0-based, no leap day) each season holds; as BDEW defines them.
SEASON_STARTS = ((0, 0), (79, 1), (134, 2), (257, 1), (304, 0), (365, 0))
# Kind of consumer -> profile; kinds not named are general trade (g0).
PROFILE_OF = {
    "homes": "h0", "offices": "g1", "school": "g1", "shops": "g4", "restaurant": "g2", "hotel": "g2",
    "hospital": "g3", "cold store": "g3", "server room": "g3", "reefers": "g3", "sports": "g2", "theatre": "g2",
    "bakery": "g5", "workshop": "g1", "farm": "l0",
}  # fmt: skip


class NoLoadProfiles(Exception):
    """The data file of the standard load profiles is not where demandlib keeps it."""


@functools.cache
def load_profiles() -> dict[str, Float64Array]:
    """Profile -> [season, slot]: power relative to the year's mean. Raises NoLoadProfiles.

    Read from demandlib's table itself, since its ElecSlp class does not run on pandas 3.1 (it turns the library's own
    deprecation warning into an error) and builds a whole year where a week is wanted.
    """
    with _data_file().open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in ("", "period", "weekday")]
    profiles: dict[str, Float64Array] = {}
    for name in names:
        weeks = np.array([[float(row[name]) for row in rows if row["period"] == season] for season in SEASONS])
        profiles[name] = weeks / (weeks.mean(axis=1) @ _season_shares())
    return profiles


def season_weights(day_of_year: int) -> Float64Array:
    """How much of each season a day has: seasons blend over a fortnight, where the standard steps overnight."""
    weights = np.zeros(len(SEASONS))
    for shift in range(-7, 8):
        day = (day_of_year - 1 + shift) % 365
        weights[_season_of(day)] += 1.0 / 15.0
    return weights


def _season_of(day: int) -> int:
    season = 0
    for start, index in SEASON_STARTS:
        if day >= start:
            season = index
    return season


def _season_shares() -> Float64Array:
    days = np.bincount([_season_of(day) for day in range(365)], minlength=len(SEASONS))
    shares: Float64Array = days / 365.0
    return shares


def _data_file() -> Path:
    found = importlib.util.find_spec("demandlib")  # finds it without importing it: that would import pandas
    if found is None or found.origin is None:
        raise NoLoadProfiles("demandlib is not installed; run the set-up again to get the standard load profiles.")
    path = Path(found.origin).parent / "bdew" / "bdew_data" / "selp_series.csv"
    if not path.is_file():
        raise NoLoadProfiles(f"The standard load profiles are not at {path}; install demandlib again.")
    return path
