"""pymodbus's clients made from link addresses, none of which resends or reconnects by itself."""

from __future__ import annotations

import asyncio
import ssl
from functools import partial

from pymodbus import FramerType
from pymodbus.client import (
    AsyncModbusSerialClient,
    AsyncModbusTcpClient,
    AsyncModbusTlsClient,
    AsyncModbusUdpClient,
)
from pymodbus.client.base import ModbusBaseClient

from hardware.link_address import BadLink, LinkAddress
from hardware.modbus.serial_ports import serial_sentence
from hardware.modbus.tls import BadCertificate, client_context, tls_sentence


def make_client(address: LinkAddress, timeout_s: float) -> ModbusBaseClient:
    """A client of pymodbus that neither resends nor reconnects by itself; make it inside the loop that uses it.

    Raises BadLink where the certificate files of a tls link cannot be read.
    """
    if address.kind == "serial":
        return AsyncModbusSerialClient(
            address.host,
            framer=FramerType.RTU,
            baudrate=address.baud,
            parity=address.parity,
            stopbits=address.stop_bits,
            timeout=timeout_s,
            retries=0,
            reconnect_delay=0,
        )
    if address.kind == "tls":
        return _tls_client(address, timeout_s)
    if address.kind == "udp":
        return AsyncModbusUdpClient(
            address.host, port=address.port, timeout=timeout_s, retries=0, reconnect_delay=0
        )  # fmt: skip
    return AsyncModbusTcpClient(
        address.host,
        framer=FramerType.RTU if address.is_rtu else FramerType.SOCKET,
        port=address.port,
        timeout=timeout_s,
        retries=0,
        reconnect_delay=0,
    )


def _tls_client(address: LinkAddress, timeout_s: float) -> ModbusBaseClient:
    try:
        context = client_context(address)
    except BadCertificate as error:
        raise BadLink(str(error)) from error
    client = AsyncModbusTlsClient(
        address.host, port=address.port, sslctx=context, timeout=timeout_s, retries=0, reconnect_delay=0
    )  # fmt: skip
    # pymodbus names the host of the address to TLS; the certificate may be for another name.
    client.ctx.call_create = partial(
        asyncio.get_running_loop().create_connection,
        client.ctx.handle_new_connection,
        address.host,
        address.port,
        ssl=context,
        server_hostname=address.host_name or address.host,
    )
    return client


def why_not_open(error: Exception, address: LinkAddress, opened: bool = False) -> str:
    """Why there is no connection. `opened`: there was one for a moment, before anything was answered."""
    if address.kind == "serial":
        return serial_sentence(error, address.host)
    if isinstance(error, ConnectionRefusedError):
        return "the connection is refused"
    if address.kind == "tls" and isinstance(error, ssl.SSLError | ConnectionError):
        return tls_sentence(error, address, opened)
    text = getattr(error, "strerror", None) or str(error)
    return f"cannot be reached ({text})" if text else "cannot be reached"
