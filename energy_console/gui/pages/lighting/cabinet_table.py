"""Cabinets ranked by what needs attention: expected against metered power, lamps out, what is found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from energy_console.gui.format import NONE, number
from energy_console.gui.pages.lighting.words import Scene, finding_words, priority_of
from energy_console.gui.parts.card import Card, rule
from energy_console.gui.parts.rank_table import RankTable
from energy_console.gui.parts.table_model import Column
from energy_console.gui.parts.text import caption
from energy_console.gui.theme import CARD_PADDING, Looks
from energy_console.live.lighting import Finding

_ROW_PX = 24
_WIDE_PX, _MIDDLE_PX = 700.0, 600.0


class CabinetTable(Card):
    """`picked` carries a group's id, `trend` the id of the group to be shown in Trends."""

    picked = Signal(str)
    trend = Signal(str)

    def __init__(self, looks: Looks) -> None:
        super().__init__(self.tr("Cabinets by what needs attention"), " ")
        self._columns = (
            Column("shape", "", 28, "shape"),
            Column("cabinet", self.tr("Cabinet"), 62, strong=True),
            Column("street", self.tr("Street"), 0),
            Column("class", self.tr("Class"), 44, muted=True),
            Column("lamps", self.tr("Lamps"), 52, "number"),
            Column("level", self.tr("Level %"), 58, "number"),
            Column("expected", self.tr("Expected W"), 82, "number"),
            Column("metered", self.tr("Metered W"), 78, "number"),
            Column("difference", self.tr("Difference"), 74, "number", text=lambda watts: number(watts, sign=True)),
            Column("out", self.tr("Out"), 40, "number", text=lambda out: number(out) if out else NONE),
            Column("reading", self.tr("Reading"), 116),
        )
        self.table = RankTable(looks, self._columns, self.tr("Cabinets by what needs attention"), _ROW_PX)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(rule())
        foot = QHBoxLayout()
        foot.setContentsMargins(CARD_PADDING, 4, CARD_PADDING, 5)
        self._sums = caption()
        foot.addWidget(self._sums)
        self.body.addLayout(foot)
        self.table.picked.connect(self.picked)
        self.table.trend.connect(self.trend)
        self._rows: tuple[list[str], dict[str, Sequence[Any]], list[str]] = ([], {}, [])

    def fit_columns(self, width: float) -> None:
        """Leaves out what can be spared where there is little room."""
        keys = [column.key for column in self._columns]
        self.table.setColumnHidden(keys.index("class"), width < _WIDE_PX)
        self.table.setColumnHidden(keys.index("lamps"), width < _WIDE_PX)
        self.table.setColumnHidden(keys.index("out"), width < _WIDE_PX)  # the reading tells it too
        self.table.setColumnHidden(keys.index("expected"), width < _MIDDLE_PX)

    def show_scene(self, scene: Scene, order: Sequence[int]) -> None:
        now, groups = scene.now, scene.site.lighting
        wrong = sum(finding is not Finding.NONE for finding in now.findings)
        self.remark.setText(self.tr("{0} cabinets · {1} with a finding").format(len(groups), wrong))
        shapes = [priority_of(scene, row) for row in order]
        self._fill(
            [groups[row].id for row in order],
            {
                "shape": [shape if shape[0] else None for shape in shapes],
                "cabinet": [groups[row].id for row in order],
                "street": [groups[row].name for row in order],
                "class": [groups[row].road_class for row in order],
                "lamps": [groups[row].lamps for row in order],
                "level": [_whole(now.level[row] * 100) for row in order],
                "expected": [_whole(now.expected_w[row]) for row in order],
                "metered": [_whole(now.power_w[row]) for row in order],
                "difference": [_whole(now.difference_w[row]) for row in order],
                "out": [_whole(now.out[row]) for row in order],
                "reading": [finding_words(now, row) for row in order],
            },
            [groups[row].id for row in order if now.findings[row] is Finding.NONE],
        )
        lamps = sum(group.lamps for group in groups)
        both = ~np.isnan(now.difference_w)
        text = self.tr("All {0}: {1} lamps · expected {2} W, metered {3} W, difference {4} W · {5} out")
        self._sums.setText(
            text.format(
                len(groups),
                number(lamps),
                number(float(now.expected_w[both].sum())),
                number(float(now.power_w[both].sum())),
                number(float(now.difference_w[both].sum()), sign=True),
                number(float(np.nansum(now.out))),
            )
        )

    def _fill(self, ids: list[str], values: dict[str, Sequence[Any]], calm: list[str]) -> None:
        """Hands rows over only when something shown has changed."""
        rows = (ids, values, calm)
        if rows != self._rows:
            self._rows = rows
            self.table.set_rows(ids, values, calm)

    def select(self, group: str) -> None:
        """Marks a row without telling so."""
        if self.table.selected_id() != group:
            self.table.blockSignals(True)
            self.table.select_id(group)
            self.table.blockSignals(False)


def _whole(value: float) -> int | None:
    """The figure as it is shown, None where it is not known."""
    return None if np.isnan(value) else round(float(value))
