"""CPU a request of the virtual site's own Modbus server, against pymodbus's server in the same run.

`python -m tests.benchmarks.virtual_server`. Each server runs in a process of its own and answers the same 125 holding
registers to the same client (raw sockets, four connections, one request at a time each); CPU is that of the server's
process. Pipelining: ten requests in one packet, how many of them are answered.

Measured on two cores of an AMD EPYC with Python 3.11, pymodbus 3.16: see `hardware.virtual.server`.
"""

from __future__ import annotations

import asyncio
import json as json_format
import multiprocessing
import socket
import struct
import sys
import time
from multiprocessing.connection import Connection
from zoneinfo import ZoneInfo

import psutil

REQUESTS = 6000
CONNECTIONS = 4
PIPELINED = 10
REQUEST = struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, 0, 125)
ANSWER_BYTES = 9 + 250


def serve_own(ready: Connection) -> None:
    from hardware.field import DeviceSpec, FieldSpec, LinkSpec
    from hardware.virtual.process import VirtualSite
    from hardware.virtual.spec import VirtualSpec
    from hardware.virtual.world import World

    links = (LinkSpec("quay", "tcp://127.0.0.1:0"),)
    field = FieldSpec(links, (DeviceSpec("E01.1", "quay", 1, "ops_80005_2"),))
    site = VirtualSite(World(VirtualSpec("bench", 52.0, 4.0, ZoneInfo("UTC"), field), 1_760_000_000.0))
    asyncio.run(site.run(lambda told: ready.send(int(told.links[0][1].rsplit(":", 1)[1]))))


def serve_pymodbus(ready: Connection) -> None:
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    async def run() -> None:
        registers = SimData(0, count=300, datatype=DataType.REGISTERS, values=7)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = ModbusTcpServer(SimDevice(1, [registers]), address=("127.0.0.1", port))
        await server.serve_forever(background=True)
        ready.send(port)
        await asyncio.sleep(3600)

    asyncio.run(run())


def ask(port: int) -> int:
    """Puts all requests, one at a time on each connection; how many were answered whole."""
    lines = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(CONNECTIONS)]
    answered = 0
    for _ in range(REQUESTS // CONNECTIONS):
        for line in lines:
            line.sendall(REQUEST)
        answered += sum(len(_read(line, ANSWER_BYTES)) == ANSWER_BYTES for line in lines)
    for line in lines:
        line.close()
    return answered


def ask_at_once(port: int) -> int:
    """Answers to several requests that arrive in one packet."""
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        line.settimeout(0.5)
        line.sendall(REQUEST * PIPELINED)
        return len(_read(line, ANSWER_BYTES * PIPELINED)) // ANSWER_BYTES


def _read(line: socket.socket, size: int) -> bytes:
    data = b""
    try:
        while len(data) < size and (part := line.recv(size - len(data))):
            data += part
    except TimeoutError:
        pass
    return data


def measure(serve: object) -> dict[str, float]:
    """CPU of one server in microseconds a request, requests/s it reached, pipelined requests it answered."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there,), daemon=True)  # type: ignore[arg-type]
    process.start()
    try:
        port = here.recv()
        ask(port)  # warm
        times = psutil.Process(process.pid)
        before, start = times.cpu_times(), time.perf_counter()
        answered = ask(port)
        after, seconds = times.cpu_times(), time.perf_counter() - start
        used = after.user + after.system - before.user - before.system
        return {
            "answered": answered,
            "cpu_us": used / max(answered, 1) * 1e6,
            "per_s": answered / seconds,
            "pipelined": ask_at_once(port),
        }
    finally:
        process.terminate()
        process.join()


def run(json: bool = False) -> int:
    own, other = measure(serve_own), measure(serve_pymodbus)
    result = {"own": own, "pymodbus": other, "cpu_ratio": other["cpu_us"] / max(own["cpu_us"], 1e-9)}
    if json:
        print(json_format.dumps(result))
        return 0
    for name, found in (("own", own), ("pymodbus", other)):
        print(
            f"{name:<9} {found['cpu_us']:6.0f} us CPU a request, {found['per_s']:7.0f} requests/s, "
            f"{found['pipelined']:.0f} of {PIPELINED} pipelined answered"
        )
    print(f"pymodbus's server takes {result['cpu_ratio']:.1f} times the CPU")
    return 0


if __name__ == "__main__":
    sys.exit(run("--json" in sys.argv))
