"""The long soak: python -m tests.soak [--transactions N] [--seed S] [--kind KIND]... [--memory MINUTES]

Over TCP, RTU over TCP and UDP in turn, N transactions altogether (a million) go through a proxy that plays every fault
it knows. Prints what was played and what came of it; ends with 1 where a value was given to a point that is not its
own, or one older than its request.

Then the whole engine with its store reads 200 devices, some of them silent, for an hour (--memory 0 leaves it out);
ends with 1 where its memory grew.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time

from hardware.virtual.line_faults import LineFault
from tests.soak.line import KINDS, Tally, soak
from tests.soak.memory import ALLOWED_GROWTH, engine_for, growth_of
from tests.soak.scan import ScanTally, soak_scan

_SCAN_S = 30.0  # of each framing go through the whole scanner


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--seed", type=int, default=None, metavar="S", help="the same seed draws the same faults")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only over this framing; may be repeated")
    parser.add_argument("--memory", type=float, default=60.0, metavar="MINUTES", help="how long the engine is watched")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)  # devices are lost and back all the time
    kinds = args.kind or list(KINDS)
    seed = int(time.time()) if args.seed is None else args.seed
    each = -(-args.transactions // len(kinds))
    print(f"{args.transactions} transactions over {', '.join(kinds)}, seed {seed}", flush=True)
    done: list[Tally | ScanTally] = []
    for kind in kinds:
        scanned = asyncio.run(soak_scan(kind, _SCAN_S, seed))
        print(told(scanned), flush=True)
        asked = asyncio.run(soak(kind, max(0, each - scanned.transactions), seed))
        print(told(asked), flush=True)
        done += [scanned, asked]
    print(summed(done), flush=True)
    grew = args.memory > 0 and watched(60.0 * args.memory) > ALLOWED_GROWTH
    return 1 if grew or any(tally.violations for tally in done) else 0


def watched(seconds: float) -> float:
    """How much the memory of the engine grew, as a share; told as it is found."""
    samples = engine_for(seconds)
    grew = growth_of(samples)
    shown = ", ".join(f"{megabytes:.0f}" for _, megabytes in samples[:: max(1, len(samples) // 12)])
    print(f"engine, {seconds / 60.0:g} minutes: {shown} MB; {100 * grew:+.1f} % from the second to the last quarter")
    return grew


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
    return f"{transactions} transactions, {faults} faults: {end}."


if __name__ == "__main__":
    sys.exit(main())
