"""What a unit says about itself: device identification (function 43/14) and the chain of SunSpec models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hardware.commissioning.visit import Visit, within
from hardware.modbus import FieldError
from hardware.modbus.identification import BASIC, REGULAR, IdentityPage
from hardware.modbus.sunspec import BASES, END_OF_CHAIN, MARK, NEAR_BASES, ChainLink
from hardware.points import Reason
from hardware.profiles import Table

# MODBUS Application Protocol 1.1b3, section 6.21, table of object ids.
OBJECT_NAMES = {
    0: "manufacturer",
    1: "product code",
    2: "revision",
    3: "address on the web",
    4: "product",
    5: "model",
    6: "application",
}
_MOST_PAGES = 16  # an identification that goes on longer answers nonsense
_MOST_MODELS = 60


@dataclass(frozen=True, slots=True)
class Identity:
    """`texts` are (name, text) in the device's order, empty where it does not know function 43. `why_not` says why."""

    texts: tuple[tuple[str, str], ...] = ()
    models: tuple[ChainLink, ...] = ()
    why_not: str = ""

    @property
    def title(self) -> str:
        """Maker and product in one line, empty where nothing is told."""
        told = dict(self.texts)
        product = told.get("product") or told.get("model") or told.get("product code", "")
        maker = told.get("manufacturer", "")
        if maker and product.casefold().startswith(maker.split(" ")[0].casefold()):
            return product  # it names its maker itself
        return " ".join(word for word in (maker, product) if word)


async def identify(visit: Visit, unit: int, patience_s: float) -> Identity:
    """Asks for both. Raises FieldError where the unit does not answer at all."""
    texts, why_not = await _texts(visit, unit, patience_s)
    return Identity(texts, await _models(visit, unit, patience_s), why_not)


async def _texts(visit: Visit, unit: int, patience_s: float) -> tuple[tuple[tuple[str, str], ...], str]:
    for detail in (REGULAR, BASIC):
        try:
            objects = await _objects(visit, unit, detail, patience_s)
        except FieldError as error:
            if error.reason in (Reason.REFUSED, Reason.DROPPED):
                raise
            why_not = error.text
            continue
        named = ((OBJECT_NAMES.get(number, f"object {number}"), _text(raw)) for number, raw in objects)
        return tuple((name, text) for name, text in named if text), ""
    return (), why_not


async def _objects(visit: Visit, unit: int, detail: int, patience_s: float) -> list[tuple[int, bytes]]:
    objects: list[tuple[int, bytes]] = []
    first = 0
    for _ in range(_MOST_PAGES):
        page = await _page(visit, unit, detail, first, patience_s)
        objects += page.objects
        if page.following is None or page.following <= first:
            break
        first = page.following
    return objects


async def _page(visit: Visit, unit: int, detail: int, first: int, patience_s: float) -> IdentityPage:
    return await visit(within(patience_s, lambda connection: connection.identify(unit, detail, first)))


def _text(raw: bytes) -> str:
    return "".join(char for char in raw.decode("utf-8", "replace").strip("\0 ") if char.isprintable())


async def _models(visit: Visit, unit: int, patience_s: float) -> tuple[ChainLink, ...]:
    """The chain as far as it can be walked, one question a visit; empty where there is no mark."""

    async def two(address: int) -> bytes:
        return await visit(within(patience_s, lambda connection: connection.read(unit, Table.HOLDING, address, 2)))

    models: list[ChainLink] = []
    try:
        start = await _mark(two)
        while start is not None and start < 0xFFF0 and len(models) < _MOST_MODELS:
            head = await two(start)
            model, length = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:], "big")
            if model == END_OF_CHAIN or start + 2 + length > 0xFFFF:
                break
            models.append(ChainLink(model, start, length))
            start += 2 + length
    except FieldError as error:
        if error.reason is Reason.REFUSED:
            raise
    return tuple(models)


async def _mark(two: Callable[[int], Awaitable[bytes]]) -> int | None:
    """The address behind the mark "SunS", None where it stands nowhere."""
    silent = False
    for base in (*BASES, *NEAR_BASES):
        if silent and base in NEAR_BASES:
            break  # a device that does not refuse what it does not have costs a wait for each
        try:
            if await two(base) == MARK:
                return base + 2
        except FieldError as error:
            if error.reason not in (Reason.EXCEPTION, Reason.TIMEOUT):
                raise
            silent = silent or error.reason is Reason.TIMEOUT
    return None
