"""The field as rows: one a device, grouped by link, with what deviates told apart. Pure; made anew each second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from energy_console.engine.link import DeviceState
from energy_console.site.model import Site

FINE, SILENT, SLOW, OFF = "fine", "silent", "slow", "off"
ALL = "all"

_SORTS = {
    "answering": FINE,
    "starting": FINE,
    "slow": SLOW,
    "wrong answers": SLOW,
    "silent": SILENT,
    "refusing": SILENT,
    "out of service": OFF,
}
_FRAMINGS = {
    "tcp": "Modbus TCP",
    "tls": "Modbus TLS",
    "udp": "Modbus UDP",
    "rtu+tcp": "RTU over TCP",
    "serial": "Serial RTU",
}


def sort_of(state: DeviceState) -> str:
    """fine, silent, slow or off; a state that is not known counts as slow, so that it is seen."""
    return _SORTS.get(state.state, SLOW)


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """What does not change while the program runs."""

    id: str
    name: str  # without the id, where the name ends with it
    link: str
    unit: int
    profile: str  # in words
    search: str  # everything one may search by, in lower case


@dataclass(frozen=True, slots=True)
class LinkSums:
    """One link: how many answer, the newest answer, mean round trip, requests and losses."""

    devices: int
    answering: int
    silent: int
    slow: int
    off: int
    last_answer_ns: int
    round_trip_ms: float
    requests: int
    lost: int
    lost_recent: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A link and the devices listed under it; `folded` more all answer and are not listed."""

    link: str
    address: str
    devices: tuple[str, ...]
    folded: int


def device_rows(site: Site) -> dict[str, DeviceRow]:
    """One row a device, in site order."""
    used = {device.spec.profile for device in site.devices}
    titles = {name: site.library.profile(name).title for name in used if site.library.knows(name)}
    rows = {}
    for device in site.devices:
        spec = device.spec
        kind = titles.get(spec.profile, spec.profile)
        search = f"{device.id} {device.name} {spec.link} unit {spec.unit} {kind} {spec.profile} {device.area.value}"
        name = device.name.removesuffix(device.id).rstrip()
        rows[device.id] = DeviceRow(device.id, name, spec.link, spec.unit, kind, search.casefold())
    return rows


def traps_of(site: Site, device: str) -> tuple[str, ...]:
    """What goes wrong with devices of this one's type, each a sentence."""
    name = site.device(device).spec.profile
    return site.library.profile(name).traps if site.library.knows(name) else ()


def address_of(url: str) -> str:
    """`tcp://10.20.4.11:502` as "Modbus TCP 10.20.4.11:502"."""
    scheme, _, rest = url.partition("://")
    place, _, options = rest.partition("?")
    baud = next((part.removeprefix("baud=") for part in options.split("&") if part.startswith("baud=")), "")
    return " ".join(word for word in (_FRAMINGS.get(scheme, scheme), place.rpartition("/")[2] or place, baud) if word)


def counts(states: Mapping[str, DeviceState]) -> dict[str, int]:
    """How many devices are of each sort, and all."""
    found = {ALL: len(states), FINE: 0, SILENT: 0, SLOW: 0, OFF: 0}
    for state in states.values():
        found[sort_of(state)] += 1
    return found


def group_by_link(
    site: Site,
    rows: Mapping[str, DeviceRow],
    states: Mapping[str, DeviceState],
    sort: str,
    search: str,
    unfolded: frozenset[str],
) -> list[Group]:
    """Links in site order with the devices to list: all that deviate, and of the others all or none.

    Without a filter, the devices of a link that answer fold into one line unless the link is in `unfolded` or none of
    its devices deviates; a filter or search lists all it finds, and leaves out links without any.
    """
    words = search.casefold().split()
    of_link: dict[str, list[str]] = {link.id: [] for link in site.links}
    for row in rows.values():
        state = states.get(row.id)
        fits = sort == ALL or (state is not None and sort_of(state) == sort)
        if fits and all(word in row.search for word in words):
            of_link[row.link].append(row.id)
    filtered = bool(words) or sort != ALL
    groups = []
    for link in site.links:
        found = of_link[link.id]
        if filtered and not found:
            continue
        listed = found if filtered or link.id in unfolded else _deviating(found, states) or found
        groups.append(Group(link.id, address_of(link.url), tuple(listed), len(found) - len(listed)))
    return groups


def _deviating(devices: Sequence[str], states: Mapping[str, DeviceState]) -> list[str]:
    return [device for device in devices if (state := states.get(device)) is not None and sort_of(state) != FINE]


def sums_of(devices: Sequence[str], states: Mapping[str, DeviceState]) -> LinkSums:
    """Sums over all devices of a link, listed or not."""
    known = [states[device] for device in devices if device in states]
    sorts = [sort_of(state) for state in known]
    trips = [state.round_trip_ms for state in known if state.last_answer_ns and state.round_trip_ms > 0]
    recent = [state.lost_recent for state in known if state.lost_recent]
    return LinkSums(
        devices=len(devices),
        answering=sum(state.state in ("answering", "slow") for state in known),
        silent=sorts.count(SILENT),
        slow=sorts.count(SLOW),
        off=sorts.count(OFF),
        last_answer_ns=max((state.last_answer_ns for state in known), default=0),
        round_trip_ms=sum(trips) / len(trips) if trips else float("nan"),
        requests=sum(state.requests for state in known),
        lost=sum(state.lost for state in known),
        lost_recent=tuple(sum(slot) for slot in zip(*recent, strict=False)),
    )
