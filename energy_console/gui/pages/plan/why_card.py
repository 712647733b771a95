""" "Why here?": the limit that holds the chosen interval, who is on it, and what a kWh costs there, cause by cause."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from energy_console.gui.format import number
from energy_console.gui.pages.plan.frame import readable, tr
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import rule
from energy_console.gui.parts.text import ElidedText, Text, caption, title
from energy_console.gui.theme import BODY_PX, CAPTION_PX, SEMIBOLD, Looks
from optimizer.explain import LimitAtWork, OnLimit, Why

MOST_ROWS = 6
_MARGIN = 14
_KW_PX, _BAR_PX = 46, 32


class _Bar(QWidget):
    """How much of what it could draw a thing draws."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._share = 0.0
        self.setFixedSize(_BAR_PX, 8)
        looks.changed.connect(self.update)

    def show_share(self, share: float) -> None:
        self._share = min(max(share, 0.0), 1.0)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._looks.theme.track)
        painter.fillRect(QRectF(0, 0, self.width() * self._share, self.height()), self._looks.theme.bar)
        painter.end()


class _Row(QWidget):
    """Name (a link where it is a node), remark, bar, kW."""

    opened = Signal(str)

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._node = ""
        self.name = ElidedText("", "text", CAPTION_PX + 1)
        self.remark = ElidedText("", "muted", CAPTION_PX)
        self.bar = _Bar(looks)
        self.kw = Text("", "text", CAPTION_PX + 1)
        self.kw.setFixedWidth(_KW_PX)
        self.kw.setAlignment(Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.name, 9)
        row.addWidget(self.remark, 10)
        row.addWidget(self.bar)
        row.addWidget(self.kw)
        self.setFixedHeight(18)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._node and event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(self._node)
            return
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._node and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self._node)
            return
        super().keyPressEvent(event)

    def show_row(self, row: OnLimit, is_node: bool, share: float) -> None:
        self._node = row.id if is_node else ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if is_node else Qt.FocusPolicy.NoFocus)
        self.name.show_text(row.name)
        self.name.set_tone("accent" if is_node else "text")
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_node else Qt.CursorShape.ArrowCursor)
        self.remark.show_text(row.remark)
        self.remark.setVisible(not is_node)  # "everything under it" goes without saying
        self.bar.show_share(share)
        self.kw.setText(number(row.power_kw))
        self.setAccessibleName(f"{row.name}, {row.remark}, {number(row.power_kw)} kW")


class WhyCard(QFrame):
    """`asked` carries a node to explain next; `picked` the first step and node of a limit; `closed` the cross."""

    asked = Signal(str)
    picked = Signal(int, str)
    closed = Signal()

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks = looks
        self._limits: tuple[LimitAtWork, ...] = ()
        self._parent_node = ""
        self.setProperty("look", "card")
        self.setAccessibleName(tr("Why here?"))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 6, 1, 6)
        outer.setSpacing(0)
        outer.addLayout(self._head(looks))
        self._inside = QWidget()
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(_MARGIN, 0, _MARGIN, 4)
        column.setSpacing(3)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self._inside)
        outer.addWidget(scroll, 1)
        self._fill(column, looks)

    def sizeHint(self) -> QSize:
        return QSize(320, 330)

    def _head(self, looks: Looks) -> QHBoxLayout:
        self._title = title(tr("Why here?"))
        self._when = ElidedText("", "muted")
        self._cross = Button(looks, "", "x", "icon", name=tr("Choose no interval (Esc)"), on_click=self.closed.emit)
        head = QHBoxLayout()
        head.setContentsMargins(_MARGIN, 0, 8, 2)
        head.setSpacing(8)
        head.addWidget(self._title)
        head.addWidget(self._when, 1)
        head.addWidget(self._cross)
        return head

    def _fill(self, column: QVBoxLayout, looks: Looks) -> None:
        self._first = Text("", "text", BODY_PX, SEMIBOLD, wrap=True)
        self._rest = Text("", "text", BODY_PX, wrap=True)
        self._links = [Button(looks, "-", look="link") for _ in range(3)]
        for place, link in enumerate(self._links):
            link.clicked.connect(lambda _checked=False, place=place: self._pick(place))
        self._who = ElidedText("", "muted", CAPTION_PX)
        self._up = Button(looks, "-", look="link", on_click=lambda: self.asked.emit(self._parent_node))
        self._rows = [_Row(looks) for _ in range(MOST_ROWS + 1)]
        for row in self._rows:
            row.opened.connect(self.asked)
        self._sum = Text("", "text", CAPTION_PX + 1, SEMIBOLD)
        self._sum_kw = Text("", "text", CAPTION_PX + 1, SEMIBOLD)
        self._sum_kw.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._costs = ElidedText("", "text", CAPTION_PX + 1)
        self._eur = Text("", "text", CAPTION_PX + 1, SEMIBOLD)
        self._causes = caption()
        self._causes.setWordWrap(True)
        self._rules = [rule(), rule()]
        column.addWidget(self._first)
        column.addWidget(self._rest)
        for link in self._links:
            column.addWidget(link)
        column.addWidget(self._rules[0])
        column.addLayout(_line(self._who, self._up))
        for row in self._rows:
            column.addWidget(row)
        column.addLayout(_line(self._sum, self._sum_kw))
        column.addWidget(self._rules[1])
        column.addLayout(_line(self._costs, self._eur))
        column.addWidget(self._causes)
        column.addStretch(1)

    # showing

    def show_why(self, why: Why, when: str, parent: tuple[str, str] | None, nodes: frozenset[str]) -> None:
        """`parent`: id and name of the node above; `nodes`: ids that can be asked about in turn."""
        self._limits = ()
        self._say_title(tr("Why here?"), when, True)
        first, _, rest = readable(why.headline).partition("; ")
        self._first.setText(f"{first}." if rest else first)
        self._rest.setText(rest[:1].upper() + rest[1:])
        self._rest.setVisible(bool(rest))
        self._who.show_text(tr("On {0}, kW").format(why.name))
        self._parent_node = parent[0] if parent else ""
        self._up.set_words(tr("Above: {0}").format(_short(parent[1])) if parent else "-")
        for widget in self._details():
            widget.show()
        self._show_rows(why, nodes)
        self._costs.show_text(tr("One kWh more there costs"))
        self._eur.setText(tr("{0} EUR").format(number(why.energy_eur_per_kwh, 3)))
        causes = [f"{part.cause} {number(part.eur_per_kwh, 3, sign=True)}" for part in why.parts]
        self._causes.setText(" · ".join(causes))
        self._up.setVisible(parent is not None)
        for link in self._links:
            link.hide()
        self.update()

    def _show_rows(self, why: Why, nodes: frozenset[str]) -> None:
        held = {one.id: one.sentence for one in why.held}
        rows = [*why.drawing[:MOST_ROWS]]
        others = why.drawing[MOST_ROWS:]
        if others:
            power = sum(row.power_kw for row in others)
            rows.append(OnLimit("", tr("{0} others").format(len(others)), power, power, ""))
        for place, shown in enumerate(self._rows):
            shown.setVisible(place < len(rows))
            if place < len(rows):
                row = rows[place]
                if row.id in held:
                    row = OnLimit(row.id, row.name, row.power_kw, row.could_kw, held[row.id])
                share = row.power_kw / row.could_kw if row.could_kw > 0 else 0.0
                shown.show_row(row, row.id in nodes, share)
        total = sum(row.power_kw for row in why.drawing)
        full = why.limit is not None
        self._sum.setText(tr("Sum = limit of {0}").format(_short(why.name)) if full else tr("Sum"))
        self._sum_kw.setText(number(total))

    def show_limits(self, limits: tuple[LimitAtWork, ...], known: bool) -> None:
        """No interval chosen: what holds the plan at all. `known`: False for a plan kept without its prices."""
        self._limits = limits
        self._say_title(tr("What holds this plan"), "", False)
        for widget in self._details():
            widget.hide()
        self._up.hide()
        if not known:
            self._first.setText(tr("The plan in force is kept without its prices."))
            self._rest.setText(tr("Make a plan to ask why; then choose an interval in the picture."))
        elif limits:
            self._first.setText(tr("{0} limits are at work.").format(len(limits)))
            self._rest.setText(tr("Choose an interval in the picture, or one of these:"))
        else:
            self._first.setText(tr("No limit of the grid holds this plan back."))
            self._rest.setText(tr("Prices alone decide. Choose an interval to see what a kWh costs there and why."))
        self._rest.show()
        for place, link in enumerate(self._links):
            link.setVisible(place < len(limits))
            if place < len(limits):
                limit = limits[place]
                words = tr("{0}–{1}  {2}, {3} EUR/kW")
                span = (f"{limit.begins:%H:%M}", f"{limit.ends:%H:%M}", limit.name, number(limit.eur_per_kw, 2))
                link.set_words(words.format(*span))
        self.update()

    @property
    def words(self) -> str:
        """What the card says first, for screen readers and tests."""
        return f"{self._first.text()} {self._rest.text()}"

    def _details(self) -> tuple[QWidget, ...]:
        return (self._who, *self._rows, self._sum, self._sum_kw, self._costs, self._eur, self._causes, *self._rules)

    def _say_title(self, text: str, when: str, chosen: bool) -> None:
        self._title.setText(text)
        self._when.show_text(when)
        self._cross.setVisible(chosen)
        self._chosen = chosen

    def _pick(self, place: int) -> None:
        if place < len(self._limits):
            self.picked.emit(self._limits[place].first_step, self._limits[place].node)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._cross.isHidden():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._looks.theme.accent, 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()


def _line(left: QWidget, right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(left, 1)
    row.addWidget(right)
    return row


def _short(name: str) -> str:
    """The part of a node's name before its first comma: "Feeder QN-1"."""
    return name.split(",")[0]
