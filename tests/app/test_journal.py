"""`journal` as a person runs it, on the smallest site."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from energy_console.app import main
from energy_console.historian.embedded import open_embedded

SITE = str(Path(__file__).parents[2] / "sites" / "one-meter")
S = 10**9
T0 = 1_795_354_328 * S  # 2026-11-22 13:32:08 UTC


@pytest.fixture
def asked(tmp_path: Path) -> list[str]:
    historian = open_embedded(tmp_path / "store", writing=True)
    historian.write_event(T0, "engine", "engine", "Engine started", {})
    historian.write_event(T0 + S, "alarm", "meter", "P2 Main meter: no answer: raised", {"priority": 2, "state": "new"})
    historian.close()
    return ["journal", "--site", SITE, "--store", str(tmp_path / "store")]


def test_the_journal_is_told_oldest_first_with_who_did_it(asked: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(asked) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[2:4] for line in lines] == [["engine", "engine"], ["alarm", "engine"]]
    assert main([*asked, "--kind", "note"]) == 0
    assert capfd.readouterr().out == "The journal has nothing of that.\n"


def test_a_note_is_added_written_over_and_exported(
    asked: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    add = [*asked, "--add", "Fuse of L2 changed", "--asset", "meter", "--at", "2026-11-22T13:33:00Z", "--by", "Anna"]
    assert main([*add, "--json"]) == 0
    number = json.loads(capfd.readouterr().out)["id"]
    assert main([*asked, "--add", "Fuse of L3 changed", "--over", str(number), "--by", "Ben"]) == 0
    assert main([*asked, "--json", "--asset", "meter", "--kind", "note"]) == 0
    out = capfd.readouterr().out
    (entry,) = json.loads(out[out.index("{") :])["entries"]
    assert (entry["text"], entry["who"], entry["refers"]) == ("Fuse of L3 changed", "Ben", number)
    assert entry["time"] == "2026-11-22T13:33:00.000Z"
    assert main([*asked, "--replaced", "--out", str(tmp_path / "journal.csv")]) == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "journal.csv").read_text(encoding="utf-8"))))
    assert [row["kind"] for row in rows] == ["note", "note", "alarm", "engine"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--kind", "gossip"], "The journal has no kind 'gossip'"),
        (["--asset", "crane"], "The site has no device, point, node or station crane"),
        (["--from", "2026-11-22T13:33:00"], "says no time zone"),
        (["--from", "2026-11-22T14:00Z", "--to", "2026-11-22T13:00Z"], "is not before"),
        (["--limit", "0"], "shows nothing"),
        (["--by", "Anna"], "belong to a note"),
        (["--add", " "], "The note is empty"),
        (["--add", "Words", "--over", "77"], "has no note 77"),
        (["--out", "journal.txt"], "says no format"),
    ],
)
def test_what_cannot_be_meant_is_told_in_a_sentence(
    asked: list[str], capfd: pytest.CaptureFixture[str], more: list[str], sentence: str
) -> None:
    assert main([*asked, *more]) == 2
    assert sentence in capfd.readouterr().err
