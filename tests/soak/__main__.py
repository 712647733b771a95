"""The long soak, all of it: python -m tests.soak [--transactions N] [--kills N] [--server-kills N] [--memory MINUTES]

line     N transactions altogether (a million) over TCP, RTU over TCP, UDP, TLS and serial ports in turn go through a
         proxy that plays every fault it knows: no value may be given to a point that is not its own, nor one older
         than its request.
kills    the writer of a folder store is killed N times (a thousand) at random moments while it appends, seals, merges
         and imports: nothing it acknowledged may be lost or doubled, and check-store has to find nothing.
server   the same for an engine beside a PostgreSQL server, and for that server (two hundred kills).
memory   the whole engine with its store reads 200 devices, some of them silent, for an hour: it may not grow.

0 for a number leaves that part out. Prints what came of each, and a summary; ends with 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hardware.virtual.line_faults import LineFault
from tests.historian.postgres_server import Server, carried_programs
from tests.soak.kills import in_words, soak_kills
from tests.soak.kills_server import soak_server_kills
from tests.soak.line import Tally, soak
from tests.soak.memory import ALLOWED_GROWTH, engine_for, growth_of
from tests.soak.roads import KINDS, missing
from tests.soak.scan import ScanTally, soak_scan

_SCAN_S = 30.0  # of each framing at most go through the whole scanner
_SCAN_SHARE_S = 0.0001  # of each transaction asked for


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one part, in a line."""

    part: str
    sound: bool
    text: str


def main() -> int:
    args = arguments()
    logging.disable(logging.CRITICAL)  # devices are lost and back all the time
    began, seed = time.monotonic(), int(time.time()) if args.seed is None else args.seed
    print(f"Seed {seed}.", flush=True)
    parts: list[tuple[float, Callable[[], Outcome]]] = [
        (args.transactions, lambda: line(args.transactions, args.kind or list(KINDS), seed)),
        (args.kills, lambda: kills(args.kills, seed, args.folder)),
        (args.server_kills, lambda: server_kills(args.server_kills, seed, args.folder)),
        (args.memory, lambda: memory(60.0 * args.memory)),
    ]
    outcomes = [part() for wanted, part in parts if wanted > 0]
    print(f"\nAfter {(time.monotonic() - began) / 60:.0f} minutes:")
    for outcome in outcomes:
        print(f"  {outcome.part:<8} {'sound' if outcome.sound else 'WRONG'}  {outcome.text}")
    return 0 if all(outcome.sound for outcome in outcomes) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", type=int, default=1_000_000, metavar="N", help="of all kinds of links")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only over this kind of link; may be repeated")
    parser.add_argument("--kills", type=int, default=1000, metavar="N", help="of writers of the folder store")
    parser.add_argument("--server-kills", type=int, default=200, metavar="N", help="of PostgreSQL engines and servers")
    parser.add_argument("--memory", type=float, default=60.0, metavar="MINUTES", help="how long the engine is watched")
    parser.add_argument("--seed", type=int, default=None, metavar="S", help="the same seed draws the same faults")
    parser.add_argument("--folder", type=Path, default=None, metavar="DIR", help="where the killed stores lie")
    return parser.parse_args()


def line(transactions: int, kinds: list[str], seed: int) -> Outcome:
    """No value to the wrong point, over each kind of link that can be had here."""
    left_out = {kind: why for kind in kinds if (why := missing(kind))}
    kinds = [kind for kind in kinds if kind not in left_out]
    done: list[Tally | ScanTally] = []
    for kind in kinds:
        scanned = asyncio.run(soak_scan(kind, min(_SCAN_S, _SCAN_SHARE_S * transactions), seed))
        print(told(scanned), flush=True)
        asked = asyncio.run(soak(kind, max(0, -(-transactions // len(kinds)) - scanned.transactions), seed))
        print(told(asked), flush=True)
        done += [scanned, asked]
    skipped = "".join(f"; {kind} left out: {why}" for kind, why in left_out.items())
    return Outcome("line", not any(tally.violations for tally in done), f"{', '.join(kinds)}: {summed(done)}{skipped}")


def kills(number: int, seed: int, folder: Path | None) -> Outcome:
    ledger = soak_kills(number, seed, folder, lambda text: print(text, flush=True))
    print(in_words(ledger, "Folder store"), flush=True)
    return Outcome("kills", not ledger.faults, f"{ledger.kills} kills, {ledger.acknowledged}: {ledger.verdict}")


def server_kills(number: int, seed: int, folder: Path | None) -> Outcome:
    programs = carried_programs()
    if programs is None:
        return Outcome("server", True, "left out: no PostgreSQL that the tests bring along on this machine")
    server = Server(programs)
    try:
        ledger = soak_server_kills(number, seed, server, folder, lambda text: print(text, flush=True))
    finally:
        server.remove()
    print(in_words(ledger, "PostgreSQL store"), flush=True)
    return Outcome("server", not ledger.faults, f"{ledger.kills} kills, {ledger.acknowledged}: {ledger.verdict}")


def memory(seconds: float) -> Outcome:
    """How much the memory of the engine grew; told as it is found."""
    samples = engine_for(seconds)
    grew = growth_of(samples)
    shown = ", ".join(f"{megabytes:.0f}" for _, megabytes in samples[:: max(1, len(samples) // 12)])
    text = f"engine, {seconds / 60:g} minutes: {100 * grew:+.1f} % from the second to the last quarter"
    print(f"{text}: {shown} MB", flush=True)
    return Outcome("memory", grew <= ALLOWED_GROWTH, text)


def told(tally: Tally | ScanTally) -> str:
    """What came of one framing."""
    faults = ", ".join(f"{fault} {tally.drawn.get(fault, 0)}" for fault in LineFault)
    refused = ", ".join(f"{reason} {count}" for reason, count in sorted(tally.refused.items()))
    lines = [
        f"{tally.title}: {tally.transactions} transactions in {tally.took_s:.0f} s",
        f"  faults played: {faults}",
        f"  refused: {refused}",
        f"  believed: {tally.believed}; of another point: {len(tally.wrong)}; older than asked: {len(tally.old)}",
        *(f"    wrong: {text}" for text in tally.wrong[:5]),
        *(f"    old: {text}" for text in tally.old[:5]),
    ]
    return "\n".join(lines)


def summed(done: list[Tally | ScanTally]) -> str:
    faults = sum(sum(tally.drawn.values()) for tally in done)
    transactions, violations = sum(t.transactions for t in done), sum(t.violations for t in done)
    end = "no value was given to the wrong point" if not violations else f"{violations} VALUES WERE WRONG"
    return f"{transactions} transactions, {faults} faults: {end}"


if __name__ == "__main__":
    sys.exit(main())
