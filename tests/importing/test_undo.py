"""An import is one act: written whole or not at all, taken back exactly and once, beside whatever an engine writes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from energy_console.historian.acts import Act, ActKind, ActSeries
from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.historian.embedded.acts import act_paths, add_act, files_of, lock_acts, take_back
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.newest import NewestFile
from energy_console.historian.errors import StoreBusy
from hardware.points import Point, Reason, ScanBatch, reason_of
from tests.importing.conftest import ALL, Desk

POWER = "meter/power_kw"
FIRST = Act(ActKind.IMPORT, 1)
START_MS = 1_767_225_600_000  # 2026-01-01
LATER = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
HOUR_NS = 3_600_000_000_000


def measured(store: EmbeddedHistorian, minutes: range) -> None:
    """What an engine would append: a reading a minute, its own number as the value."""
    store.register([Point(POWER, "meter", "power_kw", "kW", "Power")])
    time_ns = (START_MS + np.array(minutes, np.int64) * 60_000) * 1_000_000
    size = len(minutes)
    store.append(ScanBatch(0, np.zeros(size, np.int32), time_ns, np.array(minutes, float), np.zeros(size, np.uint16)))


def csv(desk: Desk, minutes: range, name: str = "meter.csv") -> Path:
    rows = (f"{np.datetime64(START_MS + n * 60_000, 'ms')}Z,{n + 0.5}\n" for n in minutes)
    return desk.file("time,p_kw\n" + "".join(rows), name)


def whole(folder: Path) -> tuple[list[int], list[float], list[int], list[float], list[int]]:
    """Everything a reader sees of the point, readings and a coarse tier."""
    store = open_embedded(folder, writing=False)
    try:
        read, spans = (
            store.read(POWER, *ALL),
            store.spans(POWER, START_MS * 10**6, START_MS * 10**6 + 4 * 24 * HOUR_NS, HOUR_NS),
        )
        return (
            read.time_ns.tolist(),
            read.value.tolist(),
            read.status.tolist(),
            spans.integral_h.tolist(),
            spans.count.tolist(),
        )
    finally:
        store.close()


def test_an_import_between_readings_is_taken_back_exactly_also_after_sealing_and_merging(desk: Desk) -> None:
    store = open_embedded(desk.store, writing=True)
    for day in range(2):
        measured(store, range(day * 1440, day * 1440 + 1440, 2))
        store.seal()
    store.close()
    before = whole(desk.store)
    path = csv(desk, range(2880))
    told = desk.told(path, "--map", f"p_kw={POWER}:kW", "--write")
    assert (told["import"], told["written"], told["points"][0]["in_store"]) == (1, 1440, 1440)
    assert told["points"][0]["in_store_different"] == 1440
    with_import = whole(desk.store)
    assert len(with_import[0]) == 2880
    assert {reason_of(status) for status in with_import[2]} == {Reason.GOOD, Reason.SUBSTITUTED}
    store = open_embedded(desk.store, writing=True)
    measured(store, range(2880, 3000, 2))
    store.seal()
    store.merge(LATER)
    store.close()
    assert desk.is_sound()
    assert desk.told("--undo", 1) == {"import": 1, "taken_back": 1440}
    after = whole(desk.store)
    assert len(after[0]) == len(before[0]) + 60
    assert [column[: len(before[0])] for column in after[:3]] == list(before[:3])
    assert after[3][:47] == pytest.approx(before[3][:47])  # the last hour goes on into what was measured since
    assert desk.is_sound()


def test_an_undo_is_once_and_a_second_import_of_the_same_file_adds_nothing(desk: Desk) -> None:
    path = csv(desk, range(10))
    assert desk.told(path, "--as", "x", "--write")["written"] == 10
    code, _, err = desk.run(path, "--as", "x", "--write")
    assert code == 2
    assert "Nothing to write" in err
    assert desk.told("--undo", 1)["taken_back"] == 10
    for number, sentence in ((1, "was taken back already"), (7, "The store has no import 7: it has 1")):
        code, _, err = desk.run("--undo", number)
        assert code == 2
        assert sentence in err
    assert desk.told(path, "--as", "x", "--write")["import"] == 2
    assert len(desk.kept("import.x/p_kw").value) == 10
    assert [(one["import"], one["state"], one["readings"]) for one in desk.told("--list")] == [
        (1, "taken back", 0),
        (2, "written", 10),
    ]


def test_undo_leaves_other_imports_of_the_same_point_alone(desk: Desk) -> None:
    desk.told(csv(desk, range(0, 20, 2), "even.csv"), "--map", "p_kw=import.x/p_kw:kW", "--write")
    desk.told(csv(desk, range(20), "all.csv"), "--map", "p_kw=import.x/p_kw:kW", "--write")
    assert len(desk.kept("import.x/p_kw").value) == 20
    desk.told("--undo", 1)
    assert desk.kept("import.x/p_kw").value.tolist() == [n + 0.5 for n in range(1, 20, 2)]


def test_an_import_goes_in_and_out_while_an_engine_writes(desk: Desk) -> None:
    engine = open_embedded(desk.store, writing=True)
    try:
        measured(engine, range(0, 1440, 2))
        engine.seal()
        measured(engine, range(1440, 1500, 2))
        desk.told(csv(desk, range(1, 1440, 2)), "--map", f"p_kw={POWER}:kW", "--write")
        assert len(engine.read(POWER, *ALL).value) == 1440 + 30
        engine.seal()
        engine.merge(LATER)
        assert len(engine.read(POWER, *ALL).value) == 1440 + 30
        desk.told("--undo", 1)
        assert len(engine.read(POWER, *ALL).value) == 720 + 30
        assert engine.newest()[1].tolist() == [1498.0]
        kinds = [(event.kind, event.source) for event in engine.events(0, 2**62)]
        assert kinds == [("import", "import 1")] * 2
    finally:
        engine.close()
    assert desk.is_sound()


STEPS = ["named readings", "named days", "before listing", "after listing", "before unlisting", "after unlisting"]


@pytest.mark.parametrize("where", STEPS)
def test_a_crash_leaves_all_of_an_import_or_nothing(tmp_path: Path, where: str) -> None:
    """The process is gone at that step: its lock with it, and whatever it wrote stays as it lies."""
    folder = StoreFolder(tmp_path / "store")
    open_embedded(folder.root, writing=True).close()
    newest = NewestFile(folder.newest, create=False)
    times = START_MS + np.arange(20, dtype=np.int64)
    series = [ActSeries(POWER, "kW", times, np.arange(20.0), np.zeros(20, np.uint16))]

    class Gone(BaseException):
        pass

    def step(name: str) -> None:
        if name == where:
            raise Gone

    def in_and_out() -> None:
        add_act(folder, newest, FIRST, series, step=step)
        take_back(folder, newest, FIRST, step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("energy_console.historian.embedded.acts._remove", lambda *_: None)
        with pytest.raises(Gone):
            in_and_out()
    counts = where in ("after listing", "before unlisting")
    assert bool(files_of(newest, FIRST)) is counts
    newest.close()
    store = open_embedded(folder.root, writing=True)
    assert len(store.read(POWER, *ALL).value) == (20 if counts else 0)
    assert store.notices() == []
    store.close()
    assert bool(list(act_paths(folder))) is counts
    assert not list((folder.root / "importing").glob("*"))


def test_two_imports_at_once_are_refused_and_a_starting_engine_leaves_one_under_way_alone(desk: Desk) -> None:
    desk.told(csv(desk, range(1)), "--as", "x", "--write")
    folder = StoreFolder(desk.store)
    lock = lock_acts(folder)
    try:
        begun = folder.root / "importing" / "readings-import-000001-00000-0-0.parquet"
        begun.write_bytes(b"half")
        open_embedded(desk.store, writing=True).close()
        assert begun.exists()
        code, _, err = desk.run(csv(desk, range(3)), "--as", "x", "--write")
        assert code == 1
        assert "already being written by" in err
        with pytest.raises(StoreBusy):
            lock_acts(folder)
    finally:
        lock.release()
    open_embedded(desk.store, writing=True).close()
    assert not begun.exists()


def test_a_lost_list_of_files_is_made_anew_with_the_imports_in_it(desk: Desk) -> None:
    desk.told(csv(desk, range(100)), "--as", "x", "--write")
    for path in desk.store.glob("newest.sqlite*"):
        path.unlink()
    open_embedded(desk.store, writing=True).close()
    assert len(desk.kept("import.x/p_kw").value) == 100
    assert desk.told("--undo", 1)["taken_back"] == 100


def test_a_lost_book_gives_no_number_twice_and_what_it_told_of_can_still_be_taken_back(desk: Desk) -> None:
    desk.told(csv(desk, range(10)), "--as", "x", "--write")
    for path in desk.store.glob("state.sqlite*"):
        path.unlink()
    open_embedded(desk.store, writing=True).close()
    assert desk.told(csv(desk, range(5, 30)), "--as", "x", "--write")["import"] == 2
    assert len(desk.kept("import.x/p_kw").value) == 30
    assert desk.told("--undo", 1)["taken_back"] == 10
    assert desk.kept("import.x/p_kw").value.tolist() == [n + 0.5 for n in range(10, 30)]


def test_an_imported_point_keeps_its_unit(desk: Desk) -> None:
    desk.told(desk.file("time,p_kw\n2026-01-01T00:00Z,5\n"), "--as", "x", "--write")
    desk.told(desk.file("time,p_w\n2026-01-01T00:01Z,7000\n", "w.csv"), "--map", "p_w=import.x/p_kw:W", "--write")
    assert desk.kept("import.x/p_kw").value.tolist() == [5.0, 7.0]
    path = desk.file("time,e_kwh\n2026-01-01T00:02Z,7000\n", "e.csv")
    code, _, err = desk.run(path, "--map", "e_kwh=import.x/p_kw:kWh", "--write")
    assert code == 2
    assert "e_kwh is in kWh, import.x/p_kw in kW: these do not convert" in err
