"""First step: which link, and which units answer on it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from energy_console.engine.commissioning import Answer, Failed, FindUnits, FoundUnits, Progress
from energy_console.gui.format import number
from energy_console.gui.pages.devices.adding.walk import Walk
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.choice import Choice
from energy_console.gui.parts.rank_table import RankTable
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.parts.table_model import Column
from energy_console.gui.parts.text import ElidedText, caption
from energy_console.gui.theme import TREE_ROW_HEIGHT
from hardware.commissioning.search import BadUnits, FoundUnit, units_from
from hardware.modbus import BadLink, parse_link

_MARGIN = 11


class FindStep(QWidget):
    """`ready` tells whether a unit is chosen; `forward` that it was entered."""

    ready = Signal(bool)
    forward = Signal()

    def __init__(self, walk: Walk) -> None:
        super().__init__()
        self._walk = walk
        desk = walk.desk
        self.link = Choice(desk.looks, self.tr("Link of the site, or an address such as tcp://10.20.4.11:502"))
        self.link.setEditable(True)
        self.link.addItems([link.id for link in desk.site.links])
        if (line := self.link.lineEdit()) is not None:
            line.setAccessibleName(self.link.accessibleName())
            line.returnPressed.connect(self.find_units)
        self.units = QLineEdit("1-247")
        self.units.setAccessibleName(self.tr("Units to ask, such as 1-247 or 1,5,20-30"))
        self.units.setFixedWidth(96)
        self.units.returnPressed.connect(self.find_units)
        self.button = Button(desk.looks, self.tr("Find units"), "magnifying-glass", on_click=self.find_units)
        self.said = ElidedText("", "muted")
        self.table = RankTable(desk.looks, self._columns(), self.tr("Units that answer"), TREE_ROW_HEIGHT)
        self.table.picked.connect(self._pick)
        self.table.opened.connect(lambda _unit: self.forward.emit())
        self.nothing = StatePane(
            desk.looks,
            "empty",
            self.tr("Which units answer?"),
            self.tr("Each is asked for one register, with a pause after it. Nothing is written, and nobody waits."),
        )
        self._lay_out()
        walk.asking.connect(self._show_asking)

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column("unit", self.tr("Unit"), 60, "number", strong=True),
            Column("says", self.tr("Answer"), 0),
            Column("trip", self.tr("RTT ms"), 64, "number", decimals=1, muted=True),
            Column("known", self.tr("In this site"), 128, muted=True),
        )

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(_MARGIN, 10, _MARGIN, 4)
        row.setSpacing(8)
        row.addWidget(self.link, 1)
        row.addWidget(caption(self.tr("Units")))
        row.addWidget(self.units)
        row.addWidget(self.button)
        self.said.setContentsMargins(_MARGIN, 0, _MARGIN, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.said)
        column.addWidget(self.nothing, 1)
        column.addWidget(self.table, 1)
        self.table.hide()

    def enter(self) -> None:
        self.link.setFocus()
        self.ready.emit(bool(self._walk.draft.unit))

    def clear(self) -> None:
        """Nothing is found yet."""
        self.said.show_text("")
        self._fill(())

    def find_units(self) -> None:
        """Asks; while it asks, the same button stops it."""
        if self._walk.is_asking:
            self._walk.give_up()
            self.said.show_text(self.tr("Stopped; {0} answer so far.").format(number(self._count())))
            return
        link = self.link.currentText().strip()
        fault = self._fault(link)
        self.said.show_text(fault)
        if fault:
            return
        self._walk.draft.link, self._walk.draft.unit = link, 0
        self.ready.emit(False)
        self._fill(())
        self._walk.ask(FindUnits(link, units_from(self.units.text())), self._answered, self._told)

    def _fault(self, link: str) -> str:
        """What is wrong with what was written, in the words of whoever would refuse it."""
        try:
            units_from(self.units.text())
        except BadUnits as error:
            return str(error)
        if any(link == known.id for known in self._walk.desk.site.links):
            return ""
        try:
            parse_link(link)
        except BadLink as error:
            return str(error)
        return ""

    def _told(self, news: Progress) -> None:
        words = self.tr("{0} of {1} asked, {2} answer").format(news.done, news.total, len(news.found))
        self.said.show_text(words)
        if len(news.found) != self._count():
            self._fill(news.found)

    def _answered(self, answer: Answer) -> None:
        if isinstance(answer, Failed):
            self.said.show_text(answer.text)
            return
        if not isinstance(answer, FoundUnits):
            return
        self._fill(answer.found)
        words = self.tr("{0} answer.").format(number(len(answer.found)))
        if answer.one_for_all:
            words = self.tr("One device answers for every unit: it takes no notice of the number. Use unit 1.")
        elif not answer.found:
            words = self.tr("Nobody answers: look at power, wiring, speed and parity, or try another link.")
        self.said.show_text(words)
        if answer.found and not self.table.selected_id():
            unknown = [unit for unit in answer.found if not self._known(unit.unit)]
            self.table.select_id(str((unknown or list(answer.found))[0].unit))
            self.table.setFocus()

    def _count(self) -> int:
        return self.table.table_model.rowCount()

    def _fill(self, found: tuple[FoundUnit, ...]) -> None:
        self.table.setVisible(bool(found))
        self.nothing.setVisible(not found)
        known = [self._known(unit.unit) for unit in found]
        self.table.set_rows(
            [str(unit.unit) for unit in found],
            {
                "unit": [float(unit.unit) for unit in found],
                "says": [unit.says for unit in found],
                "trip": [unit.round_trip_ms for unit in found],
                "known": known,
            },
            muted=[str(unit.unit) for unit, name in zip(found, known, strict=True) if name],
        )

    def _known(self, unit: int) -> str:
        """Ids of the site's devices at this unit of the link, "" for none."""
        link = self._walk.draft.link
        links = {known.id for known in self._walk.desk.site.links if link in (known.id, known.url)}
        devices = self._walk.desk.site.devices
        return ", ".join(d.id for d in devices if d.spec.link in links and d.spec.unit == unit)

    def _pick(self, unit: str) -> None:
        draft = self._walk.draft
        if draft.unit != int(unit):
            draft.unit, draft.profile, draft.identified = int(unit), "", None
        self.ready.emit(True)

    def _show_asking(self, on: bool) -> None:
        self.button.set_words(self.tr("Stop") if on else self.tr("Find units"))
        self.button.set_icon("x" if on else "magnifying-glass")
