"""Third step, where no profile fits or one is doubted: registers read in every way, the likeliest first."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIntValidator, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from energy_console.engine.commissioning import Answer, Failed, Progress, Watched, WatchRegisters
from energy_console.gui.format import number
from energy_console.gui.pages.devices.adding.walk import Walk
from energy_console.gui.parts.bar_cell import draw_bar
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import rule
from energy_console.gui.parts.choice import Choice
from energy_console.gui.parts.rank_table import RankTable
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.parts.table_model import Column
from energy_console.gui.parts.text import ElidedText, Text, caption
from energy_console.gui.theme import BODY_PX, CAPTION_PX, MEDIUM, REGULAR, TABLE_ROW_HEIGHT, Looks, font
from hardware.commissioning.candidates import Candidate, Expectation
from hardware.commissioning.kinds import MEASURES
from hardware.profiles import Span, Table

_MARGIN = 11
_SHOWN = 6  # registers beside the one in question
_MOST = 10  # candidates
_SURE = 0.5
_CHIP_PX, _LEAST_CHIP_PX = 124.0, 96.0
_SMALL, _LARGE = 1e-3, 1e7  # outside, powers of ten are shorter
_NARROW_PX = 500


class RegisterChips(QWidget):
    """Registers in a row, address and word each; those of the way chosen are framed."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._words: list[tuple[int, int | None]] = []
        self._chosen = range(0)
        self._letters = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        looks.changed.connect(self.update)

    def show_words(self, words: list[tuple[int, int | None]]) -> None:
        """(address, word), the word None where the register did not answer."""
        self._words = words
        told = ("–" if word is None else f"{word:04X}" for _, word in words)
        self.setAccessibleName(" ".join(f"{address}: {word}" for (address, _), word in zip(words, told, strict=True)))
        self.update()

    def mark(self, addresses: range, letters: str) -> None:
        """`letters` is the order of the bytes, two for each register."""
        self._chosen, self._letters = addresses, letters
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, 26)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shown = self._words_that_fit()
        width = min(_CHIP_PX, (self.width() - 4.0 * (len(shown) - 1)) / max(1, len(shown)))
        for place, (address, word) in enumerate(shown):
            self._draw(painter, QRectF(place * (width + 4.0) + 0.5, 0.5, width - 1, 25), address, word)
        painter.end()

    def _words_that_fit(self) -> list[tuple[int, int | None]]:
        """From the first on, or from the first chosen where the others would be cut off."""
        room = max(1, int((self.width() + 4) // (_LEAST_CHIP_PX + 4)))
        before = [place for place, (address, _) in enumerate(self._words) if address < self._chosen.start]
        first = len(before) if len(before) + len(self._chosen) > room else 0
        return self._words[first : first + room]

    def _draw(self, painter: QPainter, box: QRectF, address: int, word: int | None) -> None:
        theme = self._looks.theme
        on = address in self._chosen
        painter.setPen(QPen(theme.accent if on else theme.line, 1))
        painter.setBrush(theme.selected if on else theme.field)
        painter.drawRoundedRect(box, 3, 3)
        painter.setFont(font(CAPTION_PX))
        painter.setPen(theme.muted)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(box.adjusted(6, 0, 0, 0), left, str(address))
        at = painter.fontMetrics().horizontalAdvance(str(address)) + 12.0
        painter.setPen(theme.text if word else theme.muted)
        painter.setFont(font(BODY_PX, MEDIUM if on else REGULAR))
        text = "–" if word is None else f"{word >> 8:02X} {word & 0xFF:02X}"
        painter.drawText(box.adjusted(at, 0, 0, 0), left, text)
        at += painter.fontMetrics().horizontalAdvance(text) + 5.0
        place = address - self._chosen.start
        letters = self._letters[2 * place : 2 * place + 2] if on else ""
        painter.setFont(font(CAPTION_PX))
        if letters and at + painter.fontMetrics().horizontalAdvance(" ".join(letters)) < box.width():
            painter.setPen(theme.muted)
            painter.drawText(box.adjusted(at, 0, 0, 0), left, " ".join(letters))


class RegisterStep(QWidget):
    """Watches one value for some seconds. Nothing here is needed to go on: a profile may be known already."""

    ready = Signal(bool)

    def __init__(self, walk: Walk) -> None:
        super().__init__()
        self._walk = walk
        self._watched: Watched | None = None
        self._ways: list[Candidate] = []
        looks = walk.desk.looks
        self.table_box = Choice(looks, self.tr("Table"))
        self.table_box.addItems([Table.HOLDING.value, Table.INPUT.value])
        self.address = QLineEdit("0")
        self.address.setValidator(QIntValidator(0, 0xFFFF, self.address))
        self.address.setFixedWidth(64)
        self.address.returnPressed.connect(self.watch)
        self.address.setAccessibleName(self.tr("Address of the value, as in its paper"))
        self.expected = Choice(looks, self.tr("What it should be"))
        self.expected.addItem(self.tr("anything"), "")
        for measure in MEASURES:
            self.expected.addItem(measure, measure)
        self._should_be = caption(self.tr("should be"))
        self.near = QLineEdit()
        self.near.setPlaceholderText(self.tr("near"))
        self.near.setFixedWidth(66)
        self.near.setAccessibleName(self.tr("A value it should be near, if one is known"))
        self.near.returnPressed.connect(self.watch)
        self.button = Button(looks, self.tr("Watch"), "magnifying-glass", on_click=self.watch)
        self.said = ElidedText("", "muted")
        self.chips = RegisterChips(looks)
        self.advice = Text("", "text", wrap=True)
        self.ways = RankTable(looks, self._columns(), self.tr("Ways to read it"), TABLE_ROW_HEIGHT)
        self.ways.delegate.painters["score"] = self._paint_score
        self.ways.picked.connect(self._pick)
        self.copy = Button(looks, self.tr("Copy as a profile's point"), "copy", on_click=self._copy)
        self.nothing = StatePane(
            looks,
            "empty",
            self.tr("Which registers hold the value?"),
            self.tr("Name the address from its paper. It is read five times with its neighbours, in every way."),
        )
        self._lay_out()
        walk.asking.connect(lambda on: self.button.setEnabled(not on))

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column("type", self.tr("Type"), 118, strong=True),
            Column("order", self.tr("Order"), 106, muted=True),
            Column("value", self.tr("Reads as"), 98, "number", strong=True, text=str),
            Column("score", self.tr("Plausible"), 76, "number"),
            Column("why", self.tr("Why"), 0, muted=True),
        )

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(_MARGIN, 10, _MARGIN, 2)
        row.setSpacing(6)
        for widget in (self.table_box, self.address, self._should_be, self.expected, self.near):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        for words in (self.said, self.advice):
            words.setContentsMargins(_MARGIN, 0, _MARGIN, 0)
        column.addWidget(self.said)
        chips = QHBoxLayout()
        chips.setContentsMargins(_MARGIN, 0, _MARGIN, 0)
        chips.addWidget(self.chips)
        column.addLayout(chips)
        column.addWidget(self.advice)
        column.addWidget(rule())
        column.addWidget(self.nothing, 1)
        column.addWidget(self.ways, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(_MARGIN, 2, _MARGIN, 6)
        foot.addWidget(self.copy)
        foot.addStretch(1)
        column.addLayout(foot)
        self._show(False)

    def enter(self) -> None:
        self._propose()
        self.address.setFocus()
        self.address.selectAll()
        self.ready.emit(bool(self._walk.draft.profile))

    def _propose(self) -> None:
        """The first register of the profile chosen, until another one was watched."""
        draft = self._walk.draft
        if self._watched is not None or not draft.profile:
            return
        points = self._walk.desk.site.library.profile(draft.profile).points
        first = next((point for point in points if not point.table.is_bits), None)
        if first is not None:
            self.table_box.setCurrentText(first.table.value)
            self.address.setText(str(first.address))

    def clear(self) -> None:
        """Another device: nothing of it is known."""
        self._watched, self._ways = None, []
        self.said.show_text("")
        self._show(False)

    def watch(self) -> None:
        near = self._near()
        if near is not None and near != near:
            self.said.show_text(self.tr("Write the value it should be near as a number, such as 231.5."))
            return
        table, address = Table(self.table_box.currentText()), int(self.address.text() or 0)
        span = Span(table, address, min(2, 0x10000 - address))
        draft = self._walk.draft
        expected = Expectation(self.expected.currentData(), near)
        self.said.show_text(self.tr("Reading …"))
        self._walk.ask(WatchRegisters(draft.link, draft.unit, span, expected=expected), self._answered, self._told)

    def _near(self) -> float | None:
        """None where nothing is written, NaN where it is no number."""
        text = self.near.text().strip().replace(",", ".")
        try:
            return float(text) if text else None
        except ValueError:
            return float("nan")

    def _told(self, news: Progress) -> None:
        self.said.show_text(self.tr("Read {0} of {1} times").format(news.done, news.total))

    def _answered(self, answer: Answer) -> None:
        if isinstance(answer, Failed):
            self.said.show_text(answer.text)
            self._show(False)
        elif isinstance(answer, Watched):
            self._watched = answer
            self._show_ways(answer)

    def _show_ways(self, watched: Watched) -> None:
        window, address = watched.window, watched.address
        seconds = number(window.seconds[-1] - window.seconds[0])
        self.said.show_text(self.tr("{0} readings in {1} s").format(len(window.seconds), seconds))
        self._ways = watched.reader.candidates(address, _MOST)
        first = max(window.address, address - 1)
        places = range(first - window.address, min(first - window.address + _SHOWN, len(window.known)))
        newest = window.words[-1]
        self.chips.show_words([(window.address + at, int(newest[at]) if window.known[at] else None) for at in places])
        self.ways.set_rows(
            [str(place) for place in range(len(self._ways))],
            {
                "type": [_type(way) for way in self._ways],
                "order": [_order(way) + (f"  {way.shift:+d}" if way.shift else "") for way in self._ways],
                "value": [_value(way) for way in self._ways],
                "score": [way.score for way in self._ways],
                "why": [way.brief for way in self._ways],
            },
        )
        self._show(bool(self._ways))
        if self._ways:
            self.ways.select_id("0")
            self.ways.setFocus()

    def _pick(self, place: str) -> None:
        way = self._ways[int(place)]
        self.chips.mark(range(way.address, way.address + way.words), way.order)
        self.advice.setText(self._advice(way, int(place)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _NARROW_PX
        self.ways.setColumnHidden(len(self._columns()) - 1, narrow)  # the advice says it too
        self._should_be.setVisible(not narrow)

    def _advice(self, way: Candidate, place: int) -> str:
        what = f"{_type(way)}, {_order(way)}"
        why = way.reason[:1].upper() + way.reason[1:]
        if place == 0 and way.score >= _SURE:
            return self.tr("Take {0} at {1}. {2}.").format(what, way.address, why)
        if place == 0:
            return self.tr("Nothing stands out. {0} at {1} is likeliest: {2}.").format(what, way.address, way.reason)
        return self.tr("{0} at {1}: {2}.").format(what, way.address, way.reason)

    def _copy(self) -> None:
        place = self.ways.selected_id()
        if place:
            QGuiApplication.clipboard().setText(point_toml(self._ways[int(place)], self.table_box.currentText()))
            self._walk.desk.said.emit(self.tr("Copied: put it into a file of the site's profiles folder."))

    def _paint_score(self, painter: QPainter, cell: QRectF, score: float) -> None:
        theme = self._walk.desk.looks.theme
        bar = QRectF(QPointF(cell.left() + 8, cell.center().y() - 4), QPointF(cell.left() + 36, cell.center().y() + 4))
        draw_bar(painter, bar, theme, score)
        painter.setFont(font(BODY_PX))
        painter.setPen(theme.text)
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(cell.adjusted(0, 0, -8, 0), side, number(score, 2))

    def _show(self, there: bool) -> None:
        self.nothing.setVisible(not there)
        for widget in (self.ways, self.chips, self.advice, self.copy):
            widget.setVisible(there)


def _type(way: Candidate) -> str:
    """ "int16 × 0.1": what it is and what one step is worth."""
    name = way.type.replace("uint16 or int16", "(u)int16").replace("uint32 or int32", "(u)int32")
    name = name.replace("uint64 or int64", "(u)int64")
    return f"{name} × {10.0**way.exponent:g}" if way.exponent else name


def _order(way: Candidate) -> str:
    """ "A B C D", in pairs where there are many."""
    if way.words < 4:
        return " ".join(way.order)
    return " ".join(way.order[at : at + 2] for at in range(0, len(way.order), 2))


def _value(way: Candidate) -> str:
    size = abs(way.value)
    if size == 0:
        figure = number(0)
    elif _SMALL <= size < _LARGE:
        figure = number(way.value, max(0, 5 - len(f"{size:.0f}")))
    else:
        figure = f"{way.value:.2e}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
    return f"{figure} {way.unit}".strip()


def point_toml(way: Candidate, table: str) -> str:
    """The way as a point of a profile file; docs/profiles.md says what else belongs there."""
    lines = [
        "[point.NAME]",
        f'name = "{way.measure}"',
        f'table = "{table}"',
        f"address = {way.address}",
        f'type = "{way.type.split(" ")[0]}"',
    ]
    lines += [f"scale = {10.0**way.exponent:g}"] if way.exponent else []
    lines += ["low_word_first = true"] if way.low_word_first else []
    if way.order in ("BA", "BADC", "DCBA", "BADCFEHG", "HGFEDCBA"):
        lines.append(f"# its bytes come as {way.order}: set the device to another order, a profile cannot say this one")
    return "\n".join(lines) + "\n"
