"""The Port page: the whole shore-power fleet as the quay lies, its calls, and the detail of one ship or point."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from energy_console.engine.link import AlarmView, CommandResult
from energy_console.gui.desk import Desk
from energy_console.gui.format import clock, number, stamp
from energy_console.gui.pages.page import Page
from energy_console.gui.pages.port.answer import answer, figures
from energy_console.gui.pages.port.attention import Scene, findings
from energy_console.gui.pages.port.attention_list import AttentionList
from energy_console.gui.pages.port.calls_card import CallsCard
from energy_console.gui.pages.port.drawer import PortDrawer, Subject, power_points
from energy_console.gui.pages.port.harbour_view import HarbourNow, HarbourView, Pick
from energy_console.gui.pages.port.history import (
    CallDetail,
    DayEnergy,
    ask_call,
    ask_day,
    ask_moment,
    ask_points,
    signal_points,
)
from energy_console.gui.pages.port.legend import Legend
from energy_console.gui.pages.port.requests import Request
from energy_console.gui.parts.answer_line import AnswerLine
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.figure_row import FigureRow
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.theme import CARD_GAP, DRAWER_WIDTH, PAGE_MARGIN
from energy_console.historian.counters import MARGIN
from energy_console.live.port import (
    FleetNow,
    PointState,
    ShipNow,
    Tight,
    fleet_now,
    fleet_rows,
    ships_now,
    supplies,
    tightest,
)
from energy_console.live.port_call import ENGINE_CO2_KG_PER_KWH
from energy_console.live.table import LiveTable
from energy_console.site.model import AccessPoint, ShipCall, Tariff
from energy_console.site.timetable import ship_calls
from hardware.points import Float64Array

_TICK_MS = 1000
_LOW_PX = 592  # below this page height the calls make room for the map
_WIDE_PX = 1320  # from this page width on the drawer stands beside the map instead of over it
_DAY_EVERY_S, _DETAIL_EVERY_S = 300.0, 30.0
_CALLS_AROUND = dt.timedelta(hours=48)
_POINT_BEHIND = dt.timedelta(hours=12)  # of a point without a ship


class PortPage(Page):
    """See the module. Everything shown comes from one table of values: the live one, or that of a moment picked."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        site = desk.site
        self._rows = fleet_rows(site, desk.live.index)
        self._supplies = supplies(site)
        self._points = {point.id: point for point in site.access_points}
        self._row_of = {point.id: row for row, point in enumerate(site.access_points)}
        self._tariff = _tariff_of(site.tariffs, dt.datetime.now(dt.UTC))
        self._calls: tuple[ShipCall, ...] = ()
        self._calls_for: dt.datetime | None = None
        self._tight: Tight | None = None
        self._tight_at = -1e9
        self._past: LiveTable | None = None
        self._asked_moment: dt.datetime | None = None
        self._day: DayEnergy | None = None
        self._day_asked_s = -1e9
        self._detail_asked_s = -1e9
        self._drawn_s = -1e9
        self._pick: Pick | None = None
        self._scene: Scene | None = None
        self._ticker = QTimer(self)
        self._ticker.setInterval(_TICK_MS)
        self._ticker.timeout.connect(self._tick)
        self._build()

    # building

    def _build(self) -> None:
        site, looks = self.desk.site, self.looks
        outer = QVBoxLayout(self)
        outer.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, CARD_GAP)
        outer.setSpacing(CARD_GAP)
        if not site.access_points:
            outer.addWidget(
                StatePane(
                    looks,
                    "empty",
                    self.tr("This site has no shore power."),
                    self.tr(
                        "Name its quays, stations and access points in quays.csv, stations.csv, access_points.csv."
                    ),
                )
            )
            return
        self.answer_line = AnswerLine(looks)
        self.figure_row = FigureRow(
            (
                ("in_use", self.tr("Points in use")),
                ("power", self.tr("Power now")),
                ("headroom", self.tr("Supply head-room")),
                ("energy", self.tr("Energy today")),
                ("co2", self.tr("CO₂ avoided today")),
            ),
            self.tr("Port in figures"),
            beside=True,
        )
        self.harbour = HarbourView(site, looks)
        self.legend = Legend(looks)
        self.calls_card = CallsCard(self.desk, self._supplies)
        self.drawer = PortDrawer(site, looks, self._tariff)
        self.attention = AttentionList(looks)
        self._lay_out(outer)
        self._connect()

    def _lay_out(self, outer: QVBoxLayout) -> None:
        map_card = Card()
        map_card.setMinimumHeight(328 + 26)
        map_card.body.addWidget(self.harbour, 1)
        map_card.body.addWidget(self.legend)
        left = QVBoxLayout()
        left.setSpacing(CARD_GAP)
        left.addWidget(self.answer_line)
        left.addWidget(self.figure_row)
        left.addWidget(map_card, 60)
        left.addWidget(self.calls_card, 40)
        self._side = QWidget()
        self._side.setFixedWidth(DRAWER_WIDTH)
        self._side.hide()  # until the first resize knows the room there is
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.addWidget(self.attention)
        row = QHBoxLayout()
        row.setSpacing(CARD_GAP)
        row.addLayout(left, 1)
        row.addWidget(self._side)
        outer.addLayout(row)
        # a window may be lower than all cards together: then the calls go, see resizeEvent
        outer.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self.drawer.setParent(self)
        self.drawer.hide()

    def _connect(self) -> None:
        self.harbour.picked.connect(self._picked)
        self.harbour.opened.connect(self._opened)
        self.harbour.trend.connect(self._trend)
        self.calls_card.picked.connect(self._picked_call)
        self.attention.picked.connect(self.select)
        self.drawer.closed.connect(self.close_drawer)
        self.drawer.asked.connect(self._send)

    # the frame's calls

    def minimumSizeHint(self) -> QSize:
        return QSize(720, 470)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        site = self.desk.site
        text = self.tr("{0} stations, {1} access points, {2} quays")
        self.scope.emit(text.format(len(site.stations), len(site.access_points), len(site.quays)))
        if site.access_points:
            self._ticker.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._ticker.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.desk.site.access_points:
            self.calls_card.setVisible(self.height() >= _LOW_PX)
            self._place_drawer()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._pick is not None:
            self.close_drawer()
            return
        super().keyPressEvent(event)

    def refresh(self) -> None:
        if not self.desk.site.access_points:
            return
        if not self.desk.time.live:
            self._refresh_past()
        elif self._past is not None or self._asked_moment is not None:
            self._leave_past()
        elif time.monotonic() - self._drawn_s >= 0.9:  # more often would only show noise
            self._draw()

    def select(self, what: object) -> None:
        """A point id, one of its values, a station, or a call."""
        if not isinstance(what, str) or not self.desk.site.access_points:
            return
        name = what.split("/")[0]
        if name in self._points:
            self._take(self.harbour.pick_point(name))
            return
        for point in self.desk.site.access_points:
            if name in (point.station, point.device):
                self._take(self.harbour.pick_point(point.id))
                return
        for call in self._calls:
            if call.id == name:
                points = call.points or tuple(p.id for p in self.desk.site.access_points if p.station == call.station)
                self._take(Pick(call.station, points[0], call.id))
                return

    # drawing

    def _tick(self) -> None:
        if self.desk.time.live and self._past is None and time.monotonic() - self._drawn_s >= 0.9:
            self._draw()

    def _draw(self) -> None:
        """Everything from the table in force."""
        self._drawn_s = time.monotonic()
        table, now = self._past or self.desk.live, self.desk.time.now()
        self._read_timetable(now)
        fleet = fleet_now(self._rows, table)
        ships = ships_now(self.desk.site, fleet, self._calls, now)
        alarms = self._alarms() if self._past is None else {}
        scene = Scene(self.desk.site, fleet, ships, self._calls, alarms, self._tight, now)
        self._scene = scene
        self._draw_map(scene)
        self._draw_words(scene)
        self.attention.show_findings(findings(scene))
        self.calls_card.show_time(now, self._calls, live=self._past is None)
        if self._pick is not None:
            self._draw_subject(self._pick, table)
        self._draw_day(fleet, now)

    def _read_timetable(self, now: dt.datetime) -> None:
        """Calls are made anew every hour; the tightest moment every minute."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._calls_for:
            self._calls_for, self._tight_at = hour, -1e9
            self._calls = ship_calls(self.desk.site, hour - _CALLS_AROUND, hour + _CALLS_AROUND)
        if abs(now.timestamp() - self._tight_at) > 60:
            self._tight_at = now.timestamp()
            self._tight = tightest(self.desk.site, self._supplies, self._calls, now)

    def _alarms(self) -> dict[str, AlarmView]:
        """Worst open alarm by device of the fleet."""
        devices = {point.device for point in self.desk.site.access_points}
        worst: dict[str, AlarmView] = {}
        for alarm in self.desk.latest.alarms:
            device = alarm.source.split("/")[0]
            if device in devices and (device not in worst or alarm.priority < worst[device].priority):
                worst[device] = alarm
        return worst

    def _draw_map(self, scene: Scene) -> None:
        priorities = {device: alarm.priority for device, alarm in scene.alarms.items()}
        self.harbour.show_now(HarbourNow(scene.fleet, tuple(scene.ships), priorities, self._quay_lines(scene.fleet)))
        tripped = [
            priorities.get(self.desk.site.access_points[int(row)].device, 2)
            for row in np.flatnonzero(scene.fleet.state == PointState.TRIPPED)
        ]
        px_per_m = self.harbour.harbour.px_per_m if self.harbour.harbour else 0.0
        self.legend.show_fleet(scene.fleet, px_per_m, min(tripped, default=2))

    def _quay_lines(self, fleet: FleetNow) -> dict[str, str]:
        site = self.desk.site
        quay_of = {station.id: station.quay for station in site.stations}
        power = {quay.id: 0.0 for quay in site.quays}
        for point, kw in zip(site.access_points, np.nan_to_num(fleet.power_kw).tolist(), strict=True):
            power[quay_of[point.station]] += kw
        return {quay.id: f"{quay.kind} · {number(power[quay.id])} kW" for quay in site.quays}

    def _draw_words(self, scene: Scene) -> None:
        said = answer(scene)
        if self._past is not None:
            moment = stamp(scene.now, self.desk.site.place.zone)
            self.answer_line.say(
                self.tr("At {0}: {1}").format(moment, said.first), said.rest, said.priority, said.state
            )
        else:
            self.answer_line.say(said.first, said.rest, said.priority, said.state)
        for figure in figures(scene, self._supplies):
            self.figure_row.show_figure(figure.key, figure.value, figure.unit, figure.note)

    # the day so far

    def _draw_day(self, fleet: FleetNow, now: dt.datetime) -> None:
        clock_s = time.monotonic()
        if self._past is None and clock_s - self._day_asked_s > _DAY_EVERY_S:
            self._ask_day(now)
        day, zone = self._day, self.desk.site.place.zone
        if day is None:
            return
        stands = np.array([day.stands_kwh.get(point.id, np.nan) for point in self.desk.site.access_points])
        grown = self._grown_kwh(fleet, stands, now, day) if self._past is None else 0.0
        grid = self.desk.site.carbon.grid_kg_per_kwh[now.astimezone(zone).hour]
        co2_t = (day.co2_avoided_kg + grown * (ENGINE_CO2_KG_PER_KWH - grid)) / 1000.0
        # a store that began after midnight cannot tell of the hours before it
        begun = max(day.since_ns, day.first_ns) if day.first_ns - day.since_ns > 3600e9 else day.since_ns
        since = clock(dt.datetime.fromtimestamp(begun / 1e9, dt.UTC), zone)
        self.figure_row.show_figure("energy", number(day.energy_kwh + grown), "kWh", f"{since}–{clock(now, zone)}")
        self.figure_row.show_figure("co2", number(co2_t, 1 if co2_t >= 1 else 2), "t", self.tr("net of grid"))

    def _grown_kwh(self, fleet: FleetNow, stands: Float64Array, now: dt.datetime, day: DayEnergy) -> float:
        """Energy since the store was asked; a jump that the rating cannot explain counts nothing."""
        rated_kw = np.array([point.rated_kw for point in self.desk.site.access_points])
        hours = max(0.0, now.timestamp() - day.until_ns / 1e9) / 3600.0
        grown = np.nan_to_num(fleet.energy_kwh - stands)
        believed = (grown > 0) & (grown <= MARGIN * rated_kw * hours + 1.0)
        return float(grown[believed].sum())

    def _ask_day(self, now: dt.datetime) -> None:
        self._day_asked_s = time.monotonic()
        moment = self.desk.time.moment

        def answered(result: Any) -> None:
            if self.desk.time.moment != moment:
                return
            self._day = result if isinstance(result, DayEnergy) else None
            if isinstance(result, Exception):
                self.figure_row.show_figure("energy", None, "kWh", self.tr("the store did not answer"))
                self.figure_row.show_figure("co2", None, "t", "")
            elif self._scene is not None:
                self._draw_day(self._scene.fleet, self._scene.now)

        self.desk.query(ask_day(self.desk.site, round(now.timestamp() * 1e9)), answered)

    # the past

    def _refresh_past(self) -> None:
        moment = self.desk.time.moment
        if moment is None or moment == self._asked_moment:
            return
        self._asked_moment, self._past, self._day = moment, None, None
        zone = self.desk.site.place.zone
        self.answer_line.say(self.tr("Reading {0} from the store…").format(stamp(moment, zone)))
        for key in ("in_use", "power", "headroom", "energy", "co2"):
            self.figure_row.show_figure(key, None)
        self.harbour.show_now(self._nothing_known())

        def answered(result: Any) -> None:
            if self.desk.time.moment != moment:
                return
            if isinstance(result, Exception):
                self.answer_line.say(self.tr("The store did not answer: {0}").format(result))
                return
            self._past = result
            self._detail_asked_s = -1e9
            self._ask_day(moment)
            self._draw()

        more = [point.id for point in self._signal_points()]
        self.desk.query(ask_moment(self.desk.site, round(moment.timestamp() * 1e9), more), answered)

    def _nothing_known(self) -> HarbourNow:
        empty = LiveTable(self.desk.site.points)
        return HarbourNow(fleet_now(self._rows, empty), (), {}, {})

    def _leave_past(self) -> None:
        self._past, self._asked_moment, self._day = None, None, None
        self._day_asked_s = self._detail_asked_s = -1e9
        for key in ("energy", "co2"):
            self.figure_row.show_figure(key, None)
        self._draw()

    def _signal_points(self) -> list[Any]:
        return signal_points(self.desk.site, self._points[self._pick.point]) if self._pick is not None else []

    # selection

    def _picked(self, pick: Pick) -> None:
        self._take(pick, reveal=self._wide())

    def _opened(self, pick: Pick) -> None:
        self._take(pick)

    def _picked_call(self, station: str, call: str) -> None:
        found = next((candidate for candidate in self._calls if candidate.id == call), None)
        points = [point.id for point in self.desk.site.access_points if point.station == station]
        wanted = found.points if found is not None and found.points else points
        if wanted:
            self._take(Pick(station, wanted[0], call) if call else self.harbour.pick_point(wanted[0]))

    def _take(self, pick: Pick, *, reveal: bool = True) -> None:
        """Marks a selection everywhere. `reveal`: False leaves a closed drawer closed."""
        changed = pick != self._pick
        self._pick = pick
        self.harbour.select(pick)
        quay = next(s.quay for s in self.desk.site.stations if s.id == pick.station)
        self.calls_card.select(quay, pick.station, pick.call)
        if changed:
            self._detail_asked_s = -1e9
        table = self._past or self.desk.live
        if self._past is not None and changed:
            self._ask_signals()
        if self._scene is not None:
            self._draw_subject(pick, table)
        if reveal or self._wide() or self.drawer.isVisible():
            self._show_drawer()

    def _ask_signals(self) -> None:
        """At a moment of the past, the values that only the drawer shows are asked for when it needs them."""
        past, moment = self._past, self.desk.time.moment
        if past is None or moment is None:
            return
        wanted = [point.id for point in self._signal_points()]

        def answered(result: Any) -> None:
            if self._past is not past or isinstance(result, Exception):
                return
            rows = past.rows(wanted)
            past.status[rows], past.value[rows], past.time_ns[rows] = (
                result.status[rows],
                result.value[rows],
                result.time_ns[rows],
            )
            if self._pick is not None:
                self._draw_subject(self._pick, past)

        self.desk.query(ask_points(self.desk.site, wanted, round(moment.timestamp() * 1e9)), answered)

    def close_drawer(self) -> None:
        """Nothing is selected any more."""
        self._pick = None
        self.drawer.hide()
        self.harbour.select(None)
        self.calls_card.select("", "", "")
        self.harbour.setFocus()

    # the drawer

    def _wide(self) -> bool:
        return self.width() >= _WIDE_PX

    def _place_drawer(self) -> None:
        """Beside the map where there is room; else over it, on the side where it hides nothing selected."""
        wide = self._wide()
        self._side.setVisible(wide)
        top = 0 if wide else self.answer_line.height() + CARD_GAP
        left = self.width() - PAGE_MARGIN - DRAWER_WIDTH
        if not wide and self._pick is not None and self.harbour.cell(self._pick.point).x() > left - 60:
            left = PAGE_MARGIN
        self.drawer.setGeometry(left, top, DRAWER_WIDTH, self.height() - CARD_GAP - top)
        self.drawer.raise_()

    def _show_drawer(self) -> None:
        self._place_drawer()
        self.drawer.show()
        self.drawer.raise_()

    def _draw_subject(self, pick: Pick, table: LiveTable) -> None:
        if self._scene is None:
            return
        point = self._points[pick.point]
        call = next((candidate for candidate in self._calls if candidate.id == pick.call), None)
        points = self._points_of(point, call)
        rows = [self._row_of[candidate.id] for candidate in points]
        fleet, now_ns = self._scene.fleet, round(self._scene.now.timestamp() * 1e9)
        present = call is not None and call.arrives <= self._scene.now < call.leaves
        step = int(fleet.step[self._row_of[point.id]]) if present or call is None else 0
        subject = Subject(point, points, call, step, float(np.nansum(fleet.power_kw[rows])))
        self.drawer.show_subject(subject, table, now_ns, live=self._past is None and self.desk.may("command"))
        if time.monotonic() - self._detail_asked_s > _DETAIL_EVERY_S:
            self._ask_detail(subject, now_ns)

    def _points_of(self, point: AccessPoint, call: ShipCall | None) -> tuple[AccessPoint, ...]:
        if call is None or not call.points:
            return (point,)
        return tuple(self._points[name] for name in call.points)

    def _ask_detail(self, subject: Subject, now_ns: int) -> None:
        self._detail_asked_s = time.monotonic()
        start = subject.call.arrives if subject.call else self.desk.time.now() - _POINT_BEHIND
        start_ns = min(round(start.timestamp() * 1e9), now_ns)

        def answered(result: CallDetail | Exception) -> None:
            shown = self.drawer.subject
            if shown is not None and (shown.point.id, shown.call) == (subject.point.id, subject.call):
                self.drawer.show_detail(result, now_ns)

        points = (subject.point, *(p for p in subject.points if p is not subject.point))
        self.desk.query(ask_call(points, start_ns, now_ns), answered)

    # acts

    def _trend(self, _points: list[str]) -> None:
        if self.drawer.subject is not None:
            self.desk.trend.emit(power_points(self.drawer.subject.points))

    def _send(self, request: Request) -> None:
        self.desk.said.emit(self.tr("Asking {0}…").format(request.point.split("/")[0]))

        def done(result: CommandResult) -> None:
            self.desk.said.emit(result.text)

        self.desk.engine.write(request.point, request.value, self.desk.who, self.desk.on_gui(done))

    @property
    def ships(self) -> tuple[ShipNow, ...]:
        """Ships at berth as last drawn."""
        return tuple(self._scene.ships) if self._scene is not None else ()


def _tariff_of(tariffs: tuple[Tariff, ...], now: dt.datetime) -> Tariff:
    """The tariff in force."""
    valid = [tariff for tariff in tariffs if tariff.valid_from <= now.date()]
    return max(valid or tariffs[:1], key=lambda tariff: tariff.valid_from)
