"""Sockets and serial ports that a virtual site is served on, taken before the long work of playing a past begins."""

from __future__ import annotations

import errno
import os
import socket
from urllib.parse import urlsplit

from hardware.field import FieldSpec, LinkSpec


class CannotServe(OSError):
    """A link cannot be served; the message is the sentence to show."""


class PortInUse(CannotServe):
    """A port that is needed cannot be had."""


def why_not(cause: OSError) -> str:
    return "is in use" if cause.errno == errno.EADDRINUSE else f"cannot be opened ({cause.strerror or cause})"


def kind_of(link: LinkSpec) -> str:
    """tcp, tls, udp, rtu+tcp or serial."""
    return urlsplit(link.url).scheme


def place_of(link: LinkSpec) -> tuple[str, int]:
    """Host and port that a link asks for."""
    parts = urlsplit(link.url)
    return parts.hostname or "127.0.0.1", 502 if parts.port is None else parts.port


def listen(link: LinkSpec, port: int | None = None) -> socket.socket:
    """A socket for this link, listening unless it is UDP; port 0 takes a free one. Raises PortInUse."""
    host, own_port = place_of(link)
    wanted = own_port if port is None else port
    datagrams = kind_of(link) == "udp"
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)
    try:
        # On Windows this option would let two programs share a port; elsewhere it only forgives an old connection.
        if os.name == "posix" and not datagrams:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, wanted))
        if not datagrams:
            listener.listen(100)
    except OSError as error:
        listener.close()
        raise PortInUse(
            f"Port {wanted} on {host} {why_not(error)}, so link {link.id} cannot be served there; "
            "stop what holds it or choose another --port-base."
        ) from error
    listener.setblocking(False)
    return listener


def listen_for(field: FieldSpec) -> dict[str, socket.socket]:
    """A socket for every link that has one; serial ports are opened when they are served. Raises PortInUse."""
    taken: dict[str, socket.socket] = {}
    try:
        for link in field.links:
            if kind_of(link) != "serial":
                taken[link.id] = listen(link)
    except PortInUse:
        for listener in taken.values():
            listener.close()
        raise
    return taken
