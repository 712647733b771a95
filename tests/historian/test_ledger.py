"""The command ledger in the store: it only grows, is read by everybody, and outlives its process."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from energy_console.historian.embedded import open_embedded
from energy_console.historian.embedded.database import Schema
from energy_console.historian.embedded.state import SCHEMA, StateFile
from energy_console.historian.interface import Historian
from energy_console.historian.ledger import LedgerCommand, LedgerStep
from tests.historian.conftest import Opener

ALWAYS = (0, 2**62)


def asked(number: int, device: str = "C1", value: float | None = 16.0) -> LedgerCommand:
    return LedgerCommand(number, number * 1000, device, f"{device}/limit_a", value, "Ada", "a test", "")


def step(number: int, kind: str, *, closes: bool = False, value: float | None = None) -> LedgerStep:
    return LedgerStep(number, number * 1000 + 1, kind, f"It is {kind}.", value, closes)


def test_commands_come_newest_first_with_their_steps_in_order(open_store: Opener) -> None:
    writer, reader = open_store(True), open_store(False)
    writer.append_ledger([asked(1), asked(2, "C2")], [step(1, "sending"), step(2, "sending")])
    writer.append_ledger([], [step(1, "read back", value=16.0, closes=True)])
    second, first = reader.ledger(*ALWAYS)
    assert (first.command, second.command) == (asked(1), asked(2, "C2"))
    assert [one.kind for one in first.steps] == ["sending", "read back"]
    assert first.steps[1].value == 16.0
    assert (first.is_open, second.is_open) == (False, True)


def test_the_ledger_is_asked_by_device_point_time_and_number(store: Historian) -> None:
    store.append_ledger([asked(n, f"C{n % 2}") for n in range(1, 7)], [])
    numbers = [record.command.id for record in store.ledger(*ALWAYS, device="C1", limit=2)]
    assert numbers == [5, 3]
    assert [record.command.id for record in store.ledger(*ALWAYS, point="C0/limit_a")] == [6, 4, 2]
    assert [record.command.id for record in store.ledger(2000, 4000)] == [3, 2]


def test_commands_cut_off_by_a_crash_are_told_by_the_next_run(open_store: Opener) -> None:
    writer = open_store(True)
    writer.append_ledger([asked(1), asked(2), asked(3)], [step(1, "sending"), step(2, "refused", closes=True)])
    writer.close()
    again = open_store(True)
    assert [record.command.id for record in again.open_ledger()] == [1, 3]


def test_what_is_handed_over_twice_is_kept_once(store: Historian) -> None:
    store.append_ledger([asked(1)], [])
    store.append_ledger([asked(1, value=99.0)], [step(1, "sending")])
    (record,) = store.ledger(*ALWAYS)
    assert record.command.value == 16.0
    assert len(record.steps) == 1


def test_to_let_go_has_no_value(store: Historian) -> None:
    store.append_ledger([asked(1, value=None)], [])
    assert store.ledger(*ALWAYS)[0].command.value is None


@pytest.mark.parametrize("table", ["ledger", "ledger_step"])
@pytest.mark.parametrize("act", ["delete from {0}", "update {0} set {1} = 'x'"])
def test_nothing_in_it_can_be_changed_or_taken_out(tmp_path: Path, table: str, act: str) -> None:
    store = open_embedded(tmp_path / "store", True)
    store.append_ledger([asked(1)], [step(1, "sending")])
    store.close()
    connection = apsw.Connection(str(tmp_path / "store" / "state.sqlite"))
    with pytest.raises(apsw.ConstraintError, match="only grows"):
        connection.execute(act.format(table, "who" if table == "ledger" else "text"))
    connection.close()


def test_a_store_of_before_the_ledger_gets_one_and_keeps_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(
            "energy_console.historian.embedded.state.SCHEMA", Schema(SCHEMA.application_id, SCHEMA.steps[:1])
        )
        old = open_embedded(tmp_path / "store", True)
        old.put_state("plan", "in force", {"id": "7"})
        old.close()
    reader = StateFile(tmp_path / "store" / "state.sqlite", create=False)
    assert reader.ledger(*ALWAYS, "", "", 10) == []
    assert reader.open_ledger() == []
    reader.close()
    store = open_embedded(tmp_path / "store", True)
    store.append_ledger([asked(1)], [])
    assert store.get_state("plan", "in force") == {"id": "7"}
    assert len(store.open_ledger()) == 1
    store.close()


def test_orders_claimed_by_an_engine_that_was_killed_are_found(store: Historian) -> None:
    first, second = (store.request_command({"do": "write", "n": n}) for n in (1, 2))
    store.claim_commands("engine")
    store.finish_command(first, {"ok": True, "text": "done"})
    assert store.claimed_commands("engine") == [(second, {"do": "write", "n": 2})]
    assert store.claimed_commands("another") == []
