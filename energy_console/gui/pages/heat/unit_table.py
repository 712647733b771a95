"""Substations ranked by the flow they waste, with sums that can be checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout

from energy_console.gui.format import number
from energy_console.gui.pages.heat.words import reading
from energy_console.gui.parts.bar_cell import draw_bar_cell
from energy_console.gui.parts.card import Card, rule
from energy_console.gui.parts.rank_table import RankTable
from energy_console.gui.parts.table_model import Column
from energy_console.gui.parts.text import caption
from energy_console.gui.theme import CARD_PADDING, Looks
from energy_console.live.heat import HeatNow, HeatSpan
from energy_console.site.model import Site

_ROW_PX = 34
_WIDE_PX, _MIDDLE_PX = 720, 600


class UnitTable(Card):
    """`picked` carries the id of a substation, `trend` the one to be shown in Trends."""

    picked = Signal(str)
    trend = Signal(str)

    def __init__(self, looks: Looks) -> None:
        super().__init__(self.tr("Substations by excess flow"), " ")
        self._columns = (
            Column("shape", "", 28, "shape"),
            Column("unit", self.tr("Unit"), 58, strong=True),
            Column("place", self.tr("Place"), 0, "two_lines"),
            Column("power", self.tr("Heat kW"), 64, "number", decimals=0),
            Column("excess", self.tr("Excess m³"), 98, "own"),
            Column("eur", self.tr("EUR/week"), 70, "number"),
            Column("return", self.tr("Return °C"), 66, "number", decimals=1),
            Column("cooling", self.tr("Cools K"), 58, "number", decimals=1),
            Column("reading", self.tr("Reading"), 152),
        )
        self.table = RankTable(looks, self._columns, self.tr("Substations by excess flow"), _ROW_PX)
        self._looks = looks
        self._most = 1.0
        self.table.delegate.painters["excess"] = self._draw_excess
        self.body.addWidget(self.table, 1)
        self.body.addWidget(rule())
        foot = QHBoxLayout()
        foot.setContentsMargins(CARD_PADDING, 4, CARD_PADDING, 5)
        self._sums = caption()
        foot.addWidget(self._sums)
        self.body.addLayout(foot)
        self.table.picked.connect(self.picked)
        self.table.trend.connect(self.trend)

    def fit_columns(self, width: float) -> None:
        """Leaves out what can be spared where there is little room."""
        keys = [column.key for column in self._columns]
        self.table.setColumnHidden(keys.index("eur"), width < _WIDE_PX)
        self.table.setColumnHidden(keys.index("cooling"), width < _WIDE_PX)
        self.table.setColumnHidden(keys.index("power"), width < _MIDDLE_PX)

    def select(self, unit: str) -> None:
        if unit and self.table.selected_id() != unit:
            self.table.select_id(unit)

    def _draw_excess(self, painter: QPainter, cell: QRectF, m3: float) -> None:
        """The figure and, beside it, its bar on the scale of the worst unit."""
        draw_bar_cell(painter, cell, self._looks.theme, number(m3, 1), m3 / self._most)

    def show_units(self, site: Site, now: HeatNow, span: HeatSpan | None, order: Sequence[int]) -> None:
        units = [site.heat[row] for row in order]
        nothing = np.full(len(site.heat), np.nan)
        excess = span.excess_m3 if span else nothing
        eur = span.eur_per_week if span else nothing
        words = [reading(site, site.heat[row], row, now, span) for row in order]
        self._most = max(float(np.nanmax(excess)), 1e-9) if np.isfinite(excess).any() else 1.0
        self.table.set_rows(
            [unit.id for unit in units],
            {
                "shape": [(priority, "acknowledged") if priority else None for _, priority in words],
                "unit": [unit.id for unit in units],
                "place": [(unit.name, unit.kind) for unit in units],
                "power": [float(now.power_kw[row]) for row in order],
                "excess": [float(excess[row]) for row in order],
                "eur": [float(eur[row]) for row in order],
                "return": [float(now.return_c[row]) for row in order],
                "cooling": [float(now.cooling_k[row]) for row in order],
                "reading": [text for text, _ in words],
            },
            [unit.id for unit, (_, priority) in zip(units, words, strict=True) if not priority],
        )
        if span is None:
            self.say(self.tr("Substations by return temperature"), self.tr("excess flow is being worked out"))
            self._sums.setText("")
            return
        self.say(
            self.tr("Substations by excess flow"),
            self.tr("last {0} h · against each unit's design cooling").format(number(span.hours)),
        )
        self._sums.setText(
            self.tr("All {0}: excess {1} m³ of {2} m³ · {3} EUR/week at {4} EUR/m³ [M]").format(
                len(units),
                number(float(np.nansum(excess)), 1),
                number(float(np.nansum(span.volume_m3))),
                number(float(np.nansum(eur))),
                "0.62",
            )
        )
