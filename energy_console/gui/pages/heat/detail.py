"""What one substation does: supply and return against outside, its day, its flow against what the heat needs."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from energy_console.gui.format import NONE, clock, number
from energy_console.gui.pages.heat.history import UnitDay
from energy_console.gui.pages.heat.scatter import Cloud, Scatter
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.day_plot import DayCurve, DayMark, DayPicture, DayPlot
from energy_console.gui.parts.text import Text, muted
from energy_console.gui.theme import CARD_GAP, CARD_PADDING, Looks
from energy_console.live.heat import HeatNow
from energy_console.site.model import HeatSubstation
from hardware.points import Float64Array


class UnitDetail(QWidget):
    """`trend` asks for the unit in Trends, `devices` for its meter."""

    trend = Signal()
    devices = Signal()

    def __init__(self, looks: Looks, zone: ZoneInfo) -> None:
        super().__init__()
        self._zone = zone
        self._cloud_card = Card(" ", " ", tools=True)
        self._cloud_card.add_tool(Button(looks, self.tr("Trend"), "chart-line", "card", on_click=self.trend.emit))
        self._cloud_card.add_tool(
            Button(looks, self.tr("All signals"), "hard-drives", "card", on_click=self.devices.emit)
        )
        self._scatter = Scatter(looks)
        self._cloud_card.body.addWidget(self._scatter, 1)
        self._day_card = Card(self.tr("Last 24 hours"), self.tr("supply and return °C"))
        self._water = DayPlot(looks, zone, self.tr("Supply and return temperature"), right_px=64)
        self._day_card.body.addWidget(self._water, 1)
        self._flow_card = Card(self.tr("Flow and what the heat needs"), self.tr("m³/h"))
        self._flow = DayPlot(looks, zone, self.tr("Flow and what the heat needs"), right_px=64)
        self._flow_card.body.addWidget(self._flow, 1)
        self._facts = Text("", "text", wrap=True)
        self._more = muted("")
        self._more.setWordWrap(True)
        facts = QVBoxLayout()
        facts.setContentsMargins(CARD_PADDING, 0, CARD_PADDING, 8)
        facts.addWidget(self._facts)
        facts.addWidget(self._more)
        self._cloud_card.body.addLayout(facts)
        low = QHBoxLayout()
        low.setSpacing(CARD_GAP)
        low.addWidget(self._day_card, 1)
        low.addWidget(self._flow_card, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(CARD_GAP)
        column.addWidget(self._cloud_card, 58)
        column.addLayout(low, 42)

    def show_unit(
        self, unit: HeatSubstation, row: int, now: HeatNow, words: str, day: UnitDay | None, moment: dt.datetime
    ) -> None:
        """`day` None: still being read."""
        self._cloud_card.say(
            f"{unit.id} {unit.name}", self.tr("{0}, supply and return against outside").format(unit.kind)
        )
        valve = float(now.valve[row])
        facts = self.tr("{0} · heat {1} of {2} kW · flow {3} m³/h · supply {4} °C, return {5} °C")
        self._facts.setText(
            facts.format(
                words,
                number(float(now.power_kw[row])),
                number(unit.design_kw),
                number(float(now.flow_m3h[row]), 2),
                number(float(now.supply_c[row]), 1),
                number(float(now.return_c[row]), 1),
            )
        )
        self._more.setText(
            self.tr("valve {0} · outside {1} °C · design cooling {2} K").format(
                NONE if valve != valve else f"{number(100 * valve)} %",
                number(float(now.outside_c[row]), 1),
                number(unit.design_cooling_k),
            )
        )
        if day is None:
            self._scatter.show_cloud(None)
            self._water.show_picture(None, self.tr("Being read."))
            self._flow.show_picture(None, self.tr("Being read."))
            return
        at = (float(now.outside_c[row]), float(now.supply_c[row]), float(now.return_c[row]))
        self._scatter.show_cloud(Cloud(day.outside_c, day.supply_c, day.return_c, at, unit.design_cooling_k))
        self._water.show_picture(
            self._picture(
                day, moment, ((day.supply_c, "text", self.tr("supply")), (day.return_c, "lighting", self.tr("return")))
            ),
            self.tr("No readings of the last 24 hours."),
        )
        self._flow.show_picture(
            self._picture(
                day,
                moment,
                ((day.flow_m3h, "text", self.tr("flow")), (day.needed_m3h, "muted", self.tr("needed"))),
                zero=True,
            ),
            self.tr("No readings of the last 24 hours."),
        )

    def _picture(
        self,
        day: UnitDay,
        moment: dt.datetime,
        curves: tuple[tuple[Float64Array, str, str], ...],
        *,
        zero: bool = False,
    ) -> DayPicture | None:
        known = np.concatenate([values[np.isfinite(values)] for values, _, _ in curves])
        if not len(known):
            return None
        low, high = float(known.min()), float(known.max())
        room = max(0.08 * (high - low), 0.05)
        made = tuple(
            DayCurve(day.edges_s, values, tone, filled=zero and place == 1, label=label, gaps=place == 0)
            for place, (values, tone, label) in enumerate(curves)
        )
        now_s = moment.timestamp()
        return DayPicture(
            float(day.edges_s[0]),
            float(day.edges_s[-1]),
            0.0 if zero else low - room,
            high + room,
            made,
            marks=(DayMark(now_s, clock(moment, self._zone)),),
        )
