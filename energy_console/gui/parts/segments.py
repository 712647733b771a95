"""A row of joined buttons of which one is on: "All 615 | Silent 11 | ..."."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget


class Segments(QWidget):
    """`choices` are (key, text); `picked` carries the key. Left and Right move the choice."""

    picked = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], name: str = "") -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for place, (key, text) in enumerate(choices):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            button.setAccessibleName(text)
            button.setProperty("segment", _side(place, len(choices)))
            button.installEventFilter(self)
            self._group.addButton(button)
            self._buttons[key] = button
            button.toggled.connect(lambda on, key=key: self.picked.emit(key) if on else None)
            row.addWidget(button)
        if choices:
            first = self._buttons[choices[0][0]]
            first.blockSignals(True)  # nobody picked it
            first.setChecked(True)
            first.blockSignals(False)

    @property
    def current(self) -> str:
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def pick(self, key: str) -> None:
        """Turns one on and tells so, as a click would. Raises KeyError for an unknown key."""
        self._buttons[key].setChecked(True)

    def set_text(self, key: str, text: str) -> None:
        button = self._buttons[key]
        if button.text() != text:
            button.setText(text)
            button.setAccessibleName(text)

    def set_enabled(self, key: str, enabled: bool) -> None:
        self._buttons[key].setEnabled(enabled)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
            keys = [key for key, button in self._buttons.items() if button.isEnabled()]
            if step is not None and self.current in keys:
                target = keys[(keys.index(self.current) + step) % len(keys)]
                self._buttons[target].setFocus()
                self.pick(target)
                return True
        return super().eventFilter(watched, event)


def _side(place: int, count: int) -> str:
    if count == 1:
        return "only"
    return "first" if place == 0 else "last" if place == count - 1 else "middle"
