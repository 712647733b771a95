"""What a page or card shows when it has nothing to show: empty, loading, lost or error, and what to do next."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from energy_console.gui.icons import icon_pixmap
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.parts.text import Text
from energy_console.gui.theme import BODY_PX, SEMIBOLD, TITLE_PX, Looks

_ICONS = {"empty": "circle-dashed", "loading": "hourglass", "lost": "link-break", "error": "warning-circle"}
_ICON_PX = 28


class StatePane(QWidget):
    """`kind`: empty, loading, lost (hatched ground) or error."""

    def __init__(self, looks: Looks, kind: str = "empty", what: str = "", todo: str = "") -> None:
        super().__init__()
        self._looks = looks
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._what = Text("", "text", TITLE_PX, SEMIBOLD, wrap=True)
        self._todo = Text("", "muted", BODY_PX, wrap=True)
        self._button = Button(looks, "-")
        self._act: Callable[[], None] | None = None
        self._button.clicked.connect(self._pressed)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        column.addStretch(2)
        for widget in (self._icon, self._what, self._todo):
            column.addWidget(widget)
            widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        looks.changed.connect(self._colour)
        self.say(kind, what, todo)

    def say(
        self, kind: str, what: str, todo: str = "", action: str = "", act: Callable[[], None] | None = None
    ) -> None:
        """One sentence of what is so, one of what to do; a button where something can be done from here."""
        self._kind = kind
        self._what.setText(what)
        self._todo.setText(todo)
        self._todo.setVisible(bool(todo))
        self._act = act
        self._button.set_words(action or "-")
        self._button.setVisible(bool(action and act))
        self.setAccessibleName(f"{what} {todo}")
        self._colour()

    def _pressed(self) -> None:
        if self._act is not None:
            self._act()

    def _colour(self) -> None:
        self._icon.setPixmap(
            icon_pixmap(_ICONS[self._kind], _ICON_PX, self._looks.theme.muted, self.devicePixelRatioF())
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._kind != "lost":
            return
        painter = QPainter(self)
        band = QRectF(0, 0, self.width(), 10)
        draw_hatch(painter, band, self._looks.theme)
        draw_hatch(painter, band.translated(0, self.height() - 10), self._looks.theme)
        painter.end()
