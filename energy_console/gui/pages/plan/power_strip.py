"""The upper strips: price, and the stack of power against the limit, the naive case and what was measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from energy_console.gui.format import number
from energy_console.gui.pages.plan.day import BANDS
from energy_console.gui.pages.plan.frame import (
    GUTTER_LEFT,
    GUTTER_RIGHT,
    LEFT,
    PAD_PX,
    RIGHT,
    Frame,
    tr,
    width_of,
    write,
)
from energy_console.gui.plots.ticks import value_ticks
from energy_console.gui.theme import CAPTION_PX, SEMIBOLD, Theme
from hardware.points import Float64Array

_LEGEND_PX = 15.0
_FAR = 3.0  # times the highest line: a limit beyond that would press all else flat
_NAMES_PX = GUTTER_LEFT - 52.0  # names and figures end here; the rest of the gutter is the axis


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Net import as it was: value[i] holds from time_s[i] to time_s[i + 1]; NaN where nothing was read."""

    time_s: Float64Array
    value_kw: Float64Array


def band_colour(theme: Theme, band: str) -> QColor:
    series = theme.series
    return {
        "fixed": series.fixed,
        "ships": series.ships,
        "heat": series.heat,
        "lighting": series.lighting,
        "charging": series.charging,
        "sources": series.sun,
    }[band]


def faded(colour: QColor, opacity: float) -> QColor:
    made = QColor(colour)
    made.setAlphaF(opacity)
    return made


class Scale:
    """kW or EUR to px within a strip."""

    def __init__(self, rect: QRectF, low: float, high: float) -> None:
        self.rect, self.low, self.high = rect, low, high

    def y(self, value: float) -> float:
        return self.rect.bottom() - (value - self.low) / ((self.high - self.low) or 1.0) * self.rect.height()


def draw_price(painter: QPainter, frame: Frame, rect: QRectF) -> None:
    """The import price as steps over its own small axis."""
    theme, price = frame.theme, frame.day.price_eur_per_kwh
    spread = float(price.max() - price.min()) or 0.01
    scale = Scale(rect, float(price.min()) - 0.12 * spread, float(price.max()) + 0.12 * spread)
    write(
        painter,
        QRectF(PAD_PX, rect.top() - 2, _NAMES_PX - PAD_PX, 15),
        tr("Price"),
        theme,
        tone="text",
        weight=SEMIBOLD,
    )
    at = tr("EUR/kWh at {0}").format(frame.clock(frame.selected)) if frame.selected >= 0 else tr("EUR/kWh, import")
    write(painter, QRectF(PAD_PX, rect.top() + 13, _NAMES_PX - PAD_PX, 15), at, theme)
    if frame.selected >= 0:
        figure = number(float(price[frame.selected]), 3)
        write(painter, QRectF(PAD_PX, rect.top() - 2, _NAMES_PX - PAD_PX, 15), figure, theme, tone="text", align=RIGHT)
    ticks, decimals = value_ticks(scale.low, scale.high, max(2, int(rect.height() / 18)))
    _value_axis(painter, frame, scale, ticks, max(decimals, 2))
    draw_steps(painter, frame, price, scale, QPen(theme.text, 1.3))


def _value_axis(painter: QPainter, frame: Frame, scale: Scale, ticks: tuple[float, ...], decimals: int) -> None:
    for tick in ticks:
        y = round(scale.y(tick)) + 0.5
        painter.setPen(QPen(frame.theme.line if tick == 0 else frame.theme.grid, 1))
        painter.drawLine(QPointF(frame.left, y), QPointF(frame.right, y))
        place = QRectF(frame.left - 54, y - 8, 48, 16)
        write(painter, place, number(tick, decimals), frame.theme, align=RIGHT)


def draw_steps(painter: QPainter, frame: Frame, values: Float64Array, scale: Scale, pen: QPen) -> None:
    """A step line; NaN is a gap."""
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for first, after in known_runs(values):
        painter.drawPolyline(_corners(frame, values, scale, first, after))


def known_runs(values: Float64Array) -> list[tuple[int, int]]:
    """Runs [first, after) of values that are numbers."""
    known = np.concatenate(([False], np.isfinite(values), [False]))
    edges = np.flatnonzero(known[1:] != known[:-1])
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _corners(frame: Frame, values: Float64Array, scale: Scale, first: int, after: int) -> QPolygonF:
    corners = QPolygonF()
    for step in range(first, after):
        y = scale.y(float(values[step]))
        corners.append(QPointF(frame.edge(step), y))
        corners.append(QPointF(frame.edge(step + 1), y))
    return corners


def power_scale(frame: Frame, rect: QRectF, measured: Measured | None) -> Scale:
    """From the sources below zero to all lines; limits far above everything are named, not drawn to scale."""
    day = frame.day
    highest = [float(day.net_kw.max()), float(np.sum(list(day.bands.values()), axis=0).max())]
    if day.naive_kw is not None:
        highest.append(float(day.naive_kw.max()))
    if measured is not None and np.isfinite(measured.value_kw).any():
        highest.append(float(np.nanmax(measured.value_kw)))
    most = max(highest)
    limits = (float(day.limit_kw.max()), day.peak_so_far_kw or 0.0)
    top = max([most, *(limit for limit in limits if limit <= _FAR * most)])
    return Scale(rect, min(0.0, float(day.sources.min())) * 1.05, (top or 1.0) * (1.04 if top > most else 1.3))


def draw_power(painter: QPainter, frame: Frame, rect: QRectF, measured: Measured | None) -> None:
    """The stack, its limits and the lines over it, with the legend and its figures at the left."""
    scale = power_scale(frame, rect, measured)
    ticks, decimals = value_ticks(scale.low, scale.high, max(3, int(rect.height() / 30)))
    _value_axis(painter, frame, scale, ticks, decimals)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    _draw_areas(painter, frame, scale)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    _draw_lines(painter, frame, scale, measured)
    _draw_limits(painter, frame, scale)
    _draw_legend(painter, frame, rect)


def _draw_areas(painter: QPainter, frame: Frame, scale: Scale) -> None:
    base = np.zeros(frame.day.steps)
    for band in BANDS:
        top = base + frame.day.bands[band]
        _draw_area(painter, frame, scale, base, top, band)
        base = top
    _draw_area(painter, frame, scale, frame.day.sources, np.zeros(frame.day.steps), "sources")


def _draw_area(painter: QPainter, frame: Frame, scale: Scale, low: Float64Array, high: Float64Array, band: str) -> None:
    outline = _corners(frame, high, scale, 0, len(high))
    under = _corners(frame, low, scale, 0, len(low))
    for place in reversed(range(under.size())):
        outline.append(under.at(place))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(faded(band_colour(frame.theme, band), frame.theme.area_opacity))
    painter.drawPolygon(outline)


def _draw_lines(painter: QPainter, frame: Frame, scale: Scale, measured: Measured | None) -> None:
    theme, day = frame.theme, frame.day
    if day.naive_kw is not None:
        pen = QPen(theme.muted, 1.2)
        pen.setDashPattern([1.5, 2.0])
        draw_steps(painter, frame, day.naive_kw, scale, pen)
    net = QPen(theme.text, 2.0 if measured is None else 1.5)
    if measured is not None:  # then what was is solid, and what is meant to be is dashed
        net.setDashPattern([4.0, 2.5])
    net.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    draw_steps(painter, frame, day.net_kw, scale, net)
    if measured is not None:
        painter.setPen(QPen(theme.text, 2.0))
        for first, after in known_runs(measured.value_kw):
            course = QPolygonF()
            for k in range(first, after):
                y = scale.y(float(measured.value_kw[k]))
                course.append(QPointF(frame.x(float(measured.time_s[k])), y))
                course.append(QPointF(frame.x(float(measured.time_s[k + 1])), y))
            painter.drawPolyline(course)


def _draw_limits(painter: QPainter, frame: Frame, scale: Scale) -> None:
    """The connection limit, solid, and the peak of the month so far, dashed, each with its figure at the right."""
    theme, day = frame.theme, frame.day
    limit_kw, peak_kw = float(day.limit_kw[-1]), day.peak_so_far_kw
    y = scale.rect.top() + 6.0
    if limit_kw <= scale.high:
        y = scale.y(limit_kw)
        draw_steps(painter, frame, day.limit_kw, scale, QPen(theme.text, 1.3))
    _say_limit(painter, frame, y, number(limit_kw), tr("limit") if limit_kw <= scale.high else tr("limit, above"))
    if peak_kw is None:
        return
    peak_y = y
    if peak_kw <= scale.high:
        peak_y = round(scale.y(peak_kw)) + 0.5
        pen = QPen(theme.text, 1.2)
        pen.setDashPattern([4.0, 3.0])
        painter.setPen(pen)
        painter.drawLine(QPointF(frame.left, peak_y), QPointF(frame.right, peak_y))
    _say_limit(painter, frame, max(peak_y, y + 28.0), number(peak_kw), tr("peak so far"))


def _say_limit(painter: QPainter, frame: Frame, y: float, figure: str, words: str) -> None:
    x, width = frame.right + 5, GUTTER_RIGHT - 6
    write(painter, QRectF(x, y - 8, width, 15), figure, frame.theme, tone="text", weight=SEMIBOLD)
    write(painter, QRectF(x, y + 5, width, 13), words, frame.theme, px=10)


def legend_rows(frame: Frame) -> list[tuple[str, str, float]]:
    """(band, name, kW at the selected step), from the top of the stack down."""
    names = {
        "charging": tr("Charging"),
        "lighting": tr("Lighting"),
        "heat": tr("Heat"),
        "ships": tr("Ships"),
        "fixed": tr("Fixed load"),
        "sources": tr("Sun, wind"),
    }
    step = max(frame.selected, 0)
    return [(band, names[band], frame.day.kw_at(band, step)) for band in (*reversed(BANDS), "sources")]


def _draw_legend(painter: QPainter, frame: Frame, rect: QRectF) -> None:
    theme, top, width = frame.theme, rect.top() - 2, _NAMES_PX - PAD_PX
    write(painter, QRectF(PAD_PX, top, width, 15), tr("Power"), theme, tone="text", weight=SEMIBOLD)
    when = tr("kW at {0}").format(frame.clock(max(frame.selected, 0)))
    write(painter, QRectF(PAD_PX, top, width, 15), when, theme, align=RIGHT)
    pitch = min(_LEGEND_PX, (rect.height() - 15) / 7.2)
    top += 16
    for band, name, kw in legend_rows(frame):
        mark = QRectF(PAD_PX, top + pitch / 2 - 4, 8, 8)
        painter.fillRect(mark, faded(band_colour(theme, band), min(1.0, theme.area_opacity + 0.3)))
        write(painter, QRectF(PAD_PX + 14, top, width - 14, pitch), name, theme)
        write(painter, QRectF(PAD_PX + 14, top, width - 14, pitch), number(kw), theme, tone="text", align=RIGHT)
        top += pitch
    painter.setPen(QPen(theme.line, 1))
    painter.drawLine(QPointF(PAD_PX + width - 44, top + 0.5), QPointF(PAD_PX + width, top + 0.5))
    net = float(frame.day.net_kw[max(frame.selected, 0)])
    painter.setPen(QPen(theme.text, 2))
    painter.drawLine(QPointF(PAD_PX, top + 1 + pitch / 2), QPointF(PAD_PX + 9, top + 1 + pitch / 2))
    line = QRectF(PAD_PX + 14, top + 1, width - 14, pitch)
    write(painter, line, tr("Net import"), theme, tone="text", weight=SEMIBOLD)
    write(painter, line, number(net), theme, tone="text", weight=SEMIBOLD, align=RIGHT)


def draw_line_names(painter: QPainter, frame: Frame, rect: QRectF, measured: Measured | None) -> None:
    """The names of the dotted and dashed lines, in the free band between stack and limit."""
    theme = frame.theme
    scale = power_scale(frame, rect, measured)
    x, y = frame.left + 10, max(scale.y(float(frame.day.limit_kw.max())), rect.top()) + 11
    entries: list[tuple[str, list[float]]] = []
    if frame.day.naive_kw is not None:
        entries.append((tr("naive case"), [1.5, 2.0]))
    if measured is not None:
        entries.extend(((tr("plan"), [4.0, 2.5]), (tr("measured"), [])))
    for words, dash in entries:
        pen = QPen(theme.muted if words == tr("naive case") else theme.text, 1.5)
        if dash:
            pen.setDashPattern(dash)
        painter.setPen(pen)
        painter.drawLine(QPointF(x, y), QPointF(x + 18, y))
        write(painter, QRectF(x + 23, y - 8, 120, 16), words, theme, px=CAPTION_PX, align=LEFT)
        x += 23 + width_of(words) + 18
