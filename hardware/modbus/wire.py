"""Which kind of wire a link leads to, for its read plans."""

from __future__ import annotations

from hardware.link_address import LinkAddress
from hardware.profiles import NETWORK, WireCost, serial_cost

_BEHIND_A_GATEWAY_BAUD = 19_200  # MODBUS over Serial Line 1.02, section 3.2: what a line has unless it is set otherwise


def wire_of(address: LinkAddress) -> WireCost:
    """A serial line has its own speed; behind RTU over TCP there is one whose speed nobody told, so the usual one."""
    if address.kind == "serial":
        return serial_cost(address.baud, address.parity, address.stop_bits)
    return serial_cost(_BEHIND_A_GATEWAY_BAUD, "E") if address.is_rtu else NETWORK
