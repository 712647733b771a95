"""The soak of the whole way from wire to point: the scanner reads tagged devices through a fault proxy."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.points import ScanBatch, is_usable, reason_of
from hardware.profiles import Profile, ProfilePoint, RegisterType, Table
from hardware.profiles.model import ReadRules
from hardware.scanner import Scanner
from hardware.virtual.fault_proxy import FaultProxy
from hardware.virtual.line_faults import LineFault, Odds
from tests.soak.line import HARSH, TIMEOUT_S, drawn_by
from tests.soak.roads import odds_on, roads_of, wire_of
from tests.soak.tagged import UNITS, TaggedDevices, tag

_EVERY_S = 0.05
_PLACES = (0, 1, 2, 20, 21, 22, 60, 61, 62, 63, 64, 100)  # blocks of three that look alike, and others
_TABLES = (Table.HOLDING, Table.INPUT)


@dataclass
class ScanTally:
    kind: str
    transactions: int = 0  # requests
    believed: int = 0  # values
    refused: Counter[str] = field(default_factory=Counter)  # values
    drawn: dict[LineFault, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    old: list[str] = field(default_factory=list)
    took_s: float = 0.0

    @property
    def title(self) -> str:
        return f"{self.kind}, through the scanner"

    @property
    def violations(self) -> int:
        return len(self.wrong) + len(self.old)


def tagged_profile() -> Profile:
    """A device type whose points are tagged values of both tables."""
    points = tuple(
        ProfilePoint(f"{table.value}_{place}", f"{table} {place}", "", table, 2 * place, RegisterType.UINT32, 2)
        for table in _TABLES
        for place in _PLACES
    )
    return Profile("tagged", "Tagged", "", "meter", "", "", points, ReadRules(longest=12, gap=0))


class _Judge:
    """Looks at every batch: each value bears its own point's tag, and none goes back behind the one before."""

    def __init__(self, tally: ScanTally) -> None:
        self.tally = tally
        tags = [tag(unit, table, place) for unit in range(1, UNITS + 1) for table in _TABLES for place in _PLACES]
        self.tags = np.array(tags, np.int64)
        self.newest = np.zeros(len(tags), np.int64)

    def take(self, batch: ScanBatch) -> None:
        usable = is_usable(batch.status)
        for status in batch.status[~usable].tolist():
            self.tally.refused[reason_of(status).name.lower().replace("_", " ")] += 1
        index, value = batch.index[usable], batch.value[usable].astype(np.int64)
        self.tally.believed += len(index)
        foreign = value >> 16 != self.tags[index]
        self.tally.wrong.extend(f"{v:#010x} at point {i}" for v, i in zip(value[foreign], index[foreign], strict=True))
        for row, number in zip(index[~foreign].tolist(), (value[~foreign] & 0xFFFF).tolist(), strict=True):
            if (number - self.newest[row]) % 0x10000 >= 0x8000:
                self.tally.old.append(f"answer {number} behind {self.newest[row]} at point {row}")
            self.newest[row] = number


# A device that fails rests, so that under harsh faults most of the time nothing would be asked at all.
MILD = Odds({fault: 0.2 * chance for fault, chance in HARSH.chance.items()}, HARSH.latest_s)


async def soak_scan(kind: str, for_s: float, seed: int, odds: Odds = MILD) -> ScanTally:
    """Scans for so long."""
    tally, wire = ScanTally(kind), wire_of(kind)
    devices = TaggedDevices(wire)
    behind = ("127.0.0.1", await devices.open())
    # One gateway a pair of units, as on a site.
    seeds = range(1000 * seed, 1000 * seed + UNITS // 2)
    proxies = [FaultProxy(wire, behind, odds_on(kind, odds), seed=one) for one in seeds]
    began = time.monotonic()
    with roads_of(kind) as roads:
        try:
            urls = [await roads.lead_to(proxy) for proxy in proxies]
            await _scan(_field(urls), tally, for_s)
        finally:
            for proxy in proxies:
                proxy.close()
            devices.close()
    tally.drawn, tally.took_s = drawn_by(proxies), time.monotonic() - began
    return tally


def _field(urls: Sequence[str]) -> FieldSpec:
    links = tuple(LinkSpec(f"L{number}", url, timeout_s=TIMEOUT_S) for number, url in enumerate(urls))
    units = range(1, UNITS + 1)
    return FieldSpec(
        links, tuple(DeviceSpec(f"D{unit:02}", f"L{unit % len(links)}", unit, "tagged", _EVERY_S) for unit in units)
    )


async def _scan(spec: FieldSpec, tally: ScanTally, for_s: float) -> None:
    profile, judge = tagged_profile(), _Judge(tally)
    scanner = Scanner(spec, judge.take, tick_s=0.1, profiles=lambda name: profile)
    running = asyncio.create_task(scanner.run())
    await asyncio.wait([running], timeout=for_s)
    scanner.stop()
    await running
    tally.transactions = scanner.stats().requests
