"""The Lighting page: streets in the light they give, cabinets by what needs attention, the night of one group."""

from __future__ import annotations

import datetime as dt
import time

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from energy_console.engine.link import AlarmView
from energy_console.gui.desk import Desk
from energy_console.gui.format import NONE, clock, number, stamp
from energy_console.gui.pages.lighting.cabinet_table import CabinetTable
from energy_console.gui.pages.lighting.detail import CabinetDetail
from energy_console.gui.pages.lighting.night import Night, level_picture
from energy_console.gui.pages.lighting.night_readings import NightReadings
from energy_console.gui.pages.lighting.street_map import GroupLook, LevelLegend, StreetMap, stepped
from energy_console.gui.pages.lighting.words import Scene, answer, finding_words, priority_of, tr
from energy_console.gui.pages.page import Page
from energy_console.gui.parts.answer_line import AnswerLine
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.day_plot import DayPlot
from energy_console.gui.parts.figure_row import FigureRow
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.theme import CARD_GAP, PAGE_MARGIN
from energy_console.live.lighting import Finding, lighting_now, lighting_rows, mean_level, rank
from energy_console.planning.proposal import PlanNews
from energy_console.planning.schedule import Schedule
from energy_console.site.sun import dusk_and_dawn, elevation_deg, nights

_TICK_MS = 1000
_CURVES_EVERY_S = 15.0
_FIGURES = ("lit", "power", "level", "energy", "saved", "silent")


class LightingPage(Page):
    """See the module. Everything shown comes from one table of values: the live one, or that of a moment picked."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._groups = {group.id: group for group in desk.site.lighting}
        self._ids = [group.id for group in desk.site.lighting]
        self._rows = lighting_rows(desk.site, desk.live.index)
        self._scene: Scene | None = None
        self._night: Night | None = None
        self._night_for = -1e9
        self._readings = NightReadings(desk, self)
        self._readings.energy_known.connect(self._draw_energy)
        self._readings.group_known.connect(self._group_known)
        self._of_past = False  # whether the past is on screen
        self._drawn_s = -1e9
        self._curves_s = -1e18
        self._selected = ""
        self._ticker = QTimer(self)
        self._ticker.setInterval(_TICK_MS)
        self._ticker.timeout.connect(self._tick)
        self._build()

    # building

    def _build(self) -> None:
        looks = self.looks
        outer = QVBoxLayout(self)
        outer.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, CARD_GAP)
        outer.setSpacing(CARD_GAP)
        if not self._groups:
            what = self.tr("This site has no street lighting.")
            outer.addWidget(StatePane(looks, "empty", what, self.tr("Name its cabinets and streets in lighting.csv.")))
            return
        self.answer_line = AnswerLine(looks)
        captions = (
            self.tr("Lit now"),
            self.tr("Power now"),
            self.tr("Mean level"),
            self.tr("Energy tonight"),
            self.tr("Saved tonight"),
            self.tr("Silent cabinets"),
        )
        figures = tuple(zip(_FIGURES, captions, strict=True))
        self.figure_row = FigureRow(figures, self.tr("Lighting in figures"), beside=True)
        self.map = StreetMap(self.desk.site.lighting, looks)
        self.legend = LevelLegend(looks)
        self.level_card = Card(" ", " ")
        self.level_plot = DayPlot(looks, self.desk.site.place.zone, self.tr("Light level of the group"), right_px=66)
        self.table = CabinetTable(looks)
        self.detail = CabinetDetail(looks, self.desk.site.place.zone)
        self._lay_out(outer)
        self.map.picked.connect(self._pick)
        self.table.picked.connect(self._pick)
        self.table.trend.connect(self._trend)
        self.detail.show_on_map.connect(lambda: self.map.select(self._selected, reveal=True))
        self.detail.trend.connect(lambda: self._trend(self._selected))

    def _lay_out(self, outer: QVBoxLayout) -> None:
        map_card = Card()
        map_card.body.addWidget(self.map, 1)
        foot = QHBoxLayout()
        foot.setSpacing(4)
        foot.addWidget(self.legend, 1)
        farther, nearer = (lambda: self.map.zoom(0.8)), (lambda: self.map.zoom(1.25))
        foot.addWidget(Button(self.looks, "−", look="plain", name=self.tr("Farther"), on_click=farther))
        foot.addWidget(Button(self.looks, "+", look="plain", name=self.tr("Nearer"), on_click=nearer))
        foot.setContentsMargins(0, 0, 6, 0)
        map_card.body.addLayout(foot)
        self.level_card.body.addWidget(self.level_plot, 1)
        self.level_card.body.setContentsMargins(8, 0, 0, 4)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column, upper, lower in ((left, map_card, self.level_card), (right, self.table, self.detail)):
            column.setSpacing(CARD_GAP)
            column.addWidget(upper, 61)
            column.addWidget(lower, 39)
        row = QHBoxLayout()
        row.setSpacing(CARD_GAP)
        row.addLayout(left, 46)
        row.addLayout(right, 54)
        outer.addWidget(self.answer_line)
        outer.addWidget(self.figure_row)
        outer.addLayout(row, 1)
        outer.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)

    # the frame's calls

    def minimumSizeHint(self) -> QSize:
        return QSize(720, 470)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        lamps = sum(group.lamps for group in self._groups.values())
        self.scope.emit(self.tr("{0} cabinets, {1} luminaires").format(len(self._groups), number(lamps)))
        if self._groups:
            self._ticker.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._ticker.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._groups:
            self.table.fit_columns(self.width() * 0.54)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_T and not event.modifiers() and self._selected:
            self._trend(self._selected)
            return
        super().keyPressEvent(event)

    def refresh(self) -> None:
        if not self._groups:
            return
        if not self.desk.time.live:
            self._refresh_past()
        elif self._of_past:
            self._of_past = False
            self._look_elsewhere()
            self._draw()
        elif time.monotonic() - self._drawn_s >= 0.9:  # more often would only show noise
            self._draw()

    def _look_elsewhere(self) -> None:
        """From the present to the past, or back: no curve and no night of the one may stay in the other."""
        self._night, self._curves_s = None, -1e18

    def _refresh_past(self) -> None:
        if not self._of_past:
            self._of_past = True
            self._look_elsewhere()
        if self.desk.ready:
            self._draw()
            return
        failure = self.desk.past.failure
        moment = stamp(self.desk.time.now(), self.desk.site.place.zone)
        reading = self.tr("Reading {0} from the store…").format(moment)
        self.answer_line.say(self.tr("The store did not answer: {0}").format(failure) if failure else reading)
        for key in _FIGURES:
            self.figure_row.show_figure(key, None)

    def select(self, what: object) -> None:
        """A group, its cabinet, or one of the cabinet's values."""
        if isinstance(what, str):
            name = what.split("/")[0]
            for group in self._groups.values():
                if name in (group.id, group.device):
                    self._pick(group.id)

    # drawing

    def _tick(self) -> None:
        if self.desk.time.live and not self._of_past and time.monotonic() - self._drawn_s >= 0.9:
            self._draw()

    def _draw(self) -> None:
        """Everything from the table in force."""
        self._drawn_s = time.monotonic()
        moment, place = self.desk.time.now(), self.desk.site.place
        self._find_night(moment)
        now = lighting_now(self._rows, self.desk.table, elevation_deg(place, moment))
        night = dusk_and_dawn(place, moment)
        plan = self._plan()
        scene = Scene(
            self.desk.site,
            now,
            moment,
            night[0] if night else None,
            night[1] if night else None,
            self._alarms(),
            plan.name if plan else "",
        )
        self._scene = scene
        order = rank(now)
        if not self._selected and not now.unread.all():
            self._selected = self._ids[order[0]]
        self._draw_answer(scene, order)
        self._draw_figures(scene)
        self._draw_map(scene, order)
        self.table.show_scene(scene, order)
        self._mark_selected()
        self._draw_group(curves=abs(scene.moment.timestamp() - self._curves_s) >= _CURVES_EVERY_S)
        self._ask_readings()

    def _find_night(self, moment: dt.datetime) -> None:
        """The night shown: the one that runs, else the last one; found anew every minute."""
        if abs(moment.timestamp() - self._night_for) < 60 and self._night is not None:
            self._night = Night(self._night.dusk, self._night.dawn, moment, self._night.zone)
            return
        self._night_for = moment.timestamp()
        place = self.desk.site.place
        found = [pair for pair in nights(place, moment - dt.timedelta(hours=36), moment) if pair[0] <= moment]
        self._night = Night(*found[-1], moment, place.zone) if found else None

    def _plan(self) -> Schedule | None:
        news = self.desk.plan
        return news.in_force if isinstance(news, PlanNews) else None

    def _alarms(self) -> dict[str, AlarmView]:
        """Worst open alarm by cabinet."""
        cabinets = {group.device for group in self._groups.values()}
        worst: dict[str, AlarmView] = {}
        for alarm in self.desk.alarms:
            device = alarm.source.split("/")[0]
            if device in cabinets and (device not in worst or alarm.priority < worst[device].priority):
                worst[device] = alarm
        return worst

    def _draw_answer(self, scene: Scene, order: list[int]) -> None:
        first, rest, priority, state = answer(scene, order)
        if not self.desk.time.live:
            first = self.tr("At {0}: {1}").format(stamp(scene.moment, self.desk.site.place.zone), first)
        self.answer_line.say(first, rest, priority, state)

    def _draw_figures(self, scene: Scene) -> None:
        now, row = scene.now, self.figure_row
        lamps, rated_kw = float(self._rows.lamps.sum()), float(self._rows.rated_w.sum()) / 1000.0
        known = bool((~np.isnan(now.level)).any())
        out = self.tr("{0} out").format(number(float(np.nansum(now.out)))) if known else ""
        row.show_figure("lit", number(float(np.nansum(now.lit))) if known else None, f"/ {number(lamps)}", out)
        full = self.tr("full light {0}").format(number(rated_kw, 1))
        power = number(float(np.nansum(now.power_w)) / 1000.0, 1) if known else None
        row.show_figure("power", power, "kW", full)
        level = mean_level(now, self._rows)
        row.show_figure("level", number(level * 100) if level == level else None, "%", self.tr("by rated power"))
        silent = int(now.silent.sum())
        names = ", ".join(self._ids[int(k)] for k in np.flatnonzero(now.silent)[:2])
        row.show_figure("silent", number(silent), f"/ {len(self._ids)}", names)
        self._draw_energy()

    def _draw_energy(self) -> None:
        energy, zone = self._readings.energy, self.desk.site.place.zone
        over = self._night is not None and self._night.over
        names = (self.tr("Energy last night"), self.tr("Saved last night"))
        if not over:
            names = (self.tr("Energy tonight"), self.tr("Saved tonight"))
        if energy is None or not energy.full_kwh:
            why = self.tr("no readings") if energy is not None else ""
            self.figure_row.show_figure("energy", None, "kWh", why, names[0])
            self.figure_row.show_figure("saved", None, "kWh", "", names[1])
            return
        begins, ends = (dt.datetime.fromtimestamp(ns / 1e9, dt.UTC) for ns in (energy.from_ns, energy.until_ns))
        span = f"{clock(begins, zone)}–{clock(ends, zone)}"
        self.figure_row.show_figure("energy", number(energy.energy_kwh), "kWh", span, names[0])
        against = self.tr("against full light")
        self.figure_row.show_figure("saved", number(energy.saved_kwh), "kWh", against, names[1])

    def _draw_map(self, scene: Scene, order: list[int]) -> None:
        looks: dict[str, GroupLook] = {}
        words: dict[str, str] = {}
        now = scene.now
        for row, group in enumerate(self.desk.site.lighting):
            level = float(now.level[row])
            priority, state = priority_of(scene, row)
            out = int(np.nan_to_num(now.out[row]))
            silent = now.findings[row] is Finding.SILENT
            # silence is told by the line itself, where no alarm asks for a shape
            shape = 0 if silent and group.device not in scene.alarms else priority
            count = str(out) if out else tr("silent") if silent else ""
            looks[group.id] = GroupLook(None if level != level else stepped(level), shape, state, count)
            shown = NONE if level != level else f"{number(level * 100)} %"
            words[group.id] = f"{group.id} · {group.name} · {group.road_class} · {shown} · {finding_words(now, row)}"
        self.map.show_groups(looks, [self._ids[row] for row in order], words)
        counts = [sum(look.priority == priority for look in looks.values()) for priority in range(5)]
        silent_count = int(now.silent.sum())
        names = {1: tr("critical"), 2: tr("dark or tripped"), 3: tr("look soon"), 4: tr("lamps, door")}
        shapes = [(p, f"{names[p]} {counts[p]}") for p in range(1, 5) if counts[p]]
        if silent_count:
            shapes.append((0, tr("no answer {0}").format(silent_count)))
        self.legend.show_counts(shapes)

    # the group selected

    def _pick(self, group: str) -> None:
        if group != self._selected:
            self._selected = group
            self._readings.forget_group()
        self._mark_selected()
        self._draw_group()
        self._ask_readings()

    def _ask_readings(self) -> None:
        if self._night is not None:
            self._readings.ask(self._night, self._groups.get(self._selected))

    def _mark_selected(self) -> None:
        self.map.select(self._selected)
        self.table.select(self._selected)

    def subject(self) -> str:
        return self._groups[self._selected].device if self._selected else ""

    @property
    def selected(self) -> str:
        return self._selected

    def _draw_group(self, *, curves: bool = True) -> None:
        """`curves`: False leaves the plots as they are."""
        group = self._groups.get(self._selected)
        if group is None or self._scene is None:
            return
        row = self._ids.index(group.id)
        words = self.tr("{0} · {1} luminaires × {2} W · {3}")
        night = self._night
        which = "" if night is None else self.tr("last night") if night.over else self.tr("tonight")
        self.level_card.say(group.name, words.format(group.road_class, group.lamps, number(group.lamp_w), which))
        self.detail.show_group(group, self._scene, row)
        if not curves:
            return
        self._curves_s = self._scene.moment.timestamp()
        self.detail.show_night(group, night, self._readings.measured)
        if night is None:
            self.level_plot.show_picture(None, self.tr("The sun does not set at this site on these days."))
        else:
            self.level_plot.show_picture(level_picture(group, night, self._readings.measured, self._plan()))

    def _group_known(self) -> None:
        measured = self._readings.measured
        if measured is not None and measured.group == self._selected:
            self._draw_group()

    def _trend(self, group: str) -> None:
        device = self._groups[group].device
        self.desk.trend.emit([f"{device}/power_kw", f"{device}/level"])
