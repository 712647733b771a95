"""The main window: rail, alarm strip, title row, pages, status line, palette, and the actions that drive them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from energy_console.engine.link import AlarmView, EngineNews
from energy_console.gui.desk import Desk
from energy_console.gui.frame import catalogue
from energy_console.gui.frame.actions import make_actions
from energy_console.gui.frame.alarm_strip import AlarmStrip
from energy_console.gui.frame.finding import Finder, Found
from energy_console.gui.frame.memory import SCALES, Memory
from energy_console.gui.frame.nav_rail import NavRail
from energy_console.gui.frame.note_box import NoteBox
from energy_console.gui.frame.notice import Notice
from energy_console.gui.frame.page_stack import PageStack
from energy_console.gui.frame.palette import Palette
from energy_console.gui.frame.picture import copy_picture, save_picture
from energy_console.gui.frame.replay_bar import ReplayBar
from energy_console.gui.frame.status_line import StatusLine
from energy_console.gui.frame.title_row import TitleRow
from energy_console.gui.pages import registry
from energy_console.gui.pages.page import Page
from energy_console.gui.theme import PAGE_MARGIN
from energy_console.journal.entry import Entry

_TICK_MS = 1000
SMALLEST = (960, 540)  # a 1920x1080 screen at 200 %


class MainWindow(QWidget):
    """One window on one desk, opened on `page` if one is named. Made by `gui.run`, or by a test."""

    def __init__(self, desk: Desk, memory: Memory, page: str = "") -> None:
        super().__init__()
        self.desk = desk
        self.memory = memory
        self.setWindowTitle(f"{desk.site.name} · energy console")
        self.setMinimumSize(*SMALLEST)
        entries = registry.pages()
        self.rail = NavRail(desk.looks, entries, desk.site.name, desk.site.subtitle)
        self.strip = AlarmStrip(desk)
        self.title_row = TitleRow(desk)
        self.replay_bar = ReplayBar(desk)
        self.notice = Notice(desk)
        self.stack = PageStack(desk, memory, entries)
        self.status = StatusLine(desk)
        self._lay_out()
        self.palette_box = Palette(desk.looks, self)
        self.note_box: NoteBox | None = None
        self._site_finds: list[Found] = []
        self.actions_by_key = make_actions(self, self._handlers(), desk.may)
        self._connect()
        self._page_keys = [self._page_key(entry.key, entry.shortcut) for entry in entries]
        self._clock = QTimer(self)
        self._clock.setInterval(_TICK_MS)
        self._clock.timeout.connect(self.tick)
        self._clock.start()
        self._restore(page, entries[0].key if entries else "")

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.strip)
        right.addWidget(self.title_row)
        replay = QHBoxLayout()
        replay.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        replay.addWidget(self.replay_bar)
        right.addLayout(replay)
        notice = QHBoxLayout()
        notice.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        notice.addWidget(self.notice)
        right.addLayout(notice)
        right.addWidget(self.stack, 1)
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(self.rail)
        upper.addLayout(right, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(upper, 1)
        whole.addWidget(self.status)

    def _handlers(self) -> dict[str, Callable[[], None]]:
        picker, replay = self.title_row.picker, self.desk.replay
        return {
            "acknowledge": self._acknowledge,
            "show_alarm": self._show_alarm,
            "palette": self.open_palette,
            "go_live": lambda: self.desk.time.pick(None),
            "earlier": lambda: picker.step(-1),
            "later": lambda: picker.step(1),
            "pick_time": picker.open_calendar,
            "note": lambda: self._write_note(None),
            "replay": replay.toggle,
            "faster": lambda: replay.faster(1),
            "slower": lambda: replay.faster(-1),
            "next_entry": lambda: replay.jump(1),
            "previous_entry": lambda: replay.jump(-1),
            "next_alarm": lambda: replay.jump(1, urgent=True),
            "previous_alarm": lambda: replay.jump(-1, urgent=True),
            "replay_span": self.replay_bar.open_span,
            "next_page": lambda: self._turn(1),
            "previous_page": lambda: self._turn(-1),
            "tear_off": self._tear_off,
            "save_picture": self._save_picture,
            "copy_picture": self._copy_picture,
            "toggle_theme": self._toggle_theme,
            "larger": lambda: self._scale(1),
            "smaller": lambda: self._scale(-1),
            "full_screen": self._full_screen,
            "quit": self._quit,
        }

    def _connect(self) -> None:
        desk = self.desk
        self.rail.picked.connect(self.open_page)
        self.rail.dropped.connect(self._drop)
        self.rail.theme_toggled.connect(self._toggle_theme)
        self.strip.acknowledge.connect(lambda _alarm: self._acknowledge())
        self.strip.show_source.connect(lambda _alarm: self._show_alarm())
        self.title_row.search.opened.connect(self.open_palette)
        self.title_row.picture.clicked.connect(lambda _checked=False: self._save_picture())
        self.title_row.own_window.clicked.connect(lambda _checked=False: self._tear_off())
        self.stack.shown.connect(self._page_shown)
        self.stack.scope.connect(
            lambda key, _words: self._page_shown(self.stack.current) if key == self.stack.current else None
        )
        self.stack.away.connect(self.rail.set_away)
        self.palette_box.chosen.connect(self._open_found)
        self.palette_box.trend.connect(self._trend_found)
        desk.bridge.news.connect(self._on_news)
        desk.open_page.connect(self.open_page)
        desk.show_source.connect(self._show_where)
        desk.write_note.connect(self._write_note)
        desk.trend.connect(self._trend)
        self.strip.show_alarms(desk.latest.alarms)

    def _page_key(self, key: str, shortcut: str) -> QShortcut:
        made = QShortcut(QKeySequence(shortcut), self)
        made.setContext(Qt.ShortcutContext.ApplicationShortcut)  # also from a torn-off page
        made.activated.connect(lambda: self.open_page(key))
        return made

    # pages

    def open_page(self, key: str, what: object = None) -> None:
        """Shows a page and selects `what` on it; says so where this build lacks the page."""
        if key not in self.stack.entries:
            self.desk.said.emit(self.tr("This version has no page “{0}” yet.").format(key))
            return
        self.stack.open(key, what)

    def _page_shown(self, key: str) -> None:
        self.rail.show_current(key)
        self.title_row.show_page(self.stack.entries[key].name, self.stack.scopes.get(key, ""))

    def _turn(self, step: int) -> None:
        here = [key for key in self.stack.entries if key not in self.stack.windows]
        if self.stack.current in here:
            self.stack.open(here[(here.index(self.stack.current) + step) % len(here)])

    def _tear_off(self) -> None:
        if self.stack.current and self.stack.current not in self.stack.windows:
            self.stack.tear_off(self.stack.current)

    def _drop(self, key: str, points: list[str]) -> None:
        """Points let go on the rail: Trends draws them, another page shows the first."""
        if key == "trends":
            self._trend(points)
        elif points:
            self.open_page(key, points[0])

    def _trend(self, points: list[str]) -> None:
        self.open_page("trends", points)

    # palette

    def open_palette(self) -> None:
        if not self._site_finds:
            self._site_finds = [
                *catalogue.of_window(self.stack.entries.values()),
                *catalogue.of_site(self.desk.site),
            ]
        self.palette_box.open(Finder([*catalogue.of_alarms(self.desk.latest.alarms), *self._site_finds]))

    def _open_found(self, found: Found) -> None:
        if found.kind == "page":
            self.open_page(found.key)
        elif found.kind == "action":
            self.actions_by_key[found.key].trigger()
        elif found.kind == "alarm":
            alarm = next((alarm for alarm in self.desk.latest.alarms if str(alarm.id) == found.key), None)
            self._show_source(alarm)
        elif found.kind == "device":
            self.open_page(catalogue.page_of(self.desk.site, found.key, self.stack.entries), found.key)
        else:
            self.open_page("devices", found.key)

    def _trend_found(self, found: Found) -> None:
        if found.kind == "point":
            self.desk.trend.emit([found.key])
        elif found.kind == "device":
            points = [point.id for point in self.desk.site.points if point.device == found.key]
            power = [point for point in points if point.endswith("/power_kw")]
            self.desk.trend.emit(power or points[:1])
        else:
            self.desk.said.emit(self.tr("Only points and devices can be drawn in Trends."))

    # alarms

    def _acknowledge(self) -> None:
        if self.strip.alarm is not None and self.desk.may("acknowledge"):
            self.desk.engine.acknowledge(self.strip.alarm.id, self.desk.who)

    def _show_alarm(self) -> None:
        self._show_source(self.strip.alarm)

    def _show_source(self, alarm: AlarmView | None) -> None:
        if alarm is not None:
            self._show_where(alarm.source)

    def _show_where(self, source: str) -> None:
        self.open_page(catalogue.page_of(self.desk.site, source, self.stack.entries), source)

    # the journal

    def _write_note(self, old: object) -> None:
        """A note on what is chosen on the page in front, or an older one written anew."""
        if self.note_box is None:
            self.note_box = NoteBox(self.desk, self)
        if isinstance(old, Entry):
            self.note_box.open_over(old)
        else:
            front = self.stack.in_front()
            self.note_box.open_new(front.subject() if isinstance(front, Page) else "")

    def _on_news(self, news: EngineNews) -> None:
        if news.alarms is not None:
            self.strip.show_alarms(news.alarms)
        if news.health is not None and self.notice.isVisible():
            self.notice.tick()

    # the window itself

    def tick(self) -> None:
        """Once a second: clocks, ages, and whether the engine is still heard."""
        self.strip.tick()
        self.status.tick()
        self.notice.tick()
        if not self.desk.time.live:
            self.replay_bar.show_time()
        if self.desk.time.live:
            self.title_row.picker.tick()
            for window in self.stack.windows.values():
                window.tick()

    def _save_picture(self) -> None:
        save_picture(self, self.stack.in_front(), self.stack.current, self.desk)

    def _copy_picture(self) -> None:
        copy_picture(self.stack.in_front())
        self.desk.said.emit(self.tr("The picture of this page is on the clipboard."))

    def _toggle_theme(self) -> None:
        self.desk.looks.toggle()
        self.memory.keep_text("theme", self.desk.looks.theme.name)

    def _scale(self, step: int) -> None:
        place = SCALES.index(self.memory.scale_percent) + step
        percent = SCALES[max(0, min(len(SCALES) - 1, place))]
        self.memory.keep_scale(percent)
        self.desk.said.emit(self.tr("The console will be shown at {0} % from its next start.").format(percent))

    def _full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def _quit(self) -> None:
        self.close()

    def _restore(self, asked: str, first: str) -> None:
        """Places as they were; the page asked for, the one of the last time, or the first."""
        self.resize(1600, 900)
        self.restoreGeometry(self.memory.place("main"))
        kept = self.memory.text("page", first)
        if first:
            self.open_page(asked or (kept if kept in self.stack.entries else first))
        for key in self.memory.texts("away"):
            if key in self.stack.entries:
                self.stack.tear_off(key)
        self.tick()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.palette_box.hide()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.memory.keep_place("main", self.saveGeometry())
        self.memory.keep_text("page", self.stack.current)
        self.memory.keep_texts("away", self.stack.close_windows())
        self.memory.save()
        self._clock.stop()
        super().closeEvent(event)
