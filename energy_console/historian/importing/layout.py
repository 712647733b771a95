"""How a table is laid out, found out from its cells: where times are, who is told, which columns are values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from energy_console.historian.importing.cells import decimal_sign, is_numeric
from energy_console.historian.importing.faults import ImportRefused, listed
from energy_console.historian.importing.foreign import Table
from energy_console.historian.importing.times import chosen_format, formats_of

SAMPLE_ROWS = 400
TYPED = "as typed"
_CLOCK = re.compile(r"\d{1,2}(:\d{2}){0,2}")
_CLOCK_NAME = re.compile(r"time|clock|hour|uhrzeit|zeit|stunde|tijd|uur|heure|hora", re.IGNORECASE)
_KEY = re.compile(r"(^|_)(id|meter|sensor|mpan|ean|serial|experiment)($|_)|z(ä|ae)hler", re.IGNORECASE)
_TIME_NAME = re.compile(r"time|date|utc|stamp|zeit|datum|tijd|start|fecha|heure|local", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """What is where. Wide: `meter` is empty and every value column is a series of its own."""

    time: tuple[str, ...]  # one column, or one of dates and one of clocks
    time_format: str
    decimal: str
    meter: tuple[str, ...]  # columns that say whose value a row is
    value: tuple[str, ...]
    unit: str = ""  # column that names the unit
    ignored: tuple[str, ...] = ()

    @property
    def is_long(self) -> bool:
        return bool(self.meter)


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of the layout; empty: to be found out."""

    time: tuple[str, ...] = ()
    time_format: str = ""
    decimal: str = ""
    meter: tuple[str, ...] | None = None
    value: tuple[str, ...] = ()


def layout_of(table: Table, said: Said) -> Layout:
    """Raises ImportRefused where no column holds times, or none holds numbers."""
    for column in (*said.time, *(said.meter or ()), *said.value):
        if column not in table.columns:
            raise ImportRefused(f"{table.path} has no column {column}: it has {listed(table.columns)}.")
    sample = _sample(table)
    time = said.time or _time_columns(table, sample)
    form = said.time_format or _form_of(table, time, sample)
    rest = [name for name in table.columns if name not in time]
    decimal = said.decimal or decimal_sign(_told([sample[name] for name in rest if _is_text(table, name)]))
    numeric = [name for name in rest if not _is_text(table, name) or is_numeric(sample[name], decimal)]
    words = [name for name in rest if name not in numeric and _says_words(sample[name])]
    found = Layout(time, form, decimal, (), said.value or tuple(numeric))
    unit = next((name for name in words if re.fullmatch(r"unit|einheit|eenheid|unité", name, re.IGNORECASE)), "")
    candidates = [name for name in (*words, *_keys(numeric)) if name != unit and name not in said.value]
    meter = said.meter if said.meter is not None else _meters(table, time, candidates)
    values = tuple(name for name in found.value if name not in meter)
    if not values:
        raise ImportRefused(f"{table.path}: no column holds numbers; say --decimal, --delimiter or --value.")
    ignored = tuple(name for name in rest if name not in values and name not in meter and name != unit)
    return replace(found, meter=meter, value=values, unit=unit, ignored=ignored)


def _sample(table: Table) -> pd.DataFrame:
    """Rows from all over the table, so that a column empty at its beginning is seen."""
    rows = np.unique(np.linspace(0, len(table.frame) - 1, SAMPLE_ROWS).astype(np.intp))
    few = table.frame.iloc[rows].reset_index(drop=True)
    return pd.DataFrame({name: few[name].astype("string").fillna("").str.strip() for name in few.columns})


def _told(columns: Sequence[pd.Series[str]]) -> pd.Series[str]:
    return pd.concat(columns) if columns else pd.Series([], dtype="string")


def _says_words(sample: pd.Series[str]) -> bool:
    return bool((sample != "").any()) and not formats_of(sample)


def _is_text(table: Table, name: str) -> bool:
    return not pd.api.types.is_numeric_dtype(table.frame[name].dtype)


# -- times ----------------------------------------------------------------------------------------------------


def _time_columns(table: Table, sample: pd.DataFrame) -> tuple[str, ...]:
    """The first column of times, one named like it before others; with a column of clocks where it has only dates."""
    found = [name for name in table.columns if _is_typed_time(table, name) or formats_of(sample[name])]
    if not found:
        raise ImportRefused(f"{table.path}: no column holds times ({listed(table.columns)}); name it with --time.")
    chosen = next((name for name in found if _TIME_NAME.search(name)), found[0])
    clocks = [
        name
        for name in table.columns
        if name != chosen and _CLOCK_NAME.search(name) and sample[name].str.fullmatch(_CLOCK.pattern).mean() > 0.95
    ]
    has_clock = sample[chosen].str.contains(r"[:T]|\d{10}|\d \d").any()
    return (chosen, clocks[0]) if clocks and not has_clock else (chosen,)


def _is_typed_time(table: Table, name: str) -> bool:
    return pd.api.types.is_datetime64_any_dtype(table.frame[name].dtype)


def _form_of(table: Table, time: tuple[str, ...], sample: pd.DataFrame) -> str:
    if _is_typed_time(table, time[0]):
        return TYPED
    few = stamps_of(table, time, sample)
    forms = formats_of(few)
    if not forms:
        raise ImportRefused(
            f"{table.path}: {' and '.join(time)} in no form known ({few.iloc[0]}); "
            "write it with --time-format, such as '%d.%m.%Y %H:%M'."
        )
    return chosen_format(stamps_of(table, time), forms, " and ".join(time))


def stamps_of(table: Table, time: tuple[str, ...], frame: pd.DataFrame | None = None) -> pd.Series[str]:
    """The cells that say the time, a date and its clock put together."""
    if frame is None and len(time) == 1 and _is_typed_time(table, time[0]):
        return table.frame[time[0]]
    cells = [table.text(name) if frame is None else frame[name] for name in time]
    if len(cells) == 1:
        return cells[0]
    clock = cells[1].where(cells[1].str.contains(":", regex=False), cells[1].str.zfill(2) + ":00")
    return cells[0] + " " + clock


# -- who ------------------------------------------------------------------------------------------------------


def _keys(numeric: Sequence[str]) -> list[str]:
    return [name for name in numeric if _KEY.search(name)]


def _meters(table: Table, time: tuple[str, ...], candidates: Sequence[str]) -> tuple[str, ...]:
    """The fewest columns of words with which a time comes (nearly) once; none where times come once by themselves."""
    stamps = pd.Series(pd.factorize(stamps_of(table, time))[0])
    once = _share_once([stamps])
    if once > 0.95 or not candidates:
        named = [name for name in candidates if _KEY.search(name) and table.frame[name].nunique() * 20 < len(stamps)]
        return tuple(named[:1]) if table.frame[named[:1]].nunique().gt(1).any() else ()
    best: tuple[str, ...] = ()
    for _ in range(2):
        scores = {}
        for name in candidates:
            codes = [pd.Series(pd.factorize(table.text(one))[0]) for one in (*best, name)]
            if name not in best and codes[-1].nunique() < len(stamps) / 2:
                scores[name] = _share_once([stamps, *codes])
        if not scores or max(scores.values()) < once + 0.02:
            break
        chosen = max(scores, key=lambda name: scores[name])
        best, once = (*best, chosen), scores[chosen]
        if once > 0.95:
            break
    return best


def _share_once(codes: Sequence[pd.Series[int]]) -> float:
    """Share of rows that no row before is like."""
    return float(1 - pd.concat(codes, axis=1).duplicated().mean())
