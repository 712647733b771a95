"""The journal as a card: kinds, search, persons, the entries, and what is to be known of the one chosen."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from energy_console.gui.asking import Asking
from energy_console.gui.desk import Desk
from energy_console.gui.pages.alarms.journal_table import JournalTable
from energy_console.gui.pages.alarms.words import ACTS, NEWS, about_entry, tr, who_name
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card, rule
from energy_console.gui.parts.choice import Choice
from energy_console.gui.parts.segments import Segments
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.parts.text import Text, muted
from energy_console.gui.theme import BODY_PX, CAPTION_PX, CARD_PADDING
from energy_console.historian.interface import Historian
from energy_console.journal.entry import Entry, assets_of
from energy_console.journal.export import as_csv, as_document
from energy_console.journal.reading import JournalQuestion, read_journal

EVERYONE = ""
_EVERY_S = 3.0
_FIRST, _MORE = 300, 1000
_KINDS: dict[str, tuple[str, ...]] = {
    "all": (),
    "alarm": ("alarm",),
    "acts": ACTS,
    "note": ("note",),
    "call": ("call",),
    "news": NEWS,
}


class JournalCard(Card):
    """`there` carries the moment of an entry (UTC), `source` what one is about, `trend` a point or device,
    `rewrite` a note to be written anew, `write` asks for a new one.
    """

    there = Signal(object)
    source = Signal(str)
    trend = Signal(str)
    rewrite = Signal(object)
    write = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(tools=True)
        self._desk = desk
        self.setAccessibleName(tr("Journal"))
        self._asking = Asking(desk, _EVERY_S)
        self._entries: dict[str, Entry] = {}
        self._limit = _FIRST
        self._full = False
        names = (tr("All"), tr("Alarms"), tr("Acts"), tr("Notes"), tr("Calls"), tr("News"))
        self.kinds = Segments(tuple(zip(_KINDS, names, strict=True)), tr("Kinds of entries"))
        self.search = QLineEdit()
        self.people = Choice(desk.looks, tr("Whose acts"))
        self.people.addItem(tr("Everyone"), EVERYONE)
        self.table = JournalTable(desk.looks, desk.site.place.zone)
        self.nothing = StatePane(desk.looks)
        self.words = Text("", wrap=True)
        self.about = Text("", "muted", CAPTION_PX, wrap=True)
        self._build()
        self._connect()

    def _build(self) -> None:
        looks = self._desk.looks
        self.search.setPlaceholderText(tr("Words, a person, a device"))
        self.search.setToolTip(tr("All words must be there; in:BERTH or in:NODE finds what belongs to it (Ctrl+F)"))
        self.search.setAccessibleName(tr("Search the journal (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(120)
        self.people.setMaximumWidth(130)
        self.note_button = Button(looks, tr("Note"), "note-pencil", "card", on_click=self.write.emit)
        self.note_button.setToolTip(tr("Write into the journal (Ctrl+Shift+N)"))
        self.note_button.setEnabled(self._desk.may("note"))
        self.export_button = Button(looks, "", "export", "icon", name=tr("Export what is listed"), on_click=self.export)
        self.tools.insertWidget(0, self.kinds)
        for tool in (self.search, self.people, self.note_button, self.export_button):
            self.add_tool(tool)
        self.tools.setStretchFactor(self.search, 4)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.nothing, 1)
        self.nothing.hide()
        self.body.addWidget(rule("line"))
        self.body.addWidget(self._detail())

    def _detail(self) -> QWidget:
        looks = self._desk.looks
        pane = QWidget()
        pane.setFixedHeight(128)
        column = QVBoxLayout(pane)
        column.setContentsMargins(CARD_PADDING, 8, CARD_PADDING, 8)
        column.setSpacing(4)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setMaximumHeight(3 * (BODY_PX + 5))
        column.addWidget(self.words)
        column.addWidget(self.about)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(6)
        go = tr("Everything as it was then, on every page")
        self.replay_button = Button(looks, tr("Replay from here"), "play", "card", on_click=self._go_there)
        self.replay_button.setToolTip(go)
        self.show_button = Button(looks, tr("Show"), "", "card", on_click=self._show_source)
        self.trend_button = Button(looks, tr("Trend"), "chart-line", "card", on_click=self._trend)
        self.rewrite_button = Button(looks, tr("Write anew"), "note-pencil", "card", on_click=self._rewrite)
        self.copy_button = Button(looks, tr("Copy"), "copy", "card", on_click=self._copy)
        self._acts = (self.replay_button, self.show_button, self.trend_button, self.rewrite_button, self.copy_button)
        for button in self._acts:
            row.addWidget(button)
        row.addStretch(1)
        self.count = muted()
        row.addWidget(self.count)
        self.more_button = Button(looks, tr("Earlier ones"), "", "card", on_click=self._more)
        row.addWidget(self.more_button)
        column.addLayout(row)
        return pane

    def _connect(self) -> None:
        self.kinds.picked.connect(lambda _key: self._narrowed())
        self.search.textChanged.connect(lambda _text: self._narrowed())
        self.people.activated.connect(lambda _place: self._narrowed())
        self.table.picked.connect(lambda _id: self._show_chosen())
        self.table.opened.connect(lambda _id: self._go_there())
        self.table.trend.connect(lambda _id: self._trend())

    # asking

    def question(self) -> JournalQuestion:
        """What is asked for now: up to the time shown."""
        words, assets = [], frozenset[str]()
        for word in self.search.text().split():
            if word.lower().startswith("in:") and len(word) > len("in:"):
                name = word[len("in:") :]
                assets |= assets_of(self._desk.site, name) or frozenset([name])
            else:
                words.append(word)
        who = str(self.people.currentData() or EVERYONE)
        end_ns = 2**62 if self._desk.time.live else self._desk.shown_ns() + 1
        chosen = _KINDS[self.kinds.current]
        return JournalQuestion(0, end_ns, chosen, who, assets, tuple(words), limit=self._limit)

    def refresh(self) -> None:
        """Asks for what is new, or for the entries up to another moment."""
        asked = self.question()
        subject = dataclasses.replace(asked, end_ns=0)

        def read(historian: Historian) -> list[Entry]:
            return read_journal(historian, dataclasses.replace(asked, limit=asked.limit + 1))

        self._asking.ask(subject, read, self._take, self.refresh)

    def refresh_now(self) -> None:
        """After something was written."""
        self._asking.forget()
        self.refresh()

    def _narrowed(self) -> None:
        self._limit = _FIRST
        self.refresh()

    def _more(self) -> None:
        self._limit += _MORE
        self.refresh()

    def _take(self, found: list[Entry]) -> None:
        self._full = len(found) > self._limit
        entries = found[: self._limit]
        follows = self.table.selected_id() in ("", next(iter(self._entries), ""))  # who reads an older one keeps it
        self._entries = {str(entry.id): entry for entry in entries}
        today = self._desk.time.now().astimezone(self._desk.site.place.zone).date()
        self.table.show_entries(entries, today)
        self._show_people(entries)
        self.count.setText(tr("{0} entries").format(f"{len(entries)}+" if self._full else len(entries)))
        self.more_button.setVisible(self._full)
        self._show_nothing(not entries)
        if entries and (follows or not self.table.selected_id()):
            self.table.select_id(str(entries[0].id))
        self._show_chosen()

    def _show_nothing(self, nothing: bool) -> None:
        narrowed = bool(self.search.text() or self.people.currentData() or self.kinds.current != "all")
        todo = (
            tr("Take a filter away, or look at a later time.")
            if narrowed
            else tr("Write the first note: Ctrl+Shift+N.")
        )
        if nothing:
            self.nothing.say("empty", tr("The journal has nothing of that."), todo)
        self.nothing.setVisible(nothing)
        self.table.setVisible(not nothing)

    def _show_people(self, entries: list[Entry]) -> None:
        """Everyone who has acted in what is listed; the one chosen stays in the list."""
        chosen = self.people.currentData()
        known = {self.people.itemData(place) for place in range(self.people.count())}
        for who in sorted({entry.who for entry in entries} - known):
            self.people.addItem(who_name(who), who)
        self.people.setCurrentIndex(max(0, self.people.findData(chosen)))

    # the entry chosen

    @property
    def chosen(self) -> Entry | None:
        return self._entries.get(self.table.selected_id())

    def _show_chosen(self) -> None:
        entry = self.chosen
        self.words.setText(entry.text if entry else "")
        self.about.setText(about_entry(entry, self._desk.site.place.zone) if entry else "")
        named = bool(entry and entry.source and self._is_of_site(entry.source))
        self.replay_button.setEnabled(entry is not None)
        self.copy_button.setEnabled(entry is not None)
        self.show_button.setEnabled(named)
        self.trend_button.setEnabled(named)
        is_note = entry is not None and entry.kind == "note" and not entry.replaced_by
        self.rewrite_button.setVisible(is_note)
        self.rewrite_button.setEnabled(self._desk.may("note"))

    def _is_of_site(self, source: str) -> bool:
        return self._desk.site.has_point(source) or bool(assets_of(self._desk.site, source.partition("/")[0]))

    def _go_there(self) -> None:
        if (entry := self.chosen) is not None:
            self.there.emit(dt.datetime.fromtimestamp((entry.time_ns // 1000 + 1) / 1e6, dt.UTC))

    def _show_source(self) -> None:
        if (entry := self.chosen) is not None:
            self.source.emit(entry.source)

    def _trend(self) -> None:
        if (entry := self.chosen) is not None and self.trend_button.isEnabled():
            self.trend.emit(entry.source)

    def _rewrite(self) -> None:
        if (entry := self.chosen) is not None:
            self.rewrite.emit(entry)

    def _copy(self) -> None:
        if (entry := self.chosen) is not None:
            QGuiApplication.clipboard().setText(f"{about_entry(entry, self._desk.site.place.zone)}\n{entry.text}")
            self._desk.said.emit(tr("The entry is on the clipboard."))

    # export

    def export(self) -> None:
        """Asks where to, then writes what the filters let through, all of it, not only what is listed."""
        question = dataclasses.replace(self.question(), replaced=True, limit=1_000_000)
        dialog = QFileDialog(self, tr("Export the journal"), "journal.csv", tr("CSV (*.csv);;JSON (*.json)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog, QGuiApplication.platformName() == "offscreen")
        dialog.fileSelected.connect(lambda path: self._export(question, Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _export(self, question: JournalQuestion, path: Path) -> None:
        site = self._desk.site.id

        def work(historian: Historian) -> int:
            found = read_journal(historian, question)
            as_json = path.suffix.lower() == ".json"
            text = json.dumps(as_document(site, found), ensure_ascii=False) if as_json else as_csv(found)
            path.write_text(text, encoding="utf-8")
            return len(found)

        def done(result: object) -> None:
            if isinstance(result, int):
                self._desk.said.emit(tr("{0} entries are in {1}.").format(result, path))
            else:
                self._desk.said.emit(tr("The journal could not be written to {0}: {1}").format(path, result))

        self._desk.query(work, done)
