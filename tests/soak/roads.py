"""How the console's end of a link reaches a fault proxy: over the network as it is, inside TLS, or on a serial port."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from hardware.field import LinkSpec
from hardware.virtual.certificates import make_certificates
from hardware.virtual.fault_proxy import FaultProxy
from hardware.virtual.line_faults import LineFault, Odds
from hardware.virtual.security import server_context

KINDS = ("tcp", "rtu+tcp", "udp", "tls", "serial")
WIRE = {"tls": "tcp", "serial": "rtu+tcp"}  # what goes through such a road: the proxy's and the devices' kind
NO_LINE_HAS = (
    LineFault.HANG_UP, LineFault.CARRY_OVER, LineFault.HALF_OPEN, LineFault.MUTE,  # what happens to connections
    LineFault.JOIN, LineFault.REORDER, LineFault.DUPLICATE,  # what a gateway keeps or repeats
)  # fmt: skip
_PORT_WITHIN_S = 30.0


def wire_of(kind: str) -> str:
    return WIRE.get(kind, kind)


def odds_on(kind: str, odds: Odds) -> Odds:
    """A serial line has no connections, and no gateway that could say a thing twice: those faults are left out."""
    if kind != "serial":
        return odds
    return Odds({fault: chance for fault, chance in odds.chance.items() if fault not in NO_LINE_HAS}, odds.latest_s)


def missing(kind: str) -> str:
    """Why this kind cannot be had here, empty where it can."""
    return "no socat on this system for serial ports" if kind == "serial" and shutil.which("socat") is None else ""


class Roads:
    """Leads to any number of proxies; made by `roads_of`."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._kind, self._folder = kind, folder
        self._cables: list[subprocess.Popen[bytes]] = []
        if kind == "tls":
            now = dt.datetime.now(dt.UTC)
            make_certificates(folder / "certificates", now, now + dt.timedelta(days=2))

    async def lead_to(self, proxy: FaultProxy) -> str:
        """Opens the proxy; returns the url by which the console reaches it."""
        if self._kind == "tls":
            files = self._folder / "certificates"
            wanted = {"ca": "ca.pem", "cert": "operator.pem", "key": "operator.key"}
            options = "&".join(f"{name}={files / file}" for name, file in wanted.items())
            link = LinkSpec("soak", f"tls://127.0.0.1:1?{options}")
            await proxy.open(tls=server_context(link))
            return f"tls://127.0.0.1:{proxy.port}?{options}"
        await proxy.open()
        if self._kind == "serial":
            return f"serial://{self._lay_cable(proxy.port)}?baud=115200&stop=2"
        return f"{self._kind}://127.0.0.1:{proxy.port}"

    def _lay_cable(self, port: int) -> str:
        """A serial port whose other end is the proxy."""
        place = str(self._folder / f"tty-{port}")
        self._cables.append(subprocess.Popen(["socat", f"pty,raw,echo=0,link={place}", f"tcp:127.0.0.1:{port}"]))
        until = time.monotonic() + _PORT_WITHIN_S
        while not os.path.exists(place):
            if time.monotonic() > until:
                raise TimeoutError("socat made no serial port")
            time.sleep(0.005)
        return place

    def close(self) -> None:
        for cable in self._cables:
            cable.kill()
            cable.wait()


@contextlib.contextmanager
def roads_of(kind: str) -> Iterator[Roads]:
    """Roads of one kind with the files they need, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as name:
        roads = Roads(kind, Path(name))
        try:
            yield roads
        finally:
            roads.close()
