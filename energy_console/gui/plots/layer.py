"""Something that is drawn over the whole of a plot, behind or before its curves."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QPainter

from energy_console.gui.plots.view import View


class Layer:
    """`changed` is called when it looks another way; set by the area it is in."""

    def __init__(self) -> None:
        self.changed: Callable[[], None] | None = None

    def update(self) -> None:
        if self.changed is not None:
            self.changed()

    def paint_in(self, painter: QPainter, view: View) -> None:
        """Draws with the painter in px; to be overridden."""
        raise NotImplementedError
