"""The power stack against the limit: hours measured, then hours planned, the price under both. Painted, no scene."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from energy_console.gui.format import clock, day, number
from energy_console.gui.pages.overview.marks import StackMark, draw_marks, words_near
from energy_console.gui.parts.day_plot import nice_ticks
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import BODY_PX, CAPTION_PX, MEDIUM, Looks, Theme, font
from energy_console.live.power_stack import SOURCES, USES, Layer, Stack
from hardware.points import Float64Array

PLAN_ALPHA = 0.6
_LATE_S = 180.0  # nothing measured for so long before now is a gap
_LATE_REPLAY_S = 1800.0  # the hours behind are asked for after the moment, which moves fast
_LEFT, _RIGHT, _TOP, _FOOT, _PRICE = 56.0, 118.0, 26.0, 22.0, 54.0


@dataclass(frozen=True, slots=True, eq=False)
class StackPicture:
    """Everything the plot shows; times in seconds since 1970."""

    start_s: float
    end_s: float
    now_s: float
    live: bool
    measured: Stack | None
    planned: Stack | None
    plan_name: str
    limit_kw: float
    nights: tuple[tuple[float, float], ...]  # dusk to dawn
    simulated_until_s: float  # what is measured before this was made by a model
    price_s: Float64Array  # borders of the price steps
    price_eur_per_mwh: Float64Array
    marks: tuple[StackMark, ...] = ()


class StackPlot(QWidget):
    """Repaints only when told something new."""

    def __init__(self, looks: Looks, zone: dt.tzinfo) -> None:
        super().__init__()
        self._looks, self._zone = looks, zone
        self._picture: StackPicture | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Power against the grid limit"))
        looks.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(700, 340)

    def show_picture(self, picture: StackPicture) -> None:
        self._picture = picture
        self.update()

    def names(self) -> dict[Layer, str]:
        """Layers in words."""
        return {
            Layer.BUILDINGS: self.tr("Buildings, water"),
            Layer.HEAT: self.tr("Heat"),
            Layer.PORT: self.tr("Port"),
            Layer.CHARGING: self.tr("Charging"),
            Layer.LIGHTING: self.tr("Lighting"),
            Layer.WIND: self.tr("Wind"),
            Layer.SOLAR: self.tr("Sun"),
        }

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._picture is not None:
            painting = _Painting(QPainter(), self, self._looks.theme, self._zone, self._picture)
            QToolTip.showText(event.globalPos(), painting.words_near(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _Painting(painter, self, self._looks.theme, self._zone, self._picture).draw()
        painter.end()


class _Painting:
    """One paint."""

    def __init__(
        self, painter: QPainter, widget: StackPlot, theme: Theme, zone: dt.tzinfo, picture: StackPicture
    ) -> None:
        self._p, self._widget, self._theme, self._zone, self._it = painter, widget, theme, zone, picture
        area = QRectF(widget.rect())
        price = _PRICE if area.height() > 260 else _PRICE / 2
        self._plot = QRectF(
            area.left() + _LEFT,
            area.top() + _TOP,
            area.width() - _LEFT - _RIGHT,
            area.height() - _TOP - _FOOT - price - 14,
        )
        self._price = QRectF(self._plot.left(), self._plot.bottom() + 14, self._plot.width(), price)
        low, high = self._extent()
        self._ticks = nice_ticks(low, high, max(3, int(self._plot.height() / 46)))
        self._low, self._high = min(low, *self._ticks), max(high, *self._ticks)

    def draw(self) -> None:
        if not any(stack is not None and stack.highest for stack in (self._it.measured, self._it.planned)):
            self._p.setFont(font(BODY_PX))
            text = self._widget.tr("No import is kept of these hours yet.")
            self._write(QRectF(self._widget.rect()), text, Qt.AlignmentFlag.AlignHCenter)
            return
        self._draw_ground()
        self._p.save()
        self._p.setClipRect(self._plot)
        if self._it.planned:
            self._draw_layers(self._it.planned, PLAN_ALPHA)
        if self._it.measured:
            self._draw_layers(self._it.measured, 1.0)
            self._draw_gaps(self._it.measured)
        self._p.restore()
        self._draw_limit()
        self._draw_net()
        self._draw_now()
        self._draw_names()
        self._draw_simulated()
        self._draw_price()
        self._draw_times()
        draw_marks(self._p, self._theme, self._plot, self._x, self._it.marks)

    def words_near(self, at: QPointF) -> str:
        """Of the journal's marks at a place."""
        return words_near(self._plot, self._x, self._it.marks, at)

    # scales

    def _extent(self) -> tuple[float, float]:
        """Lowest and highest kW to show, with room for the words at the limit."""
        highs, lows = [0.0], [0.0]
        for stack in filter(None, (self._it.measured, self._it.planned)):
            highs.append(_most(_pile(stack, USES)))
            lows.append(-_most(_pile(stack, SOURCES)))
            highs.append(_most(stack.net_kw))
        top = max(highs)
        if self._it.limit_kw < 2.5 * max(top, 1.0):  # a limit far away would flatten what it limits
            top = max(top, self._it.limit_kw)
        return min(lows), max(top * 1.08, 1.0)

    def _x(self, time_s: float) -> float:
        share = (time_s - self._it.start_s) / (self._it.end_s - self._it.start_s)
        return self._plot.left() + share * self._plot.width()

    def _y(self, kw: float) -> float:
        return self._plot.bottom() - (kw - self._low) / (self._high - self._low) * self._plot.height()

    # ground

    def _draw_ground(self) -> None:
        theme, plot = self._theme, self._plot
        for start, end in self._it.nights:
            left, right = max(plot.left(), self._x(start)), min(plot.right(), self._x(end))
            if right > left:
                self._p.fillRect(QRectF(left, plot.top(), right - left, plot.height()), theme.night)
        self._p.setFont(font(CAPTION_PX))
        for tick in self._ticks:
            y = self._y(tick)
            self._p.setPen(QPen(theme.grid, 1))
            self._p.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            self._write(QRectF(0, y - 8, _LEFT - 8, 16), number(tick), Qt.AlignmentFlag.AlignRight)
        self._write(QRectF(0, plot.top() - 24, _LEFT - 8, 16), self._widget.tr("kW"), Qt.AlignmentFlag.AlignRight)

    def _write(self, rect: QRectF, text: str, align: Qt.AlignmentFlag, colour: QColor | None = None) -> None:
        self._p.setPen(colour or self._theme.muted)
        self._p.drawText(rect, align | Qt.AlignmentFlag.AlignVCenter, text)

    # curves

    def _draw_layers(self, stack: Stack, alpha: float) -> None:
        for layers, sign in ((USES, 1.0), (SOURCES, -1.0)):
            base = np.zeros(len(stack.net_kw))
            for layer in layers:
                top = base + sign * np.nan_to_num(stack.layers[layer])
                colour = QColor(_colour(self._theme, layer))
                colour.setAlphaF(alpha)
                self._fill(stack, base, top, colour)
                base = top

    def _fill(self, stack: Stack, base: Float64Array, top: Float64Array, colour: QColor) -> None:
        """Fills between two step curves, run by run of known steps."""
        self._p.setPen(Qt.PenStyle.NoPen)
        self._p.setBrush(colour)
        for first, last in _runs(stack):
            upper = list(self._steps(stack.time_s, top, first, last))
            lower = list(self._steps(stack.time_s, base, first, last))
            self._p.drawPolygon(QPolygonF(upper + lower[::-1]))

    def _steps(self, time_s: Float64Array, value: Float64Array, first: int, last: int) -> Iterator[QPointF]:
        for step in range(first, last):
            y = self._y(float(value[step]))
            yield QPointF(self._x(float(time_s[step])), y)
            yield QPointF(self._x(float(time_s[step + 1])), y)

    def _draw_gaps(self, stack: Stack) -> None:
        runs = list(_runs(stack))
        borders = [(stack.time_s[runs[k][1]], stack.time_s[runs[k + 1][0]]) for k in range(len(runs) - 1)]
        late_s = _LATE_S if self._it.live else _LATE_REPLAY_S
        if runs and self._it.now_s - stack.time_s[runs[-1][1]] > late_s:
            borders.append((stack.time_s[runs[-1][1]], self._it.now_s))
        for first_s, last_s in borders:
            left, right = self._x(float(first_s)), self._x(float(last_s))
            draw_hatch(self._p, QRectF(left, self._y(0) - 24, right - left, 24), self._theme)

    def _draw_simulated(self) -> None:
        """Says which part of the past was made by a model."""
        right = min(self._x(self._it.simulated_until_s), self._plot.right())
        if right <= self._plot.left() + 2:
            return
        y = self._plot.bottom() + 5
        self._p.setPen(QPen(self._theme.muted, 1, Qt.PenStyle.DotLine))
        self._p.drawLine(QPointF(self._plot.left(), y), QPointF(right, y))
        self._p.setFont(font(CAPTION_PX))
        text = self._widget.tr("simulated past")
        width = QFontMetricsF(self._p.font()).horizontalAdvance(text) + 10
        if right - self._plot.left() > width:
            box = QRectF(self._plot.left() + 8, y - 7, width, 14)
            self._p.fillRect(box, self._theme.surface)
            self._write(box, text, Qt.AlignmentFlag.AlignHCenter)

    def _draw_net(self) -> None:
        self._p.save()
        self._p.setClipRect(self._plot)
        self._p.setBrush(Qt.BrushStyle.NoBrush)
        for stack, style in ((self._it.planned, Qt.PenStyle.DashLine), (self._it.measured, Qt.PenStyle.SolidLine)):
            if stack is None:
                continue
            self._p.setPen(QPen(self._theme.stack.net, 2, style))
            for first, last in _runs(stack):
                self._p.drawPolyline(QPolygonF(list(self._steps(stack.time_s, stack.net_kw, first, last))))
        self._p.restore()
        self._mark_highest()

    def _mark_highest(self) -> None:
        """The highest planned quarter hour, with what is left to the limit."""
        if self._it.planned is None or (highest := self._it.planned.highest) is None:
            return
        when, kw = highest
        point = QPointF(self._x(when), self._y(kw))
        spare = self._it.limit_kw - kw
        at = clock(dt.datetime.fromtimestamp(when, dt.UTC), self._zone)
        words = (
            self._widget.tr("{0} kW at {1}, {2} to spare") if spare >= 0 else self._widget.tr("{0} kW at {1}, {2} over")
        )
        text = words.format(number(kw), at, number(abs(spare)))
        self._p.setPen(QPen(self._theme.text, 1.5))
        self._p.setBrush(self._theme.surface)
        self._p.drawEllipse(point, 4, 4)
        self._p.setFont(font(CAPTION_PX))
        width = QFontMetricsF(self._p.font()).horizontalAdvance(text) + 8
        left = min(max(point.x() + 8, self._plot.left()), self._plot.right() - width)
        box = QRectF(left, point.y() - 22, width, 16)
        self._p.fillRect(box, _veil(self._theme.surface))
        self._write(box, text, Qt.AlignmentFlag.AlignHCenter, self._theme.text)

    def _draw_limit(self) -> None:
        y = self._y(self._it.limit_kw)
        if not self._plot.top() <= y <= self._plot.bottom():
            return
        self._p.setPen(QPen(self._theme.text, 1.5))
        self._p.drawLine(QPointF(self._plot.left(), y), QPointF(self._plot.right(), y))
        self._p.setFont(font(CAPTION_PX))
        text = self._widget.tr("contracted limit {0} kW").format(number(self._it.limit_kw))
        self._write(QRectF(self._plot.left() + 6, y - 18, 260, 16), text, Qt.AlignmentFlag.AlignLeft, self._theme.text)

    def _draw_now(self) -> None:
        """The live edge: measured to its left, planned to its right."""
        x = self._x(self._it.now_s)
        colour = self._theme.accent if self._it.live else self._theme.text
        self._p.setPen(QPen(colour, 1.5))
        self._p.drawLine(QPointF(x, self._plot.top() - 4), QPointF(x, self._price.bottom()))
        self._p.setFont(font(CAPTION_PX, MEDIUM))
        tag = QRectF(x - 20, self._plot.top() - 22, 40, 17)
        self._p.setPen(Qt.PenStyle.NoPen)
        self._p.setBrush(colour)
        self._p.drawRoundedRect(tag, 2, 2)
        at = dt.datetime.fromtimestamp(self._it.now_s, dt.UTC)
        self._write(tag, clock(at, self._zone), Qt.AlignmentFlag.AlignHCenter, self._theme.on_accent)
        self._p.setFont(font(CAPTION_PX))
        left = QRectF(x - 126, tag.top(), 100, 17)
        self._write(left, self._widget.tr("measured"), Qt.AlignmentFlag.AlignRight)
        self._write(QRectF(x + 26, tag.top(), 140, 17), self._it.plan_name, Qt.AlignmentFlag.AlignLeft)

    def _draw_names(self) -> None:
        """Layers named at the right edge, at the height they end at, pushed apart where they would collide."""
        stack = self._it.planned or self._it.measured
        if stack is None or not len(stack.net_kw):
            return
        names, wanted = self._widget.names(), []
        for layers, sign in ((USES, 1.0), (SOURCES, -1.0)):
            base = 0.0
            for layer in layers:
                last = _last(stack.layers[layer])
                wanted.append((self._y(base + sign * last / 2), layer))
                base += sign * last
        self._p.setFont(font(CAPTION_PX))
        for y, layer in _apart(sorted(wanted), 15.0, self._plot.top() + 6, self._plot.bottom() + 10):
            left = self._plot.right() + 8
            self._p.fillRect(QRectF(left, y - 4, 8, 8), _colour(self._theme, layer))
            box = QRectF(left + 14, y - 8, _RIGHT - 24, 16)
            self._write(box, names[layer], Qt.AlignmentFlag.AlignLeft, self._theme.text)

    # price and times

    def _draw_price(self) -> None:
        box, prices = self._price, self._it.price_eur_per_mwh
        if not len(prices):
            return
        top = max(float(prices.max()), 1.0) * 1.25
        self._p.setPen(Qt.PenStyle.NoPen)
        for left_s, right_s, price in zip(self._it.price_s[:-1], self._it.price_s[1:], prices, strict=True):
            left, right = self._x(float(left_s)), self._x(float(right_s))
            height = max(0.0, float(price)) / top * box.height()
            colour = QColor(self._theme.bar)
            colour.setAlphaF(0.55 if left_s >= self._it.now_s else 0.85)
            self._p.setBrush(colour)
            self._p.drawRect(QRectF(left, box.bottom() - height, max(1.0, right - left - 1), height))
        self._p.setFont(font(CAPTION_PX))
        at = int(np.argmax(prices))
        middle = self._x(float(self._it.price_s[at] + self._it.price_s[at + 1]) / 2)
        y = box.bottom() - float(prices[at]) / top * box.height()
        inside = QRectF(middle - 30, y + 1, 60, 14)
        self._write(inside, number(float(prices[at])), Qt.AlignmentFlag.AlignHCenter, self._theme.on_accent)
        name = QRectF(box.right() + 8, box.top() + 8, _RIGHT - 12, 32)
        self._p.setPen(self._theme.muted)
        self._p.drawText(name, Qt.AlignmentFlag.AlignLeft, self._widget.tr("Tariff\nEUR/MWh"))

    def _draw_times(self) -> None:
        self._p.setFont(font(CAPTION_PX))
        step_h = 3 if self._plot.width() > 560 else 6
        local = dt.datetime.fromtimestamp(self._it.start_s, self._zone).replace(minute=0, second=0, microsecond=0)
        moment = local
        while moment.timestamp() <= self._it.end_s:
            x = self._x(moment.timestamp())
            if moment.hour % step_h == 0 and self._plot.left() <= x <= self._plot.right() - 8:
                midnight = moment.hour == 0
                self._p.setPen(QPen(self._theme.faint if midnight else self._theme.grid, 1))
                self._p.drawLine(QPointF(x, self._plot.top()), QPointF(x, self._price.bottom() + 3))
                text = day(moment, self._zone) if midnight else f"{moment:%H:%M}"
                box = QRectF(x - 40, self._price.bottom() + 4, 80, 16)
                colour = self._theme.text if midnight else self._theme.muted
                self._write(box, text, Qt.AlignmentFlag.AlignHCenter, colour)
            moment = (moment.astimezone(dt.UTC) + dt.timedelta(hours=1)).astimezone(self._zone)


def _colour(theme: Theme, layer: Layer) -> QColor:
    found = getattr(theme.stack, layer.value)
    assert isinstance(found, QColor)
    return found


def _veil(colour: QColor) -> QColor:
    """A ground that lets a label be read over a curve."""
    veil = QColor(colour)
    veil.setAlphaF(0.75)
    return veil


def _last(values: Float64Array) -> float:
    usable = values[np.isfinite(values)]
    return float(usable[-1]) if len(usable) else 0.0


def _pile(stack: Stack, layers: tuple[Layer, ...]) -> Float64Array:
    return np.asarray(np.nansum([stack.layers[layer] for layer in layers], axis=0))


def _most(values: Float64Array) -> float:
    usable = values[np.isfinite(values)]
    return float(usable.max()) if len(usable) else 0.0


def _runs(stack: Stack) -> Iterator[tuple[int, int]]:
    """First and behind-last step of every run in which the net import is known."""
    known = np.concatenate(([False], np.isfinite(stack.net_kw), [False]))
    edges = np.flatnonzero(known[1:] != known[:-1])
    yield from ((int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True))


def _apart(wanted: list[tuple[float, Layer]], least: float, top: float, bottom: float) -> list[tuple[float, Layer]]:
    """The same labels at least `least` apart, moved as little as a pass down and a pass up can."""
    ys = [max(top, y) for y, _ in wanted]
    for k in range(1, len(ys)):
        ys[k] = max(ys[k], ys[k - 1] + least)
    if ys and ys[-1] > bottom:
        ys[-1] = bottom
        for k in range(len(ys) - 2, -1, -1):
            ys[k] = min(ys[k], ys[k + 1] - least)
    return [(y, layer) for y, (_, layer) in zip(ys, wanted, strict=True)]
