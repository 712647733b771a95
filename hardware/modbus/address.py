"""Link addresses: tcp://, tls://, rtu+tcp:// and serial:// as typed values, and clients of pymodbus made from them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient, AsyncModbusTlsClient
from pymodbus.client.base import ModbusBaseClient

_PORTS = {"tcp": 502, "tls": 802, "rtu+tcp": 502}
_PARITIES = ("N", "E", "O")
_BITS_A_CHARACTER = 11  # start, eight data, parity or a second stop, stop
_OPTIONS = {
    "serial": {"baud", "parity", "stop"},
    "tls": {"ca", "cert", "key"},
    "tcp": set[str](),
    "rtu+tcp": set[str](),
}


class BadLink(Exception):
    """A link address that cannot be used; the text says why and what a right one looks like."""


@dataclass(frozen=True, slots=True)
class LinkAddress:
    """Where a link leads. `host` is the serial port for a serial link."""

    kind: str  # tcp | tls | rtu+tcp | serial
    host: str
    port: int = 0
    baud: int = 19200
    parity: str = "N"
    stop_bits: int = 1
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""

    @property
    def is_rtu(self) -> bool:
        """True where frames carry no transaction number, so that a late answer looks like the next one."""
        return self.kind in ("rtu+tcp", "serial")

    @property
    def frame_gap_s(self) -> float:
        """Silence that parts two frames on a serial line: 3.5 characters, 1.75 ms above 19200 baud; else 0.

        Source: MODBUS over Serial Line 1.02, section 2.5.1.1.
        """
        if self.kind != "serial":
            return 0.0
        return 0.00175 if self.baud > 19200 else 3.5 * _BITS_A_CHARACTER / self.baud

    def __str__(self) -> str:
        return f"{self.kind}://{self.host}" if self.kind == "serial" else f"{self.kind}://{self.host}:{self.port}"


def parse_link(url: str) -> LinkAddress:
    """Raises BadLink with a sentence."""
    parts = urlsplit(url)
    if parts.scheme not in _OPTIONS:
        raise BadLink(f"'{url}' has to start with tcp://, tls://, rtu+tcp:// or serial://.")
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    unknown = set(options) - _OPTIONS[parts.scheme]
    if unknown:
        known = ", ".join(sorted(_OPTIONS[parts.scheme])) or "none"
        raise BadLink(f"'{url}': option {', '.join(sorted(unknown))} is not known for {parts.scheme}; known: {known}.")
    if parts.scheme == "serial":
        return _serial(url, parts, options)
    if not parts.hostname:
        raise BadLink(f"'{url}' names no host; write {parts.scheme}://HOST:PORT.")
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise BadLink(f"'{url}': the port has to be a number 1..65535.") from error
    files = {f"{key}_file": value for key, value in options.items()}
    return LinkAddress(parts.scheme, parts.hostname, port, **files)  # type: ignore[arg-type]


def _serial(url: str, parts: SplitResult, options: dict[str, str]) -> LinkAddress:
    host = parts.netloc + parts.path  # serial:///dev/ttyS3 and serial://COM3
    baud, stop = options.get("baud", "19200"), options.get("stop", "1")
    parity = options.get("parity", "N").upper()
    if not host:
        raise BadLink(f"'{url}' names no serial port; write serial:///dev/ttyS0?baud=19200 or serial://COM3.")
    if not baud.isdigit() or stop not in ("1", "2") or parity not in _PARITIES:
        raise BadLink(f"'{url}': baud has to be a number, parity N, E or O, stop 1 or 2.")
    return LinkAddress("serial", host, baud=int(baud), parity=parity, stop_bits=int(stop))


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
        return AsyncModbusTlsClient(
            address.host,
            port=address.port,
            sslctx=_tls_context(address),
            timeout=timeout_s,
            retries=0,
            reconnect_delay=0,
        )
    return AsyncModbusTcpClient(
        address.host,
        framer=FramerType.RTU if address.is_rtu else FramerType.SOCKET,
        port=address.port,
        timeout=timeout_s,
        retries=0,
        reconnect_delay=0,
    )


def _tls_context(address: LinkAddress) -> ssl.SSLContext:
    # pymodbus' own context verifies nothing; this one checks the chain and the host's name.
    try:
        context = ssl.create_default_context(cafile=address.ca_file or None)
        if address.cert_file:
            context.load_cert_chain(address.cert_file, address.key_file or None)
    except OSError as error:
        raise BadLink(f"{address}: a certificate file cannot be used: {error}.") from error
    return context
