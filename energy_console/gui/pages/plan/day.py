"""The planned day as the picture shows it: areas of the stack, rows of light, rows of sessions. Values only, no Qt.

A day is made of a proposal, which knows its prices, limits and naive case, or of the schedule in force, which does not.
Powers are kW with consumption positive, shape (steps,); times are UTC seconds, shape (steps + 1,).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from energy_console.planning.proposal import Proposal
from energy_console.planning.schedule import Schedule
from energy_console.site import prices
from energy_console.site.model import Site
from energy_console.site.timetable import bookings, ship_calls
from hardware.points import Float64Array
from optimizer.explain import LimitAtWork, limits_at_work
from optimizer.plan import Plan
from optimizer.profile import over_steps

BANDS = ("fixed", "ships", "heat", "lighting", "charging")  # from the zero line upwards
HEAT_KINDS = frozenset({"heat pump", "boiler"})
_LIT = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class LightRow:
    """One group, or all groups of one road class. `level` 0..1, NaN where it is off."""

    id: str
    name: str
    road_class: str
    rated_kw: float
    level: Float64Array
    members: tuple[LightRow, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.id, *(member.id for member in self.members))


@dataclass(frozen=True, slots=True, eq=False)
class SessionRow:
    """One ship or vehicle, or all of one quay or hub. `present`: share of each step that someone is there."""

    id: str
    name: str
    band: str  # ships | charging
    most_kw: float  # what the height of the row stands for
    power_kw: Float64Array
    present: tuple[bool, ...]
    members: tuple[SessionRow, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.id, *(member.id for member in self.members))


@dataclass(frozen=True, slots=True, eq=False)
class PlannedDay:
    """All that the picture draws. What only a proposal knows is None or empty for a schedule in force."""

    id: str
    name: str  # "14:30"
    edges_s: Float64Array
    bands: dict[str, Float64Array]  # of BANDS
    sources: Float64Array  # sun and wind, negative
    net_kw: Float64Array
    price_eur_per_kwh: Float64Array
    limit_kw: Float64Array  # of the connection
    lights: tuple[LightRow, ...]
    sessions: tuple[SessionRow, ...]
    naive_kw: Float64Array | None = None
    peak_so_far_kw: float | None = None
    limits: tuple[LimitAtWork, ...] = ()
    frozen_steps: int = 0
    priced: bool = False  # whether limits and naive case are known
    parts: dict[str, str] = field(default_factory=dict)  # asset id -> its band

    @property
    def steps(self) -> int:
        return len(self.net_kw)

    @property
    def names(self) -> dict[str, str]:
        """Names of all groups and sessions by id."""
        lights = [one for row in self.lights for one in (row, *row.members)]
        sessions = [one for row in self.sessions for one in (row, *row.members)]
        return {row.id: row.name for row in lights} | {row.id: row.name for row in sessions}

    def step_at(self, time_s: float) -> int:
        """The step that a time lies in, the nearest one outside the day."""
        place = int(np.searchsorted(self.edges_s, time_s, side="right")) - 1
        return min(max(place, 0), self.steps - 1)

    def kw_at(self, band: str, step: int) -> float:
        return float((self.sources if band == "sources" else self.bands[band])[step])


@dataclass(frozen=True, slots=True, eq=False)
class _Asset:
    """What plans and schedules say of an asset alike."""

    id: str
    name: str
    kind: str
    node: str
    setpoint: Float64Array
    power_kw: Float64Array
    most_kw: float


def day_of_proposal(site: Site, proposal: Proposal, plan: Plan) -> PlannedDay:
    """The day of a proposal that holds a plan."""
    problem, horizon = proposal.problem, plan.horizon
    edges = [horizon.begin(step).timestamp() for step in range(horizon.steps + 1)]
    rated = {session.id: session.max_kw for session in problem.charging}
    assets = [
        _Asset(a.id, a.name, a.kind.value, a.node, a.setpoint, a.power_kw, rated.get(a.id, float(a.power_kw.max())))
        for a in plan.assets
    ]
    peaks = [peak.so_far_kw for peak in plan.outcome.peaks]
    root = next(node for node in plan.nodes if node.parent is None)
    return _day(
        site,
        proposal.id,
        proposal.name,
        np.array(edges),
        assets,
        net_kw=plan.outcome.net_kw,
        price_eur_per_kwh=over_steps(problem.tariff.import_eur_per_kwh, horizon.steps),
        limit_kw=root.limit_kw,
        naive_kw=plan.naive.outcome.net_kw,
        peak_so_far_kw=max(peaks, default=0.0) or None,
        limits=limits_at_work(plan),
        frozen_steps=plan.frozen_steps,
        priced=True,
    )


def day_of_schedule(site: Site, schedule: Schedule) -> PlannedDay:
    """The day of the plan in force, as far as it is kept: no prices of limits, no naive case."""
    basis = schedule.basis
    edges = schedule.start.timestamp() + 3600.0 * np.concatenate(([0.0], np.cumsum(schedule.steps_h)))
    chargers = {charger.id: charger.max_kw for charger in site.chargers}
    rated = {b.id: chargers[b.charger] for b in bookings(site, schedule.start, schedule.end) if b.charger in chargers}
    assets = [
        _Asset(
            a.id, a.name, a.kind, a.node, np.array(a.setpoint), np.array(a.power_kw), rated.get(a.id, max(a.power_kw))
        )
        for a in schedule.assets
    ]
    return _day(
        site,
        schedule.id,
        schedule.name,
        edges,
        assets,
        net_kw=np.array(schedule.net_kw),
        price_eur_per_kwh=np.array(basis.import_eur_per_kwh) if basis is not None else _import_price(site, edges),
        limit_kw=np.full(len(schedule.steps_h), site.root.limit_kw),
    )


def _day(site: Site, id: str, name: str, edges_s: Float64Array, assets: list[_Asset], **known: object) -> PlannedDay:
    steps = len(edges_s) - 1
    parts = {asset.id: band_of(site, asset.id, asset.kind) for asset in assets}
    bands = {band: np.zeros(steps) for band in BANDS}
    sources = np.zeros(steps)
    for asset in assets:
        if parts[asset.id] == "sources":
            sources = sources + asset.power_kw
        else:
            bands[parts[asset.id]] = bands[parts[asset.id]] + asset.power_kw
    return PlannedDay(
        id,
        name,
        edges_s,
        bands,
        sources,
        lights=_light_rows(site, assets),
        sessions=_session_rows(site, assets, parts, edges_s),
        parts=parts,
        **known,  # type: ignore[arg-type]
    )


def band_of(site: Site, id: str, kind: str) -> str:
    """The area of the stack that an asset is part of; `kind` as plans and schedules name it."""
    if kind in ("lighting", "charging"):
        return kind
    if kind == "generation":
        return "sources"
    load = next((load for load in site.loads if load.id == id), None)
    if load is None:
        return "fixed" if id == "rest" else "ships"
    return "heat" if load.kind in HEAT_KINDS else "fixed"


def carbon_kg(site: Site, day: PlannedDay) -> float:
    """Carbon of what the day imports."""
    edges = [dt.datetime.fromtimestamp(edge, dt.UTC) for edge in day.edges_s]
    intensity = prices.price_curve(site, edges).carbon_kg_per_kwh
    return float((np.maximum(day.net_kw, 0.0) * np.diff(day.edges_s) / 3600.0 * intensity).sum())


def _import_price(site: Site, edges_s: Float64Array) -> Float64Array:
    edges = [dt.datetime.fromtimestamp(edge, dt.UTC) for edge in edges_s]
    return prices.price_curve(site, edges).import_eur_per_kwh


def _light_rows(site: Site, assets: Iterable[_Asset]) -> tuple[LightRow, ...]:
    """One row a road class, most light first, its groups as members."""
    groups = {group.id: group for group in site.lighting}
    by_class: dict[str, list[LightRow]] = {}
    for asset in assets:
        if asset.kind == "lighting" and asset.id in groups:
            group = groups[asset.id]
            level = np.where(asset.setpoint > _LIT, asset.setpoint, np.nan)
            row = LightRow(group.id, group.name, group.road_class, group.lamps * group.lamp_w / 1000.0, level)
            by_class.setdefault(group.road_class, []).append(row)
    return tuple(_class_row(name, by_class[name]) for name in sorted(by_class))


def _class_row(name: str, members: list[LightRow]) -> LightRow:
    if len(members) == 1:
        return members[0]
    rated = np.array([row.rated_kw for row in members])
    level = np.array([row.level for row in members])
    weight = np.where(np.isnan(level), 0.0, rated[:, None])
    lit = weight.sum(axis=0)
    mean = np.divide((np.nan_to_num(level) * weight).sum(axis=0), lit, out=np.full(lit.shape, np.nan), where=lit > 0)
    return LightRow(f"class {name}", "", name, float(rated.sum()), mean, tuple(members))


def _session_rows(
    site: Site, assets: Iterable[_Asset], parts: dict[str, str], edges_s: Float64Array
) -> tuple[SessionRow, ...]:
    """One row a quay with ships, then one a charging hub, each with its ships or vehicles as members."""
    stays = _stays(site, edges_s)
    quay_of_station = {station.id: station.quay for station in site.stations}
    quays = {quay.id: quay.name for quay in site.quays}
    call_quay = {call: quay_of_station.get(station, "") for call, (_, _, station) in stays.items()}
    folds: dict[tuple[str, str], list[SessionRow]] = {}
    for asset in assets:
        band = parts[asset.id]
        if band not in ("ships", "charging"):
            continue
        row = _one_session(asset, band, stays, edges_s)
        fold = quays.get(call_quay.get(asset.id, ""), asset.node) if band == "ships" else site.node(asset.node).name
        folds.setdefault((band, fold), []).append(row)
    order = sorted(folds, key=lambda key: (key[0] != "ships", key[1]))
    return tuple(_fold_row(band, name, folds[band, name]) for band, name in order)


def _stays(site: Site, edges_s: Float64Array) -> dict[str, tuple[float, float, str]]:
    """Arrival, departure (UTC seconds) and station or charger of every call and booking of the day."""
    start, end = (dt.datetime.fromtimestamp(edge, dt.UTC) for edge in (edges_s[0], edges_s[-1]))
    stays = {
        call.id: (call.arrives.timestamp(), call.leaves.timestamp(), call.station)
        for call in ship_calls(site, start, end)
    }
    for booking in bookings(site, start, end):
        stays[booking.id] = (booking.arrives.timestamp(), booking.departs.timestamp(), booking.charger)
    return stays


def _one_session(
    asset: _Asset, band: str, stays: dict[str, tuple[float, float, str]], edges_s: Float64Array
) -> SessionRow:
    arrives, leaves, _ = stays.get(asset.id, (edges_s[0], edges_s[-1], ""))
    there = (edges_s[1:] > arrives + 1) & (edges_s[:-1] < leaves - 1)
    return SessionRow(asset.id, asset.name, band, max(asset.most_kw, 1e-3), asset.power_kw, tuple(map(bool, there)))


def _fold_row(band: str, name: str, members: list[SessionRow]) -> SessionRow:
    members = sorted(members, key=lambda row: (row.present.index(True) if True in row.present else 10**6, row.name))
    power = np.sum([row.power_kw for row in members], axis=0)
    there = tuple(map(any, zip(*(row.present for row in members), strict=True)))
    return SessionRow(f"{band} {name}", name, band, max(float(power.max()), 1e-3), power, there, tuple(members))
