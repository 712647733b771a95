"""One tile an area: what it does in two lines of words, its figure, the last six hours. Opens the area's page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from energy_console.engine.link import AlarmView
from energy_console.gui.format import NONE
from energy_console.gui.icons import icon_pixmap
from energy_console.gui.parts.alarm_shape import ACKNOWLEDGED, draw_alarm_shape
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.sparkline import Sparkline
from energy_console.gui.parts.text import ElidedText, Text, caption, figure, muted
from energy_console.gui.theme import (
    BODY_PX,
    CAPTION_PX,
    CARD_PADDING,
    FIGURE_PX,
    MEDIUM,
    SEMIBOLD,
    STRIP_FIGURE_PX,
    TILE_ICON_PX,
    Looks,
    font,
)
from hardware.points import Float64Array

_NARROW_PX = 160


class AlarmCounts(QWidget):
    """How many open alarms of each priority, as shapes with a figure; silent where there are none."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._counts: tuple[tuple[int, int], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        looks.changed.connect(self.update)

    def show_alarms(self, alarms: Sequence[AlarmView]) -> None:
        open_now = [alarm.priority for alarm in alarms if alarm.state != ACKNOWLEDGED]
        counts = tuple((priority, open_now.count(priority)) for priority in (1, 2, 3, 4) if priority in open_now)
        if counts != self._counts:
            self._counts = counts
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(34 * len(self._counts), 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(font(CAPTION_PX))
        for place, (priority, count) in enumerate(self._counts):
            left = 34.0 * place
            centre = QRectF(left, 0, 16, 18).center()
            draw_alarm_shape(painter, centre, self._looks.theme, priority, size_px=13, digit=False)
            painter.setPen(QPen(self._looks.theme.text))
            painter.drawText(QRectF(left + 17, 0, 17, 18), Qt.AlignmentFlag.AlignVCenter, str(count))
        painter.end()


class AreaTile(Card):
    """A card that can be opened by a click or by Enter."""

    opened = Signal(str)

    def __init__(self, looks: Looks, key: str, name: str, icon_name: str) -> None:
        super().__init__()
        self._looks, self._icon_name = looks, icon_name
        self.key = key
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(158)
        self._icon = QLabel()
        self._counts = AlarmCounts(looks)
        self._words = Text("", "text", wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._words.setMinimumHeight(36)
        self._figure, self._unit = figure(NONE), muted()
        self._curve = Sparkline(looks, self.tr("{0}, last 6 hours").format(name))
        self._foot = caption()
        self._name = name
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self._icon)
        title = ElidedText(name, "text", BODY_PX, SEMIBOLD)
        head.addWidget(title, 1)
        head.addWidget(self._counts)
        value = QHBoxLayout()
        value.setSpacing(6)
        value.addWidget(self._figure, 0, Qt.AlignmentFlag.AlignBottom)
        self._unit.setContentsMargins(0, 0, 0, 4)
        value.addWidget(self._unit, 0, Qt.AlignmentFlag.AlignBottom)
        value.addStretch(1)
        column = QVBoxLayout()
        column.setContentsMargins(CARD_PADDING - 2, 8, CARD_PADDING - 2, 8)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self._words)
        column.addLayout(value)
        column.addWidget(self._curve, 1)
        column.addWidget(self._foot)
        self.body.addLayout(column)
        looks.changed.connect(self._colour)
        self._colour()

    def show_area(self, words: str, value: str | None, unit: str, foot: str, alarms: Sequence[AlarmView]) -> None:
        """Texts are ready to read; None as value: not known."""
        self._words.setText(words)
        self._figure.setText(NONE if value is None else value)
        self._figure.set_tone("muted" if value is None else "text")
        self._unit.setText(unit)
        self._foot.setText(foot)
        self._counts.show_alarms(alarms)
        self.setAccessibleName(f"{self._name}: {words} {value or NONE} {unit}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _NARROW_PX
        self._figure.setFont(font(STRIP_FIGURE_PX if narrow else FIGURE_PX, MEDIUM))
        self._words.setFont(font(CAPTION_PX if narrow else BODY_PX))

    def show_curve(self, values: Float64Array) -> None:
        self._curve.show_values(values)

    def _colour(self) -> None:
        theme = self._looks.theme
        self._icon.setPixmap(icon_pixmap(self._icon_name, TILE_ICON_PX, theme.muted, self.devicePixelRatioF()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.opened.emit(self.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self.key)
        else:
            super().keyPressEvent(event)
