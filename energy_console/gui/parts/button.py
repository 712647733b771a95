"""Buttons: normal, primary (one a panel), in cards, icon only, and links. Each has a name that screen readers say."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QSizePolicy

from energy_console.gui.icons import icon
from energy_console.gui.theme import BUTTON_ICON_PX, Looks

_STANDOFF = "\u2005"  # a quarter of an em


class Button(QPushButton):
    """A push button whose icon follows the theme. `look`: "", primary, card, link, plain or icon."""

    def __init__(
        self,
        looks: Looks,
        text: str = "",
        icon_name: str = "",
        look: str = "",
        *,
        name: str = "",
        on_click: Callable[[], None] | None = None,
        icon_px: int = BUTTON_ICON_PX,
    ) -> None:
        super().__init__()
        self._looks = looks
        self._icon_name = icon_name
        self.set_words(text)
        self._icon_px = icon_px
        self.setProperty("look", look)
        self.setAccessibleName(name or text)
        if not text:
            self.setToolTip(name)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAutoDefault(False)
        self.setIconSize(QSize(icon_px, icon_px))
        if on_click is not None:
            # clicked carries a bool nobody wants
            self.clicked.connect(lambda _checked=False: on_click())
        looks.changed.connect(self._colour)
        self._colour()

    def set_words(self, text: str) -> None:
        """Changes the text; beside an icon it stands off a little, which Fusion does not do."""
        shown = f"{_STANDOFF}{text}" if self._icon_name and text else text
        if shown != self.text():
            self.setText(shown)
            if text:  # an icon alone keeps the name it had
                self.setAccessibleName(text)

    def set_icon(self, icon_name: str) -> None:
        self._icon_name = icon_name
        self._colour()

    def _colour(self) -> None:
        if not self._icon_name:
            return
        theme = self._looks.theme
        look = self.property("look")
        colour = theme.on_accent if look == "primary" else theme.accent if look == "link" else theme.text
        self.setIcon(icon(self._icon_name, colour, self._icon_px, disabled=theme.faint))
