"""Plots over one another with one time axis: the body of the Trends page, usable by any page with curves.

The stack knows curves, not points: whoever fills it gives Traces and is told when the window moves or comes to rest.
"""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections.abc import Callable, Iterator, Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from energy_console.gui.plots.axis import VALUE_AXIS_WIDTH, AxisTag, TimeAxis
from energy_console.gui.plots.marks import EventLane, Mark
from energy_console.gui.plots.overlay import Overlay, Ring
from energy_console.gui.plots.plot import MANY, Plot
from energy_console.gui.plots.ticks import cursor_label
from energy_console.gui.plots.trace import Trace
from energy_console.gui.theme import Looks

REST_MS = 150
FIT_TURN_S = 0.003
SHORTEST_S = 10.0
LONGEST_S = 5 * 366 * 86_400.0
_RIGHT_MARGIN_PX = 14
MOST_RIGHT_AXES = 2


class TrendStack(pg.GraphicsView):  # type: ignore[misc]
    """`moved` after every change of the window, `rested` once it has stood for REST_MS; times are UTC seconds.

    `user_moved` only where a person panned or zoomed. `cursor_moved` carries the time or None.
    """

    moved = Signal()
    rested = Signal()
    user_moved = Signal()
    cursor_moved = Signal(object)
    _built = False  # pyqtgraph's own constructor resizes already

    def __init__(self, looks: Looks, zone: dt.tzinfo) -> None:
        super().__init__(background=None)
        self.looks = looks
        self.zone = zone
        self.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.start_s, self.end_s = 0.0, 3600.0
        self.plots: list[Plot] = []
        self.nights: Callable[[float, float], tuple[tuple[float, float], ...]] | None = None
        self._layout = pg.GraphicsLayout()
        self._layout.setContentsMargins(0, 0, _RIGHT_MARGIN_PX, 0)
        self._layout.setSpacing(0)
        self.setCentralItem(self._layout)
        self.lane = EventLane(looks)
        self.time_axis = TimeAxis(looks, zone)
        self.overlay = Overlay(looks)
        self.scene().addItem(self.overlay)
        self._built = True
        self._fitting: Iterator[None] = iter(())
        self._fit_timer = QTimer(self)
        self._fit_timer.setInterval(0)
        self._fit_timer.timeout.connect(self._fit_turn)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._come_to_rest)
        looks.changed.connect(self._dress)
        self._dress()
        self.show_plots([])

    def _dress(self) -> None:
        self.setBackground(self.looks.theme.surface)
        for plot in self.plots:
            plot.recolour()
        self._show_tags()

    # what is shown

    def show_plots(self, plots: Sequence[Plot]) -> None:
        """Lays the plots out from the head down; `Plot`s keep their traces."""
        self._layout.clear()
        for row in range(len(self.plots) * 2 + 2):
            self._layout.layout.setRowStretchFactor(row, 0)
        self.plots = list(plots)
        right_axes = max((len(plot.axes) - 1 for plot in self.plots), default=0)
        self._layout.addItem(self.lane, row=0, col=1)
        for place, plot in enumerate(self.plots):
            self._layout.addItem(plot.head, row=1 + 2 * place, col=0, colspan=2 + right_axes)
            self._layout.addItem(plot.box, row=2 + 2 * place, col=1)
            for column, axis in enumerate(plot.value_axes):
                self._layout.addItem(axis, row=2 + 2 * place, col=column + 1 if column else 0)
            self._layout.layout.setRowStretchFactor(2 + 2 * place, plot.stretch)
            plot.follow(self.time_axis, right_axes)
        self._layout.addItem(self.time_axis, row=1 + 2 * len(self.plots), col=1)
        self._layout.layout.setColumnFixedWidth(0, VALUE_AXIS_WIDTH)
        for column in range(MOST_RIGHT_AXES):
            self._layout.layout.setColumnFixedWidth(2 + column, VALUE_AXIS_WIDTH if column < right_axes else 0)
        self._show_nights()
        self.refit()

    def traces(self) -> list[Trace]:
        return [trace for plot in self.plots for trace in plot.traces.values()]

    def refit(self) -> None:
        """New value ranges, labels and lines for the window as it is: after curves have changed."""
        self._place()
        self._follow()
        for plot in self.plots:
            plot.place_labels()

    def refit_curves(self) -> None:
        """New value ranges and labels, places as they are: after curves have got other readings."""
        self._fit()
        for plot in self.plots:
            plot.place_labels()

    def refit_ranges(self) -> None:
        """New value ranges where curves have grown out of them, or are others."""
        if any(plot.outgrown for plot in self.plots):
            if self._many:
                if not self._fit_timer.isActive():
                    self._fit()
                return
            for plot in self.plots:
                if plot.outgrown:
                    plot.show_window(self.start_s, self.end_s)
        self._show_rings()

    def show_window(self, start_s: float, end_s: float) -> None:
        """Moves to a window; kept between 10 s and five years wide."""
        span = min(max(end_s - start_s, SHORTEST_S), LONGEST_S)
        start_s = (start_s + end_s - span) / 2
        if (start_s, start_s + span) == (self.start_s, self.end_s):
            return
        self.start_s, self.end_s = start_s, start_s + span
        # of hundreds of curves the ranges are fitted when the window has come to rest
        self._follow(fit=not self._many)
        self.moved.emit()
        self._rest.start()

    def _follow(self, *, fit: bool = True) -> None:
        start_s, end_s = self.start_s, self.end_s
        self.time_axis.show_range(start_s, end_s)
        self.lane.show_range(start_s, end_s)
        self.overlay.show_range(start_s, end_s)
        for plot in self.plots:
            plot.show_window(start_s, end_s, fit=fit)
        self._show_rings()

    @property
    def _many(self) -> bool:
        """Whether the curves are so many that their ranges are not fitted at every frame."""
        return sum(len(plot.traces) for plot in self.plots) > MANY

    def _fit(self) -> None:
        """New value ranges; of hundreds of curves in short turns between frames."""
        if not self._many:
            self._follow()
            return
        self._fitting = itertools.chain.from_iterable(
            plot.fit_in_turns(self.start_s, self.end_s) for plot in self.plots
        )
        self._fit_timer.start()

    def _fit_turn(self) -> None:
        until = time.perf_counter() + FIT_TURN_S
        for _ in self._fitting:
            if time.perf_counter() > until:
                return
        self._fit_timer.stop()
        self._show_rings()

    def _come_to_rest(self) -> None:
        self._fit()
        self._show_nights()
        for plot in self.plots:
            plot.place_labels()
        self.rested.emit()

    def _show_nights(self) -> None:
        if self.nights is not None and self.plots:
            found = self.nights(self.start_s, self.end_s)
            for plot in self.plots:
                plot.backdrop.show_nights(found)

    def show_marks(self, marks: tuple[Mark, ...], lines: tuple[Mark, ...]) -> None:
        """Events in the lane, and those of them that get a line down through the plots."""
        self.lane.show_marks(marks)
        self.overlay.marks = lines
        self.overlay.update()

    def show_edge(self, time_s: float | None, *, live: bool) -> None:
        """Where the present (or the moment picked) is."""
        if (time_s, live) != (self.overlay.edge_s, self.overlay.edge_live):
            self.overlay.edge_s, self.overlay.edge_live = time_s, live
            self.overlay.update()
            self._show_tags()

    def show_cursor(self, time_s: float | None) -> None:
        """Puts the cursor at a time, or takes it away."""
        if time_s != self.overlay.cursor_s:
            self.overlay.cursor_s = time_s
            self.overlay.update()
            self._show_rings()
            self.cursor_moved.emit(time_s)

    def show_other(self, time_s: float | None) -> None:
        """Puts the second cursor at a time, or takes it away."""
        if time_s != self.overlay.other_s:
            self.overlay.other_s = time_s
            self.overlay.update()
            self._show_rings()
            self.cursor_moved.emit(self.overlay.cursor_s)

    @property
    def at_rest(self) -> bool:
        """Whether the window has stood for REST_MS."""
        return not self._rest.isActive()

    @property
    def other_s(self) -> float | None:
        return self.overlay.other_s

    def show_chosen(self, span: tuple[float, float] | None) -> None:
        """A span being drawn with the mouse, to zoom to."""
        self.overlay.chosen = span
        self.overlay.update()

    @property
    def cursor_s(self) -> float | None:
        return self.overlay.cursor_s

    def _show_rings(self) -> None:
        rings: list[Ring] = []
        for time_s in (self.overlay.cursor_s, self.overlay.other_s):
            if time_s is not None:
                x = self.overlay.x(time_s)
                for plot in self.plots:
                    rings += [Ring(x, y, colour) for y, colour in plot.crossings(time_s)]
        self.overlay.rings = tuple(rings)
        self._show_tags()

    def _show_tags(self) -> None:
        theme, tags = self.looks.theme, []
        span = self.end_s - self.start_s
        edge, cursor, other = self.overlay.edge_s, self.overlay.cursor_s, self.overlay.other_s
        if edge is not None and self.start_s <= edge <= self.end_s:
            fill = theme.accent if self.overlay.edge_live else theme.muted
            tags.append(AxisTag(edge, cursor_label(edge, span, self.zone), fill, theme.on_accent))
        if cursor is not None and self.start_s <= cursor <= self.end_s:
            words = cursor_label(cursor, span, self.zone)
            tags.append(AxisTag(cursor, words if other is None else f"A {words}", theme.text, theme.surface))
        if other is not None and cursor is not None and self.start_s <= other <= self.end_s:
            words = cursor_label(other, span, self.zone)
            tags.append(AxisTag(other, f"B {words}", theme.text, theme.surface))
        self.time_axis.show_tags(tuple(tags))

    # geometry

    @property
    def width_px(self) -> float:
        """Width of the plots."""
        return max(1.0, self.overlay.area.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._built:
            self._place()
            self._rest.start()

    def close(self) -> bool:
        """As of any widget: pyqtgraph's own clears the scene under items that Python still holds, and crashes."""
        return bool(QWidget.close(self))

    def showEvent(self, event: QEvent) -> None:
        super().showEvent(event)
        self._place()
        self._rest.start()

    def _place(self) -> None:
        """Lays the overlay over the plots, and asks them for ranges that fit their new heights."""
        # activate() alone would shrink the layout to its least height
        self._layout.setGeometry(self.range)
        self._layout.layout.setGeometry(self.range)
        boxes = [plot.box.sceneBoundingRect() for plot in self.plots]
        if not boxes:
            self.overlay.cover(self.time_axis.sceneBoundingRect())
            return
        top = self.lane.sceneBoundingRect().bottom()
        self.overlay.cover(QRectF(boxes[0].left(), top, boxes[0].width(), boxes[-1].bottom() - top))
        for plot in self.plots:
            plot.show_window(self.start_s, self.end_s)
        self._show_rings()

    def plot_at(self, place: QPointF) -> Plot | None:
        """The plot under a place of the viewport."""
        return next((plot for plot in self.plots if plot.box.sceneBoundingRect().contains(place)), None)

    def time_at(self, place: QPointF) -> float | None:
        """The time under a place of the viewport, None beside the plots."""
        area = self.overlay.area
        inside = area.left() <= place.x() <= area.right() and place.y() <= area.bottom() + 24
        return self.overlay.time_at(place.x()) if inside else None
