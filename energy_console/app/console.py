"""`console`: the window on a site; the default when nothing else is asked for."""

from __future__ import annotations

import argparse
import getpass
import os
import socket
import sys
from pathlib import Path

from energy_console.app.open_engine import DEMO, open_engine

NO_SCREEN = (
    "There is no display to open a window on: running the engine with a table in this terminal instead (Ctrl+C stops). "
    "For a picture without a display: main.py snapshot overview --site {site} --out overview.png"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", type=Path, metavar="DIR", help="the site folder (the demo site with virtual devices)")
    parser.add_argument("--virtual", action="store_true", help="start the site's virtual devices beside the console")
    parser.add_argument("--store", metavar="DIR", help="the store: a folder or postgresql://..., if not the site's")
    parser.add_argument(
        "--attach", action="store_true", help="follow the engines that serve the site; never read the field from here"
    )
    parser.add_argument("--page", default="", help="the page to open first")
    parser.add_argument("--theme", choices=("light", "dark"), default="", help="light or dark, if not the one before")


def run(args: argparse.Namespace) -> int:
    """Returns when the window is closed."""
    site, virtual = args.site or DEMO, args.virtual or args.site is None
    if not has_display():
        print(NO_SCREEN.format(site=site), file=sys.stderr)
        from energy_console.app import serve

        return serve.run_table(site, args.store, virtual=virtual)
    opened = open_engine(site, args.store, virtual=virtual, desk=True, only_follow=args.attach)
    try:
        from energy_console.gui.run import run_window

        return run_window(opened.engine, getpass.getuser(), page=args.page, theme=args.theme)
    finally:
        opened.close()


def has_display() -> bool:
    """Whether a window can be opened. On Linux that takes an X or Wayland server that answers, or Qt told otherwise."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    if name := os.environ.get("WAYLAND_DISPLAY"):
        return (Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / name).exists()
    return _x_server_answers(os.environ.get("DISPLAY", ""))


def _x_server_answers(display: str) -> bool:
    host, _, rest = display.partition(":")
    number = rest.split(".")[0]
    if not number.isdigit():
        return False
    if host not in ("", "unix"):
        return True  # a forwarded screen: Qt finds out
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        for address in (f"/tmp/.X11-unix/X{number}", f"\0/tmp/.X11-unix/X{number}"):
            try:
                probe.connect(address)
            except OSError:
                continue
            return True
    return False
