"""Damaged, foreign, newer, full and unwritable stores: a sentence that says what to do, and nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pyarrow.parquet as pq
import pytest

from energy_console.historian.embedded import EmbeddedHistorian, default_store, open_embedded
from energy_console.historian.embedded.database import Schema, open_database
from energy_console.historian.embedded.parquet import METADATA_KEY
from energy_console.historian.errors import (
    StoreBroken,
    StoreForeign,
    StoreFull,
    StoreMissing,
    StoreTooNew,
    StoreUnwritable,
)
from tests.historian.series import POINTS, at, batch

POWER = POINTS[0].id
DAY_S = 86_400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with one sealed reading on each of two days, one unsealed reading and one state."""
    store = open_embedded(tmp_path / "store", writing=True)
    store.register(POINTS)
    store.append(batch([(0, 0, 1.0), (0, DAY_S, 2.0)]))
    store.seal()
    store.append(batch([(0, 2 * DAY_S, 3.0)]))
    store.put_state("plan", "now", {"lamps": 0.5})
    store.close()
    return tmp_path / "store"


def everything(store: EmbeddedHistorian) -> list[float]:
    return store.read(POWER, 0, at(10 * DAY_S)).value.tolist()


def damage(path: Path) -> bytes:
    """Overwrites the middle and both ends of a file; returns what it holds now."""
    content = bytearray(path.read_bytes())
    for start in (40, len(content) // 2, len(content) - 200):
        content[start : start + 160] = b"\x5a" * 160
    path.write_bytes(content)
    return bytes(content)


def only_file(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    assert found, f"nothing like {pattern} in {folder}"
    return found[0]


def test_a_damaged_state_file_is_set_aside_whole_and_history_stays(folder: Path) -> None:
    content = damage(folder / "state.sqlite")
    with pytest.raises(StoreBroken, match=r"state\.sqlite is damaged .* start the engine, which sets it aside"):
        open_embedded(folder, writing=False).get_state("plan", "now")
    store = open_embedded(folder, writing=True)
    assert everything(store) == [1.0, 2.0, 3.0]
    assert store.get_state("plan", "now") is None
    assert "lies now in" in store.notices()[0]
    assert store.notices() == []
    store.close()
    assert only_file(folder / "aside", "state.sqlite-*").read_bytes() == content


def test_a_damaged_newest_file_is_set_aside_and_sealed_history_is_listed_again(folder: Path) -> None:
    damage(folder / "newest.sqlite")
    store = open_embedded(folder, writing=True)
    assert everything(store) == [1.0, 2.0]
    assert store.span(POWER) == (at(0), at(DAY_S))
    assert "all sealed history is still there" in store.notices()[0]
    store.register(POINTS)
    store.append(batch([(0, 3 * DAY_S, 4.0)]))
    store.seal()
    assert everything(store) == [1.0, 2.0, 4.0]
    store.close()
    assert only_file(folder / "aside", "newest.sqlite-*")


def test_a_lost_list_is_made_anew_after_merges_without_doubling_anything(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    store.register(POINTS)
    for second in range(4):
        store.append(batch([(0, second + 10, 9.0)]))
        store.seal()
    before_merge = {path: path.read_bytes() for path in folder.glob("*/2026-*/*.parquet")}
    store.merge()
    store.close()
    for path, content in before_merge.items():  # as if a crash had come before they were removed
        path.write_bytes(content)
    (folder / "newest.sqlite").unlink()
    store = open_embedded(folder, writing=True)
    assert everything(store) == [1.0, 9.0, 9.0, 9.0, 9.0, 2.0, 3.0]
    store.close()


def test_a_damaged_sealed_file_is_named_and_other_days_are_still_read(folder: Path) -> None:
    path = only_file(folder, "readings/2026-09-21/*.parquet")
    damage(path)
    store = open_embedded(folder, writing=False)
    with pytest.raises(StoreBroken) as fault:
        store.read(POWER, at(0), at(1))
    assert str(path) in str(fault.value)
    assert store.read(POWER, at(DAY_S), at(10 * DAY_S)).value.tolist() == [2.0, 3.0]
    store.close()


def test_a_damaged_tier_is_answered_from_the_readings_and_told(folder: Path) -> None:
    store = open_embedded(folder, writing=False)
    wanted = store.spans(POWER, at(0), at(2 * DAY_S), 3600 * 10**9).integral_h.tolist()
    store.close()
    for path in folder.glob("minutes/*/*.parquet"):
        damage(path)
    for path in folder.glob("quarters/*/*.parquet"):
        damage(path)
    store = open_embedded(folder, writing=False)
    assert store.spans(POWER, at(0), at(2 * DAY_S), 3600 * 10**9).integral_h.tolist() == wanted
    store.close()


def test_a_damaged_batch_is_set_aside_and_the_others_are_kept(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    store.register(POINTS)
    store.append(batch([(0, 3 * DAY_S, 4.0)]))
    store.close()
    connection = apsw.Connection(str(folder / "newest.sqlite"))
    connection.execute("update batch set body = ? where sequence = 2", (b"x" * 30,))
    connection.close()
    store = open_embedded(folder, writing=True)
    assert everything(store) == [1.0, 2.0, 4.0]
    assert "Batch 2 was damaged" in store.notices()[0]
    store.seal()
    assert everything(store) == [1.0, 2.0, 4.0]
    store.close()
    assert (folder / "aside" / "batch-2").stat().st_size > 20


def test_an_emptied_newest_file_hides_nothing_that_is_sealed(folder: Path) -> None:
    (folder / "newest.sqlite").write_bytes(b"")
    store = open_embedded(folder, writing=True)
    assert everything(store) == [1.0, 2.0]
    assert "made anew from" in store.notices()[0]
    store.close()


def test_a_sealed_file_taken_away_is_named(folder: Path) -> None:
    path = only_file(folder, "readings/2026-09-21/*.parquet")
    path.unlink()
    store = open_embedded(folder, writing=False)
    with pytest.raises(StoreBroken, match="not there") as fault:
        everything(store)
    assert str(path) in str(fault.value)
    store.close()


def test_a_sealed_file_from_elsewhere_is_set_aside_and_never_counted(folder: Path) -> None:
    own = only_file(folder, "readings/2026-09-21/*.parquet")
    note = {**json.loads(pq.read_metadata(own).metadata[METADATA_KEY]), "covers": [["2026-09-21", 70, 71]]}
    table = pq.read_table(own).replace_schema_metadata({METADATA_KEY: json.dumps(note)})
    pq.write_table(table, own.with_name("000000000070-000000000071.parquet"))
    store = open_embedded(folder, writing=True)
    assert everything(store) == [1.0, 2.0, 3.0]
    assert "look where it came from" in store.notices()[0]
    store.close()
    assert only_file(folder / "aside", "000000000070-*")


def newer_mark(folder: Path) -> None:
    (folder / "store.json").write_text('{"format": "energy-console-store", "version": 99}')


def newer_database(folder: Path) -> None:
    connection = apsw.Connection(str(folder / "state.sqlite"))
    connection.pragma("user_version", 99)
    connection.close()


def newer_sealed(folder: Path) -> None:
    path = only_file(folder, "readings/2026-09-21/*.parquet")
    note = {**json.loads(pq.read_metadata(path).metadata[METADATA_KEY]), "format": 99}
    pq.write_table(pq.read_table(path).replace_schema_metadata({METADATA_KEY: json.dumps(note)}), path)
    (folder / "newest.sqlite").unlink()


@pytest.mark.parametrize("make_newer", [newer_mark, newer_database, newer_sealed])
def test_a_newer_format_is_refused_with_a_sentence(folder: Path, make_newer: Callable[[Path], None]) -> None:
    make_newer(folder)
    with pytest.raises(StoreTooNew, match=r"has format 99, this program knows \d: use the newer program"):
        open_embedded(folder, writing=True)


def test_an_older_file_is_migrated_step_by_step_with_what_it_holds(tmp_path: Path) -> None:
    first = "create table t(a integer); insert into t values (7);"
    open_database(tmp_path / "x", Schema(5, (first,)), create=True, full_sync=False).close()
    second = "alter table t add column b integer not null default 3;"
    connection = open_database(tmp_path / "x", Schema(5, (first, second)), create=True, full_sync=False)
    assert connection.execute("select a, b from t").fetchall() == [(7, 3)]
    assert connection.pragma("user_version") == 2
    connection.close()


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    first = "create table t(a integer); insert into t values (7);"
    open_database(tmp_path / "x", Schema(5, (first,)), create=True, full_sync=False).close()
    broken = Schema(5, (first, "update t set a = 8; update nothing set a = 9;"))
    with pytest.raises(apsw.SQLError):
        open_database(tmp_path / "x", broken, create=True, full_sync=False)
    connection = open_database(tmp_path / "x", Schema(5, (first,)), create=False, full_sync=False)
    assert connection.execute("select a from t").fetchall() == [(7,)]
    connection.close()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear all")
    for writing in (True, False):
        with pytest.raises(StoreForeign, match="is not part of an energy console store"):
            open_embedded(tmp_path, writing)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_database_of_something_else_is_left_alone(folder: Path) -> None:
    (folder / "state.sqlite").unlink()
    connection = apsw.Connection(str(folder / "state.sqlite"))
    connection.execute("create table theirs(a)")
    connection.close()
    before = (folder / "state.sqlite").read_bytes()
    with pytest.raises(StoreForeign, match=r"state\.sqlite"):
        open_embedded(folder, writing=True)
    assert (folder / "state.sqlite").read_bytes() == before
    (folder / "state.sqlite").unlink()
    open_embedded(folder, writing=True).close()  # the lock was given back


def test_a_mark_that_says_nothing_is_told_with_what_it_should_say(folder: Path) -> None:
    (folder / "store.json").write_text("{")
    with pytest.raises(StoreBroken, match=r'it should read ."format": "energy-console-store"'):
        open_embedded(folder, writing=True)


def test_a_store_that_never_was_is_missing_for_a_reader(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="start the engine once"):
        open_embedded(tmp_path / "nothing", writing=False)


def test_a_place_that_cannot_be_a_folder_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnwritable, match="name another folder with --store"):
        open_embedded(tmp_path / "file" / "store", writing=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_forbids_writing_is_a_sentence(folder: Path) -> None:
    folder.chmod(0o500)
    try:
        with pytest.raises(StoreUnwritable, match="Cannot write to the store"):
            open_embedded(folder, writing=True)
    finally:
        folder.chmod(0o700)


FULL_DISK = """
import resource, sys
from energy_console.historian.embedded import open_embedded
from energy_console.historian.errors import StoreFull
from tests.historian.series import POINTS, at, batch

store = open_embedded(sys.argv[1], writing=True)
store.register(POINTS)
everywhere = [(point, 0, 0.0) for point in range(4)]
room = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, room[1]))
kept, refused = 0, 0
while not refused:
    scan = batch([(n % 4, kept * 1000 + n, float(hash((kept, n)) % 100_003)) for n in range(1000)])
    try:
        store.append(scan)
        kept += 1
    except StoreFull as fault:
        assert "free space on that disk" in str(fault), fault
        refused += 1
try:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, room[1]))
    store.seal()
    raise SystemExit("sealed into a full disk")
except StoreFull:
    pass
assert not list((store.folder / "incoming").iterdir())
assert len(store.read(POINTS[0].id, 0, at(10**7)).value) == kept * 250
resource.setrlimit(resource.RLIMIT_FSIZE, room)
store.append(scan)
store.seal()
assert len(store.read(POINTS[0].id, 0, at(10**7)).value) == (kept + 1) * 250
store.close()
print("ok", kept)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the limit on file size that stands in for a full disk is POSIX")
def test_a_full_disk_refuses_a_batch_and_takes_it_again_once_there_is_room(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "store")]
    result = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.stdout.startswith("ok"), result.stdout + result.stderr


def test_errors_are_one_family_with_the_cause_kept(folder: Path) -> None:
    damage(folder / "newest.sqlite")
    with pytest.raises(StoreBroken) as fault:
        open_embedded(folder, writing=False)
    assert fault.value.path == folder / "newest.sqlite"
    assert StoreFull(folder).args


def test_the_usual_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ENERGY_CONSOLE_STORE", raising=False)
    assert default_store("port-demo").parts[-2:] == ("stores", "port-demo")
    monkeypatch.setenv("ENERGY_CONSOLE_STORE", str(tmp_path))
    assert default_store("port-demo") == tmp_path / "port-demo"
    assert default_store("port-demo", "elsewhere") == Path("elsewhere")
