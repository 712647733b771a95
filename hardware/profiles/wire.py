"""What a request costs on the wire it goes over, so that a read plan can tell when two are cheaper than one."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.profiles.model import Span

_SERIAL_ASK = 8  # characters of a read request: unit, function, address, count, CRC
_SERIAL_FRAME = 5  # characters of its answer beyond the data: unit, function, byte count, CRC
_NETWORK_FRAMES = 101  # bytes of request and answer beyond the data, MBAP, TCP and IP headers included
_SILENCE_CHARACTERS = 3.5  # between two frames; MODBUS over Serial Line 1.02, section 2.5.1.1
_LEAST_SILENCE_S = 0.00175  # the same section: fixed above 19,200 baud
_FASTEST_COUNTED_BAUD = 19_200


@dataclass(frozen=True, slots=True)
class WireCost:
    """Seconds of a wire: `request_s` for one request and its answer without data, `byte_s` for each byte of data."""

    request_s: float
    byte_s: float

    def __post_init__(self) -> None:
        if self.request_s <= 0.0 or self.byte_s < 0.0:
            raise ValueError("a request takes time, and a byte does not give any back")

    def of(self, span: Span) -> float:
        """Seconds for reading `span` once."""
        data_bytes = (span.count + 7) // 8 if span.table.is_bits else 2 * span.count
        return self.request_s + self.byte_s * data_bytes


def network_cost(round_trip_s: float = 0.005, bytes_per_s: float = 1e6) -> WireCost:
    """TCP, TLS and UDP: mostly a round trip. The defaults are a small controller on a local network."""
    return WireCost(round_trip_s + _NETWORK_FRAMES / bytes_per_s, 1.0 / bytes_per_s)


def serial_cost(baud: int, parity: str = "N", stop_bits: int = 1, turnaround_s: float = 0.01) -> WireCost:
    """RTU on a serial line: every character counts, and 3.5 silent ones after the request and after the answer.

    `turnaround_s`: how long a device thinks before it answers.
    """
    character_s = (1 + 8 + (parity != "N") + stop_bits) / baud
    silence_s = _SILENCE_CHARACTERS * character_s if baud <= _FASTEST_COUNTED_BAUD else _LEAST_SILENCE_S
    return WireCost((_SERIAL_ASK + _SERIAL_FRAME) * character_s + 2 * silence_s + turnaround_s, character_s)


NETWORK = network_cost()
