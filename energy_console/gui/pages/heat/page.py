"""The Heat page: every substation by the flow it wastes, and what one of them does."""

from __future__ import annotations

import datetime as dt
import math
from functools import partial

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from energy_console.gui.asking import Asking
from energy_console.gui.desk import Desk
from energy_console.gui.format import number, percent, stamp
from energy_console.gui.pages.heat.detail import UnitDetail
from energy_console.gui.pages.heat.history import UnitDay, ask_span, ask_unit
from energy_console.gui.pages.heat.unit_table import UnitTable
from energy_console.gui.pages.heat.words import answer, reading
from energy_console.gui.pages.page import Page
from energy_console.gui.parts.answer_line import AnswerLine
from energy_console.gui.parts.figure_row import FigureRow
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.theme import CARD_GAP, PAGE_MARGIN
from energy_console.live.heat import HeatNow, HeatSpan, heat_now, heat_rows, rank

_SPAN_EVERY_S, _UNIT_EVERY_S = 300.0, 60.0
_SPAN_MOVED_S, _UNIT_MOVED_S = 1800.0, 300.0  # of the moment, before a week and a day of a unit are asked for again
_LEFT_SHARE = 0.46


class HeatPage(Page):
    """See the module. Everything shown comes from one table of values: the live one, or that of a moment picked."""

    refresh_ms = 2000

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._units = {unit.id: row for row, unit in enumerate(desk.site.heat)}
        self._rows = heat_rows(desk.site, desk.live.index)
        self._span: HeatSpan | None = None
        self._day: UnitDay | None = None
        self._span_asking = Asking(desk, _SPAN_EVERY_S, _SPAN_MOVED_S)
        self._day_asking = Asking(desk, _UNIT_EVERY_S, _UNIT_MOVED_S)
        self._selected = ""
        self._build()

    def _build(self) -> None:
        looks = self.looks
        outer = QVBoxLayout(self)
        outer.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, CARD_GAP)
        outer.setSpacing(CARD_GAP)
        if not self._units:
            what = self.tr("This site has no heat substations.")
            outer.addWidget(StatePane(looks, "empty", what, self.tr("Name its substations and meters in heat.csv.")))
            return
        self.answer_line = AnswerLine(looks)
        self.figure_row = FigureRow(
            (
                ("heat", self.tr("Heat delivered now")),
                ("water", self.tr("Supply / return")),
                ("outside", self.tr("Outside")),
                ("flow", self.tr("Flow")),
                ("excess", self.tr("Excess flow")),
                ("cost", self.tr("It costs")),
            ),
            self.tr("Heat in figures"),
            beside=True,
        )
        self.table = UnitTable(looks)
        self.detail = UnitDetail(looks, self.desk.site.place.zone)
        row = QHBoxLayout()
        row.setSpacing(CARD_GAP)
        row.addWidget(self.table, round(100 * _LEFT_SHARE))
        row.addWidget(self.detail, round(100 * (1 - _LEFT_SHARE)))
        outer.addWidget(self.answer_line)
        outer.addWidget(self.figure_row)
        outer.addLayout(row, 1)
        outer.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self.table.picked.connect(self._pick)
        self.table.trend.connect(self._trend)
        self.detail.trend.connect(lambda: self._trend(self._selected))
        self.detail.devices.connect(self._open_device)

    # the frame's calls

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.scope.emit(self.tr("{0} substations").format(len(self._units)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._units:
            self.table.fit_columns(self.width() * _LEFT_SHARE)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_T and not event.modifiers() and self._selected:
            self._trend(self._selected)
            return
        super().keyPressEvent(event)

    def select(self, what: object) -> None:
        """A substation, its meter or controller, or one of their values."""
        if not isinstance(what, str):
            return
        name = what.split("/")[0]
        for unit in self.desk.site.heat:
            if name in (unit.id, unit.meter, unit.controller):
                self._pick(unit.id)

    def refresh(self) -> None:
        if not self._units:
            return
        if self.desk.ready:
            self._draw()
        elif self.desk.past.failure:
            self.answer_line.say(self.desk.past.failure)

    # asking

    def _ask_history(self, moment: dt.datetime) -> None:
        site = self.desk.site
        self._span_asking.ask("", lambda historian: ask_span(site, historian, moment), self._take_span, self.refresh)
        if self._selected:
            unit = site.heat[self._units[self._selected]]
            question = partial(ask_unit, unit, moment=moment)
            self._day_asking.ask(self._selected, question, self._take_day, self.refresh)

    def _take_span(self, found: HeatSpan) -> None:
        self._span = found
        self._draw()

    def _take_day(self, found: UnitDay) -> None:
        if found.unit == self._selected:
            self._day = found
            self._draw()

    # choosing

    def _pick(self, unit: str) -> None:
        if unit != self._selected:
            self._selected, self._day = unit, None
            self.table.select(unit)
            self._draw()

    def subject(self) -> str:
        return self.desk.site.heat[self._units[self._selected]].meter if self._selected else ""

    @property
    def selected(self) -> str:
        return self._selected

    def _trend(self, unit: str) -> None:
        if unit not in self._units:
            return
        meter = self.desk.site.heat[self._units[unit]].meter
        self.desk.trend.emit([f"{meter}/{name}" for name in ("supply_c", "return_c", "flow_m3h", "heat_power_kw")])
        self.desk.open_page.emit("trends", None)

    def _open_device(self) -> None:
        if self._selected:
            self.desk.open_page.emit("devices", self.desk.site.heat[self._units[self._selected]].meter)

    # drawing

    def _draw(self) -> None:
        moment, site = self.desk.time.now(), self.desk.site
        span = self._span if self._span_asking.holds else None
        day = self._day if self._day_asking.holds else None
        now = heat_now(self._rows, self.desk.table)
        order = rank(site.heat, now, span)
        if not self._selected and np.isfinite(now.power_kw).any():
            self._selected = site.heat[order[0]].id
        first, rest = answer(site, now, span, order)
        if not self.desk.time.live:
            first = self.tr("At {0}: {1}").format(stamp(moment, site.place.zone), first)
        self.answer_line.say(first, rest)
        self._draw_figures(now, span)
        self.table.show_units(site, now, span, order)
        self.table.select(self._selected)
        if self._selected:
            row = self._units[self._selected]
            words, _ = reading(site, site.heat[row], row, now, span)
            self.detail.show_unit(site.heat[row], row, now, words, day, moment)
        self._ask_history(moment)

    def _draw_figures(self, now: HeatNow, span: HeatSpan | None) -> None:
        show, site = self.figure_row.show_figure, self.desk.site
        heat_mw = float(np.nansum(now.power_kw)) / 1000.0
        known = bool(np.isfinite(now.power_kw).any())
        design_mw = sum(unit.design_kw for unit in site.heat) / 1000.0
        show("heat", number(heat_mw, 2) if known else None, "MW", self.tr("of {0}").format(number(design_mw, 1)))
        supply, back = now.by_flow_c(now.supply_c), now.by_flow_c(now.return_c)
        both = None if math.isnan(supply + back) else f"{number(supply, 1)} / {number(back, 1)}"
        show("water", both, "°C", self.tr("by flow"))
        outside = now.outside_mean_c
        show("outside", None if math.isnan(outside) else number(outside, 1), "°C", self.tr("median of units"))
        show("flow", number(float(np.nansum(now.flow_m3h)), 1) if known else None, "m³/h", "")
        if span is None:
            show("excess", None, "m³", self.tr("being worked out"))
            show("cost", None, "EUR", "")
            return
        excess, volume = float(np.nansum(span.excess_m3)), float(np.nansum(span.volume_m3))
        share = self.tr("{0} of {1}, {2} h").format(
            percent(excess / volume if volume else None), number(volume), number(span.hours)
        )
        show("excess", number(excess), "m³", share)
        show("cost", number(float(np.nansum(span.eur_per_week))), "EUR", self.tr("per week [M]"))
