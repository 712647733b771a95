"""What is wrong with an engine itself, as conditions of its alarm desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from energy_console.alarms.machine import Condition
from energy_console.engine.neighbours import Neighbours
from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.interface import Historian


def own_conditions(
    writer: StoreWriter, historian: Historian, ails: Callable[[], str], neighbours: Neighbours | None
) -> Iterator[Condition]:
    """Of the store, of what the engine depends on, and, where this engine leads, of engines that are away."""
    if writer.trouble:
        waits = f"{writer.behind_s:.0f} s of readings wait in memory"
        lost = f", {writer.lost} were lost" if writer.lost else ""
        yield Condition("store", 1, "store", f"Store: {writer.trouble}", waits + lost, on_delay_s=1.0)
    if away := historian.trouble():
        kept = "everything is kept on this machine until it is back"
        yield Condition("store away", 2, "store", f"Store: {away}", kept, on_delay_s=5.0)
    if sentence := ails():
        yield Condition("field", 1, "field", sentence, "no device can answer")
    if neighbours is not None and historian.leads():
        yield from neighbours.conditions()
