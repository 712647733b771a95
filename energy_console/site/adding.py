"""A device added to a site folder: one row at the end of a table, everything else left as it was, byte for byte.

The site is checked as a whole with the addition in it before any file is touched. Each file is then replaced at once,
links before devices before site.toml, so that whatever stops the program leaves a site that can be started.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from energy_console.site.faults import SiteFaults
from energy_console.site.layouts import DEVICES, LINKS
from energy_console.site.loader import PROFILES, load_site
from energy_console.site.model import Site
from energy_console.site.section import FILE as SETTINGS
from energy_console.site.tables import TableLayout

BACK_UP = ".bak"
_DRAFT = ".new"
_MARK = b"\xef\xbb\xbf"  # what some editors put before UTF-8


class CannotAdd(Exception):
    """Nothing was changed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that the site does not have yet. None leaves a column to its default."""

    id: str
    url: str
    timeout_s: float | None = None
    silence_ms: float | None = None


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device as it will stand in devices.csv. `meter_of` names the grid node whose power it measures."""

    id: str
    name: str
    area: str
    link: str
    unit: int
    profile: str
    every_s: float | None = None
    node: str = ""
    rated_kw: float | None = None
    meter_of: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One file as it was read and as it will be. `shown` are the new lines, for whoever has to agree."""

    path: Path
    before: bytes | None  # None: there is no such file yet
    after: bytes
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Addition:
    """Changes that were checked and may be written, in this order."""

    device: NewDevice
    changes: tuple[Change, ...]


def prepare(folder: Path, device: NewDevice, link: NewLink | None = None) -> Addition:
    """Works out and checks what will be written; touches nothing.

    Raises CannotAdd, and SiteFaults with everything that would be wrong with the site then.
    """
    changes = []
    if link is not None:
        cells = {"link": link.id, "url": link.url, "timeout_s": link.timeout_s, "silence_ms": link.silence_ms}
        changes.append(_with_row(folder, LINKS, cells))
    changes.append(_with_row(folder, DEVICES, _cells(device)))
    if device.meter_of:
        changes.append(_with_meter(folder, device.meter_of, f"{device.id}/power_kw"))
    addition = Addition(device, tuple(changes))
    _check(folder, addition)
    return addition


def write(addition: Addition) -> tuple[Path, ...]:
    """Puts the changes in place; returns the back-ups of what was there. Raises CannotAdd.

    Where it fails between two files the site can be started with those already written, which are named.
    """
    back_ups = []
    done: list[str] = []
    for change in addition.changes:
        try:
            if _bytes_of(change.path) != change.before:
                raise CannotAdd(f"{change.path} was changed in the meantime: look at it and add the device again.")
            if change.before is not None:
                back_ups.append(_backed_up(change.path, change.before))
            _replace(change.path, change.after)
        except OSError as error:
            told = f"; {', '.join(done)} is written already" if done else ""
            raise CannotAdd(f"{change.path} cannot be written ({error.strerror or error}){told}.") from error
        done.append(change.path.name)
    return tuple(back_ups)


def link_at(site: Site, url: str) -> str | None:
    """The link of the site that leads to `url`, None where none does."""
    return next((link.id for link in site.links if link.url == url), None)


def _cells(device: NewDevice) -> Mapping[str, object]:
    return {
        "device": device.id,
        "name": device.name,
        "area": device.area,
        "link": device.link,
        "unit": device.unit,
        "profile": device.profile,
        "every_s": device.every_s,
        "node": device.node,
        "rated_kw": device.rated_kw,
    }


def _with_row(folder: Path, layout: TableLayout, cells: Mapping[str, object]) -> Change:
    """The table with one row more, in its own columns, line ends and encoding. Raises CannotAdd."""
    path = folder / layout.file
    before = _readable(path)
    text = _text(path, before) if before is not None else ""
    given = {column: _cell(value) for column, value in cells.items() if value not in (None, "")}
    header = next(csv.reader(io.StringIO(text, newline="")), None) if text.strip() else None
    columns = [column.strip() for column in header] if header else [*layout.required, *_needed(layout, given)]
    missing = [column for column in given if column not in columns]
    if missing:
        raise CannotAdd(f"{path} has no column {missing[0]}: add it to the header, or leave that value out.")
    newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    lines = [] if header else [_line(columns)]
    lines.append(_line([given.get(column, "") for column in columns]))
    gap = newline if text and not text.endswith("\n") else ""
    added = gap + "".join(line + newline for line in lines)
    return Change(path, before, (before or b"") + added.encode("utf-8"), tuple(lines))


def _needed(layout: TableLayout, given: Mapping[str, str]) -> list[str]:
    return [column for column in layout.optional if column in given]


def _cell(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if any(char in text for char in "\r\n\0"):
        raise CannotAdd(f"{text!r} holds a line end: write it in one line.")
    return text


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def _with_meter(folder: Path, node: str, meter: str) -> Change:
    """site.toml with the meter of a node named; its comments and order stay. Raises CannotAdd."""
    path = folder / SETTINGS
    before = _readable(path)
    if before is None:
        raise CannotAdd(f"{path} is not there: name the folder that holds it.")
    try:
        document = tomlkit.parse(_text(path, before))
    except TOMLKitError as error:
        raise CannotAdd(f"{path} cannot be read: {error}") from error
    grid = document.get("grid", {})
    if node not in grid:
        raise CannotAdd(f"{path} has no node {node} in [grid]: name one of {', '.join(grid)}.")
    if old := grid[node].get("meter"):
        raise CannotAdd(f"Node {node} is measured by {old} already: change that in {path} yourself if it is to go.")
    grid[node]["meter"] = meter
    mark = _MARK if before.startswith(_MARK) else b""
    return Change(path, before, mark + tomlkit.dumps(document).encode("utf-8"), (f'{node}: meter = "{meter}"',))


def _readable(path: Path) -> bytes | None:
    try:
        return _bytes_of(path)
    except OSError as error:
        raise CannotAdd(f"{path} cannot be read ({error.strerror or error}).") from error


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CannotAdd(f"{path} is not UTF-8: save it as UTF-8 first.") from error


def _check(folder: Path, addition: Addition) -> None:
    """Loads a copy of the site with the changes in it. Raises SiteFaults in the names of the real files, CannotAdd."""
    with tempfile.TemporaryDirectory(prefix="energy-console-") as scratch:
        copy = Path(scratch)
        try:
            for path in (*folder.glob("*.csv"), *folder.glob("*.toml")):
                shutil.copyfile(path, copy / path.name)
            if (folder / PROFILES).is_dir():
                shutil.copytree(folder / PROFILES, copy / PROFILES)
            for change in addition.changes:
                (copy / change.path.name).write_bytes(change.after)
        except OSError as error:
            raise CannotAdd(f"The site in {folder} cannot be checked ({error.strerror or error}).") from error
        try:
            load_site(copy)
        except SiteFaults as error:
            raise SiteFaults(str(folder), error.faults) from error


def _backed_up(path: Path, data: bytes) -> Path:
    back_up = path.with_name(path.name + BACK_UP)
    _replace(back_up, data, like=path)
    return back_up


def _replace(path: Path, data: bytes, like: Path | None = None) -> None:
    """Writes the whole file or leaves the old one; one that is a link keeps being one. Raises OSError."""
    target = path.resolve()
    draft = target.with_name(target.name + _DRAFT)
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        pattern = like or target
        if pattern.exists():
            shutil.copymode(pattern, draft)
        os.replace(draft, target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
