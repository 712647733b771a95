"""The acts of the page: make, approve, revert. Each asks the engine and keeps its answer as one sentence."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from energy_console.engine.link import CommandResult
from energy_console.gui.desk import Desk
from energy_console.gui.pages.plan.approve_bar import ConfirmDialog
from energy_console.gui.pages.plan.commanded import commanded
from energy_console.gui.pages.plan.frame import tr
from energy_console.gui.pages.plan.words import Said
from energy_console.planning.proposal import Proposal
from energy_console.planning.schedule import Schedule, schedule_of
from optimizer.plan import Plan


class PlanActs(QObject):
    """`changed` after each step of an act; `approved` when the engine has answered an approval."""

    changed = Signal()
    approved = Signal(str)  # id

    def __init__(self, desk: Desk, page: QWidget) -> None:
        super().__init__(page)
        self._desk, self._page = desk, page
        self.busy = ""  # the act under way, in words
        self.said: Said | None = None  # what the last act came to

    def make(self) -> None:
        """Asks for a proposal; the news brings it."""
        self.said = None
        self._desk.said.emit(tr("Making a plan…"))
        self._desk.engine.make_plan(self._desk.on_gui(self._made))

    def _made(self, answer: object) -> None:
        if isinstance(answer, CommandResult):  # the engine has stopped
            self.said = Said(tr("No plan could be made."), answer.text, 2)
        self.changed.emit()

    def ask_approval(self, proposal: Proposal) -> None:
        """Says what approving writes; a person confirms."""
        if not isinstance(proposal.answer, Plan):
            return
        counts = commanded(
            self._desk.site, schedule_of(proposal.answer, proposal.id, proposal.name), self._desk.time.now()
        )
        words = tr(
            "{0} set-points are written now and read back: {1} levels of light and {2} limits of chargers. "
            "The rest follows, quarter hour by quarter hour, until {3}."
        )
        end = proposal.answer.horizon.end.astimezone(self._desk.site.place.zone)
        text = words.format(counts.total, counts.lights, counts.chargers, f"{end:%H:%M}")
        fine = tr("Ships are never commanded. Who approved is kept in the journal.")
        head = tr("Approve the {0} plan").format(proposal.name)
        dialog = ConfirmDialog(self._desk.looks, self._page, head, text, fine, tr("Approve and write"))
        dialog.accepted.connect(lambda: self._approve(proposal))
        dialog.open()

    def _approve(self, proposal: Proposal) -> None:
        self._begin(tr("Writing the set-points of plan {0} and reading them back…").format(proposal.name))

        def known(result: CommandResult) -> None:
            self.approved.emit(proposal.id)
            self._ended(result)

        self._desk.engine.approve_plan(proposal.id, self._desk.who, self._desk.on_gui(known))

    def ask_revert(self, in_force: Schedule) -> None:
        words = tr(
            "Every device that plan {0} holds goes back to its own ways: cabinets to their clock, "
            "chargers to full power."
        )
        fine = tr("Who reverted it is kept in the journal.")
        head = tr("Take plan {0} out of force").format(in_force.name)
        dialog = ConfirmDialog(self._desk.looks, self._page, head, words.format(in_force.name), fine, tr("Revert"))
        dialog.accepted.connect(self._revert)
        dialog.open()

    def _revert(self) -> None:
        self._begin(tr("Taking the plan out of force…"))
        self._desk.engine.revert_plan(self._desk.who, self._desk.on_gui(self._ended))

    def _begin(self, words: str) -> None:
        self.busy, self.said = words, None
        self.changed.emit()

    def _ended(self, result: CommandResult) -> None:
        self.busy = ""
        self.said = Said(result.text, "", 0 if result.ok else 3)
        self._desk.said.emit(result.text)
        self.changed.emit()
