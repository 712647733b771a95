"""The navigation rail: one item a page, the active one with an accent edge; the site's name above."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QEnterEvent,
    QFontMetrics,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QVBoxLayout, QWidget

from energy_console.gui.icons import icon_pixmap
from energy_console.gui.pages.registry import PageEntry
from energy_console.gui.parts.point_drag import dragged_points
from energy_console.gui.parts.text import Text
from energy_console.gui.theme import (
    ALARM_STRIP_HEIGHT,
    BODY_PX,
    CAPTION_PX,
    MEDIUM,
    RAIL_ICON_PX,
    RAIL_ITEM_HEIGHT,
    RAIL_WIDTH,
    REGULAR,
    SEMIBOLD,
    Looks,
    font,
)

SPRING_MS = 500  # points held over an item this long open its page


class RailItem(QAbstractButton):
    """Icon over label; `away` marks a page that is in its own window.

    Points dragged over it for a moment open its page (`hovered`), so that they can be let go there; let go on the item
    itself they are `dropped`.
    """

    hovered = Signal()
    dropped = Signal(list)

    def __init__(self, looks: Looks, text: str, icon_name: str, tip: str, *, page: bool = True) -> None:
        super().__init__()
        self._looks = looks
        self._icon_name = icon_name
        self._away = False
        self.setText(text)
        self.setAccessibleName(text)
        self.setToolTip(tip)
        self.setCheckable(page)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(RAIL_WIDTH - 1, RAIL_ITEM_HEIGHT)
        self.setAcceptDrops(page)
        self._hover = QTimer(self)
        self._hover.setSingleShot(True)
        self._hover.setInterval(SPRING_MS)
        self._hover.timeout.connect(self.hovered)
        looks.changed.connect(self.update)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dragged_points(event.mimeData()):
            event.acceptProposedAction()
            self._hover.start()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._hover.stop()

    def dropEvent(self, event: QDropEvent) -> None:
        self._hover.stop()
        event.acceptProposedAction()
        self.dropped.emit(dragged_points(event.mimeData()))

    def show_as(self, text: str, icon_name: str) -> None:
        self._icon_name = icon_name
        self.setText(text)
        self.setAccessibleName(text)
        self.update()

    def set_away(self, away: bool) -> None:
        self._away = away
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._looks.theme
        painter = QPainter(self)
        lit = self.isChecked() or self.underMouse() or self.hasFocus()
        if self.isChecked():
            painter.fillRect(self.rect(), theme.selected)
            painter.fillRect(QRect(0, 0, 3, self.height()), theme.accent)
        elif lit:
            painter.fillRect(self.rect(), theme.raised)
        colour = theme.text if lit else theme.muted
        ratio = self.devicePixelRatioF()
        left = (self.width() - RAIL_ICON_PX) // 2
        painter.drawPixmap(left, 7, icon_pixmap(self._icon_name, RAIL_ICON_PX, colour, ratio))
        if self._away:
            painter.drawPixmap(left + 26, 5, icon_pixmap("arrow-square-out", 10, theme.muted, ratio))
        painter.setFont(font(CAPTION_PX, MEDIUM if self.isChecked() else REGULAR))
        painter.setPen(colour)
        painter.drawText(QRect(0, 31, self.width(), 16), Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()

    def sizeHint(self) -> QSize:
        return QSize(RAIL_WIDTH - 1, RAIL_ITEM_HEIGHT)


class NavRail(QFrame):
    """`picked` carries a page's key, `dropped` also points let go on it; `theme_toggled` is the item at the foot."""

    picked = Signal(str)
    dropped = Signal(str, list)
    theme_toggled = Signal()

    def __init__(self, looks: Looks, entries: Sequence[PageEntry], name: str, subtitle: str) -> None:
        super().__init__()
        self._looks = looks
        self.setProperty("look", "surface")
        self.setFixedWidth(RAIL_WIDTH)
        self.setAccessibleName(self.tr("Pages"))
        self._items: dict[str, RailItem] = {}
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 1, 0)
        column.setSpacing(0)
        column.addWidget(_site_name(name, subtitle))
        column.addSpacing(7)
        group = entries[0].group if entries else 0
        for entry in entries:
            if entry.group != group:
                column.addWidget(_gap())
                group = entry.group
            column.addWidget(self._item(entry))
        column.addStretch(1)
        self._theme_item = RailItem(looks, "", "sun", self.tr("Light or dark (Ctrl+Shift+L)"), page=False)
        self._theme_item.clicked.connect(lambda _checked=False: self.theme_toggled.emit())
        column.addWidget(self._theme_item)
        looks.changed.connect(self._name_theme)
        self._name_theme()

    def _item(self, entry: PageEntry) -> RailItem:
        item = RailItem(self._looks, entry.name, entry.icon, f"{entry.name} ({entry.shortcut})")
        item.clicked.connect(lambda _checked=False, key=entry.key: self.picked.emit(key))
        item.hovered.connect(lambda key=entry.key: self.picked.emit(key))
        item.dropped.connect(lambda points, key=entry.key: self.dropped.emit(key, points))
        self._group.addButton(item)
        self._items[entry.key] = item
        return item

    def _name_theme(self) -> None:
        dark = self._looks.theme.dark
        self._theme_item.show_as(self.tr("Light") if dark else self.tr("Dark"), "sun" if dark else "moon")

    def show_current(self, key: str) -> None:
        self._items[key].setChecked(True)

    def set_away(self, key: str, away: bool) -> None:
        self._items[key].set_away(away)

    def item(self, key: str) -> RailItem:
        return self._items[key]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._looks.theme
        painter.fillRect(self.rect(), theme.surface)
        painter.fillRect(QRect(self.width() - 1, 0, 1, self.height()), theme.line)
        painter.fillRect(QRect(0, ALARM_STRIP_HEIGHT - 1, self.width(), 1), theme.line)
        painter.end()


def _site_name(name: str, subtitle: str) -> QWidget:
    head = QWidget()
    head.setFixedHeight(ALARM_STRIP_HEIGHT)
    column = QVBoxLayout(head)
    column.setContentsMargins(3, 4, 3, 5)
    column.setSpacing(0)
    for words, tone, size, weight in ((name, "text", BODY_PX, SEMIBOLD), (subtitle, "muted", CAPTION_PX, REGULAR)):
        label = Text("", tone, size, weight)
        _fit_words(label, words, size, weight)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(label)
    return head


def _fit_words(label: Text, words: str, size_px: int, weight: int) -> None:
    """A long name is set smaller, down to 9 px, then cut; the whole name is the tooltip."""
    room = RAIL_WIDTH - 9
    while size_px > 9 and QFontMetrics(font(size_px, weight)).horizontalAdvance(words) > room:
        size_px -= 1
    label.setFont(font(size_px, weight))
    label.setText(QFontMetrics(label.font()).elidedText(words, Qt.TextElideMode.ElideRight, room))
    label.setToolTip(words)


def _gap() -> QWidget:
    """A hairline 17 px deep between two groups of pages."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(16, 8, 16, 8)
    line = QFrame()
    line.setProperty("look", "line")
    line.setFixedHeight(1)
    column.addWidget(line)
    return box
