"""Why there is no plan, and what would make one possible: the conflicts of a refusal and its priced ways out."""

from __future__ import annotations

from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from energy_console.gui.format import number
from energy_console.gui.pages.plan.frame import readable, tr
from energy_console.gui.pages.plan.side_card import Line, Lines
from energy_console.gui.parts.card import Card, rule
from energy_console.gui.parts.text import Text, clear, strong
from energy_console.gui.theme import Looks
from optimizer.plan import Infeasible

_MARGIN = 16


class RefusalCard(Card):
    """Filled anew with each refusal."""

    def __init__(self, looks: Looks) -> None:
        super().__init__(tr("No plan keeps every rule"), "")
        self._looks = looks
        self._inside = QWidget()
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(_MARGIN, 4, _MARGIN, _MARGIN)
        column.setSpacing(6)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self._inside)
        self.body.addWidget(scroll, 1)

    def show_refusal(self, refusal: Infeasible) -> None:
        """Conflicts as sentences, ways out with what the plan then costs, cheapest first."""
        clear(self._inside)
        self.say(tr("No plan keeps every rule"), tr("found in {0} s").format(number(refusal.seconds, 1)))
        column = self._inside.layout()
        assert isinstance(column, QVBoxLayout)
        column.addWidget(strong(tr("These contradict each other; leave any one out and the rest can be kept")))
        for conflict in refusal.conflicts:
            column.addWidget(Text(readable(conflict.sentence), wrap=True))
        column.addSpacing(8)
        column.addWidget(rule())
        column.addWidget(strong(tr("Ways out, and what the plan then costs")))
        lines = Lines(self._looks, tr("Ways out"))
        lines.show_lines([Line(_amount(way.amount, way.unit), readable(way.sentence)) for way in refusal.ways_out])
        column.addWidget(lines)
        if not refusal.ways_out:
            column.addWidget(Text(tr("None was found in the time given."), "muted"))
        words = tr("Change the site's limits or bookings in its folder accordingly, then make a plan again.")
        column.addWidget(Text(words, "muted", wrap=True))
        column.addStretch(1)


def _amount(amount: float, unit: str) -> str:
    return f"{number(amount, 0 if amount >= 10 else 1)} {unit}"
