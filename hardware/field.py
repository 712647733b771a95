"""What the scanner is told to read: links and devices, as frozen values. Made by the site, or by hand in a test."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.profiles import BUILT_IN, Library


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """One bus or gateway.

    `url`: tcp://HOST:PORT, udp://HOST:PORT, rtu+tcp://HOST:PORT, serial:///dev/ttyS3?baud=9600&parity=E or
    tls://HOST:PORT?ca=ca.pem&cert=operator.pem&key=operator.key, whose files are looked for in `folder`
    """

    id: str
    url: str
    timeout_s: float = 1.0
    connections: int = 1  # connections the gateway allows at once; RTU links always have one
    silence_ms: float = 0.0  # rest between two requests on the same connection
    folder: str = ""


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """One device on one link, read every `every_s` seconds by the plan of its profile."""

    id: str
    link: str
    unit: int
    profile: str
    every_s: float = 5.0


@dataclass(frozen=True, slots=True)
class FieldSpec:
    links: tuple[LinkSpec, ...]
    devices: tuple[DeviceSpec, ...]
    library: Library = BUILT_IN  # where the devices' profiles are found


@dataclass(frozen=True, slots=True)
class DeviceState:
    """How one device answers.

    `state`: starting, answering, slow, silent, refusing, wrong answers or out of service.
    """

    device: str
    state: str
    reason: str  # in words, empty while answering
    last_answer_ns: int  # 0: never
    round_trip_ms: float
    requests: int
    lost: int  # requests without a good answer
    lost_recent: tuple[int, ...]  # lost requests in each of the last 24 slots of an hour, oldest first
