"""One series of a foreign file in the unit of one point: what a correction puts in place of what was read."""

from __future__ import annotations

from pathlib import Path

from energy_console.historian.importing.faults import ImportRefused, listed
from energy_console.historian.importing.foreign import Reading, read_table
from energy_console.historian.importing.layout import Said, layout_of
from energy_console.historian.importing.mapping import factor_to
from energy_console.historian.importing.sources import each_time_once, joined, sources_of
from energy_console.historian.importing.times import Zone
from hardware.points import Float64Array, Int64Array, Point


def series_for(path: Path, point: Point, column: str, unit: str, zone: Zone | None) -> tuple[Int64Array, Float64Array]:
    """Times in ms UTC (rising, each once) and values of the file's one series, or of the one called `column`.

    `unit`: of the file's figures, empty: as its column says, else the point's own. Raises ImportRefused.
    """
    table = read_table(path, Reading())
    sources, time_faults = sources_of(table, layout_of(table, Said()), zone, "")
    found = [source for source in joined(sources) if not column or source.name == column]
    if len(found) != 1:
        names = listed([source.name for source in sources])
        raise ImportRefused(f"{path}: name the one column that replaces {point.id} with --column; it has {names}.")
    folded = each_time_once(found[0], "")
    faults = [fault for fault in (*time_faults, *found[0].faults, *folded.unequal) if fault.blocks]
    if faults:
        raise ImportRefused(f"{path}: {faults[0]}; mend the file.")
    return folded.time_ms, folded.value * factor_to(unit or found[0].unit or point.unit, point, found[0].name)
