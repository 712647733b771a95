"""`correct` from the command line: shown first, done by a name for a reason, seen everywhere, taken back as one act."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from energy_console.app import main
from energy_console.historian.embedded import open_embedded
from energy_console.historian.embedded.checking import check_store
from energy_console.historian.embedded.folder import StoreFolder
from hardware.points import Point, ScanBatch

SITE = str(Path(__file__).parents[2] / "sites" / "one-meter")
POWER = "meter/power_kw"
START_MS = 1_767_225_600_000  # 2026-01-01
SPAN = ["--from", "2026-01-01T00:10Z", "--to", "2026-01-01T00:20Z"]


class Desk:
    """Runs commands on a store with an hour of minutes, each its own number as the value."""

    def __init__(self, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.store, self._capsys = store, capsys
        historian = open_embedded(store, writing=True)
        historian.register([Point(POWER, "meter", "power_kw", "kW", "Power")])
        time_ns = (START_MS + np.arange(60, dtype=np.int64) * 60_000) * 1_000_000
        historian.append(ScanBatch(0, np.zeros(60, np.int32), time_ns, np.arange(60.0), np.zeros(60, np.uint16)))
        historian.close()

    def run(self, *words: str) -> tuple[int, str, str]:
        code = main([words[0], "--site", SITE, "--store", str(self.store), *words[1:]])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def done(self, *words: str) -> Any:
        code, out, err = self.run(*words, "--json")
        assert code == 0, err
        return json.loads(out)

    def history(self, *words: str) -> list[float | None]:
        whole = ["--from", "2026-01-01T00:00Z", "--to", "2026-01-01T01:00Z"]
        told = self.done("history", POWER, *whole, *words)
        return [row[1] for row in told["points"][0]["rows"]]


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path / "store", capsys)


def test_a_correction_is_shown_first_done_with_yes_and_taken_back(desk: Desk) -> None:
    told = ["correct", POWER, *SPAN, "--shift", "100", "--why", "wrong transformer", "--by", "Ada"]
    code, out, _ = desk.run(*told)
    assert code == 0
    assert "now:  10 readings, 10 usable; 10 / 14.5 / 19 kW" in out
    assert "then: 10 readings, 10 usable; 110 / 114.5 / 119 kW" in out
    assert "uncertain, substituted" in out
    assert "Nothing was changed. --yes does it." in out
    assert desk.history() == list(range(60))
    assert desk.done(*told, "--yes")["correction"] == 1
    shifted = [n + 100.0 if 10 <= n < 20 else float(n) for n in range(60)]
    assert desk.history() == shifted
    assert desk.history("--original") == list(range(60))
    assert desk.history("--every", "10min")[1] == 110.0
    assert desk.history("--every", "10min", "--original")[1] == 10.0
    events = desk.done("journal", "--kind", "correction")
    assert "shifted by +100 kW: wrong transformer" in json.dumps(events)
    assert "Ada" in json.dumps(events)
    assert desk.done("correct", "--undo", "1") == {"correction": 1, "taken_back": 10}
    assert desk.history() == list(range(60))
    assert [(one["correction"], one["state"], one["who"]) for one in desk.done("correct", "--list")] == [
        (1, "taken back", "Ada")
    ]
    report = check_store(StoreFolder(desk.store))
    assert (report.faults, report.notes) == ((), ())


def test_each_kind_of_correction_reaches_the_readings(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("time,p_w\n2026-01-01T00:10Z,5000\n2026-01-01T00:15Z,6000\n2026-01-01T00:30Z,9\n", "utf-8")
    for words, expected in (
        (["--value", "3"], [3.0] * 10),
        (["--interpolate"], [float(n) for n in range(10, 20)]),
        (["--invalid"], [None] * 10),
        (["--file", str(other)], [5.0, 6.0]),
    ):
        number = desk.done("correct", POWER, *SPAN, *words, "--why", "x", "--yes")["correction"]
        assert desk.history()[10:-40] == expected
        desk.done("correct", "--undo", str(number))
    assert desk.history() == list(range(60))


def test_the_document_of_history_tells_what_is_corrected(desk: Desk) -> None:
    desk.done("correct", POWER, *SPAN, "--value", "3", "--why", "x", "--yes")
    whole = ["--from", "2026-01-01T00:00Z", "--to", "2026-01-01T01:00Z"]
    told = desk.done("history", POWER, *whole)["points"][0]["corrected"]
    assert told == [{"correction": 1, "from": "2026-01-01T00:10:00.000Z", "to": "2026-01-01T00:20:00.000Z"}]
    _, text, _ = desk.run("history", POWER, *whole)
    assert "2026-01-01T00:12:00.000Z,3.0,uncertain,substituted" in text


def test_one_that_lies_over_another_has_to_be_taken_back_first(desk: Desk) -> None:
    desk.done("correct", POWER, *SPAN, "--shift", "1", "--why", "x", "--yes")
    desk.done("correct", POWER, *SPAN, "--shift", "1", "--why", "y", "--yes")
    assert desk.history()[10] == 12.0
    code, _, err = desk.run("correct", "--undo", "1")
    assert code == 2
    assert "Correction 2 of meter/power_kw lies over correction 1" in err
    desk.done("correct", "--undo", "2")
    desk.done("correct", "--undo", "1")
    code, _, err = desk.run("correct", "--undo", "1")
    assert code == 2
    assert "Correction 1 was taken back already" in err


def test_an_import_beneath_a_correction_is_refused(desk: Desk, tmp_path: Path) -> None:
    desk.done("correct", POWER, *SPAN, "--invalid", "--why", "x", "--yes")
    path = tmp_path / "late.csv"
    path.write_text("time,p_kw\n2026-01-01T00:10:30Z,5\n", "utf-8")
    code, _, err = desk.run("import", str(path), "--map", f"p_kw={POWER}:kW", "--write")
    assert code == 2
    assert "is corrected there (correction 1)" in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--value", "1"], "A correction says why"),
        (["--value", "inf", "--why", "x"], "is no number that can be kept"),
        (["--value", "nan", "--why", "x"], "is no number that can be kept"),
        (["--why", "x"], "Say what holds instead"),
        (["--from", "2026-01-01T00:10", "--value", "1", "--why", "x"], "says no time zone"),
        (["--to", "2999-01-01T00:00Z", "--value", "1", "--why", "x"], "the span ends after now"),
        (["--to", "2025-01-01T00:00Z", "--value", "1", "--why", "x"], "is not before --to"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(desk: Desk, words: list[str], sentence: str) -> None:
    code, _, err = desk.run("correct", POWER, *SPAN, *words, "--yes")
    assert code == 2
    assert sentence in err
    assert len(err.strip().splitlines()) == 1


def test_times_of_a_file_without_zone_are_refused(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("time,p_kw\n2026-01-01 00:10,5\n2026-01-01 00:11,5\n", "utf-8")
    code, _, err = desk.run("correct", POWER, *SPAN, "--file", str(path), "--why", "x", "--yes")
    assert code == 2
    assert "says no time zone" in err
    assert desk.done("correct", POWER, *SPAN, "--file", str(path), "--why", "x", "--zone", "UTC", "--yes")["correction"]
