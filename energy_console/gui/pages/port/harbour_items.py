"""What stands in the harbour picture: water and land, stations, cells, ships with their cables."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from energy_console.gui.pages.port.cell import CellLook, draw_cell
from energy_console.gui.pages.port.layout import Harbour, QuayPlace, Rect, ShipPlace, StationPlace
from energy_console.gui.parts.hatch import hatch_brush
from energy_console.gui.theme import CAPTION_PX, MEDIUM, SEMIBOLD, TITLE_PX, Looks, font
from energy_console.live.port import PointState, ShipState

CHART_PX = 10  # text inside the picture; 9.5 of the notes does not hint evenly
_BOW_PX = 7.0


def rectf(rect: Rect) -> QRectF:
    return QRectF(rect.x, rect.y, rect.w, rect.h)


class _Item(QGraphicsItem):
    """An item kept as a pixmap until what it shows changes."""

    def __init__(self, looks: Looks, depth: float) -> None:
        super().__init__()
        self.looks = looks
        self.setZValue(depth)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)


class BasinItem(_Item):
    """Water of the basins and the ends of the piers, with the names of the basins."""

    def __init__(self, looks: Looks, harbour: Harbour) -> None:
        super().__init__(looks, 0)
        self._harbour = harbour

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, self._harbour.width, self._harbour.height)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        theme = self.looks.theme
        for basin in self._harbour.basins:
            painter.fillRect(rectf(basin.rect), theme.night)
            painter.setFont(font(CAPTION_PX))
            painter.setPen(theme.faint)
            side = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(QRectF(30, basin.rect.y, 100, basin.rect.h), side, basin.name)
        for end in self._harbour.pier_ends:
            painter.fillRect(rectf(end), theme.night)
            painter.setPen(QPen(theme.hatch, 1.5))
            painter.drawLine(QPointF(end.x, end.y), QPointF(end.x, end.bottom))


class QuayItem(_Item):
    """One quay: its edge, letter, name, and kind with the power it takes now."""

    def __init__(self, looks: Looks, place: QuayPlace) -> None:
        super().__init__(looks, 1)
        self.place = place
        self._line = ""

    def boundingRect(self) -> QRectF:
        apron = self.place.apron
        return QRectF(0, apron.y - 2, self.place.land_right, apron.h + 4)

    def show_line(self, line: str) -> None:
        if line != self._line:
            self._line = line
            self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        theme, place = self.looks.theme, self.place
        painter.setPen(QPen(theme.hatch, 1.5))
        painter.drawLine(QPointF(0, place.edge_y), QPointF(place.land_right, place.edge_y))
        title = rectf(place.title)
        middle = title.center().y()
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.text)
        painter.setFont(font(TITLE_PX, SEMIBOLD))
        painter.drawText(QRectF(title.left(), middle - 11, 18, 22), left, place.quay.id)
        words = QRectF(title.left() + 19, middle - 14, title.width() - 19, 14)
        for text, colour, weight, down in (
            (place.quay.name, theme.text, MEDIUM, 0),
            (self._line, theme.muted, 400, 14),
        ):
            face = font(CAPTION_PX, weight)
            painter.setFont(face)
            painter.setPen(colour)
            fitted = QFontMetricsF(face).elidedText(text, Qt.TextElideMode.ElideRight, words.width())
            painter.drawText(words.translated(0, down), left, fitted)


class StationItem(_Item):
    """Foot line towards the water, id on the land side, and the frame when it is selected."""

    def __init__(self, looks: Looks, place: StationPlace, *, label_free: bool) -> None:
        super().__init__(looks, 2)
        self.place = place
        self._label_free = label_free
        self._selected = False
        self._in_use = False

    def boundingRect(self) -> QRectF:
        return rectf(self.place.frame).united(rectf(self.place.label)).adjusted(-2, -2, 2, 2)

    def show_state(self, *, in_use: bool, selected: bool) -> None:
        if (in_use, selected) != (self._in_use, self._selected):
            self._in_use, self._selected = in_use, selected
            self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        theme, place = self.looks.theme, self.place
        frame = rectf(place.frame)
        painter.setPen(QPen(theme.hatch, 1))
        painter.drawLine(QPointF(frame.left() + 2, place.foot_y), QPointF(frame.right() - 2, place.foot_y))
        if self._in_use or self._selected or self._label_free:
            painter.setFont(font(CHART_PX, MEDIUM if self._selected else 400))
            painter.setPen(theme.accent if self._selected else theme.muted if self._in_use else theme.faint)
            painter.drawText(rectf(place.label), Qt.AlignmentFlag.AlignCenter, place.station)
        if self._selected:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.accent, 2))
            painter.drawRoundedRect(frame, 2, 2)


class PointCell(_Item):
    """One access point; repainted only when its look changes."""

    def __init__(self, looks: Looks, point: str, rect: Rect) -> None:
        super().__init__(looks, 3)
        self.point = point
        self._rect = QRectF(0, 0, rect.w, rect.h)
        self.setPos(rect.x, rect.y)
        self.look = CellLook(PointState.NOT_READ_YET)

    def boundingRect(self) -> QRectF:
        return self._rect

    def show_look(self, look: CellLook) -> bool:
        """True when it had to be repainted."""
        if look == self.look:
            return False
        self.look = look
        self.update()
        return True

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_cell(painter, self._rect, self.looks.theme, self.look)


@dataclass(frozen=True, slots=True)
class ShipLook:
    """All a ship is painted from. `cables` are (from, to, live): a foot of a cell, a point at the hull."""

    place: ShipPlace
    name: str
    state: ShipState
    cables: tuple[tuple[tuple[float, float], tuple[float, float], bool], ...]
    selected: bool
    show_name: bool


class ShipItem(_Item):
    """A ship to scale at its berth; dashed when it runs on its own engines."""

    def __init__(self, looks: Looks, look: ShipLook) -> None:
        super().__init__(looks, 4)
        self.look = look

    def boundingRect(self) -> QRectF:
        box = rectf(self.look.place.hull).united(rectf(self.look.place.name_slot))
        for start, end, _ in self.look.cables:
            box = box.united(QRectF(QPointF(*start), QPointF(*end)).normalized())
        return box.adjusted(-2, -2, 2, 2)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(rectf(self.look.place.hull).adjusted(-2, -3, 2, 3))
        return path

    def show_look(self, look: ShipLook) -> bool:
        """True when it had to be repainted."""
        if look == self.look:
            return False
        self.prepareGeometryChange()
        self.look = look
        self.update()
        return True

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        theme, look = self.looks.theme, self.look
        unknown = look.state is ShipState.UNKNOWN
        quiet = unknown or look.state is ShipState.OWN_ENGINES
        colour = theme.accent if look.selected else theme.faint if quiet else theme.text
        for start, end, live in look.cables:
            painter.setPen(QPen(colour, 1, Qt.PenStyle.SolidLine if live else Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(*start), QPointF(*end))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(colour if look.selected or quiet else theme.muted, 1.6 if look.selected else 1)
        if quiet and not unknown:
            pen.setDashPattern([3, 2])
        painter.setPen(pen)
        painter.setBrush(theme.selected if look.selected else theme.night if quiet else theme.raised)
        if unknown:
            painter.setBrush(hatch_brush(theme))
        painter.drawPolygon(_hull(rectf(look.place.hull).adjusted(0.5, 0.5, -0.5, -0.5)))
        if look.show_name:
            self._draw_name(painter, quiet)

    def _draw_name(self, painter: QPainter, quiet: bool) -> None:
        theme, look = self.looks.theme, self.look
        face = font(CHART_PX, MEDIUM if look.selected else 400)
        slot = rectf(look.place.name_slot)
        fitted = QFontMetricsF(face).elidedText(look.name, Qt.TextElideMode.ElideRight, slot.width())
        if len(fitted) < min(3, len(look.name)):
            return
        painter.setFont(face)
        painter.setPen(theme.accent if look.selected else theme.muted if quiet else theme.text)
        painter.drawText(slot, Qt.AlignmentFlag.AlignCenter, fitted)


def _hull(box: QRectF) -> QPolygonF:
    """A hull seen from above, its bow to the right."""
    bow = min(_BOW_PX, box.width() / 2)
    return QPolygonF(
        [
            box.topLeft(),
            QPointF(box.right() - bow, box.top()),
            QPointF(box.right(), box.center().y()),
            QPointF(box.right() - bow, box.bottom()),
            box.bottomLeft(),
        ]
    )
