"""`doctor`: versions, libraries, display, fonts, store, time zone; what is missing and how to get it."""

from __future__ import annotations

import argparse
import ctypes
import datetime as dt
import importlib.metadata
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import energy_console

PACKAGES = (
    "PySide6-Essentials", "shiboken6", "pyqtgraph", "pymodbus", "pyserial", "cryptography", "PuLP", "highspy", "pandas",
    "numpy", "apsw", "duckdb", "pyarrow", "pvlib", "demandlib", "astral",
)  # fmt: skip
QT_LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
}
SCREEN_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
WANTED_PYSIDE = "6.11.3"
LEAST_FREE_GB = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` is what to do, empty where nothing is wrong."""

    what: str
    found: str
    remedy: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Returns 0 where nothing is missing, 1 otherwise."""
    findings = list(examine())
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            print(f"{'!' if finding.remedy else ' '} {finding.what:<22} {finding.found}")
            if finding.remedy:
                print(f"  {'':<22} -> {finding.remedy}")
    return 1 if any(finding.remedy for finding in findings) else 0


def examine() -> Iterator[Finding]:
    yield Finding("energy console", energy_console.__version__)
    yield Finding("system", f"{platform.platform()}, {os.cpu_count()} processors")
    yield Finding("Python", platform.python_version())
    yield from _packages()
    yield from _libraries()
    yield _display()
    yield _font()
    yield _solver()
    yield from _folders()
    yield _zones()


def _packages() -> Iterator[Finding]:
    for name in PACKAGES:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, "missing", "run `make setup`")
            continue
        wrong = name in ("PySide6-Essentials", "shiboken6") and version != WANTED_PYSIDE
        yield Finding(
            name, version, f"needs {WANTED_PYSIDE}, others lose references: run `make setup`" if wrong else ""
        )


def _libraries() -> Iterator[Finding]:
    if sys.platform != "linux":
        return
    for title, libraries in (("Qt's libraries", QT_LIBRARIES), ("libraries for a screen", SCREEN_LIBRARIES)):
        missing = [package for library, package in libraries.items() if not _loads(library)]
        remedy = f"sudo apt-get install -y {' '.join(missing)}" if missing else ""
        yield Finding(title, f"{len(missing)} missing" if missing else "all found", remedy)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _display() -> Finding:
    from energy_console.app.console import has_display

    if has_display():
        name = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or os.environ.get("QT_QPA_PLATFORM")
        return Finding("display", name or "the system's own")
    return Finding("display", "none: the console shows a table; `snapshot` makes pictures without one")


def _font() -> Finding:
    from pathlib import Path

    fonts = sorted((Path(energy_console.__file__).parent / "gui" / "fonts").glob("*.otf"))
    if len(fonts) >= 3:
        return Finding("fonts", f"{len(fonts)} bundled (Inter)")
    return Finding("fonts", f"{len(fonts)} of 3 bundled", "copy energy_console/gui/fonts again from the project")


def _solver() -> Finding:
    import importlib.util

    found = importlib.util.find_spec("highspy") is not None
    return Finding("solver", "HiGHS" if found else "none", "" if found else "run `make setup`")


def _folders() -> Iterator[Finding]:
    from energy_console.app.logs import log_file
    from energy_console.historian.embedded import default_store

    store = default_store("SITE")
    folder = next(parent for parent in store.parents if parent.exists())
    free_gb = shutil.disk_usage(folder).free / 1e9
    full = f"free some space on {folder}, or set ENERGY_CONSOLE_STORE" if free_gb < LEAST_FREE_GB else ""
    closed = "" if os.access(folder, os.W_OK) else f"allow writing to {folder}, or set ENERGY_CONSOLE_STORE"
    yield Finding("store", f"{store}, {free_gb:.1f} GB free", full or closed)
    yield Finding("log", str(log_file()))


def _zones() -> Finding:
    import zoneinfo

    here = dt.datetime.now().astimezone()
    try:
        zoneinfo.ZoneInfo("Europe/Amsterdam")
    except zoneinfo.ZoneInfoNotFoundError:
        return Finding("time zones", f"{here.tzname()}, no zone data", "run `make setup` (it installs tzdata)")
    return Finding("time zones", f"here {here.tzname()} ({here:%z}), zone data found")
