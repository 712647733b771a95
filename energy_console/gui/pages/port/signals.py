"""Both sides' signals of one access point in words, with their age and quality. No widgets."""

from __future__ import annotations

import math
from collections.abc import Callable

from energy_console.gui.format import NONE, duration, number, reason_text
from energy_console.gui.pages.port.rows import Signal
from energy_console.gui.pages.port.words import tr
from energy_console.live.table import LiveTable
from energy_console.site.model import Site
from hardware.points import Quality, Reading, quality_of

Words = Callable[[float], str]


def signals(site: Site, device: str, table: LiveTable, now_ns: int) -> tuple[Signal, ...]:
    """The rows of the signals table, in the order in which a connection needs them."""
    reader = _Reader(site, device, table, now_ns)
    fault: Words = lambda value: tr("fault") if value else tr("ok")  # noqa: E731 - three words each, named for the rows
    return (
        reader.row(tr("Communication"), "ship_communication_fault", "communication_fault", fault, odd_at=1),
        reader.row(tr("Mode"), "ship_mode", "mode", odd_at=3),
        reader.row(tr("Safety loop"), "", "safety_loop"),
        reader.row(tr("Permissive"), "ship_permissive", "permissive"),
        reader.row(tr("Breaker"), "ship_breaker", "shore_breaker"),
        reader.row(tr("Voltage V"), "ship_voltage_v", "voltage_v", _decimals(0)),
        reader.row(tr("Frequency Hz"), "ship_frequency_hz", "frequency_hz", _decimals(2)),
        reader.row(tr("Announced, power kW"), "ship_announced_kw", "power_kw", _decimals(0)),
        reader.row(tr("Current A"), "ship_current_a", "current_a", _decimals(0)),
        reader.row(tr("Insulation kΩ"), "", "insulation_kohm", _decimals(0)),
        reader.bits(tr("Alarms / warnings"), ("ship_alarms", "ship_warnings"), ("alarms", "warnings")),
    )


def bits_set(site: Site, device: str, table: LiveTable, quantity: str) -> tuple[str, ...]:
    """Names of the bits set in a bit field of the device; empty where the value is not known."""
    point_id = f"{device}/{quantity}"
    if not site.has_point(point_id):
        return ()
    reading = table.reading(point_id)
    if quality_of(reading.status) is Quality.BAD or math.isnan(reading.value):
        return ()
    names = site.point(point_id).bits
    value = int(reading.value)
    known = tuple(name for bit, name in enumerate(names) if value >> bit & 1)
    unnamed = tuple(tr("bit {0}").format(bit) for bit in range(len(names), 32) if value >> bit & 1)
    return known + unnamed


def _decimals(places: int) -> Words:
    return lambda value: number(value, places)


def _bits(value: float) -> str:
    """How many bits are set."""
    return str(int(value).bit_count())


class _Reader:
    """Readings of one device as rows."""

    def __init__(self, site: Site, device: str, table: LiveTable, now_ns: int) -> None:
        self._site, self._device, self._table, self._now_ns = site, device, table, now_ns

    def row(
        self,
        name: str,
        ship: str,
        shore: str,
        words: Words | None = None,
        *,
        odd_at: float | None = None,
    ) -> Signal:
        """`odd_at`: the value at which a signal is not as it should be."""
        sides = [self._reading(ship), self._reading(shore)]
        texts = [self._text(quantity, side, words) for quantity, side in zip((ship, shore), sides, strict=True)]
        bad = [side is not None and quality_of(side.status) is Quality.BAD for side in sides]
        values = [side.value for side, is_bad in zip(sides, bad, strict=True) if side is not None and not is_bad]
        return Signal(name, texts[0], texts[1], self._age(sides), bad[0], bad[1], odd_at in values)

    def bits(self, name: str, ship: tuple[str, str], shore: tuple[str, str]) -> Signal:
        """How many bits are set in two fields of each side, as "1 / 0"."""
        readings = [[self._reading(quantity) for quantity in pair] for pair in (ship, shore)]
        bad = [any(r is not None and quality_of(r.status) is Quality.BAD for r in pair) for pair in readings]
        texts = []
        for pair, is_bad in zip(readings, bad, strict=True):
            known = [reading for reading in pair if reading is not None]
            worst = next((r for r in known if quality_of(r.status) is Quality.BAD), None)
            counts = " / ".join(_bits(reading.value) for reading in known) if not is_bad else ""
            texts.append(reason_text(worst.status) if worst is not None else counts or NONE)
        odd = any(text not in ("0 / 0", NONE) for text, is_bad in zip(texts, bad, strict=True) if not is_bad)
        everything = [reading for pair in readings for reading in pair]
        return Signal(name, texts[0], texts[1], self._age(everything), bad[0], bad[1], odd)

    def _reading(self, quantity: str) -> Reading | None:
        point = f"{self._device}/{quantity}"
        return self._table.reading(point) if quantity and self._site.has_point(point) else None

    def _text(self, quantity: str, reading: Reading | None, words: Words | None) -> str:
        if reading is None:
            return NONE
        if quality_of(reading.status) is Quality.BAD:
            return reason_text(reading.status)
        if words is not None:
            return words(reading.value)
        states = dict(self._site.point(reading.point).states)
        return states.get(round(reading.value), number(reading.value))

    def _age(self, sides: list[Reading | None]) -> str:
        oldest = [side.time_ns for side in sides if side is not None and side.time_ns]
        return duration(max(0.0, (self._now_ns - min(oldest)) / 1e9)) if oldest else NONE
