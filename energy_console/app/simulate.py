"""`simulate`: the virtual devices of a site on loopback, until stopped; and a word to one that runs.

    main.py simulate --site sites/port-demo                          serve it; Ctrl+C stops
    main.py simulate --site sites/port-demo --fault silent:A01.1     with one device that does not answer
    main.py simulate --tell sites/port-demo "silent:A01.1"           pull its plug while it runs, whoever started it
    main.py simulate --tell sites/port-demo "heal A01.1"             put the plug back

Where several play the same site, `--tell PORT` reaches the one that printed this control port.

`--speed X` lets X seconds of the site's time pass in a second. Its ship calls, sessions, dusk and weather then run X
times as fast, starting from now, and its counters count X times what the powers read would give on the wall's clock,
since they count in the site's time. What devices do for the sake of communication stays on the wall's clock: how long
a set-point holds without being fed, and the times of faults.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from energy_console.app.spans import BadInput, span_s

if TYPE_CHECKING:
    from energy_console.site.model import Site
    from hardware.virtual.process import Ready, VirtualSite
    from hardware.virtual.spec import VirtualSpec
    from hardware.virtual.world import World

FINE, FAILED, BAD_INPUT = 0, 1, 2
PORT_BASE = 15_020


class PastNotWritten(OSError):
    """The file for the past could not be written."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = __doc__
    parser.add_argument("--site", metavar="DIR", help="the site folder, for example sites/port-demo")
    parser.add_argument("--port-base", type=int, default=PORT_BASE, metavar="N", help="link k is served on port N + k")
    parser.add_argument(
        "--serial", action="append", default=[], metavar="LINK=PORT", help="play a serial link on this serial port"
    )
    parser.add_argument("--speed", default="1", metavar="X", help="seconds of the site's time in one second")
    parser.add_argument("--fault", action="append", default=[], metavar="SPEC", help="a fault to play; see `--faults`")
    parser.add_argument("--faults", action="store_true", help="tell which faults there are, and stop")
    parser.add_argument("--replay", metavar="FILE", help="CSV or Parquet (time,point,value) that overrules the physics")
    parser.add_argument("--history", default="24h", metavar="SPAN", help="how far back the story begins")
    parser.add_argument("--history-out", metavar="FILE", help="write the past (time,point,value) as .parquet or .csv")
    parser.add_argument("--memory", metavar="FILE", help="keep what was counted here, and go on from there")
    parser.add_argument("--control-port", type=int, default=0, metavar="N", help="where to take commands; 0: any free")
    parser.add_argument("--parent", type=int, metavar="PID", help="stop when this process is gone")
    parser.add_argument("--json", action="store_true", help="print one JSON document when ready")
    parser.add_argument(
        "--tell", nargs=2, metavar=("SITE", "COMMAND"), help="tell one that runs (its folder, or its control port)"
    )


def run(args: argparse.Namespace) -> int:
    """Returns 0 when stopped, 1 where it could not serve, 2 for a bad site or bad input."""
    from hardware.virtual import faults

    if args.faults:
        print(faults.__doc__)
        return FINE
    if args.tell:
        return _tell(args.tell[0], args.tell[1])
    if not args.site:
        return _complain("Name the site to play: --site sites/port-demo.", BAD_INPUT)
    return _serve(args)


def _tell(where: str, command: str) -> int:
    from energy_console.app.running_site import NotRunning, control_port
    from energy_console.site.loader import load_site
    from hardware.virtual.control import NobodyThere, tell

    port = int(where) if where.isdigit() else None
    try:
        answer = tell(control_port(load_site(where).id) if port is None else port, command)
    except (NobodyThere, NotRunning) as error:
        return _complain(str(error), FAILED)
    word, _, rest = answer.partition(" ")
    if word != "ok":
        return _complain(rest, BAD_INPUT)
    print(rest)
    return FINE


def _serve(args: argparse.Namespace) -> int:
    from energy_console.site.faults import SiteFaults
    from energy_console.site.loader import load_site
    from hardware.virtual.faults import BadFault
    from hardware.virtual.listeners import CannotServe
    from hardware.virtual.replay import UnreadableRecording

    try:
        site = load_site(args.site)
        if not 0 <= args.port_base <= 65_535 - len(site.links):
            return _complain(f"--port-base {args.port_base} leaves no room for {len(site.links)} ports.", BAD_INPUT)
        virtual = _prepare(site, args)
        asyncio.run(_run(virtual, site, args.json, _parent_watch(args.parent)))
    except SiteFaults as bad:
        for fault in bad.faults:
            print(fault, file=sys.stderr)
        return _complain(f"{args.site} is not sound, so it cannot be played; mend it and start again.", BAD_INPUT)
    except (BadFault, UnreadableRecording) as error:
        return _complain(str(error), BAD_INPUT)
    except (CannotServe, PastNotWritten) as error:
        return _complain(str(error), FAILED)
    except KeyboardInterrupt:
        pass
    return FINE


def _prepare(site: Site, args: argparse.Namespace) -> VirtualSite:
    """Takes the ports first, so that nobody else does while the past is played, then plays it."""
    from energy_console.app.certificates import loopback_certificates
    from energy_console.site.twin import virtual_spec
    from hardware.virtual.control import parse_speed
    from hardware.virtual.faults import parse_fault
    from hardware.virtual.listeners import listen_for
    from hardware.virtual.process import VirtualSite

    speed, hours = parse_speed(args.speed), span_s(args.history) / 3600.0
    played = site.on_loopback(args.port_base, loopback_certificates(site))
    spec = virtual_spec(on_serial_ports(played, site, args.serial))
    listeners = listen_for(spec.field)
    try:
        world = _play_past(spec, hours, args)
        memory = Path(args.memory) if args.memory else None
        virtual = VirtualSite(world, speed, args.control_port, memory, listeners)
        for text in args.fault:
            virtual.board.give(parse_fault(text, virtual.targets, time.time()))
    except Exception:
        for listener in listeners.values():
            listener.close()
        raise
    return virtual


def on_serial_ports(played: Site, site: Site, wanted: Sequence[str]) -> Site:
    """The site as it is played, with links such as `bus=/dev/ttyUSB1` on real serial ports, as fast as the site says.

    A serial line has two ends: the site names the console's, `wanted` the other one. Raises BadInput.
    """
    urls = {}
    for text in wanted:
        name, _, port = text.partition("=")
        own = next((link for link in site.links if link.id == name and link.url.startswith("serial:")), None)
        if own is None or not port:
            serial = [link.id for link in site.links if link.url.startswith("serial:")]
            known = f"; serial links of this site: {', '.join(serial)}" if serial else "; this site has no serial link"
            raise BadInput(f"--serial {text} does not name a serial link and a port, as in bus=/dev/ttyUSB1{known}.")
        options = own.url.partition("?")[2]
        urls[name] = f"serial://{port}?{options}" if options else f"serial://{port}"
    links = tuple(replace(link, url=urls.get(link.id, link.url)) for link in played.links)
    return replace(played, links=links)


def _play_past(spec: VirtualSpec, hours: float, args: argparse.Namespace) -> World:
    """A world that has lived through the hours before now; writes what it would have shown, where asked to."""
    from hardware.virtual.memory import load
    from hardware.virtual.recall import play_until, write_history
    from hardware.virtual.replay import read_recording

    recording = read_recording(Path(args.replay)) if args.replay else None
    memory = load(Path(args.memory)) if args.memory else None
    keep = args.history_out is not None
    world, history = play_until(spec, time.time(), hours, recording, keep=keep, memory=memory)
    if args.history_out is not None and history is not None:
        try:
            write_history(history, Path(args.history_out))
        except OSError as error:
            why = error.strerror or str(error)
            raise PastNotWritten(f"The past could not be written to {args.history_out}: {why}.") from error
    for _ in world.run_to(time.time()):  # what went by meanwhile
        pass
    return world


async def _run(virtual: VirtualSite, site: Site, as_json: bool, alive: Callable[[], bool]) -> None:
    from energy_console.app.running_site import noted

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, virtual.stop)
        except NotImplementedError:  # Windows: Ctrl+C arrives as KeyboardInterrupt, a stop as the process's end
            break
    with contextlib.ExitStack() as until_stopped:

        def announce(ready: Ready) -> None:
            until_stopped.enter_context(noted(site.id, ready.control_port))
            _announce(ready, site, as_json)

        await virtual.run(announce, alive)


def _announce(ready: Ready, site: Site, as_json: bool) -> None:
    if as_json:
        links = [{"link": link, "url": url, "devices": devices} for link, url, devices in ready.links]
        document = {
            "ready": True,
            "site": site.name,
            "links": links,
            "devices": ready.devices,
            "control": ready.control_port,
        }
        print(json.dumps(document), flush=True)
        return
    for link, url, devices in ready.links:
        print(f"{link:<16} {url:<28} {devices} device{'s' if devices != 1 else ''}")
    print(f"{site.name}: {ready.devices} virtual devices on {len(ready.links)} links. Ctrl+C stops.")
    print(f'Faults while it runs: main.py simulate --tell {site.folder} "silent:DEVICE"', end=" ")
    print(f"(control port {ready.control_port})", flush=True)


def _parent_watch(pid: int | None) -> Callable[[], bool]:
    """Tells whether the process that started this one is still there."""
    if pid is None:
        return lambda: True
    import psutil

    try:
        parent = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return lambda: False
    return lambda: bool(parent.is_running())


def _complain(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code
