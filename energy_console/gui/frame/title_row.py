"""The title row: page title and scope, time picker, search, picture and own window."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.frame.time_picker import TimePicker
from energy_console.gui.icons import draw_icon
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.text import ElidedText, title
from energy_console.gui.theme import (
    BODY_PX,
    BUTTON_RADIUS,
    CAPTION_PX,
    PAGE_MARGIN,
    TITLE_BUTTON_HEIGHT,
    TITLE_ROW_HEIGHT,
    Looks,
    font,
)


class SearchBox(QWidget):
    """Looks like a field and opens the palette, where the typing is done."""

    opened = Signal()

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self.setFixedSize(280, TITLE_BUTTON_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setAccessibleName(self.tr("Find a page, device, point, alarm or action (Ctrl+K)"))
        looks.changed.connect(self.update)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Space):
            self.opened.emit()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._looks.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.accent if self.hasFocus() else theme.line)
        painter.setBrush(theme.field)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, BUTTON_RADIUS, BUTTON_RADIUS)
        draw_icon(painter, QRectF(9, 7, 14, 14), "magnifying-glass", theme.muted)
        painter.setFont(font(BODY_PX))
        painter.setPen(theme.muted)
        painter.drawText(
            box.adjusted(31, 0, -60, 0), Qt.AlignmentFlag.AlignVCenter, self.tr("Page, device, point, alarm")
        )
        key = QRectF(self.width() - 52.5, 5.5, 44, 17)
        painter.setPen(theme.line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(key, BUTTON_RADIUS, BUTTON_RADIUS)
        painter.setFont(font(CAPTION_PX))
        painter.setPen(theme.muted)
        painter.drawText(key, Qt.AlignmentFlag.AlignCenter, self.tr("Ctrl K"))
        painter.end()


class TitleRow(QWidget):
    """`picture` and `own_window` are the two buttons at the right."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setFixedHeight(TITLE_ROW_HEIGHT)
        self.title = title()
        self.title.setMinimumWidth(88)
        self.scope = ElidedText("", "muted")
        self.picker = TimePicker(desk)
        self.search = SearchBox(desk.looks)
        self.picture = Button(desk.looks, "", "export", "icon", name=self.tr("Picture of this page (Ctrl+Shift+S)"))
        self.own_window = Button(
            desk.looks, "", "arrow-square-out", "icon", name=self.tr("Put this page into its own window (Ctrl+Shift+O)")
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        row.setSpacing(8)
        row.addWidget(self.title)
        row.addWidget(self.picker)
        row.addSpacing(8)
        row.addWidget(self.scope, 1)
        row.addWidget(self.search)
        row.addWidget(self.picture)
        row.addWidget(self.own_window)

    def show_page(self, name: str, scope: str) -> None:
        self.title.setText(name)
        self.scope.show_text(scope)
