"""What of the journal is marked on the power stack: urgent alarms as they were raised, notes, acts, plans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from energy_console.gui.parts.alarm_shape import NEW, draw_alarm_shape
from energy_console.gui.plots.marks import draw_flag
from energy_console.gui.theme import Theme
from energy_console.journal.entry import Entry

KINDS = ("alarm", "note", "plan", "command")
_URGENT = 2
_ACTS = ("approved", "taken out", "ended")
_SHAPE_PX, _NEAR_PX, _BELOW_PX = 12, 7.0, 7.0


@dataclass(frozen=True, slots=True)
class StackMark:
    """`priority` of an alarm, 0 for all else."""

    time_s: float
    words: str
    priority: int = 0


def marks_of(entries: Sequence[Entry]) -> tuple[StackMark, ...]:
    """Marks in order of time."""
    found = [StackMark(entry.time_ns / 1e9, entry.text, entry.priority) for entry in entries if _is_marked(entry)]
    return tuple(sorted(found, key=lambda mark: mark.time_s))


def _is_marked(entry: Entry) -> bool:
    if entry.kind == "alarm":
        return 0 < entry.priority <= _URGENT and entry.data.get("state", NEW) == NEW
    return entry.kind != "plan" or entry.data.get("act") in _ACTS


def draw_marks(
    painter: QPainter, theme: Theme, plot: QRectF, x_of: Callable[[float], float], marks: Sequence[StackMark]
) -> None:
    """Along the foot of the plot; of marks that would lie on one another the most urgent is drawn last."""
    y = plot.bottom() + _BELOW_PX
    for mark in sorted(marks, key=lambda mark: -(mark.priority or 9)):
        x = x_of(mark.time_s)
        if not plot.left() <= x <= plot.right():
            continue
        if mark.priority:
            draw_alarm_shape(painter, QPointF(x, y), theme, mark.priority, NEW, _SHAPE_PX, digit=False)
        else:
            draw_flag(painter, QPointF(x, y), theme.muted)


def words_near(plot: QRectF, x_of: Callable[[float], float], marks: Sequence[StackMark], at: QPointF) -> str:
    """What the marks at a place of the plot's foot say; empty where there is none."""
    if abs(at.y() - plot.bottom() - _BELOW_PX) > _NEAR_PX:
        return ""
    return "\n".join(mark.words for mark in marks if abs(x_of(mark.time_s) - at.x()) <= _NEAR_PX)
