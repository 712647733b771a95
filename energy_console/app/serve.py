"""`serve`: the engine without a window, with counts at the end or a live table in the terminal."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_console.app.open_engine import OpenedEngine, open_engine
from energy_console.app.spans import span_s
from energy_console.historian.opening import deliver_what_waits
from energy_console.site.areas import UnknownArea
from hardware.scanner import SETTLED_AFTER_S, settle

if TYPE_CHECKING:
    from rich.table import Table

    from energy_console.engine.link import EngineNews

MIB = 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", type=Path, metavar="DIR", required=True, help="the site folder")
    parser.add_argument("--virtual", action="store_true", help="start the site's virtual devices beside the engine")
    parser.add_argument("--for", dest="span", metavar="SPAN", help="stop after this long, such as 90s; else on Ctrl+C")
    parser.add_argument("--store", metavar="DIR", help="the store: a folder or postgresql://..., if not the site's")
    parser.add_argument("--area", metavar="NAME[,NAME]", help="serve only these areas of the site; others have engines")
    parser.add_argument("--fault", action="append", default=[], metavar="SPEC", help="with --virtual: a fault to play")
    parser.add_argument("--json", action="store_true", help="print the counts as one JSON document at the end")


def run(args: argparse.Namespace) -> int:
    """Returns 0 when stopped, 1 where another engine serves the site or the engine ended by itself."""
    seconds = span_s(args.span) if args.span else None
    if args.fault and not args.virtual:
        print("--fault needs --virtual: only virtual devices can be told to fail.", file=sys.stderr)
        return 2
    areas = tuple(filter(None, args.area.split(","))) if args.area else ()
    try:
        opened = open_engine(args.site, args.store, virtual=args.virtual, faults=tuple(args.fault), areas=areas)
    except UnknownArea as error:
        print(error, file=sys.stderr)
        return 2
    if opened.engine_is_elsewhere:
        opened.close()
        what = f"{opened.site.name}, or {args.area} of it," if areas else opened.site.name
        print(f"{what} is served by {opened.holder} already: stop that one first.", file=sys.stderr)
        for sentence in deliver_what_waits(opened.site.id, opened.site.store, args.store):
            print(sentence, file=sys.stderr)
        return 1
    began = time.process_time()
    try:
        if sys.stderr.isatty() and not args.json:
            _watch(opened, seconds)
        else:
            _sit(opened, seconds)
    finally:
        opened.close()
    counts = _counts(opened, time.process_time() - began)
    print(json.dumps(counts) if args.json else _in_words(counts))
    return _ended_well(opened)


def run_table(site: Path, store: str | None, *, virtual: bool) -> int:
    """The engine with a live table, for a console without a display."""
    opened = open_engine(site, store, virtual=virtual, desk=True)
    try:
        _watch(opened, None)
    finally:
        opened.close()
    return _ended_well(opened)


def _ended_well(opened: OpenedEngine) -> int:
    """The exit code; why an engine has ended by itself is on standard error already, from its log."""
    return 1 if _has_ended(opened) else 0


def _has_ended(opened: OpenedEngine) -> bool:
    """By itself, without having been asked to stop."""
    return getattr(opened.engine, "error", None) is not None


def _sit(opened: OpenedEngine, seconds: float | None) -> None:
    """Runs the engine until it is asked to stop, its time is up, or it has ended by itself."""
    asked = _stop_asked()
    _start(opened)
    until = time.monotonic() + seconds if seconds is not None else float("inf")
    while (left_s := until - time.monotonic()) > 0 and not _has_ended(opened) and not asked.wait(min(left_s, 0.5)):
        pass


def _start(opened: OpenedEngine) -> None:
    """Starts the engine; once it runs as it will, this process holds little that comes and goes."""
    opened.engine.start()
    later = threading.Timer(SETTLED_AFTER_S, settle)
    later.daemon = True
    later.start()


def _stop_asked() -> threading.Event:
    """Set by Ctrl+C and by a polite end of the process."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    return asked


def _watch(opened: OpenedEngine, seconds: float | None) -> None:
    """Runs the engine under a table that is renewed once a second."""
    from rich.console import Console
    from rich.live import Live

    asked = _stop_asked()
    newest: dict[str, Any] = {}

    def hear(news: EngineNews) -> None:
        newest.update({name: part for name in ("health", "alarms") if (part := getattr(news, name)) is not None})

    opened.engine.subscribe(hear)
    _start(opened)
    until = time.monotonic() + seconds if seconds is not None else float("inf")
    with Live(console=Console(stderr=True), auto_refresh=False) as live:
        while time.monotonic() < until and not _has_ended(opened) and not asked.wait(1.0):
            live.update(_table(opened, newest), refresh=True)


def _table(opened: OpenedEngine, newest: dict[str, Any]) -> Table:
    from rich.table import Table

    from hardware.points import Quality, quality_of

    site, live = opened.site, opened.engine.live
    table = Table(title=f"{site.name} {site.subtitle}", title_justify="left")
    table.add_column("What")
    table.add_column("Now", justify="right")
    table.add_column("")
    if health := newest.get("health"):
        table.add_row("Devices answering", f"{health.answering} / {health.devices}", "")
        table.add_row("Points good", f"{health.good_points} / {health.points}", "")
        table.add_row("Store behind", f"{health.store_behind_s:.1f} s", "")
    shown = [node.meter for node in site.nodes if node.meter and node.kind in ("connection", "substation")]
    for point in dict.fromkeys([*shown, *(made.point.id for made in site.calculated)]):
        reading = live.reading(point)
        good = quality_of(reading.status) is not Quality.BAD
        unit = site.point(point).unit
        table.add_row(point, f"{reading.value:,.1f} {unit}" if good else "no value", "" if good else "bad")
    for alarm in newest.get("alarms", ())[:8]:
        table.add_row(f"P{alarm.priority} {alarm.text}", alarm.detail, alarm.state)
    return table


def _counts(opened: OpenedEngine, cpu_s: float) -> dict[str, Any]:
    import psutil

    peak = _peak_bytes(psutil.Process())
    stats = getattr(opened.engine, "stats", {})
    return {**stats, "cpu_s": round(cpu_s, 2), "peak_mb": round(peak / MIB, 1)}


def _peak_bytes(process: Any) -> int:
    """Highest memory of this process so far, as far as the system tells; else what it is now."""
    try:
        import resource
    except ImportError:  # Windows
        memory = process.memory_info()
        return int(getattr(memory, "peak_wset", memory.rss))
    scale = 1 if sys.platform == "darwin" else 1024
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * scale


def _in_words(counts: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in counts.items())
