"""What a reading takes once sealed, on real measurements: every file of a folder that the import understands goes in.

Each file is read with times in UTC where it says no zone, and each of its series gets a point of its own; files without
times are left out and counted.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from energy_console.historian.acts import Act, ActKind, ActSeries
from energy_console.historian.embedded.acting import acts_on
from energy_console.historian.importing.faults import ImportRefused
from energy_console.historian.importing.foreign import Reading
from energy_console.historian.importing.inquiry import Wishes, inquire
from energy_console.historian.importing.layout import Said
from energy_console.historian.importing.preview import PointPreview
from energy_console.historian.importing.times import zone_named
from energy_console.historian.zoom import TIERS_MS

ENDINGS = (".csv", ".csv.gz", ".parquet", ".xlsx")


@dataclass(frozen=True, slots=True)
class RealFigures:
    files: int
    left_out: int
    points: int
    readings: int
    bytes_a_reading: float  # files of readings
    bytes_with_tiers: float


def measure_real(folder: Path, data: Path) -> RealFigures:
    """Raises ImportRefused where no file of `data` can be read."""
    series, left_out = _series_in(data)
    if not series:
        raise ImportRefused(f"{data} holds no file with times and values: name the folder that holds the measurements.")
    with acts_on(folder) as acts:
        for number, group in enumerate(series, 1):
            acts.add(
                Act(ActKind.IMPORT, number), [_act_series(f"import.f{number}/s{n}", one) for n, one in enumerate(group)]
            )
    readings = sum(len(one.time_ms) for group in series for one in group)
    own = bytes_under(folder / "readings")
    tiers = sum(bytes_under(folder / kind) for kind in TIERS_MS)
    return RealFigures(len(series), left_out, sum(map(len, series)), readings, own / readings, (own + tiers) / readings)


def bytes_under(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def _act_series(point: str, one: PointPreview) -> ActSeries:
    return ActSeries(point, one.unit, one.time_ms, one.value, np.zeros(len(one.time_ms), np.uint16))


def _series_in(data: Path) -> tuple[list[list[PointPreview]], int]:
    """Series of each file, and how many files were left out."""
    found: list[list[PointPreview]] = []
    paths = sorted(path for path in data.rglob("*") if path.name.endswith(ENDINGS))
    for path in paths:
        wishes = Wishes(Reading(), Said(), zone_named("UTC"), "earlier", "later", {}, "f")
        with contextlib.suppress(ImportRefused):
            series = [one for one in inquire([path], wishes, {}, None).points if len(one.time_ms)]
            found += [series] if series else []
    return found, len(paths) - len(found)
