"""Under "Why here?": what changes against the plan in force, or how each asset of the plan in force follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from energy_console.gui.format import number
from energy_console.gui.pages.plan.against import Change
from energy_console.gui.pages.plan.frame import LEFT, RIGHT, tr, write
from energy_console.gui.parts.card import Card, rule
from energy_console.gui.parts.segments import Segments
from energy_console.gui.parts.text import Text, caption
from energy_console.gui.theme import CAPTION_PX, SEMIBOLD, Looks
from energy_console.planning.proposal import Followed

MOST_CHANGES = 40
_MARGIN = 14
_ROW_PX = 20
_NAME_SHARE, _NAME_MOST_PX = 0.33, 140.0


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a name in an outline, words, a figure; `faulty` rows say so by a mark as well."""

    name: str
    words: str
    figure: str = ""
    faulty: bool = False


class Lines(QWidget):
    """Rows painted one under the other, as high as they are many."""

    def __init__(self, looks: Looks, name: str) -> None:
        super().__init__()
        self._looks = looks
        self.lines: tuple[Line, ...] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        looks.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(240, max(1, len(self.lines)) * _ROW_PX)

    def show_lines(self, lines: Sequence[Line]) -> None:
        if tuple(lines) == self.lines:
            return
        self.lines = tuple(lines)
        self.setAccessibleDescription("; ".join(f"{line.name} {line.words} {line.figure}" for line in self.lines))
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._looks.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        name_px = min(self.width() * _NAME_SHARE, _NAME_MOST_PX)
        for place, line in enumerate(self.lines):
            top = place * _ROW_PX
            tag = QRectF(0.5, top + 1.5, name_px - 1, _ROW_PX - 4)
            painter.setPen(QPen(theme.muted if line.faulty else theme.line, 1.4 if line.faulty else 1))
            painter.setBrush(theme.raised)
            painter.drawRoundedRect(tag, 3, 3)
            inner = tag.adjusted(7, 0, -5, 0)
            write(painter, inner, line.name, theme, tone="text", align=LEFT)
            figure_px = 44.0 if line.figure else 0.0
            words = QRectF(name_px + 8, top, self.width() - name_px - 8 - figure_px, _ROW_PX)
            write(
                painter,
                words,
                f"! {line.words}" if line.faulty else line.words,
                theme,
                tone="text" if line.faulty else "muted",
            )
            figure = QRectF(self.width() - 60.0, top, 60, _ROW_PX)
            write(painter, figure, line.figure, theme, tone="text", align=RIGHT)
        painter.end()


class SideCard(Card):
    """`tabs` switches between the changes and the field once both are there."""

    def __init__(self, looks: Looks) -> None:
        super().__init__(" ", " ")
        self._changes: list[Change] | None = None
        self._against = self._since = ""
        self._assets: tuple[Followed, ...] = ()
        self._in_force = ""
        self._names: dict[str, str] = {}
        self._naive = ""
        self.tabs = Segments((("changes", tr("Changes")), ("field", tr("Field"))), tr("Changes, or the field"))
        self.tabs.picked.connect(lambda _key: self._show())
        self.add_tool(self.tabs)
        self.lines = Lines(looks, tr("Changes"))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(_MARGIN, 0, _MARGIN, 0)
        column.setSpacing(4)
        self.words = Text("", "muted", CAPTION_PX + 1, wrap=True)
        column.addWidget(self.words)
        column.addWidget(self.lines)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        self.body.addWidget(scroll, 1)
        self._foot_rule = rule()
        self.body.addWidget(self._foot_rule)
        self._sum = Text("", "text", CAPTION_PX + 1, SEMIBOLD)
        self._foot = caption()
        foot = QVBoxLayout()
        foot.setContentsMargins(_MARGIN, 5, _MARGIN, 6)
        foot.setSpacing(2)
        foot.addWidget(self._sum)
        foot.addWidget(self._foot)
        self._foot.setWordWrap(True)
        self.body.addLayout(foot)

    def sizeHint(self) -> QSize:
        return QSize(320, 220)

    def show_changes(self, against: str, changes: list[Change] | None, naive: str, since: str = "") -> None:
        """`changes` None: there is no plan in force to compare with, or it is this one. `since`: what brought them."""
        self._since = since
        if changes is not None and self._changes is None:
            self.tabs.pick("changes")
        elif changes is None:
            self.tabs.pick("field")
        self._against, self._changes, self._naive = against, changes, naive
        self._show()

    def show_field(self, in_force: str, assets: tuple[Followed, ...], names: dict[str, str]) -> None:
        """How each commanded asset of the plan in force stands; `in_force` is "" without one."""
        self._in_force, self._assets, self._names = in_force, assets, names
        self._show()

    def _show(self) -> None:
        both = self._changes is not None and bool(self._in_force)
        self.tabs.setVisible(both)
        if self._changes is not None and (self.tabs.current == "changes" or not self._in_force):
            self._show_changes(self._changes)
        elif self._in_force:
            self._show_assets()
        else:
            self.say(tr("No plan in force"))
            self.words.setText(
                tr("Nothing is written to the field. What you approve is compared here with what follows it.")
            )
            self._show_lines([], "")

    def _show_changes(self, changes: list[Change]) -> None:
        self.say(tr("Against plan {0}").format(self._against), "")
        since = tr("Since {0}.").format(self._since) if self._since else ""
        self.words.setText(since if changes else tr("It does as the plan in force does."))
        lines = [Line(one.name, one.words, number(one.eur, 1, sign=True)) for one in changes[:MOST_CHANGES]]
        if rest := changes[MOST_CHANGES:]:
            eur = sum(one.eur for one in rest)
            lines.append(Line(tr("{0} others").format(len(rest)), "", number(eur, 1, sign=True)))
        total = sum(one.eur for one in changes)
        words = tr("Sum of {0} changes, EUR of energy: {1}")
        self._show_lines(lines, words.format(len(changes), number(total, 1, sign=True)))

    def _show_assets(self) -> None:
        taken = sum(asset.written is True for asset in self._assets)
        self.say(tr("Field, plan {0}").format(self._in_force), "")
        lines = [self._line(asset) for asset in sorted(self._assets, key=lambda one: one.written is True)]
        self.words.setText("" if lines else tr("In this quarter of an hour the plan asks nothing of the field."))
        of_all = tr("{0} of {1} set-points written and read back").format(taken, len(self._assets))
        self._show_lines(lines, of_all if lines else "")

    def _line(self, asset: Followed) -> Line:
        name = self._names.get(asset.asset, asset.asset)
        figure = f"{number(asset.setpoint * 100)} %" if asset.kind == "lighting" else f"{number(asset.setpoint, 1)} A"
        if asset.written is None:
            return Line(name, tr("not written yet"), figure)
        if asset.written:
            return Line(name, tr("written, read back"), figure)
        return Line(name, asset.text, figure, faulty=True)

    def _show_lines(self, lines: list[Line], total: str) -> None:
        self.words.setVisible(bool(self.words.text()))
        self.lines.setVisible(bool(lines))
        self.lines.show_lines(lines)
        self._sum.setText(total)
        self._sum.setVisible(bool(total))
        self._foot.setText(self._naive)
        self._foot.setVisible(bool(self._naive))
        self._foot_rule.setVisible(bool(total or self._naive))
