"""Puts an engine together: site, store, virtual devices where asked for; attaches where one runs already."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from energy_console.app.certificates import loopback_certificates
from energy_console.app.virtual_site import VirtualSite
from energy_console.historian.errors import StoreAway, StoreBusy
from energy_console.historian.interface import Historian
from energy_console.historian.opening import is_server, open_store, store_folder
from energy_console.historian.share import WHOLE, Share
from energy_console.site.areas import Part, area_of_points, part_of
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


def open_engine(
    folder: Path,
    store: str | Path | None,
    *,
    virtual: bool,
    faults: tuple[str, ...] = (),
    areas: tuple[str, ...] = (),
    desk: bool = False,
    only_follow: bool = False,
) -> OpenedEngine:
    """An engine that is not yet started. Raises SiteFaults, StoreError, VirtualSiteFailed, BadLink, UnknownArea.

    `areas`: what of the site it serves, if not the whole. A site, or area, that another process serves already is
    attached to: its field is not read a second time. `desk`: a window; of a site whose areas have engines
    it only follows them, as it does with `only_follow`, also where none is there.
    """
    site = load_site(folder)
    part = part_of(site, areas) if areas else None
    if only_follow or (desk and not virtual and _follows_only(site, store)):
        return _attached(site, store, "the engines of its areas")
    share = WHOLE if part is None else Share(part.areas, area_of_points(site))
    try:
        historian = open_store(site.id, site.store, store, writing=True, share=share)
    except StoreBusy as busy:
        log.info("attached to %s", busy.holder)
        return _attached(site, store, busy.holder)
    memory = store_folder(site.id, site.store, store)
    with contextlib.ExitStack() as undo:  # whatever cannot be put together leaves no thread and no process behind
        undo.callback(historian.close)
        historian.keep(site.keep_days)
        others = partial(open_store, site.id, site.store, store, writing=False) if part is not None else None
        parts = Parts(site, historian, areas, others)
        opened = _with_virtual_devices(parts, memory, faults, undo) if virtual else _alone(parts)
        undo.pop_all()
    return opened


@dataclass(frozen=True, slots=True)
class Parts:
    """What an engine is put together from. `others` opens the store for reading what other engines write."""

    site: Site
    historian: Historian
    areas: tuple[str, ...]
    others: Callable[[], Historian] | None

    def part_of(self, site: Site) -> Part | None:
        return part_of(site, self.areas) if self.areas else None


def _follows_only(site: Site, store: str | Path | None) -> bool:
    """Whether a desk of this site never reads the field itself: engines of its areas do, and meet it on a server."""
    return bool(site.link_areas) and is_server(str(store or site.store))


def _attached(site: Site, store: str | Path | None, holder: str) -> OpenedEngine:
    from energy_console.engine.attached import AttachedEngine

    historian = open_store(site.id, site.store, store, writing=False, also_away=True)
    return OpenedEngine(site, AttachedEngine(site, historian), historian, holder=holder)


def _alone(parts: Parts) -> OpenedEngine:
    from energy_console.engine.local import LocalEngine

    engine = LocalEngine(parts.site, parts.historian, part=parts.part_of(parts.site), others=parts.others)
    return OpenedEngine(parts.site, engine, parts.historian)


def _with_virtual_devices(
    parts: Parts, memory: Path, faults: tuple[str, ...], undo: contextlib.ExitStack
) -> OpenedEngine:
    site, historian = parts.site, parts.historian
    own = parts.part_of(site)
    historian.register(site.points if own is None else own.site.points)
    is_new = _is_new(site, historian)
    certificates = loopback_certificates(site)
    devices = VirtualSite(site, with_past=is_new, faults=faults, memory=memory / VIRTUAL_COUNTERS)
    undo.callback(devices.stop)
    from energy_console.engine.local import LocalEngine  # while the devices' own process begins

    field = site.on_loopback(devices.port_base, certificates)
    engine = LocalEngine(
        field,
        historian,
        prepare=devices.wait,
        past=lambda: devices.past(site),
        ails=devices.ails,
        part=parts.part_of(field),
        others=parts.others,
    )
    return OpenedEngine(field, engine, historian, devices)


def _is_new(site: Site, historian: Historian) -> bool:
    """Nothing was ever kept of it, as far as can be known: a server that is away is asked for no past."""
    try:
        return site.root.meter is None or historian.span(site.root.meter) is None
    except StoreAway:
        return False
