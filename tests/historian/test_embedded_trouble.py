"""What the world does to a running store: disks that fill up, folders that go, clocks that jump, second engines."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.historian.embedded.backup import back_up, restore
from energy_console.historian.embedded.checking import check_store
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.recovery import sealed_paths
from energy_console.historian.errors import StoreBusy, StoreFull, StoreGone, StoreUnwritable
from hardware.points import ScanBatch
from tests.historian.series import POINTS, START_S, at, batch
from tests.historian.small_disk import SmallDisk, small_disk
from tests.soak.killed import write_until_killed
from tests.soak.kills import nursery, wait_for
from tests.soak.witness import told_in

__all__ = ["small_disk"]

POWER = POINTS[0].id
END_NS = 2**62
LIMIT_S = 60.0


def noisy(number: int) -> ScanBatch:
    """A thousand readings that no compression makes small; each of the four points has 250."""
    chance = random.Random(number)
    return batch([(n % 4, number * 1000 + n, chance.random()) for n in range(1000)])


def numbers(store: EmbeddedHistorian) -> list[float]:
    return store.read(POWER, 0, END_NS).value.tolist()


def eventually(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.02)


def sound(folder: Path) -> None:
    report = check_store(StoreFolder(folder))
    assert report.faults == ()
    assert report.notes == ()


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[EmbeddedHistorian]:
    store = open_embedded(folder, writing=True)
    store.register(POINTS)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("energy_console.engine.store_writer.RETRY_S", 0.05)


# -- a disk that is full ----------------------------------------------------------------------------------------


def test_an_engine_on_a_full_disk_keeps_everything_and_goes_on_once_there_is_room(
    small_disk: SmallDisk, quick_retries: None
) -> None:
    with opened(small_disk.place / "store") as store:
        writer = StoreWriter(store, every_s=0.01)
        writer.start()
        for number in range(40):
            writer.keep(noisy(number))
        eventually(lambda: writer.stored == 40_000)
        small_disk.fill()
        for number in range(40, 80):
            writer.keep(noisy(number))
        writer.do(lambda: store.put_state("plan", "now", 7))
        eventually(lambda: "free space on that disk" in writer.trouble)
        with pytest.raises(StoreFull):
            store.seal()
        assert len(numbers(store)) * 4 == writer.stored
        small_disk.free()
        eventually(lambda: writer.stored == 80_000 and not writer.trouble)
        writer.stop()
        assert writer.lost == 0
        assert store.get_state("plan", "now") == 7
        store.seal()
        store.merge()
        assert len(numbers(store)) == len(set(numbers(store))) == 20_000
    sound(small_disk.place / "store")


def test_a_sealing_that_runs_out_of_room_leaves_nothing_behind_on_the_full_disk(small_disk: SmallDisk) -> None:
    folder = StoreFolder(small_disk.place / "store")
    with opened(folder.root) as store:
        for number in range(60):
            store.append(noisy(number))
        for spare in (1 << 12, 1 << 16, 1 << 18, 1 << 19):  # it fails at its first file, and at a later one
            small_disk.fill(spare)
            with pytest.raises(StoreFull):
                store.seal()
            assert not list(folder.incoming.iterdir())
            assert not list(sealed_paths(folder))
            small_disk.free()
        store.seal()
        assert len(numbers(store)) == 15_000
    sound(folder.root)


def test_a_full_disk_is_told_in_a_sentence_at_the_start_too(small_disk: SmallDisk) -> None:
    folder = small_disk.place / "store"
    with opened(folder) as store:
        store.append(noisy(0))
    small_disk.fill()
    with pytest.raises(StoreFull, match="free space on that disk"):
        open_embedded(folder, writing=True)
    small_disk.free()
    with opened(folder) as store:
        assert len(numbers(store)) == 250


# -- a folder that may not be written to, or is gone --------------------------------------------------------------


def test_a_disk_that_may_only_be_read_refuses_the_engine_and_serves_who_reads(small_disk: SmallDisk) -> None:
    folder = small_disk.place / "store"
    with opened(folder) as store:
        store.append(noisy(0))
        store.seal()
        store.append(noisy(1))
    small_disk.forbid_writing()
    try:
        with pytest.raises(StoreUnwritable, match="Cannot write to the store"):
            open_embedded(folder, writing=True)
        reader = open_embedded(folder, writing=False)
        assert len(numbers(reader)) == 500
        reader.close()
        sound(folder)
    finally:
        small_disk.allow_writing()
    with opened(folder) as store:
        assert len(numbers(store)) == 500


def test_sealing_waits_where_files_cannot_be_made_and_goes_on_when_they_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"SEAL_READINGS": 1000, "LOOK_EVERY_S": 0.01, "RETRY_AFTER_S": 0.05}.items():
        monkeypatch.setattr(f"energy_console.historian.embedded.keeper.{name}", value)
    with opened(tmp_path / "store") as store:
        incoming = tmp_path / "store" / "incoming"
        incoming.rename(tmp_path / "away")
        incoming.write_text("a file where a folder should be")
        store.append(noisy(0))
        said: list[str] = []
        eventually(lambda: bool(said.extend(store.notices()) or said))
        assert said[0].startswith("Sealing waits, readings are kept meanwhile: Cannot write to the store")
        assert len(numbers(store)) == 250
        incoming.unlink()
        (tmp_path / "away").rename(incoming)
        eventually(lambda: bool(said.extend(store.notices()) or "Sealing goes on again." in said))
        assert store.sealed_files()
        assert len(numbers(store)) == 250
    sound(tmp_path / "store")


def test_a_folder_moved_away_is_told_and_what_came_meanwhile_is_there_when_it_is_back(
    tmp_path: Path, quick_retries: None
) -> None:
    folder = tmp_path / "store"
    with opened(folder) as store:
        writer = StoreWriter(store, every_s=0.01)
        writer.start()
        writer.keep(noisy(0))
        eventually(lambda: writer.stored == 1000)
        folder.rename(tmp_path / "elsewhere")
        writer.keep(noisy(1))
        writer.do(lambda: store.put_state("plan", "now", 7))
        eventually(lambda: "is gone (moved, removed, or its disk taken off): put it back" in writer.trouble)
        with pytest.raises(StoreGone):
            numbers(store)
        (tmp_path / "elsewhere").rename(folder)
        eventually(lambda: writer.stored == 2000 and not writer.trouble)
        writer.stop()
        assert store.get_state("plan", "now") == 7
        assert len(numbers(store)) == 500
    sound(folder)


def test_an_engine_whose_store_was_removed_goes_on_with_the_copy_put_in_its_place(tmp_path: Path) -> None:
    folder, copy = StoreFolder(tmp_path / "store"), StoreFolder(tmp_path / "copy")
    with opened(folder.root) as store:
        reader = open_embedded(folder.root, writing=False)
        store.append(noisy(0))
        store.seal()
        store.append(noisy(1))
        back_up(folder, copy)
        store.append(noisy(2))  # in no copy: the engine still has it
        assert len(numbers(reader)) == 750
        shutil.rmtree(folder.root)
        with pytest.raises(StoreGone):
            store.append(noisy(3))
        with pytest.raises(StoreGone):
            numbers(reader)
        restore(copy, folder)
        store.append(noisy(3))
        assert "1000 readings that it had not were brought along" in " ".join(store.notices())
        whole = np.concatenate([noisy(number).value[::4] for number in range(4)]).tolist()
        assert numbers(store) == whole
        assert numbers(reader) == whole
        store.seal()
        store.merge()
        assert numbers(store) == whole
        with pytest.raises(StoreBusy):
            open_embedded(folder.root, writing=True)
        reader.close()
    sound(folder.root)
    with opened(folder.root) as store:
        assert numbers(store) == whole


# -- a clock that is set ------------------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_a_clock_set_back_or_forward_loses_and_doubles_nothing(data: st.DataObject) -> None:
    """Readings bear the clock's time, batches too, and days are merged by it, whatever it says next."""
    jumps = data.draw(
        st.lists(
            st.sampled_from([1, 1, 1, 60, -60, 3600, -3600, 86_400, -90_000, 400 * 86_400]), min_size=6, max_size=12
        )
    )
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        folder = stack.enter_context(fresh_folder())
        store = open_embedded(folder, writing=True)
        store.register(POINTS)
        now, sequence = 0.0, 0
        wanted: list[tuple[int, float]] = []
        followed: list[float] = []
        for number, jump in enumerate(jumps):
            now += jump
            moment = (START_S + now) * 1e9
            patch.setattr("energy_console.historian.embedded.newest.time.time_ns", lambda moment=moment: int(moment))
            store.append(batch([(0, now, float(number)), (1, now, float(number))]))
            wanted.append((at(now), float(number)))
            sequence, batches = store.since(sequence)
            followed += [one.value[0] for one in batches]
            if number % 3 == 2:
                store.seal()
                store.merge(dt.datetime.fromtimestamp(START_S + now, dt.UTC))
        kept = store.read(POWER, 0, END_NS)
        found = list(zip(kept.time_ns.tolist(), kept.value.tolist(), strict=True))
        assert sorted(found) == sorted(wanted)
        assert followed == [float(number) for number in range(len(jumps))]
        store.close()
        patch.undo()
        sound(folder)


@contextlib.contextmanager
def fresh_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name) / "store"


# -- a second engine ----------------------------------------------------------------------------------------------


def test_a_second_engine_is_told_which_process_writes_until_that_is_gone_even_by_kill(tmp_path: Path) -> None:
    first = nursery().Process(target=write_until_killed, args=(tmp_path, 0, 1))
    first.start()
    try:
        wait_for(lambda: len(told_in(tmp_path / "told").get("kept", [])) > 3, first)
        with pytest.raises(StoreBusy, match=f"already being written by process {first.pid} "):
            open_embedded(tmp_path / "store", writing=True)
    finally:
        first.kill()
        first.join()
    with opened(tmp_path / "store") as store:
        assert store.notices() == []
    sound(tmp_path / "store")
