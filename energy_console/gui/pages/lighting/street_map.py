"""The streets in the light they give now: brightness is level, faults are shapes with a count, never hues of a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPainterPathStroker,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QWidget

from energy_console.gui.pages.lighting.geometry import MapView, distance_to, fit, mark_place, street_width_px
from energy_console.gui.parts.alarm_shape import draw_alarm_shape
from energy_console.gui.theme import CAPTION_PX, MEDIUM, Looks, Theme, font
from energy_console.site.model import LightingGroup

_LEAST_SHOWN, _FULL = 0.2, 1.0
_STEPS = 16  # of brightness; finer steps nobody sees
_HIT_PX = 8.0
_CASING = 1.8  # of a street's width
_CHART_PX = 10


@dataclass(frozen=True, slots=True)
class GroupLook:
    """What is seen of one group. `level` in steps of 1/16, -1 off, None not known; `count` stands beside the shape."""

    level: float | None
    priority: int = 0
    state: str = "new"
    count: str = ""


def stepped(level: float) -> float:
    """The level in the steps the map shows, -1 when off."""
    return -1.0 if level <= 0 else max(1, round(level * _STEPS)) / _STEPS


def light_colour(theme: Theme, level: float) -> QColor:
    """Colour of a street at a level: linear from the scale's low end at 20 % to its full end at 100 %."""
    share = min(1.0, max(0.0, (level - _LEAST_SHOWN) / (_FULL - _LEAST_SHOWN)))
    low, full = theme.light.street_low, theme.light.street_full
    return QColor(
        round(low.red() + share * (full.red() - low.red())),
        round(low.green() + share * (full.green() - low.green())),
        round(low.blue() + share * (full.blue() - low.blue())),
    )


class StreetMap(QWidget):
    """`picked` carries a group's id. Wheel and +/- zoom, dragging moves, 0 shows all, arrows walk by rank."""

    picked = Signal(str)
    drag_out = Signal(str)
    describe_wanted = Signal(str)

    def __init__(self, groups: Sequence[LightingGroup], looks: Looks) -> None:
        super().__init__()
        self._groups = tuple(groups)
        self._looks = looks
        self._view = fit(groups, 100, 100)
        self._whole = True
        self._look: dict[str, GroupLook] = {group.id: GroupLook(None) for group in groups}
        self._order: list[str] = [group.id for group in groups]
        self._words: dict[str, str] = {}
        self._selected = ""
        self._press: QPoint | None = None
        self._moved = False
        self._paths: dict[str, QPainterPath] = {}
        self.drawn = 0  # how often the picture was made anew
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Street map"))
        looks.changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        return QSize(300, 180)

    def sizeHint(self) -> QSize:
        return QSize(700, 420)

    # showing

    def show_groups(self, looks: dict[str, GroupLook], order: Sequence[str], words: dict[str, str]) -> None:
        """`order` is by rank; `words` are the tooltips. Repaints only when a look changes."""
        self._order, self._words = list(order), words
        if looks != self._look:
            self._look = dict(looks)
            self.update()

    def select(self, group: str, *, reveal: bool = False) -> None:
        """`reveal` moves the map so that the group is seen."""
        if group != self._selected:
            self._selected = group
            self.update()
        if reveal and (found := self._group(group)) is not None:
            x, y = self._view.to_px(*mark_place(found))
            if not QRectF(self.rect()).adjusted(30, 30, -30, -30).contains(QPointF(x, y)):
                self._set_view(self._view.moved(self.width() / 2 - x, self.height() / 2 - y))

    def place_of(self, group: str) -> QPointF:
        """Where a group's mark stands, px."""
        found = self._group(group)
        return QPointF(*self._view.to_px(*mark_place(found))) if found else QPointF()

    def look_of(self, group: str) -> GroupLook:
        return self._look[group]

    @property
    def px_per_m(self) -> float:
        return self._view.px_per_m

    def _group(self, group_id: str) -> LightingGroup | None:
        return next((group for group in self._groups if group.id == group_id), None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        whole = fit(self._groups, self.width(), self.height())
        if self._whole:
            self._set_view(whole)
            return
        self._set_view(
            MapView(self.width(), self.height(), self._view.middle_x_m, self._view.middle_y_m, self._view.px_per_m)
        )

    def _set_view(self, view: MapView) -> None:
        self._view = view
        self._paths = {group.id: self._path(group) for group in self._groups}
        self.update()

    def _width(self, group: LightingGroup) -> float:
        return street_width_px(group.road_class, self._view.px_per_m)

    def _path(self, group: LightingGroup) -> QPainterPath:
        path = QPainterPath()
        for line in group.streets:
            path.addPolygon(QPolygonF([QPointF(x, y) for x, y in self._view.line(line)]))
        return path

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Nearer or farther; the whole map is the farthest."""
        whole = fit(self._groups, self.width(), self.height())
        centre = at or QPointF(self.width() / 2, self.height() / 2)
        view = self._view.zoomed(factor, centre.x(), centre.y(), whole.px_per_m)
        self._whole = view.px_per_m <= whole.px_per_m * 1.001
        self._set_view(whole if self._whole else view)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        self.drawn += 1
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._looks.theme
        painter.fillRect(self.rect(), theme.night)
        ordered = sorted(self._groups, key=self._width)
        for group in ordered:
            self._stroke(painter, group, theme.night, self._width(group) * _CASING)
        for group in ordered:
            self._draw_street(painter, group)
        if (chosen := self._group(self._selected)) is not None:
            self._draw_selected(painter, chosen)
        self._draw_marks(painter)
        painter.end()

    def _stroke(
        self, painter: QPainter, group: LightingGroup, colour: QColor, width: float, dash: list[float] | None = None
    ) -> None:
        pen = QPen(colour, width)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap if dash else Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if dash:
            pen.setDashPattern(dash)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._paths[group.id])

    def _draw_street(self, painter: QPainter, group: LightingGroup) -> None:
        theme, look = self._looks.theme, self._look[group.id]
        width = self._width(group)
        if look.level is None:
            self._stroke(painter, group, theme.muted, width * 0.6, [0.8, 0.8])
        elif look.level < 0:
            self._stroke(painter, group, theme.line, max(1.0, width * 0.4))
        else:
            self._stroke(painter, group, light_colour(theme, look.level), width)

    def _draw_selected(self, painter: QPainter, group: LightingGroup) -> None:
        """A line of the accent along both sides of the street."""
        stroker = QPainterPathStroker()
        stroker.setWidth(self._width(group) + 5)
        stroker.setCapStyle(Qt.PenCapStyle.RoundCap)
        stroker.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(QPen(self._looks.theme.accent, 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(stroker.createStroke(self._paths[group.id]).simplified())

    def _draw_marks(self, painter: QPainter) -> None:
        """Shapes of what needs a person, then the names beside them where no other stands."""
        placed: list[QRectF] = []
        marks = [group for group in self._order if self._look[group].priority]
        for group in marks:
            at = self.place_of(group)
            placed.append(QRectF(at.x() - 8, at.y() - 8, 16, 16))
        for group in ([self._selected] if self._selected and self._selected not in marks else []) + marks:
            self._draw_mark(painter, group, placed)

    def _draw_mark(self, painter: QPainter, group: str, placed: list[QRectF]) -> None:
        theme, look, at = self._looks.theme, self._look[group], self.place_of(group)
        chosen = group == self._selected
        face = font(_CHART_PX, MEDIUM)
        text = f"{group} · {look.count}" if look.count else group
        width = QFontMetricsF(face).horizontalAdvance(text)
        found = next(
            (
                box
                for box in (
                    QRectF(at.x() + 10, at.y() - 7, width, 14),
                    QRectF(at.x() - 10 - width, at.y() - 7, width, 14),
                    QRectF(at.x() - width / 2, at.y() + 8, width, 14),
                    QRectF(at.x() - width / 2, at.y() - 22, width, 14),
                )
                if QRectF(self.rect()).contains(box) and not any(box.intersects(other) for other in placed)
            ),
            None,
        )
        if look.priority:
            draw_alarm_shape(painter, at, theme, look.priority, look.state, 15, digit=False)
        if found is not None or chosen:
            box = found or QRectF(at.x() + 10, at.y() - 7, width, 14)
            placed.append(box)
            plate = QColor(theme.night)
            plate.setAlphaF(0.82)
            painter.fillRect(box.adjusted(-2, 1, 2, -1), plate)
            painter.setFont(face)
            painter.setPen(theme.accent if chosen else theme.text)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    # mouse and keys

    def _hit(self, at: QPointF) -> str:
        """The group under a place: its mark, else its nearest street."""
        for group in self._order:
            if self._look[group].priority and (self.place_of(group) - at).manhattanLength() < 12:
                return group
        near = [
            (min(distance_to(self._view.line(line), at.x(), at.y()) for line in group.streets), group.id)
            for group in self._groups
        ]
        distance, group = min(near, default=(1e9, ""))
        return group if distance <= _HIT_PX else ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press, self._moved = event.position().toPoint(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self._press is not None and event.buttons() & Qt.MouseButton.LeftButton:
            if self._moved or (at - self._press).manhattanLength() >= QApplication.startDragDistance():
                self._moved = True
                step, self._press = at - self._press, at
                self._whole = False
                self._set_view(self._view.moved(step.x(), step.y()))
            return
        group = self._hit(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if group else Qt.CursorShape.ArrowCursor)
        if group:
            QToolTip.showText(event.globalPosition().toPoint(), self._words.get(group, group), self)
        else:
            QToolTip.hideText()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._press is not None and not self._moved and (group := self._hit(event.position())):
            self.picked.emit(group)
        self._press = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(1.25 if event.angleDelta().y() > 0 else 0.8, event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(0.8 if key == Qt.Key.Key_Minus else 1.25)
        elif key == Qt.Key.Key_0:
            self.zoom(1e-9)
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Left) and self._order:
            step = 1 if key in (Qt.Key.Key_Down, Qt.Key.Key_Right) else -1
            place = self._order.index(self._selected) + step if self._selected in self._order else 0
            self.picked.emit(self._order[min(max(place, 0), len(self._order) - 1)])
        else:
            super().keyPressEvent(event)


class LevelLegend(QWidget):
    """The scale of the map and what its shapes mean."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._counts: tuple[tuple[int, str], ...] = ()
        self.setFixedHeight(24)
        self.setAccessibleName(self.tr("Legend of the map"))
        looks.changed.connect(self.update)

    def show_counts(self, counts: Sequence[tuple[int, str]]) -> None:
        """(priority, words) of the shapes that occur; priority 0 is no answer."""
        if tuple(counts) != self._counts:
            self._counts = tuple(counts)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, middle = self._looks.theme, self.height() / 2
        painter.setFont(font(CAPTION_PX))
        x = self._write(painter, 12.0, self.tr("Level")) + 8
        for k in range(9):
            painter.fillRect(QRectF(x + k * 8, middle - 4, 8, 8), light_colour(theme, 0.2 + 0.1 * k))
        x = self._write(painter, x + 78, self.tr("20–100 %")) + 14
        painter.setPen(QPen(theme.line, 1.4))
        painter.drawLine(QPointF(x, middle), QPointF(x + 18, middle))
        x = self._write(painter, x + 24, self.tr("off")) + 14
        for priority, words in self._counts:
            width = painter.fontMetrics().horizontalAdvance(words)
            if x + 18 + width > self.width() - 8:
                break
            if priority:
                draw_alarm_shape(painter, QPointF(x + 6, middle), theme, priority, size_px=12, digit=False)
            else:
                pen = QPen(theme.muted, 2)
                pen.setDashPattern([0.8, 0.8])
                painter.setPen(pen)
                painter.drawLine(QPointF(x - 4, middle), QPointF(x + 12, middle))
            x = self._write(painter, x + 18, words) + 14
        painter.end()

    def _write(self, painter: QPainter, x: float, text: str) -> float:
        painter.setPen(self._looks.theme.muted)
        painter.drawText(QRectF(x, 0, 300, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
        return x + painter.fontMetrics().horizontalAdvance(text)
