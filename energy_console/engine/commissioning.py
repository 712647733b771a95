"""Questions of a person who puts a device into service, and their answers. Everything here asks; nothing writes.

A link of the site is asked in turn with the scan, one request at a time; another one over a connection of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from energy_console.site.model import Site
from hardware.commissioning.candidates import Expectation, Reader, Window
from hardware.commissioning.fit import ProfileFit, profile_fits
from hardware.commissioning.identity import Identity, identify
from hardware.commissioning.registers import UnitReader, read_window, try_profile
from hardware.commissioning.search import PATIENCE_S, REST, FoundUnit, find_units, takes_no_notice
from hardware.commissioning.visit import OwnVisit, Visit
from hardware.modbus import BadLink, Connection, Decoder, FieldError, Readout, parse_link, place_on
from hardware.modbus.placement import as_written
from hardware.profiles import Profile, ProfileFaults, Span, UnknownProfile
from hardware.scanner import Scanner

TIMEOUT_S = 2.0
SAMPLES = 5

T = TypeVar("T")
Said = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an answer is, `done` of `total`; what was found so far where units are looked for."""

    done: int
    total: int
    found: tuple[FoundUnit, ...] = ()


@dataclass(frozen=True, slots=True)
class FindUnits:
    """`link` is the name of a link of the site, or the address of another one (tcp://HOST:PORT ...)."""

    link: str
    units: tuple[int, ...]
    patience_s: float = PATIENCE_S  # for one that does not answer; what is longer than the link's own is cut to that


@dataclass(frozen=True, slots=True)
class WhoIs:
    """What the unit says it is, and which profiles fit it."""

    link: str
    unit: int


@dataclass(frozen=True, slots=True)
class TryProfile:
    """The unit read once by a profile."""

    link: str
    unit: int
    profile: str


@dataclass(frozen=True, slots=True)
class WatchRegisters:
    """Registers read `SAMPLES` times over `over_s` seconds, and every way to read the value at the first of them."""

    link: str
    unit: int
    span: Span
    over_s: float = 4.0
    expected: Expectation = field(default_factory=Expectation)


Question = FindUnits | WhoIs | TryProfile | WatchRegisters


@dataclass(frozen=True, slots=True)
class FoundUnits:
    found: tuple[FoundUnit, ...]
    one_for_all: bool  # one device takes no notice of the unit number


@dataclass(frozen=True, slots=True)
class Identified:
    identity: Identity
    fits: tuple[ProfileFit, ...]  # the best first


@dataclass(frozen=True, slots=True)
class Tried:
    profile: Profile
    readout: Readout


@dataclass(frozen=True, slots=True)
class Watched:
    """`reader` tells the ways to read `address`, and any other in the window."""

    address: int
    window: Window
    reader: Reader


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing came of it; a sentence says why."""

    text: str


Answer = FoundUnits | Identified | Tried | Watched | Failed


async def answer(question: Question, site: Site, scanner: Scanner | None, said: Said) -> Answer:
    """Asks the field. `scanner` None: this engine does not read the field, so links of the site are not asked."""
    known = next((link for link in site.links if question.link in (link.id, link.url)), None)
    if known is not None and scanner is None:
        return Failed(
            f"Another process reads link {known.id}: add the device at its own console, or stop that engine first."
        )
    try:
        async with _visiting(known.id if known else question.link, scanner if known else None) as visit:
            patience_s = known.timeout_s if known else TIMEOUT_S
            return await _answer(question, site, visit, patience_s, said, rest=REST if known else 0.0)
    except BadLink as error:
        return Failed(str(error))
    except (FieldError, UnknownProfile, ProfileFaults) as error:
        text = str(error).rstrip(".")
        return Failed(f"{question.link}: {text}." if isinstance(error, FieldError) else f"{text}.")


@contextlib.asynccontextmanager
async def _visiting(link: str, scanner: Scanner | None) -> AsyncIterator[Visit]:
    """Raises BadLink."""
    if scanner is not None:
        yield _InTurn(scanner, link)
        return
    connection = Connection(parse_link(link), TIMEOUT_S)
    try:
        yield OwnVisit(connection)
    finally:
        connection.close()


class _InTurn:
    """Visits of a link that the scanner owns."""

    def __init__(self, scanner: Scanner, link: str) -> None:
        self._scanner, self._link = scanner, link

    async def __call__(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        return await self._scanner.on_link(self._link, work)


async def _answer(
    question: Question, site: Site, visit: Visit, patience_s: float, said: Said, rest: float
) -> FoundUnits | Identified | Tried | Watched:
    match question:
        case FindUnits(_, units, quick_s):
            found = await find_units(
                visit, units, lambda news: said(Progress(news.asked, news.total, news.found)), quick_s, rest
            )
            return FoundUnits(found, await takes_no_notice(visit, found, units, quick_s))
        case WhoIs(_, unit):
            identity = await identify(visit, unit, patience_s)
            profiles = site.library.profiles()
            fits = await profile_fits(
                visit, unit, profiles, identity, patience_s, lambda done, of: said(Progress(done, of))
            )
            return Identified(identity, fits)
        case TryProfile(_, unit, name):
            return await _tried(visit, unit, site.library.profile(name), patience_s)
        case WatchRegisters(_, unit, span, over_s, expected):
            reader = UnitReader(visit, unit, patience_s)
            every_s = over_s / (SAMPLES - 1)
            window = await read_window(reader, span, SAMPLES, every_s, lambda done, of: said(Progress(done, of)))
            # A tenth of a second of arithmetic, which the field shall not wait for.
            return Watched(span.address, window, await asyncio.to_thread(Reader, window, expected))


async def _tried(visit: Visit, unit: int, profile: Profile, patience_s: float) -> Tried:
    decoder = Decoder(profile)
    placement = as_written(decoder)
    if profile.sunspec:
        identity = await identify(visit, unit, patience_s)
        placement = place_on(decoder, identity.models)
    reader = UnitReader(visit, unit, patience_s, profile.read.silence_ms / 1000.0)
    return Tried(profile, await try_profile(reader, decoder, placement))
