"""Which units answer on a link: one question a unit, with a pause after each, so that nobody else is kept waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hardware.commissioning.visit import Visit, within
from hardware.modbus import Connection, FieldError
from hardware.points import Reason
from hardware.profiles import Table

ALL_UNITS = range(1, 248)  # Modbus over Serial Line 1.02, section 2.2: 0 is broadcast, 248 to 255 are reserved
_HIGHEST_UNIT = 255  # on Modbus TCP, where some devices take no other
PATIENCE_S = 0.4
REST = 1.0  # times as long as the question took: the search takes half of a link's time at most
_GATEWAY_CODES = (10, 11)  # the gateway answers, nobody behind it does
_ALIKE_FROM = 3  # units that answer the same, before it is looked at whether all do
_OTHERS = 3  # units asked besides


class BadUnits(ValueError):
    """What was written names no units; the text says what to write."""


def units_from(text: str) -> tuple[int, ...]:
    """Units from "1-247" or "1,5,20-30", each once. Raises BadUnits."""
    units: dict[int, None] = {}
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise BadUnits(f"'{text}' names no units; write 1-247, or a list such as 1,5,20-30.")
        low, high = int(first), int(last or first)
        if not 1 <= low <= high <= _HIGHEST_UNIT:
            raise BadUnits(f"'{part}' names no units from 1 to 255; write 1-247, or a list such as 1,5,20-30.")
        units.update(dict.fromkeys(range(low, high + 1)))
    return tuple(units)


@dataclass(frozen=True, slots=True)
class FoundUnit:
    """A unit that answered. `says` is how, in words; `word` its holding register 0 where it told."""

    unit: int
    says: str
    round_trip_ms: float
    word: int | None = None


@dataclass(frozen=True, slots=True)
class SearchNews:
    """How far a search is: `asked` of `total` units, `unit` the newest, and everything found so far."""

    asked: int
    total: int
    unit: int
    found: tuple[FoundUnit, ...]


async def find_units(
    visit: Visit,
    units: Sequence[int] = ALL_UNITS,
    said: Callable[[SearchNews], None] = lambda _news: None,
    patience_s: float = PATIENCE_S,
    rest: float = REST,
) -> tuple[FoundUnit, ...]:
    """Asks each unit for holding register 0; an exception is an answer too. Ends early when cancelled.

    Raises FieldError where the link itself cannot be reached.
    """
    found: list[FoundUnit] = []
    for asked, unit in enumerate(units, 1):
        began = time.monotonic()
        answer = await _ask(visit, unit, patience_s)
        if answer is not None:
            found.append(answer)
        said(SearchNews(asked, len(units), unit, tuple(found)))
        await asyncio.sleep(rest * (time.monotonic() - began))
    return tuple(found)


async def _ask(visit: Visit, unit: int, patience_s: float) -> FoundUnit | None:
    """None where nobody answers. Raises FieldError where the link cannot be reached."""
    took_ms = 0.0

    async def question(connection: Connection) -> bytes:
        nonlocal took_ms
        began = time.perf_counter()
        try:
            return await connection.read(unit, Table.HOLDING, 0, 1)
        finally:
            took_ms = 1000.0 * (time.perf_counter() - began)

    try:
        payload = await visit(within(patience_s, question))
    except FieldError as error:
        if error.reason is Reason.REFUSED:
            raise
        if error.reason in (Reason.TIMEOUT, Reason.DROPPED):
            return None
        if error.reason is Reason.EXCEPTION and error.detail in _GATEWAY_CODES:
            return None
        is_refusal = error.reason is Reason.EXCEPTION  # of that one register: somebody is there
        return FoundUnit(unit, f"answers, exception {error.detail}" if is_refusal else error.text, took_ms)
    return FoundUnit(unit, "answers", took_ms, int.from_bytes(payload, "big"))


async def takes_no_notice(visit: Visit, found: Sequence[FoundUnit], asked: Sequence[int], patience_s: float) -> bool:
    """Whether one device answers for every unit there is, as many with a plug of their own do.

    Where all that were asked answer alike, a few that were not are asked too: nobody has that many devices by chance.
    Raises FieldError where the link itself cannot be reached.
    """
    if len(found) != len(asked) or len(found) < _ALIKE_FROM or len({(unit.says, unit.word) for unit in found}) > 1:
        return False
    others = [unit for unit in reversed(ALL_UNITS) if unit not in asked][:_OTHERS]
    for unit in others:
        answer = await _ask(visit, unit, patience_s)
        if answer is None or (answer.says, answer.word) != (found[0].says, found[0].word):
            return False
    return True
