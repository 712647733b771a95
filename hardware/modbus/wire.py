"""Which kind of wire a link leads to, for its read plans."""

from __future__ import annotations

from hardware.link_address import LinkAddress
from hardware.profiles import NETWORK, WireCost, serial_cost

_BEHIND_A_GATEWAY_BAUD = 19_200  # MODBUS over Serial Line 1.02, section 3.2: what a line has unless it is set otherwise


def wire_of(address: LinkAddress) -> WireCost:
    """A serial line has its own speed. Behind RTU over TCP there is one whose speed nobody told, so the usual one, and
    each request goes over the network to it and back."""
    if address.kind == "serial":
        return serial_cost(address.baud, address.parity, address.stop_bits)
    if not address.is_rtu:
        return NETWORK
    line = serial_cost(_BEHIND_A_GATEWAY_BAUD, "E")
    return WireCost(line.request_s + NETWORK.request_s, line.byte_s)
