"""The lower strips: limits at work, the light of each road class, and who is there and draws."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from energy_console.gui.format import number
from energy_console.gui.pages.plan.day import LightRow, SessionRow
from energy_console.gui.pages.plan.frame import CHART_PX, GUTTER_LEFT, PAD_PX, RIGHT, Frame, tr, width_of, write
from energy_console.gui.pages.plan.power_strip import band_colour
from energy_console.gui.theme import CAPTION_PX, SEMIBOLD, Theme
from optimizer.explain import LimitAtWork

_NAMES_RIGHT = GUTTER_LEFT - 6.0
_FIGURE_PX = 34.0
_CLASS_PX = 22.0
_BAR_PX = 8.0
MOST_LIMITS = 6

Row = TypeVar("Row", LightRow, SessionRow)


@dataclass(frozen=True, slots=True, eq=False)
class Shown(Generic[Row]):
    """One row on screen: its place in the list, how deep it lies, whether it can be unfolded and is."""

    row: Row
    depth: int
    open: bool


def unfolded(rows: Sequence[Row], opened: Collection[str]) -> list[Shown[Row]]:
    """Rows with the members of those that are open under them."""
    shown: list[Shown[Row]] = []
    for row in rows:
        is_open = row.id in opened and bool(row.members)
        shown.append(Shown(row, 0, is_open))
        if is_open:
            shown.extend(Shown(member, 1, False) for member in row.members)
    return shown


def draw_limits(painter: QPainter, frame: Frame, rect: QRectF, chosen: str) -> list[tuple[QRectF, LimitAtWork]]:
    """A bar for each run of steps in which a limit holds the plan; returns where each stands, for the mouse."""
    theme = frame.theme
    write(painter, QRectF(PAD_PX, rect.top(), _NAMES_RIGHT, rect.height()), tr("Limits at work"), theme)
    y = rect.center().y() + 0.5
    painter.setPen(QPen(theme.grid, 1))
    painter.drawLine(QPointF(frame.left, y), QPointF(frame.right, y))
    told = frame.day.limits[:MOST_LIMITS]
    if not told:
        unknown = tr("not kept with the plan in force")
        words = tr("none: no limit of the grid holds this plan back") if frame.day.priced else unknown
        painter.fillRect(QRectF(frame.left + 4, rect.top() + 1, width_of(words) + 8, rect.height() - 2), theme.surface)
        write(painter, QRectF(frame.left + 8, rect.top(), 400, rect.height()), words, theme)
        return []
    bars = [(_bar(frame, limit, y), limit) for limit in told]
    for bar, limit in reversed(bars):
        dearest = limit is told[0]
        painter.fillRect(bar, theme.text if dearest or limit.node == chosen else theme.bar)
    _name_limits(painter, frame, rect, bars)
    return bars


def _bar(frame: Frame, limit: LimitAtWork, y: float) -> QRectF:
    left = frame.edge(limit.first_step)
    return QRectF(left, y - 4, frame.edge(limit.last_step + 1) - left, 8)


def _name_limits(painter: QPainter, frame: Frame, rect: QRectF, bars: list[tuple[QRectF, LimitAtWork]]) -> None:
    """Names right of their bars, dearest first, where no bar or other name stands; else left of them."""
    taken = [bar for bar, _ in bars]
    for bar, limit in bars:
        words = tr("{0}, {1} EUR/kW").format(limit.name, number(limit.eur_per_kw, 2))
        length = width_of(words, CAPTION_PX, SEMIBOLD) + 4
        for left in (bar.right() + 6, bar.left() - length - 4):
            place = QRectF(left, rect.top(), length, rect.height())
            inside = place.left() >= frame.left and place.right() <= frame.right + 50
            if inside and not any(place.intersects(other) for other in taken):
                painter.fillRect(place.adjusted(-2, 1, 0, -1), frame.theme.surface)
                write(painter, place, words, frame.theme, tone="text", weight=SEMIBOLD)
                taken.append(place)
                break


def level_colour(theme: Theme, level: float) -> QColor:
    """Between the ends of the scale in steps of 5 %; below 25 % the lowest."""
    share = (min(max(round(level * 20) / 20, 0.25), 1.0) - 0.25) / 0.75
    low, full = theme.light.cell_low, theme.light.cell_full
    pairs = ((low.red(), full.red()), (low.green(), full.green()), (low.blue(), full.blue()))
    return QColor(*(round(a + (b - a) * share) for a, b in pairs))


def draw_light_head(painter: QPainter, frame: Frame, rect: QRectF) -> None:
    theme = frame.theme
    write(
        painter, QRectF(PAD_PX, rect.top(), 100, rect.height()), tr("Light level"), theme, tone="text", weight=SEMIBOLD
    )
    write(
        painter,
        QRectF(PAD_PX, rect.top(), _NAMES_RIGHT - PAD_PX, rect.height()),
        tr("kW rated"),
        theme,
        px=CHART_PX,
        align=RIGHT,
    )
    x, y = frame.left + 8, rect.center().y() - 4
    write(painter, QRectF(x, rect.top(), 24, rect.height()), tr("off"), theme, px=CHART_PX)
    x += width_of(tr("off"), CHART_PX) + 6
    painter.setPen(QPen(theme.line, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(x + 0.5, y + 0.5, 13, 7))
    x += 18
    for step in range(16):
        painter.fillRect(QRectF(x + step * 7, y, 7, 8), level_colour(theme, 0.25 + step * 0.05))
    x += 16 * 7 + 5
    write(painter, QRectF(x, rect.top(), 120, rect.height()), tr("25 to 100 %"), theme, px=CHART_PX)
    x += width_of(tr("25 to 100 %"), CHART_PX) + 20
    _draw_held_key(painter, frame, x, rect)


def _draw_held_key(painter: QPainter, frame: Frame, x: float, rect: QRectF) -> None:
    painter.setPen(QPen(frame.theme.accent, 1))
    painter.drawRect(QRectF(x + 0.5, rect.center().y() - 3.5, 13, 7))
    where = QRectF(x + 19, rect.top(), frame.right - x - 19, rect.height())
    write(painter, where, tr("held by the limit selected"), frame.theme, px=CHART_PX)


def _row_name(
    painter: QPainter, frame: Frame, rect: QRectF, text: str, shown: Shown[LightRow] | Shown[SessionRow], strong: bool
) -> None:
    theme = frame.theme
    indent = PAD_PX + 9.0 + 8.0 * shown.depth
    if shown.row.members:
        middle = QPointF(PAD_PX + 3, rect.center().y())
        painter.setPen(QPen(theme.muted, 1.2))
        ahead = ((-2, -2), (1, 1), (4, -2)) if shown.open else ((-1, -3), (2, 0), (-1, 3))
        painter.drawPolyline([middle + QPointF(*place) for place in ahead])
    where = QRectF(indent, rect.top(), _NAMES_RIGHT - _FIGURE_PX - indent, rect.height())
    tone = "text" if strong or shown.row.members else "muted"
    write(painter, where, text, theme, tone=tone, px=CHART_PX, weight=SEMIBOLD if strong else 400)


def light_name(row: LightRow) -> str:
    if not row.members:
        return tr("{0}  {1}").format(row.road_class, row.name)
    return tr("{0}, {1} groups").format(row.road_class, len(row.members))


def session_name(row: SessionRow) -> str:
    return tr("{0} ({1})").format(row.name, len(row.members)) if row.members else row.name


def _fitting_name(row: SessionRow) -> str:
    """Without the count where that would cut the name short."""
    room = _NAMES_RIGHT - _FIGURE_PX - PAD_PX - 9.0
    full = session_name(row)
    return full if width_of(full, CHART_PX, SEMIBOLD) <= room else row.name


def draw_light_row(
    painter: QPainter, frame: Frame, rect: QRectF, shown: Shown[LightRow], held: tuple[int, int] | None
) -> None:
    """One row of the heatmap; `held`: first and last step of the limit that holds it."""
    row = shown.row
    _row_name(painter, frame, rect, light_name(row), shown, held is not None)
    figure = QRectF(PAD_PX, rect.top(), _NAMES_RIGHT - PAD_PX, rect.height())
    write(painter, figure, number(row.rated_kw), frame.theme, px=CHART_PX, align=RIGHT)
    gap = 1.0 if rect.height() > 8 else 0.5
    step = 0
    while step < frame.day.steps:
        level = float(row.level[step])
        if math.isnan(level):
            step += 1
            continue
        colour = level_colour(frame.theme, level)
        after = step + 1
        while (
            after < frame.day.steps
            and not math.isnan(row.level[after])
            and level_colour(frame.theme, row.level[after]) == colour
        ):
            after += 1
        left = frame.edge(step)
        painter.fillRect(QRectF(left, rect.top(), frame.edge(after) - left, rect.height() - gap), colour)
        step = after
    if held is not None:
        _outline(painter, frame, rect, held)


def _outline(painter: QPainter, frame: Frame, rect: QRectF, held: tuple[int, int]) -> None:
    left, right = frame.edge(held[0]), frame.edge(held[1] + 1)
    painter.setPen(QPen(frame.theme.accent, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(left + 0.5, rect.top() + 0.5, right - left - 1, rect.height() - 2))


def draw_session_head(painter: QPainter, frame: Frame, rect: QRectF) -> None:
    theme = frame.theme
    write(
        painter,
        QRectF(PAD_PX, rect.top(), 120, rect.height()),
        tr("Ships, sessions"),
        theme,
        tone="text",
        weight=SEMIBOLD,
    )
    write(
        painter,
        QRectF(PAD_PX, rect.top(), _NAMES_RIGHT - PAD_PX, rect.height()),
        tr("kW most"),
        theme,
        px=CHART_PX,
        align=RIGHT,
    )
    x, y = frame.left + 8, rect.center().y() - 4
    painter.setPen(QPen(theme.muted, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(x + 0.5, y + 0.5, 16, 7))
    write(painter, QRectF(x + 22, rect.top(), 120, rect.height()), tr("present, waits"), theme, px=CHART_PX)
    x += 22 + width_of(tr("present, waits"), CHART_PX) + 18
    painter.drawRect(QRectF(x + 0.5, y + 0.5, 16, 7))
    painter.fillRect(QRectF(x, y + 4, 17, 4), theme.series.charging)
    words = tr("draws, height = kW / most")
    write(painter, QRectF(x + 22, rect.top(), 160, rect.height()), words, theme, px=CHART_PX)


def draw_session_row(painter: QPainter, frame: Frame, rect: QRectF, shown: Shown[SessionRow], held: bool) -> None:
    """The stay as outline, what it draws as fill from the base."""
    row, theme = shown.row, frame.theme
    _row_name(painter, frame, rect, _fitting_name(row), shown, held)
    figure = QRectF(PAD_PX, rect.top(), _NAMES_RIGHT - PAD_PX, rect.height())
    write(painter, figure, number(row.most_kw), theme, px=CHART_PX, align=RIGHT)
    height = min(_BAR_PX, rect.height() - 3)
    base = rect.center().y() + height / 2
    colour = band_colour(theme, row.band)
    for step in range(frame.day.steps):
        share = min(float(row.power_kw[step]) / row.most_kw, 1.0)
        if share > 1e-3:
            tall = max(1.0, share * height)
            left = frame.edge(step)
            painter.fillRect(QRectF(left, base - tall, frame.edge(step + 1) - left, tall), colour)
    painter.setPen(QPen(theme.accent if held else theme.muted, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for first, after in _runs(row.present):
        left = frame.edge(first)
        painter.drawRect(QRectF(left + 0.5, base - height - 0.5, frame.edge(after) - left - 1, height + 1))


def _runs(there: tuple[bool, ...]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for step, present in enumerate(there):
        if present and runs and runs[-1][1] == step:
            runs[-1] = (runs[-1][0], step + 1)
        elif present:
            runs.append((step, step + 1))
    return runs
