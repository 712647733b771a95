"""What every implementation of the store owes its callers."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest

from energy_console.historian.errors import StoreBusy, StoreError
from energy_console.historian.interface import Historian
from hardware.points import Quality, Reason, quality_of, reason_of
from tests.historian.conftest import Opener
from tests.historian.series import POINTS, at, batch

POWER = POINTS[0].id
NAN = math.nan


def test_what_was_appended_is_read_back_in_time_order(store: Historian) -> None:
    store.register(POINTS)
    store.append(batch([(0, 0, 1.5), (1, 0, 7.0)]))
    store.append(batch([(0, 1, 2.5)]))
    series = store.read(POWER, at(0), at(2))
    assert series.time_ns.tolist() == [at(0), at(1)]
    assert series.value.tolist() == [1.5, 2.5]


def test_a_window_holds_its_start_and_not_its_end(store: Historian) -> None:
    store.register(POINTS)
    store.append(batch([(0, second, float(second)) for second in range(5)]))
    assert store.read(POWER, at(1), at(3)).value.tolist() == [1.0, 2.0]


def test_a_bad_reading_comes_back_as_nan_with_its_reason(store: Historian) -> None:
    store.register(POINTS)
    store.append(batch([(0, 0, NAN)]))
    series = store.read(POWER, at(0), at(1))
    assert math.isnan(series.value[0])
    assert reason_of(int(series.status[0])) is Reason.TIMEOUT


def test_a_point_never_stored_is_empty_and_has_no_span(store: Historian) -> None:
    store.register(POINTS)
    assert len(store.read("nobody/power_kw", at(0), at(9)).value) == 0
    assert store.span("nobody/power_kw") is None
    assert len(store.buckets(POWER, at(0), at(9), 10).time_ns) == 0


def test_as_of_is_the_last_reading_within_the_look_back(open_store: Opener) -> None:
    store = open_store(True)
    store.register(POINTS)
    store.append(batch([(0, 0, 1.0), (1, 0, 7.0)]))
    store.append(batch([(0, 10, 2.0), (0, 20, 3.0), (2, 20, NAN)]))
    asked = [POINTS[2].id, POWER, POINTS[1].id, "nobody/power_kw"]
    for historian in (store, open_store(False)):
        time_ns, value, status = historian.as_of(asked, at(20), at(15) - at(0))
        assert time_ns.tolist() == [at(20), at(20), 0, 0]
        assert value[1] == 3.0
        reasons = [reason_of(int(s)) for s in status]
        assert reasons == [Reason.TIMEOUT, Reason.GOOD, Reason.NOT_READ_YET, Reason.NOT_READ_YET]
        assert historian.as_of([POWER], at(20) - 1_000_000, at(15) - at(0))[1].tolist() == [2.0]
        assert historian.as_of([POWER], at(10), at(10) - at(0))[0].tolist() == [at(10)]
        assert len(historian.as_of([], at(10), at(1) - at(0))[0]) == 0


def test_newest_has_one_row_a_registered_point(store: Historian) -> None:
    store.register(POINTS)
    store.append(batch([(0, 0, 1.0), (1, 0, 2.0)]))
    store.append(batch([(1, 1, 3.0), (2, 1, NAN)]))
    time_ns, value, status = store.newest()
    assert time_ns.tolist() == [at(0), at(1), at(1), 0]
    assert value[:2].tolist() == [1.0, 3.0]
    assert [reason_of(int(s)) for s in status[2:]] == [Reason.TIMEOUT, Reason.NOT_READ_YET]


def test_a_backfilled_past_is_kept_and_does_not_become_the_newest(store: Historian) -> None:
    store.register(POINTS)
    store.append(batch([(0, 0, 1.0)]))
    store.append(batch([(0, -86_400 * 400, 5.0), (0, -60, 6.0)], Reason.SIMULATED))
    assert store.newest()[1][0] == 1.0
    assert store.read(POWER, 0, at(1)).value.tolist() == [5.0, 6.0, 1.0]
    assert store.span(POWER) == (at(-86_400 * 400), at(0))


def test_a_clock_set_back_loses_nothing_and_keeps_both_readings(store: Historian) -> None:
    store.register(POINTS)
    for second, value in [(0, 1.0), (1, 2.0), (0, 3.0), (1, 4.0)]:
        store.append(batch([(0, second, value)]))
    series = store.read(POWER, at(0), at(2))
    assert series.value.tolist() == [1.0, 3.0, 2.0, 4.0]
    assert store.buckets(POWER, at(0), at(60), 1).count.tolist() == [4]


def test_since_gives_each_batch_once_in_the_order_of_the_readers_points(open_store: Opener) -> None:
    writer = open_store(True)
    writer.register(POINTS)
    reader = open_store(False)
    reader.register(tuple(reversed(POINTS)))
    seen, batches = reader.since(0)
    assert batches == []
    writer.append(batch([(0, 0, 1.0)]))
    writer.append(batch([(3, 1, 2.0)]))
    newest, batches = reader.since(seen)
    assert [b.index.tolist() for b in batches] == [[3], [0]]
    assert newest == batches[-1].sequence
    assert reader.since(newest) == (newest, [])


def test_a_point_registered_later_reaches_a_reader_that_was_already_open(open_store: Opener) -> None:
    writer = open_store(True)
    writer.register(POINTS[:1])
    reader = open_store(False)
    reader.register(POINTS)
    writer.register(POINTS)
    writer.append(batch([(2, 0, 9.0)]))
    assert [b.index.tolist() for b in reader.since(0)[1]] == [[2]]
    assert reader.read(POINTS[2].id, at(0), at(1)).value.tolist() == [9.0]
    assert reader.newest()[1][2] == 9.0


def test_a_point_not_stored_yet_has_no_newest_reading_of_another_one(open_store: Opener) -> None:
    writer = open_store(True)
    writer.register(POINTS[:2])
    writer.append(batch([(0, 0, 1.0), (1, 0, 2.0)]))
    reader = open_store(False)
    reader.register((POINTS[0], POINTS[3]))
    assert np.isnan(reader.newest()[1]).tolist() == [False, True]


def test_readings_outlive_the_run_and_the_order_of_its_points(open_store: Opener) -> None:
    first = open_store(True)
    first.register(POINTS)
    first.append(batch([(0, 0, 1.0), (3, 0, 4.0)]))
    first.close()
    second = open_store(True)
    second.register(tuple(reversed(POINTS)))
    second.append(batch([(0, 1, 5.0)]))
    assert second.read(POINTS[3].id, at(0), at(2)).value.tolist() == [4.0, 5.0]
    assert second.newest()[1][[0, 3]].tolist() == [5.0, 1.0]


def test_a_second_writer_is_refused_and_told_who_writes(open_store: Opener) -> None:
    open_store(True)
    with pytest.raises(StoreBusy, match="already being written by"):
        open_store(True)


def test_a_reader_may_not_append(open_store: Opener) -> None:
    open_store(True).register(POINTS)
    reader = open_store(False)
    reader.register(POINTS)
    with pytest.raises(StoreError, match="for reading"):
        reader.append(batch([(0, 0, 1.0)]))


def test_spans_are_weighted_by_time_and_count_the_unusable(store: Historian) -> None:
    store.register(POINTS)
    store.append(batch([(0, 0, 10.0), (0, 30, 20.0), (0, 40, NAN), (0, 60, 5.0)]))
    spans = store.spans(POWER, at(0), at(60), 60_000_000_000)
    assert spans.time_ns.tolist() == [at(0)]
    assert (spans.minimum[0], spans.maximum[0], spans.first[0], spans.last[0]) == (10.0, 20.0, 10.0, 20.0)
    assert (spans.count[0], spans.good_count[0]) == (3, 2)
    assert spans.integral_h[0] == pytest.approx((30 * 10 + 10 * 20) / 3600)
    assert spans.mean[0] == pytest.approx((30 * 10 + 10 * 20) / 40)
    assert quality_of(int(spans.status[0])) is Quality.BAD


def test_buckets_are_never_more_than_asked_for(store: Historian) -> None:
    store.register(POINTS)
    store.append(batch([(0, second, 1.0) for second in range(0, 7200, 7)]))
    for count in (1, 3, 10, 100, 999):
        spans = store.buckets(POWER, at(3), at(7000), count)
        assert 0 < len(spans.time_ns) <= count


def test_an_empty_window_is_refused(store: Historian) -> None:
    with pytest.raises(ValueError, match="end after its start"):
        store.buckets(POWER, at(1), at(1), 10)


def test_events_come_newest_first_and_by_kind(store: Historian) -> None:
    store.write_event(at(1), "device", "M1", "M1 lost", {"reason": "timeout"})
    store.write_event(at(2), "plan", "", "plan approved", {})
    last = store.write_event(at(3), "device", "M1", "M1 back", {})
    events = store.events(at(0), at(9), ["device"])
    assert [event.text for event in events] == ["M1 back", "M1 lost"]
    assert events[0].id == last
    assert events[1].data == {"reason": "timeout"}
    assert [event.text for event in store.events(at(0), at(9), limit=1)] == ["M1 back"]


def test_state_is_seen_by_every_process_and_can_be_written_by_readers(open_store: Opener) -> None:
    writer, reader = open_store(True), open_store(False)
    reader.put_state("layout", "desk", {"pages": ["trends"], "zoom": 1.5})
    assert writer.get_state("layout", "desk") == {"pages": ["trends"], "zoom": 1.5}
    writer.put_state("layout", "desk", {"pages": []})
    assert reader.list_state("layout") == {"desk": {"pages": []}}
    assert reader.get_state("layout", "other") is None


def test_a_command_is_claimed_by_exactly_one_owner(open_store: Opener) -> None:
    writer, reader = open_store(True), open_store(False)
    wanted = {reader.request_command({"point": POWER, "value": n}) for n in range(40)}
    claimed: dict[str, list[int]] = {"one": [], "two": [], "three": []}

    def claim(owner: str, historian: Historian) -> None:
        for _ in range(20):
            claimed[owner] += [number for number, _ in historian.claim_commands(owner)]

    owners = zip(claimed, (writer, reader, open_store(False)), strict=True)
    threads = [threading.Thread(target=claim, args=pair) for pair in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = sorted(number for numbers in claimed.values() for number in numbers)
    assert everything == sorted(wanted)


def test_a_command_has_no_result_until_it_is_finished_and_keeps_its_first(open_store: Opener) -> None:
    writer, reader = open_store(True), open_store(False)
    number = reader.request_command({"point": POWER, "value": 3})
    assert writer.claim_commands("engine") == [(number, {"point": POWER, "value": 3})]
    assert reader.command_result(number) is None
    writer.finish_command(number, {"ok": True})
    writer.finish_command(number, {"ok": False})
    assert reader.command_result(number) == {"ok": True}
