"""SunSpec profiles: a device type as a chain of numbered models, whose addresses are known only once it is walked.

A profile places its models one behind the other from the usual base on, as a virtual device does; points, scale
registers and write keys count from their own model's number register in the file, and in these places once read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hardware.profiles.faults import FaultList
from hardware.profiles.model import FixedWords, NoValue, ProfilePoint, RegisterType, Sentinel, SunSpecModel, Table
from hardware.profiles.section import Section

USUAL_BASE = 40000  # where most devices have the mark; SunSpec Device Information Model Specification
MARK = (0x5375, 0x6E53)  # "SunS"
END = (0xFFFF, 0)
_MOST_LENGTH = 65534
# What stands for "not implemented", by type; the same specification. Floats say it with not-a-number.
_NOT_IMPLEMENTED = {
    RegisterType.INT16: 0x8000, RegisterType.UINT16: 0xFFFF, RegisterType.ENUM16: 0xFFFF,
    RegisterType.BITFIELD16: 0xFFFF, RegisterType.INT32: 0x8000_0000, RegisterType.UINT32: 0xFFFF_FFFF,
    RegisterType.BITFIELD32: 0xFFFF_FFFF, RegisterType.INT64: 0x8000_0000_0000_0000,
    RegisterType.UINT64: 0xFFFF_FFFF_FFFF_FFFF,
}  # fmt: skip


def read_chain(document: Mapping[str, Any], faults: FaultList) -> tuple[tuple[SunSpecModel, ...], FixedWords | None]:
    """The models of `[[sunspec]]` tables in order, and the registers by which a virtual device shows their chain.

    `[sunspec]` with one bracket is one model alone, whose file says by itself what a virtual device shows.
    """
    tables = document.get("sunspec", [])
    if isinstance(tables, Mapping):
        return (_lone_model(tables, faults),), None
    if not isinstance(tables, list) or not tables:
        return (), None
    models: list[SunSpecModel] = []
    words: list[int] = [*MARK]
    start = USUAL_BASE + len(MARK)
    for nth, values in enumerate(tables):
        section = Section("sunspec", values, faults, nth)
        model = _model(section, start)
        words += [model.models[0], model.length, *_played(section, model)]
        models.append(model)
        start = model.end
    return tuple(models), FixedWords(Table.HOLDING, USUAL_BASE, (*words, *END))


def place_point(point: ProfilePoint, models: tuple[SunSpecModel, ...], section: Section) -> ProfilePoint:
    """The point at its place in the profile's chain, with the "not implemented" value of its type if it names none."""
    model = model_of(section.integer_or_none("model", 1, 65534), models, section.integer("nth", 1, low=1, high=20))
    if model is None:
        known = ", ".join(str(item) for entry in models for item in entry.models)
        section.fault("model", f"Nobody knows which model of the chain the point is in; write model = one of {known}.")
        return point
    if point.table is not Table.HOLDING:
        section.fault("table", "SunSpec models are in the holding table; write that.")
    end = 2 + model.length
    if point.end > end or (point.scale_register or 0) >= end:
        text = f"It lies outside model {model.models[0]}; that has {end} registers with its ID and length."
        section.fault("address", text)
    scale = None if point.scale_register is None else model.start + point.scale_register
    alike = tuple(dataclasses.replace(other, address=model.start + other.address) for other in point.look_alikes)
    placed = dataclasses.replace(point, address=model.start + point.address, scale_register=scale, look_alikes=alike)
    if not point.sentinels and point.bit is None and point.type in _NOT_IMPLEMENTED:
        placed = dataclasses.replace(placed, sentinels=(Sentinel(_NOT_IMPLEMENTED[point.type], NoValue.NOT_FITTED),))
    return placed


def model_of(number: int | None, models: Iterable[SunSpecModel], nth: int = 1) -> SunSpecModel | None:
    """The `nth` model of that number; the only one where no number is given."""
    entries = list(models)
    if number is None:
        return entries[0] if len(entries) == 1 else None
    return next((entry for entry in entries if number in entry.models and entry.nth == nth), None)


def around(shown: FixedWords, points: Iterable[ProfilePoint], fixed: Iterable[FixedWords]) -> tuple[FixedWords, ...]:
    """The parts of `shown` that are neither points nor other fixed words."""
    own: list[ProfilePoint | FixedWords] = [*points, *fixed]
    taken = {address for one in own for address in range(one.address, one.end) if one.table is shown.table}
    parts: list[tuple[int, list[int]]] = []
    for address, word in enumerate(shown.words, shown.address):
        if address in taken:
            continue
        if not parts or parts[-1][0] + len(parts[-1][1]) != address:
            parts.append((address, []))
        parts[-1][1].append(word)
    return tuple(FixedWords(shown.table, address, tuple(words)) for address, words in parts)


def starts_of_points(points: Iterable[ProfilePoint], models: Iterable[SunSpecModel]) -> dict[str, int]:
    """Where the model of each quantity stands, for those that are in one."""
    entries = list(models)
    return {point.quantity: entry.start for point in points for entry in entries if point.address in entry}


def repeated(name: str, values: Any) -> Iterator[tuple[str, Any]]:
    """A point of a repeating group, once for each: `{n}` in name and texts counts from 1, addresses go up by `step`."""
    if not isinstance(values, Mapping) or "repeat" not in values or "{n}" not in name:
        yield name, values
        return
    own = {key: value for key, value in values.items() if key not in ("repeat", "step")}
    repeat, step, address = (values.get(key) for key in ("repeat", "step", "address"))
    if type(repeat) is not int or type(step) is not int or type(address) is not int or repeat < 1 or step < 1:
        yield name, values
        return
    for n in range(1, min(repeat, 100) + 1):
        texts = {key: value.replace("{n}", str(n)) for key, value in own.items() if isinstance(value, str)}
        yield name.replace("{n}", str(n)), {**own, **texts, "address": address + (n - 1) * step}


def _lone_model(values: Mapping[str, Any], faults: FaultList) -> SunSpecModel:
    section = Section("sunspec", values, faults)
    model = SunSpecModel(
        (section.integer("model", required=True, low=1, high=65534),),
        section.integer("length", required=True, low=1, high=_MOST_LENGTH),
        section.integer("default_start", required=True, low=0, high=65535),
    )
    section.refuse_unknown()
    return model


def _model(section: Section, start: int) -> SunSpecModel:
    number = section.integer("model", required=True, low=1, high=65534)
    return SunSpecModel(
        (number, *section.integers("also")),
        section.integer("length", required=True, low=1, high=_MOST_LENGTH - start),
        start,
        section.integer("nth", 1, low=1, high=20),
    )


def _played(section: Section, model: SunSpecModel) -> tuple[int, ...]:
    """`played`: what a virtual device shows behind the length, for registers that are no points; 0 where unsaid."""
    words = section.integers("played")
    section.refuse_unknown()
    if len(words) > model.length:
        section.fault("played", f"{len(words)} registers do not fit a model of {model.length}; leave some out.")
    return (*words, *[0] * (model.length - len(words)))[: model.length]
