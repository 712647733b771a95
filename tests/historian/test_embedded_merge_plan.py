"""Which files are merged when, played through without writing any."""

from __future__ import annotations

from energy_console.historian.embedded.merging import MOST_ROWS, next_day_merge, next_month_merge
from energy_console.historian.embedded.newest import SealedFile
from energy_console.historian.embedded.parquet import READINGS


def sealed(kind: str, part: str, first: int, rows: int, level: int = 0, last: int | None = None) -> SealedFile:
    return SealedFile(kind, part, first, last or first, level, rows, first, first)


def merged(files: list[SealedFile], chosen: list[SealedFile]) -> list[SealedFile]:
    rows, level = sum(f.rows for f in chosen), max(f.level for f in chosen) + 1
    whole = sealed(chosen[0].kind, chosen[0].part, chosen[0].first, rows, level, chosen[-1].last)
    return [file for file in files if file not in chosen] + [whole]


def play(seals: int, rows: int) -> tuple[list[SealedFile], int, int]:
    """A running day: its files, how many there were at most, and how many rows were rewritten."""
    files: list[SealedFile] = []
    most, rewritten = 0, 0
    for number in range(seals):
        files.append(sealed(READINGS, "2026-11-22", number, rows))
        while chosen := next_day_merge(files, "2026-11-22"):
            rewritten += sum(file.rows for file in chosen)
            files = merged(files, chosen)
        most = max(most, len(files))
    return files, most, rewritten


def test_a_running_day_has_few_files_and_rewrites_each_reading_a_few_times() -> None:
    for seals, rows in ((96, 1_000_000), (432, 1_000_000), (96, 1_000)):
        files, most, rewritten = play(seals, rows)
        assert sum(file.rows for file in files) == seals * rows
        assert max(file.rows for file in files) <= MOST_ROWS
        assert most <= 9
        assert rewritten <= 9 * seals * rows


def test_a_day_that_is_over_becomes_one_file() -> None:
    files, _, _ = play(95, 1000)
    assert next_day_merge(files, "2026-11-22") == []
    assert len(next_day_merge(files, "2026-11-23")) == len(files)


def test_a_late_trickle_does_not_rewrite_a_whole_day() -> None:
    day = [sealed(READINGS, "2026-11-20", 1, 1_000_000, 4, 90), sealed(READINGS, "2026-11-20", 91, 5)]
    assert next_day_merge(day, "2026-11-22") == []


def test_a_month_gathers_eight_days_that_are_over_and_never_a_running_one() -> None:
    days = [sealed("quarters", f"2026-11-{day:02d}", day, 100) for day in range(1, 10)]
    assert len(next_month_merge(days, "2026-11-09")) == 8
    assert next_month_merge(days[:7], "2026-11-09") == []


def test_a_month_that_is_over_becomes_one_file() -> None:
    month = [
        sealed("quarters", "2026-10", 1, 800, 1, 8),
        *(sealed("quarters", f"2026-10-{d}", d, 100) for d in (30, 31)),
    ]
    assert len(next_month_merge(month, "2026-11-09")) == 3
    assert next_month_merge([sealed("quarters", "2026-10", 1, 1000, 2, 31)], "2026-11-09") == []
