"""A field of one virtual meter, and engines on it: small enough to be started by the dozen."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from energy_console.app.virtual_site import VirtualSite
from energy_console.engine.local import LocalEngine
from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.site.loader import load_site
from energy_console.site.model import Site
from tests.engine.ears import Ears

FOLDER = Path(__file__).resolve().parents[2] / "sites" / "one-meter"
POWER = "meter/power_kw"


def unserved() -> Site:
    """The site on a port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    return load_site(FOLDER).on_loopback(port)


@contextmanager
def store_in(folder: Path) -> Iterator[EmbeddedHistorian]:
    store = open_embedded(folder / "store", writing=True)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def running(engine: LocalEngine) -> Iterator[Ears]:
    ears = Ears(engine)
    engine.start()
    try:
        yield ears
    finally:
        engine.stop()


@contextmanager
def virtual_meter() -> Iterator[VirtualSite]:
    virtual = VirtualSite(load_site(FOLDER), with_past=False)
    try:
        yield virtual
    finally:
        virtual.stop()


def engine_on(virtual: VirtualSite, store: EmbeddedHistorian) -> LocalEngine:
    site = load_site(FOLDER).on_loopback(virtual.port_base)
    return LocalEngine(site, store, prepare=virtual.wait, ails=virtual.ails)
