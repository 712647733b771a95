"""The virtual devices of a site, in a process of their own beside the console, and their past for a new store."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from energy_console.site.model import Site
    from hardware.points import Point, ScanBatch

log = logging.getLogger(__name__)

FIRST_PORT, PORT_STEP, TRIES = 15_020, 100, 40
PAST = "24h"
STOPS_WITHIN_S = 5.0
REMEMBERED_UNITS = frozenset({"kW", "kWh", "degC", "m3/h", "m3"})
REMEMBERED_QUANTITIES = frozenset({"level", "step", "mode", "mode3_state", "lamps_failed", "valve"})
CHUNK = 100_000  # readings of the past handed over at once


class VirtualSiteFailed(RuntimeError):
    """The virtual devices did not start; the message is their own sentence."""


class VirtualSite:
    """One `simulate` process. It ends by itself when this process is gone, however that ends."""

    def __init__(
        self, site: Site, *, with_past: bool, faults: tuple[str, ...] = (), memory: Path | None = None
    ) -> None:
        """Starts the process and returns at once; `wait` tells when it serves.

        In the file `memory` it keeps where its counters stand, so that the next start goes on from there.
        """
        self.port_base = free_ports(len(site.links))
        self._folder = tempfile.TemporaryDirectory(prefix="energy-console-", ignore_cleanup_errors=True)
        self._past = Path(self._folder.name) / "past.parquet" if with_past else None
        command = [*this_program(), "simulate", "--site", site.folder, "--port-base", str(self.port_base)]
        command += ["--json", "--parent", str(os.getpid())]
        command += ["--history", PAST, "--history-out", str(self._past)] if self._past else []
        command += ["--memory", str(memory)] if memory else []
        for fault in faults:
            command += ["--fault", fault]
        self._complaints = Path(self._folder.name) / "complaints.txt"  # a file cannot fill up and block, a pipe can
        with self._complaints.open("wb") as complaints:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=complaints, text=True, encoding="utf-8"
            )
        self.ready: dict[str, Any] = {}

    def wait(self) -> None:
        """Blocks until it serves. Raises VirtualSiteFailed with what it said."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            said = self._complaints.read_text(encoding="utf-8").strip() or "it ended without a word"
            raise VirtualSiteFailed(f"The virtual devices did not start: {said}")
        self.ready = json.loads(line)

    def ails(self) -> str:
        """A sentence when the process has ended by itself or was killed; empty while it serves. Does not block."""
        code = self._process.poll()
        if code is None or not self.ready:
            return ""
        return f"The virtual devices have ended ({_how(code)}): start the console again, which starts them too"

    def past(self, site: Site) -> Iterator[ScanBatch]:
        """What the virtual site says of its past, one batch a moment, oldest first, marked as simulated."""
        if self._past is None or not self._past.exists():
            return
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet as pq

        from hardware.points import Reason, ScanBatch, status_of

        rows = {point.id: row for row, point in enumerate(site.points) if _is_worth_a_past(point)}
        index, time_ns, value = [], [], []
        for part in pq.ParquetFile(self._past).iter_batches(CHUNK):
            names = part["point"].dictionary_encode() if pa.types.is_string(part["point"].type) else part["point"]
            row_of_name = np.array([rows.get(name, -1) for name in names.dictionary.to_pylist()], np.int32)
            row = row_of_name[names.indices.to_numpy()]
            index.append(row[row >= 0])
            time_ns.append(part["time"].cast(pa.timestamp("ns", "UTC")).cast(pa.int64()).to_numpy()[row >= 0])
            value.append(part["value"].to_numpy()[row >= 0])
        times, columns = np.concatenate(time_ns), (np.concatenate(index), np.concatenate(value))
        order = np.argsort(times, kind="stable")
        status = status_of(Reason.SIMULATED)
        for moment in np.split(order, np.flatnonzero(np.diff(times[order])) + 1):
            flags = np.full(len(moment), status, np.uint16)
            yield ScanBatch(0, columns[0][moment], times[moment], columns[1][moment].astype(np.float64), flags)

    def stop(self) -> None:
        """Ends the process and returns when it is gone."""
        self._process.terminate()
        try:
            self._process.communicate(timeout=STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._folder.cleanup()


def _how(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def _is_worth_a_past(point: Point) -> bool:
    """What people look back at; voltages and currents of a past that was never measured are not."""
    return point.unit in REMEMBERED_UNITS or point.quantity in REMEMBERED_QUANTITIES


def this_program() -> list[str]:
    """How this program is started: the frozen executable, or Python with main.py."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, str(Path(__file__).resolve().parents[2] / "main.py")]


def free_ports(count: int) -> int:
    """The first of `count` neighbouring loopback ports that are all free. Raises VirtualSiteFailed where none are."""
    for step in range(TRIES):
        # Each process begins to look elsewhere: two that start at once would find the same ports free, and one fail.
        first = FIRST_PORT + (os.getpid() + step) % TRIES * PORT_STEP
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    last = FIRST_PORT + TRIES * PORT_STEP
    raise VirtualSiteFailed(f"No {count} free ports side by side between {FIRST_PORT} and {last}: stop what uses them.")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
