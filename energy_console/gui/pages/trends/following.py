"""Which time is on screen: up to the present, up to a moment picked, or where a person went by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.drawing import Drawing
from energy_console.gui.pages.trends.toolbar import Toolbar
from energy_console.gui.plots.stack import TrendStack

_MOST_WINDOWS = 50
_AHEAD = 0.03  # of the window right of the live edge
_AHEAD_WITH_PLAN = 0.14
_LONGEST_WITH_PLAN_S = 4 * 86_400.0
_FASTEST_TICK_MS, _SLOWEST_TICK_MS = 100.0, 1000.0


class Following:
    """While `follows`, the window's end goes with the edge: the clock, or the moment picked."""

    def __init__(
        self, desk: Desk, stack: TrendStack, drawing: Drawing, toolbar: Toolbar, span_kept: Callable[[], None]
    ) -> None:
        self._desk = desk
        self._stack = stack
        self._drawing = drawing
        self._toolbar = toolbar
        self._span_kept = span_kept
        self.follows = True
        self._placed_s = -1.0
        self._windows: list[tuple[float, float, bool]] = []

    @property
    def tick_ms(self) -> int:
        """How often a live page draws: as often as the quickest point is read, ten times a second at most."""
        return round(min(max(self._drawing.quickest_s * 1000, _FASTEST_TICK_MS), _SLOWEST_TICK_MS))

    def place(self, *, always: bool = True) -> None:
        """Shows the edge, and puts it near the right of the window while that follows.

        Unless `always`, only when the edge has moved by half a pixel, since nothing else would be seen of it.
        """
        edge_s, span_s, live = self._drawing.edge_s, self._drawing.view.span_s, self._desk.time.live
        if not always and abs(edge_s - self._placed_s) < 0.5 * span_s / self._stack.width_px:
            return
        self._placed_s = edge_s
        self._stack.show_edge(edge_s, live=live)
        if self.follows:
            planned = span_s <= _LONGEST_WITH_PLAN_S and self._drawing.plans_until_s() > edge_s + 0.01 * span_s
            ahead = (_AHEAD_WITH_PLAN if planned else _AHEAD) if live else 0.0  # what came after a moment is not shown
            self._stack.show_window(edge_s - span_s * (1 - ahead), edge_s + span_s * ahead)
        self._toolbar.show_live(self.follows)  # off live the bar of the replay leads back

    def show_span(self, span_s: float) -> None:
        """Shows so much time: up to the edge while following it, up to the window's end otherwise."""
        self._drawing.view = replace(self._drawing.view, span_s=span_s)
        self._span_kept()
        if self.follows:
            self.place()
        else:
            self._stack.show_window(self._stack.end_s - span_s, self._stack.end_s)

    def remember(self) -> None:
        """The window has come to rest: `go_back` leads here from where it goes next."""
        window = (self._stack.start_s, self._stack.end_s, self.follows)
        if self._windows and self._windows[-1][2] and self.follows and self._alike(self._windows[-1], window):
            self._windows[-1] = window
        elif not self._windows or self._windows[-1] != window:
            self._windows = [*self._windows[1 - _MOST_WINDOWS :], window]

    @staticmethod
    def _alike(one: tuple[float, float, bool], other: tuple[float, float, bool]) -> bool:
        """Whether two live windows differ only by the clock."""
        return abs((one[1] - one[0]) - (other[1] - other[0])) < 1.0

    def go_back(self) -> None:
        """The window that was shown before this one."""
        if len(self._windows) < 2:
            return
        self._windows.pop()
        start_s, end_s, follows = self._windows[-1]
        if follows:
            self._drawing.view = replace(self._drawing.view, span_s=end_s - start_s)
            self.go_live()
            self._toolbar.show_span(end_s - start_s)
        else:
            self.show_window(start_s, end_s)

    def show_window(self, start_s: float, end_s: float) -> None:
        """Shows a window that somebody named, and stays there."""
        self._stack.show_window(start_s, end_s)
        self.moved_by_hand()

    def moved_by_hand(self) -> None:
        self.follows = False
        self._drawing.view = replace(self._drawing.view, span_s=self._stack.end_s - self._stack.start_s)
        self._toolbar.show_span(self._drawing.view.span_s)
        self._toolbar.show_live(False)

    def go_live(self) -> None:
        """The window goes with the clock again."""
        self.follows = True
        if self._desk.time.moment is not None:
            self._desk.time.pick(None)
        self.place()

    def go_to_pick(self) -> None:
        """The time picker has moved: the window goes there."""
        self.follows = True
        self.place()
