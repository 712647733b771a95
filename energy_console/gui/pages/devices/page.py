"""The Devices page: figures, the tree of links and devices with its filters, and the panel of the device selected."""

from __future__ import annotations

import statistics
from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout

from energy_console.engine.link import DeviceState, EngineHealth
from energy_console.gui.desk import Desk
from energy_console.gui.format import duration, number
from energy_console.gui.pages.devices.adding import AddDevicePanel
from energy_console.gui.pages.devices.device_panel import WIDTH_PX, DevicePanel
from energy_console.gui.pages.devices.field_rows import (
    ALL,
    OFF,
    SILENT,
    SLOW,
    counts,
    device_rows,
    group_by_link,
    sort_of,
)
from energy_console.gui.pages.devices.tree_painter import trip_text
from energy_console.gui.pages.devices.tree_view import FieldTree
from energy_console.gui.pages.page import Page
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.figure_row import FigureRow
from energy_console.gui.parts.segments import Segments
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.parts.text import ElidedText
from energy_console.gui.theme import CARD_GAP, PAGE_MARGIN

_NARROW_PX = 1250  # below, the panel is narrower


class DevicesPage(Page):
    """`select` takes a device id or a point id."""

    refresh_ms = 1000  # ages change by the second; the field does not answer faster

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rows = device_rows(desk.site)
        self._unfolded: frozenset[str] = frozenset()
        self._chose_first = False
        self.figures = FigureRow(self._captions(), self.tr("How the field answers"))
        self.segments = Segments(
            [
                (ALL, self.tr("All")),
                (SILENT, self.tr("Silent")),
                (SLOW, self.tr("Slow or wrong")),
                (OFF, self.tr("Out of service")),
            ],
            self.tr("Which devices"),
        )
        self.search = QLineEdit()
        self.tree = FieldTree(desk, self._rows)
        self.nothing = StatePane(desk.looks)
        self.panel = DevicePanel(desk)
        self.adding = AddDevicePanel(desk)
        self.adding.hide()
        self.add_button = Button(desk.looks, self.tr("Add device"), "plus", on_click=self.add_device)
        self.add_button.setToolTip(self.tr("Find a device on a link and add it to the site (Ctrl+N)"))
        self.add_button.setEnabled(desk.may("probe"))
        self.banner = ElidedText("", "text")
        self.banner.hide()
        self._lay_out()
        self._connect()

    def _captions(self) -> list[tuple[str, str]]:
        return [
            ("answering", self.tr("Answering")),
            ("points", self.tr("Points read")),
            ("requests", self.tr("Requests")),
            ("cycle", self.tr("Field cycle, worst")),
            ("wrong", self.tr("Wrong answers refused")),
            ("lost", self.tr("Lost requests")),
            ("trip", self.tr("Round trip, median")),
        ]

    def _lay_out(self) -> None:
        self.search.setPlaceholderText(self.tr("Find by name, link, profile or unit"))
        self.search.setAccessibleName(self.tr("Find a device (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(110)  # narrow beside the panel of a small window
        self.search.setMaximumWidth(250)
        card = Card(tools=True)
        card.setAccessibleName(self.tr("Links and devices"))
        card.tools.insertWidget(0, self.segments)
        card.add_tool(self.search)
        card.tools.setStretchFactor(self.search, 4)
        card.add_tool(self.add_button)
        card.body.addWidget(self.tree, 1)
        card.body.addWidget(self.nothing, 1)
        self.nothing.hide()
        row = QHBoxLayout()
        row.setSpacing(CARD_GAP)
        row.addWidget(card, 1)
        row.addWidget(self.panel)
        row.addWidget(self.adding)
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, CARD_GAP)
        column.setSpacing(CARD_GAP)
        column.addWidget(self.figures)
        column.addWidget(self.banner)
        column.addLayout(row, 1)

    def _connect(self) -> None:
        self.segments.picked.connect(lambda _key: self._show_field())
        self.search.textChanged.connect(lambda _text: self._show_field())
        self.tree.picked.connect(self._show_device)
        self.tree.unfold.connect(self._unfold)
        self.tree.trend.connect(self.desk.trend)
        self.panel.trend.connect(self.desk.trend)
        self.panel.closed.connect(self._close_panel)
        self.adding.closed.connect(self._close_adding)
        self.adding.saved.connect(self._added)

    def refresh(self) -> None:
        states = self.desk.devices
        self._show_figures(states, self.desk.health)
        found = counts(states)
        self.segments.set_text(ALL, self.tr("All {0}").format(found[ALL]))
        self.segments.set_text(SILENT, self.tr("Silent {0}").format(found[SILENT]))
        self.segments.set_text(SLOW, self.tr("Slow or wrong {0}").format(found[SLOW]))
        self.segments.set_text(OFF, self.tr("Out of service {0}").format(found[OFF]))
        self.scope.emit("" if self.desk.time.live else self.tr("as their readings tell of that moment"))
        self._show_field()
        if not self._chose_first and states:
            self._chose_first = True
            self._choose_first(states)
        self.panel.refresh()

    def select(self, what: object) -> None:
        """Shows a device, or one of its points, whatever the filters hide."""
        device = str(what).partition("/")[0]
        row = self._rows.get(device)
        if row is None:
            self.desk.said.emit(self.tr("There is no device {0} at this site.").format(device))
            return
        self._chose_first = True
        self.search.clear()
        self.segments.pick(ALL)
        self._unfold(row.link)
        self.tree.select([device])
        self._show_device(device)
        if "/" in str(what):
            self.panel.select_point(str(what))

    def subject(self) -> str:
        return "" if self.panel.isHidden() else self.panel.device

    def _choose_first(self, states: Mapping[str, DeviceState]) -> None:
        """What deviates first, so that the panel answers the likely question; else the first device."""
        deviating = [device for device, state in states.items() if sort_of(state) in (SILENT, SLOW)]
        first = next(iter(deviating or self._rows), None)
        if first is not None:
            self.tree.select([first])
            self._show_device(first)

    def _show_device(self, device: str) -> None:
        if not self.adding.isHidden():
            return  # the walk goes on; what is selected is shown once it has ended
        if device != self.panel.device or self.panel.isHidden():
            self.panel.show()
            self.panel.show_device(self._rows[device])

    def _close_panel(self) -> None:
        self.panel.hide()
        self.tree.setFocus()

    def add_device(self) -> None:
        """The panel that walks a device in, on the link of the device selected."""
        if not self.desk.may("probe"):
            return
        row = self._rows.get(self.panel.device)
        self.panel.hide()
        self.adding.show()
        self.adding.begin(row.link if row else "")

    def _close_adding(self) -> None:
        self.adding.end()
        self.adding.hide()
        self.panel.setVisible(bool(self.panel.device))
        self.tree.setFocus()

    def _added(self, device: str, words: str) -> None:
        self._close_adding()
        self.banner.show_text(words)
        self.banner.show()
        self.desk.said.emit(words)

    def _unfold(self, link: str) -> None:
        self._unfolded |= {link}
        self._show_field()

    def _show_field(self) -> None:
        states = self.desk.devices
        sort, words = self.segments.current, self.search.text()
        groups = group_by_link(self.desk.site, self._rows, states, sort, words, self._unfolded)
        self.tree.show_field(groups, states, unfold_all=bool(words) or sort != ALL)
        self.tree.setVisible(bool(groups))
        self.nothing.setVisible(not groups)
        if not groups:
            what = self.tr("No device fits.") if words or sort == ALL else self.tr("None, at the moment.")
            self.nothing.say(
                "empty", what, self.tr("Clear the search, or choose All."), self.tr("Show all"), self._show_all
            )

    def _show_all(self) -> None:
        self.search.clear()
        self.segments.pick(ALL)

    def _show_figures(self, states: Mapping[str, DeviceState], health: EngineHealth | None) -> None:
        if health is None:
            return
        if not self.desk.time.live:
            self._show_past_figures(states, health)
            return
        figures, total = self.figures, counts(states)
        notes = [self.tr("{0} silent").format(total[SILENT]) if total[SILENT] else ""]
        notes.append(self.tr("{0} slow or wrong").format(total[SLOW]) if total[SLOW] else "")
        note = ", ".join(part for part in notes if part) or self.tr("all of them")
        answering, of_all = number(health.answering), self.tr("of {0}").format(number(health.devices))
        figures.show_figure("answering", answering, of_all, note)
        good = self.tr("{0} good, {1} without value").format(number(health.good_points), number(health.bad_points))
        figures.show_figure("points", number(health.points), "", good)
        links = self.tr("over {0} links").format(len(self.desk.site.links))
        figures.show_figure("requests", number(health.requests_per_s), "/s", links)
        usual = self.tr("usual {0}").format(duration(health.cycle_s))
        figures.show_figure("cycle", number(health.cycle_worst_s, 1), "s", usual)
        figures.show_figure("wrong", number(health.wrong_answers), "", self.tr("dropped, never shown as values"))
        self._show_losses(states)

    def _show_past_figures(self, states: Mapping[str, DeviceState], health: EngineHealth) -> None:
        """What readings tell; requests and round trips are not kept."""
        total = counts(states)
        of_all = self.tr("of {0}").format(number(health.devices))
        note = self.tr("{0} silent").format(total[SILENT]) if total[SILENT] else self.tr("by their readings")
        self.figures.show_figure("answering", number(health.answering), of_all, note)
        good = self.tr("{0} good, {1} without value").format(number(health.good_points), number(health.bad_points))
        self.figures.show_figure("points", number(health.points), "", good)
        for key in ("requests", "cycle", "wrong", "lost", "trip"):
            self.figures.show_figure(key, None, "", self.tr("of the present only"))

    def _show_losses(self, states: Mapping[str, DeviceState]) -> None:
        requests = sum(state.requests for state in states.values())
        lost = sum(state.lost for state in states.values())
        share = number(100 * lost / requests, 2) if requests else None
        note = self.tr("{0} of {1}").format(number(lost), number(requests))
        self.figures.show_figure("lost", share, "%", note)
        trips = {state.device: state.round_trip_ms for state in states.values() if state.last_answer_ns}
        if trips:
            slowest = max(trips, key=lambda device: trips[device])
            note = self.tr("slowest {0}, {1} ms").format(slowest, trip_text(trips[slowest]))
            self.figures.show_figure("trip", trip_text(statistics.median(trips.values())), "ms", note)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.search.setFocus()
        elif event.key() == Qt.Key.Key_N and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.add_device()
        elif event.key() == Qt.Key.Key_Escape and not self.panel.isHidden():
            self._close_panel()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for panel in (self.panel, self.adding):
            panel.setFixedWidth(WIDTH_PX if self.width() >= _NARROW_PX else 440)
