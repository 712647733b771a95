"""What a virtual site would have answered in the hours before now: a past for a console that has none yet.

The past ends where the virtual site that is started at the same time begins: both play the same story from the same
midnight (`world.story_start`) in the same steps, so values and counters go on without a seam.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hardware.points import Float64Array, Int64Array
from hardware.virtual.images import Bank, Slot
from hardware.virtual.memory import Memory, recover
from hardware.virtual.replay import Recording
from hardware.virtual.spec import VirtualSpec
from hardware.virtual.world import COARSE_S, World, story_start

LOOKED_BACK_UNITS = frozenset({"kW", "degC", "m3/h", "lx", "dB", "ug/m3", "m/s", "W/m2"})
LOOKED_BACK = frozenset({"level", "step", "mode3_state", "lamps_lit", "lamps_failed", "valve", "humidity", "state"})


@dataclass(frozen=True, slots=True)
class History:
    """Values over the past, as the registers would have shown them; NaN: no value.

    `value` is [time, point]; `points` are ids, by profile, quantity and device.
    """

    points: tuple[str, ...]
    time_ns: Int64Array  # UTC
    value: Float64Array


def recall(spec: VirtualSpec, end_s: float, hours: float = 24.0, step_s: float = COARSE_S) -> History:
    """The `hours` before `end_s`, one row a step, and the last one at `end_s` itself, of the points looked back at."""
    history = play_until(spec, end_s, hours, keep=True, step_s=step_s)[1]
    assert history is not None
    return history


def play_until(
    spec: VirtualSpec,
    end_s: float,
    hours: float = 24.0,
    recording: Recording | None = None,
    keep: bool = False,
    step_s: float = COARSE_S,
    memory: Memory | None = None,
) -> tuple[World, History | None]:
    """A world that has come to `end_s`, and with `keep` what it showed on its way there.

    With `memory` its counters have gone on from there.
    """
    world = World(spec, story_start(end_s, hours), recording)
    reader = _Reader(world)
    times: list[float] = []
    rows: list[Float64Array] = []
    for time_s in _remembering(world, end_s, step_s, memory):
        if keep and time_s >= end_s - hours * 3600.0:
            times.append(time_s)
            rows.append(reader.values())
    if not keep:
        return world, None
    stamps = (np.array(times) * 1e9).astype(np.int64)
    value = np.array(rows).reshape(len(rows), len(reader.points))
    return world, History(reader.points, stamps, value)


def _remembering(world: World, end_s: float, step_s: float, memory: Memory | None) -> Iterator[float]:
    """Plays up to `end_s`; on its way, at the memory's time, the counters are set to it."""
    if memory is not None:
        yield from world.run_to(min(memory.time_s, end_s), step_s)
        recover(world, memory)
    yield from world.run_to(end_s, step_s)


class _Reader:
    """Takes every point of a world at once, in a fixed order."""

    def __init__(self, world: World) -> None:
        self._takes: list[tuple[Bank, Slot, slice]] = []
        points: list[str] = []
        for bank in world.banks:
            for slot in filter(_is_looked_back_at, bank.slots):
                start = len(points)
                points += [f"{device}/{slot.point.quantity}" for device in bank.devices]
                self._takes.append((bank, slot, slice(start, len(points))))
        self.points = tuple(points)

    def values(self) -> Float64Array:
        row = np.empty(len(self.points))
        for bank, slot, place in self._takes:
            row[place] = bank.shown(slot)
        return row


def _is_looked_back_at(slot: Slot) -> bool:
    """Powers, levels, flows, temperatures, air and every counter; not voltages, settings and bits of a past that
    nobody has measured."""
    point = slot.point
    if point.bits or point.bit is not None or point.writable:
        return False
    return point.counter or point.unit in LOOKED_BACK_UNITS or point.quantity in LOOKED_BACK


def write_history(history: History, path: Path) -> None:
    """Writes columns time (UTC), point and value, by time, without the holes. `.csv` or `.parquet` by the name."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    steps, width = history.value.shape
    names = pa.DictionaryArray.from_arrays(np.tile(np.arange(width, dtype=np.int32), steps), list(history.points))
    value = history.value.ravel()
    table = pa.table(
        {
            "time": pa.array(np.repeat(history.time_ns, width), pa.timestamp("ns", "UTC")),
            "point": names,
            "value": pa.array(value),
        }
    ).filter(pa.array(~np.isnan(value)))
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(table.set_column(1, "point", table["point"].cast(pa.string())), path)
    else:
        pyarrow.parquet.write_table(table, path)
