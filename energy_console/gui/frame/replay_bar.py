"""The bar of the past, under the title row: what is replayed and how fast, and everything that steers it."""

from __future__ import annotations

import datetime as dt
import time
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.format import clock, day, zone_name
from energy_console.gui.frame.replay_track import ReplayTrack
from energy_console.gui.frame.span_popup import SpanPopup
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.choice import Choice
from energy_console.gui.replay import SPEEDS
from energy_console.gui.theme import BODY_PX, BUTTON_RADIUS, CARD_RADIUS, SEMIBOLD, Looks, font
from energy_console.journal.reading import JournalQuestion, read_journal

HEIGHT_PX = 40
GAP_PX = 6  # a page keeps its least height beside it in a window of 1280x720
_ENTRIES_EVERY_S = 300
_LOOK_EVERY_S = 20
_MOST_ENTRIES = 3000


class Tag(QWidget):
    """Words in inverse: text colour behind, ground colour on it. No alarm looks so, and nothing else does."""

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self._looks, self.words = looks, ""
        looks.changed.connect(self.update)

    def say(self, words: str) -> None:
        if words != self.words:
            self.words = words
            self.setAccessibleName(words)
            self.setFixedSize(self.sizeHint())
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(font(BODY_PX, SEMIBOLD)).horizontalAdvance(self.words) + 20, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._looks.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.text)
        painter.drawRoundedRect(QRectF(self.rect()), BUTTON_RADIUS, BUTTON_RADIUS)
        painter.setPen(theme.ground)
        painter.setFont(font(BODY_PX, SEMIBOLD))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.words)
        painter.end()


class ReplayBar(QFrame):
    """Hidden while the console is live."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setFixedHeight(HEIGHT_PX + GAP_PX)
        self.setAccessibleName(self.tr("Replay"))
        looks, replay = desk.looks, desk.replay
        self.tag = Tag(looks)
        self.play = self._button("play", self.tr("Play or pause (Ctrl+R)"), replay.toggle)
        back, on = partial(replay.jump, -1), partial(replay.jump, 1)
        self.entry_back = self._button(
            "skip-back", self.tr("To the entry of the journal before (Alt+Shift+Left)"), back
        )
        self.entry_on = self._button("skip-forward", self.tr("To the next entry of the journal (Alt+Shift+Right)"), on)
        self.alarm_back = Button(looks, self.tr("‹ Alarm"), look="card", on_click=partial(replay.jump, -1, urgent=True))
        self.alarm_on = Button(looks, self.tr("Alarm ›"), look="card", on_click=partial(replay.jump, 1, urgent=True))
        self.alarm_back.setToolTip(self.tr("To the alarm raised before (Alt+Shift+Up)"))
        self.alarm_on.setToolTip(self.tr("To the next alarm raised (Alt+Shift+Down)"))
        self.speed = Choice(looks, self.tr("Speed (Alt+Up, Alt+Down)"))
        for speed in SPEEDS:
            self.speed.addItem(f"{speed}×", speed)
        self.speed.activated.connect(lambda place: replay.set_speed(SPEEDS[place]))
        self.track = ReplayTrack(looks, desk.site.place.zone)
        self.track.sought.connect(replay.seek)
        self.span_button = Button(looks, self.tr("Span"), "clock", "card", on_click=self.open_span)
        self.span_button.setToolTip(self.tr("From when to when (Ctrl+Shift+R)"))
        self.live = Button(looks, self.tr("Go live"), "", "card", on_click=replay.go_live)
        self.live.setToolTip(self.tr("Back to the present (Ctrl+L)"))
        self.popup: SpanPopup | None = None
        self._asked: tuple[dt.datetime, int, int] | None = None
        self._lay_out()
        desk.time.changed.connect(self.show_time)
        replay.changed.connect(self.show_time)
        looks.changed.connect(self.update)
        self.show_time()

    def _button(self, icon: str, name: str, on_click: object) -> Button:
        return Button(self._desk.looks, "", icon, "icon", name=name, on_click=on_click)  # type: ignore[arg-type]

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, GAP_PX)
        row.setSpacing(4)
        row.addWidget(self.tag)
        row.addSpacing(6)
        for part in (self.entry_back, self.play, self.entry_on, self.alarm_back, self.alarm_on, self.speed):
            row.addWidget(part)
        row.addWidget(self.track, 1)
        row.addWidget(self.span_button)
        row.addWidget(self.live)

    # showing

    def show_time(self) -> None:
        """Everything as the clock of the past and its speed are."""
        shown, replay = self._desk.time, self._desk.replay
        self.setVisible(not shown.live)
        if shown.live:
            return
        self.tag.say(self._words())
        self.play.set_icon("pause" if replay.playing else "play")
        self.speed.setCurrentIndex(SPEEDS.index(replay.speed))
        start, end = self.span()
        self.track.show_span(start, end)
        self.track.show_now(shown.now())
        self._ask_entries(start, end)

    def _words(self) -> str:
        moment, replay, zone = self._desk.time.now(), self._desk.replay, self._desk.site.place.zone
        when = f"{day(moment, zone)}  {clock(moment, zone, seconds=True)} {zone_name(moment, zone)}"
        if not replay.playing:
            return self.tr("PAST  {0}").format(when)
        if replay.waiting:
            return self.tr("REPLAY  {0}  waits for the store").format(when)
        return self.tr("REPLAY  {0}  {1}×").format(when, replay.speed)

    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """What the track shows: the span set, else the day of the moment in the site's zone; never the future."""
        replay, zone = self._desk.replay, self._desk.site.place.zone
        moment, now = self._desk.time.now(), dt.datetime.now(dt.UTC)
        if replay.start is not None and replay.start <= moment <= (replay.end or now):
            return replay.start, replay.end or now
        midnight = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        start, end = midnight.astimezone(dt.UTC), (midnight + dt.timedelta(days=1)).astimezone(dt.UTC)
        return start, min(end, now.replace(second=0, microsecond=0) + dt.timedelta(minutes=1))

    def _ask_entries(self, start: dt.datetime, end: dt.datetime) -> None:
        """Once a span, and now and then, since notes are written into the past, too."""
        key = (start, round(end.timestamp()) // _ENTRIES_EVERY_S, int(time.monotonic()) // _LOOK_EVERY_S)
        if key == self._asked:
            return
        self._asked = key
        question = JournalQuestion(round(start.timestamp() * 1e9), round(end.timestamp() * 1e9), limit=_MOST_ENTRIES)

        def take(found: Any) -> None:
            if key == self._asked:
                self.track.show_entries(found if isinstance(found, list) else ())

        self._desk.query(lambda historian: read_journal(historian, question), take)

    # acts

    def open_span(self) -> None:
        if self.popup is None:
            self.popup = SpanPopup(self._desk, self)
        anchor = self.span_button if self.isVisible() else self.window()
        self.popup.show_at(anchor.mapToGlobal(QPoint(anchor.width(), anchor.height() + 2 if self.isVisible() else 90)))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._desk.looks.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.muted)
        painter.setBrush(theme.surface)
        painter.drawRoundedRect(QRectF(0.5, 0.5, self.width() - 1, HEIGHT_PX - 1), CARD_RADIUS, CARD_RADIUS)
        painter.end()
