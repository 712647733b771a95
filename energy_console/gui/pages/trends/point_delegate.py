"""How a row of the point tree is painted: caret, box in the curve's colour, name, value, and what is wrong with it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from energy_console.gui.desk import Desk
from energy_console.gui.format import duration, number, point_value
from energy_console.gui.pages.trends.point_model import PointModel
from energy_console.gui.pages.trends.quality import short_tag
from energy_console.gui.pages.trends.site_tree import Node
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import BODY_PX, CAPTION_PX, MEDIUM, TREE_ROW_HEIGHT, font
from hardware.points import Point, Quality, quality_of

Index = QModelIndex | QPersistentModelIndex
BOX_PX = 13


class PointDelegate(QStyledItemDelegate):
    """Paints a row: caret, box, name, value with its unit, and what is wrong with it."""

    def __init__(self, desk: Desk, model: PointModel) -> None:
        super().__init__()
        self._desk = desk
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, TREE_ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        node = self._model.node(index)
        rect = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect.adjusted(-rect.left(), 0, 0, 0), self._desk.looks.theme.selected)
        if node.point is None:
            self._paint_group(painter, rect, node, bool(option.state & QStyle.StateFlag.State_Open))
        else:
            self._paint_point(painter, rect, node)
        painter.restore()

    def _paint_group(self, painter: QPainter, rect: QRectF, node: Node, open_: bool) -> None:
        theme = self._desk.looks.theme
        _draw_caret(painter, QPointF(rect.left() + 6, rect.center().y()), theme.muted, open_)
        painter.setFont(font(BODY_PX, MEDIUM if node.device == "" else 400))
        painter.setPen(theme.text)
        right = self._device_state(painter, rect, node) if node.device else rect.right() - 8
        right = self._paint_count(painter, rect, node, right)
        painter.setFont(font(BODY_PX, MEDIUM if node.device == "" else 400))
        painter.setPen(theme.text)
        text = QRectF(rect.left() + 16, rect.top(), right - rect.left() - 18, rect.height())
        _elided(painter, text, node.text)

    def _paint_count(self, painter: QPainter, rect: QRectF, node: Node, right: float) -> float:
        """How many of a group's points are drawn, of how many there are; of a device only where any is."""
        drawn = self._model.drawn_under(node)
        if node.device and not drawn:
            return right
        many = drawn and not node.device  # a device's name needs the room
        words = self.tr("{0} of {1}").format(number(drawn), number(node.size)) if many else number(drawn or node.size)
        painter.setFont(font(CAPTION_PX))
        painter.setPen(self._desk.looks.theme.muted)
        width = QFontMetricsF(font(CAPTION_PX)).horizontalAdvance(words) + 2
        box = QRectF(right - width, rect.top(), width, rect.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        return right - width - 6

    def _device_state(self, painter: QPainter, rect: QRectF, node: Node) -> float:
        """A silent device tells since when; returns where the name must end."""
        state = self._desk.devices.get(node.device)
        if self._model.past is not None or state is None or state.state in ("answering", "slow", "starting"):
            return rect.right() - 8
        words = self.tr("never")
        if state.last_answer_ns:
            words = duration((self._desk.clock_ns() - state.last_answer_ns) / 1e9)
        return self._paint_hatched(painter, rect, words)

    def _paint_hatched(self, painter: QPainter, rect: QRectF, words: str) -> float:
        theme = self._desk.looks.theme
        painter.setFont(font(CAPTION_PX))
        width = QFontMetricsF(font(CAPTION_PX)).horizontalAdvance(words)
        box = QRectF(rect.right() - 8 - width, rect.top(), width + 2, rect.height())
        painter.setPen(theme.muted)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        tile = QRectF(box.left() - 16, rect.center().y() - 5, 11, 11)
        draw_hatch(painter, tile, theme, outline=True)
        painter.setFont(font(BODY_PX))
        painter.setPen(theme.text)
        return tile.left() - 4

    def _paint_point(self, painter: QPainter, rect: QRectF, node: Node) -> None:
        theme, point = self._desk.looks.theme, node.point
        if point is None:
            return
        colour = self._model.colours.get(point.id)
        box = QRectF(rect.left() + 2, rect.center().y() - BOX_PX / 2, BOX_PX, BOX_PX)
        painter.setPen(QPen(colour or theme.faint, 1.2))
        painter.setBrush(colour or Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 2, 2)
        if colour is not None:
            painter.setPen(QPen(theme.on_accent, 1.8))
            tick = [QPointF(3, 6.6), QPointF(5.6, 9.2), QPointF(10, 4)]
            painter.drawPolyline(QPolygonF([box.topLeft() + place for place in tick]))
        right = self._paint_value(painter, rect, point)
        painter.setFont(font(BODY_PX))
        painter.setPen(theme.text)
        _elided(painter, QRectF(box.right() + 7, rect.top(), right - box.right() - 8, rect.height()), node.text)

    def _paint_value(self, painter: QPainter, rect: QRectF, point: Point) -> float:
        """The value with its tag, or why there is none; returns where the name must end."""
        theme, reading = self._desk.looks.theme, self._model.reading(point.id)
        right = rect.right() - 8
        if reading is None:
            return right
        painter.setFont(font(BODY_PX))
        painter.setPen(theme.text)
        if quality_of(reading.status) is Quality.BAD:
            return self._paint_hatched(painter, rect, short_tag(reading.status))
        text = point_value(point, reading.value)
        width = min(QFontMetricsF(font(BODY_PX)).horizontalAdvance(text) + 1, rect.width() * 0.55)
        value = QRectF(right - width, rect.top(), width, rect.height())
        _elided(painter, value, text, Qt.AlignmentFlag.AlignRight)
        tag = short_tag(reading.status)
        if not tag:
            return value.left() - 6
        return _draw_tag(painter, QPointF(value.left() - 6, rect.center().y()), tag, theme.line, theme.muted)


def _draw_caret(painter: QPainter, centre: QPointF, colour: QColor, open_: bool) -> None:
    painter.setPen(QPen(colour, 1.3))
    corners = ((-3.5, -1.5), (0, 2), (3.5, -1.5)) if open_ else ((-1.5, -3.5), (2, 0), (-1.5, 3.5))
    painter.drawPolyline(QPolygonF([centre + QPointF(*corner) for corner in corners]))


def _elided(painter: QPainter, rect: QRectF, text: str, side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, int(rect.width()) + 1))
    painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter, shown)


def _draw_tag(painter: QPainter, right: QPointF, text: str, line: QColor, ink: QColor) -> float:
    """A small framed word, ending at `right`; returns where it begins."""
    painter.setFont(font(CAPTION_PX))
    width = QFontMetricsF(font(CAPTION_PX)).horizontalAdvance(text) + 8
    box = QRectF(right.x() - width, right.y() - 8, width, 16)
    painter.setPen(line)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 2, 2)
    painter.setPen(ink)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    return box.left() - 4
