"""What the steps of adding a device share: what is known of it so far, and one question to the field at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from energy_console.engine.commissioning import Answer, FoundUnits, Identified, Progress, Question
from energy_console.gui.desk import Desk


@dataclass(slots=True)
class Draft:
    """`link` is a name of the site or an address; `unit` 0 is none yet; `profile` "" none yet."""

    link: str = ""
    unit: int = 0
    profile: str = ""
    units: FoundUnits | None = None
    identified: Identified | None = None


class Walk(QObject):
    """Belongs to the GUI thread. A new question gives up the one before, whose answer is dropped."""

    asking = Signal(bool)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.draft = Draft()
        self._give_up: Callable[[], None] | None = None
        self._number = 0

    def ask(
        self,
        question: Question,
        answered: Callable[[Answer], None],
        told: Callable[[Progress], None] = lambda _progress: None,
    ) -> None:
        """`told` and `answered` are called on the GUI thread."""
        self.give_up()
        self._number += 1
        number = self._number

        def progress(news: Progress) -> None:
            if number == self._number:
                told(news)

        def end(answer: Answer) -> None:
            if number == self._number:
                self._give_up = None
                self.asking.emit(False)
                answered(answer)

        self.asking.emit(True)
        self._give_up = _nothing
        desk = self.desk
        give_up = desk.engine.enquire(question, desk.on_gui(progress), desk.on_gui(end))
        if number == self._number and self._give_up is not None:  # it may have been answered already
            self._give_up = give_up

    @property
    def is_asking(self) -> bool:
        return self._give_up is not None

    def give_up(self) -> None:
        """Whatever is being asked is asked no more."""
        self._number += 1
        if self._give_up is not None:
            self._give_up()
            self._give_up = None
            self.asking.emit(False)


def _nothing() -> None:
    """Nothing to give up yet."""
