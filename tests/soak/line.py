"""The soak of one framing: many connections ask tagged devices through a fault proxy, every answer is judged."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from hardware.modbus import Connection, FieldError, parse_link
from hardware.points import Reason
from hardware.profiles import Table
from hardware.virtual.fault_proxy import FaultProxy
from hardware.virtual.line_faults import LineFault, Odds
from tests.soak.roads import odds_on, roads_of, wire_of
from tests.soak.tagged import CELLS, UNITS, Block, TaggedDevices, is_old, wrong_point

TIMEOUT_S = 0.2  # long against the moments in which a busy machine stands still
LATEST_S = 1.5 * TIMEOUT_S  # of late answers: some come in time, some after their request was given up
LENGTHS = (1, 5, 5, 5, 20, 60)  # values a request; many look alike, which is what RTU cannot tell apart
_COMMON, _DEAR = 0.01, 0.001  # the dear ones cost a whole connection, or several timeouts

HARSH = Odds(
    {fault: _DEAR if fault in (LineFault.HALF_OPEN, LineFault.CUT) else _COMMON for fault in LineFault},
    LATEST_S,
)

Read = Callable[[Block], Awaitable[bytes]]


@dataclass
class Tally:
    """What came of it."""

    kind: str
    transactions: int = 0
    believed: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    drawn: dict[LineFault, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    old: list[str] = field(default_factory=list)
    took_s: float = 0.0

    @property
    def title(self) -> str:
        return self.kind

    @property
    def violations(self) -> int:
        return len(self.wrong) + len(self.old)


def reader(url: str) -> tuple[Read, Callable[[], None]]:
    """Reads as the console does."""
    connection = Connection(parse_link(url), TIMEOUT_S)

    def read(block: Block) -> Awaitable[bytes]:
        return connection.read(block.unit, block.table, 2 * block.first, 2 * block.cells)

    return read, connection.close


async def soak(
    kind: str,
    transactions: int,
    seed: int,
    connections: int = 60,
    odds: Odds = HARSH,
    make_reader: Callable[[str], tuple[Read, Callable[[], None]]] = reader,
) -> Tally:
    """Asks until `transactions` have been judged. Never raises for what an answer did wrong: see the tally."""
    tally, wire = Tally(kind), wire_of(kind)
    devices = TaggedDevices(wire)
    began = time.monotonic()
    behind = ("127.0.0.1", await devices.open())
    # One gateway a connection: what it carries over comes to the one that asked.
    seeds = range(1000 * seed, 1000 * seed + connections)
    proxies = [FaultProxy(wire, behind, odds_on(kind, odds), seed=one) for one in seeds]
    with roads_of(kind) as roads:
        try:
            async with asyncio.TaskGroup() as group:
                for number, proxy in enumerate(proxies):
                    url = await roads.lead_to(proxy)
                    chance = random.Random(f"{seed} {number}")
                    group.create_task(_ask(url, devices, tally, transactions, chance, make_reader))
        finally:
            for proxy in proxies:
                proxy.close()
            devices.close()
    tally.drawn, tally.took_s = drawn_by(proxies), time.monotonic() - began
    return tally


def drawn_by(proxies: Sequence[FaultProxy]) -> dict[LineFault, int]:
    """How often each fault was played by all of them."""
    total: Counter[LineFault] = Counter()
    for proxy in proxies:
        total.update(proxy.dice.drawn)
    return dict(total)


async def _ask(
    url: str,
    devices: TaggedDevices,
    tally: Tally,
    transactions: int,
    chance: random.Random,
    make_reader: Callable[[str], tuple[Read, Callable[[], None]]],
) -> None:
    read, close = make_reader(url)
    unit = chance.randint(1, UNITS)
    try:
        while tally.transactions < transactions:
            tally.transactions += 1
            if chance.random() < 0.3:
                unit = chance.randint(1, UNITS)
            cells = chance.choice(LENGTHS)
            block = Block(unit, chance.choice((Table.HOLDING, Table.INPUT)), chance.randrange(CELLS - cells), cells)
            before = devices.given[unit]
            try:
                payload = await read(block)
            except FieldError as error:
                tally.refused[error.reason.name.lower().replace("_", " ")] += 1
                if error.reason is Reason.REFUSED:  # a busy machine took too long to connect: nothing was asked
                    tally.transactions -= 1
                    await asyncio.sleep(TIMEOUT_S)
                await asyncio.sleep(0)
                continue
            tally.believed += 1
            problem = wrong_point(block, payload)
            if problem:
                tally.wrong.append(problem)
            elif is_old(payload, before):
                tally.old.append(f"{block}")
    finally:
        close()
