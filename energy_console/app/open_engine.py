"""Puts an engine together: site, store, virtual devices where asked for; attaches where one runs already."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from energy_console.app.certificates import loopback_certificates
from energy_console.app.virtual_site import VirtualSite
from energy_console.historian.errors import StoreAway, StoreBusy
from energy_console.historian.interface import Historian
from energy_console.historian.opening import open_store, store_folder
from energy_console.site.loader import load_site
from energy_console.site.model import Site

if TYPE_CHECKING:
    from energy_console.engine.attached import AttachedEngine
    from energy_console.engine.local import LocalEngine

log = logging.getLogger(__name__)

VIRTUAL_COUNTERS = "virtual-counters.json"  # in the store's folder: where the virtual devices' counters stand
DEMO = Path(__file__).resolve().parents[2] / "sites" / "port-demo"


@dataclass(slots=True)
class OpenedEngine:
    """An engine and what has to be closed after it, in order."""

    site: Site
    engine: LocalEngine | AttachedEngine
    historian: Historian
    virtual: VirtualSite | None = None
    holder: str = ""  # who serves the site, where that is another process

    @property
    def engine_is_elsewhere(self) -> bool:
        return bool(self.holder)

    def close(self) -> None:
        """Stops the engine, then its store, then the virtual devices. May be called twice."""
        self.engine.stop()
        self.historian.close()
        if self.virtual is not None:
            self.virtual.stop()
            self.virtual = None


def open_engine(folder: Path, store: str | Path | None, *, virtual: bool, faults: tuple[str, ...] = ()) -> OpenedEngine:
    """An engine that is not yet started. Raises SiteFaults, StoreError, VirtualSiteFailed, BadLink.

    A site that another process serves already is attached to: its field is not read a second time.
    """
    site = load_site(folder)
    try:
        historian = open_store(site.id, site.store, store, writing=True)
    except StoreBusy as busy:
        log.info("attached to %s", busy.holder)
        historian = open_store(site.id, site.store, store, writing=False)
        from energy_console.engine.attached import AttachedEngine

        return OpenedEngine(site, AttachedEngine(site, historian), historian, holder=busy.holder)
    memory = store_folder(site.id, site.store, store)
    with contextlib.ExitStack() as undo:  # whatever cannot be put together leaves no thread and no process behind
        undo.callback(historian.close)
        opened = _with_virtual_devices(site, historian, memory, faults, undo) if virtual else _alone(site, historian)
        undo.pop_all()
    return opened


def _alone(site: Site, historian: Historian) -> OpenedEngine:
    from energy_console.engine.local import LocalEngine

    return OpenedEngine(site, LocalEngine(site, historian), historian)


def _with_virtual_devices(
    site: Site, historian: Historian, memory: Path, faults: tuple[str, ...], undo: contextlib.ExitStack
) -> OpenedEngine:
    historian.register(site.points)
    is_new = _is_new(site, historian)
    certificates = loopback_certificates(site)
    devices = VirtualSite(site, with_past=is_new, faults=faults, memory=memory / VIRTUAL_COUNTERS)
    undo.callback(devices.stop)
    from energy_console.engine.local import LocalEngine  # while the devices' own process begins

    field = site.on_loopback(devices.port_base, certificates)
    engine = LocalEngine(field, historian, prepare=devices.wait, past=lambda: devices.past(site), ails=devices.ails)
    return OpenedEngine(field, engine, historian, devices)


def _is_new(site: Site, historian: Historian) -> bool:
    """Nothing was ever kept of it, as far as can be known: a server that is away is asked for no past."""
    try:
        return site.root.meter is None or historian.span(site.root.meter) is None
    except StoreAway:
        return False
