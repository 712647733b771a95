"""The panel of the device selected: how it answers, its points, a probe, and whether it is in service."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from energy_console.engine.link import CommandResult, DeviceState, ProbeReport
from energy_console.gui.desk import Desk
from energy_console.gui.format import NONE, clock, duration, number
from energy_console.gui.pages.devices.commands_view import CommandsView, commands_of
from energy_console.gui.pages.devices.field_rows import FINE, OFF, SILENT, DeviceRow, sort_of, traps_of
from energy_console.gui.pages.devices.point_rows import newest, points_of_device, tally
from energy_console.gui.pages.devices.point_table import PointTable
from energy_console.gui.pages.devices.probe_view import ProbeView
from energy_console.gui.pages.devices.tree_painter import trip_text
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card, rule
from energy_console.gui.parts.segments import Segments
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.parts.text import ElidedText, Text, caption, title
from energy_console.gui.theme import BODY_PX, MEDIUM
from hardware.points import Point, Reading

WIDTH_PX = 538
END_NS = 2**62  # later than anything


class DevicePanel(Card):
    """`closed` on its cross; `trend` carries point ids."""

    closed = Signal()
    trend = Signal(list)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._row: DeviceRow | None = None
        self._points: list[Point] = []
        self._reports: dict[str, ProbeReport] = {}
        self._nothing = StatePane(
            desk.looks, "empty", self.tr("No device chosen."), self.tr("Choose one to see its points, or press Ctrl+K.")
        )
        self._inside = QWidget()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self._inside)
        self.body.addWidget(self._stack)
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(rule())
        column.addWidget(self._facts())
        column.addWidget(rule())
        shown = [("points", self.tr("Points")), ("commands", self.tr("Commands")), ("probe", self.tr("Probe"))]
        self._segments = Segments(shown, self.tr("What to show"))
        self._segments.picked.connect(self._turn)
        self._note = ElidedText("", "muted")
        self._note.setAlignment(Qt.AlignmentFlag.AlignRight)
        bar = QHBoxLayout()
        bar.setContentsMargins(11, 8, 11, 8)
        bar.addWidget(self._segments)
        bar.addWidget(self._note, 1)
        column.addLayout(bar)
        self._table = PointTable(self._desk.looks)
        self._table.trend_points.connect(self.trend)
        self._table.opened.connect(lambda point: self.trend.emit([point]))
        self._probe = ProbeView(self._desk)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._table)
        self._pages.addWidget(self._probe)
        self.commands = CommandsView(self._desk)
        self._pages.addWidget(self.commands)
        column.addWidget(self._pages, 1)
        column.addWidget(rule("line"))
        column.addLayout(self._foot())

    def _head(self) -> QWidget:
        head = QWidget()
        head.setFixedHeight(42)
        row = QHBoxLayout(head)
        row.setContentsMargins(11, 0, 8, 0)
        row.setSpacing(8)
        self._title = title()
        self._where = ElidedText("", "muted")
        row.addWidget(self._title)
        row.addWidget(self._where, 1)
        row.addWidget(Button(self._desk.looks, "", "x", "icon", name=self.tr("Close (Esc)"), on_click=self.closed.emit))
        return head

    def _facts(self) -> QWidget:
        """Five captions over five values."""
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(11, 8, 11, 9)
        grid.setVerticalSpacing(1)
        names = {
            "state": self.tr("State"),
            "answer": self.tr("Last answer"),
            "trip": self.tr("Round trip"),
            "lost": self.tr("Lost requests"),
            "every": self.tr("Asked every"),
        }
        self._values: dict[str, Text] = {}
        for place, (key, name) in enumerate(names.items()):
            self._values[key] = Text(NONE, "text", BODY_PX, MEDIUM)
            grid.addWidget(caption(name), 0, place)
            grid.addWidget(self._values[key], 1, place)
            grid.setColumnStretch(place, 3 if key == "state" else 2)
        self._why = ElidedText("", "muted")
        grid.addWidget(self._why, 2, 0, 1, len(names))
        self._traps = ElidedText("", "muted")
        grid.addWidget(self._traps, 3, 0, 1, len(names))
        return box

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setContentsMargins(11, 9, 11, 9)
        foot.setSpacing(8)
        looks = self._desk.looks
        self.probe_button = Button(looks, self.tr("Probe now"), "magnifying-glass", "primary", on_click=self.probe)
        self.probe_button.setEnabled(self._desk.may("probe"))
        self.probe_button.setToolTip(self.tr("Reads the whole profile once, out of turn; nothing is written"))
        self.trend_button = Button(looks, self.tr("Trend  T"), "chart-line", on_click=self._trend_selected)
        self.trend_button.setToolTip(self.tr("Draw the points selected in Trends; they can be dragged there too"))
        self.service_button = Button(looks, self.tr("Out of service"), "wrench", on_click=self._switch_service)
        self.service_button.setEnabled(self._desk.may("command"))
        foot.addWidget(self.probe_button)
        foot.addWidget(self.trend_button)
        foot.addWidget(self.service_button)
        foot.addStretch(1)
        return foot

    @property
    def device(self) -> str:
        return self._row.id if self._row else ""

    def show_device(self, row: DeviceRow | None) -> None:
        """Another device, or none."""
        self._row = row
        self._stack.setCurrentWidget(self._inside if row else self._nothing)
        if row is None:
            return
        self._points = points_of_device(self._desk.site, row.id)
        self._title.setText(row.id)
        where = self.tr("{0}, unit {1}").format(row.link, row.unit)
        self._where.show_text(" · ".join(word for word in (row.name, where, row.profile) if word))
        self._values["every"].setText(duration(self._desk.site.device(row.id).spec.every_s))
        traps = traps_of(self._desk.site, row.id)
        self._traps.show_text(self.tr("Traps of this type: {0}").format(" ".join(traps)))
        self._traps.setVisible(bool(traps))
        self.setAccessibleName(self.tr("Device {0}").format(row.id))
        report = self._reports.get(row.id)
        if report is None:
            self._probe.forget(row.id)
        else:
            self._probe.show_report(report)
        self.commands.wait()
        self.refresh()

    def select_point(self, point: str) -> None:
        self._segments.pick("points")
        self._table.select_id(point)

    def refresh(self) -> None:
        """State and values as they are now, or at the moment picked."""
        if self._row is None:
            return
        self._show_state(self._desk.devices.get(self._row.id))
        if self._segments.current == "commands":
            self._ask_ledger()
        words = "" if self._desk.time.live else self.tr("at {0}").format(self._clock_shown())
        self._show_values(newest(self._desk.table, self._points), self._desk.shown_ns(), words)

    def _clock_shown(self) -> str:
        return clock(self._desk.time.now(), self._desk.site.place.zone, seconds=True)

    def _show_state(self, state: DeviceState | None) -> None:
        values = self._values
        if state is None:
            values["state"].setText(self.tr("not asked yet"))
            return
        values["state"].setText(state.state)
        self._show_service(sort_of(state) == OFF)
        values["state"].set_tone("muted" if sort_of(state) == FINE else "text")
        age = max(0.0, (self._desk.shown_ns() - state.last_answer_ns) / 1e9)
        values["answer"].setText(self.tr("{0} ago").format(duration(age)) if state.last_answer_ns else self.tr("never"))
        answers = state.last_answer_ns > 0 and sort_of(state) != SILENT and state.round_trip_ms > 0
        values["trip"].setText(f"{trip_text(state.round_trip_ms)} ms" if answers else NONE)
        share = f" · {number(100 * state.lost / state.requests, 2)} %" if state.requests else ""
        values["lost"].setText(f"{number(state.lost)}{share}" if self._desk.time.live else NONE)
        self._why.show_text(state.reason)
        self._why.setVisible(bool(state.reason))

    def _show_values(self, readings: list[Reading], now_ns: int, when: str) -> None:
        self._table.show_points(self._points, readings, now_ns)
        good, uncertain, bad = tally(readings)
        words = [self.tr("{0} good").format(good)] if good else []
        words += [self.tr("{0} uncertain").format(uncertain)] if uncertain else []
        words += [self.tr("{0} without value").format(bad)] if bad else []
        self._note.show_text(", ".join(words) + (f", {when}" if when else ""))
        self._segments.set_text("points", self.tr("Points {0}").format(len(self._points)))

    def _turn(self, key: str) -> None:
        pages = {"points": self._table, "probe": self._probe, "commands": self.commands}
        self._pages.setCurrentWidget(pages[key])
        if key == "commands":
            self.commands.wait()
            self._ask_ledger()

    def _ask_ledger(self) -> None:
        """Commands of the device up to now, or to the moment picked."""
        if self._row is None:
            return
        device, live = self._row.id, self._desk.time.live
        until_ns = END_NS if live else round(self._desk.time.now().timestamp() * 1e9)

        def answer(found: object) -> None:
            if self.device != device:
                return
            if isinstance(found, list):
                self.commands.show_records(found)
            else:
                self.commands.fail(found)

        self._desk.query(lambda store: commands_of(store, device, until_ns), answer)

    def _trend_selected(self) -> None:
        points = self._table.points_selected()
        if points:
            self.trend.emit(points)
        else:
            self._desk.said.emit(self.tr("Select points of {0} first; Ctrl+A selects all.").format(self.device))

    def _show_service(self, out: bool) -> None:
        """The button offers what is not so."""
        self.service_button.set_words(self.tr("Back into service") if out else self.tr("Out of service"))
        told = self.tr("Read it again") if out else self.tr("Stop reading it until it is put back: no alarm, no plan")
        self.service_button.setToolTip(told)

    def _switch_service(self) -> None:
        """Takes the device out, or puts it back; it lasts until the engine ends."""
        state = self._desk.devices.get(self.device)
        out = state is None or sort_of(state) != OFF
        self.service_button.setEnabled(False)

        def answer(result: CommandResult) -> None:
            self.service_button.setEnabled(self._desk.may("command"))
            self._desk.said.emit(result.text)

        self._desk.engine.set_out_of_service(self.device, out, self._desk.who, self._desk.on_gui(answer))

    def probe(self) -> None:
        """Asks the engine to read the device once; the answer is kept while the page lives."""
        if self._row is None:
            return
        device = self._row.id
        self._segments.pick("probe")
        self._probe.wait(device)
        self.probe_button.setEnabled(False)

        def answer(report: ProbeReport) -> None:
            self._reports[device] = report
            self.probe_button.setEnabled(self._desk.may("probe"))
            if self.device == device:
                self._probe.show_report(report)

        self._desk.engine.probe(device, self._desk.on_gui(answer))
