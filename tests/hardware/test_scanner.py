"""The scan: everything at its pace, a lost device costs its neighbours nothing and comes back by itself."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from contextlib import AsyncExitStack
from dataclasses import replace

import numpy as np
import pytest

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.modbus import FieldError
from hardware.points import Reason, detail_of, reason_of
from hardware.profiles import Profile, layout_of, profile
from hardware.profiles.model import ProfilePoint, ReadRules, RegisterType, Table
from hardware.scanner import Rests, Scanner
from tests.hardware.scripted import CLOSE, counting, registers, rtu, serving, tcp

TIMEOUT_S = 0.12
EVERY_S = 0.1
RESTS = Rests(0.1, 0.8)


def point(quantity, address):
    return ProfilePoint(quantity, quantity, "", Table.HOLDING, address, RegisterType.UINT16, 1)


# Two values so far apart that they take two requests.
TYPE = Profile(
    "t", "T", "M", "meter", "s", "", (point("near", 10), point("far", 500)), ReadRules(longest=10, gap=0)
)  # fmt: skip


def of_type(name):
    return TYPE


class Log:
    """Every reading that was published, as (device point, value, reason) in order."""

    def __init__(self):
        self.batches = []
        self.scanner = None

    def __call__(self, batch):
        self.batches.append(batch)

    def of(self, name):
        number = [point.id for point in self.scanner.points].index(name)
        return [
            (batch.value[row], reason_of(batch.status[row]), int(batch.time_ns[row]))
            for batch in self.batches
            for row in np.nonzero(batch.index == number)[0]
        ]

    def reasons(self, name):
        return [reason for _, reason, _ in self.of(name)]


def good(request):
    return [tcp(request, counting(request))]


def field_on(servers, devices, connections=1, kind="tcp", every_s=EVERY_S):
    links = tuple(
        LinkSpec(f"L{number}", f"{kind}://127.0.0.1:{server.port}", TIMEOUT_S, connections)
        for number, server in enumerate(servers)
    )
    return FieldSpec(links, tuple(DeviceSpec(name, f"L{link}", unit, "t", every_s) for name, link, unit in devices))


def scan(scripts, devices, for_s, framing="tcp", connections=1, during=None, loaded=TYPE, every_s=EVERY_S):
    """Scans `devices` (name, link, unit) against one server a script; returns the log of readings."""

    async def main():
        log = Log()
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(serving(script, framing)) for script in scripts]
            kind = "tcp" if framing == "tcp" else "rtu+tcp"
            spec = field_on(servers, devices, connections, kind, every_s)
            scanner = Scanner(spec, log, tick_s=0.05, profiles=lambda name: loaded, rests=RESTS)
            log.scanner, log.servers = scanner, servers
            running = asyncio.create_task(scanner.run())
            if during:
                await asyncio.gather(during(scanner, servers), asyncio.sleep(for_s))
            else:
                await asyncio.sleep(for_s)
            scanner.stop()
            await running
        return log

    return asyncio.run(main())


def assert_nan_exactly_where_bad(log):
    for batch in log.batches:
        bad = np.array([reason_of(status) >= Reason.TIMEOUT for status in batch.status])
        assert (np.isnan(batch.value) == bad).all()


def test_every_device_is_read_at_its_pace_and_its_values_are_its_own():
    log = scan([good], [("A", 0, 1), ("B", 0, 2)], 1.05)
    for name in ("A", "B"):
        assert {value for value, _, _ in log.of(f"{name}/near")} == {10.0}
        assert {value for value, _, _ in log.of(f"{name}/far")} == {500.0}
        assert 5 <= len(log.of(f"{name}/near")) <= 12  # 10 on an idle machine
    assert [batch.sequence for batch in log.batches] == list(range(1, len(log.batches) + 1))
    stats = log.scanner.stats()
    assert (stats.answering, stats.lost, stats.points) == (2, 0, 4)
    assert stats.readings == sum(map(len, log.batches))


def test_a_silent_device_on_the_same_line_turns_bad_and_its_neighbour_goes_on():
    def script(request):
        return [] if request.unit == 7 else good(request)

    log = scan([script], [("DEAD", 0, 7), ("A", 0, 1)], 1.5)
    assert set(log.reasons("DEAD/near")) == {Reason.TIMEOUT}
    assert set(log.reasons("DEAD/far")) == {Reason.TIMEOUT}
    assert_nan_exactly_where_bad(log)
    asked = [request for request in log.servers[0].requests if request.unit == 7]
    assert len(asked) <= 5  # at once, then after 0.1, 0.2, 0.4, 0.8 s, with one request each time
    assert len(log.of("A/near")) >= 5
    state = log.scanner.states()["DEAD"]
    assert (state.state, state.last_answer_ns, state.lost) == ("silent", 0, len(asked))
    assert state.lost_recent[-1] == len(asked)


def test_a_dead_device_does_not_delay_its_neighbours_where_the_gateway_allows_two_connections():
    def script(request):
        return [] if request.unit == 7 else good(request)

    log = scan([script], [("DEAD", 0, 7), ("A", 0, 1), ("B", 0, 2)], 1.2, connections=2)
    for name in ("A", "B"):
        times = [time_ns for _, _, time_ns in log.of(f"{name}/near")]
        assert len(times) >= 5
        assert max(np.diff(times)) < 1e9 * (EVERY_S + TIMEOUT_S)


FAILURES = {
    "STILL": (lambda request: [], Reason.TIMEOUT, "silent"),
    "DROPS": (lambda request: [CLOSE], Reason.DROPPED, "silent"),
    "FAILS": (lambda request: [tcp(request, bytes([0x83, 4]))], Reason.EXCEPTION, "refusing"),
    "BEHIND": (lambda request: [tcp(request, bytes([0x83, 11]))], Reason.EXCEPTION, "silent"),
    "COUNT": (lambda request: [tcp(request, registers(3, [1, 2, 3]))], Reason.WRONG_ANSWER, "wrong answers"),
    "UNIT": (lambda request: [tcp(request, counting(request), unit=99)], Reason.WRONG_ANSWER, "wrong answers"),
    "NOISE": (lambda request: [b"nonsense" * 4], Reason.WRONG_ANSWER, "wrong answers"),
}


def test_devices_that_fail_each_in_its_way_turn_bad_at_once_and_come_back_by_themselves():
    ill = threading.Event()
    seen = {}

    def script_of(answer):
        return lambda request: answer(request) if ill.is_set() else good(request)

    async def during(scanner, servers):
        await asyncio.sleep(0.35)
        ill.set()
        await asyncio.sleep(0.45)
        seen.update(scanner.states())
        ill.clear()

    scripts = [script_of(answer) for answer, _, _ in FAILURES.values()]
    devices = [(name, number, 7) for number, name in enumerate(FAILURES)]
    log = scan([*scripts, good], [*devices, ("WELL", len(scripts), 1)], 1.9, during=during)
    for name, (_, reason, state) in FAILURES.items():
        reasons = log.reasons(f"{name}/near")
        first = reasons.index(reason)
        assert seen[name].state == state
        assert set(reasons[:first]) == {Reason.GOOD}
        assert set(reasons) == {Reason.GOOD, reason}
        assert reasons[-1] is Reason.GOOD
        assert (log.scanner.states()[name].state, log.scanner.states()[name].reason) == ("answering", "")
    assert_nan_exactly_where_bad(log)
    assert set(log.reasons("WELL/near")) == {Reason.GOOD}
    assert len(log.of("WELL/near")) >= 8


def test_a_link_that_is_refused_is_told_at_once_and_all_its_devices_return_with_it():
    async def main():
        log = Log()
        async with serving(good) as server:
            port = server.port
            spec = field_on([server], [("A", 0, 1), ("B", 0, 2)])
            scanner = log.scanner = Scanner(spec, log, tick_s=0.05, profiles=of_type, rests=RESTS)
            running = asyncio.create_task(scanner.run())
            await asyncio.sleep(0.3)
        await asyncio.sleep(0.5)
        down = scanner.states()
        async with serving(good, port=port):
            await asyncio.sleep(1.6)
            back = scanner.states()
        scanner.stop()
        await running
        return log, down, back

    log, down, back = asyncio.run(main())
    assert {state.state for state in down.values()} <= {"refusing", "silent"}
    assert all("refused" in state.reason or "broke" in state.reason for state in down.values())
    assert {state.state for state in back.values()} == {"answering"}
    assert Reason.REFUSED in log.reasons("A/near") + log.reasons("B/near")


def test_a_device_that_refuses_one_request_keeps_the_values_of_the_other():
    def script(request):
        return [tcp(request, bytes([0x83, 2]))] if request.address == 500 else good(request)

    log = scan([script], [("A", 0, 1)], 1.05)
    assert set(log.reasons("A/near")) == {Reason.GOOD}
    assert len(log.of("A/near")) >= 5
    assert set(log.reasons("A/far")) == {Reason.EXCEPTION}
    assert detail_of(log.batches[0].status[1]) == 2
    assert all(math.isnan(value) for value, _, _ in log.of("A/far"))
    assert "no such register" in log.scanner.states()["A"].reason


def test_over_rtu_a_late_answer_never_shifts_the_values():
    slow = {3}

    def script(request):
        late = [1.3 * TIMEOUT_S] if request.number in slow else []
        return [*late, rtu(request.unit, counting(request))]

    log = scan([script], [("A", 0, 1)], 2.0, framing="rtu")
    assert {value for value, reason, _ in log.of("A/near") if reason is Reason.GOOD} == {10.0}
    assert {value for value, reason, _ in log.of("A/far") if reason is Reason.GOOD} == {500.0}
    assert Reason.TIMEOUT in log.reasons("A/near") + log.reasons("A/far")
    assert log.scanner.states()["A"].state == "answering"


def test_a_clock_set_back_does_not_stop_the_scan(monkeypatch):
    async def during(scanner, servers):
        await asyncio.sleep(0.4)
        now = time.time_ns
        monkeypatch.setattr(time, "time_ns", lambda: now() - 3_600_000_000_000)

    log = scan([good], [("A", 0, 1)], 1.05, during=during)
    times = [time_ns for _, _, time_ns in log.of("A/near")]
    assert len(times) >= 5
    assert min(np.diff(times)) < -3e12  # stamps follow the wall clock, the pace does not


def test_a_loss_is_logged_once_and_the_return_once(caplog):
    ill = threading.Event()

    def script(request):
        return [tcp(request, bytes([0x83, 4]))] if ill.is_set() else good(request)

    async def during(scanner, servers):
        await asyncio.sleep(0.2)
        ill.set()
        await asyncio.sleep(0.8)
        ill.clear()

    with caplog.at_level(logging.INFO):
        scan([script], [("A", 0, 1)], 2.2, during=during)
    told = [record.getMessage() for record in caplog.records if record.name.startswith("hardware")]
    assert len(told) == 2, told
    assert "answered with exception 4" in told[0]
    assert told[1] == "A on L0 is back"


def test_a_lost_link_is_logged_once_for_all_its_devices(caplog):
    async def main():
        async with serving(good) as server:
            port = server.port
            spec = field_on([server], [(name, 0, unit) for unit, name in enumerate("ABCDE", 1)])
            scanner = Scanner(spec, lambda batch: None, tick_s=0.05, profiles=of_type, rests=RESTS)
        running = asyncio.create_task(scanner.run())
        await asyncio.sleep(0.7)
        async with serving(good, port=port):
            await asyncio.sleep(1.5)
            assert {state.state for state in scanner.states().values()} == {"answering"}
        scanner.stop()
        await running

    with caplog.at_level(logging.INFO):
        asyncio.run(main())
    told = [record.getMessage() for record in caplog.records if record.name.startswith("hardware")]
    assert told[:2] == ["Link L0: the connection is refused; its 5 devices are not read", "Link L0 is back"]


def test_a_device_that_drops_its_link_is_left_alone_between_attempts():
    def script(request):
        return [CLOSE] if request.unit == 7 else good(request)

    log = scan([script], [("DROPS", 0, 7), ("A", 0, 1)], 1.5)
    asked = [request for request in log.servers[0].requests if request.unit == 7]
    assert 2 <= len(asked) <= 6  # after 0.1, 0.2, 0.4, 0.8 s
    assert set(log.reasons("A/near")) == {Reason.GOOD}
    assert len(log.of("A/near")) >= 6


def test_a_listener_that_fails_does_not_stop_the_scan(caplog):
    async def main():
        taken = []

        def listener(batch):
            taken.append(batch)
            if len(taken) == 1:
                raise OSError("disk full")

        async with serving(good) as server:
            scanner = Scanner(
                field_on([server], [("A", 0, 1)]), listener, tick_s=0.05, profiles=lambda name: TYPE, rests=RESTS
            )
            running = asyncio.create_task(scanner.run())
            await asyncio.sleep(0.5)
            scanner.stop()
            await running
        return taken

    assert len(asyncio.run(main())) > 3
    assert "disk full" in caplog.text


def test_a_probe_reads_the_whole_device_in_turn_with_the_scan():
    async def during(scanner, servers):
        await asyncio.sleep(0.15)
        readout = await scanner.probe("A")
        assert [answer.words for answer in readout.answers] == [(10,), (500,)]
        assert list(readout.value) == [10.0, 500.0]
        assert all(answer.round_trip_ms > 0 for answer in readout.answers)
        with pytest.raises(FieldError):
            await scanner.on_line("A", lambda line: line.connection.read(1, Table.INPUT, 1, 2))

    def script(request):
        return [tcp(request, bytes([0x84, 1]))] if request.function == 4 else good(request)

    log = scan([script], [("A", 0, 1)], 0.6, during=during)
    assert set(log.reasons("A/near")) == {Reason.GOOD}


def test_a_device_out_of_service_is_not_asked_and_says_so():
    async def during(scanner, servers):
        await asyncio.sleep(0.25)
        scanner.set_out_of_service("A", True)
        await asyncio.sleep(0.1)
        asked = len(servers[0].requests)
        await asyncio.sleep(0.3)
        assert len(servers[0].requests) == asked
        assert scanner.states()["A"].state == "out of service"
        scanner.set_out_of_service("A", False)

    log = scan([good], [("A", 0, 1)], 1.0, during=during)
    reasons = log.reasons("A/near")
    assert Reason.OUT_OF_SERVICE in reasons
    assert reasons[-1] is Reason.GOOD


def test_a_site_may_narrow_the_range_of_a_point():
    async def main():
        log = Log()
        async with serving(good) as server:
            spec = field_on([server], [("A", 0, 1)])
            plain = Scanner(spec, log, profiles=lambda name: TYPE)
            narrow = [replace(plain.points[0], high=5.0)]
            scanner = log.scanner = Scanner(
                spec, log, points=narrow, tick_s=0.05, profiles=lambda name: TYPE, rests=RESTS
            )
            running = asyncio.create_task(scanner.run())
            await asyncio.sleep(0.3)
            scanner.stop()
            await running
        return log

    log = asyncio.run(main())
    assert set(log.reasons("A/near")) == {Reason.OUT_OF_RANGE}
    assert {value for value, _, _ in log.of("A/near")} == {10.0}
    assert set(log.reasons("A/far")) == {Reason.GOOD}


def test_a_sunspec_device_is_found_wherever_its_model_stands():
    loaded = profile("sunspec_103")
    base, shift = 50000, 30  # another base than the usual one, and a foreign model of 28 registers before it
    words = dict.fromkeys(range(base, base + 400), 0)
    words.update({base: 0x5375, base + 1: 0x6E53, base + 2: 1, base + 3: 66, base + 70: 64001, base + 71: shift - 2})
    start = base + 70 + shift
    words.update({start: 103, start + 1: 50, start + 14: 1234, start + 15: 0xFFFF, start + 52: 0xFFFF, start + 53: 0})

    def script(request):
        addresses = range(request.address, request.address + request.count)
        if any(address not in words for address in addresses):
            return [tcp(request, bytes([0x83, 2]))]
        return [tcp(request, registers(3, [words[address] for address in addresses]))]

    log = scan([script], [("PV", 0, 1)], 0.5, loaded=loaded)
    assert layout_of(loaded)[0].address == 40000
    assert log.of("PV/generation_kw")[-1][:2] == (pytest.approx(0.1234), Reason.GOOD)


def test_a_device_without_the_model_asked_for_says_so():
    words = {40000: 0x5375, 40001: 0x6E53, 40002: 1, 40003: 1, 40004: 0, 40005: 0xFFFF, 40006: 0}

    def script(request):
        got = [words.get(address, 0) for address in range(request.address, request.address + request.count)]
        return [tcp(request, registers(3, got))]

    log = scan([script], [("PV", 0, 1)], 0.4, loaded=profile("sunspec_103"))
    assert set(log.reasons("PV/generation_kw")) == {Reason.WRONG_ANSWER}
    assert "no SunSpec model 103" in log.scanner.states()["PV"].reason


def test_stopping_from_another_thread_ends_the_run():
    async def main():
        async with serving(good) as server:
            scanner = Scanner(field_on([server], [("A", 0, 1)]), lambda batch: None, profiles=lambda name: TYPE)
            running = asyncio.create_task(scanner.run())
            await asyncio.sleep(0.1)
            threading.Thread(target=scanner.stop).start()
            await asyncio.wait_for(running, 30.0)
            assert not [task for task in asyncio.all_tasks() if (task.get_name() or "").startswith(("bus", "link"))]

    asyncio.run(main())


def test_a_device_on_a_link_that_is_not_there_is_refused():
    spec = FieldSpec((), (DeviceSpec("A", "nowhere", 1, "t"),))
    with pytest.raises(ValueError, match="Device A is on link nowhere"):
        Scanner(spec, lambda batch: None, profiles=lambda name: TYPE)
