"""The examples of docs/store.md, run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from energy_console.historian.embedded import open_embedded
from tests.historian.series import POINTS, batch

DOCUMENT = Path(__file__).parents[2] / "docs" / "store.md"
EXAMPLES = re.findall(r"## With (\w+)\n\n```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)


@pytest.fixture(autouse=True)
def my_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store as the examples name it: two hours of one point at 10 s, one reading in ten a timeout."""
    monkeypatch.chdir(tmp_path)
    store = open_embedded("my-store", writing=True)
    store.register(POINTS)
    values = [float(n) if n % 10 else float("nan") for n in range(720)]
    store.append(batch([(1, n * 10.0, value) for n, value in enumerate(values)]))
    store.seal()
    store.close()


def run_example(name: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(dict(EXAMPLES)[name], f"docs/store.md, {name}", "exec"), names)
    return names


def test_the_document_shows_three_tools() -> None:
    assert [name for name, _ in EXAMPLES] == ["DuckDB", "pandas", "polars"]


def test_duckdb_finds_hourly_means() -> None:
    hourly = run_example("DuckDB")["hourly"]
    assert hourly["lowest"].min() == 1.0
    assert hourly["highest"].max() == 719.0
    assert len(hourly) == 3
    assert (hourly["mean"] > hourly["lowest"]).all()


def test_pandas_finds_quarters_of_usable_readings() -> None:
    quarters = run_example("pandas")["quarters"]
    assert quarters.notna().all()
    assert len(quarters) == 9


def test_polars_counts_bad_readings() -> None:
    pytest.importorskip("polars", reason="polars is not among the console's own libraries")
    worst = run_example("polars")["worst"]
    assert worst.rows() == [("M1/power_kw", 72)]
