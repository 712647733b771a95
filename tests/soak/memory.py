"""Memory over a long time: the scan alone over thousands of cycles, and the whole engine with its store for an hour."""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import numpy as np
import psutil

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.points import Point, ScanBatch
from hardware.profiles import profile
from hardware.scanner import Rests, Scanner
from tests.benchmarks.acquisition import Answering
from tests.benchmarks.engine import DEVICES, LINKS, SILENT, serve_field, write_site

SAMPLE_S = 5.0
ALLOWED_GROWTH = 0.05  # of the memory in the second quarter, in the last one
_MIDDAY_NS = 1_760_011_200_000_000_000  # some day in the past: what is sealed is merged, too
_CYCLE_S = 0.01
_SILENT_UNIT = 210  # the benchmark's field answers nobody above 200


@dataclass(frozen=True, slots=True)
class Kept:
    """What a scan held at some moment, in Python objects and in bytes that Python gave out."""

    readings: int
    objects: int
    allocated: int


def kept_after(moments: Sequence[int]) -> list[Kept]:
    """Scans nine devices that answer and one that does not on two links, as fast as they go, in a process of its own
    (what else a process does is counted, too); what it keeps is taken when so many readings have been taken."""
    context = multiprocessing.get_context("spawn")
    told, tells = context.Pipe(duplex=False)
    process = context.Process(target=_run_scan, args=(moments, tells))
    process.start()
    tells.close()
    found: list[Kept] = told.recv()
    process.join()
    return found


async def scan_for(moments: Sequence[int]) -> list[Kept]:
    """What `kept_after` does, in this process."""
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Answering, "127.0.0.1", 0) for _ in range(2)]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    links = tuple(LinkSpec(f"L{port}", f"tcp://127.0.0.1:{port}", 0.05) for port in ports)
    units = (1, 2, 3, 4, _SILENT_UNIT)
    devices = tuple(
        DeviceSpec(f"{link.id}.{unit}", link.id, unit, "eastron_sdm630", _CYCLE_S) for link in links for unit in units
    )
    plain = profile("schneider_pm5560")
    scanner = Scanner(
        FieldSpec(links, devices), lambda batch: None, tick_s=0.05, profiles=lambda name: plain, rests=Rests(0.05, 0.2)
    )
    running = asyncio.create_task(scanner.run())
    taken = []
    tracemalloc.start()
    try:
        for readings in moments:
            while scanner.stats().readings < readings:
                await asyncio.sleep(0.05)
            gc.collect()
            taken.append(Kept(scanner.stats().readings, len(gc.get_objects()), tracemalloc.get_traced_memory()[0]))
    finally:
        tracemalloc.stop()
        scanner.stop()
        await running
        for server in servers:
            server.close()
    return taken


def engine_for(seconds: float) -> list[tuple[float, float]]:
    """Runs the engine of `bench engine`, some devices silent, in a process of its own; (seconds, MB) as it goes on."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    field = context.Process(target=serve_field, args=(LINKS, theirs), daemon=True)
    field.start()
    ports = ours.recv()
    samples, told = context.Pipe(duplex=False)
    engine = context.Process(target=_run_engine, args=(ports, seconds, told))
    engine.start()
    told.close()
    found: list[tuple[float, float]] = samples.recv()
    engine.join()
    ours.send("done")
    field.join(5)
    return found


def store_for(seals: int, batches: int = 4) -> list[float]:
    """Fills and seals a store so many times, in a process of its own, each time `batches` of 125,000 readings.

    MB of memory before the first sealing and after each one.
    """
    context = multiprocessing.get_context("spawn")
    told, tells = context.Pipe(duplex=False)
    process = context.Process(target=_run_store, args=(seals, batches, tells))
    process.start()
    tells.close()
    found: list[float] = told.recv()
    process.join()
    return found


def growth_of(samples: Sequence[tuple[float, float]]) -> float:
    """How much more memory the last quarter takes than the second, as a share; the first is for warming up."""
    memory = np.array([megabytes for _, megabytes in samples])
    quarter = len(memory) // 4
    before, after = float(np.median(memory[quarter : 2 * quarter])), float(np.median(memory[-quarter:]))
    return after / before - 1.0


def _run_scan(moments: Sequence[int], tells: Pipe) -> None:
    logging.disable(logging.WARNING)
    tells.send(asyncio.run(scan_for(moments)))


def _run_store(seals: int, batches: int, tells: Pipe) -> None:
    from energy_console.historian.embedded import open_embedded

    count, each_s = 1000, 125
    points = [
        Point(f"M{n // 10:03d}/q{n % 10}", f"M{n // 10:03d}", f"q{n % 10}", "kW", f"Point {n}") for n in range(count)
    ]
    index = np.tile(np.arange(count, dtype=np.int32), each_s)
    since_ns = np.repeat(np.arange(each_s, dtype=np.int64), count) * 1_000_000_000
    value, status = np.random.default_rng(7).normal(230.0, 5.0, count * each_s), np.zeros(count * each_s, np.uint16)
    taken, process, at_ns = [], psutil.Process(), _MIDDAY_NS
    with tempfile.TemporaryDirectory() as name:
        store = open_embedded(Path(name) / "store", writing=True)
        store.register(points)
        taken.append(process.memory_info().rss / 1e6)
        for _ in range(seals):
            for _ in range(batches):
                store.append(ScanBatch(0, index, since_ns + at_ns, value, status))
                at_ns += each_s * 1_000_000_000
            store.seal()
            store.merge()
            taken.append(process.memory_info().rss / 1e6)
        store.close()
    tells.send(taken)


def _run_engine(ports: list[int], seconds: float, told: Pipe) -> None:
    from energy_console.engine.local import LocalEngine
    from energy_console.historian.embedded import open_embedded
    from energy_console.site.loader import load_site

    logging.disable(logging.WARNING)
    samples: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name:
        write_site(Path(name) / "site", ports, DEVICES, SILENT)
        store = open_embedded(Path(name) / "store", writing=True)
        engine = LocalEngine(load_site(Path(name) / "site"), store)
        engine.start()
        began, process = time.monotonic(), psutil.Process()
        while (since := time.monotonic() - began) < seconds:
            time.sleep(min(SAMPLE_S, seconds / 40.0))
            samples.append((since, process.memory_info().rss / 1e6))
        engine.stop()
        store.close()
    told.send(samples)
