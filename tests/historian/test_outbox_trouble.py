"""What the world does to an engine's outbox beside a PostgreSQL server: a full disk, a folder that goes."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.postgres import PostgresEngine, engine_of
from tests.historian.series import POINTS
from tests.historian.small_disk import SmallDisk, small_disk
from tests.historian.test_embedded_trouble import END_NS, POWER, eventually, noisy, quick_retries

__all__ = ["quick_retries", "small_disk"]

_NUMBERS = itertools.count()


@pytest.fixture
def site() -> str:
    return f"outbox-{os.getpid()}-{next(_NUMBERS)}"


@pytest.fixture
def writers() -> Iterator[list[StoreWriter]]:
    started: list[StoreWriter] = []
    yield started
    for writer in started:
        writer.stop()


def begun(store: PostgresEngine, writers: list[StoreWriter]) -> StoreWriter:
    store.register(POINTS)
    writers.append(StoreWriter(store, every_s=0.01))
    writers[-1].start()
    return writers[-1]


def values(store: PostgresEngine) -> list[float]:
    return store.read(POWER, 0, END_NS).value.tolist()


def test_an_outbox_on_a_full_disk_keeps_readings_waiting_and_delivers_them_once_there_is_room(
    server: str, site: str, small_disk: SmallDisk, quick_retries: None, writers: list[StoreWriter]
) -> None:
    store = engine_of(server, site, small_disk.place / "outbox")
    writer = begun(store, writers)
    for number in range(10):
        writer.keep(noisy(number))
    eventually(lambda: writer.stored == 10_000)
    small_disk.fill()
    for number in range(10, 60):
        writer.keep(noisy(number))
    eventually(lambda: "free space on that disk" in writer.trouble)
    small_disk.free()
    eventually(lambda: writer.stored == 60_000 and not writer.trouble and not store._delivery.is_behind)
    assert len(values(store)) == len(set(values(store))) == 15_000
    store.close()


def test_an_outbox_whose_folder_is_moved_away_takes_nothing_until_it_is_back(
    server: str, site: str, tmp_path: Path, quick_retries: None, writers: list[StoreWriter]
) -> None:
    folder = tmp_path / "outbox"
    store = engine_of(server, site, folder)
    writer = begun(store, writers)
    writer.keep(noisy(0))
    eventually(lambda: writer.stored == 1000)
    folder.rename(tmp_path / "elsewhere")
    writer.keep(noisy(1))
    eventually(lambda: "is gone (moved, removed, or its disk taken off): put it back" in writer.trouble)
    (tmp_path / "elsewhere").rename(folder)
    eventually(lambda: writer.stored == 2000 and not writer.trouble and not store._delivery.is_behind)
    assert len(values(store)) == 500
    store.close()
