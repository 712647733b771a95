"""The selected point: where it is read, how old it is, and how good it was over the window, as a strip."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.format import NONE, duration, number, reason_text
from energy_console.gui.pages.trends.cells import Cells
from energy_console.gui.pages.trends.quality import short_tag
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.parts.text import ElidedText, caption
from energy_console.gui.theme import CAPTION_PX, Looks
from energy_console.site.model import Device
from hardware.points import FIRST_BAD_REASON, Point
from hardware.profiles import Library

_PARTS = 120


class QualityStrip(QWidget):
    """A bar over the window: plain where the values were usable, hatched where not, faint where uncertain."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._parts: list[tuple[float, int]] = []
        self.setFixedHeight(10)
        looks.changed.connect(self.update)

    def show_parts(self, parts: list[tuple[float, int]]) -> None:
        self._parts = parts
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._looks.theme
        painter.fillRect(self.rect(), theme.track)
        width = self.width() / max(1, len(self._parts))
        first = 0
        for place in range(1, len(self._parts) + 1):
            # neighbours alike are drawn as one, so that the hatch runs through
            if place < len(self._parts) and _kind(self._parts[place]) == _kind(self._parts[first]):
                continue
            box = QRectF(first * width, 0, (place - first) * width, self.height())
            match _kind(self._parts[first]):
                case "bad":
                    painter.fillRect(box, theme.surface)
                    draw_hatch(painter, box, theme, outline=True)
                case "unknown":
                    painter.fillRect(box, theme.surface)
                    painter.fillRect(QRectF(box.left(), self.height() / 2, box.width(), 1), theme.faint)
                case "uncertain":
                    painter.fillRect(box.adjusted(0, 3, 0, -3), theme.bar)
                case _:
                    pass
            first = place
        painter.end()


def _kind(part: tuple[float, int]) -> str:
    share, status = part
    if math.isnan(share):
        return "unknown"
    if share < 0.5:
        return "bad"
    return "uncertain" if 0 < status >> 8 < FIRST_BAD_REASON else "good"


class PointCard(Card):
    def __init__(self, desk: Desk) -> None:
        super().__init__(" ", padding=12)
        self._desk = desk
        self._devices = {device.id: device for device in desk.site.devices}
        self.state = Card.note("")
        self.add_tool(self.state)
        self.source = ElidedText("", "muted")
        self.strip = QualityStrip(desk.looks)
        self.left = caption()
        self.right = ElidedText("", "muted", CAPTION_PX)
        self.body.setSpacing(6)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for widget in (self.source, self.strip, self.left):
            column.addWidget(widget)
        self.body.addWidget(holder)

    def show_point(self, point: Point, title: str, cells: Cells, start_s: float, end_s: float) -> None:
        """The point as it is now, and as it was over a window."""
        self.state.setText(self._state(point, cells, end_s))
        self.say(title)
        device = self._devices.get(point.device)
        self.source.show_text(_source(point, device, self._desk.site.library, self.tr("calculated by the console")))
        parts = cells.strip(start_s, end_s, _PARTS) if end_s > start_s else []
        self.strip.show_parts(parts)
        usable = cells.figures(start_s, end_s).good if len(cells) else float("nan")
        shown = NONE if usable != usable else f"{number(usable * 100, 1)} %"
        words = [self.tr("usable {0} of the time shown").format(shown)]
        for kind in ("bad", "uncertain"):
            share = sum(_kind(part) == kind for part in parts) / max(1, len(parts))
            if share:
                words.append(f"{_why(parts, kind) or self.tr('nothing kept')} {number(share * 100, 0)} %")
        self.left.setText(", ".join(words))
        self.strip.setAccessibleName(self.left.text())

    def _state(self, point: Point, cells: Cells, end_s: float) -> str:
        """Quality and age of the newest reading; of a moment picked, the quality then."""
        if not self._desk.time.live:
            at = cells.at(end_s)
            return (short_tag(at.status) or self.tr("good")) if at.kept else self.tr("nothing kept")
        reading = self._desk.live.reading(point.id)
        quality = short_tag(reading.status) or self.tr("good")
        if not reading.time_ns:
            return quality
        age = duration((self._desk.clock_ns() - reading.time_ns) / 1e9)
        return self.tr("{0}, {1} old").format(quality, age)


def _why(parts: list[tuple[float, int]], kind: str) -> str:
    """The worst reason among the parts of a kind, in words; of a bad part only one that makes values bad."""
    found = (status for share, status in parts if _kind((share, status)) == kind)
    worst = max((status for status in found if kind != "bad" or status >> 8 >= FIRST_BAD_REASON), default=0)
    return reason_text(worst)


def _source(point: Point, device: Device | None, library: Library, otherwise: str) -> str:
    """Link, unit, register and type: what one would look up beside the device."""
    if device is None:
        return otherwise
    spec = device.spec
    where = f"{spec.link} unit {spec.unit}"
    entry = next((entry for entry in library.profile(spec.profile).points if entry.quantity == point.quantity), None)
    if entry is not None:
        where += f", {entry.table.value} {entry.address}, {entry.type.value}"
    return f"{where}, every {number(spec.every_s, 0 if spec.every_s >= 1 else 1)} s"
