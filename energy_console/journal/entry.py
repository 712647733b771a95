"""One entry of the journal as a person reads it, made from an event of the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from energy_console.historian.interface import Event
from energy_console.site.model import Site

ENGINE = "engine"  # who acted, where it was no person
WHO, REFERS, WRITTEN, UNTIL = "who", "refers", "written_ns", "until_ns"  # keys of an event's data
KINDS = ("alarm", "command", "note", "plan", "call", "import", "correction", "device", "engine")


@dataclass(frozen=True, slots=True)
class Entry:
    """`who` is a person's name, or ENGINE. `time_ns` is when it was so; a note may have been written later.

    `replaced_by` is the id of the note that was written over this one, 0 where it stands.
    """

    id: int
    time_ns: int
    kind: str
    source: str  # point, device, node or call; "" where it concerns the whole site
    who: str
    text: str
    data: Mapping[str, Any]
    replaced_by: int = 0

    @property
    def priority(self) -> int:
        """Of an alarm 1..4, else 0."""
        found = self.data.get("priority", 0) if self.kind == "alarm" else 0
        return found if isinstance(found, int) and 0 < found <= 4 else 0

    @property
    def refers(self) -> int:
        """The note that this one was written over, 0 for none."""
        return int(self.data.get(REFERS) or 0)

    @property
    def written_ns(self) -> int:
        """When it was put down; later than `time_ns` for a note on the past."""
        return int(self.data.get(WRITTEN) or self.time_ns)

    @property
    def until_ns(self) -> int:
        """The end of what a note is about; its own time where it is about a moment."""
        return max(self.time_ns, int(self.data.get(UNTIL) or 0))


def entry_of(event: Event) -> Entry:
    """Whoever is not named was the engine itself."""
    who = str(event.data.get(WHO) or ENGINE)
    return Entry(event.id, event.time_ns, event.kind, event.source, who, event.text, event.data)


def with_replacements(entries: Sequence[Entry]) -> list[Entry]:
    """The same entries, each note told which newer one was written over it; a note over a note counts for both."""
    over: dict[int, int] = {}
    for entry in sorted(entries, key=lambda entry: entry.id):
        if entry.kind == "note" and entry.refers:
            over[entry.refers] = entry.id
    return [replace(entry, replaced_by=_last(over, entry.id)) if entry.id in over else entry for entry in entries]


def _last(over: Mapping[int, int], note: int) -> int:
    seen = {note}
    while (newer := over.get(note)) is not None and newer not in seen:
        seen.add(newer)
        note = newer
    return note


def assets_of(site: Site, name: str) -> frozenset[str]:
    """Everything that an entry may name to concern `name`: itself, and for a node of the grid all that hangs on it.

    Empty where the site has no device, point, node, station or access point of that name.
    """
    nodes = {node.id for node in site.nodes if node.id == name}
    while more := {node.id for node in site.nodes if node.parent in nodes} - nodes:
        nodes |= more
    found = nodes | {device.id for device in site.devices if device.node in nodes or device.id == name}
    at_station = [point for point in site.access_points if name in (point.id, point.station)]
    found |= {point.device for point in at_station} | {point.id for point in at_station}
    if site.has_point(name) or at_station:
        found.add(name)
    return frozenset(found)


def concerns(source: str, assets: Iterable[str]) -> bool:
    """Whether a source is one of the assets, or a point of one."""
    names = assets if isinstance(assets, frozenset) else frozenset(assets)
    return source in names or source.partition("/")[0] in names
