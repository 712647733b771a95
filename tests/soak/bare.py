"""pymodbus alone as a reader: what the soak has to find wrong, so that it is known to find anything."""

from __future__ import annotations

from collections.abc import Callable

from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from hardware.modbus import parse_link
from hardware.modbus.errors import FieldError, wrong_answer
from hardware.points import Reason
from hardware.profiles import Table
from tests.soak.line import TIMEOUT_S, Read
from tests.soak.tagged import Block


def bare_reader(url: str) -> tuple[Read, Callable[[], None]]:
    """Reads with pymodbus' own client and framers, and believes what they hand over."""
    link = parse_link(url)
    framer = FramerType.RTU if link.is_rtu else FramerType.SOCKET
    client = AsyncModbusTcpClient(link.host, port=link.port, framer=framer, timeout=TIMEOUT_S, retries=0)

    async def read(block: Block) -> bytes:
        ask = client.read_holding_registers if block.table is Table.HOLDING else client.read_input_registers
        try:
            if not client.connected:
                await client.connect()
            answer = await ask(2 * block.first, count=2 * block.cells, device_id=block.unit)
        except ModbusException as error:
            raise FieldError(Reason.TIMEOUT, str(error)) from error
        if answer.isError():
            raise wrong_answer("exception")
        return b"".join(word.to_bytes(2, "big") for word in answer.registers)

    return read, client.close
