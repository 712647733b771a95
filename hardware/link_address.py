"""Link addresses as typed values: tcp://, tls:// (Modbus/TCP Security), udp://, rtu+tcp:// and serial://.

Knows no library of the wire, so that whoever only reads a site's table loads none; docs/links.md teaches each kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from hardware.field import LinkSpec

_PORTS = {"tcp": 502, "tls": 802, "udp": 502, "rtu+tcp": 502}
_PARITIES = ("N", "E", "O")
_BITS_A_CHARACTER = 11  # start, eight data, parity or a second stop, stop
_OPTIONS = {
    "serial": {"baud", "parity", "stop"},
    "tls": {"ca", "cert", "key", "host"},
    "tcp": set[str](),
    "udp": set[str](),
    "rtu+tcp": set[str](),
}


class BadLink(Exception):
    """A link address that cannot be used; the text says why and what a right one looks like."""


@dataclass(frozen=True, slots=True)
class LinkAddress:
    """Where a link leads. `host` is the serial port for a serial link."""

    kind: str  # tcp | tls | udp | rtu+tcp | serial
    host: str
    port: int = 0
    baud: int = 19200
    parity: str = "N"
    stop_bits: int = 1
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""  # without one, the key is in the certificate's file
    host_name: str = ""  # in the device's certificate, where it is not the host of the address

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


def address_of(link: LinkSpec) -> LinkAddress:
    """Raises BadLink with a sentence."""
    return parse_link(link.url, link.folder)


def options_of(url: str) -> dict[str, str]:
    """What stands behind the question mark. A plus is a plus, as in the name of a folder; %20 is a space."""
    pairs = (part.partition("=") for part in urlsplit(url).query.split("&"))
    return {name: unquote(value) for name, _, value in pairs if value}


def parse_link(url: str, folder: str = "") -> LinkAddress:
    """`folder`: where the files of a tls link are looked for. Raises BadLink with a sentence."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise BadLink(f"'{url}' names no host that could be read; write tcp://HOST:PORT, IPv6 in [ ].") from error
    if parts.scheme not in _OPTIONS:
        raise BadLink(f"'{url}' has to start with tcp://, tls://, udp://, rtu+tcp:// or serial://.")
    options = options_of(url)
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
    host_name = options.pop("host", "")
    files = {f"{key}_file": str(Path(folder, value)) for key, value in options.items()}
    return LinkAddress(parts.scheme, parts.hostname, port, host_name=host_name, **files)  # type: ignore[arg-type]


def _serial(url: str, parts: SplitResult, options: dict[str, str]) -> LinkAddress:
    host = parts.netloc + parts.path  # serial:///dev/ttyS3 and serial://COM3
    baud, stop = options.get("baud", "19200"), options.get("stop", "1")
    parity = options.get("parity", "N").upper()
    if not host:
        raise BadLink(f"'{url}' names no serial port; write serial:///dev/ttyS0?baud=19200 or serial://COM3.")
    if not baud.isdigit() or stop not in ("1", "2") or parity not in _PARITIES:
        raise BadLink(f"'{url}': baud has to be a number, parity N, E or O, stop 1 or 2.")
    return LinkAddress("serial", host, baud=int(baud), parity=parity, stop_bits=int(stop))
