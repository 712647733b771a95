"""The foot of the page: what the plan commands class by class, how it is followed, and the acts."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from energy_console.gui.format import percent
from energy_console.gui.pages.plan.frame import tr
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.text import ElidedText, Text, strong, title
from energy_console.gui.theme import CAPTION_PX, Looks


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class of assets: what is written to it, and how well it follows (None: nothing to compare)."""

    key: str
    words: str
    followed: float | None


@dataclass(frozen=True, slots=True)
class Acts:
    """Which acts can be done now. the others name a plan; "" hides them."""

    make: bool
    approve: str = ""
    keep: str = ""
    revert: str = ""
    show: str = ""
    allowed: bool = True
    note: str = ""


class _Class(QWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 10, 8)
        column.setSpacing(3)
        head = QHBoxLayout()
        head.addWidget(strong(name))
        self.followed = ElidedText("", "muted", CAPTION_PX)
        self.followed.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.followed, 1)
        column.addLayout(head)
        self.words = ElidedText("", "muted", CAPTION_PX)
        column.addWidget(self.words)


class ApproveBar(Card):
    """`make`, `approve`, `keep` and `revert` are asked for here; the page carries them out."""

    make = Signal()
    approve = Signal()
    keep = Signal()
    revert = Signal()
    show_newest = Signal()

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self.setAccessibleName(tr("Approve"))
        self.setFixedHeight(62)
        row = QHBoxLayout()
        row.setSpacing(0)
        self._classes: dict[str, _Class] = {}
        for key, name in (("lighting", tr("Lighting")), ("charging", tr("Charging")), ("ships", tr("Ships"))):
            self._classes[key] = _Class(name)
            row.addWidget(self._classes[key], 1)
            row.addWidget(_upright())
        self.remark_line = ElidedText("", "muted", CAPTION_PX)
        self.remark_line.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.make_button = Button(looks, tr("Make a plan"), on_click=self.make.emit)
        self.revert_button = Button(looks, tr("Revert"), on_click=self.revert.emit)
        self.show_button = Button(looks, tr("Show"), on_click=self.show_newest.emit)
        self.keep_button = Button(looks, tr("Keep"), on_click=self.keep.emit)
        self.approve_button = Button(looks, tr("Approve"), look="primary", on_click=self.approve.emit)
        acts = QVBoxLayout()
        acts.setContentsMargins(12, 6, 12, 4)
        acts.setSpacing(2)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        for button in (self.make_button, self.revert_button, self.show_button, self.keep_button, self.approve_button):
            buttons.addWidget(button)
        acts.addLayout(buttons)
        acts.addWidget(self.remark_line)
        row.addLayout(acts, 2)
        self.body.addLayout(row)

    def show_classes(self, lines: tuple[ClassLine, ...]) -> None:
        for line in lines:
            shown = self._classes[line.key]
            shown.words.show_text(line.words)
            shown.followed.show_text("" if line.followed is None else tr("followed {0}").format(percent(line.followed)))

    def show_acts(self, acts: Acts) -> None:
        self.make_button.setEnabled(acts.make and acts.allowed)
        for button, name, words in (
            (self.approve_button, acts.approve, tr("Approve {0} plan")),
            (self.keep_button, acts.keep, tr("Keep {0}")),
            (self.revert_button, acts.revert, tr("Revert {0}")),
        ):
            button.setVisible(bool(name))
            button.setEnabled(acts.allowed)
            button.set_words(words.format(name))
        self.show_button.setVisible(bool(acts.show))
        self.show_button.set_words(tr("Show {0} proposal").format(acts.show))
        self.remark_line.show_text(acts.note)


def _upright() -> QFrame:
    """A hairline between two classes."""
    made = QFrame()
    made.setProperty("look", "rule")
    made.setFixedWidth(1)
    return made


class ConfirmDialog(QDialog):
    """One question with its consequence in words; `accepted` is Qt's own signal."""

    def __init__(self, looks: Looks, parent: QWidget, head: str, words: str, fine_print: str, act: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(head)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setMinimumWidth(440)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addWidget(title(head))
        self.words = Text(words, wrap=True)
        column.addWidget(self.words)
        column.addWidget(Text(fine_print, "muted", wrap=True))
        column.addSpacing(4)
        row = QHBoxLayout()
        row.addStretch(1)
        self.cancel_button = Button(looks, tr("Cancel"), on_click=self.reject)
        self.cancel_button.setDefault(True)
        self.act_button = Button(looks, act, look="primary", on_click=self.accept)
        row.addWidget(self.cancel_button)
        row.addWidget(self.act_button)
        column.addLayout(row)
