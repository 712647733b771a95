"""A card: surface with a hairline round it, a header with title, remark and tools, and a body."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from energy_console.gui.parts.text import Text, muted, strong
from energy_console.gui.theme import CARD_HEADER_HEIGHT, CARD_PADDING, CARD_TOOLS_HEIGHT


def rule(look: str = "rule") -> QFrame:
    """A hairline across. `look`: rule (faint) or line (as the border of a card)."""
    made = QFrame()
    made.setProperty("look", look)
    made.setFixedHeight(1)
    return made


class Card(QFrame):
    """Title at the left (600), remark after it (muted), tools at the right; `body` is the layout to fill."""

    def __init__(self, title: str = "", remark: str = "", *, tools: bool = False, padding: int = 0) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self.setAccessibleName(title)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.setSpacing(0)
        self.title = strong(title)
        self.remark = muted(remark)
        self.header = QWidget()
        self.header.setFixedHeight(CARD_TOOLS_HEIGHT if tools else CARD_HEADER_HEIGHT)
        self.tools = QHBoxLayout(self.header)
        self.tools.setContentsMargins(CARD_PADDING - 1, 0, CARD_PADDING - 1, 0)
        self.tools.setSpacing(8)
        self.tools.addWidget(self.title)
        self.tools.addWidget(self.remark)
        self.tools.addStretch(1)
        outer.addWidget(self.header)
        if not (title or tools):
            self.header.hide()
        self.body = QVBoxLayout()
        self.body.setContentsMargins(padding, 0 if title else padding, padding, padding)
        self.body.setSpacing(0)
        outer.addLayout(self.body, 1)

    def add_tool(self, widget: QWidget) -> None:
        self.tools.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def say(self, title: str, remark: str = "") -> None:
        """Changes title and remark."""
        self.title.setText(title)
        self.remark.setText(remark)
        self.setAccessibleName(title)

    @staticmethod
    def note(text: str) -> Text:
        """Muted words at the right of a header."""
        made = muted(text)
        made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        return made
