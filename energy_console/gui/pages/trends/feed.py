"""One point's readings for the window on screen: history from the store and live batches in one row without a seam.

History is asked for on a worker thread, three windows wide, in spans about a pixel wide or as single readings where
those are few. Live readings are kept from the moment the point was added. When an answer comes, the part of it that the
live readings cover better is cut off, so nothing is drawn twice and nothing is missing.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.cells import Cells, nothing, of_buckets, of_readings
from energy_console.gui.plots.gaps import Gap
from energy_console.gui.plots.trace import Line
from energy_console.historian.errors import HistoryAway
from energy_console.historian.interface import Historian, Series
from hardware.points import FIRST_BAD_REASON, Float64Array, UInt16Array

_NS = 1e9
_MOST_READINGS = 12_000  # in an answer; beyond, spans are asked for
_MOST_LIVE = 6_000
_PLAIN = 32
_CERTAIN = np.zeros(_PLAIN, bool)
_MISSED_CYCLES = 3.0
_LEAST_HOLD_S = 5.0
_ASK_AGAIN_S = 10.0
_CLOCK_BACK_S = 30.0
_REFRESH_S = 120.0
_COARSER = 1.5  # an answer this many times coarser than a pixel is asked for again


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the store. `now_s` is when it was put: the answer knows nothing later."""

    start_s: float
    end_s: float
    count: int
    single: bool
    now_s: float

    @property
    def reaches_now(self) -> bool:
        return self.end_s >= self.now_s

    @property
    def every_s(self) -> float:
        return (self.end_s - self.start_s) / self.count


class LiveTail:
    """Readings of one point as they came, the newest 6,000; complete from `from_s` on."""

    def __init__(self, from_s: float) -> None:
        self.from_s = from_s
        self.set_back = False
        self._time: list[float] = []
        self._value: list[float] = []
        self._status: list[int] = []

    def __len__(self) -> int:
        return len(self._time)

    def add(self, time_s: float, value: float, status: int) -> bool:
        """Keeps a reading; one that is not newer than the last is one we have already.

        One that is much older tells that the clock was set back: what was kept ahead of it is let go.
        """
        if self._time and time_s < self._time[-1] - _CLOCK_BACK_S:
            self.forget_before(np.inf)
            self.from_s = time_s
            self.set_back = True
        elif self._time and time_s <= self._time[-1]:
            return False
        self._time.append(time_s)
        self._value.append(value)
        self._status.append(status)
        if len(self._time) > 2 * _MOST_LIVE:
            for column in (self._time, self._value, self._status):
                del column[:_MOST_LIVE]
            self.from_s = self._time[0]
        return True

    def forget_before(self, time_s: float) -> None:
        """Lets go of readings that the store has answered with."""
        first = bisect.bisect_left(self._time, time_s)
        for column in (self._time, self._value, self._status):
            del column[:first]
        self.from_s = max(self.from_s, time_s)

    @property
    def newest_s(self) -> float | None:
        return self._time[-1] if self._time else None

    def plain_line(self, time_s: float, before_s: float, hold_s: float) -> Line | None:
        """The readings from a time on as a line, where they are few, good and go on from `before_s`; None else."""
        first = bisect.bisect_left(self._time, time_s)
        times = self._time[first:]
        if not 0 < len(times) <= _PLAIN or any(self._status[first:]):
            return None
        if any(here - before > hold_s for before, here in itertools.pairwise((before_s, *times))):
            return None
        values = self._value[first:]
        if any(math.isnan(value) for value in values):
            return None
        return Line(np.array(times), np.array(values, dtype=float), _CERTAIN[: len(times)])

    def since(self, time_s: float, point: str, hold_s: float) -> Cells:
        """The readings at or after a time."""
        first = bisect.bisect_left(self._time, time_s)
        time_ns = np.rint(np.array(self._time[first:]) * _NS).astype(np.int64)
        value: Float64Array = np.array(self._value[first:], dtype=float)
        status: UInt16Array = np.array(self._status[first:], dtype=np.uint16)
        return of_readings(Series(point, time_ns, value, status), hold_s)


class PointFeed:
    """`changed` is called when the whole curve is new, `grown` with what was added at its end."""

    def __init__(self, desk: Desk, point: str, every_s: float, changed: Callable[[str], None]) -> None:
        self.point = point
        self.every_s = every_s
        self.hold_s = max(_LEAST_HOLD_S, _MISSED_CYCLES * every_s + 2.0)
        self.failure = ""  # why the store could not answer, empty while it can
        self.notice = ""  # why an answer is not all that there is
        self.answered = False
        self._desk = desk
        self._changed = changed
        self.row = desk.live.index.get(point)
        self._tail = LiveTail(desk.clock_ns() / _NS)
        self._base = nothing(self.hold_s)
        self._cut_s: float | None = (
            None  # live readings from here on belong to the curve; None: the answer ends earlier
        )
        self._drawn_until_s = -np.inf
        self._base_end_s = -np.inf
        self._gaps_due, self._in_gap = True, False
        self._asked: Asked | None = None
        self._have: Asked | None = None
        self._wanted: tuple[float, float, float] | None = None
        self._asked_for: tuple[float, float, float] | None = None
        self._cells: Cells | None = None
        self._closed = False

    @property
    def asking(self) -> bool:
        """Whether an answer of the store is under way."""
        return self._asked is not None

    def close(self) -> None:
        """An answer still under way is dropped."""
        self._closed = True

    @property
    def span_s(self) -> float | None:
        """How wide the spans of the history are, 0 for single readings; None while nothing is known."""
        return self._base.every_s if len(self._base) or len(self._tail) else None

    @property
    def cells(self) -> Cells:
        """All that is known now, history and live."""
        if self._cells is None:
            self._cells = self._base
            if self._cut_s is not None:
                self._cells = self._base.followed_by(self._tail.since(self._cut_s, self.point, self.hold_s))
        return self._cells

    def take(self, time_s: float, value: float, status: int) -> None:
        """Keeps a live reading of the point; one that is here already is left out."""
        new = self._tail.add(time_s, value, status)
        if self._tail.set_back:
            self._tail.set_back = False
            self._have = None  # the store knows the order: it is asked again
        if new and self._cut_s is not None:
            self._cells = None
            # only what is not as before changes the gaps, else they would be sought at every reading
            self._gaps_due |= self._in_gap or status >> 8 >= FIRST_BAD_REASON

    def gaps_due(self, now_s: float) -> bool:
        """Whether the gaps may be others than those told last: after bad readings, in a gap, or while none comes."""
        return self._gaps_due or self._in_gap or now_s - self._newest_s() > self.hold_s

    def _newest_s(self) -> float:
        newest = self._tail.newest_s
        return newest if newest is not None else self._base_end_s

    def gaps(self, until_s: float) -> tuple[Gap, ...]:
        """Where nothing usable was kept, up to `until_s`."""
        found = self.cells.gaps(until_s)
        self._gaps_due, self._in_gap = False, bool(found) and found[-1].end_s >= until_s
        return found

    def fresh(self) -> Line | None:
        """The end of the curve that was not yet drawn, since `whole` or the last call; None if there is none."""
        newest = self._tail.newest_s
        if self._cut_s is None or newest is None or newest <= self._drawn_until_s:
            return None
        start_s = max(self._cut_s, float(np.nextafter(self._drawn_until_s, np.inf)))
        line = self._tail.plain_line(start_s, self._drawn_until_s, self.hold_s)
        if line is not None:
            self._drawn_until_s = float(line.time_s[-1])
            return line
        added = self._tail.since(start_s, self.point, self.hold_s)
        if not len(added):
            return None
        line = added.line()
        apart = float(added.start_s[0]) - self._drawn_until_s > self.hold_s + self._base.every_s
        self._drawn_until_s = float(added.start_s[-1])
        if apart and np.isfinite(self._drawn_until_s) and len(self._base):
            line = Line(
                np.concatenate((line.time_s[:1], line.time_s)),
                np.concatenate(([np.nan], line.value)),
                np.concatenate(([False], line.uncertain)),
            )
        return line

    def whole(self) -> Line:
        """The curve from the beginning; `fresh` goes on from its end."""
        line = self._base.line()
        self._drawn_until_s = float(self._base.start_s[-1]) if len(self._base) else -np.inf
        live = self.fresh()
        if live is None:
            return line
        return Line(
            np.concatenate((line.time_s, live.time_s)),
            np.concatenate((line.value, live.value)),
            np.concatenate((line.uncertain, live.uncertain)),
        )

    def want(self, start_s: float, end_s: float, width_px: float) -> None:
        """Sees to it that a window is known about as finely as its pixels; asks the store where it is not."""
        self._wanted = (start_s, end_s, width_px)
        now_s = self._desk.clock_ns() / _NS
        if self._asked is None and not self._suffices(start_s, end_s, width_px, now_s):
            self._ask(start_s, end_s, width_px, now_s)

    def ask_anew(self) -> None:
        """The past is another (imported, corrected): the curve stays as it is until the store has answered again."""
        self._have = self._asked_for = None

    def _suffices(self, start_s: float, end_s: float, width_px: float, now_s: float) -> bool:
        have = self._have
        if have is None or start_s < have.start_s or (have.reaches_now and len(self._tail) > _MOST_LIVE):
            return False
        if end_s >= have.now_s - 1 and now_s - have.now_s > self._fresh_for_s(start_s, end_s):
            return False
        if end_s > have.end_s and not (have.reaches_now and self._covers(have)):
            return False
        pixel_s = (end_s - start_s) / width_px
        if have.single:
            return (have.end_s - have.start_s) <= 40 * (end_s - start_s) or len(self._base) < _MOST_READINGS
        # by what was asked for: the store may have no finer spans, and asking again would not help
        too_coarse = have.every_s > _COARSER * pixel_s
        too_fine = have.every_s < pixel_s / 6 and len(self._base) > _MOST_READINGS
        return not too_coarse and not too_fine

    def _fresh_for_s(self, start_s: float, end_s: float) -> float:
        """How long an answer that reaches the present serves: short while the past is missing, it may be on its way."""
        if self.notice:
            return _ASK_AGAIN_S
        missing = not len(self._base) or float(self._base.start_s[0]) > start_s + 0.1 * (end_s - start_s)
        return _ASK_AGAIN_S if missing else max(_REFRESH_S, (end_s - start_s) / 200)

    def _covers(self, have: Asked) -> bool:
        """Whether the live readings go on where the answer ends."""
        return self._cut_s is not None and self._tail.from_s <= max(have.now_s, self._cut_s)

    def _ask(self, start_s: float, end_s: float, width_px: float, now_s: float) -> None:
        span_s = end_s - start_s
        first, last = start_s - span_s, min(end_s + span_s, now_s)
        if last <= first:  # all of it lies ahead
            first = last - span_s
        count = max(300, round(3 * width_px))
        single = (last - first) / self.every_s <= _MOST_READINGS
        asked = Asked(first, last, count, single, now_s)
        self._asked, self._asked_for = asked, self._wanted
        self._desk.query(lambda store: _question(store, self.point, asked, self.hold_s), self._answer)

    def _answer(self, answer: object) -> None:
        asked, self._asked = self._asked, None
        if self._closed or asked is None:
            return
        self.answered = True
        self.failure = self.notice = ""
        if isinstance(answer, HistoryAway):
            self.notice = str(answer)
            self._keep(asked, answer.known)
        elif isinstance(answer, Exception):
            self.failure = str(answer)
        else:
            self._keep(asked, answer)  # type: ignore[arg-type]
        self._changed(self.point)
        # only for a window that has moved meanwhile: an answer that does not suffice would be the same again
        if self._wanted is not None and self._wanted != self._asked_for and not self.failure:
            self.want(*self._wanted)

    def _keep(self, asked: Asked, cells: Cells) -> None:
        self._have, self._cells = asked, None
        self._cut_s = self._seam(asked, cells) if asked.reaches_now else None
        self._base = cells if self._cut_s is None else cells.until(self._cut_s)
        self._base_end_s = float(self._base.end_s[-1]) if len(self._base) else -np.inf
        if self._cut_s is not None:
            self._tail.forget_before(self._cut_s)

    def _seam(self, asked: Asked, cells: Cells) -> float:
        """From where the live readings are drawn: the last span where they cover all of it, so that it is not cut."""
        if not len(cells):
            return self._tail.from_s
        last_s = float(cells.start_s[-1])
        if not cells.every_s:
            return float(np.nextafter(last_s, np.inf))
        return last_s if self._tail.from_s <= last_s else asked.now_s


def _question(store: Historian, point: str, asked: Asked, hold_s: float) -> Cells:
    """Asks and makes cells of the answer, on the worker's thread; also of what is known while a server is away."""
    start_ns, end_ns = round(asked.start_s * _NS), round(asked.end_s * _NS) + 1
    try:
        if asked.single:
            return of_readings(store.read(point, start_ns, end_ns), hold_s)
        return of_buckets(store.buckets(point, start_ns, end_ns, asked.count), hold_s, asked.now_s)
    except HistoryAway as away:
        known = away.known
        cells = of_readings(known, hold_s) if asked.single else of_buckets(known, hold_s, asked.now_s)
        raise HistoryAway(str(away), cells) from away
