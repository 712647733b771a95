"""What a table says, as one series a meter and value column: times in UTC, numbers, and every trouble by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from energy_console.historian.importing.cells import Numbers, numbers_of
from energy_console.historian.importing.faults import Fault, faults_at
from energy_console.historian.importing.foreign import Table
from energy_console.historian.importing.layout import Layout, stamps_of
from energy_console.historian.importing.mapping import unit_in_name, unit_written
from energy_console.historian.importing.times import Times, Zone, times_of
from hardware.points import BoolArray, Float64Array, Int64Array


@dataclass(frozen=True, slots=True)
class Source:
    """One series of a file. Columns equally long, in order of time; values finite, in the file's unit."""

    name: str
    unit: str  # as the file says it; empty where it does not
    time_ms: Int64Array
    value: Float64Array
    line: Int64Array
    empty: int  # cells with nothing in them
    faults: tuple[Fault, ...]


def sources_of(table: Table, layout: Layout, zone: Zone | None, fold: str) -> tuple[list[Source], tuple[Fault, ...]]:
    """All series of a table, and the troubles of its times. Raises ImportRefused."""
    names, group = _meters(table, layout)
    times = times_of(
        stamps_of(table, layout.time),
        layout.time_format,
        zone,
        group,
        table.line,
        " and ".join(layout.time),
        fold,
    )
    rows_of_meter = _rows(group, len(names))
    found = []
    for column in layout.value:
        numbers = numbers_of(table.frame[column], layout.decimal)
        for meter, rows in zip(names, rows_of_meter, strict=True):
            name = ".".join([*([meter] if meter else []), *([column] if len(layout.value) > 1 or not meter else [])])
            source = _source(name, _unit(table, layout, column, rows), table.line, times, numbers, rows)
            if len(source.time_ms) or source.faults:
                found.append(source)
    return found, times.faults


def _meters(table: Table, layout: Layout) -> tuple[list[str], Int64Array]:
    """Names of the meters and which one each row is of; one without a name where the table is wide."""
    if not layout.is_long:
        return [""], np.zeros(len(table.frame), np.int64)
    who = table.text(layout.meter[0])
    for column in layout.meter[1:]:
        who = who + "." + table.text(column)
    codes, names = pd.factorize(who)
    return [str(name) for name in names], codes.astype(np.int64)


def _rows(group: Int64Array, count: int) -> list[Int64Array]:
    order = np.argsort(group, kind="stable")
    return np.split(order, np.searchsorted(group[order], np.arange(1, count)))


def _unit(table: Table, layout: Layout, column: str, rows: Int64Array) -> str:
    if layout.unit:
        told = table.text(layout.unit).iloc[rows].unique()
        return unit_written(str(told[0])) if len(told) == 1 else ""
    return unit_in_name(column)


def _source(name: str, unit: str, line: Int64Array, times: Times, numbers: Numbers, rows: Int64Array) -> Source:
    known = times.known[rows]
    good = known & ~np.isnan(numbers.value[rows])
    at = line[rows]
    faults = [
        *faults_at("garbage", name, numbers.garbage[rows] & known, at, "cells are no number"),
        *faults_at("infinity", name, numbers.infinite[rows] & known, at, "cells are infinite"),
        *faults_at("not-a-number", name, numbers.not_a_number[rows] & known, at, "cells say NaN", blocks=False),
    ]
    order = np.argsort(times.ms[rows[good]], kind="stable")
    kept = rows[good][order]
    empty = int((numbers.empty[rows] & known).sum())
    return Source(name, unit, times.ms[kept], numbers.value[kept], line[kept], empty, tuple(faults))


@dataclass(frozen=True, slots=True)
class Folded:
    """A series with each time once."""

    time_ms: Int64Array
    value: Float64Array
    equal: int  # readings left out because the same stood there already
    unequal: tuple[Fault, ...]


def each_time_once(source: Source, keep: str) -> Folded:
    """Equal readings of one time become one; of unequal ones the later of the file, or the first with `keep` first."""
    time, value = source.time_ms, source.value
    same = np.diff(time) == 0 if len(time) else np.empty(0, np.bool_)
    different = same & (np.diff(value) != 0) if len(time) else same
    kept: BoolArray = np.ones(len(time), np.bool_)
    if len(time):
        kept[:-1] = ~same  # of a run the last
        if keep == "first":
            kept[:] = True
            kept[1:] = ~same
    unequal = faults_at(
        "unequal",
        source.name,
        np.concatenate(([False], different)) if len(time) else different,
        source.line,
        "readings differ from another of the same time; say --keep later or --keep first",
        blocks=not keep,
    )
    return Folded(time[kept], value[kept], int((same & ~different).sum()), tuple(unequal))


def joined(sources: list[Source]) -> Iterator[Source]:
    """Series of one name in several files as one, times of the later file after those of the earlier."""
    names = list(dict.fromkeys(source.name for source in sources))
    for name in names:
        parts = [source for source in sources if source.name == name]
        if len(parts) == 1:
            yield parts[0]
            continue
        time = np.concatenate([part.time_ms for part in parts])
        order = np.argsort(time, kind="stable")
        yield Source(
            name,
            parts[0].unit if len({part.unit for part in parts}) == 1 else "",
            time[order],
            np.concatenate([part.value for part in parts])[order],
            np.concatenate([part.line for part in parts])[order],
            sum(part.empty for part in parts),
            tuple(fault for part in parts for fault in part.faults),
        )
