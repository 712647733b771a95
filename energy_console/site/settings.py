"""site.toml: name, place, grid tree, tariffs and carbon, read as typed values with every fault noted by its line."""

from __future__ import annotations

import datetime as dt
import math
import re
import tomllib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from energy_console.site.faults import FaultList, suggest
from energy_console.site.model import Carbon, GridNode, Place, PlanTimes, PricePeriod, Tariff
from energy_console.site.public_holidays import FORM
from energy_console.site.section import FILE, Section, kind_of
from energy_console.site.store_settings import keep_days_of, store_of
from energy_console.site.tables import parse_clock, parse_days, read_text
from energy_console.site.toml_lines import LineIndex

FORMAT = 1
NODE_KINDS = ("connection", "substation", "feeder", "converter", "station", "hub")
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)|\s*\(at end of document\)")


@dataclass(frozen=True, slots=True)
class Settings:
    """What site.toml says. Nodes are as written; their references are checked with the rest of the site."""

    id: str
    name: str
    subtitle: str
    store: str
    keep_days: Mapping[str, float]
    place: Place
    nodes: tuple[GridNode, ...]
    node_lines: dict[str, int]
    tariffs: tuple[Tariff, ...]
    carbon: Carbon
    plan_times: PlanTimes


def read_settings(folder: Path, faults: FaultList) -> Settings | None:
    """Reads site.toml; None where nothing after it can be judged (not there, not TOML, a newer format)."""
    if not (folder / FILE).exists():
        faults.add(FILE, 0, "is not there", "write one; docs/site-folder.md shows the least that works")
        return None
    text = read_text(folder / FILE, faults)
    if text is None:
        return None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _error_line(str(error), text)
        faults.add(FILE, line, f"is not TOML here ({_AT_LINE.sub('', str(error)).lower()})", "mend this line")
        return None
    top = Section(data, (), LineIndex(text), faults)
    if not _format_is_known(top):
        return None
    return _settings(top)


def _format_is_known(top: Section) -> bool:
    version = top.data.get("format")
    if version is None:
        top.fault(None, "format is missing", f"add format = {FORMAT} at the top")
        return True
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        top.fault("format", f"format {version!r} is not a version", f"write format = {FORMAT}")
        return True
    if version > FORMAT:
        top.fault(
            "format", f"was written for format {version}, this program knows up to {FORMAT}", "update the program"
        )
        return False
    return True


def _settings(top: Section) -> Settings:
    top.only("format", "id", "name", "subtitle", "store", "keep_days", "place", "grid", "tariff", "carbon", "plan")
    nodes, lines = _nodes(top.section("grid"))
    return Settings(
        id=top.text("id"),
        name=top.text("name"),
        subtitle=top.text("subtitle", ""),
        store=store_of(top),
        keep_days=keep_days_of(top),
        place=_place(top.section("place")),
        nodes=nodes,
        node_lines=lines,
        tariffs=_tariffs(top),
        carbon=_carbon(top.section("carbon")),
        plan_times=_plan_times(top.section("plan") if "plan" in top.data else None),
    )


def _plan_times(section: Section | None) -> PlanTimes:
    if section is None:
        return PlanTimes()
    section.only("every_min", "at", "frozen_min", "again_after_min", "off_by_share")
    usual = PlanTimes()
    at = section.data.get("at", [])
    hours = [parse_clock(str(text)) for text in at] if isinstance(at, list) else [None]
    if any(hour is None or hour >= 24 for hour in hours):
        section.fault("at", f"at {at!r} cannot be read", 'write times of the day, such as ["06:00", "13:15"]')
        hours = []
    elif at and "every_min" in section.data:
        section.fault("at", "plans are made either every so many minutes or at named times", "leave one of both out")
    times = sorted(round(60 * hour) for hour in hours if hour is not None)
    return PlanTimes(
        every_min=round(section.number("every_min", usual.every_min, low=5, high=24 * 60)),
        at=tuple(dt.time(minutes // 60, minutes % 60) for minutes in times),
        frozen_min=round(section.number("frozen_min", usual.frozen_min, low=0, high=12 * 60)),
        again_after_min=round(section.number("again_after_min", usual.again_after_min, low=1, high=24 * 60)),
        off_by_share=section.number("off_by_share", usual.off_by_share, low=0.001, high=1),
    )


def _place(section: Section | None) -> Place:
    if section is None:
        return Place("", 0.0, 0.0, zoneinfo.ZoneInfo("UTC"))
    section.only("name", "latitude_deg", "longitude_deg", "zone", "holidays")
    return Place(
        section.text("name"),
        section.number("latitude_deg", low=-90, high=90),
        section.number("longitude_deg", low=-180, high=180),
        _zone(section),
        _holidays(section),
    )


def _holidays(section: Section) -> str:
    """How it is written; whether the country is known is asked by `check`, since asking takes a while."""
    country = section.text("holidays", "")
    if country and not FORM.fullmatch(country):
        section.fault("holidays", f"{country} is no country", "write it as NL, or a part of one as DE-HH")
        return ""
    return country


def _zone(section: Section) -> zoneinfo.ZoneInfo:
    name = section.text("zone")
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        remedy = suggest(name, zoneinfo.available_timezones(), "use a name such as Europe/Amsterdam")
        section.fault("zone", f"time zone {name} is not known", remedy)
        return zoneinfo.ZoneInfo("UTC")


def _nodes(grid: Section | None) -> tuple[tuple[GridNode, ...], dict[str, int]]:
    if grid is None:
        return (), {}
    if not grid.data:
        grid.fault(None, "[grid] has no node", "add the connection to the public grid")
    nodes: list[GridNode] = []
    lines: dict[str, int] = {}
    for node_id in grid.data:
        section = grid.section(node_id)
        if section is not None:
            nodes.append(_node(node_id, section))
            lines[node_id] = grid.lines.line("grid", node_id)
    return tuple(nodes), lines


def _node(node_id: str, section: Section) -> GridNode:
    section.only("name", "kind", "parent", "limit_kw", "import_min_kw", "meter")
    limit_kw = section.number("limit_kw", low=0)
    return GridNode(
        id=node_id,
        name=section.text("name", node_id),
        kind=section.choice("kind", NODE_KINDS),
        parent=section.text("parent", "") or None,
        limit_kw=limit_kw,
        # A cable carries as much back as forth unless the site says otherwise.
        import_min_kw=section.number("import_min_kw", 0.0 if math.isnan(limit_kw) else -limit_kw),
        meter=section.text("meter", "") or None,
    )


def _tariffs(top: Section) -> tuple[Tariff, ...]:
    tariffs = tuple(_tariff(section) for section in top.sections("tariff"))
    dates = [tariff.valid_from for tariff in tariffs]
    if len(set(dates)) < len(dates):
        top.fault("tariff", "two tariffs are valid from the same day", "give each its own valid_from")
    return tuple(sorted(tariffs, key=lambda tariff: tariff.valid_from))


def _tariff(section: Section) -> Tariff:
    section.only("name", "valid_from", "peak_eur_per_kw", "contracted_kw", "carbon_eur_per_t", "period")
    periods = tuple(_period(period) for period in section.sections("period"))
    _check_week(section, periods)
    return Tariff(
        name=section.text("name"),
        valid_from=_date(section, "valid_from"),
        periods=periods,
        peak_eur_per_kw=section.number("peak_eur_per_kw", low=0),
        contracted_kw=section.number("contracted_kw", low=0),
        carbon_eur_per_t=section.number("carbon_eur_per_t", 0.0, low=0),
    )


def _period(section: Section) -> PricePeriod:
    section.only("days", "from", "to", "import_eur_per_kwh", "export_eur_per_kwh")
    return PricePeriod(
        days=_days(section),
        start_hour=_clock(section, "from"),
        end_hour=_clock(section, "to"),
        import_eur_per_kwh=section.number("import_eur_per_kwh", low=-10, high=10),
        export_eur_per_kwh=section.number("export_eur_per_kwh", low=-10, high=10),
    )


def _days(section: Section) -> frozenset[int]:
    text = section.text("days", "daily")
    days = parse_days(text)
    if days is None:
        section.fault("days", f"days {text!r} names no days", "write daily, Mon-Fri or Mon Wed Sun")
    return days or frozenset()


def _clock(section: Section, key: str) -> float:
    text = section.text(key)
    hours = parse_clock(text)
    if text and hours is None:
        section.fault(key, f"{key} {text!r} is not a time of day", "write it as HH:MM, from 00:00 to 24:00")
    return hours if hours is not None else math.nan


def _date(section: Section, key: str) -> dt.date:
    value = section.get(key, None)
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            section.fault(key, f"{key} {value} has no time zone, so nobody knows when it is", f"write {value.date()}")
        return value.date()
    if isinstance(value, dt.date):
        return value
    if value is not None:
        section.fault(key, f"{key} must be a date, not {kind_of(value)}", "write it bare, as 2026-10-01")
    return dt.date(1970, 1, 1)


def _check_week(section: Section, periods: tuple[PricePeriod, ...]) -> None:
    """Every quarter hour of the week must have exactly one price."""
    if not periods:
        return
    for day in range(7):
        for quarter in range(96):
            hour = quarter / 4
            hits = [p for p in periods if day in p.days and p.start_hour <= hour < p.end_hour]
            if len(hits) != 1:
                what = "no price" if not hits else f"{len(hits)} prices"
                name = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")[day]
                section.fault(
                    "period",
                    f"tariff has {what} at {int(hour):02d}:{quarter % 4 * 15:02d} on {name}",
                    "let its periods cover every hour of the week once",
                )
                return


def _carbon(section: Section | None) -> Carbon:
    if section is None:
        return Carbon((0.0,) * 24, "")
    section.only("grid_kg_per_kwh", "source")
    values = section.data.get("grid_kg_per_kwh")
    fine = isinstance(values, list) and len(values) == 24 and all(_is_intensity(value) for value in values)
    if not fine:
        section.fault(
            "grid_kg_per_kwh", "grid_kg_per_kwh must hold 24 numbers from 0 to 2", "write one an hour, midnight first"
        )
    return Carbon(tuple(float(v) for v in values) if fine and values else (0.0,) * 24, section.text("source", ""))


def _is_intensity(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 2


def _error_line(message: str, text: str) -> int:
    found = re.search(r"at line (\d+)", message)
    return int(found[1]) if found else text.count("\n") + 1
