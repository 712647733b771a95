"""`snapshot PAGE`: a picture of one page of the console, taken without a display."""

from __future__ import annotations

import argparse
import datetime as dt
import getpass
import re
import sys
from pathlib import Path

from energy_console.app.open_engine import DEMO, open_engine
from energy_console.app.spans import BadInput, span_s, utc_time

LARGEST_PX = 8192
SMALLEST_PX = (960, 540)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("page", metavar="PAGE", help="the page, such as overview or devices")
    parser.add_argument("--site", type=Path, metavar="DIR", required=True, help="the site folder")
    parser.add_argument("--out", type=Path, metavar="FILE.png", required=True, help="where the picture goes")
    parser.add_argument("--size", default="1600x900", metavar="WxH", help="of the window, in px (1600x900)")
    parser.add_argument("--theme", choices=("light", "dark"), default="dark", help="light or dark (dark)")
    parser.add_argument("--after", default="5s", metavar="SPAN", help="wait this long once the field answers (5s)")
    parser.add_argument("--select", default="", metavar="ID", help="a device, point or berth to select on the page")
    parser.add_argument("--at", metavar="T", help="a moment of the past, ISO 8601 with its zone, instead of now")
    parser.add_argument("--plan", action="store_true", help="ask for a plan first")
    parser.add_argument(
        "--virtual", action="store_true", help="start the site's virtual devices (the demo site: always)"
    )
    parser.add_argument("--store", metavar="DIR", help="the store: a folder or postgresql://..., if not the site's")
    parser.add_argument("--fault", action="append", default=[], metavar="SPEC", help="with --virtual: a fault to play")


def run(args: argparse.Namespace) -> int:
    """Returns 0 with a picture of live values, 1 with one of a field that did not answer. Raises BadInput."""
    width, height = size_px(args.size)
    after_s = span_s(args.after)
    from energy_console.gui import snapshot
    from energy_console.gui.pages.registry import pages

    have = [entry.key for entry in pages()]
    if args.page not in have:
        raise BadInput(f"There is no page {args.page!r}: choose one of {', '.join(have)}.")
    if not args.out.parent.is_dir():
        raise BadInput(f"{args.out.parent} is not a folder: make it first, or name another file.")
    at = _moment(args)
    snapshot.use_offscreen()
    virtual = args.virtual or args.site.resolve() == DEMO
    opened = open_engine(args.site, args.store, virtual=virtual, faults=tuple(args.fault), desk=True)
    try:
        shot = snapshot.Shot(args.page, width, height, args.theme, after_s, args.select, args.plan, at=at)
        answered = snapshot.take(opened.engine, getpass.getuser(), shot, args.out)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        opened.close()
    if not answered:
        why = "a field that hardly answers: is it running? --virtual starts it."
        if at is not None:
            why = f"{args.at}, of which the store knows nothing: name a later time."
        print(f"{args.out} shows {why}", file=sys.stderr)
    return 0 if answered else 1


def _moment(args: argparse.Namespace) -> dt.datetime | None:
    """The moment of the past asked for, UTC. Raises BadInput, SiteFaults."""
    if not args.at:
        return None
    from energy_console.site.loader import load_site

    at = utc_time(args.at, load_site(args.site).place.zone)
    if at >= dt.datetime.now(dt.UTC):
        raise BadInput(f"--at {args.at} is not in the past yet: leave it away for a picture of now.")
    return at


def size_px(text: str) -> tuple[int, int]:
    """Width and height from "1600x900". Raises BadInput."""
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (SMALLEST_PX[0] <= width <= LARGEST_PX and SMALLEST_PX[1] <= height <= LARGEST_PX):
        least = f"{SMALLEST_PX[0]}x{SMALLEST_PX[1]}"
        raise BadInput(f"{text!r} is no size: write width x height in px from {least} on, such as 1600x900.")
    return width, height
