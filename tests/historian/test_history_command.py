"""`history` as a person runs it, on the smallest site."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from energy_console.app import main
from energy_console.app.spans import BadInput, span_s
from energy_console.historian.embedded import open_embedded
from energy_console.site.loader import load_site
from tests.historian.series import START_S, batch

SITE = str(Path(__file__).parents[2] / "sites" / "one-meter")
WINDOW = ["--from", "2026-09-21T14:13:20Z", "--to", "2026-09-21T16:14:20+02:00"]  # one minute from START_S on


@pytest.fixture
def asked(tmp_path: Path) -> list[str]:
    """Arguments that ask a store with three readings of the meter's power, the second a timeout."""
    points = load_site(SITE).points
    index = [point.id for point in points].index("meter/power_kw")
    historian = open_embedded(tmp_path / "store", writing=True)
    historian.register(points)
    historian.append(batch([(index, 0, 1.5), (index, 10, math.nan), (index, 20, 2.5)]))
    historian.close()
    return ["history", "--site", SITE, "--store", str(tmp_path / "store"), *WINDOW]


def test_readings_come_as_csv_with_their_quality(asked: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*asked, "meter/power_kw"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert [row["time"] for row in rows] == [f"2026-09-21T14:13:{s}.000Z" for s in (20, 30, 40)]
    assert [(row["value"], row["quality"], row["reason"]) for row in rows] == [
        ("1.5", "good", ""),
        ("", "bad", "timeout"),
        ("2.5", "good", ""),
    ]


def test_spans_come_as_one_json_document(asked: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*asked, "meter/power_kw", "meter/voltage_l1_v", "--every", "1min", "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert (document["from"], document["every_s"]) == ("2026-09-21T14:13:20.000Z", 60)
    power, voltage = document["points"]
    row = dict(zip(document["columns"], power["rows"][0], strict=True))
    assert (power["unit"], row["minimum"], row["maximum"], row["count"], row["good_count"]) == ("kW", 1.5, 2.5, 3, 2)
    assert voltage["rows"] == []


def test_parquet_goes_to_a_file_and_holds_no_made_up_number(asked: list[str], tmp_path: Path) -> None:
    out = tmp_path / "power.parquet"
    assert main([*asked, "meter/power_*", "--out", str(out)]) == 0
    table = pq.read_table(out).filter(pq.read_table(out)["point"].cast("string").to_numpy() == "meter/power_kw")
    assert table["value"].to_pylist() == [1.5, None, 2.5]
    assert table["time"].to_pylist()[0].timestamp() == START_S
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (["meter/powr_kw"], "did you mean meter/power_kw"),
        (["meter/power_kw", "--from", "2026-09-21T14:00"], "write 2026-09-21T14:00+02:00 for Europe/Amsterdam"),
        (["meter/power_kw", "--from", "yesterday"], "'yesterday' is not a time"),
        (["meter/power_kw", "--to", "2026-09-20T00:00Z"], "is not before --to"),
        (["meter/power_kw", "--every", "5 bananas"], "'5 bananas' is not a span"),
        (["meter/power_kw", "--format", "parquet"], "name a file with --out"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence_and_exit_2(
    asked: list[str], changed: list[str], sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*asked, *changed]) == 2
    out, err = capfd.readouterr()
    assert sentence in err
    assert len(err.splitlines()) == 1
    assert out == ""


def test_a_store_that_is_not_there_is_one_sentence_and_exit_1(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "meter/power_kw", "--site", SITE, "--store", str(tmp_path / "no"), *WINDOW]) == 1
    assert "No store in" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15min", 900), ("24h", 86_400), ("1h30min", 5400), ("1.5h", 5400), ("250ms", 0.25), ("7d", 604_800)],
)
def test_spans_are_read(text: str, seconds: float) -> None:
    assert span_s(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "min", "-5s", "0s", "5 parsecs", "1h nonsense"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        span_s(text)
