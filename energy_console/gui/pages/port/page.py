"""The Port page: the whole shore-power fleet as the quay lies, its calls, and the detail of one ship or point."""

from __future__ import annotations

import datetime as dt
import time

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from energy_console.engine.link import CommandResult
from energy_console.gui.desk import Desk
from energy_console.gui.format import number, stamp
from energy_console.gui.pages.page import Page
from energy_console.gui.pages.port.answer import answer, figures
from energy_console.gui.pages.port.attention import Scene, findings
from energy_console.gui.pages.port.attention_list import AttentionList
from energy_console.gui.pages.port.calls_card import CallsCard
from energy_console.gui.pages.port.day_figures import DayFigures
from energy_console.gui.pages.port.drawer import PortDrawer, power_points
from energy_console.gui.pages.port.harbour_view import HarbourNow, HarbourView, Pick
from energy_console.gui.pages.port.legend import Legend
from energy_console.gui.pages.port.requests import Request
from energy_console.gui.pages.port.scenes import Scenes
from energy_console.gui.pages.port.subject_pane import SubjectPane
from energy_console.gui.parts.answer_line import AnswerLine
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.figure_row import FigureRow
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.theme import CARD_GAP, DRAWER_WIDTH, PAGE_MARGIN
from energy_console.live.port import FleetNow, PointState, ShipNow
from energy_console.site.model import Tariff

_TICK_MS = 1000
_LEAST_S = 0.9  # more often would only show noise
_LOW_PX = 594  # below this page height the calls make room for the map
_WIDE_PX = 1320  # from this page width on the drawer stands beside the map instead of over it
_MAP_LEAST_PX = 354


class PortPage(Page):
    """See the module. Everything shown comes from one table of values: the live one, or that of a moment picked."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._scenes = Scenes(desk.site, desk.live)
        self._scene: Scene | None = None
        self._of_past = False  # whether the past is on screen
        self._pick: Pick | None = None
        self._drawn_s = -1e9
        self._ticker = QTimer(self)
        self._ticker.setInterval(_TICK_MS)
        self._ticker.timeout.connect(self._tick)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, CARD_GAP)
        outer.setSpacing(CARD_GAP)
        if desk.site.access_points:
            self._build(outer)
        else:
            outer.addWidget(self._nothing_here())

    # building

    def _nothing_here(self) -> StatePane:
        todo = self.tr("Name its quays, stations and access points in quays.csv, stations.csv, access_points.csv.")
        return StatePane(self.looks, "empty", self.tr("This site has no shore power."), todo)

    def _build(self, outer: QVBoxLayout) -> None:
        site, looks = self.desk.site, self.looks
        self.answer_line = AnswerLine(looks)
        captions = (
            ("in_use", self.tr("Points in use")),
            ("power", self.tr("Power now")),
            ("headroom", self.tr("Supply head-room")),
            ("energy", self.tr("Energy today")),
            ("co2", self.tr("CO₂ avoided today")),
        )
        self.figure_row = FigureRow(captions, self.tr("Port in figures"), beside=True)
        self.harbour = HarbourView(site, looks)
        self.legend = Legend(looks)
        self.calls_card = CallsCard(self.desk, self._scenes.supplies)
        self.attention = AttentionList(looks)
        self.drawer = PortDrawer(site, looks, _tariff_of(site.tariffs, dt.datetime.now(dt.UTC)))
        self._day = DayFigures(self.desk, self.figure_row)
        self._subject = SubjectPane(self.desk, self.drawer, self._scenes)
        self._lay_out(outer)
        self._connect()

    def _lay_out(self, outer: QVBoxLayout) -> None:
        map_card = Card()
        map_card.setMinimumHeight(_MAP_LEAST_PX)
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
        self.harbour.picked.connect(lambda pick: self._take(pick, reveal=False))
        self.harbour.opened.connect(self._take)
        self.harbour.trend.connect(lambda _points: self._trend())
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
        if self.desk.time.live and not self._of_past:
            self._tick()
            return
        if self._of_past == self.desk.time.live:
            self._of_past = not self.desk.time.live
            self._day.forget()
            self._subject.forget()
        if self.desk.ready:
            self._draw()
        else:
            self._say_reading()

    def _say_reading(self) -> None:
        """The moment picked is not known yet, or cannot be."""
        moment, failure = self.desk.time.now(), self.desk.past.failure
        reading = self.tr("Reading {0} from the store…").format(stamp(moment, self.desk.site.place.zone))
        self.answer_line.say(self.tr("The store did not answer: {0}").format(failure) if failure else reading)
        for key in ("in_use", "power", "headroom"):
            self.figure_row.show_figure(key, None)
        nothing = self._scenes.make(self.desk.table, moment, ())
        self.harbour.show_now(HarbourNow(nothing.fleet, (), {}, {}))

    def select(self, what: object) -> None:
        """A point id, one of its values, a station, or a call."""
        if not isinstance(what, str) or not self.desk.site.access_points:
            return
        name = what.split("/")[0]
        if name in self._scenes.points:
            self._take(self.harbour.pick_point(name))
            return
        for point in self.desk.site.access_points:
            if name in (point.station, point.device):
                self._take(self.harbour.pick_point(point.id))
                return
        if (call := self._scenes.call(name)) is not None:
            self._picked_call(call.station, call.id)

    # drawing

    def _tick(self) -> None:
        if self.desk.time.live and time.monotonic() - self._drawn_s >= _LEAST_S:
            self._draw()

    def _draw(self) -> None:
        """Everything from the table in force."""
        self._drawn_s = time.monotonic()
        live = self.desk.time.live
        scene = self._scene = self._scenes.make(self.desk.table, self.desk.time.now(), self.desk.alarms)
        self._draw_map(scene)
        self._draw_words(scene)
        self.attention.show_findings(findings(scene))
        self.calls_card.show_time(scene.now, self._scenes.calls, live=live)
        if self._pick is not None:
            self._subject.show_pick(self._pick, scene, self.desk.table)
        self._day.show_scene(scene)

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
        first = said.first
        if not self.desk.time.live:
            first = self.tr("At {0}: {1}").format(stamp(scene.now, self.desk.site.place.zone), first)
        self.answer_line.say(first, said.rest, said.priority, said.state)
        for figure in figures(scene, self._scenes.supplies):
            self.figure_row.show_figure(figure.key, figure.value, figure.unit, figure.note)

    # selection

    def _picked_call(self, station: str, call_id: str) -> None:
        call = self._scenes.call(call_id)
        points = call.points if call is not None and call.points else self._scenes.points_at(station)
        if points:
            self._take(Pick(station, points[0], call_id) if call_id else self.harbour.pick_point(points[0]))

    def _take(self, pick: Pick, *, reveal: bool = True) -> None:
        """Marks a selection everywhere. `reveal`: False leaves a drawer that would cover the map closed."""
        self._pick = pick
        self.harbour.select(pick)
        quay = next(station.quay for station in self.desk.site.stations if station.id == pick.station)
        self.calls_card.select(quay, pick.station, pick.call)
        if self._scene is not None and self.desk.ready:
            self._subject.show_pick(pick, self._scene, self.desk.table)
        if reveal or self._wide() or self.drawer.isVisible():
            self._place_drawer()
            self.drawer.show()
            self.drawer.raise_()

    def close_drawer(self) -> None:
        """Nothing is selected any more."""
        self._pick = None
        self.drawer.hide()
        self.harbour.select(None)
        self.calls_card.select("", "", "")
        self.harbour.setFocus()

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

    # acts

    def _trend(self) -> None:
        if self.drawer.subject is not None:
            self.desk.trend.emit(power_points(self.drawer.subject.points))

    def _send(self, request: Request) -> None:
        self.desk.said.emit(self.tr("Asking {0}…").format(request.point.split("/")[0]))

        def done(result: CommandResult) -> None:
            self.desk.said.emit(result.text)

        self.desk.engine.write(request.point, request.value, self.desk.who, self.desk.on_gui(done))

    def subject(self) -> str:
        return self._scenes.points[self._pick.point].device if self._pick is not None else ""

    @property
    def ships(self) -> tuple[ShipNow, ...]:
        """Ships at berth as last drawn."""
        return tuple(self._scene.ships) if self._scene is not None else ()


def _tariff_of(tariffs: tuple[Tariff, ...], now: dt.datetime) -> Tariff:
    """The tariff in force."""
    valid = [tariff for tariff in tariffs if tariff.valid_from <= now.date()]
    return max(valid or tariffs[:1], key=lambda tariff: tariff.valid_from)
