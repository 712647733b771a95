"""What was commanded of one device: who asked what of which point, how it stands, and every step of the one chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from energy_console.control.standing import Standing, standing_of
from energy_console.gui.desk import Desk
from energy_console.gui.format import NONE, clock, day, moment, point_value
from energy_console.gui.parts.card import rule
from energy_console.gui.parts.rank_table import RankTable
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.parts.table_model import Column
from energy_console.gui.parts.text import Text
from energy_console.gui.theme import CAPTION_PX, MEDIUM, REGULAR, TREE_ROW_HEIGHT
from energy_console.historian.interface import Historian
from energy_console.historian.ledger import LedgerRecord
from hardware.commands import StepKind

MOST = 200
_ILL = (StepKind.UNKNOWN, StepKind.NOT_TAKEN, StepKind.NOT_FED)  # steps that stand out
_SETTLED = (Standing.DONE, Standing.LET_GO, Standing.OVERTAKEN, Standing.REFUSED)


def commands_of(store: Historian, device: str, until_ns: int) -> list[LedgerRecord]:
    """The newest commands of a device asked before a moment; blocks, for a worker thread."""
    return store.ledger(0, until_ns, device=device, limit=MOST)


class CommandsView(QWidget):
    """A table over the steps of the row chosen. `show_records` is given what the store answered."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._records: dict[str, LedgerRecord] = {}
        self._shown: tuple[str, int] = ("", 0)  # command whose steps are on view, and how many
        columns = (
            Column("time", self.tr("Asked"), 88, text=self._time_text),
            Column("what", self.tr("Command"), 0),
            Column("value", self.tr("To"), 84, "number", text=str),
            Column("who", self.tr("By"), 78, muted=True),
            Column("stands", self.tr("Stands"), 86),
        )
        self.table = RankTable(desk.looks, columns, self.tr("Commands to the device"), TREE_ROW_HEIGHT)
        self.table.picked.connect(self._show_steps)
        self.nothing = StatePane(desk.looks)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._inside())
        self._stack.addWidget(self.nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    def _inside(self) -> QWidget:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.table, 3)
        column.addWidget(rule())
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName(self.tr("Steps of the command chosen"))
        column.addWidget(self._scroll, 2)
        return inside

    def wait(self) -> None:
        """While the store is asked about another device."""
        self._records, self._shown = {}, ("", 0)
        self.nothing.say("loading", self.tr("Asking the ledger…"))
        self._stack.setCurrentWidget(self.nothing)

    def fail(self, why: object) -> None:
        self.nothing.say("error", self.tr("The ledger cannot be read."), str(why))
        self._stack.setCurrentWidget(self.nothing)

    def show_records(self, records: Sequence[LedgerRecord]) -> None:
        """Newest first; keeps the row chosen, the newest where none is."""
        self._records = {str(record.command.id): record for record in records}
        if not records:
            todo = self.tr("What the plan or a person writes to this device is listed here with every step.")
            self.nothing.say("empty", self.tr("Nothing was commanded."), todo)
            self._stack.setCurrentWidget(self.nothing)
            return
        standings = [standing_of(record) for record in records]
        ids = list(self._records)
        values: dict[str, Sequence[Any]] = {
            "time": [record.command.asked_ns for record in records],
            "what": [self._name(record) for record in records],
            "value": [self._value(record) for record in records],
            "who": [record.command.who for record in records],
            "stands": [self.words(standing) for standing in standings],
        }
        settled = [number for number, standing in zip(ids, standings, strict=True) if standing in _SETTLED]
        self.table.set_rows(ids, values, muted=settled)
        self._stack.setCurrentIndex(0)
        if not self.table.selected_id():
            self.table.select_id(ids[0])
        self._show_steps(self.table.selected_id())

    def words(self, standing: Standing) -> str:
        return {
            Standing.UNDER_WAY: self.tr("under way"),
            Standing.HELD: self.tr("held"),
            Standing.NOT_FED: self.tr("not fed"),
            Standing.DONE: self.tr("done"),
            Standing.LET_GO: self.tr("let go"),
            Standing.REFUSED: self.tr("refused"),
            Standing.NOT_TAKEN: self.tr("not taken"),
            Standing.UNKNOWN: self.tr("not known"),
            Standing.OVERTAKEN: self.tr("overtaken"),
        }[standing]

    def _name(self, record: LedgerRecord) -> str:
        point = record.command.point
        return self._desk.site.point(point).name if self._desk.site.has_point(point) else point

    def _value(self, record: LedgerRecord) -> str:
        point, value = record.command.point, record.command.value
        if value is None or not self._desk.site.has_point(point):
            return NONE
        return point_value(self._desk.site.point(point), value)

    def _time_text(self, time_ns: int) -> str:
        time, zone = moment(time_ns), self._desk.site.place.zone
        same_day = time.astimezone(zone).date() == moment(self._desk.clock_ns()).astimezone(zone).date()
        return clock(time, zone, seconds=True) if same_day else f"{day(time, zone)} {clock(time, zone)}"

    def _show_steps(self, number: str) -> None:
        record = self._records.get(number)
        if record is None or self._shown == (number, len(record.steps)):
            return
        self._shown = (number, len(record.steps))
        old = self._scroll.takeWidget()
        if old is not None:
            old.deleteLater()
        self._scroll.setWidget(self._steps(record))

    def _steps(self, record: LedgerRecord) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(11, 8, 11, 8)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        command, zone = record.command, self._desk.site.place.zone
        asked = self.tr("Asked by {0}: {1}").format(command.who, command.why)
        lines = [(command.asked_ns, asked, "")]
        lines += [(step.time_ns, step.text, step.kind) for step in record.steps]
        for row, (time_ns, words, kind) in enumerate(lines):
            time = Text(clock(moment(time_ns), zone, seconds=True), "muted", CAPTION_PX)
            text = Text(words, "text", CAPTION_PX, MEDIUM if kind in _ILL else REGULAR, wrap=True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(time, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(text, row, 1)
        grid.setRowStretch(len(lines), 1)
        return box
