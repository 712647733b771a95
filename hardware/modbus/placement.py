"""Where one device has the registers of its profile: as written, or where its chain of SunSpec models has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hardware.modbus.connection import Connection
from hardware.modbus.decode import Decoder
from hardware.modbus.errors import FieldError
from hardware.modbus.sunspec import ChainLink, walk_chain
from hardware.points import BoolArray, Reason
from hardware.profiles import Profile, ProfilePoint, Span, Table
from hardware.profiles.model import SunSpecModel

ANOTHER_CHAIN = "has another chain of SunSpec models than before"
_COMMON = 1  # every device has it, so having it says nothing about what the device is


@dataclass(frozen=True, slots=True)
class Placement:
    """How a read plan is carried out at one device.

    `requests` are absolute and in the order of the plan, without those for models that the device does not have;
    a model that is shorter than the profile says is asked for what it has. `expand` gives the answers back the
    shape of the plan; points that are in none of them are `not_fitted`.
    """

    requests: tuple[Span, ...]
    numbers: tuple[int, ...]  # of the plan's request that each of `requests` carries out
    sizes: tuple[int, ...]  # bytes of each request of the plan
    not_fitted: BoolArray  # one a point of the profile
    models: tuple[tuple[SunSpecModel, ChainLink], ...] = ()  # of the profile, as far as the device has them
    heads: tuple[bytes, ...] = ()  # what the answer to each of `requests` has to begin with

    def expand(self, payloads: Sequence[bytes], failed: Sequence[int]) -> tuple[list[bytes], list[int]]:
        """Answers and statuses of `requests` as those of the plan: what was not asked for is empty and good."""
        if not self.models:
            return list(payloads), list(failed)
        whole, statuses = [bytes(size) for size in self.sizes], [0] * len(self.sizes)
        for number, payload, status in zip(self.numbers, payloads, failed, strict=True):
            whole[number] = payload.ljust(self.sizes[number], b"\0") if payload else b""
            statuses[number] = status
        return whole, statuses

    def is_as_found(self, payloads: Sequence[bytes]) -> bool:
        """False where an answer shows another model than the one that stood there when the chain was walked."""
        return all(not payload or payload.startswith(head) for payload, head in zip(payloads, self.heads, strict=False))

    def address_of(self, address: int, words: int) -> int:
        """Where the device has these registers of the profile. Raises FieldError where it does not have them."""
        if not self.models:
            return address
        for model, link in self.models:
            if address in model:
                offset = address - model.start
                if offset + words > 2 + link.length:
                    text = f"has a SunSpec model {link.model} of {link.length} registers, too short for this point"
                    raise FieldError(Reason.NO_VALUE, text)
                return link.start + offset
        raise FieldError(Reason.NO_VALUE, "does not have the SunSpec model of this point")

    def head_of(self, address: int) -> tuple[Span, bytes] | None:
        """The first two registers of the model that `address` is in, and what they hold; None outside SunSpec."""
        for model, link in self.models:
            if address in model:
                return Span(Table.HOLDING, link.start, 2), _head(link)
        return None


def as_written(decoder: Decoder) -> Placement:
    """The placement of a device whose addresses are those of its profile."""
    numbers = tuple(range(len(decoder.requests)))
    return Placement(decoder.requests, numbers, _sizes(decoder), np.zeros(len(decoder.profile.points), np.bool_))


def _sizes(decoder: Decoder) -> tuple[int, ...]:
    return tuple(2 * span.count for span in decoder.requests)


async def find_placement(connection: Connection, unit: int, decoder: Decoder, silence_s: float = 0.0) -> Placement:
    """Walks the chain of a SunSpec device. Raises FieldError, also where it has none of the profile's models."""
    if not decoder.profile.sunspec:
        return as_written(decoder)
    chain = [link async for link in walk_chain(connection, unit, silence_s)]
    return place_on(decoder, chain)


def place_on(decoder: Decoder, chain: Sequence[ChainLink]) -> Placement:
    """The placement of a profile on a chain of models. Raises FieldError where they have nothing in common."""
    found = models_on(decoder.profile, chain)
    if all(link.model == _COMMON for _, link in found):
        raise FieldError(Reason.WRONG_ANSWER, f"has no SunSpec model {_wanted(decoder.profile)} in its chain")
    requests, numbers, heads = [], [], []
    for number, span in enumerate(decoder.requests):
        placed = _placed(span, found)
        if placed is not None:
            actual, head = placed
            requests.append(actual)
            numbers.append(number)
            heads.append(head)
    return Placement(
        tuple(requests),
        tuple(numbers),
        _sizes(decoder),
        np.array([not _has(found, point) for point in decoder.profile.points]),
        found,
        tuple(heads),
    )


def models_on(profile: Profile, chain: Sequence[ChainLink]) -> tuple[tuple[SunSpecModel, ChainLink], ...]:
    """The models of a profile that a chain has, and where."""
    found = []
    for model in profile.sunspec:
        same = [link for link in chain if link.model in model.models]
        if len(same) >= model.nth:
            found.append((model, same[model.nth - 1]))
    return tuple(found)


def _wanted(profile: Profile) -> str:
    numbers = [str(number) for model in profile.sunspec for number in model.models if number != _COMMON]
    return " or ".join(filter(None, (", ".join(numbers[:-1]), numbers[-1]))) if numbers else "besides the common one"


def _placed(span: Span, found: Sequence[tuple[SunSpecModel, ChainLink]]) -> tuple[Span, bytes] | None:
    """The registers of `span` at the device, as far as its model goes, and what they begin with if they begin it."""
    for model, link in found:
        if span.address in model:
            offset = span.address - model.start
            count = min(span.count, 2 + link.length - offset)
            head = _head(link) if offset == 0 else b""
            return (Span(span.table, link.start + offset, count), head) if count > 0 else None
    return None


def _head(link: ChainLink) -> bytes:
    return link.model.to_bytes(2, "big") + link.length.to_bytes(2, "big")


def _has(found: Sequence[tuple[SunSpecModel, ChainLink]], point: ProfilePoint) -> bool:
    for model, link in found:
        if point.address in model:
            end = max(point.end, (point.scale_register or 0) + 1) - model.start
            return end <= 2 + link.length
    return False
