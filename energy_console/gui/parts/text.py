"""Labels in the few sizes and tones the console uses; they follow the theme by their `tone` property."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from energy_console.gui.theme import BODY_PX, CAPTION_PX, FIGURE_PX, MEDIUM, REGULAR, SEMIBOLD, TITLE_PX, font


class Text(QLabel):
    """A plain-text label. `tone`: text, muted, faint or accent."""

    def __init__(
        self, text: str = "", tone: str = "text", size_px: int = BODY_PX, weight: int = REGULAR, *, wrap: bool = False
    ) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(font(size_px, weight))
        self.setWordWrap(wrap)
        if tone != "text":
            self.setProperty("tone", tone)

    def set_tone(self, tone: str) -> None:
        """Changes the colour role; cheap when it stays the same."""
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            self.style().unpolish(self)
            self.style().polish(self)


class ElidedText(Text):
    """A label of one line that ends in "…" where room is short, with the whole text as its tooltip."""

    def __init__(self, text: str = "", tone: str = "text", size_px: int = BODY_PX, weight: int = REGULAR) -> None:
        super().__init__("", tone, size_px, weight)
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        if text != self._whole:
            self._whole = text
            self.setAccessibleName(text)
            self._fit()

    def whole(self) -> str:
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        fitted = QFontMetrics(self.font()).elidedText(self._whole, Qt.TextElideMode.ElideRight, max(8, self.width()))
        self.setText(fitted)
        self.setToolTip(self._whole if fitted != self._whole else "")


def caption(text: str = "", tone: str = "muted") -> Text:
    return Text(text, tone, CAPTION_PX)


def muted(text: str = "") -> Text:
    return Text(text, "muted")


def title(text: str = "") -> Text:
    return Text(text, "text", TITLE_PX, SEMIBOLD)


def strong(text: str = "") -> Text:
    return Text(text, "text", BODY_PX, SEMIBOLD)


def figure(text: str = "", size_px: int = FIGURE_PX) -> Text:
    return Text(text, "text", size_px, MEDIUM)


def clear(layout_owner: QWidget) -> None:
    """Removes every child widget of a widget's layout."""
    layout = layout_owner.layout()
    while layout is not None and layout.count():
        item = layout.takeAt(0)
        child = item.widget() if item is not None else None
        if child is not None:
            child.setParent(None)
            child.deleteLater()
