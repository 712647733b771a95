"""Files and what a person said of them -> everything there is to look at before it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from energy_console.historian.importing.book import stored_of
from energy_console.historian.importing.faults import Fault, ImportRefused
from energy_console.historian.importing.foreign import Reading, Table, read_table
from energy_console.historian.importing.layout import Layout, Said, layout_of
from energy_console.historian.importing.mapping import Target, check_targets, own_point
from energy_console.historian.importing.preview import PointPreview, preview
from energy_console.historian.importing.sources import Source, joined, sources_of
from energy_console.historian.importing.times import Zone
from energy_console.historian.interface import Historian
from hardware.points import Point


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person said. Empty or None: to be found out, or refused where it cannot be."""

    reading: Reading
    layout: Said
    zone: Zone | None
    fold: str  # earlier | later for a repeated hour whose order says nothing
    keep: str  # later | first of unequal readings of one time
    targets: Mapping[str, Target]
    own_name: str  # every source not mapped goes to a point of its own under import.NAME


@dataclass(frozen=True, slots=True)
class Looked:
    """One file as it was understood."""

    table: Table
    layout: Layout
    time_faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """All files, all series, and what each would write."""

    files: tuple[Looked, ...]
    points: tuple[PointPreview, ...]

    @property
    def blocking(self) -> list[str]:
        """Why nothing is written yet, a sentence each."""
        told = [str(fault) for looked in self.files for fault in looked.time_faults if fault.blocks]
        return told + [str(fault) for one in self.points if one.point for fault in one.faults if fault.blocks]


def inquire(paths: Sequence[Path], wishes: Wishes, points: Mapping[str, Point], historian: Historian | None) -> Inquiry:
    """Reads and understands everything; writes nothing. Raises ImportRefused, StoreError."""
    looked: list[Looked] = []
    found: list[Source] = []
    for path in paths:
        table = read_table(path, wishes.reading)
        layout = layout_of(table, wishes.layout)
        sources, faults = sources_of(table, layout, wishes.zone, wishes.fold)
        looked.append(Looked(table, layout, faults))
        found += sources
    sources = list(joined(found))
    targets = _targets(sources, wishes)
    check_targets(targets, [source.name for source in sources], points)
    return Inquiry(tuple(looked), tuple(_previews(sources, targets, points, historian, wishes.keep)))


def _targets(sources: Sequence[Source], wishes: Wishes) -> Mapping[str, Target]:
    if not wishes.own_name:
        return wishes.targets
    own = {source.name: Target(own_point(wishes.own_name, source.name), "") for source in sources}
    return {**own, **wishes.targets}


def _previews(
    sources: Sequence[Source],
    targets: Mapping[str, Target],
    points: Mapping[str, Point],
    historian: Historian | None,
    keep: str,
) -> list[PointPreview]:
    previews = []
    for source in sources:
        target = targets.get(source.name)
        stored = None
        if target and len(source.time_ms):
            stored = stored_of(historian, target.point, int(source.time_ms[0]), int(source.time_ms[-1]))
        previews.append(preview(source, target, points, stored, keep))
    if not previews:
        raise ImportRefused("The files hold no reading: look at the columns named, or say --time and --value.")
    return previews
