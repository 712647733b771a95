"""The reading of the field when what is around it stops for a while: real processes, real threads."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from energy_console.app.virtual_site import free_ports, this_program
from energy_console.engine.local import LocalEngine
from energy_console.site.loader import load_site
from energy_console.site.model import Site
from hardware.points import is_usable
from tests.benchmarks.engine import POINTS, write_site
from tests.engine.one_meter import running, store_in

LINKS = 4
DEVICES = 20
DOWN_S = 7.0  # so long that rests which grow would have grown beyond what is allowed
ALLOWED_S = 5.0
SLOW_MACHINE = 4.0  # times longer may a machine take that is busy with other things
FREEZE_S = 0.3


@pytest.fixture
def site(tmp_path) -> Site:
    write_site(tmp_path / "site", [1 + place for place in range(LINKS)], DEVICES, 0)
    return load_site(tmp_path / "site")


def simulate(site: Site, port_base: int) -> subprocess.Popen[str]:
    """The virtual devices of the site in a process of their own; returns when they serve."""
    command = [*this_program(), "simulate", "--site", site.folder, "--port-base", str(port_base), "--json"]
    process = subprocess.Popen([*command, "--parent", str(os.getpid())], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())
    return process


def measured_are_good(engine: LocalEngine) -> bool:
    return bool(is_usable(engine.live.status[: DEVICES * POINTS]).all())


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
    process.communicate()


def test_every_point_is_good_again_seconds_after_a_killed_field_is_back(site: Site, tmp_path: Path) -> None:
    port_base = free_ports(LINKS)
    field = simulate(site, port_base)
    try:
        with store_in(tmp_path) as store:
            engine = LocalEngine(site.on_loopback(port_base), store)
            with running(engine) as ears:
                ears.wait_for(lambda: measured_are_good(engine), 30.0, ears.not_answering)
                kill(field)
                ears.wait_for(lambda: not is_usable(engine.live.status).any(), 20.0, ears.not_answering)
                time.sleep(DOWN_S)
                field = simulate(site, port_base)
                for place in range(LINKS):
                    socket.create_connection(("127.0.0.1", port_base + place), 5.0).close()
                answering = time.monotonic()
                ears.wait_for(lambda: measured_are_good(engine), SLOW_MACHINE * ALLOWED_S, ears.not_answering)
                print(f"every point good {time.monotonic() - answering:.1f} s after the field answered")
    finally:
        kill(field)


def test_a_main_thread_that_is_busy_for_300_ms_costs_no_poll(site: Site, tmp_path: Path) -> None:
    port_base = free_ports(LINKS)
    field = simulate(site, port_base)
    try:
        with store_in(tmp_path) as store:
            engine = LocalEngine(site.on_loopback(port_base), store)
            with running(engine) as ears:
                ears.wait_for(lambda: measured_are_good(engine), 30.0, ears.not_answering)
                # A machine that is busy elsewhere may take a poll too; a freeze that did would take one each time.
                lost = [polls_lost_to_freezes(engine) for _ in range(3)]
    finally:
        kill(field)
    assert min(lost) == 0, lost


def polls_lost_to_freezes(engine: LocalEngine) -> int:
    """Blocks this thread, as a window would, each second for 300 ms; counts cycles that a device was not read in."""
    times: list[np.ndarray] = []
    engine.subscribe(lambda news: times.append(_readings(news.batch)) if news.batch is not None else None)
    until = time.monotonic() + 4.0
    while time.monotonic() < until:
        frozen = time.monotonic() + FREEZE_S
        while time.monotonic() < frozen:
            pass  # holds the interpreter as a slot that computes does
        time.sleep(0.7)
    device, time_ns = np.concatenate(list(times), axis=1)
    order = np.lexsort((time_ns, device))
    apart_s = np.diff(time_ns[order])[np.diff(device[order]) == 0] / 1e9
    assert len(apart_s) > DEVICES  # they were read while this thread was busy
    return int(np.count_nonzero(apart_s > 1.8))


def _readings(batch) -> np.ndarray:
    first = batch.index % POINTS == 0
    return np.array([batch.index[first] // POINTS, batch.time_ns[first]])
