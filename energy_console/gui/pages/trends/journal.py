"""Which of the journal's events concern what is drawn, and how they are marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from energy_console.gui.pages.trends.choice import MARK_KINDS
from energy_console.gui.plots.marks import Mark
from energy_console.historian.interface import Event
from energy_console.journal.entry import ENGINE, REFERS, Entry, entry_of
from energy_console.site.model import Site

MOST_EVENTS = 500
MOST_LINES = 40
_SHAPES = {"new": "new", "acknowledged": "acknowledged", "returned": "returned", "normal": "returned"}
_URGENT = 2
_NO_MARK = ("proposed", "refused", "in force", "set-points")  # of plans: what is approved and ended is enough


class Relevance:
    """What an event must name to concern a set of points: the point, its device, its berth, or a node above."""

    def __init__(self, site: Site) -> None:
        self._node_of = {device.id: device.node for device in site.devices}
        self._parent = {node.id: node.parent for node in site.nodes}
        self._at_quay = {access.device: (access.id, access.station) for access in site.access_points}

    def sources(self, points: Iterable[str]) -> frozenset[str]:
        """Ids an event may name."""
        wanted: set[str] = {"plan"}
        for point in points:
            device = point.partition("/")[0]
            wanted |= {point, device, *self._at_quay.get(device, ())}
            node = self._node_of.get(device)
            while node is not None and node not in wanted:
                wanted.add(node)
                node = self._parent.get(node)
        return frozenset(wanted)


def marks_of(events: Sequence[Event], sources: frozenset[str]) -> tuple[Mark, ...]:
    """Marks of the events that concern `sources`, newest first; of an alarm its beginning, shaped as it stands now."""
    found: list[Mark] = []
    state_of: dict[object, str] = {}
    begun: dict[object, Mark] = {}
    replaced = {event.data.get(REFERS) for event in events if event.kind == "note"}
    for event in events:  # newest first
        device = event.source.partition("/")[0]
        of_the_site = event.kind == "note" and not event.source
        if event.source not in sources and device not in sources and not of_the_site:
            continue
        if event.id in replaced or event.data.get("act") in _NO_MARK:
            continue
        if event.kind != "alarm":
            entry = entry_of(event)
            until_s = entry.until_ns / 1e9 if entry.until_ns > entry.time_ns else None
            found.append(Mark(event.id, event.time_ns / 1e9, _words(entry), kind=_kind(event), until_s=until_s))
            continue
        alarm = event.data.get("alarm", event.id)
        state_of.setdefault(alarm, str(event.data.get("state", "new")))
        if event.data.get("state", "new") == "new":
            begun[alarm] = _alarm_mark(event, state_of[alarm])
    found.extend(begun.values())
    return tuple(sorted(found, key=lambda mark: -mark.time_s))


def _words(entry: Entry) -> str:
    """What was done, and by whom where the text does not say it already."""
    named = entry.who == ENGINE or entry.who.casefold() in entry.text.casefold()
    return entry.text if named else f"{entry.text} ({entry.who})"


def _kind(event: Event) -> str:
    """The kind under which it is switched on and off; what is none of those belongs to the devices."""
    return event.kind if event.kind in MARK_KINDS else "device"


def _alarm_mark(event: Event, state: str) -> Mark:
    priority = int(event.data.get("priority", 4))
    words = event.text.removeprefix(f"P{priority} ").removesuffix(": raised")
    return Mark(event.id, event.time_ns / 1e9, words, priority, _SHAPES.get(state, "new"))


def lines_of(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """The marks that get a line through the plots: all of few, the urgent ones of many."""
    if len(marks) <= MOST_LINES:
        return tuple(marks)
    return tuple(mark for mark in marks if 0 < mark.priority <= _URGENT)[:MOST_LINES]
