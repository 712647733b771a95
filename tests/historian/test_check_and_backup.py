"""A store is verified as a whole, copied while it is written, and put back."""

from __future__ import annotations

import datetime as dt
import shutil
import threading
from pathlib import Path

import apsw
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from energy_console.app import main
from energy_console.historian.acts import Act, ActKind, ActSeries
from energy_console.historian.embedded import open_embedded
from energy_console.historian.embedded.acts import add_act
from energy_console.historian.embedded.backup import back_up, restore
from energy_console.historian.embedded.checking import StoreReport, check_store
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.newest import NewestFile
from energy_console.historian.embedded.parquet import KINDS, METADATA_KEY
from energy_console.historian.errors import StoreForeign, StoreMissing
from tests.historian.series import POINTS, at, batch

DAYS = 3
COLUMNS = ["minimum", "maximum", "first", "last", "count", "good_count", "integral_h", "covered_h", "status"]
EACH = 100  # readings a point and day
LATER = dt.datetime(2026, 12, 24, tzinfo=dt.UTC)


def rows_of_day(day: int, generator: np.random.Generator) -> list[tuple[int, float, float]]:
    """Readings of every point over one day, a tenth of them bad."""
    seconds = day * 86_400 + np.sort(generator.uniform(0, 86_000, EACH))
    return [
        (point, float(second), float("nan") if generator.random() < 0.1 else float(generator.normal(100, 10)))
        for second in seconds
        for point in range(len(POINTS))
    ]


@pytest.fixture
def folder(tmp_path: Path) -> StoreFolder:
    """Three days in many files, late readings among them, some merged, a few batches not sealed."""
    generator = np.random.default_rng(4)
    store = open_embedded(tmp_path / "store", writing=True)
    store.register(POINTS)
    for day in range(DAYS):
        rows = rows_of_day(day, generator)
        for part in range(4):
            store.append(batch(rows[part::4]))  # each part lies between the others: late readings
            store.seal()
        if day == 0:
            store.merge(LATER)
    store.append(batch(rows_of_day(DAYS, generator)))
    store.write_event(at(0), "engine", "engine", "Engine started", {})
    store.close()
    return StoreFolder(tmp_path / "store")


def sealed(folder: StoreFolder, kind: str) -> list[Path]:
    return sorted((folder.root / kind).glob("*/*.parquet"))


def change_list(folder: StoreFolder, sql: str) -> None:
    connection = apsw.Connection(str(folder.newest))
    connection.execute(sql)
    connection.close()


def test_a_sound_store_is_told_with_what_it_holds(folder: StoreFolder) -> None:
    report = check_store(folder)
    assert report.faults == ()
    assert report.notes == ()
    assert report.readings == DAYS * EACH * len(POINTS)
    assert report.unsealed == EACH * len(POINTS)
    assert report.files == len([path for kind in KINDS for path in sealed(folder, kind)])


def test_a_flipped_bit_is_found_by_its_file(folder: StoreFolder) -> None:
    path = sealed(folder, "readings")[-1]
    body = bytearray(path.read_bytes())
    body[len(body) // 3] ^= 1
    path.write_bytes(body)
    assert any(str(path) in fault for fault in check_store(folder).faults)


def test_a_lost_file_is_found_by_its_name(folder: StoreFolder) -> None:
    path = sealed(folder, "hours")[0]
    path.unlink()
    assert f"{path} is listed and not there: restore it from a copy." in check_store(folder).faults


def test_readings_that_count_twice_are_found(folder: StoreFolder) -> None:
    """A merged file beside one of those it was made from, as a crash between two transactions would leave it."""
    path = sealed(folder, "readings")[-1]
    first, last = (int(part) for part in path.stem.split("-"))
    note = pq.read_metadata(path).metadata[METADATA_KEY].replace(f", {last}]".encode(), f", {last + 1}]".encode())
    wide = path.with_name(f"{first:012d}-{last + 1:012d}.parquet")
    table = pq.read_table(path, read_dictionary=["point"])
    with pq.ParquetWriter(wide, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({METADATA_KEY: note})
    change_list(
        folder,
        f"insert into file select kind, part, first, last + 1, level, rows, start_ms, end_ms from file "
        f"where kind = 'readings' and part = '{path.parent.name}' and first = {first}",
    )
    assert any("twice: their readings count double" in fault for fault in check_store(folder).faults)


def test_batches_that_are_in_no_file_are_found(folder: StoreFolder) -> None:
    change_list(folder, "delete from file where first = 5")
    assert any(fault.startswith("Batches 5 to 5 are in no file") for fault in check_store(folder).faults)
    change_list(
        folder, "update fact set number = number - 1 where name = 'sealed'; delete from batch where sequence = 12"
    )
    assert any("batches after 11 are missing, the first is 12" in fault for fault in check_store(folder).faults)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_tier_that_differs_from_its_readings_is_found(folder: StoreFolder, column: str) -> None:
    path = sealed(folder, "quarters")[-1]
    note = pq.read_metadata(path).metadata[METADATA_KEY]
    table = pq.read_table(path, read_dictionary=["point"])
    values = table.column(column).to_numpy().copy()
    values[3] += 1
    place = table.schema.get_field_index(column)
    table = table.set_column(place, table.schema.field(column), pa.chunked_array([pa.array(values)]))
    with pq.ParquetWriter(path, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({METADATA_KEY: note})
    faults = check_store(folder).faults
    assert any(fault.startswith("quarters of 2026-09-2") and "in 1 cells" in fault for fault in faults), faults


def test_a_damaged_state_file_is_found(folder: StoreFolder) -> None:
    body = bytearray(folder.state.read_bytes())
    body[4096 : 4096 + 64] = b"\xff" * 64
    folder.state.write_bytes(body)
    assert any("state.sqlite is damaged" in fault for fault in check_store(folder).faults)


def answers(folder: StoreFolder) -> list[object]:
    store = open_embedded(folder.root, writing=False)
    try:
        series = [store.read(point.id, at(-86_400), at(5 * 86_400)) for point in POINTS]
        texts = [event.text for event in store.events(0, 2**62)]
        return [texts, *(tuple(map(bytes, (s.time_ns, s.value, s.status))) for s in series)]
    finally:
        store.close()


def test_a_copy_answers_as_the_store_and_goes_back(folder: StoreFolder, tmp_path: Path) -> None:
    copy, again = StoreFolder(tmp_path / "a copy"), StoreFolder(tmp_path / "again")
    assert back_up(folder, copy) > 0
    assert back_up(folder, copy) == 0  # nothing was new
    restore(copy, again)
    assert answers(again) == answers(copy) == answers(folder)
    assert check_store(again).faults == ()


def test_a_copy_made_while_the_store_is_written_sealed_and_merged_is_sound(folder: StoreFolder, tmp_path: Path) -> None:
    store = open_embedded(folder.root, writing=True)
    store.register(POINTS)
    stopping, written = threading.Event(), []

    def write() -> None:
        while not stopping.is_set():
            second = 5 * 86_400 + len(written)
            store.append(batch([(0, second, float(len(written)))]))
            written.append(second)
            if len(written) % 5 == 0:
                store.seal()
            if len(written) % 20 == 0:
                store.merge(LATER)

    writer = threading.Thread(target=write)
    writer.start()
    reports: list[StoreReport] = []
    try:
        for number in range(4):
            least = len(written)
            copy = StoreFolder(tmp_path / f"copy-{number % 2}")  # the second round renews the first
            back_up(folder, copy)
            report = check_store(copy)
            reports.append(report)
            assert report.faults == ()
            assert report.readings + report.unsealed >= (DAYS + 1) * EACH * len(POINTS) + least
            running = check_store(folder)  # the store itself, while it changes
            assert running.faults == ()
    finally:
        stopping.set()
        writer.join()
        store.close()
    assert len({report.readings + report.unsealed for report in reports}) > 1


def test_a_copy_that_was_cut_off_is_no_store_and_the_next_one_completes_it(folder: StoreFolder, tmp_path: Path) -> None:
    copy = StoreFolder(tmp_path / "copy")

    def cut(text: str) -> None:
        if "quarters" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(folder, copy, cut)
    with pytest.raises((StoreMissing, StoreForeign)):
        check_store(copy)
    back_up(folder, copy)
    assert answers(copy) == answers(folder)


def test_nothing_of_others_is_written_over(folder: StoreFolder, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    for target in (StoreFolder(tmp_path / "photos"), folder, StoreFolder(folder.root / "inside")):
        with pytest.raises(StoreForeign):
            back_up(folder, target)
    copy = StoreFolder(tmp_path / "copy")
    back_up(folder, copy)
    with pytest.raises(StoreForeign):
        restore(copy, folder)


def test_the_commands_say_what_they_did(
    folder: StoreFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, copy, again = str(folder.root), str(tmp_path / "copy"), str(tmp_path / "again")
    assert main(["backup", "--store", store, "--to", copy]) == 0
    assert main(["check-store", "--store", copy]) == 0
    assert "is sound: 1,200 sealed readings" in capsys.readouterr().out
    assert main(["restore", copy, "--store", again]) == 0
    assert main(["restore", copy, "--store", again]) == 1
    assert "name an empty folder" in capsys.readouterr().err
    shutil.rmtree(Path(copy) / "hours")
    assert main(["check-store", "--store", copy]) == 1
    assert "is listed and not there" in capsys.readouterr().out
    assert main(["restore", copy, "--store", str(tmp_path / "third")]) == 1
    assert "was not restored" in capsys.readouterr().err
    assert main(["check-store"]) == 2


def test_points_that_only_an_import_knows_are_checked_like_others(tmp_path: Path) -> None:
    folder = StoreFolder(tmp_path / "store")
    open_embedded(folder.root, writing=True).close()
    newest = NewestFile(folder.newest, create=False)
    times = np.arange(500, dtype=np.int64) * 60_000
    series = ActSeries("theirs/energy_import_kwh", "kWh", times, times / 7.0, np.zeros(500, np.uint16))
    add_act(folder, newest, Act(ActKind.IMPORT, 1), [series])
    newest.close()
    assert check_store(folder).faults == ()
    connection = apsw.Connection(str(folder.newest))
    connection.execute("delete from point")  # as imports of earlier versions left it
    connection.close()
    assert check_store(folder).faults == ()
