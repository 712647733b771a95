"""One access point as a cell: what it does is told by outline, shape and fill height, never by colour."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from energy_console.gui.parts.alarm_shape import draw_alarm_shape
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import SEMIBOLD, Theme, font
from energy_console.live.port import PointState

_CHEVRON_PX = 2.6
_DASHES = [2.0, 1.6]


@dataclass(frozen=True, slots=True)
class CellLook:
    """All a cell is painted from; equal looks need no repaint. `share` is power over rating, 0..1."""

    state: PointState
    share: float = 0.0
    priority: int = 0  # of the worst alarm of the point, 0 for none


def rounded_share(power_kw: float, rated_kw: float, height_px: float) -> float:
    """The share in whole pixels of a fill, so that noise of a watt does not repaint a cell."""
    if not rated_kw > 0.0 or not power_kw > 0.0:
        return 0.0
    steps = max(1.0, height_px)
    return max(min(2.0 / steps, 1.0), round(min(power_kw / rated_kw, 1.0) * steps) / steps)


def draw_cell(painter: QPainter, rect: QRectF, theme: Theme, look: CellLook) -> None:
    """Draws the cell inside `rect` (12 x 20 px at 100 %)."""
    frame = rect.adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    match look.state:
        case PointState.FREE:
            painter.setPen(QPen(theme.hatch, 1))
            painter.drawRect(frame)
        case PointState.SUPPLYING:
            _draw_supply(painter, frame, theme, look.share)
        case PointState.CONNECTING | PointState.RELEASING:
            painter.setPen(_dashed(theme))
            painter.drawRect(frame)
            _draw_chevron(painter, frame.center(), theme, up=look.state is PointState.CONNECTING)
        case PointState.TRIPPED:
            _draw_trip(painter, rect, theme, look.priority or 2)
        case PointState.NOT_READ_YET:
            painter.setPen(QPen(theme.hatch, 1, Qt.PenStyle.DotLine))
            painter.drawRect(frame)
        case PointState.OUT_OF_SERVICE:
            painter.setPen(QPen(theme.faint, 1))
            painter.drawRect(frame)
            painter.drawLine(frame.bottomLeft(), frame.topRight())
        case _:
            _draw_no_answer(painter, frame, theme)


def _dashed(theme: Theme) -> QPen:
    pen = QPen(theme.text, 1.2)
    pen.setDashPattern(_DASHES)
    return pen


def _draw_supply(painter: QPainter, frame: QRectF, theme: Theme, share: float) -> None:
    painter.setPen(QPen(theme.muted, 1))
    painter.drawRect(frame)
    inside = frame.adjusted(1.5, 1.5, -1.5, -1.5)
    height = inside.height() * share
    painter.fillRect(QRectF(inside.left(), inside.bottom() - height, inside.width(), height), theme.text)


def _draw_chevron(painter: QPainter, centre: QPointF, theme: Theme, *, up: bool) -> None:
    turn = 1.0 if up else -1.0
    tip = QPointF(centre.x(), centre.y() - turn * _CHEVRON_PX * 0.6)
    painter.setPen(QPen(theme.text, 1.4))
    painter.drawPolyline(
        [
            QPointF(centre.x() - _CHEVRON_PX, tip.y() + turn * _CHEVRON_PX),
            tip,
            QPointF(centre.x() + _CHEVRON_PX, tip.y() + turn * _CHEVRON_PX),
        ]
    )


def _draw_trip(painter: QPainter, rect: QRectF, theme: Theme, priority: int) -> None:
    painter.setPen(QPen(theme.alarm(priority), 2))
    painter.drawRect(rect.adjusted(1, 1, -1, -1))
    size = max(8, round(rect.width() - 4))
    draw_alarm_shape(painter, rect.center(), theme, priority, size_px=size, digit=False)


def _draw_no_answer(painter: QPainter, frame: QRectF, theme: Theme) -> None:
    draw_hatch(painter, frame, theme)
    painter.save()
    painter.setPen(QPen(theme.muted, 1))
    painter.drawRect(frame)
    painter.setFont(font(10, SEMIBOLD))
    painter.setPen(theme.text)
    painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, "?")
    painter.restore()
