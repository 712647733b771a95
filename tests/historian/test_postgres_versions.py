"""Schemas of earlier and later programs: led forward with all they hold, or refused in a sentence."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from energy_console.historian.errors import StoreForeign, StoreTooNew
from energy_console.historian.ledger import LedgerStep
from energy_console.historian.postgres import engine_of, reader_of
from energy_console.historian.postgres.schema import MARK, STEPS
from energy_console.historian.postgres.server import Place, connect
from tests.historian.series import POINTS, at, batch

DAY_MS = at(0) // 86_400_000_000_000 * 86_400_000
STEP_FILES = sorted((Path(__file__).parent / "schema_steps").glob("*.sql"), key=lambda path: int(path.stem))
"""The steps as they were when they were landed: stores out there have been led through these."""

HELD = f"""
    insert into point(id, unit, name) values ('{POINTS[0].id}', 'kW', 'Power');
    insert into engine(area, holder) values ('site', 'an earlier program');
    create table reading_20260921 partition of reading for values from ({DAY_MS}) to ({DAY_MS + 86_400_000});
    insert into reading select key, 0, {at(0) // 10**6}, 0, 7.5 from point;
    insert into ledger(id, asked_ns, device, point, value, who, why, plan)
        values (5, {at(0)}, 'C1', 'C1/limit_a', 6, 'Ada', 'why', ''),
        (6, {at(1)}, 'C1', 'C1/limit_a', 7, 'Ada', 'why', '');
    insert into ledger_step(command, time_ns, kind, text, value, closes) values (5, 1, 'sending', 'Sent.', null, false);
    insert into ledger_open(command) values (5);
    insert into state(room, key, value, since_ns) values ('plan', 'in force', '{{"id": "7"}}', 1);
    insert into command(body, asked_ns) values ('{{"do": "write"}}', 1);
"""


def test_steps_that_stores_have_been_led_through_are_never_changed() -> None:
    kept = [path.read_text("utf-8") for path in STEP_FILES]
    assert kept == list(STEPS[: len(kept)]), "add a step, and a file for it; leave those that were there as they are"
    assert len(kept) == len(STEPS), "keep the new step in tests/historian/schema_steps, too"


@pytest.mark.parametrize("version", range(1, len(STEP_FILES) + 1))
def test_a_store_of_every_version_is_led_forward_with_all_it_holds(server: str, tmp_path: Path, version: int) -> None:
    place = Place(server, f"version-{version}-{tmp_path.parent.name}")
    with contextlib.closing(connect(place)) as connection, connection.transaction():
        connection.execute(f'create schema "{place.schema}"'.encode())
        for path in STEP_FILES[:version]:
            connection.execute(path.read_bytes())
        connection.execute("insert into store values (%s, %s)", (MARK, version))
        connection.execute(HELD.encode())
    store = engine_of(server, place.schema, tmp_path)
    store.register(POINTS)
    assert [(one.command.id, [step.text for step in one.steps]) for one in store.open_ledger()] == [(5, ["Sent."])]
    assert store.ledger(at(0), at(9))[0].command.id == 6
    store.append_ledger([], [LedgerStep(5, at(2), "read back", "There.", 6.0, True)])
    assert store.open_ledger() == []
    assert store.get_state("plan", "in force") == {"id": "7"}
    assert [order for _, order in store.claim_commands("engine")] == [{"do": "write"}]
    store.append(batch([(0, 86_400, 8.5)]))
    assert store.read(POINTS[0].id, at(0), at(10**6)).value.tolist() == [7.5, 8.5]
    store.close()


def test_a_store_of_a_later_program_is_refused_and_left_alone(server: str, tmp_path: Path) -> None:
    site = f"later-{tmp_path.name}-{tmp_path.parent.name}"
    engine_of(server, site, tmp_path).close()
    later = len(STEPS) + 1
    with contextlib.closing(connect(Place(server, site))) as connection:
        connection.execute("update store set version = %s", (later,))
        for opened in (lambda: engine_of(server, site, tmp_path), lambda: reader_of(server, site)):
            with pytest.raises(StoreTooNew, match=f"has format {later}, this program knows {len(STEPS)}"):
                opened()
        assert connection.execute("select version from store").fetchall() == [(later,)]


def test_tables_of_something_else_are_refused_and_left_alone(server: str, tmp_path: Path) -> None:
    site = f"foreign-{tmp_path.name}-{tmp_path.parent.name}"
    with contextlib.closing(connect(Place(server, site))) as connection:
        connection.execute(f'create schema "{site}"; create table orders(n integer)'.encode())
    with pytest.raises(StoreForeign, match="is not part of an energy console store"):
        engine_of(server, site, tmp_path)


def test_the_store_needs_no_extension(server: str, tmp_path: Path) -> None:
    site = f"plain-{tmp_path.name}-{tmp_path.parent.name}"[:60]
    engine_of(server, site, tmp_path).close()
    question = (
        "select count(*) from pg_depend d join pg_extension e on d.refobjid = e.oid and d.refclassid = "
        "'pg_extension'::regclass join pg_class c on d.objid = c.oid and d.classid = 'pg_class'::regclass "
        "where c.relnamespace = %s::regnamespace"
    )
    with contextlib.closing(connect(Place(server, site))) as connection:
        assert connection.execute(question.encode(), (f'"{site}"',)).fetchone() == (0,)
