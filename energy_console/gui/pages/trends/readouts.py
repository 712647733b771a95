"""What the right column says of the curves on screen: values, figures of the window, events, the point."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from energy_console.gui.desk import Desk
from energy_console.gui.format import duration
from energy_console.gui.pages.trends.drawing import Drawing
from energy_console.gui.pages.trends.journal import MOST_EVENTS, Relevance, lines_of, marks_of
from energy_console.gui.pages.trends.naming import Names
from energy_console.gui.pages.trends.rows import CursorRows, Moments
from energy_console.gui.pages.trends.side import Side
from energy_console.gui.plots.handling import HandledStack
from energy_console.gui.plots.marks import Mark
from energy_console.historian.interface import Event

_SOON_MS = 90  # figures of a window that is being dragged need not be worked out at every frame


class Readouts(QObject):
    """`selected` is the point whose detail is shown, set by the page."""

    def __init__(self, desk: Desk, stack: HandledStack, drawing: Drawing, names: Names, side: Side) -> None:
        super().__init__(side)
        self._desk = desk
        self._stack = stack
        self._drawing = drawing
        self._names = names
        self._side = side
        self.selected = ""
        self._relevance = Relevance(desk.site)
        self.rows = CursorRows(drawing, names)
        self._events: list[Event] = []
        self._card_due = False
        self._marks: tuple[Mark, ...] = ()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SOON_MS)
        self._timer.timeout.connect(self._refigure_rows)

    def refigure_soon(self, *, card: bool = False) -> None:
        """`card`: the point's card, too, which can wait while the window moves."""
        self._card_due |= card
        if not self._timer.isActive():
            self._timer.start()

    def _refigure_rows(self) -> None:
        self.rows.refigure()
        self.show_rows()
        if self._card_due:
            self._card_due = False
            self.show_point()

    def refigure(self) -> None:
        """Figures of the window as it is now; of each curve when its row is looked at."""
        self.rows.refigure()
        self.show_rows()
        self.show_point()

    def show_rows(self) -> None:
        """The table for where the cursor is, else for the present or the moment picked."""
        stack, side = self._stack, self._side
        cursor, other, live = stack.cursor_s, stack.other_s, self._desk.time.live
        time_s = self._drawing.edge_s if cursor is None else cursor
        two = cursor is not None and other is not None
        if cursor is not None and other is not None:
            side.show_two(cursor, other)
        else:
            side.show_time(time_s, cursor=cursor is not None, live=live)
        side.header.show_two(two)
        side.pin.setChecked(stack.pinned and cursor is not None)
        newest = self._desk.live if cursor is None and live else None
        end_s = min(stack.end_s, self._drawing.edge_s)
        self.rows.selected = self.selected
        self.rows.moments = Moments(time_s, other if two else None, stack.start_s, end_s, newest)
        side.table.table.show(self.rows.keys(), self.rows.row)
        side.tier.setText(self._tier())

    def _tier(self) -> str:
        """How fine the history drawn is."""
        widths = {feed.span_s for feed in self._drawing.feeds.values() if feed.span_s is not None}
        widest = max(widths, default=-1.0)
        if widest < 0:
            return self.tr("loading") if self._drawing.waiting else ""
        return self.tr("{0} spans").format(duration(widest)) if widest else self.tr("readings")

    def show_point(self) -> None:
        """The selected point as it is, and as it was over the window."""
        point = self._names.points.get(self.selected)
        feed = self._drawing.feeds.get(self.selected)
        self._side.point.setVisible(point is not None)
        if point is not None and feed is not None:
            end_s = min(self._stack.end_s, self._drawing.edge_s)
            title = self._names.long(point.id)
            self._side.point.show_point(point, title, feed.cells, self._stack.start_s, end_s)

    def ask_events(self) -> None:
        """Asks the journal for the window on screen; what concerns the curves is marked when the answer comes."""
        if not self._drawing.view.points:
            self._events = []
            self.show_marks()
            return
        start_ns, end_ns = round(self._stack.start_s * 1e9), round(self._stack.end_s * 1e9)

        def answer(found: object) -> None:
            if isinstance(found, list):
                self._events = found
                self.show_marks()

        self._desk.query(lambda store: store.events(start_ns, end_ns, limit=MOST_EVENTS), answer)

    def show_marks(self) -> None:
        """The events known, less the kinds that are not wanted, in the lane, as lines and in the list."""
        view = self._drawing.view
        sources = self._relevance.sources(view.points)
        found = marks_of(self._events, sources)
        marks = tuple(mark for mark in found if mark.kind not in view.hidden_marks)
        if marks != self._marks:
            self._marks = marks
            self._stack.show_marks(marks, lines_of(marks))
        self._side.show_events(marks)
