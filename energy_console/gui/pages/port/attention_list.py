"""The list at the right of the Port page while nothing is selected: what needs a person, worst first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal

from energy_console.gui.pages.port.rows import Finding
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.rank_table import RankTable
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.parts.table_model import Column
from energy_console.gui.theme import DRAWER_WIDTH, TWO_LINE_ROW_HEIGHT, Looks


class AttentionList(Card):
    """`picked` carries the point (or call) of a finding."""

    picked = Signal(str)

    def __init__(self, looks: Looks) -> None:
        super().__init__(self.tr("Needs attention"), " ")
        self.setFixedWidth(DRAWER_WIDTH)
        self.table = RankTable(
            looks,
            (Column("shape", "", 34, "shape"), Column("what", self.tr("What"), 0, "two_lines")),
            self.tr("Needs attention"),
            TWO_LINE_ROW_HEIGHT,
        )
        self.table.horizontalHeader().hide()
        self.calm = StatePane(
            looks,
            "empty",
            self.tr("Nothing needs attention."),
            self.tr("Select a point or a ship to see its steps, signals and energy."),
        )
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.calm, 1)
        self.table.picked.connect(self._tell)
        self._findings: tuple[Finding, ...] = ()
        self.show_findings(())

    def show_findings(self, findings: Sequence[Finding]) -> None:
        wrong = sum(finding.priority > 0 for finding in findings)
        coming = len(findings) - wrong
        self.remark.setText(self.tr("{0} now, {1} coming").format(wrong, coming) if findings else "")
        self.table.setVisible(bool(findings))
        self.calm.setVisible(not findings)
        if tuple(findings) == self._findings:
            return
        self._findings = tuple(findings)
        # one key may have two findings, so rows are named by place
        self.table.set_rows(
            [str(place) for place in range(len(findings))],
            {
                "shape": [(f.priority, f.state) if f.priority else None for f in findings],
                "what": [(f.text, f.detail) for f in findings],
            },
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self._findings

    def _tell(self, row: str) -> None:
        self.picked.emit(self._findings[int(row)].key)
        self.table.clearSelection()
