"""`badline`: a bad line between a console and real or virtual devices, with faults by chance, until stopped.

    main.py badline tcp://127.0.0.1:5020 tcp://10.0.0.5:502 --odds drop=0.01 --odds duplicate=0.02
    main.py badline rtu+tcp://127.0.0.1:5021 rtu+tcp://127.0.0.1:15020 --all 0.01 --seed 7
    main.py badline --faults                                         which faults there are

The console is then given the first address in place of the second. When stopped it tells what it has played. Requests
go through as they are, writes too: what is spoiled is their answer.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from energy_console.app.spans import BadInput, span_s

if TYPE_CHECKING:
    from hardware.virtual.line_faults import Odds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = __doc__
    parser.add_argument("here", nargs="?", metavar="LISTEN", help="where to listen: tcp://, rtu+tcp:// or udp://")
    parser.add_argument("target", nargs="?", metavar="TARGET", help="the devices or gateway behind, of the same kind")
    parser.add_argument("--odds", action="append", default=[], metavar="FAULT=CHANCE", help="chance per answer, 0 to 1")
    parser.add_argument(
        "--all", type=float, default=0.0, metavar="CHANCE", help="this chance for every fault not named"
    )
    parser.add_argument("--latest", default="2s", metavar="SPAN", help="how late a late answer comes at most")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed draws the same faults")
    parser.add_argument("--faults", action="store_true", help="tell which faults there are, and stop")


def run(args: argparse.Namespace) -> int:
    """Returns 0 when stopped, 1 where it cannot listen. Raises BadInput."""
    from hardware.virtual import line_faults

    if args.faults:
        print(line_faults.__doc__)
        return 0
    if not args.here or not args.target:
        raise BadInput("Name where to listen and what is behind: badline tcp://127.0.0.1:5020 tcp://10.0.0.5:502.")
    (kind, here), (other, behind) = _place(args.here), _place(args.target)
    if kind != other:
        raise BadInput(f"{args.here} and {args.target} are of two kinds; a bad line does not translate between them.")
    named = {text.partition("=")[0] for text in args.odds}
    rest = [f"{fault}={args.all}" for fault in line_faults.LineFault if args.all and fault not in named]
    try:
        odds = line_faults.parse_odds([*args.odds, *rest], span_s(args.latest))
    except line_faults.BadOdds as error:
        raise BadInput(str(error)) from error
    return asyncio.run(_play(kind, here, behind, odds, args.seed))


def _place(url: str) -> tuple[str, tuple[str, int]]:
    from hardware.virtual.fault_proxy import KINDS

    parts = urlsplit(url)
    try:
        port = 502 if parts.port is None else parts.port
    except ValueError:
        port = -1
    if parts.scheme not in KINDS or not parts.hostname or port < 0:
        raise BadInput(f"'{url}' is not KIND://HOST:PORT with one of {', '.join(KINDS)}.")
    return parts.scheme, (parts.hostname, port)


async def _play(kind: str, here: tuple[str, int], target: tuple[str, int], odds: Odds, seed: int) -> int:
    from hardware.virtual.fault_proxy import FaultProxy

    proxy = FaultProxy(kind, target, odds, seed)
    try:
        await proxy.open(*here)
    except OSError as error:
        print(f"{kind}://{here[0]}:{here[1]} cannot be listened at ({error.strerror or error}).", file=sys.stderr)
        return 1
    print(f"Bad line: {kind}://{here[0]}:{proxy.port} -> {target[0]}:{target[1]}; Ctrl+C stops.", flush=True)
    stopped = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows' loop takes no signals: there Ctrl+C ends the run
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    try:
        await stopped.wait()
    finally:
        proxy.close()
        drawn = ", ".join(f"{fault} {count}" for fault, count in sorted(proxy.dice.drawn.items()))
        print(f"{proxy.answers} answers; {drawn or 'no faults'}.", flush=True)
    return 0
