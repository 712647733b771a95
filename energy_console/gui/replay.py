"""Replay: a clock of the past that drives every page, fed ahead from the store so that no page waits for it."""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from energy_console.engine.then import Then
from energy_console.gui.past import Past, TimePick
from energy_console.journal.reading import last_time_ns, next_time_ns

SPEEDS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
FIRST_SPEED = 60
TICK_MS = 100
FRAME_S = 0.5  # between two moments shown, of the wall clock, where the speed allows fewer than one a second
LEAST_STEP_NS = 1_000_000_000
AHEAD = 4  # moments read and not yet shown
BACK = dt.timedelta(hours=1)  # how far back a replay begins that was started from the present
LONGEST_LOOK_NS = 400 * 86_400_000_000_000  # how far away the next entry of the journal is looked for


class Replay(QObject):
    """`changed` tells of everything the bar shows but the moment itself, which is `TimePick.changed`."""

    changed = Signal()

    def __init__(self, time: TimePick, past: Past, say: Callable[[str], None]) -> None:
        super().__init__()
        self._time, self._past, self._say = time, past, say
        self.playing = False
        self.speed = FIRST_SPEED
        self.start: dt.datetime | None = None  # of a span that a person set
        self.end: dt.datetime | None = None
        self.waiting = False  # for the store, longer than a moment
        self._queue: deque[Then] = deque()
        self._asked_ns = 0  # the newest moment asked for
        self._seek_ns: int | None = None
        self._turn = 0  # counts jumps and changes of speed: what was asked before them is dropped
        self._under_way = False
        self._position_ns = 0.0
        self._ticked_s = self._fed_s = 0.0
        self._own = False
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        time.changed.connect(self._picked)
        past.came.connect(self._feed)

    # what a person does

    def toggle(self) -> None:
        """Play or pause; from the present it begins an hour back."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        if self._time.live:
            self.seek(self.start or dt.datetime.now(dt.UTC) - BACK)
        elif self.end is not None and self._time.now() >= self.end:
            self.seek(self.start or self._time.now())
        self.playing = True
        self._ticked_s = self._fed_s = time.monotonic()
        self._timer.start()
        self._feed()
        self.changed.emit()

    def pause(self) -> None:
        if self.playing:
            self.playing = self.waiting = False
            self._timer.stop()
            self._forget()
            self.changed.emit()

    def go_live(self) -> None:
        self._time.pick(None)

    def set_speed(self, speed: int) -> None:
        self.speed = speed
        self._forget()
        self._feed()
        self.changed.emit()

    def faster(self, steps: int) -> None:
        """So many steps up the scale of speeds, or down."""
        near = min(range(len(SPEEDS)), key=lambda place: abs(SPEEDS[place] - self.speed))
        self.set_speed(SPEEDS[max(0, min(len(SPEEDS) - 1, near + steps))])

    def set_span(self, start: dt.datetime | None, end: dt.datetime | None) -> None:
        """From and to where it plays; None and None: to the present."""
        self.start, self.end = start, end
        if start is not None and (self._time.live or not start <= self._time.now() <= (end or self._time.now())):
            self.seek(start)
        self.changed.emit()

    def seek(self, moment: dt.datetime) -> None:
        """Goes to a moment; what is on screen stays until that is read. At the present the console goes live."""
        if moment >= dt.datetime.now(dt.UTC):
            self.go_live()
            return
        self._forget()
        self._seek_ns = round(moment.timestamp() * 1e6) * 1000
        self._feed()

    def jump(self, step: int, *, urgent: bool = False) -> None:
        """To the next or the last entry of the journal; `urgent`: to the next or the last alarm raised."""
        here_ns = round(self._time.now().timestamp() * 1e6) * 1000
        kinds = ("alarm",) if urgent else ()
        historian = self._past.historian

        def question() -> int | None:
            if step > 0:
                return next_time_ns(historian, here_ns, time.time_ns(), kinds, urgent=urgent)
            return last_time_ns(historian, here_ns, here_ns - LONGEST_LOOK_NS, kinds, urgent=urgent)

        self._past.ask(question, partial(self._jumped, step, urgent))

    def _jumped(self, step: int, urgent: bool, found: Any) -> None:
        if isinstance(found, int):
            # a microsecond later, rounded up, so that the entry itself is part of what is shown
            self.seek(dt.datetime.fromtimestamp((found // 1000 + 1) / 1e6, dt.UTC))
        elif isinstance(found, Exception):
            self._say(str(found))
        else:
            what = self.tr("alarm") if urgent else self.tr("entry of the journal")
            self._say(
                (self.tr("There is no later {0}.") if step > 0 else self.tr("There is no earlier {0}.")).format(what)
            )

    # the clock

    @property
    def step_ns(self) -> int:
        """From one moment shown to the next."""
        return max(LEAST_STEP_NS, round(self.speed * FRAME_S * 1e9))

    def _tick(self) -> None:
        """Moves the clock, shows the newest moment that is due, and reads on ahead."""
        now_s = time.monotonic()
        self._position_ns += (now_s - self._ticked_s) * self.speed * 1e9
        self._ticked_s = now_s
        due: Then | None = None
        while self._queue and self._queue[0].moment_ns <= self._position_ns:
            due = self._queue.popleft()
        if due is not None:
            self._show(due)
        if self._queue or due is not None:
            self._fed_s = now_s
        else:  # the clock stands still until the next moment is there: nothing is skipped
            self._position_ns = min(self._position_ns, self._last_ns + self.step_ns)
        self._tell_waiting(now_s - self._fed_s > 1.0 + self.step_ns / self.speed / 1e9)
        self._end_if_over()
        self._feed()

    @property
    def _last_ns(self) -> int:
        return self._past.then.moment_ns if self._past.then is not None else round(self._time.now().timestamp() * 1e9)

    def _tell_waiting(self, waiting: bool) -> None:
        if waiting != self.waiting:
            self.waiting = waiting
            self.changed.emit()

    def _end_if_over(self) -> None:
        if not self.playing:
            return
        shown = self._time.now()
        if self.end is not None and shown >= self.end:
            self.pause()
            self._say(self.tr("The replay has come to the end of its span."))
        elif shown >= dt.datetime.now(dt.UTC) - dt.timedelta(seconds=self.step_ns / 1e9):
            self._say(self.tr("The replay has caught up with the present: the console is live."))
            self.go_live()

    # feeding

    def _feed(self) -> None:
        """Asks for the next moment, one at a time: where a person wants to go first, else ahead of the clock."""
        if self._under_way:
            return
        seeking = self._seek_ns is not None
        if self._seek_ns is not None:
            wanted_ns = self._seek_ns
        elif self.playing and not self._time.live and len(self._queue) < AHEAD and self._past.then is not None:
            wanted_ns = self._next_ns()
            if not wanted_ns:
                return
        else:
            return
        self._under_way = True
        self._past.fetch(wanted_ns, partial(self._arrived, self._turn, seeking))

    def _next_ns(self) -> int:
        """On the grid of the steps, so that clocks show whole seconds; 0 where there is nothing more to play."""
        last_ns = self._queue[-1].moment_ns if self._queue else self._last_ns
        next_ns = (last_ns // self.step_ns + 1) * self.step_ns
        if self.end is not None:
            end_ns = round(self.end.timestamp() * 1e9)
            return min(next_ns, end_ns) if last_ns < end_ns else 0
        return next_ns if next_ns < time.time_ns() else 0

    def _arrived(self, turn: int, sought: bool, result: Any) -> None:
        self._under_way = False
        if not isinstance(result, Then):
            self._seek_ns = None
            self.pause()
            self._say(str(result))
            return
        if sought:  # also where a person has scrubbed on meanwhile: what is passed is seen
            if self._seek_ns == result.moment_ns:
                self._seek_ns = None
            self._show(result)
            self._position_ns = float(result.moment_ns)
        elif turn == self._turn:
            self._queue.append(result)
        self._feed()

    def _show(self, then: Then) -> None:
        self._own = True
        try:
            self._past.show(then)
        finally:
            self._own = False

    def _forget(self) -> None:
        """What was read ahead is of no use any more."""
        self._turn += 1
        self._queue.clear()
        self._position_ns = float(self._last_ns)
        self._ticked_s = self._fed_s = time.monotonic()

    def _picked(self) -> None:
        """Somebody else has moved the time: the replay goes on from there, or ends in the present."""
        if self._own:
            return
        self._seek_ns = None
        if self._time.live:
            self.pause()
        self._forget()
        self._position_ns = round(self._time.now().timestamp() * 1e9)
        self.changed.emit()

    def close(self) -> None:
        self._timer.stop()
        self.playing = False
