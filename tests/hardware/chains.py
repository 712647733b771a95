"""SunSpec devices for tests: chains of models put together word by word, and a script that answers as such a device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tests.hardware.scripted import Part, Request, registers, tcp

Words = dict[int, int]
Model = tuple[int, int, Mapping[int, int]]  # number, length, words by their offset from the number's register


def chain(models: Iterable[Model], base: int = 40000) -> Words:
    """The holding registers of a device with these models, the common one of 66 registers before them."""
    words = {base: 0x5375, base + 1: 0x6E53}
    start = base + 2
    for number, length, content in [(1, 66, {}), *models]:
        words.update({start + offset: 0 for offset in range(2 + length)})
        words.update({start: number, start + 1: length})
        words.update({start + offset: word for offset, word in content.items()})
        start += 2 + length
    return words | {start: 0xFFFF, start + 1: 0}


def answering(device: Words | Callable[[], Words]) -> Callable[[Request], list[Part]]:
    """Reads (function 03) of what the device has, exception 02 for the rest; writes are taken into the words."""

    def script(request: Request) -> list[Part]:
        words = device() if callable(device) else device
        if request.function in (6, 16):
            return [tcp(request, _take(words, request))]
        addresses = range(request.address, request.address + request.count)
        if request.function != 3 or any(address not in words for address in addresses):
            return [tcp(request, bytes([request.function | 0x80, 2]))]
        return [tcp(request, registers(3, [words[address] for address in addresses]))]

    return script


def _take(words: Words, request: Request) -> bytes:
    data = request.body[2:4] if request.function == 6 else request.body[5:]
    for at in range(0, len(data), 2):
        words[request.address + at // 2] = int.from_bytes(data[at : at + 2], "big")
    return bytes([request.function]) + request.body[:4]
