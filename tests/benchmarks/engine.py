"""The whole engine on 200 devices x 40 float points at 1 Hz over 4 links, everything kept in the real store.

Called by `main.py bench engine [--for SPAN]`. Two kinds of processes:

field   answers Modbus TCP from prepared bytes, other values each time; a plain asyncio protocol
engine  a site folder written for this run, `LocalEngine` and the embedded store: scan, checks, live table, staleness,
        alarms, store and sealing; its processor time is that of the whole process, all threads, after a warm-up

Two runs: all devices answer, for the processor; then 10 of them are silent from the start, for the intervals between
two readings of a device that answers (times of the answers). Links have one connection and a timeout of 1 s each.

Measured figures: docs/decisions/0024-turns-on-a-link.md.
"""

from __future__ import annotations

import asyncio
import json as json_format
import logging
import multiprocessing
import random
import struct
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import numpy as np

from tests.benchmarks.acquisition import in_process, say

LINKS = 4
DEVICES = 200
POINTS = 40
SILENT = 10
TARGET_SHARE = 0.08
TARGET_APART_S = 1.02
_DEAF = 120  # units from here on are never answered
_BLOCKS = 97  # different answers

SITE = """
format = 1
id = "bench"
name = "Benchmark"
[place]
name = "Utrecht"
latitude_deg = 52.09
longitude_deg = 5.12
zone = "Europe/Amsterdam"
[grid]
house = { kind = "connection", name = "House connection", limit_kw = 1000.0 }
[[tariff]]
name = "Fixed contract"
valid_from = 2026-01-01
peak_eur_per_kw = 0
contracted_kw = 1000.0
[[tariff.period]]
days = "daily"
from = "00:00"
to = "24:00"
import_eur_per_kwh = 0.27
export_eur_per_kwh = 0.06
[carbon]
source = "none, this site is made up"
grid_kg_per_kwh = [
  0.27, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27,
  0.27, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27, 0.27,
]
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of the engine. `cpu_share` is of one core."""

    cpu_share: float
    stored_per_s: float
    apart_p50_s: float
    apart_p99_s: float
    apart_worst_s: float
    bad: int  # readings of devices that answer
    missing: int  # readings that were taken and are not in the store after the end


def _floats(seed: int) -> bytes:
    chance = random.Random(seed)
    return struct.pack(f">{POINTS}f", *(chance.gauss(230.0, 5.0) for _ in range(POINTS)))


class Changing(asyncio.Protocol):
    """Answers every read with floats that are others each time."""

    blocks = tuple(_floats(seed) for seed in range(_BLOCKS))
    asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        while len(data) >= 12:
            if data[6] < _DEAF:
                Changing.asked += 1
                block = self.blocks[Changing.asked % _BLOCKS][: 2 * data[11]]
                head = data[:4] + (len(block) + 3).to_bytes(2, "big") + data[6:8] + bytes((len(block),))
                self.transport.write(head + block)
            data = data[12:]


def serve_field(links: int, pipe: Pipe) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Changing, "127.0.0.1", 0) for _ in range(links)]
        pipe.send([server.sockets[0].getsockname()[1] for server in servers])
        await loop.run_in_executor(None, pipe.recv)

    asyncio.run(serve())


def write_site(folder: Path, ports: list[int], devices: int, silent: int) -> None:
    """A site folder with a device type of its own; every so many devices one has a unit that nobody answers to."""
    (folder / "profiles").mkdir(parents=True)
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    points = "".join(
        f'[point.power_p{number:02}_kw]\nname = "Power {number}"\naddress = {2 * number}\n' for number in range(POINTS)
    )
    profile = (
        'format = 1\nname = "forty_floats"\ntitle = "Forty floats"\nmaker = "nobody"\nkind = "meter"\n'
        'source = "made up for a measurement"\n[defaults]\ntable = "holding"\ntype = "float32"\n' + points
    )
    (folder / "profiles" / "forty_floats.toml").write_text(profile, encoding="utf-8")
    links = "".join(f"l{place},tcp://127.0.0.1:{port}\n" for place, port in enumerate(ports))
    (folder / "links.csv").write_text("link,url\n" + links, encoding="utf-8")
    each = devices // silent if silent else devices + 1
    rows = []
    for number in range(devices):
        unit = 1 + number // len(ports)
        if silent and number % each == 7 * (number // each) % each:  # spread over the links
            unit += _DEAF
        rows.append(f"D{number},Meter {number},grid,l{number % len(ports)},{unit},forty_floats,1,house\n")
    header = "device,name,area,link,unit,profile,every_s,node\n"
    (folder / "devices.csv").write_text(header + "".join(rows), encoding="utf-8")


def run_engine(ports: list[int], devices: int, silent: int, for_s: float, warm_up_s: float, pipe: Pipe) -> None:
    from energy_console.engine.link import EngineNews
    from energy_console.engine.local import LocalEngine
    from energy_console.historian.embedded import open_embedded
    from energy_console.site.loader import load_site

    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_site(folder / "site", ports, devices, silent)
        site = load_site(folder / "site")
        well = np.array([device.spec.unit < _DEAF for device in site.devices])
        times: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        measuring = threading.Event()

        def hear(news: EngineNews) -> None:
            if news.batch is not None and measuring.is_set():
                first = news.batch.index % POINTS == 0
                times.append((news.batch.index[first] // POINTS, news.batch.time_ns[first], news.batch.status[first]))

        store = open_embedded(folder / "store", writing=True)
        engine = LocalEngine(site, store)
        engine.subscribe(hear)
        engine.start()
        time.sleep(warm_up_s)
        measuring.set()
        stored, cpu, began = engine.stats["stored"], time.process_time(), time.monotonic()
        time.sleep(for_s)
        wall = time.monotonic() - began
        share, kept = (time.process_time() - cpu) / wall, (engine.stats["stored"] - stored) / wall
        measuring.clear()
        engine.stop()
        missing = int(engine.stats["readings"] - engine.stats["stored"])
        store.close()
    device, time_ns, status = (np.concatenate(column) for column in zip(*times, strict=True))
    ours = well[device]
    device, time_ns, bad = device[ours], time_ns[ours], int(np.count_nonzero(status[ours]))
    order = np.lexsort((time_ns, device))
    apart_s = np.diff(time_ns[order])[np.diff(device[order]) == 0] / 1e9
    p50, p99 = (float(np.quantile(apart_s, share_of)) for share_of in (0.5, 0.99))
    pipe.send(Ran(share, kept, p50, p99, float(apart_s.max()), bad, missing))


def run(json: bool, for_s: float = 60.0, warm_up_s: float = 20.0, devices: int = DEVICES) -> int:
    """Measures and prints; 0 if every target was met, 1 if not."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    field = context.Process(target=serve_field, args=(LINKS, theirs), daemon=True)
    field.start()
    ports = ours.recv()
    silent = max(1, devices * SILENT // DEVICES)
    say(json, f"all {devices} devices answer, {for_s:g} s")
    well = in_process(run_engine, ports, devices, 0, for_s, warm_up_s)
    say(json, f"{silent} of {devices} devices are silent, {for_s:g} s")
    ill = in_process(run_engine, ports, devices, silent, for_s, warm_up_s)
    ours.send("done")
    field.join(5)
    return report(json, devices, silent, for_s, well, ill)


def report(json: bool, devices: int, silent: int, for_s: float, well: Ran, ill: Ran) -> int:
    met = {
        "processor": well.cpu_share <= TARGET_SHARE,
        "everything stored": not well.missing and not ill.missing,
        "intervals with silent devices": ill.apart_p99_s <= TARGET_APART_S,
        "all good": not well.bad and not ill.bad,
    }
    if json:
        document = {
            "devices": devices, "points_per_device": POINTS, "links": LINKS, "silent": silent, "seconds": for_s,
            "well": asdict(well), "with_silent": asdict(ill), "target_cpu_share": TARGET_SHARE,
            "target_apart_p99_s": TARGET_APART_S, "met": all(met.values()),
        }  # fmt: skip
        print(json_format.dumps(document, indent=2))
        return 0 if all(met.values()) else 1
    print(f"{devices} devices x {POINTS} float points at 1 Hz over {LINKS} links, {for_s:g} s each, everything stored")
    for name, ran in (("all answer", well), (f"{silent} are silent", ill)):
        print(
            f"{name:<14} engine {100 * ran.cpu_share:.1f} % of a core, {ran.stored_per_s:.0f} readings/s stored, "
            f"apart p50 {ran.apart_p50_s:.3f}, p99 {ran.apart_p99_s:.3f}, worst {ran.apart_worst_s:.3f} s, "
            f"{ran.bad} bad"
        )
    print(f"targets        {100 * TARGET_SHARE:.0f} % of a core, p99 {TARGET_APART_S} s with silent devices")
    print("every target met" if all(met.values()) else "missed: " + ", ".join(key for key in met if not met[key]))
    return 0 if all(met.values()) else 1
