"""1,000 devices x 20 points at 1 Hz over loopback: the scanner against a bare pymodbus loop that reads the same blocks.

Called by `main.py bench acquisition [--for SPAN]`. Three kinds of processes, so that nobody pays for another:

field    answers Modbus TCP from prepared bytes: a plain asyncio protocol, no pymodbus, so that it is not the bottleneck
bare     pymodbus clients, one a link, that read the same blocks of the same units each second and throw them away
scanner  hardware.scanner: the same reads, every answer checked, decoded, with quality and time, in batches

100 links with 10 units each; a unit is a Schneider PM5560 with five more of its values, 20 points in two requests of
112 and 20 registers. Bare and scanner run in turn, twice each; processor time is that of their own process after a
warm-up. Lateness is from when a reading was due to when it began.

Measured on two cores of an AMD EPYC shared with other work, Python 3.11, pymodbus 3.16.1, 2 x 20 s: bare 20 and 23 %
of a core, scanner 17 and 18 %, ratio 0.80; late p50 1, p99 4, worst 82 ms.
"""

from __future__ import annotations

import asyncio
import gc
import json as json_format
import logging
import multiprocessing
import struct
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection as Pipe

import numpy as np
from pymodbus.client import AsyncModbusTcpClient

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.points import Float64Array, ScanBatch
from hardware.profiles import Profile, Span, plan_reads, profile
from hardware.profiles.model import ProfilePoint, RegisterType, Table
from hardware.scanner import Scanner

LINKS = 100
UNITS = 10
FIELD_PROCESSES = 2
ROUNDS = 2
TARGET_RATIO = 1.3
TARGET_LATE_MS = 100.0
_MORE = (
    ("voltage_l1_l2_v", 3019, RegisterType.FLOAT32),
    ("voltage_l2_l3_v", 3021, RegisterType.FLOAT32),
    ("voltage_l3_l1_v", 3023, RegisterType.FLOAT32),
    ("apparent_power_kva", 3075, RegisterType.FLOAT32),
    ("reactive_energy_kvarh", 3219, RegisterType.INT64),
)


@dataclass(frozen=True, slots=True)
class Used:
    """What one run took. `cpu_share` is of one core."""

    cpu_share: float
    requests_per_s: float
    pace_hz: float = 0.0  # readings of a device each second, mean over devices
    bad: int = 0
    late_p50_ms: float = 0.0
    late_p99_ms: float = 0.0
    late_worst_ms: float = 0.0
    apart_p99_ms: float = 0.0  # how far the time between two readings of a device is from 1 s


def meter() -> Profile:
    base = profile("schneider_pm5560")
    more = tuple(
        ProfilePoint(name, name, "", Table.HOLDING, address, kind, kind.words) for name, address, kind in _MORE
    )
    each_cycle = tuple(point for point in base.points if point.every_s == 0.0)
    return replace(base, points=each_cycle + more)


# -- the field ------------------------------------------------------------------------------------------------


class Answering(asyncio.Protocol):
    """Answers every read with registers 0, 1, 2 ... from one prepared block."""

    block = struct.pack(">125H", *range(125))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        while len(data) >= 12:
            size = 2 * data[11]
            head = data[:4] + (size + 3).to_bytes(2, "big") + data[6:8] + bytes((size,))
            self.transport.write(head + self.block[:size])
            data = data[12:]


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

    async def read(port: int, phase_s: float, count: list[int]) -> None:
        client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=1, retries=0)
        await client.connect()
        due = time.monotonic() + phase_s
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            for unit in range(1, UNITS + 1):
                for block in blocks:
                    await client.read_holding_registers(block.address, count=block.count, device_id=unit)
                    count[0] += 1
            due += 1.0

    async def main() -> Used:
        count = [0]
        tasks = [asyncio.create_task(read(port, place / len(ports), count)) for place, port in enumerate(ports)]
        used = await measured(for_s, warm_up_s, lambda: count[0])
        for task in tasks:
            task.cancel()
        return used

    pipe.send(asyncio.run(main()))


# -- the scanner ----------------------------------------------------------------------------------------------


def run_scanner(ports: list[int], for_s: float, warm_up_s: float, pipe: Pipe) -> None:
    links = tuple(LinkSpec(f"L{port}", f"tcp://127.0.0.1:{port}") for port in ports)
    devices = tuple(
        DeviceSpec(f"L{port}.{unit}", f"L{port}", unit, "meter", 1.0) for port in ports for unit in range(1, UNITS + 1)
    )
    batches: list[ScanBatch] = []

    async def main() -> Used:
        scanner = Scanner(FieldSpec(links, devices), batches.append, profiles=lambda name: meter(), tick_s=1.0)
        running = asyncio.create_task(scanner.run())
        used = await measured(for_s, warm_up_s, lambda: scanner.stats().requests, batches.clear)
        scanner.stop()
        await running
        stats = scanner.stats()
        apart_s = times_apart_s(batches, len(meter().points))
        return replace(
            used,
            pace_hz=1.0 / float(apart_s.mean()),
            bad=stats.bad_readings,
            late_p50_ms=stats.late_p50_ms,
            late_p99_ms=stats.late_p99_ms,
            late_worst_ms=stats.late_worst_ms,
            apart_p99_ms=1000.0 * float(np.percentile(np.abs(apart_s - 1.0), 99)),
        )

    pipe.send(asyncio.run(main()))


def times_apart_s(batches: Sequence[ScanBatch], points: int) -> Float64Array:
    """Times between one reading of a device and its next, of all devices."""
    device = np.concatenate([batch.index[::points] // points for batch in batches])
    time_ns = np.concatenate([batch.time_ns[::points] for batch in batches])
    order = np.lexsort((time_ns, device))
    return np.diff(time_ns[order])[np.diff(device[order]) == 0] / 1e9


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


def run(json: bool, for_s: float = 20.0, warm_up_s: float = 3.0) -> int:
    """Measures and prints; 0 if every target was met, 1 if not."""
    context = multiprocessing.get_context("spawn")
    fields, ports = [], []
    for _ in range(FIELD_PROCESSES):
        ours, theirs = context.Pipe()
        process = context.Process(target=serve_field, args=(LINKS // FIELD_PROCESSES, theirs), daemon=True)
        process.start()
        fields.append((process, ours))
        ports += ours.recv()
    bare, scanner = [], []
    for turn in range(ROUNDS):
        say(json, f"round {turn + 1} of {ROUNDS}: bare, then scanner, {for_s:g} s each")
        bare.append(in_process(run_bare, ports, for_s, warm_up_s))
        scanner.append(in_process(run_scanner, ports, for_s, warm_up_s))
    for process, pipe in fields:
        pipe.send("done")
        process.join(5)
    return report(json, for_s, plan_reads(meter()), bare, scanner)


def say(json: bool, text: str) -> None:
    if not json and sys.stderr.isatty():
        print(text, file=sys.stderr)


def report(json: bool, for_s: float, blocks: tuple[Span, ...], bare: list[Used], scanner: list[Used]) -> int:
    ratio = sum(used.cpu_share for used in scanner) / sum(used.cpu_share for used in bare)
    late = max(used.late_p99_ms for used in scanner)
    pace = min(used.pace_hz for used in scanner)
    met = {
        "pace": pace >= 0.99,
        "late": late < TARGET_LATE_MS,
        "cpu": ratio <= TARGET_RATIO,
        "all good": not any(used.bad for used in scanner),
    }
    if json:
        document = {
            "devices": LINKS * UNITS, "points_per_device": len(meter().points), "seconds": for_s, "rounds": ROUNDS,
            "blocks": [block.count for block in blocks], "bare": [asdict(used) for used in bare],
            "scanner": [asdict(used) for used in scanner], "pace_hz": round(pace, 4), "late_p99_ms": late,
            "cpu_ratio": round(ratio, 3), "target_cpu_ratio": TARGET_RATIO, "target_late_ms": TARGET_LATE_MS,
            "met": all(met.values()),
        }  # fmt: skip
        print(json_format.dumps(document, indent=2))
    else:
        print(f"{LINKS * UNITS} devices x {len(meter().points)} points at 1 Hz, {ROUNDS} x {for_s:g} s each")
        for name, runs in (("bare pymodbus", bare), ("scanner", scanner)):
            for used in runs:
                print(f"{name:<14} {100 * used.cpu_share:5.1f} % of a core, {used.requests_per_s:.0f} requests/s")
        print(f"processor      {ratio:.2f} x bare pymodbus (target {TARGET_RATIO})")
        print(f"pace           {pace:.4f} Hz, {sum(used.bad for used in scanner)} bad readings")
        worst = max(used.late_worst_ms for used in scanner)
        apart = max(used.apart_p99_ms for used in scanner)
        median = scanner[0].late_p50_ms
        print(f"late           p50 {median:.1f}, p99 {late:.1f}, worst {worst:.1f} ms (p99 < {TARGET_LATE_MS:.0f})")
        print(f"apart          p99 {apart:.1f} ms from 1 s between two readings of a device")
        print("every target met" if all(met.values()) else "missed: " + ", ".join(key for key in met if not met[key]))
    return 0 if all(met.values()) else 1
