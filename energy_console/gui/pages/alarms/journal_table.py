"""Entries of the journal as a table, the newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from energy_console.gui.pages.alarms.words import kind_name, short_text, tr, when, who_name
from energy_console.gui.parts.alarm_shape import ACKNOWLEDGED, NEW, RETURNED, draw_alarm_shape
from energy_console.gui.parts.rank_table import RankTable
from energy_console.gui.parts.table_model import Column
from energy_console.gui.plots.marks import draw_flag
from energy_console.gui.theme import EVENT_ROW_HEIGHT, Looks
from energy_console.journal.entry import Entry

_SHAPES = {"new": NEW, "acknowledged": ACKNOWLEDGED, "returned": RETURNED, "normal": RETURNED}
_TIME_PX, _LONG_TIME_PX = 76, 148


class JournalTable(RankTable):
    """`picked` and `opened` carry the number of an entry as text."""

    def __init__(self, looks: Looks, zone: dt.tzinfo) -> None:
        columns = (
            Column("mark", "", 34),
            Column("time", tr("Time"), _TIME_PX, muted=True),
            Column("kind", tr("Kind"), 78, muted=True),
            Column("who", tr("Who"), 96),
            Column("text", tr("What"), 0),
        )
        super().__init__(looks, columns, tr("Journal"), EVENT_ROW_HEIGHT)
        self._looks, self._zone = looks, zone
        self.delegate.painters["mark"] = self._draw_mark

    def show_entries(self, entries: Sequence[Entry], today: dt.date) -> None:
        """Notes that were written anew are greyed."""
        times = [when(entry.time_ns, self._zone, today) for entry in entries]
        self.setColumnWidth(1, _LONG_TIME_PX if any(len(time) > 8 for time in times) else _TIME_PX)
        self.set_rows(
            [str(entry.id) for entry in entries],
            {
                "mark": [(entry.priority, str(entry.data.get("state", "new")), entry.kind) for entry in entries],
                "time": times,
                "kind": [kind_name(entry.kind) for entry in entries],
                "who": [who_name(entry.who) for entry in entries],
                "text": [short_text(entry) for entry in entries],
            },
            [str(entry.id) for entry in entries if entry.replaced_by],
        )

    def _draw_mark(self, painter: QPainter, cell: QRectF, value: tuple[int, str, str]) -> None:
        centre, theme = QPointF(cell.left() + 18, cell.center().y()), self._looks.theme
        priority, state, kind = value
        if priority:
            draw_alarm_shape(painter, centre, theme, priority, _SHAPES.get(state, NEW), 13, digit=False)
        elif kind == "note":
            draw_flag(painter, centre, theme.text)
        else:
            draw_flag(painter, centre, theme.faint)
