"""Which column or meter is which point, in which unit: from the command line, from a file, and what names say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from energy_console.historian.importing.faults import ImportRefused, listed
from energy_console.site.units import is_known_unit, unit_named
from hardware.points import Point

NAMESPACE = "import."
_ALIKE = {
    "°C": "degC",
    "C": "degC",
    "°c": "degC",
    "deg_c": "degC",
    "m³": "m3",
    "m³/h": "m3/h",
    "m^3/h": "m3/h",
    "m3h": "m3/h",
    "l_s": "l/s",
    "€": "EUR",
    "W/m²": "W/m2",
    "w_m2": "W/m2",
    "m_s": "m/s",
    "ms": "m/s",
    "µg/m³": "ug/m3",
    "eur_mwh": "EUR/MWh",
    "F": "degF",
    "°F": "degF",
    "tempf": "degF",
    "f": "degF",
}
_BY_ENDING = {
    "kw": "kW",
    "mw": "MW",
    "w": "W",
    "kwh": "kWh",
    "mwh": "MWh",
    "wh": "Wh",
    "gj": "GJ",
    "kvar": "kvar",
    "kva": "kVA",
    "v": "V",
    "volt": "V",
    "amp": "A",
    "hz": "Hz",
    "c": "degC",
    "f": "degF",
    "l": "l",
    "m3": "m3",
    "m3h": "m3/h",
    "dba": "dBA",
    "pct": "%",
    "percent": "%",
    "tempc": "degC",
    "tempf": "degF",
}
_TWO_ENDINGS = {"eur_mwh": "EUR/MWh", "l_s": "l/s", "m_s": "m/s", "w_m2": "W/m2", "t_mwh": "t/MWh"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a source goes. `unit` is what the file's figures are in, empty: not said."""

    point: str
    unit: str


def parse_pair(text: str) -> tuple[str, Target]:
    """`COLUMN=device/quantity[:unit]`. Raises ImportRefused."""
    source, equals, target = text.rpartition("=")
    if not equals or not source or not target:
        raise ImportRefused(f"--map {text}: write COLUMN=device/quantity, or COLUMN=device/quantity:unit.")
    return source, parse_target(target)


def parse_target(text: str) -> Target:
    point, _, unit = text.partition(":")
    device, slash, quantity = point.partition("/")
    if not slash or not device or not quantity:
        raise ImportRefused(f"{text} is no point: write device/quantity, or import.NAME/quantity for one of its own.")
    if point.startswith(NAMESPACE) and not re.fullmatch(r"import\.[\w.-]+/[\w.-]+", point):
        raise ImportRefused(f"{point}: an imported point is called import.NAME/quantity, of letters, digits, - _ and .")
    return Target(point, unit_written(unit))


def unit_written(text: str) -> str:
    """A unit as the console writes it; one that it does not know stays as it is."""
    text = text.strip()
    return text if is_known_unit(text) else _ALIKE.get(text, text)


def unit_in_name(name: str) -> str:
    """The unit that a column's name states: `P [kW]`, `heat (MWh)`, `p_kw`; empty where it states none."""
    if found := re.search(r"[\[(]\s*([^\])]+?)\s*[\])]\s*$", name):
        unit = unit_written(found[1])
        return unit if is_known_unit(unit) or found[0].startswith("[") else ""
    parts = name.lower().split("_")
    if len(parts) > 2 and (two := _TWO_ENDINGS.get("_".join(parts[-2:]))):
        return two
    return _BY_ENDING.get(parts[-1], "") if len(parts) > 1 or len(parts[0]) > 4 else ""


def own_point(name: str, source: str) -> str:
    """Id of an imported point for a source: `import.NAME/` and its name in plain letters."""
    plain = re.sub(r"[^a-z0-9.]+", "_", source.lower().replace("³", "3").replace("°", "deg")).strip("_.")
    return f"{NAMESPACE}{name}/{plain or 'value'}"


@dataclass(frozen=True, slots=True)
class MappingFile:
    """`read`: how the file is to be read, keys as the long options; `points`: source -> target."""

    read: Mapping[str, Any]
    points: Mapping[str, Target]


_READ_KEYS = {"delimiter", "decimal", "header", "sheet", "time", "time_format", "zone", "meter", "value", "fold"}
_READ_KEYS |= {"keep", "wide", "as"}


def read_mapping(path: Path) -> MappingFile:
    """Raises ImportRefused with the file's name and what is wrong."""
    try:
        text = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ImportRefused(
            f"{path} cannot be read as TOML ({fault}): write [read] and [points] as docs/import.md."
        ) from fault
    read, points = text.get("read", {}), text.get("points", {})
    strange = [key for key in text if key not in ("read", "points")] + [key for key in read if key not in _READ_KEYS]
    if strange or not isinstance(points, dict):
        raise ImportRefused(
            f"{path}: {', '.join(strange) or 'points'} is not known here: see docs/import.md for the keys."
        )
    if wrong := [name for name, target in points.items() if not isinstance(target, str)]:
        raise ImportRefused(f'{path}: {wrong[0]} should read "device/quantity:unit" as text.')
    return MappingFile(read, {str(name): parse_target(target) for name, target in points.items()})


def factor_to(unit: str, point: Point, source: str) -> float:
    """What the file's figures are multiplied by. Raises ImportRefused where the units do not fit or are not said."""
    if not unit:
        raise ImportRefused(
            f"{source}: its unit is not said and {point.id} is in {point.unit or 'words'}; write --map {source}="
            f"{point.id}:UNIT."
        )
    given, wanted = unit_named(unit), unit_named(point.unit)
    if unit == point.unit:
        return 1.0
    if not given.is_like(wanted) or given.is_point:
        raise ImportRefused(
            f"{source} is in {unit}, {point.id} in {point.unit}: these do not convert; map it elsewhere."
        )
    return given.factor / wanted.factor


def check_targets(targets: Mapping[str, Target], sources: Sequence[str], points: Mapping[str, Point]) -> None:
    """Every source there, every point known, none written by two. Raises ImportRefused."""
    for source, target in targets.items():
        if source not in sources:
            raise ImportRefused(f"The files have no {source}: they have {listed(list(sources))}.")
        if target.point not in points and not target.point.startswith(NAMESPACE):
            raise ImportRefused(
                f"The site has no point {target.point}: name one of its own, or {NAMESPACE}NAME/quantity for a new one."
            )
    named = [target.point for target in targets.values()]
    if twice := [point for point in dict.fromkeys(named) if named.count(point) > 1]:
        raise ImportRefused(f"{twice[0]} is given by two columns: map one of them elsewhere.")
