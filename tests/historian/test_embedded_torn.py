"""A power cut leaves the last write half done: what was acknowledged before it is there, the write itself whole or not.

The images are made from real ones: a file as it was before a write and after it, sector by sector old, new or garbage,
and cut at any length. Only what was not acknowledged yet may be torn, so all before it has to be found. As SQLite does
("powersafe overwrite"), the disk is trusted with the bytes of a sector that a write to it does not change.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.historian.embedded.checking import check_store
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.recovery import sealed_paths
from tests.historian.series import POINTS, batch

SECTOR = 512
POWER = POINTS[0].id
SEEDS = st.integers(0, 2**32)
KEPT = 30  # batches before the one that is torn


def torn(before: bytes, after: bytes, chance: random.Random) -> bytes:
    """Some way between two images of a file: sectors that differ are old, new or neither; its end may be anywhere."""
    image = bytearray(before.ljust(len(after), b"\0"))
    for start in range(0, len(image), SECTOR):
        place = slice(start, start + SECTOR)
        if image[place] != after[place]:
            old, new = bytes(image[place]), after[place]
            noise = bytes(n if n == o else chance.randrange(256) for o, n in zip(old, new, strict=True))
            image[place] = chance.choice((old, new, new, noise))
    if len(after) > len(before) and chance.random() < 0.5:
        del image[chance.randint(len(before), len(after)) :]
    return bytes(image)


def many(number: int, rows: int = 200) -> list[tuple[int, float, float]]:
    return [(n % 4, number * 1000.0 + n, random.Random(number * 1000 + n).random()) for n in range(rows)]


def values(store: EmbeddedHistorian) -> list[float]:
    return store.read(POWER, 0, 2**62).value.tolist()


def first_values(batches: int) -> list[float]:
    return [value for number in range(batches) for point, _, value in many(number) if point == 0]


class Images(dict[str, bytes]):
    """Contents of files by name and moment."""

    def __repr__(self) -> str:  # hypothesis prints what it was given
        return f"images of {', '.join(self)}"


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Images:
    """Files before and after a last batch and a last state were written, and when they were moved into the database."""
    folder = tmp_path_factory.mktemp("images") / "store"
    store = open_embedded(folder, writing=True)
    store.register(POINTS)
    taken = Images()

    def take(moment: str) -> None:
        for name in ("newest.sqlite", "state.sqlite"):
            for tail in ("", "-wal"):
                taken[f"{name}{tail} {moment}"] = (folder / f"{name}{tail}").read_bytes()

    for number in range(KEPT):
        store.append(batch(many(number)))
        store.put_state("plan", "now", number)
    take("before")
    store.append(batch(many(KEPT)))
    store.put_state("plan", "now", KEPT)
    take("after")
    for name in ("newest.sqlite", "state.sqlite"):
        connection = apsw.Connection(str(folder / name))
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_FULL)
        connection.close()
    take("moved")
    taken["store.json"] = (folder / "store.json").read_bytes()
    store.close()
    return taken


def put_back(folder: Path, images: Images, files: dict[str, bytes]) -> None:
    """A store as a power cut left it: the files named, the others as they were after the last write."""
    folder.mkdir()
    (folder / "store.json").write_bytes(images["store.json"])
    for name in ("newest.sqlite", "newest.sqlite-wal", "state.sqlite", "state.sqlite-wal"):
        (folder / name).write_bytes(files.get(name, images[f"{name} after"]))


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_a_torn_last_write_of_batches_or_state_costs_nothing_that_was_acknowledged(images: Images, seed: int) -> None:
    chance = random.Random(seed)
    names = ("newest.sqlite-wal", "state.sqlite-wal")
    files = {name: torn(images[f"{name} before"], images[f"{name} after"], chance) for name in names}
    with tempfile.TemporaryDirectory() as name:
        put_back(Path(name) / "store", images, files)
        store = open_embedded(Path(name) / "store", writing=True)
        store.register(POINTS)
        assert values(store) in (first_values(KEPT), first_values(KEPT + 1))
        assert store.get_state("plan", "now") in (KEPT - 1, KEPT)
        assert store.notices() == []
        before = values(store)
        store.append(batch([(0, 10**6, 7.0)]))
        assert values(store) == [*before, 7.0]
        store.close()
        assert check_store(StoreFolder(Path(name) / "store")).faults == ()


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_a_power_cut_while_the_log_is_moved_into_the_database_costs_nothing(images: Images, seed: int) -> None:
    chance = random.Random(seed)
    names = ("newest.sqlite", "state.sqlite")
    files = {name: torn(images[f"{name} after"], images[f"{name} moved"], chance) for name in names}
    with tempfile.TemporaryDirectory() as name:
        put_back(Path(name) / "store", images, files)
        store = open_embedded(Path(name) / "store", writing=True)
        assert values(store) == first_values(KEPT + 1)
        assert store.get_state("plan", "now") == KEPT
        assert store.notices() == []
        store.close()
        assert check_store(StoreFolder(Path(name) / "store")).faults == ()


@pytest.fixture(scope="module")
def half_sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that was copied in the middle of a sealing: files are named that no list names yet."""
    place = tmp_path_factory.mktemp("half")

    def step(name: str) -> None:
        if name == "before commit":
            shutil.copytree(place / "store", place / "copy")

    store = open_embedded(place / "store", writing=True, step=step)
    store.register(POINTS)
    for number in range(KEPT):
        store.append(batch(many(number)))
    store.seal()
    store.close()
    return place / "copy"


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_sealed_files_torn_before_they_counted_cost_nothing(half_sealed: Path, seed: int) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = StoreFolder(Path(name) / "store")
        shutil.copytree(half_sealed, folder.root)
        strays = list(sealed_paths(folder))
        assert strays
        for path in chance.sample(strays, chance.randint(1, len(strays))):
            whole = path.read_bytes()
            path.write_bytes(torn(b"", whole, chance)[: chance.randint(0, len(whole))])
        store = open_embedded(folder.root, writing=True)
        store.register(POINTS)
        assert values(store) == first_values(KEPT)
        store.seal()
        store.merge()
        assert values(store) == first_values(KEPT)
        store.close()
        assert check_store(folder).faults == ()
