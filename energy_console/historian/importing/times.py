"""Times of foreign files as UTC milliseconds: written forms, offsets, zones, both hours of autumn, none in spring."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from energy_console.historian.importing.faults import Fault, ImportRefused, faults_at
from hardware.points import BoolArray, Int64Array

ISO, EPOCH_S, EPOCH_MS = "ISO8601", "seconds since 1970", "milliseconds since 1970"
_DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%y", "%d/%m/%y")
_CLOCKS = (" %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "", " %I:%M %p", " %I:%M:%S %p", " %H.%M", "T%H:%M:%S", " %H:%M:%S%z")
FORMATS = (
    ISO,
    *(date + clock for date in (*_DATES, "%m/%d/%y", "%d-%m-%y") for clock in _CLOCKS),
    *("%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%d %H:%M", "%Y%m%d %H:%M:%S", "%d-%b-%Y %H:%M", "%d %b %Y %H:%M"),
    *("%d-%b-%Y %H:%M:%S", "%b %d, %Y %I:%M %p", EPOCH_S, EPOCH_MS),
)
_SHAPE = re.compile(r"\d{1,4}[-./ ]?(\d{1,2}|[A-Za-z]{3})[-./ ]?\d{2,4}.*|[A-Za-z]{3} \d{1,2}, .*")
_OFFSET = r"(?:Z|z|UTC|GMT|[+-]\d{2}:?\d{2})$"
_MIDNIGHT = r"[ T]24:00(?::00)?"
MOST_MS = 4_102_444_800_000  # 2100
ROOM = 100

Zone = ZoneInfo | dt.timezone
Stamps = npt.NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Times:
    """One per row: ms UTC, and whether it could be told; `faults` say why not, by line."""

    ms: Int64Array
    known: BoolArray
    faults: tuple[Fault, ...]
    said_offset: bool  # the file says its zone itself


def zone_named(text: str) -> Zone:
    """A zone by its name (Europe/Amsterdam, UTC) or a fixed offset (+01:00). Raises ImportRefused."""
    if found := re.fullmatch(r"([+-])(\d{2}):?(\d{2})", text):
        minutes = int(found[2]) * 60 + int(found[3])
        if minutes < 24 * 60:
            return dt.timezone(dt.timedelta(minutes=-minutes if found[1] == "-" else minutes))
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ImportRefused(f"{text} is no time zone: write Europe/Amsterdam, UTC or a fixed +01:00.") from None


# -- which form -----------------------------------------------------------------------------------------------


def formats_of(sample: pd.Series[str]) -> list[str]:
    """Forms that (nearly) every cell of the sample has, the likeliest first; empty where it holds no times."""
    said = sample[sample != ""]
    if len(said) < 1 or said.str.fullmatch(_SHAPE.pattern).mean() < 0.9:
        return []
    if said.str.fullmatch(r"\d{1,5}|\d+\.\d+").mean() > 0.5:
        return []  # plain numbers
    return [form for form in FORMATS if _share(said, form) >= 0.9]


def _share(said: pd.Series[str], form: str) -> float:
    few = said.iloc[:3]
    if _stamps(few, form).isna().all():
        return 0.0
    return float(_stamps(said, form).notna().mean())


def chosen_format(text: pd.Series[str], forms: Sequence[str], column: str) -> str:
    """The one form that fits all of a column; of day and month in doubt, the one in which time goes on."""
    if len(forms) == 1:
        return forms[0]
    said = text[text != ""]
    parsed = {form: _stamps(said, form) for form in forms}
    most = max(int(stamps.notna().sum()) for stamps in parsed.values())
    distinct: dict[str, pd.Series[pd.Timestamp]] = {}
    for form, stamps in parsed.items():
        if int(stamps.notna().sum()) == most and not any(stamps.equals(other) for other in distinct.values()):
            distinct[form] = stamps
    steady = [form for form, stamps in distinct.items() if _goes_on(stamps)]
    if len(distinct) == 1 or len(steady) == 1:
        return (steady or list(distinct))[0]
    forms_left = "' or '".join(distinct)
    raise ImportRefused(
        f"{column}: {said.iloc[0]} may be day or month first; say which with --time-format '{forms_left}'."
    )


def _goes_on(stamps: pd.Series[pd.Timestamp]) -> bool:
    """Whether time never falls back by more than the hour of autumn."""
    apart = np.diff(stamps.dropna().to_numpy()) / np.timedelta64(1, "h")
    return bool((apart >= -1).all() or (apart <= 1).all())


def _stamps(text: pd.Series[str], form: str) -> pd.Series[pd.Timestamp]:
    """Naive times where no offset is written, UTC where one is; NaT where the form does not fit."""
    if form in (EPOCH_S, EPOCH_MS):
        number = pd.to_numeric(text.astype(object), errors="coerce")
        scale = 1000 if form == EPOCH_S else 1
        inside = (number * scale > 31_536_000_000) & (number * scale < MOST_MS)
        return pd.to_datetime((number.where(inside) * scale).round(), unit="ms", errors="coerce")
    late = text.str.contains(_MIDNIGHT, regex=True)
    plain = text.str.replace("24:00", "00:00", n=1, regex=False).where(late, text) if late.any() else text
    stamps = pd.to_datetime(plain.astype(object), format=form, errors="coerce", utc=True).dt.tz_localize(None)
    return stamps + pd.to_timedelta(np.where(late, 1, 0), unit="D") if late.any() else stamps


# -- to UTC ---------------------------------------------------------------------------------------------------


def times_of(
    cells: pd.Series[Any], form: str, zone: Zone | None, groups: Int64Array, line: Int64Array, column: str, fold: str
) -> Times:
    """Every row's time. `groups`: rows of one meter have one number; their order tells the hours of autumn apart.

    `fold`: earlier or later for times of autumn that the order cannot tell, empty to refuse them.
    Raises ImportRefused for times without zone where none is given.
    """
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        return _from_utc(cells.dt.tz_convert("UTC").dt.tz_localize(None), line, column, True)
    if pd.api.types.is_datetime64_dtype(cells.dtype):
        return _with_zone(cells, zone, groups, line, column, fold)
    text = cells.astype("string").fillna("").str.strip()
    stamps = _stamps(text, form)
    if form in (EPOCH_S, EPOCH_MS):
        return _from_utc(stamps, line, column, True)
    offset = text.str.contains(_OFFSET, regex=True).to_numpy(bool) & stamps.notna().to_numpy()
    if offset.all() or (offset.any() and not (stamps.notna().to_numpy() & ~offset).any()):
        return _from_utc(stamps, line, column, True)
    if not offset.any():
        return _with_zone(stamps, zone, groups, line, column, fold)
    said, local = _from_utc(stamps.where(offset), line, column, True), stamps.where(~offset)
    rest = _with_zone(local, zone, groups, line, column, fold)
    known = said.known | rest.known
    unknown = faults_at("time", column, ~known & (stamps.isna().to_numpy()), line, "cells are no time")
    rest_faults = tuple(fault for fault in rest.faults if fault.kind != "time")
    return Times(np.where(said.known, said.ms, rest.ms), known, (*unknown, *rest_faults), True)


def _from_utc(stamps: pd.Series[pd.Timestamp], line: Int64Array, column: str, said: bool) -> Times:
    known = stamps.notna().to_numpy(bool)
    faults = faults_at("time", column, ~known, line, "cells are no time")
    return Times(_ms(stamps.to_numpy()), known, tuple(faults), said)


def _ms(stamps: npt.NDArray[np.datetime64]) -> Int64Array:
    """To the nearest millisecond; what is no time becomes 0."""
    fine = pd.DatetimeIndex(stamps).round("ms").to_numpy().astype("datetime64[ms]").astype(np.int64)
    return np.where(np.isnat(stamps), 0, fine).astype(np.int64)


def _with_zone(
    stamps: pd.Series[pd.Timestamp], zone: Zone | None, groups: Int64Array, line: Int64Array, column: str, fold: str
) -> Times:
    if zone is None:
        first = stamps.dropna().iloc[0] if stamps.notna().any() else "a time"
        raise ImportRefused(
            f"{column}: {first} says no time zone; name the file's with --zone (UTC, Europe/Amsterdam, +01:00)."
        )
    index = pd.DatetimeIndex(stamps.to_numpy())
    ends = []
    for is_dst in (True, False):
        place = index.tz_localize(zone, ambiguous=np.full(len(index), is_dst), nonexistent="NaT")
        ends.append(_ms(place.tz_convert("UTC").tz_localize(None).to_numpy()))
        exists = ~np.asarray(place.isna(), np.bool_)
    early, late = ends
    unreadable = np.asarray(index.isna())
    missing = ~exists & ~unreadable
    ms, unclear = _told_apart(early, late, exists & (early != late), groups, fold)
    faults = (
        *faults_at("time", column, unreadable, line, "cells are no time"),
        *faults_at(
            "missing-hour",
            column,
            missing,
            line,
            f"times do not exist in {zone}: clocks went forward, so the file is in another zone",
        ),
        *faults_at(
            "which-hour", column, unclear, line, f"times came twice in {zone} that night; say --fold earlier or later"
        ),
    )
    return Times(ms, exists & ~unclear, faults, False)


def _told_apart(
    early: Int64Array, late: Int64Array, twice: BoolArray, groups: Int64Array, fold: str
) -> tuple[Int64Array, BoolArray]:
    """Times of the hour that autumn repeats, by their order in the file; and which stay unclear.

    In each night and group the hour is passed once early and once late: where the clock jumps back, the second begins.
    """
    ms = np.where(twice, late, early) if fold == "later" else early.copy()
    unclear = np.zeros(len(ms), np.bool_)
    rows = np.flatnonzero(twice)
    if not len(rows):
        return ms, unclear
    falling = bool((np.diff(early) < 0).sum() > (np.diff(early) > 0).sum()) if len(np.unique(groups)) == 1 else False
    key = np.stack((groups[rows], early[rows] // 86_400_000))
    order = np.lexsort((rows, key[1], key[0]))
    cuts = np.flatnonzero((np.diff(key[:, order]) != 0).any(axis=0)) + 1
    for night in np.split(rows[order], cuts):
        second = _second_pass(early[night[::-1] if falling else night])
        if second is None:
            unclear[night] = not fold
        else:
            ms[night] = np.where(second[::-1] if falling else second, late[night], early[night])
    return ms, unclear


def _second_pass(clock: Int64Array) -> BoolArray | None:
    """Which of these times of one repeated hour belong to its second pass; None where the order does not say."""
    number = np.arange(len(clock))
    back = np.flatnonzero(np.diff(clock) < 0)
    if len(back) == 1:
        return np.asarray(number > back[0], np.bool_)
    if len(back) or len(clock) % 2:
        return None
    pairs = clock.reshape(-1, 2)  # sorted by somebody: each time stands twice, one beside the other
    if (pairs[:, 0] == pairs[:, 1]).all() and (np.diff(pairs[:, 0]) > 0).all():
        return np.asarray(number % 2 == 1, np.bool_)
    return None
