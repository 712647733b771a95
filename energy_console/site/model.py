"""The site as typed, frozen values: places, grid tree, devices, fleets, tariffs. Read from a site folder by `loader`.

Power is kW with consumption positive, energy kWh, money EUR, levels 0..1, positions metres on a local map.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from energy_console.site.formula import Formula, points_in
from energy_console.site.keeping import KeepRule
from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.link_address import options_of
from hardware.points import Allowed, Point
from hardware.profiles import BUILT_IN, Library


class Area(enum.StrEnum):
    """What a device belongs to; decides the page it is shown on and the layer of the power stack."""

    GRID = "grid"
    PORT = "port"
    CHARGING = "charging"
    LIGHTING = "lighting"
    HEAT = "heat"
    WATER = "water"
    AIR = "air"
    BUILDINGS = "buildings"
    SOLAR = "solar"
    WIND = "wind"


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    latitude_deg: float
    longitude_deg: float
    zone: ZoneInfo
    holidays: str = ""  # country whose public holidays count, with a part where it has one: NL, DE-HH


@dataclass(frozen=True, slots=True)
class GridNode:
    """One node of the grid tree. The root (`parent` None) is the connection to the public grid."""

    id: str
    name: str
    kind: str  # connection | substation | feeder | converter | station | hub
    parent: str | None
    limit_kw: float  # highest import, hard
    import_min_kw: float  # lowest import: minus what may be fed back, hard
    meter: str | None  # point id of its power, where it is metered


@dataclass(frozen=True, slots=True)
class PricePeriod:
    """Energy price for hours [start_hour, end_hour) of the days named, in the site's zone."""

    days: frozenset[int]  # 0 Monday .. 6 Sunday
    start_hour: float
    end_hour: float
    import_eur_per_kwh: float
    export_eur_per_kwh: float


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices of the connection from `valid_from` on. Peak: EUR per kW of the month's highest quarter-hour mean."""

    name: str
    valid_from: dt.date
    periods: tuple[PricePeriod, ...]
    peak_eur_per_kw: float
    contracted_kw: float
    carbon_eur_per_t: float


@dataclass(frozen=True, slots=True)
class PlanTimes:
    """When plans are made, and how far ahead of itself a plan stays as it is."""

    every_min: int = 15
    at: tuple[dt.time, ...] = ()  # instead: these times of the site's day
    frozen_min: int = 30  # what a plan in force has for so long is kept by the next
    again_after_min: int = 3  # in between, when something has changed, but no sooner than so long after the last
    off_by_share: float = 0.05  # of the connection's limit: so far off the plan, the import is reason for a new one


@dataclass(frozen=True, slots=True)
class Carbon:
    """Grid carbon intensity by hour of the day, kg/kWh (24 values, local time), and where it was taken from."""

    grid_kg_per_kwh: tuple[float, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Device:
    """One device of the site. `node` is the grid node its power counts to."""

    id: str
    name: str
    area: Area
    spec: DeviceSpec
    node: str | None
    x_m: float | None
    y_m: float | None
    rated_kw: float | None  # what a plausible power cannot exceed


@dataclass(frozen=True, slots=True)
class CalculatedPoint:
    """A point made from others: a sum with factors, e.g. +1 M1/power_kw, -1 PV1/generation_kw, or another formula."""

    point: Point
    terms: tuple[tuple[float, str], ...]  # (factor, point id); empty where there is a formula
    formula: Formula | None = None  # what is not a sum

    @property
    def inputs(self) -> tuple[str, ...]:
        """The points it is made from."""
        return tuple(name for _, name in self.terms) if self.formula is None else points_in(self.formula)


@dataclass(frozen=True, slots=True)
class Quay:
    """One quay face. Stations stand along it; `water` says on which side of the drawing its water is."""

    id: str  # one letter
    name: str
    kind: str  # sea | ferries | inland cargo | river cruise | mixed
    length_m: float
    basin: str  # quays that share a basin face each other
    water: str  # below | above
    order: int  # from the top of the drawing


@dataclass(frozen=True, slots=True)
class Station:
    """One shore-power station with one or more access points."""

    id: str
    quay: str
    position_m: float  # along the quay
    node: str


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """One socket for one ship at a time, and the device that speaks for it."""

    id: str  # E01.1
    station: str
    device: str
    rated_kw: float
    voltage_v: float
    frequency_hz: float
    plug: str
    high_voltage: bool


@dataclass(frozen=True, slots=True)
class ShipCall:
    """One call, announced or there. Made from the weekly timetable of the site for the days asked for."""

    id: str
    ship: str
    kind: str  # container | cruise | ro-ro | ro-pax | car carrier | inland | river cruise | tug | ...
    length_m: float
    points: tuple[str, ...]  # access points it takes; empty: lies without shore power
    station: str
    arrives: dt.datetime  # aware, UTC
    leaves: dt.datetime
    hotel_kw: float
    engine_tier: int  # NOx tier of its auxiliary engine, 0..3


@dataclass(frozen=True, slots=True)
class CallSlot:
    """One line of the weekly timetable of ship calls, local time. `timetable.ship_calls` makes `ShipCall`s of it."""

    id: str
    ship: str
    kind: str
    length_m: float
    station: str
    points: tuple[str, ...]
    days: frozenset[int]  # of arrival; 0 Monday .. 6 Sunday
    arrives_h: float  # hours after local midnight
    stays_h: float
    hotel_kw: float
    engine_tier: int
    starts: dt.datetime | None = None  # aware; the line holds for arrivals from here ...
    ends: dt.datetime | None = None  # ... until before here


@dataclass(frozen=True, slots=True)
class LightingGroup:
    """Luminaires alike behind one cabinet. Floors are fractions of full output, worked out from the road class."""

    id: str
    name: str
    device: str  # its cabinet
    node: str
    road_class: str  # M1..M6, C0..C5, P1..P6
    lamps: int
    lamp_w: float
    standby_share: float  # of rated power
    gradient: float  # TALQ: P% = 100 - (100 - L%) / gradient
    floor: float
    ceiling: float
    evening_level: float
    night_level: float  # wanted from night_from to night_to
    streets: tuple[tuple[tuple[float, float], ...], ...]  # each a line on the local map, metres (x east, y north)


@dataclass(frozen=True, slots=True)
class Charger:
    id: str
    name: str
    device: str
    node: str
    kind: str  # car | bus | truck | vessel
    max_kw: float
    min_kw: float  # least power while on
    phases: int


@dataclass(frozen=True, slots=True)
class ChargeBooking:
    """One expected or booked session. Made from the weekly timetable of the site for the days asked for."""

    id: str
    charger: str
    vehicle: str
    arrives: dt.datetime  # aware, UTC
    departs: dt.datetime
    energy_kwh: float
    required: bool  # must be there at departure (bus), or wished for (car)


@dataclass(frozen=True, slots=True)
class SessionSlot:
    """One line of the weekly timetable of charging, local time. `timetable.bookings` makes `ChargeBooking`s of it."""

    id: str
    charger: str
    vehicle: str
    days: frozenset[int]  # of arrival; 0 Monday .. 6 Sunday
    arrives_h: float  # hours after local midnight
    stays_h: float
    energy_kwh: float
    required: bool
    starts: dt.datetime | None = None  # aware; the line holds for arrivals from here ...
    ends: dt.datetime | None = None  # ... until before here


@dataclass(frozen=True, slots=True)
class HeatSubstation:
    id: str
    name: str
    kind: str  # flats | school | offices | hospital | ...
    meter: str  # device: heat meter
    controller: str | None  # device: weather-compensated controller
    design_kw: float
    design_cooling_k: float
    flats: int


@dataclass(frozen=True, slots=True)
class Load:
    """One metered consumer whose use follows a known shape: a building, a pump, a cold store, a heat pump."""

    id: str
    name: str
    device: str  # its meter
    node: str
    kind: str  # homes | offices | shops | school | workshop | hospital | hotel | cold store | pumps | heat pump | ...
    yearly_kwh: float


@dataclass(frozen=True, slots=True)
class Plant:
    """Sun or wind behind one inverter or turbine."""

    id: str
    name: str
    device: str
    node: str
    kind: str  # solar | wind
    rated_kw: float
    tilt_deg: float  # solar: 0 flat
    azimuth_deg: float  # solar: 180 south
    hub_height_m: float  # wind


@dataclass(frozen=True, slots=True)
class WaterZone:
    """One metered zone of the water network. `feeds_from` names the zone its water comes from, None at the works."""

    id: str
    name: str
    meter: str  # device
    kind: str  # works | district | homes | harbour | industry
    feeds_from: str | None
    users: int


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold at another point before something is written."""

    point: str
    allowed: Allowed


@dataclass(frozen=True, slots=True)
class WriteRule:
    """Who may be written to. The first rule of a site that names a point decides; no rule, no write."""

    id: str
    may: bool
    points: frozenset[str]
    low: float = -math.inf  # narrower than what the profile allows
    high: float = math.inf
    conditions: tuple[Condition, ...] = ()
    why: str = ""  # told to whoever is refused


@dataclass(frozen=True, slots=True)
class Site:
    """A whole site, checked. `points` is the order in which every ScanBatch of this site counts."""

    folder: str
    id: str
    name: str
    subtitle: str
    place: Place
    nodes: tuple[GridNode, ...]
    tariffs: tuple[Tariff, ...]
    carbon: Carbon
    links: tuple[LinkSpec, ...]
    devices: tuple[Device, ...]
    points: tuple[Point, ...]  # of devices first, in device order, then calculated ones
    calculated: tuple[CalculatedPoint, ...]
    quays: tuple[Quay, ...]
    stations: tuple[Station, ...]
    access_points: tuple[AccessPoint, ...]
    lighting: tuple[LightingGroup, ...]
    chargers: tuple[Charger, ...]
    heat: tuple[HeatSubstation, ...]
    call_timetable: tuple[CallSlot, ...] = ()
    session_timetable: tuple[SessionSlot, ...] = ()
    loads: tuple[Load, ...] = ()
    plants: tuple[Plant, ...] = ()
    water: tuple[WaterZone, ...] = ()
    write_rules: tuple[WriteRule, ...] = ()
    plan_times: PlanTimes = PlanTimes()
    store: str = ""  # a folder or postgresql://...; empty: the usual folder
    keep_days: Mapping[str, float] = dataclasses.field(default_factory=dict)  # of readings and tiers; else for ever
    stale_after_s: Mapping[str, float] = dataclasses.field(default_factory=dict)  # points with a patience of their own
    keep: Mapping[str, KeepRule] = dataclasses.field(default_factory=dict)  # points of which not all is stored
    link_areas: Mapping[str, str] = dataclasses.field(default_factory=dict)  # area by link; empty: one engine for all
    library: Library = BUILT_IN  # where its devices' profiles are found
    _devices: Mapping[str, Device] = dataclasses.field(init=False, repr=False, compare=False)
    _nodes: Mapping[str, GridNode] = dataclasses.field(init=False, repr=False, compare=False)
    _rows: Mapping[str, int] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_devices", {device.id: device for device in self.devices})
        object.__setattr__(self, "_nodes", {node.id: node for node in self.nodes})
        object.__setattr__(self, "_rows", {point.id: row for row, point in enumerate(self.points)})

    def device(self, device_id: str) -> Device:
        """Raises KeyError for a device the site does not have; so do `node`, `row` and `point`."""
        return self._devices[device_id]

    def node(self, node_id: str) -> GridNode:
        return self._nodes[node_id]

    def row(self, point_id: str) -> int:
        """Where a point stands in `points`, and so in every ScanBatch of this site."""
        return self._rows[point_id]

    def point(self, point_id: str) -> Point:
        return self.points[self._rows[point_id]]

    def has_point(self, point_id: str) -> bool:
        return point_id in self._rows

    def write_rule(self, point_id: str) -> WriteRule | None:
        """The rule that decides about a point, None where none names it."""
        return next((rule for rule in self.write_rules if point_id in rule.points), None)

    def children(self, node_id: str) -> tuple[GridNode, ...]:
        return tuple(node for node in self.nodes if node.parent == node_id)

    def on_loopback(self, port_base: int, certificates: str = "") -> Site:
        """The same site with link k (from 0, in the order of links.csv) at 127.0.0.1:(port_base + k).

        Links keep their framing: a serial bus becomes rtu+tcp. A tls link keeps its files where they are test
        certificates, that is with `device.pem` beside the CA file; others take those in the folder `certificates`.
        """
        links = tuple(
            replace(link, url=_loopback_url(link, port_base + k, certificates)) for k, link in enumerate(self.links)
        )
        return replace(self, links=links)

    @property
    def needs_test_certificates(self) -> bool:
        """True where a tls link could not be played with the files it names."""
        return any(urlsplit(link.url).scheme == "tls" and _test_files(link) is None for link in self.links)

    @property
    def field(self) -> FieldSpec:
        return FieldSpec(self.links, tuple(device.spec for device in self.devices), self.library)

    @property
    def root(self) -> GridNode:
        return next(node for node in self.nodes if node.parent is None)


# What a virtual console shows and trusts, made by hardware/virtual/certificates.py.
_TEST_FILES = {"ca": "ca.pem", "cert": "operator.pem", "key": "operator.key"}


def _loopback_url(link: LinkSpec, port: int, certificates: str) -> str:
    scheme = urlsplit(link.url).scheme
    if scheme == "serial":
        return f"rtu+tcp://127.0.0.1:{port}"
    if scheme != "tls":
        return f"{scheme}://127.0.0.1:{port}"
    files = _test_files(link)
    if files is None:
        if not certificates:
            return f"tcp://127.0.0.1:{port}"
        files = {name: str(Path(certificates, file)) for name, file in _TEST_FILES.items()}
    return f"tls://127.0.0.1:{port}?{urlencode(files, quote_via=quote)}"


def _test_files(link: LinkSpec) -> dict[str, str] | None:
    """The certificate files of a tls link as it names them; None where they are no test certificates."""
    options = options_of(link.url)
    options.pop("host", None)  # on loopback the device is played by this computer
    if "ca" not in options or not Path(link.folder, options["ca"]).with_name("device.pem").exists():
        return None
    return options
