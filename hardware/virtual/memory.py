"""What the meters of a virtual site have counted, kept in a file, so that a counter goes on where it stood.

Without it a site that is stopped and started again would tell its story anew, with counters close to the old ones but
not above them; whoever reads them would rightly call that a reset.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hardware.virtual.world import World

log = logging.getLogger(__name__)
FORMAT = 1
Counters = Mapping[str, Mapping[str, float]]  # device -> quantity -> value


@dataclass(frozen=True, slots=True)
class Memory:
    """Counters as they stood at `time_s`, the site's own time."""

    time_s: float
    counters: Counters


def remember(world: World) -> Memory:
    counters: dict[str, dict[str, float]] = {}
    for fleet in world.fleets:
        for quantity, column in fleet.counters.items():
            for device, value in zip(fleet.devices, column.tolist(), strict=True):
                counters.setdefault(device, {})[quantity] = value
    return Memory(world.time_s, counters)


def recover(world: World, memory: Memory) -> None:
    """Shifts every counter of `world` so that it has gone on from the memory; none is ever set back.

    `world` stands at the memory's time, or later where its story began later: then the hours between are counted at
    each counter's usual rate. Devices that the memory does not know keep their counters.
    """
    missed_h = max(0.0, world.time_s - memory.time_s) / 3600.0
    for fleet in world.fleets:
        usual = fleet.mean_rates()
        for quantity, column in fleet.counters.items():
            rate = usual.get(quantity, np.zeros(len(fleet)))
            known = [memory.counters.get(device, {}).get(quantity, np.nan) for device in fleet.devices]
            went_on = np.array(known) + rate * missed_h
            fleet.set_counter(quantity, np.where(np.isnan(went_on), column, went_on))


def save(memory: Memory, path: Path) -> None:
    """Writes the memory at once or not at all. A disk that does not take it costs a warning, not the site."""
    draft = path.with_name(path.name + ".new")
    try:
        document = {"format": FORMAT, "time_s": memory.time_s, "counters": memory.counters}
        draft.write_text(json.dumps(document), encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        log.warning("the counters of the virtual site could not be kept in %s: %s", path, error)


def load(path: Path) -> Memory | None:
    """The memory in the file; None where there is none, or none that can be read (said as a warning)."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']}")
        counters = {d: {q: float(v) for q, v in own.items()} for d, own in document["counters"].items()}
        return Memory(float(document["time_s"]), counters)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("the counters kept in %s cannot be read (%s); the virtual site starts its own", path, error)
        return None
