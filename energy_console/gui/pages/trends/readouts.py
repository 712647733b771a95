"""What the right column says of the curves on screen: values, figures of the window, events, the point."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from energy_console.gui.desk import Desk
from energy_console.gui.format import duration
from energy_console.gui.pages.trends.cells import Figures
from energy_console.gui.pages.trends.drawing import Drawing
from energy_console.gui.pages.trends.journal import MOST_EVENTS, Relevance, lines_of, marks_of
from energy_console.gui.pages.trends.naming import Names
from energy_console.gui.pages.trends.rows import cursor_rows
from energy_console.gui.pages.trends.side import Side
from energy_console.gui.plots.handling import HandledStack
from energy_console.gui.plots.marks import Mark

_SOON_MS = 40  # figures of a window that is being dragged need not be worked out at every frame


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
        self._figures: dict[str, Figures] = {}
        self._marks: tuple[Mark, ...] = ()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SOON_MS)
        self._timer.timeout.connect(self.refigure)

    def refigure_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def refigure(self) -> None:
        """Works out the figures of the window as it is now."""
        start_s, end_s = self._stack.start_s, min(self._stack.end_s, self._drawing.edge_s)
        self._figures = {
            point: feed.cells.figures(start_s, end_s) for point, feed in self._drawing.feeds.items() if len(feed.cells)
        }
        self.show_rows()
        self.show_point()

    def show_rows(self) -> None:
        """The table for where the cursor is, else for the present or the moment picked."""
        cursor, live = self._stack.cursor_s, self._desk.time.live
        time_s = self._drawing.edge_s if cursor is None else cursor
        self._side.show_time(time_s, cursor=cursor is not None, live=live)
        self._side.pin.setChecked(self._stack.pinned and cursor is not None)
        newest = self._desk.live if cursor is None and live else None
        self._side.show_rows(cursor_rows(self._drawing, self._names, self._figures, time_s, self.selected, newest))
        self._side.tier.setText(self._tier())

    def _tier(self) -> str:
        """How fine the history drawn is."""
        widths = {feed.cells.every_s for feed in self._drawing.feeds.values() if len(feed.cells)}
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
        points = self._drawing.view.points
        if not points:
            self._show_marks(())
            return
        sources = self._relevance.sources(points)
        start_ns, end_ns = round(self._stack.start_s * 1e9), round(self._stack.end_s * 1e9)

        def answer(found: object) -> None:
            if isinstance(found, list):
                self._show_marks(marks_of(found, sources))

        self._desk.query(lambda store: store.events(start_ns, end_ns, limit=MOST_EVENTS), answer)

    def _show_marks(self, marks: tuple[Mark, ...]) -> None:
        if marks != self._marks:
            self._marks = marks
            self._stack.show_marks(marks, lines_of(marks))
        self._side.show_events(marks)
