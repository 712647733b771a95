"""The journal on both stores: windows, filters, notes written anew, and where the next entry is."""

from __future__ import annotations

import json

import pytest

from energy_console.historian.interface import Historian
from energy_console.journal.entry import ENGINE, assets_of
from energy_console.journal.export import as_csv, as_document
from energy_console.journal.notes import Note, NoteRefused, find_note, rewrite_note, write_note
from energy_console.journal.reading import JournalQuestion, last_time_ns, next_time_ns, read_journal
from tests.gui.small_site import small_site

S = 10**9
T0 = 1_795_354_328 * S


def fill(store: Historian) -> None:
    store.write_event(T0, "engine", "engine", "Engine started", {})
    alarm = {"alarm": 1, "state": "new", "priority": 2}
    store.write_event(T0 + 10 * S, "alarm", "meter", "P2 Main meter: no answer: raised", alarm)
    done = {**alarm, "state": "acknowledged", "who": "Anna"}
    store.write_event(T0 + 20 * S, "alarm", "meter", "P2 Main meter: no answer: acknowledged by Anna", done)
    store.write_event(
        T0 + 30 * S, "command", "L1/level_command", "Ben: L1 = 0.5. Read back.", {"who": "Ben", "ok": True}
    )
    store.write_event(T0 + 40 * S, "plan", "plan", "Plan 14:00 proposed: 12 EUR", {"act": "proposed"})


def test_each_filter_narrows_the_journal_and_who_is_known_of_every_entry(store: Historian) -> None:
    fill(store)
    everything = read_journal(store, JournalQuestion())
    assert [(entry.kind, entry.who) for entry in everything] == [
        ("plan", ENGINE), ("command", "Ben"), ("alarm", "Anna"), ("alarm", ENGINE), ("engine", ENGINE),
    ]  # fmt: skip

    def texts(**parts: object) -> list[str]:
        return [entry.text for entry in read_journal(store, JournalQuestion(**parts))]  # type: ignore[arg-type]

    assert texts(who="ann") == ["P2 Main meter: no answer: acknowledged by Anna"]
    assert texts(kinds=("plan", "engine")) == ["Plan 14:00 proposed: 12 EUR", "Engine started"]
    assert texts(assets=frozenset({"L1"})) == ["Ben: L1 = 0.5. Read back."]
    assert texts(words=("NO", "raised")) == ["P2 Main meter: no answer: raised"]
    assert texts(start_ns=T0 + 10 * S, end_ns=T0 + 30 * S, limit=1) == [
        "P2 Main meter: no answer: acknowledged by Anna"
    ]


def test_a_note_is_written_anew_over_the_old_one_which_stays(store: Historian) -> None:
    first = write_note(store, Note("Crain out of order", "Anna", T0, "Q1-01"), T0 + 60 * S)
    second = rewrite_note(store, find_note(store, first), "Crane out of order", "Ben", T0 + 70 * S)
    third = rewrite_note(store, find_note(store, second), "Crane 2 out of order", "Anna", T0 + 80 * S)
    (stands,) = read_journal(store, JournalQuestion())
    assert (stands.id, stands.text, stands.source, stands.time_ns) == (third, "Crane 2 out of order", "Q1-01", T0)
    assert (stands.refers, stands.written_ns) == (second, T0 + 80 * S)
    every = read_journal(store, JournalQuestion(replaced=True))
    assert [(entry.id, entry.replaced_by) for entry in every] == [(third, 0), (second, third), (first, third)]
    assert [entry.text for entry in every][2] == "Crain out of order"


def test_only_notes_are_written_anew_and_every_note_has_words_and_an_author(store: Historian) -> None:
    fill(store)
    (started,) = store.events(0, 2**62, ["engine"])
    with pytest.raises(NoteRefused, match="is no note"):
        rewrite_note(store, started, "It never started", "Anna", T0)
    with pytest.raises(NoteRefused, match="has no note 4711"):
        find_note(store, 4711)
    for text, who in (("  ", "Anna"), ("x" * 5000, "Anna"), ("Words", " ")):
        with pytest.raises(NoteRefused):
            Note(text, who, T0)
    with pytest.raises(NoteRefused, match="ends before it begins"):
        Note("Words", "Anna", T0, until_ns=T0 - 1)


def test_many_entries_of_one_moment_are_all_found_once(store: Historian, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("energy_console.journal.reading.AT_ONCE", 7)
    written = [store.write_event(T0 + (n // 20) * S, "device", "D", f"Line {n}", {}) for n in range(60)]
    found = read_journal(store, JournalQuestion(limit=1000))
    assert [entry.id for entry in found] == sorted(written, reverse=True)


def test_the_next_and_the_last_entry_are_found_however_far(store: Historian) -> None:
    fill(store)
    far = T0 + 90 * 86_400 * S
    store.write_event(far, "note", "", "Much later", {"who": "Anna"})
    assert next_time_ns(store, T0, far + S) == T0 + 10 * S
    assert next_time_ns(store, T0 + 40 * S, far + S) == far
    assert next_time_ns(store, far, far + S) is None
    assert next_time_ns(store, T0 + 10 * S, far, ["alarm"], urgent=True) is None
    assert last_time_ns(store, far, T0 - S) == T0 + 40 * S
    assert last_time_ns(store, far, T0 - S, ["alarm"], urgent=True) == T0 + 10 * S
    assert last_time_ns(store, T0, T0 - S) is None


def test_exports_hold_every_entry_and_no_cell_runs_as_a_formula(store: Historian) -> None:
    fill(store)
    write_note(store, Note('=SUM(A1), "quoted"\nsecond line', "Anna", T0 + 50 * S, until_ns=T0 + 55 * S), T0 + 50 * S)
    found = read_journal(store, JournalQuestion())
    document = json.loads(json.dumps(as_document("site", found)))
    assert (document["format"], len(document["entries"])) == (1, 6)
    assert document["entries"][0]["until"] == "2026-11-22T13:33:03.000Z"
    assert document["entries"][1]["data"] == {"act": "proposed"}
    lines = as_csv(found).splitlines()
    assert lines[0].startswith("id,time,kind,who,source,text")
    assert "'=SUM(A1)" in as_csv(found)


def test_a_node_of_the_grid_stands_for_all_that_hangs_on_it() -> None:
    site = small_site()
    root = next(node.id for node in site.nodes if node.parent is None)
    assert {device.id for device in site.devices} <= assets_of(site, root)
    assert assets_of(site, "no such thing") == frozenset()


def test_what_stood_at_a_moment_is_known_of_every_moment(store: Historian) -> None:
    assert store.state_at("room", "key", T0) is None
    for second, value in ((10, {"n": 1}), (20, None), (30, {"n": 3})):
        store.put_state("room", "key", value, T0 + second * S)
    store.put_state("room", "other", "elsewhere", T0)
    stood = [store.state_at("room", "key", T0 + second * S) for second in (9, 10, 19, 20, 29, 30, 4000)]
    assert stood == [None, {"n": 1}, {"n": 1}, None, None, {"n": 3}, {"n": 3}]
    assert store.get_state("room", "key") == {"n": 3}
