"""Reads a profile file (TOML, format 2 or 1) into a Profile, or reports every fault it has.

Format 2 added `confidence`, `traps`, `[[forbidden]]`, `look_alikes`, several sources, `longest_by_table`,
`whole_values` and the name, identity and alone of `[[fixed]]`. A file of format 1 says none of these and is
read as it stands. Format 2 also wants the fallback of every writable point said.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from hardware.profiles.connectors import check_connectors, connectors_of
from hardware.profiles.faults import FaultList, ProfileFaults
from hardware.profiles.model import (
    MODBUS_LONGEST_READ,
    MODBUS_MOST_BITS,
    FixedWords,
    Forbidden,
    KeyWrite,
    Profile,
    ReadRules,
    Span,
    SunSpecModel,
    Table,
    Watchdog,
    WriteRules,
)
from hardware.profiles.point_reader import confidence_of, read_points
from hardware.profiles.rules import check_profile
from hardware.profiles.section import Section
from hardware.profiles.sunspec import around, model_of, read_chain, starts_of_points

T = TypeVar("T")
FORMAT = 2
KINDS = (
    "meter", "ops", "charger", "cabinet", "heat_meter", "heat_controller", "inverter", "water_meter", "environment",
    "battery", "charger_station", "lighting",
)  # fmt: skip
_TOP = ("format", "name", "title", "maker", "kind", "source", "note", "confidence", "traps", "replaces_built_in")
_TABLES = ("read", "write", "point", "block", "forbidden", "fixed", "watchdog", "sunspec", "defaults", "connectors")


def load_profile(path: Path) -> Profile:
    """The profile in `path`. Raises ProfileFaults with every fault found, OSError where it cannot be read."""
    data = path.read_bytes()
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    faults = FaultList(path, text)
    if "\ufffd" in text:
        faults.add_at(text[: text.index("\ufffd")].count("\n") + 1, "This is not UTF-8 text; save the file as UTF-8.")
        raise ProfileFaults(faults.faults)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.add_at(_line_of(str(error)), f"This is not TOML; mend what the reader met: {error}.")
        raise ProfileFaults(faults.faults) from error
    profile = _build(document, faults, path.stem)
    if faults.faults:
        raise ProfileFaults(sorted(faults.faults, key=lambda fault: fault.line))
    return profile


def _line_of(message: str) -> int:
    found = re.search(r"line (\d+)", message)
    return int(found.group(1)) if found else 1


def _build(document: Mapping[str, Any], faults: FaultList, stem: str) -> Profile:
    top = Section("", {key: value for key, value in document.items() if key not in _TABLES}, faults)
    version = top.integer("format", required=True)
    if version and version > FORMAT:
        faults.add("", "format", f"Format {version} is newer than this console reads ({FORMAT}); update the console.")
        raise ProfileFaults(faults.faults)
    name = top.text("name", required=True)
    if name and name != stem:
        faults.add("", "name", f"The name is '{name}' but the file is '{stem}.toml'; make them equal.")
    sources = top.texts_or_text("source", required=True)
    confidence_of(top)  # each point has it from the document; here only a wrong one is told, once, at its own line
    chain, shown = read_chain(document, faults)
    points = read_points(document, faults, chain)
    fixed = _each(document, "fixed", faults, _fixed)
    profile = Profile(
        name=name,
        title=top.text("title", required=True),
        maker=top.text("maker", required=True),
        kind=top.choice("kind", KINDS, required=True),
        source="; ".join(sources),
        note=top.text("note"),
        points=points,
        read=_read_rules(document, faults, chain),
        write=_write_rules(document, faults, starts_of_points(points, chain)),
        watchdogs=_each(document, "watchdog", faults, _watchdog),
        sources=sources,
        traps=top.texts("traps"),
        replaces_built_in=top.flag("replaces_built_in"),
        fixed=fixed if shown is None else (*fixed, *around(shown, points, fixed)),
        sunspec=chain,
        connectors=connectors_of(document, faults),
    )
    top.refuse_unknown(_TOP + _TABLES)
    if version == 1:
        profile = _with_fallbacks(profile)
    check_profile(profile, faults)
    check_connectors(profile, faults)
    return profile


def _with_fallbacks(profile: Profile) -> Profile:
    """Format 2 wants every writable point to say what holds when nobody commands it; format 1 could not."""
    unsaid = "What the device does then is not said by its profile."
    points = tuple(
        dataclasses.replace(point, fallback=unsaid)
        if point.writable and not profile.fallback(point.quantity)
        else point
        for point in profile.points
    )
    return dataclasses.replace(profile, points=points)


def _each(document: Mapping[str, Any], table: str, faults: FaultList, make: Callable[[Section], T]) -> tuple[T, ...]:
    rows = document.get(table, [])
    if not isinstance(rows, list):
        faults.add(table, "", f"There can be several of these; write [[{table}]] with two brackets.")
        return ()
    return tuple(make(Section(table, row, faults, nth)) for nth, row in enumerate(rows))


def _read_rules(document: Mapping[str, Any], faults: FaultList, chain: Sequence[SunSpecModel]) -> ReadRules:
    section = Section("read", document.get("read", {}), faults)
    longest = section.integer("longest", MODBUS_LONGEST_READ, low=1, high=MODBUS_LONGEST_READ)
    rules = ReadRules(
        longest=longest,
        longest_by_table=_longest_by_table(section),
        gap=section.integer("gap", longest, low=0, high=MODBUS_LONGEST_READ),
        silence_ms=section.number("silence_ms", 0.0, low=0.0),
        every_min_s=section.number("every_min_s", 0.0, low=0.0),
        forbidden=_each(document, "forbidden", faults, _forbidden),
        whole_values=section.flag("whole_values"),
        blocks=_each(document, "block", faults, lambda section: _block(section, chain)),
    )
    section.refuse_unknown()
    return rules


def _longest_by_table(section: Section) -> tuple[tuple[Table, int], ...]:
    """`longest_by_table = { holding = 20, coil = 2000 }`."""
    found = []
    for name, longest in section.mapping("longest_by_table").items():
        if name not in list(Table):
            section.fault("longest_by_table", f"'{name}' is no table; known are {', '.join(Table)}.")
            continue
        most = MODBUS_MOST_BITS if Table(name).is_bits else MODBUS_LONGEST_READ
        if type(longest) is not int or not 1 <= longest <= most:
            section.fault("longest_by_table", f"The longest read of {name} is a whole number; write 1..{most}.")
        else:
            found.append((Table(name), longest))
    return tuple(found)


def _forbidden(section: Section) -> Forbidden:
    span = Span(
        section.table("table"),
        section.integer("address", required=True, low=0, high=65535),
        section.integer("count", 1, low=1, high=65536),
    )
    forbidden = Forbidden(span, section.text("why", required=True))
    section.refuse_unknown()
    return forbidden


def _block(section: Section, chain: Sequence[SunSpecModel]) -> Span:
    model = model_of(section.integer_or_none("model", 1, 65534), chain)
    span = Span(
        section.table("table"),
        section.integer("address", required=True, low=0, high=65535) + (model.start if model else 0),
        section.integer("count", required=True, low=1, high=MODBUS_LONGEST_READ),
    )
    section.refuse_unknown()
    return span


def _write_rules(document: Mapping[str, Any], faults: FaultList, starts: Mapping[str, int]) -> WriteRules:
    section = Section("write", document.get("write", {}), faults)
    rules = WriteRules(
        single=section.flag("single"),
        every_min_s=section.number("every_min_s", 0.0, low=0.0),
        settle_ms=section.number("settle_ms", 0.0, low=0.0),
        read_back_s=section.number("read_back_s", 0.0, low=0.0),
        keys=tuple(
            (quantity, _keys(section, value, starts.get(quantity, 0)))
            for quantity, value in section.mapping("keys").items()
        ),
    )
    section.refuse_unknown()
    return rules


def _keys(section: Section, rows: Any, start: int) -> tuple[KeyWrite, ...]:
    """`[[register, value], ...]` in the order they have to be written; a third number 2 where it is a 32-bit value."""
    found = rows if isinstance(rows, list) else []
    good = [row for row in found if isinstance(row, list) and 2 <= len(row) <= 3 and all(type(n) is int for n in row)]
    if not good or len(good) != len(found):
        section.fault("keys", "This is no list of keys; write pairs of register and value, for example [[144, 1732]].")
    return tuple(KeyWrite(start + row[0], row[1], *row[2:]) for row in good)


def _watchdog(section: Section) -> Watchdog:
    command = section.text("command", required=True)
    watchdog = Watchdog(
        command=command,
        feed=section.text("feed") or command,
        feed_value=section.number_or_none("feed_value"),
        every_s=section.number("every_s", 0.0, required=True, low=0.1),
        timeout_s=section.number("timeout_s", 0.0, required=True, low=0.1),
        fallback=section.text("fallback", required=True),
        release_value=section.number_or_none("release_value"),
        timeout=section.text("timeout"),
        falls_to=section.text("falls_to"),
        fed_by_any_request=section.flag("fed_by_any_request"),
    )
    section.refuse_unknown()
    return watchdog


def _fixed(section: Section) -> FixedWords:
    table = section.table("table")
    address = section.integer("address", required=True, low=0, high=65535)
    text, words = section.text("text"), section.integers("words")
    if bool(text) == bool(words):
        section.fault("words", "Fixed registers have one content; give either words (a list of numbers) or text.")
    if text:
        raw = text.encode("ascii", "replace").ljust(2 * section.integer("length", (len(text) + 1) // 2), b"\0")
        words = tuple(int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2))
    fixed = FixedWords(
        Table(table),
        address,
        words,
        name=section.text("name"),
        identity=section.flag("identity"),
        alone=section.flag("alone"),
        text=text,
    )
    section.refuse_unknown(("length",))
    return fixed
