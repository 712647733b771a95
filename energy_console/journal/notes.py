"""What people write into the journal. A note is never changed or deleted: who mends one writes it anew over the old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from energy_console.historian.interface import Event, Historian
from energy_console.journal.entry import REFERS, UNTIL, WHO, WRITTEN

KIND = "note"
LONGEST = 4000  # characters


class NoteRefused(ValueError):
    """The message is the sentence to show."""


@dataclass(frozen=True, slots=True)
class Note:
    """`about_ns` is the moment it is about, `until_ns` the end of a span (0: a moment). `source`: what, "" the site."""

    text: str
    who: str
    about_ns: int
    source: str = ""
    until_ns: int = 0

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise NoteRefused("The note is empty: write a word or two.")
        if len(self.text) > LONGEST:
            raise NoteRefused(f"The note has {len(self.text)} characters, the journal takes {LONGEST}: shorten it.")
        if not self.who.strip():
            raise NoteRefused("The note has no author: say who writes it.")
        if self.until_ns and self.until_ns < self.about_ns:
            raise NoteRefused("The span of the note ends before it begins: swap its times.")


def write_note(historian: Historian, note: Note, now_ns: int) -> int:
    """Puts a note into the journal; returns its number (0 while a server is away). Raises StoreError."""
    return _put(historian, note, {WRITTEN: now_ns} if note.about_ns != now_ns else {})


def rewrite_note(historian: Historian, old: Event, text: str, who: str, now_ns: int) -> int:
    """Writes a note over an older one, which stays: about the same time and thing. Raises NoteRefused, StoreError."""
    if old.kind != KIND:
        raise NoteRefused(f"Entry {old.id} is no note: what the console wrote down itself stays as it is.")
    note = Note(text, who, old.time_ns, old.source, int(old.data.get(UNTIL) or 0))
    return _put(historian, note, {REFERS: old.id, WRITTEN: now_ns})


def find_note(historian: Historian, number: int) -> Event:
    """A note by its number. Raises NoteRefused."""
    for event in historian.events(0, 2**62, [KIND], 1_000_000):
        if event.id == number:
            return event
    raise NoteRefused(f"The journal has no note {number}: `journal --kind note` lists them.")


def _put(historian: Historian, note: Note, more: Mapping[str, Any]) -> int:
    data: dict[str, Any] = {WHO: note.who.strip(), **more}
    if note.until_ns:
        data[UNTIL] = note.until_ns
    return historian.write_event(note.about_ns, KIND, note.source, note.text.strip(), data)
