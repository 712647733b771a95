"""How a person moves about in a plot stack: drag, wheel, keys, cursor, drops. The stack itself only draws."""

from __future__ import annotations

import datetime as dt

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)

from energy_console.gui.parts.point_drag import dragged_points
from energy_console.gui.plots.stack import TrendStack
from energy_console.gui.theme import Looks

_ZOOM = 0.8  # of the span, a notch of the wheel or a key
_NOTCH = 120
_PAN_SHARE = 0.1
_DRAG_FROM_PX = 3
_STEPS, _FAST_STEPS = 100, 10  # of the cursor over the window


class HandledStack(TrendStack):
    """Drag pans, the wheel zooms about the cursor, Shift and drag zooms to a span, a click pins the cursor.

    Ctrl and click puts the second cursor; the right button asks for a menu.

    Keys: arrows pan, Page Up and Down by a whole window, + and - zoom, Home goes live, Escape lets the cursor go,
    Delete takes the selected curve away, Ctrl with an arrow moves the cursor, Up and Down pick a curve.
    """

    picked = Signal(str)  # a curve was clicked, by its point id
    mark_clicked = Signal(object)  # Mark
    live_wanted = Signal()
    remove_wanted = Signal()
    next_wanted = Signal(int)  # +1 or -1: select the next curve
    menu_wanted = Signal(str, QPoint)  # point under the mouse or empty, place on the screen
    second_wanted = Signal(object)  # a time for the second cursor
    dropped = Signal(list, object)  # point ids, Plot under the mouse or None

    def __init__(self, looks: Looks, zone: dt.tzinfo) -> None:
        super().__init__(looks, zone)
        self.pinned = False
        self._pressed: QPointF | None = None
        self._from: tuple[float, float] = (0.0, 0.0)
        self._dragging = False
        self._choosing_s: float | None = None
        self.setAcceptDrops(True)
        self.viewport().setAcceptDrops(True)

    def pan(self, share: float) -> None:
        """Moves the window by a share of its width."""
        by = (self.end_s - self.start_s) * share
        self._go(self.start_s + by, self.end_s + by)

    def zoom(self, factor: float, about_s: float | None = None) -> None:
        """Makes the window `factor` times as wide; the time `about_s` (else the middle) stays where it is."""
        middle = (self.start_s + self.end_s) / 2 if about_s is None else about_s
        self._go(middle - (middle - self.start_s) * factor, middle + (self.end_s - middle) * factor)

    def _go(self, start_s: float, end_s: float) -> None:
        self.show_window(start_s, end_s)
        self.user_moved.emit()

    # mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragging = event.position(), False
            self._from = (self.start_s, self.end_s)
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._choosing_s = self.time_at(event.position()) if shift else None
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._pressed is None:
            if not self.pinned:
                self.show_cursor(self.time_at(place))
        elif self._dragging or abs(place.x() - self._pressed.x()) >= _DRAG_FROM_PX:
            self._drag(place)
        event.accept()

    def _drag(self, place: QPointF) -> None:
        if self._pressed is None:
            return
        self._dragging = True
        if self._choosing_s is not None:
            self.show_chosen((self._choosing_s, self.overlay.time_at(place.x())))
            return
        self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        by = (self._pressed.x() - place.x()) / self.width_px * (self._from[1] - self._from[0])
        self._go(self._from[0] + by, self._from[1] + by)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        chosen = self.overlay.chosen
        if chosen is not None:
            self.show_chosen(None)
            self._go(min(chosen), max(chosen))
        elif not self._dragging:
            self._click(event.position(), control=bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        self.viewport().unsetCursor()
        self._pressed, self._dragging, self._choosing_s = None, False, None
        event.accept()

    def _click(self, place: QPointF, *, control: bool) -> None:
        lane = self.lane.sceneBoundingRect()
        if lane.contains(place):
            mark = self.lane.mark_at(place.x() - lane.left())
            if mark is not None:
                self.mark_clicked.emit(mark)
                return
        time_s, plot = self.time_at(place), self.plot_at(place)
        if time_s is None:
            return
        if control:
            self.pinned = True
            self.show_cursor(self.cursor_s if self.cursor_s is not None else time_s)
            self.second_wanted.emit(time_s)
            return
        point = plot.nearest(time_s, place.y()) if plot else None
        if point is not None:
            self.picked.emit(point)
        self.pinned = not self.pinned or point is not None
        self.show_cursor(time_s)

    def let_cursors_go(self) -> None:
        self.pinned = False
        self.show_other(None)
        self.show_cursor(None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Of the curve under the mouse; from the keyboard, of the curve chosen."""
        point = ""
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            place = QPointF(event.pos())
            time_s, plot = self.time_at(place), self.plot_at(place)
            point = (plot.nearest(time_s, place.y()) or "") if plot is not None and time_s is not None else ""
        self.menu_wanted.emit(point, event.globalPos())
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if not self.pinned:
            self.show_cursor(None)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned, sideways = event.angleDelta().y(), event.angleDelta().x()
        if sideways or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(-(sideways or turned) / _NOTCH * _PAN_SHARE)
        elif turned:
            self.zoom(_ZOOM ** (turned / _NOTCH), self.time_at(event.position()))
        event.accept()

    # keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        fast = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        act = self._control_key(event.key(), fast) if control else self._key(event.key())
        event.setAccepted(act)

    def _control_key(self, key: int, fast: bool) -> bool:
        """Ctrl and an arrow move the cursor by a hundredth of the window, with Shift by a tenth; of two the second."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(key))
        if step is None:
            return False
        by = step * (self.end_s - self.start_s) / (_FAST_STEPS if fast else _STEPS)
        self.pinned = True
        if self.other_s is not None:
            self.show_other(min(max(self.other_s + by, self.start_s), self.end_s))
            return True
        here = self.cursor_s if self.cursor_s is not None else (self.start_s + self.end_s) / 2
        self.show_cursor(min(max(here + by, self.start_s), self.end_s))
        return True

    def _key(self, key: int) -> bool:
        shares = {
            Qt.Key.Key_Left: -_PAN_SHARE,
            Qt.Key.Key_Right: _PAN_SHARE,
            Qt.Key.Key_PageUp: -1.0,
            Qt.Key.Key_PageDown: 1.0,
        }
        match Qt.Key(key):
            case Qt.Key.Key_Left | Qt.Key.Key_Right | Qt.Key.Key_PageUp | Qt.Key.Key_PageDown as arrow:
                self.pan(shares[arrow])
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom(_ZOOM, self.cursor_s)
            case Qt.Key.Key_Minus:
                self.zoom(1 / _ZOOM, self.cursor_s)
            case Qt.Key.Key_Home:
                self.live_wanted.emit()
            case Qt.Key.Key_Escape:
                self.let_cursors_go()
            case Qt.Key.Key_Delete:
                self.remove_wanted.emit()
            case Qt.Key.Key_Up | Qt.Key.Key_Down as arrow:
                self.next_wanted.emit(1 if arrow == Qt.Key.Key_Down else -1)
            case _:
                return False
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    # drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dragged_points(event.mimeData()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if dragged_points(event.mimeData()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        points = dragged_points(event.mimeData())
        if points:
            self.dropped.emit(points, self.plot_at(event.position()))
            event.acceptProposedAction()
