"""What a probe brought: each request with its words in hex and its round trip, and the values decoded from them."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from energy_console.engine.link import ProbedSpan, ProbeReport
from energy_console.gui.desk import Desk
from energy_console.gui.format import moment, point_value, reason_text, stamp
from energy_console.gui.pages.devices.tree_painter import trip_text
from energy_console.gui.parts.hatch import draw_hatch
from energy_console.gui.parts.rank_table import RankTable
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.parts.table_model import Column
from energy_console.gui.parts.text import ElidedText, Text
from energy_console.gui.theme import BODY_PX, CAPTION_PX, MEDIUM, TREE_ROW_HEIGHT, Looks, font

_WORD = QSize(48, 22)
_ADDRESS_PX = 62
_GAP = 2
_HEAD_PX = 20


class RegisterWords(QWidget):
    """Words of the spans read, eight or more a line, with the address of the first of each line at its left."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._spans: tuple[ProbedSpan, ...] = ()
        self._marked: tuple[str, int, int] | None = None
        looks.changed.connect(self.update)

    def show_spans(self, spans: tuple[ProbedSpan, ...]) -> None:
        self._spans = spans
        self._marked = None
        self.setAccessibleName("; ".join(_span_words(span) for span in spans))
        self._fit()

    def mark(self, table: str, address: int, words: int) -> None:
        """Frames the words of one value."""
        self._marked = (table, address, words)
        self.update()

    def _columns(self) -> int:
        return max(4, (self.width() - _ADDRESS_PX) // (_WORD.width() + _GAP))

    def _fit(self) -> None:
        rows = sum(max(1, -(-len(span.words) // self._columns())) for span in self._spans)
        self.setFixedHeight(rows * (_WORD.height() + _GAP) + len(self._spans) * _HEAD_PX + 4)
        self.update()

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = 0.0
        for span in self._spans:
            top = self._draw_span(painter, span, top)
        painter.end()

    def _draw_span(self, painter: QPainter, span: ProbedSpan, top: float) -> float:
        theme = self._looks.theme
        painter.setFont(font(CAPTION_PX))
        painter.setPen(theme.muted)
        painter.drawText(QRectF(0, top, self.width(), _HEAD_PX), Qt.AlignmentFlag.AlignVCenter, _span_words(span))
        top += _HEAD_PX
        if not span.words:
            draw_hatch(
                painter, QRectF(_ADDRESS_PX, top, self.width() - _ADDRESS_PX, _WORD.height()), theme, outline=True
            )
            return top + _WORD.height() + _GAP
        columns = self._columns()
        for place, word in enumerate(span.words):
            row, column = divmod(place, columns)
            y = top + row * (_WORD.height() + _GAP)
            if column == 0:
                address = QRectF(0, y, _ADDRESS_PX - 8, _WORD.height())
                painter.setFont(font(CAPTION_PX))
                painter.setPen(theme.muted)
                side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(address, side, str(span.address + place))
            box = QRectF(QPointF(_ADDRESS_PX + column * (_WORD.width() + _GAP), y), _WORD.toSizeF())
            self._draw_word(painter, box, word, self._is_marked(span, place))
        return top + -(-len(span.words) // columns) * (_WORD.height() + _GAP)

    def _is_marked(self, span: ProbedSpan, place: int) -> bool:
        if self._marked is None or self._marked[0] != span.table:
            return False
        return self._marked[1] <= span.address + place < self._marked[1] + self._marked[2]

    def _draw_word(self, painter: QPainter, box: QRectF, word: int, marked: bool) -> None:
        theme = self._looks.theme
        painter.setPen(QPen(theme.accent if marked else theme.line, 1))
        painter.setBrush(theme.selected if marked else theme.field)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
        painter.setFont(font(CAPTION_PX, MEDIUM))
        painter.setPen(theme.text if word else theme.muted)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{word >> 8:02X} {word & 0xFF:02X}")


def _span_words(span: ProbedSpan) -> str:
    """ "holding 0 to 59, 60 words, 19 ms" or what went wrong."""
    last = span.address + max(1, len(span.words)) - 1
    if span.fault:
        return f"{span.table} {span.address}: {span.fault}"
    return f"{span.table} {span.address} to {last}, {len(span.words)} words, {trip_text(span.round_trip_ms)} ms"


class ProbeView(QWidget):
    """Empty until a probe was made; then its sentence, the words, and the values as a table that marks their words."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._report: ProbeReport | None = None
        self._pane = StatePane(desk.looks)
        self._sentence = Text("", "text", BODY_PX, 600)
        self._remark = ElidedText("", "muted")
        self._words = RegisterWords(desk.looks)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._words)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName(self.tr("Register words"))
        self._table = RankTable(desk.looks, self._columns(), self.tr("Values decoded"), TREE_ROW_HEIGHT)
        self._table.picked.connect(self._mark)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._pane, 1)
        for widget in (self._sentence, self._remark):
            widget.setContentsMargins(12, 0, 12, 0)
            column.addWidget(widget)
        self._scroll.setViewportMargins(12, 0, 4, 0)
        column.addWidget(self._scroll, 2)
        column.addWidget(self._table, 3)
        self.forget()

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column("name", self.tr("Value"), 0),
            Column("register", self.tr("Register"), 88, muted=True),
            Column("type", self.tr("Type"), 70, muted=True),
            Column("value", self.tr("Reads as"), 124, "number", strong=True, text=str),
        )

    def forget(self, device: str = "") -> None:
        """Nothing was probed yet."""
        what = self.tr("{0} has not been probed.").format(device) if device else self.tr("Nothing probed yet.")
        self._pane.say("empty", what, self.tr("A probe reads the whole profile once, out of turn. Nothing is written."))
        self._show(False)

    def wait(self, device: str) -> None:
        self._pane.say(
            "loading", self.tr("Reading {0} …").format(device), self.tr("Every register of its profile, once.")
        )
        self._show(False)

    def show_report(self, report: ProbeReport) -> None:
        self._report = report
        if report.fault:
            todo = self.tr("Check its power, its unit number and the link; then probe again.")
            self._pane.say("lost", report.fault, todo)
            self._show(False)
            return
        answered = [span for span in report.spans if not span.fault]
        trip = sum(span.round_trip_ms for span in answered)
        self._sentence.setText(
            self.tr("{0} of {1} requests answered, {2} ms in all.").format(
                len(answered), len(report.spans), trip_text(trip)
            )
        )
        zone = self._desk.site.place.zone
        self._remark.show_text(
            self.tr("{0}; choose a value to see its words").format(stamp(moment(report.time_ns), zone))
        )
        self._words.show_spans(report.spans)
        self._fill(report)
        self._show(True)

    def _fill(self, report: ProbeReport) -> None:
        site = self._desk.site
        points = [site.point(value.point) for value in report.values]
        shown = [
            reason_text(value.status) if value.value != value.value else point_value(point, value.value)
            for point, value in zip(points, report.values, strict=True)
        ]
        self._table.set_rows(
            [value.point for value in report.values],
            {
                "name": [point.name for point in points],
                "register": [f"{value.table[:7]} {value.address}" for value in report.values],
                "type": [value.type for value in report.values],
                "value": shown,
            },
        )

    def _mark(self, point: str) -> None:
        if self._report is not None:
            value = next(value for value in self._report.values if value.point == point)
            self._words.mark(value.table, value.address, value.words)

    def _show(self, there: bool) -> None:
        self._pane.setVisible(not there)
        parts: tuple[QWidget, ...] = (self._sentence, self._remark, self._scroll, self._table)
        for widget in parts:
            widget.setVisible(there)
