"""Open alarms as a table, the most urgent first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QCoreApplication, QPointF, QRectF
from PySide6.QtGui import QPainter

from energy_console.engine.link import AlarmView
from energy_console.gui.format import duration
from energy_console.gui.parts.alarm_shape import ACKNOWLEDGED, NEW, RETURNED, draw_alarm_shape
from energy_console.gui.parts.rank_table import RankTable
from energy_console.gui.parts.table_model import Column
from energy_console.gui.theme import TWO_LINE_ROW_HEIGHT, Looks

translate = QCoreApplication.translate


class AlarmTable(RankTable):
    """`picked` and `opened` carry the number of an alarm as text."""

    def __init__(self, looks: Looks) -> None:
        columns = (
            Column("shape", "", 36, "shape"),
            Column("alarm", translate("alarms", "Alarm"), 0, "two_lines"),
            Column("state", translate("alarms", "State"), 104, muted=True),
            Column("since", translate("alarms", "For"), 76, "number", text=lambda age: duration(age, whole=True)),
        )
        super().__init__(looks, columns, translate("alarms", "Open alarms"), TWO_LINE_ROW_HEIGHT)
        self._looks = looks
        self.delegate.painters["shape"] = self._draw_shape

    def show_alarms(self, alarms: Sequence[AlarmView], names: Mapping[str, str], now_ns: int) -> None:
        """`names`: of devices and nodes by id; `now_ns` is the time shown."""
        states = {
            NEW: translate("alarms", "new"),
            ACKNOWLEDGED: translate("alarms", "acknowledged"),
            RETURNED: translate("alarms", "returned"),
        }
        self.set_rows(
            [str(alarm.id) for alarm in alarms],
            {
                "shape": [(alarm.priority, alarm.state) for alarm in alarms],
                "alarm": [(alarm.text, _where(alarm, names)) for alarm in alarms],
                "state": [states.get(alarm.state, alarm.state) for alarm in alarms],
                "since": [(now_ns - alarm.since_ns) / 1e9 for alarm in alarms],
            },
        )

    def _draw_shape(self, painter: QPainter, cell: QRectF, value: tuple[int, str]) -> None:
        centre = QPointF(cell.left() + 20, cell.center().y())
        draw_alarm_shape(painter, centre, self._looks.theme, value[0], value[1], 16)


def _where(alarm: AlarmView, names: Mapping[str, str]) -> str:
    name = names.get(alarm.source, "")
    return " · ".join(part for part in (alarm.source, name if name not in alarm.text else "", alarm.detail) if part)
