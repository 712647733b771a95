"""The panel that walks a new device into the site: find, identify, registers, save. It reads until the last step."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.pages.devices.adding.find_step import FindStep
from energy_console.gui.pages.devices.adding.profile_step import ProfileStep
from energy_console.gui.pages.devices.adding.register_step import RegisterStep
from energy_console.gui.pages.devices.adding.save_step import SaveStep
from energy_console.gui.pages.devices.adding.walk import Draft, Walk
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card, rule
from energy_console.gui.parts.step_bar import StepBar
from energy_console.gui.parts.text import ElidedText, caption, title

FIND, PROFILE, REGISTERS, SAVE = range(4)


class AddDevicePanel(Card):
    """`closed` on its cross and on Escape; `saved` carries the device's id and what to say."""

    closed = Signal()
    saved = Signal(str, str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.walk = Walk(desk)
        self.find_step = FindStep(self.walk)
        self.profile_step = ProfileStep(self.walk)
        self.register_step = RegisterStep(self.walk)
        self.save_step = SaveStep(self.walk)
        self._steps = (self.find_step, self.profile_step, self.register_step, self.save_step)
        names = [self.tr("Find"), self.tr("Identify"), self.tr("Registers"), self.tr("Save")]
        self.bar = StepBar(desk.looks, names, self.tr("Steps of adding a device"))
        self.bar.picked.connect(self.go)
        self._stack = QStackedWidget()
        for step in self._steps:
            self._stack.addWidget(step)
            step.ready.connect(self._ready)
        self.find_step.forward.connect(self.forward)
        self.profile_step.forward.connect(self.forward)
        self.save_step.saved.connect(self._done)
        self.setAccessibleName(self.tr("Add a device"))
        self._build()

    def _build(self) -> None:
        head = QWidget()
        head.setFixedHeight(42)
        row = QHBoxLayout(head)
        row.setContentsMargins(11, 0, 8, 0)
        row.setSpacing(8)
        self._where = ElidedText("", "muted")
        self._tag = caption(self.tr("reads only, nothing is written"))
        self._tag.setProperty("look", "tag")
        self._tag.setFixedHeight(20)
        row.addWidget(title(self.tr("Add device")))
        row.addWidget(self._where, 1)
        row.addWidget(self._tag)
        close = Button(self._desk.looks, "", "x", "icon", name=self.tr("Close (Esc)"), on_click=self.closed.emit)
        row.addWidget(close)
        self.body.addWidget(head)
        self.body.addWidget(rule())
        self.body.addWidget(self.bar)
        self.body.addWidget(rule())
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(rule("line"))
        self.body.addLayout(self._foot())

    def _foot(self) -> QHBoxLayout:
        looks = self._desk.looks
        self.next_button = Button(looks, self.tr("Next"), "check", "primary", on_click=self.forward)
        self.skip_button = Button(looks, self.tr("Registers"), "crosshair", on_click=lambda: self.go(REGISTERS))
        self.back_button = Button(looks, self.tr("Back"), "caret-left", on_click=lambda: self.go(self.bar.current - 1))
        foot = QHBoxLayout()
        foot.setContentsMargins(11, 9, 11, 9)
        foot.setSpacing(8)
        foot.addWidget(self.next_button)
        foot.addWidget(self.skip_button)
        foot.addStretch(1)
        foot.addWidget(self.back_button)
        return foot

    def begin(self, link: str = "") -> None:
        """A new walk, on a link of the site if one is named."""
        self.walk.give_up()
        self.walk.draft = Draft(link=link)
        self.bar.reached = FIND
        self.find_step.clear()
        self.register_step.clear()
        if link:
            self.find_step.link.setCurrentText(link)
        self.go(FIND)

    def end(self) -> None:
        """Nothing is asked any more."""
        self.walk.give_up()
        self.profile_step.leave()

    def go(self, step: int) -> None:
        self.walk.give_up()
        self.profile_step.leave()
        self.bar.show_step(step, self.bar.reached)
        self._stack.setCurrentIndex(step)
        self._show_foot(step)
        self.next_button.setEnabled(False)
        self._steps[step].enter()

    def forward(self) -> None:
        """What the primary button does: the step that follows, or the writing. From Identify straight to Save."""
        if not self.next_button.isEnabled():
            return
        current = self.bar.current
        if current == SAVE:
            self.save_step.save()
        else:
            self.go({FIND: PROFILE, PROFILE: SAVE, REGISTERS: SAVE}[current])

    def _show_foot(self, step: int) -> None:
        draft = self.walk.draft
        words = [draft.link, self.tr("unit {0}").format(draft.unit) if draft.unit else ""]
        self._where.show_text(", ".join(word for word in words if word) if step != FIND else "")
        self._tag.setVisible(step != SAVE)
        names = {
            FIND: self.tr("What is it?"),
            PROFILE: self.tr("Take this profile"),
            REGISTERS: self.tr("On to saving"),
        }
        self.next_button.set_words(names.get(step, self.tr("Write it to the site")))
        self.skip_button.setVisible(step == PROFILE)
        self.back_button.setVisible(step != FIND)

    def _ready(self, ready: bool) -> None:
        if self.sender() is self._steps[self.bar.current]:
            self.next_button.setEnabled(ready and (self.bar.current != SAVE or self._desk.may("command")))

    def _done(self, device: str, words: str) -> None:
        self.end()
        self.saved.emit(device, words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.forward()
        else:
            super().keyPressEvent(event)
