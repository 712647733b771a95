"""The `[point.QUANTITY]` tables of a profile file."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import Any

from hardware.profiles.faults import FaultList
from hardware.profiles.model import (
    Coding,
    Confidence,
    LookAlike,
    NoValue,
    ProfilePoint,
    Purpose,
    RegisterType,
    Sentinel,
    SunSpecModel,
)
from hardware.profiles.needs_reader import with_needs
from hardware.profiles.section import Section
from hardware.profiles.sunspec import place_point, repeated
from hardware.profiles.written_reader import never_between_of, write_at_of

# What the last part of a quantity's name says about its unit.
UNITS = {
    "kw": "kW", "kwh": "kWh", "kvar": "kvar", "kvarh": "kvarh", "kva": "kVA", "v": "V", "a": "A", "hz": "Hz",
    "c": "degC", "k": "K", "m3h": "m3/h", "m3": "m3", "lx": "lx", "db": "dB", "ugm3": "ug/m3", "s": "s",
    "kohm": "kOhm", "ms": "m/s", "wm2": "W/m2", "ppm": "ppm", "ppb": "ppb", "deg": "deg", "hpa": "hPa",
    "kvah": "kVAh", "h": "h", "mm": "mm", "mmh": "mm/h", "gm3": "g/m3", "m": "m",
}  # fmt: skip
# What a sound measurement of this unit does not exceed in a second, where the profile says nothing else.
STEPS = {"Hz": 5.0, "degC": 20.0}
_DEFAULTS = ("table", "type", "low_word_first", "scale", "no_value", "confidence")
_QUANTITY = re.compile(r"[a-z][a-z0-9_]*")
_MEANINGS = {meaning.name.lower(): meaning for meaning in NoValue}


def unit_of(quantity: str) -> str | None:
    """The unit a quantity's name carries (`power_kw` -> kW), None where it carries none."""
    stem, _, last = quantity.rpartition("_")
    return UNITS.get(last) if stem else None


def read_points(
    document: Mapping[str, Any], faults: FaultList, chain: tuple[SunSpecModel, ...] = ()
) -> tuple[ProfilePoint, ...]:
    tables = document.get("point", {})
    if not isinstance(tables, Mapping) or not tables:
        faults.add("", "point", "A profile needs at least one point; write a table named [point.QUANTITY].")
        return ()
    defaults = Section("defaults", document.get("defaults", {}), faults)
    defaults.refuse_unknown(_DEFAULTS)
    common = dict(defaults.values)
    if document.get("confidence") in list(Confidence):  # a wrong one is told at the top
        common.setdefault("confidence", document["confidence"])
    found: list[ProfilePoint] = []
    given: dict[str, Any] = {}
    for header, values in tables.items():
        for quantity, own in repeated(header, values):
            section = Section(f"point.{header}", own, faults, defaults=common)
            point = _point(quantity, section)
            if chain:
                point = place_point(point, chain, section)
            if "repeat" in section.values:
                section.fault(
                    "repeat",
                    "This does not stand alone; write step and address, whole numbers above 0, and {n} in the name.",
                )
            section.refuse_unknown(("length", "needs", "repeat", "step"))
            found.append(point)
            given[quantity] = own
    return with_needs(found, given, faults)


def _point(quantity: str, section: Section) -> ProfilePoint:
    if not _QUANTITY.fullmatch(quantity):
        section.fault(
            "", f"'{quantity}' is no name of a quantity; write small letters, digits and _, as in power_l1_kw."
        )
    table = section.table("table")
    types = [item.value for item in RegisterType]
    usual = RegisterType.BIT.value if table.is_bits else ""
    kind = RegisterType(section.choice("type", types, usual, required=not usual))
    words = section.integer("length", required=True, low=1, high=125) if kind is RegisterType.STRING else kind.words
    return ProfilePoint(
        quantity=quantity,
        name=section.text("name", required=True),
        unit=_unit(section, quantity),
        table=table,
        address=section.integer("address", required=True, low=0, high=65535),
        type=kind,
        words=words,
        low_word_first=section.flag("low_word_first"),
        scale=section.number("scale", 1.0),
        offset=section.number("offset", 0.0),
        scale_register=section.integer_or_none("scale_register", 0, 65535),
        bit=section.integer_or_none("bit", 0, kind.width_bits - 1),
        mask=section.integer_or_none("mask", 1, 0xFFFF),
        inverted=section.flag("inverted"),
        coding=Coding(section.choice("coding", [item.value for item in Coding], Coding.LINEAR.value)),
        sentinels=_sentinels(section, kind, words),
        texts=section.texts("texts"),
        counter=section.flag("counter"),
        writable=section.flag("writable"),
        low=section.number_or_none("low"),
        high=section.number_or_none("high"),
        step_per_s=_step(section, quantity),
        never_between=never_between_of(section),
        write_at=write_at_of(section),
        tolerance=section.number("tolerance", 0.0, low=0.0),
        purpose=Purpose(section.choice("purpose", [item.value for item in Purpose], Purpose.SET_POINT.value)),
        rate_per_s=section.number_or_none("rate_per_s"),
        fallback=section.text("fallback"),
        fallback_value=section.number_or_none("fallback_value"),
        alone=section.flag("alone", True),
        every_s=section.number("every_s", 0.0, low=0.0),
        bits=_bits(section, kind),
        states=_states(section),
        source=section.text("source"),
        confidence=confidence_of(section),
        look_alikes=_look_alikes(section),
    )


def confidence_of(section: Section) -> Confidence:
    """What the section says; `memory` where it says nothing: nobody vouches for such a figure."""
    return Confidence(section.choice("confidence", [item.value for item in Confidence], Confidence.MEMORY.value))


def _look_alikes(section: Section) -> tuple[LookAlike, ...]:
    """`look_alikes = { 66 = "a partial counter that anybody can set back" }`."""
    return tuple(LookAlike(address, text) for address, text in sorted(_numbered(section, "look_alikes", 65535).items()))


def _step(section: Section, quantity: str) -> float | None:
    """Largest plausible change in a second; 0 in the file stands for any. What is written may change at once."""
    written = section.flag("writable") or section.flag("counter")
    usual = 0.0 if written else STEPS.get(unit_of(quantity) or "", 0.0)
    return section.number("step_per_s", usual, low=0.0) or None


def _unit(section: Section, quantity: str) -> str:
    carried, stated = unit_of(quantity), section.text("unit")
    if carried and stated and stated != carried:
        section.fault("unit", f"'{quantity}' carries the unit {carried}, so it cannot be {stated}; convert by scale.")
    return carried or stated


def _sentinels(section: Section, kind: RegisterType, words: int) -> tuple[Sentinel, ...]:
    """`no_value = { "0xFFFF" = "unspecified", "nan" = ..., "185.0" = "sensor_open" }`; floats by value."""
    found = []
    for text, meaning in section.mapping("no_value").items():
        raw = _raw_of(str(text), kind, words)
        if raw is None:
            section.fault(
                "no_value", f"'{text}' is not what {kind.value} can hold; write a bit pattern (0x...) or a number."
            )
        elif not isinstance(meaning, str) or meaning not in _MEANINGS:
            section.fault("no_value", f"'{meaning}' is not known; known are {', '.join(_MEANINGS)}.")
        else:
            found.append(Sentinel(raw, _MEANINGS[meaning]))
    return tuple(found)


def _raw_of(text: str, kind: RegisterType, words: int) -> int | None:
    try:
        if text.lower().startswith("0x"):
            raw = int(text, 16)
        elif kind.kind == "f":
            raw = int.from_bytes(struct.pack(">f" if words == 2 else ">d", float(text)), "big")
        else:
            raw = int(text) % (1 << 16 * words)
    except (ValueError, OverflowError):
        return None
    return raw if 0 <= raw < 1 << 16 * words else None


def _bits(section: Section, kind: RegisterType) -> tuple[str, ...]:
    """`bits = { 0 = "name", 3 = "name" }` -> names lowest first, "" where a bit has none."""
    named = _numbered(section, "bits", kind.width_bits - 1)
    return tuple(named.get(bit, "") for bit in range(max(named) + 1)) if named else ()


def _states(section: Section) -> tuple[tuple[int, str], ...]:
    return tuple(sorted(_numbered(section, "states", 65535).items()))


def _numbered(section: Section, key: str, highest: int) -> dict[int, str]:
    named: dict[int, str] = {}
    for number, name in section.mapping(key).items():
        if not number.isdigit() or int(number) > highest or not isinstance(name, str):
            section.fault(key, f"'{number}' is no number with a text; write a whole number 0..{highest} = \"text\".")
        else:
            named[int(number)] = name
    return named
