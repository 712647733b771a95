"""An inquiry as a person reads it, and as one JSON document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np

from energy_console.historian.importing.faults import Fault
from energy_console.historian.importing.inquiry import Inquiry, Looked
from energy_console.historian.importing.preview import PointPreview

FIRST_ROWS = 3
MOST_POINTS = 40
_NAMES = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar", " ": "space"}


def told_file(looked: Looked) -> Iterator[str]:
    """How one file was understood, and its first rows."""
    table, layout = looked.table, looked.layout
    yield f"{table.path}: {len(table.frame):,} rows, {', '.join(_how(looked))}"
    yield f"  time: {' and '.join(layout.time)} as {layout.time_format}"
    if layout.is_long:
        yield f"  long: a row is of {' and '.join(layout.meter)}, values in {', '.join(layout.value)}"
    else:
        yield f"  wide: a series each in {', '.join(layout.value)}"
    if layout.ignored:
        yield f"  left out: {', '.join(layout.ignored)}"
    for row in table.frame.head(FIRST_ROWS).astype("string").fillna("").itertuples(index=False):
        yield "  | " + " | ".join(str(cell) for cell in row)[:150]
    yield from (f"  {_sign(fault)} {fault}" for fault in looked.time_faults)


def _how(looked: Looked) -> Iterator[str]:
    table = looked.table
    if table.delimiter:
        yield f"delimiter {_NAMES.get(table.delimiter, table.delimiter)}, {table.encoding}"
    if table.sheet:
        yield f"sheet {table.sheet}"
    if table.header > 1:
        yield f"names in line {table.header}"
    yield f"decimal sign {looked.layout.decimal}"


def told_point(one: PointPreview) -> Iterator[str]:
    """What one series is, and what of it would be written."""
    yield f"{one.source} -> {one.point or 'nowhere'}{_units(one)}"
    if not one.read:
        yield "  no reading"
    elif len(one.time_ms):
        low, mean, high = one.value.min(), one.value.mean(), one.value.max()
        yield f"  {len(one.time_ms):,} readings, {_utc(one.time_ms[0])} to {_utc(one.time_ms[-1])}"
        yield f"  {low:.6g} / {mean:.6g} / {high:.6g} {one.unit} (least, mean, greatest)"
    if notes := list(_notes(one)):
        yield "  " + "; ".join(notes)
    yield from (f"  {_sign(fault)} {fault}" for fault in one.faults)


def _units(one: PointPreview) -> str:
    if not one.file_unit:
        return ", unit not said"
    return f", {one.unit}" if one.factor == 1.0 else f", {one.file_unit} x {one.factor:g} = {one.unit}"


def _notes(one: PointPreview) -> Iterator[str]:
    gaps = one.gaps
    if gaps.step_s:
        told = f", {gaps.count} gaps ({gaps.missing} missing, longest {_span(gaps.longest_s)})" if gaps.count else ""
        yield f"every {_span(gaps.step_s)}{told}"
    if one.equal:
        yield f"{one.equal} doubled and equal, folded"
    if one.empty:
        yield f"{one.empty} empty cells"
    if one.known:
        yield f"{one.known} in the store already, left out" + (f" ({one.different} differ)" if one.different else "")
    if one.outside:
        yield f"{one.outside} outside the point's range"
    if one.falls:
        yield f"the counter falls {one.falls} times"


def _span(seconds: float) -> str:
    for unit, size in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size and (seconds / size).is_integer():
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"


def _utc(time_ms: int | np.int64) -> str:
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=int(time_ms))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _sign(fault: Fault) -> str:
    return "!" if fault.blocks else "-"


def document(inquiry: Inquiry) -> dict[str, Any]:
    """The same as JSON-like values."""
    return {
        "files": [_file(looked) for looked in inquiry.files],
        "points": [_point(one) for one in inquiry.points],
        "blocking": inquiry.blocking,
        "readings": sum(len(one.time_ms) for one in inquiry.points if one.point),
    }


def _file(looked: Looked) -> dict[str, Any]:
    table, layout = looked.table, looked.layout
    return {
        "file": str(table.path),
        "rows": len(table.frame),
        "delimiter": table.delimiter,
        "encoding": table.encoding,
        "sheet": table.sheet,
        "header_line": table.header,
        "decimal": layout.decimal,
        "time": list(layout.time),
        "time_format": layout.time_format,
        "meter": list(layout.meter),
        "value": list(layout.value),
        "ignored": list(layout.ignored),
        "faults": [_fault(fault) for fault in looked.time_faults],
    }


def _point(one: PointPreview) -> dict[str, Any]:
    some = len(one.time_ms) > 0
    return {
        "source": one.source,
        "point": one.point or None,
        "file_unit": one.file_unit,
        "unit": one.unit,
        "factor": one.factor,
        "read": one.read,
        "writes": len(one.time_ms),
        "first": _utc(one.time_ms[0]) if some else None,
        "last": _utc(one.time_ms[-1]) if some else None,
        "minimum": float(one.value.min()) if some else None,
        "mean": float(one.value.mean()) if some else None,
        "maximum": float(one.value.max()) if some else None,
        "step_s": one.gaps.step_s,
        "gaps": one.gaps.count,
        "missing": one.gaps.missing,
        "doubled_equal": one.equal,
        "empty": one.empty,
        "in_store": one.known,
        "in_store_different": one.different,
        "outside_range": one.outside,
        "counter_falls": one.falls,
        "faults": [_fault(fault) for fault in one.faults],
    }


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "kind": fault.kind,
        "where": fault.where,
        "lines": list(fault.lines),
        "count": fault.count,
        "text": fault.text,
        "blocks": fault.blocks,
    }
