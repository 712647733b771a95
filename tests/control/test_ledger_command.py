"""`main.py ledger`: what was commanded, as a person and as a program read it."""

from __future__ import annotations

import json

import pytest

from energy_console.app import main
from energy_console.control.standing import Standing, standing_of
from energy_console.historian.ledger import LedgerCommand, LedgerRecord, LedgerStep
from tests.control.quay import LEVEL, LIMIT, quay

ASKED_NS = 1_795_354_328_000_000_000  # 22 Nov 2026 13:32:08 UTC


def step(number, kind, after_s, closes=False, value=None):
    return LedgerStep(number, ASKED_NS + round(after_s * 1e9), kind, f"It is {kind}.", value, closes)


@pytest.fixture
def asked(tmp_path, store):
    """Two commands in the store of a site; gives the arguments that name both."""
    store.append_ledger(
        [
            LedgerCommand(1, ASKED_NS, "L1", LEVEL, 0.5, "Ada", "plan 13:30, L1: 12 kW", "7"),
            LedgerCommand(2, ASKED_NS + 10**9, "CP1", LIMIT, 16.0, "Bea", "asked at a desk"),
        ],
        [
            step(1, "sending", 0.01),
            step(1, "read back", 0.25, value=0.5),
            step(1, "held", 0.25),
            step(2, "refused", 1.0, closes=True),
        ],
    )
    return ["ledger", "--site", str(quay(tmp_path / "site")), "--store", str(tmp_path / "store")]


def test_a_person_reads_who_why_what_when_and_how_it_stands(asked, capsys):
    assert main(asked) == 0
    told = capsys.readouterr().out
    assert "2026-11-22 14:32:08  1  L1/level_command = 50 %  held  Ada (plan 13:30, L1: 12 kW)" in told
    assert "    +0.25 s  read back    It is read back." in told
    assert told.index(LEVEL) < told.index(LIMIT), "oldest first, as it happened"


def test_a_program_gets_one_document(asked, capsys):
    assert main([*asked, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == 1
    newest, oldest = document["commands"]
    assert (newest["point"], newest["stands"], newest["plan"]) == (LIMIT, "refused", None)
    assert (oldest["asked"], oldest["value"], oldest["plan"]) == ("2026-11-22T13:32:08.000Z", 0.5, "7")
    assert [one["kind"] for one in oldest["steps"]] == ["sending", "read back", "held"]


@pytest.mark.parametrize(
    ("more", "points"),
    [
        (["--device", "CP1"], [LIMIT]),
        (["--point", LEVEL], [LEVEL]),
        (["--open"], [LEVEL]),
        (["--limit", "1"], [LIMIT]),
        (["--from", "2026-11-22T13:32:09Z"], [LIMIT]),
        (["--to", "2026-11-22T13:32:09Z"], [LEVEL]),
    ],
)
def test_the_ledger_is_asked_for_a_part(asked, capsys, more, points):
    assert main([*asked, *more, "--json"]) == 0
    assert [one["point"] for one in json.loads(capsys.readouterr().out)["commands"]] == points


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--device", "CP2"], "The site has no device CP2: did you mean CP1?"),
        (["--point", "CP1/limit_b"], "did you mean CP1/limit_a?"),
        (["--limit", "0"], "write 1 or more"),
        (["--from", "yesterday"], "is not a time"),
        (["--from", "2026-11-23T00:00Z", "--to", "2026-11-22T00:00Z"], "swap them"),
    ],
)
def test_wrong_input_is_a_sentence(asked, capsys, more, says):
    assert main([*asked, *more]) == 2
    assert says in capsys.readouterr().err


def test_a_store_without_commands_says_so(tmp_path, store, capsys):
    assert main(["ledger", "--site", str(quay(tmp_path / "site")), "--store", str(tmp_path / "store")]) == 0
    assert capsys.readouterr().out == "Nothing was commanded.\n"


@pytest.mark.parametrize(
    ("kinds", "closed", "stands"),
    [
        ([], False, Standing.UNDER_WAY),
        (["checked", "sending"], False, Standing.UNDER_WAY),
        (["read back", "held"], False, Standing.HELD),
        (["read back", "held", "not fed", "fell back"], False, Standing.NOT_FED),
        (["held", "not fed", "fed again"], False, Standing.HELD),
        (["read back"], True, Standing.DONE),
        (["held", "released"], True, Standing.LET_GO),
        (["held", "left"], True, Standing.LET_GO),
        (["unknown"], True, Standing.UNKNOWN),
        (["of a newer program"], True, Standing.UNKNOWN),
    ],
)
def test_how_a_command_stands_follows_from_its_steps(kinds, closed, stands):
    steps = [step(1, kind, 0.1) for kind in kinds]
    if closed:
        steps[-1] = step(1, kinds[-1], 0.2, closes=True)
    command = LedgerCommand(1, ASKED_NS, "L1", LEVEL, 0.5, "Ada", "")
    assert standing_of(LedgerRecord(command, tuple(steps))) is stands
