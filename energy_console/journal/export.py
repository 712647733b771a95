"""The journal as CSV and as one JSON document. Times are UTC; the columns are those of docs/journal.md."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from typing import Any

from energy_console.journal.entry import Entry

FORMAT = 1  # of the JSON document
COLUMNS = ("id", "time", "kind", "who", "source", "text", "until", "written", "refers", "replaced_by")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a sheet would work a cell out that begins so


def as_document(site: str, entries: Iterable[Entry]) -> dict[str, Any]:
    """Everything an entry holds, newest first as given."""
    return {"format": FORMAT, "site": site, "entries": [_entry(entry) for entry in entries]}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "time": iso(entry.time_ns),
        "kind": entry.kind,
        "who": entry.who,
        "source": entry.source,
        "text": entry.text,
        "until": iso(entry.until_ns) if entry.until_ns != entry.time_ns else None,
        "written": iso(entry.written_ns),
        "refers": entry.refers or None,
        "replaced_by": entry.replaced_by or None,
        "data": dict(entry.data),
    }


def as_csv(entries: Iterable[Entry]) -> str:
    """One line an entry, comma separated, with a line of names."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        told = _entry(entry)
        writer.writerow(["" if told[name] is None else _plain(told[name]) for name in COLUMNS])
    return out.getvalue()


def _plain(value: Any) -> Any:
    """People's words must not run as formulas in whatever opens the file."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def iso(time_ns: int) -> str:
    """UTC with milliseconds."""
    moment = dt.datetime.fromtimestamp(time_ns / 1e9, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
