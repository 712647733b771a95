"""Everything of a site that the palette can find, gathered from pages, actions, devices, points and alarms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from energy_console.engine.link import AlarmView
from energy_console.gui.frame import actions
from energy_console.gui.frame.finding import Found
from energy_console.gui.pages.registry import PageEntry
from energy_console.site.model import Area, Site

_AREA_ICONS = {
    Area.GRID: "lightning",
    Area.PORT: "anchor",
    Area.CHARGING: "lightning",
    Area.LIGHTING: "lamp",
    Area.HEAT: "thermometer",
    Area.WATER: "drop",
    Area.AIR: "wind",
    Area.BUILDINGS: "buildings",
    Area.SOLAR: "sun",
    Area.WIND: "wind",
}
OWN_PAGES = {Area.PORT: "port", Area.LIGHTING: "lighting", Area.HEAT: "heat"}


def of_window(pages: Iterable[PageEntry]) -> Iterator[Found]:
    """Pages and actions."""
    for page in pages:
        yield Found("page", page.key, page.name, "", page.icon, page.shortcut)
    for entry in actions.ENTRIES:
        yield Found("action", entry.key, entry.name, "", entry.icon, entry.shortcut)


def of_site(site: Site) -> Iterator[Found]:
    """Devices, then their points, then the calculated points."""
    icons = {}
    names = {}
    for device in site.devices:
        icons[device.id] = _AREA_ICONS[device.area]
        names[device.id] = device.name
        yield Found("device", device.id, device.id, f"{device.name} · {device.spec.link}", icons[device.id])
    for point in site.points:
        owner = names.get(point.device, "")
        detail = f"{point.name}, {owner}" if owner and owner != point.device else point.name
        yield Found("point", point.id, point.id, detail, icons.get(point.device, "function"))


def of_alarms(alarms: Iterable[AlarmView]) -> Iterator[Found]:
    for alarm in alarms:
        yield Found("alarm", str(alarm.id), alarm.text, f"P{alarm.priority}, {alarm.state}", "bell")


def page_of(site: Site, source: str, landed: Iterable[str]) -> str:
    """The page that shows a device, point or grid node best: its area's own page where this build has it."""
    have = set(landed)
    if source == "plan":
        return "plan" if source in have else "overview"
    device = source.partition("/")[0]
    area = next((candidate.area for candidate in site.devices if candidate.id == device), None)
    own = OWN_PAGES.get(area, "devices") if area is not None else "overview"
    return own if own in have else "devices"
