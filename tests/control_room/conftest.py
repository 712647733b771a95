"""A small site in two areas on a real server, its field played once, and engines on it as processes of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from energy_console.app.virtual_site import VirtualSite
from energy_console.engine.attached import AttachedEngine
from energy_console.historian.opening import open_store
from energy_console.site.loader import load_site
from energy_console.site.model import Site
from tests.engine.ears import Ears
from tests.historian.conftest import own_server as own_server
from tests.historian.conftest import server as server

ROOT = Path(__file__).parents[2]
SITE = ROOT / "sites" / "one-meter"
DEVICES = """\
device,name,area,link,unit,profile,every_s,node,rated_kw
meter,Main meter,grid,quay,1,eastron_sdm630,1,house,17
quay-socket,Socket at the quay,charging,quay,2,alfen_ng9,1,house,11
town-socket,Socket in town,charging,town,1,alfen_ng9,1,house,11
"""
CHARGERS = """\
charger,name,device,kind,max_kw,min_kw,phases
quay-socket,Socket at the quay,quay-socket,car,11,0,3
town-socket,Socket in town,town-socket,car,11,0,3
"""
POINTS = """\
point,name,unit,formula
site/charging_kw,Charging,kW,quay-socket/power_kw + town-socket/power_kw
"""


@dataclass
class Room:
    """The site, its server and whatever was started on it."""

    folder: Path
    url: str
    virtual: VirtualSite
    home: Path
    engines: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def site(self) -> Site:
        return load_site(self.folder)

    def serve(self, areas: str, machine: str) -> subprocess.Popen[bytes]:
        """An engine of these areas; `machine`: where it keeps what is its own."""
        environment = os.environ | {"ENERGY_CONSOLE_STORE": str(self.home / machine)}
        command = [sys.executable, str(ROOT / "main.py"), "serve", "--site", str(self.folder), "--area", areas]
        log = (self.home / f"{machine}.log").open("ab")
        with log:
            engine = subprocess.Popen([*command, "--json"], env=environment, stdout=subprocess.DEVNULL, stderr=log)
        self.engines[machine] = engine
        return engine

    def kill(self, machine: str) -> None:
        self.engines[machine].kill()
        self.engines.pop(machine).wait(30)

    def stop(self, machine: str) -> None:
        engine = self.engines.pop(machine)
        engine.send_signal(signal.SIGTERM)
        engine.wait(60)

    def said(self, machine: str) -> str:
        return (self.home / f"{machine}.log").read_text("utf-8", "replace")

    @contextlib.contextmanager
    def desk(self) -> Iterator[tuple[AttachedEngine, Ears]]:
        historian = open_store(self.site.id, self.site.store, None, writing=False)
        engine = AttachedEngine(self.site, historian)
        ears = Ears(engine)
        engine.start()
        try:
            yield engine, ears
        finally:
            engine.stop()
            historian.close()


@pytest.fixture(scope="module")
def room(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    home = tmp_path_factory.mktemp("room")
    folder = home / "site"
    shutil.copytree(SITE, folder)
    toml = (folder / "site.toml").read_text("utf-8").replace('id = "one-meter"', f'id = "room-{uuid.uuid4().hex[:8]}"')
    (folder / "site.toml").write_text(toml.replace("\n[place]", f'\nstore = "{server}"\n\n[place]', 1), "utf-8")
    for name, text in (("devices.csv", DEVICES), ("chargers.csv", CHARGERS), ("points.csv", POINTS)):
        (folder / name).write_text(text, "utf-8")
    write_links(folder, 1)
    virtual = VirtualSite(load_site(folder), with_past=False)
    virtual.wait()
    write_links(folder, virtual.port_base)
    there = Room(folder, server, virtual, home)
    try:
        yield there
    finally:
        for machine in list(there.engines):
            there.kill(machine)
        virtual.stop()


def write_links(folder: Path, port: int) -> None:
    rows = f"quay,tcp://127.0.0.1:{port},quayside\ntown,tcp://127.0.0.1:{port + 1},town\n"
    (folder / "links.csv").write_text(f"link,url,area\n{rows}", "utf-8")
