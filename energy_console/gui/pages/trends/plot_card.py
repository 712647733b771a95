"""The card in the middle of Trends: its heading and tools, and the plots, or what to do to get some."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QStackedWidget

from energy_console.gui.format import unit_text
from energy_console.gui.pages.trends.choice import TrendView
from energy_console.gui.pages.trends.naming import Names
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.hatch_key import HatchKey
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.parts.text import caption
from energy_console.gui.plots.stack import TrendStack
from energy_console.gui.theme import Looks


class PlotCard(Card):
    """`own_plot` and `centre` are what its two buttons do."""

    def __init__(
        self,
        looks: Looks,
        stack: TrendStack,
        names: Names,
        own_plot: Callable[[], None],
        centre: Callable[[], None],
    ) -> None:
        super().__init__(" ", " ", tools=True)
        self._names, self._stack = names, stack
        self.empty = StatePane(looks)
        self.add_plot = Button(looks, self.tr("Add plot"), "", "card", on_click=own_plot)
        self.add_plot.setToolTip(self.tr("Give the selected curve a plot of its own"))
        words = self.tr("Put the cursor into the middle")
        self.centre = Button(looks, "", "crosshair", "icon", name=words, on_click=centre)
        self.dotted_key = caption(self.tr("dotted: simulated or uncertain"))
        self.dotted_key.hide()
        for tool in (self.dotted_key, HatchKey(looks, self.tr("no answer")), self.add_plot, self.centre):
            self.add_tool(tool)
        self.shown = QStackedWidget()
        self.shown.addWidget(self.empty)
        self.shown.addWidget(stack)
        self.body.setContentsMargins(0, 0, 0, 6)
        self.body.addWidget(self.shown)

    def show_view(self, view: TrendView, first: Callable[[], None]) -> None:
        """Names the first plot; with nothing drawn says what to do, `first` being a start."""
        if view.points:
            plot = view.plots[0]
            size = len(plot.points)
            count = self.tr("1 point") if size == 1 else self.tr("{0} points").format(size)
            units = (unit_text(axis.unit) for axis in plot.axes)
            self.say(plot.title or self._names.plot_title(plot.points), ", ".join(filter(None, (count, *units))))
            self.shown.setCurrentWidget(self._stack)
            return
        self.say(self.tr("Plots"))
        todo = self.tr("Tick points in the tree, drag them here from any page, or open a kept view.")
        self.empty.say("empty", self.tr("Nothing is drawn yet."), todo, self.tr("Draw the main meters"), first)
        self.shown.setCurrentWidget(self.empty)
