"""One cabinet: its power over the night against what its level needs, its circuits, its state."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from energy_console.gui.format import NONE, number
from energy_console.gui.pages.lighting.circuits import CircuitBars
from energy_console.gui.pages.lighting.history import GroupNight
from energy_console.gui.pages.lighting.night import Night, power_picture
from energy_console.gui.pages.lighting.words import Scene, finding_words
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.day_plot import DayPlot
from energy_console.gui.parts.text import caption
from energy_console.gui.theme import CARD_PADDING, Looks
from energy_console.site.model import LightingGroup


class CabinetDetail(Card):
    """`show_on_map` and `trend` are its buttons."""

    show_on_map = Signal()
    trend = Signal()

    def __init__(self, looks: Looks, zone: ZoneInfo) -> None:
        super().__init__(" ", " ")
        self.add_tool(Button(looks, self.tr("Show on map"), look="card", on_click=self.show_on_map.emit))
        self.add_tool(Button(looks, self.tr("Trends"), look="card", on_click=self.trend.emit))
        self.plot = DayPlot(looks, zone, self.tr("Power of the cabinet"), right_px=60)
        self.circuits = CircuitBars(looks)
        row = QHBoxLayout()
        row.setContentsMargins(CARD_PADDING, 0, 0, 6)
        row.setSpacing(12)
        left = QVBoxLayout()
        left.setSpacing(2)
        left.addWidget(caption(self.tr("Power of the cabinet, W")))
        left.addWidget(self.plot, 1)
        row.addLayout(left, 1)
        row.addWidget(self.circuits)
        self.body.addLayout(row)

    def show_group(self, group: LightingGroup, scene: Scene, row: int) -> None:
        """What is so now."""
        self.say(f"{group.id} {group.name}", self.tr("{0} lamps × {1} W").format(group.lamps, number(group.lamp_w)))
        now = scene.now
        level = float(now.level[row])
        facts = (
            (self.tr("Found"), finding_words(now, row)),
            (self.tr("Level"), f"{number(level * 100)} %" if level == level else NONE),
            (self.tr("Decided by"), self.tr("a command") if now.commanded[row] else self.tr("own clock")),
            (self.tr("Class minimum"), f"{number(group.floor * 100)} %"),
        )
        self.circuits.show_cabinet(now.circuits_a[row], int(now.dead_circuit[row]), facts)

    def show_night(self, group: LightingGroup, night: Night | None, measured: GroupNight | None) -> None:
        """The curves of the night; None while the store has not answered."""
        if measured is None or night is None:
            self.plot.show_picture(None, self.tr("reading the store"))
            return
        self.plot.show_picture(power_picture(group, night, measured), self.tr("no reading of its power this night"))
