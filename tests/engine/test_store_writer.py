"""Between the engine and a store that refuses: nothing lost, nothing twice, and a sentence as long as it lasts."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from energy_console.engine import store_writer
from energy_console.engine.past import PastKeeper
from energy_console.engine.store_writer import StoreWriter, merge
from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.historian.errors import StoreFull
from energy_console.live.calculated import Calculator
from hardware.points import ScanBatch
from tests.gui.small_site import small_site
from tests.historian.series import POINTS, at, batch

POWER = POINTS[0].id
FULL = "No room left"


class Stubborn:
    """A real store that refuses the next `refusals` calls, as one on a full disk does."""

    def __init__(self, store: EmbeddedHistorian, refusals: int, fault: Exception | None = None) -> None:
        self.store, self.refusals = store, refusals
        self.fault = fault or StoreFull(store.folder)
        self.longest = 0

    def _refuse(self) -> None:
        if self.refusals > 0:
            self.refusals -= 1
            raise self.fault

    def append(self, readings: ScanBatch) -> None:
        self.longest = max(self.longest, len(readings))
        self._refuse()
        self.store.append(readings)

    def write_event(self, *line) -> int:
        self._refuse()
        return self.store.write_event(*line)

    def put_state(self, *place) -> None:
        self._refuse()
        self.store.put_state(*place)


@contextmanager
def writing(store: object) -> Iterator[StoreWriter]:
    writer = StoreWriter(store, every_s=0.02)
    writer.start()
    yield writer
    writer.stop()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedHistorian]:
    opened = open_embedded(tmp_path / "store", writing=True)
    opened.register(POINTS)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_writer, "RETRY_S", 0.05)


def until(true: object, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def everything(store: EmbeddedHistorian) -> list[float]:
    return store.read(POWER, 0, at(10**6)).value.tolist()


def test_readings_and_events_wait_in_order_while_the_store_refuses_and_each_is_kept_once(store) -> None:
    stubborn = Stubborn(store, refusals=4)
    with writing(stubborn) as writer:
        for second in range(5):
            writer.keep(batch([(0, second, float(second))]))
        until(lambda: writer.trouble)
        assert FULL in writer.trouble
        assert writer.behind_s > 0
        for number in range(3):
            writer.do(lambda number=number: stubborn.write_event(at(number), "engine", "engine", f"line {number}", {}))
        writer.keep(batch([(0, 5, 5.0)]))
        until(lambda: not writer.trouble and writer.stored == 6)
        assert writer.behind_s == 0.0
    assert everything(store) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert [event.text for event in store.events(0, at(10**6))] == ["line 2", "line 1", "line 0"]
    assert writer.lost == 0


def test_trouble_with_the_journal_alone_ends_when_the_journal_takes_its_line(store) -> None:
    stubborn = Stubborn(store, refusals=2)
    with writing(stubborn) as writer:
        writer.do(lambda: stubborn.write_event(at(0), "engine", "engine", "started", {}))
        until(lambda: writer.trouble)
        until(lambda: not writer.trouble)
    assert [event.text for event in store.events(0, at(1))] == ["started"]


def test_a_refusal_is_logged_once_and_its_end_once(store, caplog) -> None:
    caplog.set_level(logging.WARNING)
    with writing(Stubborn(store, refusals=5)) as writer:
        writer.keep(batch([(0, 0, 1.0)]))
        until(lambda: writer.stored == 1)
    told = [record.getMessage() for record in caplog.records if record.name == store_writer.__name__]
    assert len(told) == 2
    assert FULL in told[0]
    assert told[1] == "store: it takes what it is given again"


def test_a_fault_nobody_expected_keeps_readings_waiting_instead_of_ending_the_thread(store, caplog) -> None:
    stubborn = Stubborn(store, refusals=2, fault=RuntimeError("not thought of"))
    with writing(stubborn) as writer:
        writer.keep(batch([(0, 0, 1.0)]))
        until(lambda: "not thought of" in writer.trouble)
        until(lambda: writer.stored == 1)
    assert everything(store) == [1.0]
    assert sum(record.exc_info is not None for record in caplog.records) == 1


def test_a_piece_of_work_with_a_fault_does_not_hold_up_the_next(store, caplog) -> None:
    with writing(store) as writer:
        writer.do(lambda: 1 / 0, lambda: store.put_state("room", "key", "kept"))
    assert store.get_state("room", "key") == "kept"
    assert "left out" in caplog.text


def test_where_memory_is_full_the_oldest_is_lost_and_counted(store, monkeypatch) -> None:
    monkeypatch.setattr(store_writer, "MOST_WAITING", 3)
    monkeypatch.setattr(store_writer, "RETRY_S", 0.3)
    with writing(Stubborn(store, refusals=1)) as writer:
        writer.keep(batch([(0, 0, 0.0)]))
        until(lambda: writer.trouble)
        for second in range(1, 6):
            writer.keep(batch([(0, second, float(second))]))
        assert writer.lost == 3
        until(lambda: not writer.trouble)
    assert everything(store) == [3.0, 4.0, 5.0]


def test_what_waited_long_is_written_a_part_at_a_time(store, monkeypatch) -> None:
    monkeypatch.setattr(store_writer, "AT_ONCE", 10)
    stubborn = Stubborn(store, refusals=1)
    with writing(stubborn) as writer:
        for second in range(100):
            writer.keep(batch([(0, second, float(second))]))
        until(lambda: writer.stored == 100)
    assert stubborn.longest <= 10
    assert everything(store) == [float(second) for second in range(100)]


def test_what_cannot_be_stored_before_the_end_is_told_and_the_end_comes(store, caplog) -> None:
    with writing(Stubborn(store, refusals=10**6)) as writer:
        writer.keep(batch([(0, 0, 1.0), (0, 1, 2.0)]))
    assert writer.lost == 2
    assert "2 readings and 0 events could not be stored before the end. No room left" in caplog.text


def test_a_past_that_the_store_refuses_does_not_hold_up_the_end(store) -> None:
    stubborn = Stubborn(store, refusals=10**6)
    asked = []

    def stopping() -> bool:
        asked.append(time.monotonic())
        return len(asked) > 2

    with writing(stubborn) as writer:
        calculator = Calculator((), {point.id: row for row, point in enumerate(POINTS)}, {})
        PastKeeper(small_site(), stubborn, writer, calculator).keep(lambda: [batch([(0, 0, 1.0)])], stopping)
    assert len(asked) == 3


def test_merging_keeps_every_reading_in_order() -> None:
    one, other = batch([(0, 0, 1.0), (1, 0, 2.0)], sequence=4), batch([(0, 1, 3.0)], sequence=5)
    both = merge([one, other])
    assert (both.index.tolist(), both.value.tolist(), both.sequence) == ([0, 1, 0], [1.0, 2.0, 3.0], 5)
    assert merge([one]) is one


FULL_DISK = """
import resource, sys, time
from pathlib import Path
from energy_console.engine import store_writer
from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.embedded import open_embedded
from tests.historian.series import POINTS, at, batch

store_writer.RETRY_S = 0.1
store = open_embedded(Path(sys.argv[1]), writing=True)
store.register(POINTS)
writer = StoreWriter(store, every_s=0.02)
writer.start()
no_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
second, refused = 0, False
for room in (20_000, None):
    resource.setrlimit(resource.RLIMIT_FSIZE, (room or no_limit[0], no_limit[1]))
    end = time.monotonic() + 20
    while (not writer.trouble if room else writer.trouble) and time.monotonic() < end:
        for _ in range(20):
            writer.keep(batch([(point, second, second + point / 10) for point in range(4)]))
            second += 1
        time.sleep(0.03)
    refused = refused or bool(writer.trouble)
writer.stop()
kept = store.read(POINTS[3].id, 0, at(10**6))
whole = kept.value.tolist() == [n + 0.3 for n in range(second)]
print(refused, whole, writer.lost, writer.stored == 4 * second)
store.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the size of files is limited on POSIX systems only")
def test_on_a_disk_that_is_really_full_nothing_is_lost(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "store")],
        capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.split() == ["True", "True", "0", "True"], done.stderr
    assert "No room left for the store" in done.stderr
