"""The one picture of the planned day: all strips on one x axis, the chosen interval as a band through all of them."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from energy_console.gui.format import clock, day, number
from energy_console.gui.pages.plan.day import LightRow, PlannedDay, SessionRow
from energy_console.gui.pages.plan.frame import AXIS_PX, GUTTER_LEFT, GUTTER_RIGHT, Frame, draw_time_axis, tr, write
from energy_console.gui.pages.plan.power_strip import Measured, draw_line_names, draw_power, draw_price
from energy_console.gui.pages.plan.row_strips import (
    Shown,
    draw_light_head,
    draw_light_row,
    draw_limits,
    draw_session_head,
    draw_session_row,
    light_name,
    session_name,
    unfolded,
)
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.theme import Looks
from optimizer.explain import LimitAtWork

_PRICE_PX = 34.0
_LANE_PX = 18.0
_HEAD_PX = 17.0
_POWER_LEAST_PX, _POWER_SHARE = 124.0, 0.34
_ROW_LEAST_PX, _ROW_MOST_PX = 11.0, 14.0
_GAP_PX = 6.0
JOIN_Y = AXIS_PX - 2.0  # where the line to the "Why here?" panel leaves the picture


@dataclass(frozen=True, slots=True)
class Places:
    """Where each strip lies, px of the widget."""

    price: QRectF
    power: QRectF
    lane: QRectF
    light_head: QRectF
    light: QRectF
    session_head: QRectF
    sessions: QRectF
    row_px: float


class PlanPicture(QWidget):
    """`picked` carries the step chosen and the node asked for ("" for the dearest). A click on a row unfolds it."""

    picked = Signal(int, str)

    def __init__(self, looks: Looks, zone: ZoneInfo, clock_s: Callable[[], float] = time.time) -> None:
        """`clock_s` gives the time shown, UTC seconds."""
        super().__init__()
        self._looks, self._zone, self._clock_s = looks, zone, clock_s
        self._day: PlannedDay | None = None
        self._measured: Measured | None = None
        self._selected, self._node = -1, ""
        self._held: frozenset[str] = frozenset()
        self._held_span = (0, 0)
        self._opened: set[str] = set()
        self._scroll = {"light": 0, "sessions": 0}
        self._bars: list[tuple[QRectF, LimitAtWork]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("The planned day"))
        looks.changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        return QSize(480, 340)

    # showing

    @property
    def day(self) -> PlannedDay | None:
        return self._day

    @property
    def selected(self) -> int:
        """The step chosen, -1 for none."""
        return self._selected

    def show_day(self, planned: PlannedDay) -> None:
        self._day = planned
        self._selected = min(self._selected, planned.steps - 1)
        self._clamp_scroll()
        self.update()

    def show_measured(self, measured: Measured | None) -> None:
        self._measured = measured
        self.update()

    def select(self, step: int, node: str, held: Collection[str], span: tuple[int, int]) -> None:
        """Marks a step, the limit asked about, and what it holds from the first to the last step of `span`."""
        self._selected, self._node, self._held, self._held_span = step, node, frozenset(held), span
        self.update()

    def frame(self) -> Frame:
        """Where time lies now. Only while a day is shown."""
        assert self._day is not None
        right = self.width() - GUTTER_RIGHT
        return Frame(GUTTER_LEFT, right, self._looks.theme, self._day, self._zone, self._selected, self._clock_s())

    def lights(self) -> list[Shown[LightRow]]:
        return unfolded(self._day.lights, self._opened) if self._day else []

    def sessions(self) -> list[Shown[SessionRow]]:
        return unfolded(self._day.sessions, self._opened) if self._day else []

    def places(self) -> Places:
        """The strips from top to bottom; power takes what the rows leave, rows that find no room scroll."""
        lights, sessions = len(self.lights()), len(self.sessions())
        width, top = float(self.width()), AXIS_PX + 6.0
        price = QRectF(0, top, width, _PRICE_PX)
        fixed = price.bottom() + _GAP_PX + 10 + _LANE_PX + 2 * _HEAD_PX + 3 * _GAP_PX
        room = max(0.0, self.height() - fixed - 4.0)
        power_px = max(_POWER_LEAST_PX, room * _POWER_SHARE)
        count = max(lights + sessions, 1)
        row_px = min(max((room - power_px) / count, _ROW_LEAST_PX), _ROW_MOST_PX)
        power_px = max(_POWER_LEAST_PX, room - count * row_px)
        rows = max(2, int((room - power_px + 0.5) / row_px))
        light_rows, session_rows = _share_rows(rows, lights, sessions)
        power = QRectF(0, price.bottom() + _GAP_PX + 10, width, power_px)
        lane = QRectF(0, power.bottom() + _GAP_PX, width, _LANE_PX)
        light_head = QRectF(0, lane.bottom(), width, _HEAD_PX)
        light = QRectF(0, light_head.bottom(), width, light_rows * row_px)
        session_head = QRectF(0, light.bottom() + _GAP_PX, width, _HEAD_PX)
        session = QRectF(0, session_head.bottom(), width, session_rows * row_px)
        return Places(price, power, lane, light_head, light, session_head, session, row_px)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._day is None:
            return
        painter = QPainter(self)
        frame, places = self.frame(), self.places()
        draw_time_axis(painter, frame, 4.0, places.sessions.bottom())
        self._draw_frozen(painter, frame, places)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_price(painter, frame, places.price)
        draw_power(painter, frame, places.power, self._measured)
        draw_line_names(painter, frame, places.power, self._measured)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._bars = draw_limits(painter, frame, places.lane, self._node)
        self._draw_lights(painter, frame, places)
        self._draw_sessions(painter, frame, places)
        self._draw_now(painter, frame, places)
        self._draw_band(painter, frame, places)
        painter.end()

    def _draw_frozen(self, painter: QPainter, frame: Frame, places: Places) -> None:
        """What the plan in force has settled already is hatched."""
        frozen = frame.day.frozen_steps
        if frozen:
            right = frame.edge(frozen)
            draw_hatch(
                painter, QRectF(frame.left, AXIS_PX, right - frame.left, places.power.bottom() - AXIS_PX), frame.theme
            )

    def _draw_lights(self, painter: QPainter, frame: Frame, places: Places) -> None:
        draw_light_head(painter, frame, places.light_head)
        shown, first = self.lights(), self._scroll["light"]
        for place, row in enumerate(shown[first : first + _fits(places.light, places.row_px)]):
            rect = QRectF(0, places.light.top() + place * places.row_px, self.width(), places.row_px)
            held = self._held_span if self._held.intersection(row.row.ids) else None
            draw_light_row(painter, frame, rect, row, held)
        self._say_more(painter, frame, places.light, places.row_px, first, len(shown))

    def _draw_sessions(self, painter: QPainter, frame: Frame, places: Places) -> None:
        draw_session_head(painter, frame, places.session_head)
        shown, first = self.sessions(), self._scroll["sessions"]
        for place, row in enumerate(shown[first : first + _fits(places.sessions, places.row_px)]):
            rect = QRectF(0, places.sessions.top() + place * places.row_px, self.width(), places.row_px)
            draw_session_row(painter, frame, rect, row, bool(self._held.intersection(row.row.ids)))
        self._say_more(painter, frame, places.sessions, places.row_px, first, len(shown))

    def _say_more(self, painter: QPainter, frame: Frame, rect: QRectF, row_px: float, first: int, count: int) -> None:
        """A scroll mark in the right gutter where rows are out of sight."""
        fits = _fits(rect, row_px)
        if count <= fits:
            return
        x = frame.right + 6.0
        painter.fillRect(QRectF(x, rect.top(), 3, rect.height()), frame.theme.track)
        tall = max(8.0, rect.height() * fits / count)
        top = rect.top() + (rect.height() - tall) * first / max(count - fits, 1)
        painter.fillRect(QRectF(x, top, 3, tall), frame.theme.bar)
        words = tr("{0} of {1}").format(fits, count)
        write(painter, QRectF(x + 6, rect.top(), GUTTER_RIGHT - 12, 12), words, frame.theme, px=10)

    def _draw_now(self, painter: QPainter, frame: Frame, places: Places) -> None:
        x = round(frame.x(frame.now_s)) + 0.5
        if frame.left - 0.5 <= x <= frame.right:
            painter.setPen(QPen(frame.theme.accent, 1))
            painter.drawLine(QPointF(x, AXIS_PX - 4), QPointF(x, places.sessions.bottom()))

    def _draw_band(self, painter: QPainter, frame: Frame, places: Places) -> None:
        if self._selected < 0:
            return
        theme = frame.theme
        left, right = frame.edge(self._selected), frame.edge(self._selected + 1)
        band = QRectF(left, JOIN_Y, max(right - left, 2.0), places.sessions.bottom() - JOIN_Y)
        fill = QColor(theme.accent)
        fill.setAlphaF(0.22)
        painter.fillRect(band, fill)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.accent, 1))
        painter.drawLine(band.topLeft(), band.bottomLeft())
        painter.drawLine(band.topRight(), band.bottomRight())
        painter.drawLine(QPointF(band.left(), JOIN_Y + 0.5), QPointF(self.width(), JOIN_Y + 0.5))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.accent)
        painter.drawEllipse(QPointF(band.center().x(), JOIN_Y + 0.5), 2.5, 2.5)

    # the mouse and the keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._day is None or event.button() != Qt.MouseButton.LeftButton:
            return
        place, frame = event.position(), self.frame()
        if place.x() < frame.left - 2:
            self._fold(place)
            return
        for bar, limit in self._bars:
            if bar.adjusted(0, -4, 0, 4).contains(place):
                inside = limit.first_step <= frame.day.step_at(frame.time_at(place.x())) <= limit.last_step
                step = frame.day.step_at(frame.time_at(place.x())) if inside else limit.first_step
                self.picked.emit(step, limit.node)
                return
        if place.x() <= frame.right:
            self.picked.emit(frame.day.step_at(frame.time_at(place.x())), "")

    def _fold(self, place: QPointF) -> None:
        row = self.row_at(place)
        if row is not None and row.members:
            self._opened.symmetric_difference_update({row.id})
            self._clamp_scroll()
            self.update()

    def row_at(self, place: QPointF) -> LightRow | SessionRow | None:
        """The row of light or of sessions under a place."""
        places = self.places()
        strips: tuple[tuple[str, QRectF, list[Shown[LightRow]] | list[Shown[SessionRow]]], ...] = (
            ("light", places.light, self.lights()),
            ("sessions", places.sessions, self.sessions()),
        )
        for key, rect, shown in strips:
            if rect.top() <= place.y() < rect.bottom():
                number_ = self._scroll[key] + int((place.y() - rect.top()) / places.row_px)
                return shown[number_].row if number_ < len(shown) else None
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position()) if self._day is not None else None
        if row is None or self._day is None:
            QToolTip.hideText()
            return
        step = self._day.step_at(self.frame().time_at(event.position().x()))
        QToolTip.showText(event.globalPosition().toPoint(), self.words_of(row, step), self)

    def words_of(self, row: LightRow | SessionRow, step: int) -> str:
        """One line about a row in a step, as its tooltip says it."""
        begins = clock(self.frame().begin(step), self._zone)
        if isinstance(row, LightRow):
            level = row.level[step]
            words = tr("off") if level != level else tr("{0} % of full light").format(number(float(level) * 100))
            return f"{light_name(row)} · {begins} · {words}"
        if not row.present[step]:
            return f"{session_name(row)} · {begins} · " + tr("not there")
        return f"{session_name(row)} · {begins} · {number(float(row.power_kw[step]))} kW"

    def wheelEvent(self, event: QWheelEvent) -> None:
        places = self.places()
        for key, rect in (("light", places.light), ("sessions", places.sessions)):
            if rect.top() <= event.position().y() < rect.bottom():
                self._scroll[key] -= round(event.angleDelta().y() / 40)
                self._clamp_scroll()
                self.update()
                event.accept()
                return
        event.ignore()

    def _clamp_scroll(self) -> None:
        places = self.places()
        for key, rect, count in (
            ("light", places.light, len(self.lights())),
            ("sessions", places.sessions, len(self.sessions())),
        ):
            self._scroll[key] = min(max(self._scroll[key], 0), max(0, count - _fits(rect, places.row_px)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._day is None or event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            super().keyPressEvent(event)
            return
        far = 4 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        now = self._day.step_at(self._clock_s())
        here = self._selected if self._selected >= 0 else now
        wanted = {
            Qt.Key.Key_Left: here - far,
            Qt.Key.Key_Right: here + far,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: self._day.steps - 1,
        }.get(Qt.Key(event.key()))
        if wanted is None:
            super().keyPressEvent(event)
            return
        self.picked.emit(min(max(wanted, 0), self._day.steps - 1), "")

    def interval_words(self, step: int) -> str:
        """ "Sun 17:30–17:45" of a step. Only while a day is shown."""
        frame = self.frame()
        begins: dt.datetime = frame.begin(step)
        ends = dt.datetime.fromtimestamp(float(frame.day.edges_s[step + 1]), dt.UTC)
        return f"{day(begins, self._zone).split(' ')[0]} {clock(begins, self._zone)}–{clock(ends, self._zone)}"


def _fits(rect: QRectF, row_px: float) -> int:
    return int(rect.height() / row_px + 0.01)


def _share_rows(rows: int, lights: int, sessions: int) -> tuple[int, int]:
    """Rows on screen for both lists: all where there is room, else in proportion, none under two."""
    if lights + sessions <= rows:
        return lights, sessions
    least = min(lights, 2)
    wanted = max(least, min(lights, round(rows * lights / max(lights + sessions, 1))))
    if sessions <= rows - wanted:
        wanted = min(lights, rows - sessions)
    return wanted, min(sessions, rows - wanted)
