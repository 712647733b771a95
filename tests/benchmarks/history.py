"""What keeping and asking history costs, against other ways to keep it in the same run. `main.py bench history`.

    --data DIR   folder of real measurements, for the room that a reading takes (left out without)
    --quick      a month instead of a year, a third of the commits
    --for SPAN   how long 5,000 readings a second are committed

Parts: a year of seconds and its rivals (`history_year`), 5,000 readings a second on one desk and a day of many points
(`history_day`), the same store on a PostgreSQL server (`history_server`), real measurements (`history_real`).
Figures and targets: docs/benchmarks.md.
"""

from __future__ import annotations

import json as json_format
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.history_day import DayFigures, day_in_words, measure_day
from tests.benchmarks.history_real import RealFigures, measure_real
from tests.benchmarks.history_year import COMMIT_READINGS, DAY_POINTS, SPANS, YearFigures, measure_year

AT_LEAST = {"ingest_a_second": 300_000.0}
AT_MOST = {
    "bytes_a_reading_real": 2.5,
    "year_cold_ms": 30.0,
    "year_warm_ms": 5.0,
    "day_of_50_ms": 100.0,
    "commit_core_share": 0.25,
}


@dataclass(frozen=True, slots=True)
class Figures:
    year: YearFigures
    real: RealFigures | None
    day: DayFigures

    @property
    def found(self) -> dict[str, float]:
        """What the targets are of."""
        figures = {
            "ingest_a_second": self.year.ingest_a_second,
            "year_cold_ms": self.year.year_cold_ms,
            "year_warm_ms": self.year.year_warm_ms,
            "day_of_50_ms": self.year.day_cold_ms,
            "commit_core_share": self.day.commit_core_share,
        }
        return figures | ({} if self.real is None else {"bytes_a_reading_real": self.real.bytes_a_reading})

    @property
    def missed(self) -> list[str]:
        found = self.found
        few = [name for name, least in AT_LEAST.items() if found[name] < least]
        return few + [name for name, most in AT_MOST.items() if found.get(name, 0.0) > most]


def run(json: bool, for_s: float = 60.0, data: Path | None = None, quick: bool = False) -> int:
    """Prints the figures; 0 if every target is held. `for_s`: how long to commit 5,000 readings a second."""
    with tempfile.TemporaryDirectory(prefix="history-bench-", ignore_cleanup_errors=True) as name:
        root = Path(name)
        (root / "year").mkdir()
        year = measure_year(root / "year", days=30 if quick else 365, count=4 if quick else 12)
        real = None if data is None else measure_real(root / "real", data)
        day = measure_day(root, max(round(min(for_s, 10.0) if quick else for_s), 1), points=20 if quick else 200)
    found = Figures(year, real, day)
    targets = {"at_least": AT_LEAST, "at_most": AT_MOST}
    told = {**asdict(found), "load": load(), "targets": targets, "missed": found.missed}
    print(json_format.dumps(told, indent=2) if json else in_words(found))
    return 1 if found.missed else 0


def load() -> float | None:
    """Processes that wanted to run over the last five minutes; None where the system does not count them."""
    return round(os.getloadavg()[1], 1) if hasattr(os, "getloadavg") else None


def in_words(found: Figures) -> str:
    year = found.year
    lines = [
        (
            f"ingest  {COMMIT_READINGS:,} readings a commit, {year.commits} commits: {year.ingest_a_second:,.0f} "
            f"a second until all is durable and sealed ({year.durable_a_second:,.0f} until durable)"
        ),
        *beside(year.ingest_a_second, year.rival_ingest_a_second, "a second", more_is_better=True),
        (
            f"year    one point, {year.days} days at 1 s to {SPANS:,} spans: cold {year.year_cold_ms:.1f} ms, "
            f"again {year.year_warm_ms:.1f} ms; the store was filled in {year.build_s:.0f} s"
        ),
        f"month   the same point, the last {year.month_days} days: cold {year.month_cold_ms:.1f} ms",
        *beside(year.month_cold_ms, year.rival_month_ms, "ms"),
        f"day     {DAY_POINTS} points, one day at 1 s each: {year.day_cold_ms:.0f} ms, again {year.day_warm_ms:.0f} ms",
        *beside(year.day_cold_ms, year.rival_day_ms, "ms"),
        *real_in_words(found.real),
        day_in_words(found.day),
        f"load    {load()} over five minutes, {os.cpu_count()} cores",
        f"targets {told_targets()}: " + (f"MISSED {', '.join(found.missed)}" if found.missed else "held"),
    ]
    return "\n".join(lines)


def beside(own: float, others: dict[str, float], unit: str, *, more_is_better: bool = False) -> list[str]:
    """A line for each rival, with how many times better ours is."""
    return [
        f"        {name}: {other:,.0f} {unit} (ours x {own / other if more_is_better else other / own:,.2f})"
        for name, other in others.items()
    ]


def real_in_words(real: RealFigures | None) -> list[str]:
    if real is None:
        return ["real    no --data DIR: what a reading takes of real measurements was not looked at"]
    return [
        (
            f"real    {real.readings:,} readings of {real.points} points from {real.files} files "
            f"({real.left_out} without times left out): {real.bytes_a_reading:.2f} bytes each, "
            f"{real.bytes_with_tiers:.2f} with all tiers"
        )
    ]


def told_targets() -> str:
    least = [f"{name} at least {value:,.0f}" for name, value in AT_LEAST.items()]
    return ", ".join(least + [f"{name} at most {value:g}" for name, value in AT_MOST.items()])
