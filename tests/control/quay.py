"""A small site of things that can be commanded, behind one server that a test scripts byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from energy_console.control.control import Ask, Control
from energy_console.control.ledger import Ledger
from energy_console.historian.interface import Historian
from energy_console.historian.ledger import LedgerRecord
from energy_console.live.table import LiveTable
from energy_console.site.loader import load_site
from energy_console.site.model import Site
from hardware.commands import Commander
from hardware.scanner import Scanner
from tests.hardware.scripted import Request, serving
from tests.hardware.test_commands import Registers
from tests.site.folder import SITE, write_site

FILES = {
    "site.toml": SITE.replace(', meter = "M1/power_kw"', ""),
    "links.csv": "link,url,timeout_s\ngw,tcp://10.0.0.1:502,0.25\n",
    "devices.csv": """\
device,name,area,link,unit,profile,every_s,node
L1,Cabinet 1,lighting,gw,1,lighting_cabinet,1,F1
CP1,Charger 1,charging,gw,2,alfen_ng9,1,F1
E1,Shore power,port,gw,3,ops_80005_2,1,F1
H1,Heat controller,heat,gw,4,danfoss_ecl,1,
""",
    "writes.csv": """\
rule,may,device,quantity,low,high,when,why
heat,yes,H1,comfort_setpoint_c,15,25,E1/communication_fault is no,
phases,no,CP1,phases,,,,the cable has one
""",
}
LEVEL, LIMIT, SETPOINT = "L1/level_command", "CP1/limit_a", "H1/comfort_setpoint_c"
ALWAYS = (0, 2**62)


def quay(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return write_site(folder, FILES)


class Quay:
    """The devices of the site by unit number, each with registers of its own."""

    def __init__(self) -> None:
        self.units = {unit: Registers() for unit in (1, 2, 3, 4)}

    def __call__(self, request: Request) -> list:
        return self.units[request.unit](request)


class Desk:
    """A field that is read and commanded, without the rest of an engine."""

    def __init__(self, site: Site, store: Historian) -> None:
        self.site, self.store = site, store
        self.live = LiveTable(site.points)
        self.trouble = ""
        self.plan_age_s = 0.0
        self.dropped: list[str] = []
        self.scanner = Scanner(site.field, self.live.apply, points=site.points)
        self.ledger = Ledger(store)
        self.control = Control(
            site,
            self.live,
            Commander(self.scanner),
            self.ledger,
            lambda: self.trouble,
            lambda: self.plan_age_s,
            self.dropped.extend,
        )

    def records(self, point: str = "") -> list[LedgerRecord]:
        """Newest first."""
        return self.store.ledger(*ALWAYS, point=point)

    async def until(self, true: Callable[[], object], within_s: float = 20.0) -> None:
        async with asyncio.timeout(within_s):
            while not true():
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def desk(folder: Path, store: Historian, script: Callable[[Request], list]) -> AsyncIterator[Desk]:
    """Reads and commands the site of `folder` at the scripted server until left, then ends as an engine does."""
    async with serving(script) as server:
        made = Desk(load_site(folder).on_loopback(server.port), store)
        store.register(made.site.points)
        keeping = asyncio.create_task(made.ledger.run())
        scanning = asyncio.create_task(made.scanner.run())
        watching = asyncio.create_task(made.control.run())
        try:
            yield made
        finally:
            watching.cancel()
            await made.control.end("The engine stops.")
            made.scanner.stop()
            await scanning
            made.ledger.end()
            await keeping


def asked(point: str, value: float, who: str = "Ada", plan: str = "") -> Ask:
    return Ask(point, value, who, "a test", plan)
