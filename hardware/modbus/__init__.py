"""The wire: links on pymodbus, every answer checked, one owner a connection."""

from hardware.modbus.address import BadLink, LinkAddress, parse_link
from hardware.modbus.connection import Connection
from hardware.modbus.decode import Decoder
from hardware.modbus.device_line import DeviceLine, ReadAnswer, Readout
from hardware.modbus.errors import FieldError
from hardware.modbus.wire import wire_of

__all__ = [
    "BadLink",
    "Connection",
    "Decoder",
    "DeviceLine",
    "FieldError",
    "LinkAddress",
    "ReadAnswer",
    "Readout",
    "parse_link",
    "wire_of",
]
