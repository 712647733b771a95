"""5,000 devices x 20 points at 1 Hz over loopback, 2 % of them silent: the scanner against a bare pymodbus loop.

Called by `main.py bench acquisition [--for SPAN] [--devices N]`. Three kinds of processes, so that nobody pays for
another:

field    answers Modbus TCP from prepared bytes: a plain asyncio protocol, no pymodbus, so that it is not the bottleneck
bare     pymodbus clients, one a link, that read the same blocks of the units that answer and throw them away
scanner  hardware.scanner: the same reads, every answer checked, decoded, with quality and time, in batches; and the
         silent ones probed

Ten units a link, each a Schneider PM5560 with the 20 values that stand in its first 112 registers, so one request. Bare
and scanner run in turn, three times each, and the middle ratio counts; processor time is that of their own process (one
thread) after a warm-up, in which the silent ones have been found out. Lateness is from when a reading of a device that
answers was due to when it began.

Measured figures: docs/decisions/0024-turns-on-a-link.md.
"""

from __future__ import annotations

import asyncio
import gc
import json as json_format
import logging
import multiprocessing
import statistics
import struct
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection as Pipe

import numpy as np
from pymodbus.client import AsyncModbusTcpClient

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.points import Float64Array, ScanBatch, is_usable
from hardware.profiles import Profile, plan_reads, profile
from hardware.profiles.model import ProfilePoint, RegisterType, Table
from hardware.scanner import SETTLED_AFTER_S, Scanner, settle

DEVICES = 5000
POINTS = 20
UNITS = 10
SILENT_EACH = 50  # every so many devices one that never answers
FIELD_PROCESSES = 2
ROUNDS = 3
TARGET_RATIO = 1.2
TARGET_LATE_MS = 100.0
_DEAF = 200  # units from here on are never answered
_BLOCK = range(2999, 3111)  # 0-based registers of the first request
_MORE = (
    ("voltage_l1_l2_v", 3019),
    ("voltage_l2_l3_v", 3021),
    ("voltage_l3_l1_v", 3023),
    ("reactive_power_l1_kvar", 3061),
    ("reactive_power_l2_kvar", 3063),
    ("reactive_power_l3_kvar", 3065),
    ("apparent_power_kva", 3075),
    ("current_average_a", 3009),
    ("voltage_average_v", 3035),
)


@dataclass(frozen=True, slots=True)
class Used:
    """What one run took. `cpu_share` is of one core."""

    cpu_share: float
    requests_per_s: float
    pace_hz: float = 0.0  # readings of a device each second, mean over devices
    bad: int = 0  # readings of devices that answer
    answering: int = 0
    silent: int = 0  # devices that never answer
    late_p50_ms: float = 0.0
    late_p99_ms: float = 0.0
    late_worst_ms: float = 0.0
    apart_p99_ms: float = 0.0  # how far the time between two readings of a device is from 1 s


def meter() -> Profile:
    base = profile("schneider_pm5560")
    own = tuple(point for point in base.points if point.address in _BLOCK and not point.every_s)
    more = tuple(
        ProfilePoint(name, name, "", Table.HOLDING, address, RegisterType.FLOAT32, 2) for name, address in _MORE
    )
    known = {point.address for point in own}
    return replace(base, points=(own + tuple(point for point in more if point.address not in known))[:POINTS])


def units_of(place: int) -> tuple[int, ...]:
    """The units of the link in this place; one that is silent has a number nobody answers to."""
    first = place * UNITS
    return tuple(
        _DEAF + unit if (first + unit) % SILENT_EACH == SILENT_EACH // 2 else unit for unit in range(1, UNITS + 1)
    )


def answering(place: int) -> tuple[int, ...]:
    return tuple(unit for unit in units_of(place) if unit < _DEAF)


# -- the field ------------------------------------------------------------------------------------------------


class Answering(asyncio.Protocol):
    """Answers every read with registers 0, 1, 2 ... from one prepared block."""

    block = struct.pack(">125H", *range(125))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        while len(data) >= 12:
            size = 2 * data[11]
            if data[6] < _DEAF:
                self._answer(data, size)
            data = data[12:]

    def _answer(self, data: bytes, size: int) -> None:
        head = data[:4] + (size + 3).to_bytes(2, "big") + data[6:8] + bytes((size,))
        self.transport.write(head + self.block[:size])


def serve_field(links: int, pipe: Pipe) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Answering, "127.0.0.1", 0) for _ in range(links)]
        pipe.send([server.sockets[0].getsockname()[1] for server in servers])
        await loop.run_in_executor(None, pipe.recv)

    asyncio.run(serve())


# -- bare pymodbus --------------------------------------------------------------------------------------------


def run_bare(ports: list[int], for_s: float, warm_up_s: float, pipe: Pipe) -> None:
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    blocks = plan_reads(meter())

    async def read(port: int, units: Sequence[int], phase_s: float, count: list[int]) -> None:
        client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=1, retries=0)
        await client.connect()
        due = time.monotonic() + phase_s
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            for unit in units:
                for block in blocks:
                    await client.read_holding_registers(block.address, count=block.count, device_id=unit)
                    count[0] += 1
            due += 1.0

    async def main() -> Used:
        count = [0]
        tasks = [
            asyncio.create_task(read(port, answering(place), place / len(ports), count))
            for place, port in enumerate(ports)
        ]
        used = await measured(for_s, warm_up_s, lambda: count[0])
        for task in tasks:
            task.cancel()
        return used

    pipe.send(asyncio.run(main()))


# -- the scanner ----------------------------------------------------------------------------------------------


def run_scanner(ports: list[int], for_s: float, warm_up_s: float, pipe: Pipe) -> None:
    logging.getLogger("hardware").setLevel(logging.ERROR)  # who is silent is known
    links = tuple(LinkSpec(f"L{port}", f"tcp://127.0.0.1:{port}") for port in ports)
    devices = tuple(
        DeviceSpec(f"L{port}.{unit}", f"L{port}", unit, "meter", 1.0)
        for place, port in enumerate(ports)
        for unit in units_of(place)
    )
    silent = sum(device.unit >= _DEAF for device in devices)
    batches: list[ScanBatch] = []

    async def main() -> Used:
        scanner = Scanner(FieldSpec(links, devices), batches.append, profiles=lambda name: meter(), tick_s=1.0)
        running = asyncio.create_task(scanner.run())

        def begin() -> None:
            settle()  # as `serve` does after that time
            batches.clear()
            scanner.count_lateness_anew()

        used = await measured(for_s, warm_up_s, lambda: scanner.stats().requests, begin)
        scanner.stop()
        await running
        stats = scanner.stats()
        apart_s, bad = paces(batches, devices)
        return replace(
            used,
            pace_hz=1.0 / float(apart_s.mean()),
            bad=bad,
            answering=stats.answering,
            silent=silent,
            late_p50_ms=stats.late_p50_ms,
            late_p99_ms=stats.late_p99_ms,
            late_worst_ms=stats.late_worst_ms,
            apart_p99_ms=1000.0 * float(np.percentile(np.abs(apart_s - 1.0), 99)),
        )

    pipe.send(asyncio.run(main()))


def paces(batches: Sequence[ScanBatch], devices: Sequence[DeviceSpec]) -> tuple[Float64Array, int]:
    """Of the devices that answer: times between one reading and the next, and how many readings were bad."""
    device = np.concatenate([batch.index[::POINTS] // POINTS for batch in batches])
    time_ns = np.concatenate([batch.time_ns[::POINTS] for batch in batches])
    status = np.concatenate([batch.status[::POINTS] for batch in batches])
    well = np.array([device.unit < _DEAF for device in devices])[device]
    device, time_ns, status = device[well], time_ns[well], status[well]
    order = np.lexsort((time_ns, device))
    apart_s = np.diff(time_ns[order])[np.diff(device[order]) == 0] / 1e9
    return apart_s, int(np.count_nonzero(~is_usable(status)))


async def measured(
    for_s: float, warm_up_s: float, requests: Callable[[], int], begin: Callable[[], None] = lambda: None
) -> Used:
    """Waits for the warm-up, then for `for_s`; what this process used meanwhile."""
    await asyncio.sleep(warm_up_s)
    begin()
    gc.collect()
    count, cpu, began = requests(), time.process_time(), time.monotonic()
    await asyncio.sleep(for_s)
    wall = time.monotonic() - began
    return Used((time.process_time() - cpu) / wall, (requests() - count) / wall)


# -- the run --------------------------------------------------------------------------------------------------


def in_process(work: Callable[..., None], *arguments: object) -> Used:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(*arguments, theirs))
    process.start()
    theirs.close()
    found: Used = ours.recv()
    process.join()
    return found


def run(json: bool, for_s: float = 20.0, warm_up_s: float = SETTLED_AFTER_S, devices: int = DEVICES) -> int:
    """Measures and prints; 0 if every target was met, 1 if not."""
    links = max(FIELD_PROCESSES, devices // UNITS)
    context = multiprocessing.get_context("spawn")
    fields, ports = [], []
    for place in range(FIELD_PROCESSES):
        ours, theirs = context.Pipe()
        share = links // FIELD_PROCESSES + (place < links % FIELD_PROCESSES)
        process = context.Process(target=serve_field, args=(share, theirs), daemon=True)
        process.start()
        fields.append((process, ours))
        ports += ours.recv()
    bare, scanner = [], []
    for turn in range(ROUNDS):
        say(json, f"round {turn + 1} of {ROUNDS}: bare, then scanner, {for_s:g} s each")
        bare.append(in_process(run_bare, ports, for_s, min(warm_up_s, 3.0)))
        scanner.append(in_process(run_scanner, ports, for_s, warm_up_s))
    for process, pipe in fields:
        pipe.send("done")
        process.join(5)
    return report(json, for_s, links * UNITS, bare, scanner)


def say(json: bool, text: str) -> None:
    if not json and sys.stderr.isatty():
        print(text, file=sys.stderr)


def report(json: bool, for_s: float, devices: int, bare: list[Used], scanner: list[Used]) -> int:
    ratio = statistics.median(ours.cpu_share / theirs.cpu_share for ours, theirs in zip(scanner, bare, strict=True))
    late = statistics.median(used.late_p99_ms for used in scanner)
    pace = statistics.median(used.pace_hz for used in scanner)
    met = {
        "pace": pace >= 0.99,
        "late": late < TARGET_LATE_MS,
        "cpu": ratio <= TARGET_RATIO,
        "all good": not any(used.bad for used in scanner),
        "found out": all(used.answering == devices - used.silent for used in scanner),
    }
    if json:
        document = {
            "devices": devices, "points_per_device": POINTS, "silent": scanner[0].silent, "seconds": for_s,
            "rounds": ROUNDS, "blocks": [block.count for block in plan_reads(meter())],
            "bare": [asdict(used) for used in bare], "scanner": [asdict(used) for used in scanner],
            "pace_hz": round(pace, 4), "late_p99_ms": late, "cpu_ratio": round(ratio, 3),
            "target_cpu_ratio": TARGET_RATIO, "target_late_ms": TARGET_LATE_MS, "met": all(met.values()),
        }  # fmt: skip
        print(json_format.dumps(document, indent=2))
        return 0 if all(met.values()) else 1
    print(
        f"{devices} devices x {POINTS} points at 1 Hz, {scanner[0].silent} of them silent, {ROUNDS} x {for_s:g} s each"
    )
    for name, runs in (("bare pymodbus", bare), ("scanner", scanner)):
        for used in runs:
            print(f"{name:<14} {100 * used.cpu_share:5.1f} % of a core, {used.requests_per_s:.0f} requests/s")
    print(f"processor      {ratio:.2f} x bare pymodbus (target {TARGET_RATIO}; middle of {ROUNDS})")
    print(f"pace           {pace:.4f} Hz, {sum(used.bad for used in scanner)} bad readings of devices that answer")
    for used in scanner:
        print(
            f"late           p50 {used.late_p50_ms:.1f}, p99 {used.late_p99_ms:.1f}, worst {used.late_worst_ms:.1f} ms "
            f"(p99 < {TARGET_LATE_MS:.0f}); apart p99 {used.apart_p99_ms:.1f} ms from 1 s"
        )
    print("every target met" if all(met.values()) else "missed: " + ", ".join(key for key in met if not met[key]))
    return 0 if all(met.values()) else 1
