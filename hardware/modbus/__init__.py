"""The wire: links on pymodbus, every answer checked, one owner a connection."""

from hardware.link_address import BadLink, LinkAddress, address_of, parse_link
from hardware.modbus.connection import Connection
from hardware.modbus.decode import Decoder
from hardware.modbus.device_line import DeviceLine, ReadAnswer, Readout
from hardware.modbus.errors import FieldError
from hardware.modbus.placement import ANOTHER_CHAIN, Placement, as_written, find_placement, models_on, place_on
from hardware.modbus.wire import wire_of

__all__ = [
    "ANOTHER_CHAIN",
    "BadLink",
    "Connection",
    "Decoder",
    "DeviceLine",
    "FieldError",
    "LinkAddress",
    "Placement",
    "ReadAnswer",
    "Readout",
    "address_of",
    "as_written",
    "find_placement",
    "models_on",
    "parse_link",
    "place_on",
    "wire_of",
]
