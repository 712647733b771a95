"""Devices that share a link, on a real wire: who is silent is probed without harm, what is slow is read seldom."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.points import Reason
from hardware.scanner import Rests, Scanner
from tests.hardware.scripted import counting, serving, tcp
from tests.hardware.test_scanner import TYPE, Log

TIMEOUT_S = 0.5
EVERY_S = 0.2
DEAD_UNIT = 7


def scan(script, units, for_s, loaded=TYPE, during=None):
    """Scans these units of one TCP link with one connection; the returned log knows its server."""

    async def main():
        log = Log()
        async with serving(script) as server:
            link = LinkSpec("L", f"tcp://127.0.0.1:{server.port}", TIMEOUT_S)
            devices = tuple(DeviceSpec(name, "L", unit, "t", EVERY_S) for name, unit in units.items())
            rests = Rests(0.3, 0.6)
            scanner = log.scanner = Scanner(
                FieldSpec((link,), devices), log, tick_s=0.05, profiles=lambda name: loaded, rests=rests
            )
            log.servers = [server]
            running = asyncio.create_task(scanner.run())
            await asyncio.gather(asyncio.sleep(for_s), *([during(log)] if during else []))
            scanner.stop()
            await running
        return log

    return asyncio.run(main())


def good(request):
    return [tcp(request, counting(request))]


def probes(log):
    return [request for request in log.servers[0].requests if request.unit == DEAD_UNIT]


def test_a_gateway_that_asks_one_after_the_other_makes_no_neighbour_of_a_silent_device_bad():
    def script(request):
        if request.unit == DEAD_UNIT:  # the gateway waits on its own line, and everything behind it waits too
            return [0.8 * TIMEOUT_S, tcp(request, bytes([0x83, 11]))]
        return good(request)

    log = scan(script, {"A": 1, "DEAD": DEAD_UNIT}, 3.0)
    assert len(probes(log)) >= 3
    assert set(log.reasons("A/near")) == {Reason.GOOD}
    assert set(log.reasons("DEAD/near")) <= {Reason.EXCEPTION, Reason.TIMEOUT}


def test_a_gateway_that_loses_what_follows_an_unanswered_request_is_waited_for_in_full_from_then_on():
    deaf_until = [0.0]

    def script(request):
        now = time.monotonic()
        if request.unit == DEAD_UNIT:
            deaf_until[0] = now + 0.8 * TIMEOUT_S
            return []
        return [] if now < deaf_until[0] else good(request)

    log = scan(script, {"A": 1, "DEAD": DEAD_UNIT}, 6.0)
    assert len(probes(log)) >= 3
    reasons = log.reasons("A/near")
    assert sum(reason is not Reason.GOOD for reason in reasons) <= 2  # once, and then it is known
    assert set(reasons[-8:]) == {Reason.GOOD}


def test_a_device_that_answers_its_probe_is_read_whole_in_the_same_turn():
    ill = threading.Event()
    ill.set()

    async def during(log):
        await asyncio.sleep(1.2)
        ill.clear()

    log = scan(lambda r: [] if r.unit == DEAD_UNIT and ill.is_set() else good(r), {"A": 1, "DEAD": DEAD_UNIT}, 3.0,
               during=during)  # fmt: skip
    assert log.reasons("DEAD/near")[-1] is Reason.GOOD
    assert log.reasons("DEAD/far")[-1] is Reason.GOOD
    assert log.scanner.states()["DEAD"].state == "answering"
    assert log.scanner.lost_because("DEAD") == ""


def slow_type(slow_s):
    near, far = TYPE.points
    return replace(TYPE, points=(near, replace(far, every_s=slow_s)))


def test_a_slow_point_is_read_and_told_at_its_own_pace_only():
    log = scan(good, {"A": 1, "B": 2}, 4.0, loaded=slow_type(1.0))
    for name in ("A", "B"):
        near, far = log.of(f"{name}/near"), log.of(f"{name}/far")
        assert {value for value, _, _ in near} == {10.0}
        assert {value for value, _, _ in far} == {500.0}
        assert 2 <= len(far) <= 6  # the first at once, then each second
        assert len(near) > 2 * len(far)
    asked = [request.address for request in log.servers[0].requests]
    assert asked.count(500) == len(log.of("A/far")) + len(log.of("B/far"))


def test_a_slow_point_of_a_device_that_is_lost_turns_bad_with_the_others_and_comes_back_with_them():
    ill = threading.Event()

    async def during(log):
        await asyncio.sleep(1.0)
        ill.set()
        await asyncio.sleep(1.5)
        ill.clear()

    log = scan(lambda r: [] if ill.is_set() else good(r), {"A": 1}, 5.0, loaded=slow_type(60.0), during=during)
    reasons = log.reasons("A/far")
    assert reasons[0] is Reason.GOOD
    assert Reason.TIMEOUT in reasons
    assert reasons[-1] is Reason.GOOD
    assert len(reasons) < len(log.reasons("A/near"))


def test_a_slow_point_that_is_refused_is_asked_again_in_the_next_cycle():
    def script(request):
        return [tcp(request, bytes([0x83, 2]))] if request.address == 500 and request.number < 8 else good(request)

    log = scan(script, {"A": 1}, 3.0, loaded=slow_type(60.0))
    reasons = log.reasons("A/far")
    assert reasons[0] is Reason.EXCEPTION
    assert reasons[-1] is Reason.GOOD
    assert set(log.reasons("A/near")) == {Reason.GOOD}


def test_a_lost_device_goes_on_saying_so_between_its_probes():
    log = scan(lambda r: [] if r.unit == DEAD_UNIT else good(r), {"A": 1, "DEAD": DEAD_UNIT}, 0.8)
    log.batches.clear()
    task = log.scanner._tasks["DEAD"]
    bus = log.scanner._buses["L"]
    bus.tell_again(task.told_at + 4.0, 1)
    assert not task.group.collect()
    bus.tell_again(task.told_at + 6.0, 2)
    ((index, time_ns, _, status),) = task.group.collect()
    assert len(index) == 2
    assert set(time_ns) == {2}
    assert {int(state) >> 8 for state in status} == {Reason.TIMEOUT}
