"""A chip: a short name in an outline, with a cross where it can be taken away."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from energy_console.gui.parts.button import Button
from energy_console.gui.theme import CARET_PX, Looks


class Chip(QWidget):
    """`clicked` when its name is pressed, `removed` when its cross is."""

    clicked = Signal()
    removed = Signal()

    def __init__(self, looks: Looks, text: str, *, removable: bool = False, icon_name: str = "") -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.button = Button(looks, text, icon_name, "card", on_click=self.clicked.emit)
        row.addWidget(self.button)
        if removable:
            self.button.setProperty("segment", "first")
            cross = Button(
                looks,
                "",
                "x",
                "icon",
                name=self.tr("Remove {0}").format(text),
                on_click=self.removed.emit,
                icon_px=CARET_PX,
            )
            cross.setProperty("segment", "last")
            row.addWidget(cross)

    def set_on(self, on: bool) -> None:
        self.button.setCheckable(True)
        self.button.setChecked(on)
