"""The drawer at the right: head with title and remark, sections between hairlines, actions pinned to the foot."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import rule
from energy_console.gui.parts.text import ElidedText, strong, title
from energy_console.gui.theme import DRAWER_WIDTH, Looks

_MARGIN = 16


class Section(QWidget):
    """A part of a drawer: a name, a note at its right, and a body to fill."""

    def __init__(self, name: str = "", note: str = "") -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 8, _MARGIN, 8)
        column.setSpacing(4)
        self.name = strong(name)
        self.note = ElidedText(note, "muted")
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight)
        if name:
            head = QHBoxLayout()
            head.addWidget(self.name)
            head.addWidget(self.note, 1)
            column.addLayout(head)
        self.body = QVBoxLayout()
        self.body.setSpacing(2)
        column.addLayout(self.body)


class Drawer(QFrame):
    """Fill with `add_section` and `add_action`; Escape or the cross emits `closed`."""

    closed = Signal()

    def __init__(self, looks: Looks, width_px: int = DRAWER_WIDTH) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self.setFixedWidth(width_px)
        self._title = title()
        self._remark = ElidedText("", "muted")
        self.close_button = Button(
            looks, "", "x", "icon", name=self.tr("Close the drawer (Esc)"), on_click=self.closed.emit
        )
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(_MARGIN, 8, 8, 4)
        head.setSpacing(8)
        head.addWidget(self._title, 0, Qt.AlignmentFlag.AlignBottom)
        head.addWidget(self._remark, 1, Qt.AlignmentFlag.AlignBottom)
        self.head_tools = head
        head.addWidget(self.close_button)
        outer.addLayout(head)
        self._inside = QWidget()
        self.sections = QVBoxLayout(self._inside)
        self.sections.setContentsMargins(0, 0, 0, 0)
        self.sections.setSpacing(0)
        self.sections.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._inside)
        outer.addWidget(self._scroll, 1)
        self._foot = QWidget()
        self.actions_row = QHBoxLayout(self._foot)
        self.actions_row.setContentsMargins(_MARGIN, 8, _MARGIN, 10)
        self.actions_row.setSpacing(8)
        self._foot_rule = rule("line")
        outer.addWidget(self._foot_rule)
        outer.addWidget(self._foot)
        self._foot.hide()
        self._foot_rule.hide()

    def say(self, title_text: str, remark: str = "") -> None:
        self._title.setText(title_text)
        self._remark.show_text(remark)
        self.setAccessibleName(f"{title_text}, {remark}")

    def add_section(self, name: str = "", note: str = "") -> Section:
        """A new section under the others, with a hairline above it from the second on."""
        if self.sections.count() > 1:
            self.sections.insertWidget(self.sections.count() - 1, rule())
        section = Section(name, note)
        self.sections.insertWidget(self.sections.count() - 1, section)
        return section

    def add_filling(self, widget: QWidget) -> None:
        """A widget that takes the room left over, a table for instance."""
        self.sections.insertWidget(self.sections.count() - 1, widget, 100)

    def add_action(self, button: QWidget) -> None:
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.actions_row.addWidget(button)
        self._foot.show()
        self._foot_rule.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)
