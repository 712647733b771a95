"""What the palette can find, and how well it fits the words typed. Pure; 10,000 entries take a few milliseconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH = 40  # rows that anyone reads

_RANK = {"page": 0, "alarm": 1, "action": 2, "device": 3, "point": 4}


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that can be found. `kind`: page, alarm, action, device or point; `key` is its id."""

    kind: str
    key: str
    text: str
    detail: str = ""
    icon: str = ""
    shortcut: str = ""


class Finder:
    """Entries with their words in lower case, made once."""

    def __init__(self, entries: Sequence[Found]) -> None:
        self.entries = tuple(entries)
        self._words = [f"{entry.key} {entry.text} {entry.detail}".casefold() for entry in entries]

    def find(self, query: str, limit: int = ENOUGH) -> list[Found]:
        """Best first. Every word must occur; where nothing has them all, their letters in that order will do."""
        words = query.casefold().split()
        if not words:
            return [entry for entry in self.entries if entry.kind in ("page", "alarm", "action")][:limit]
        hits = [place for place, text in enumerate(self._words) if all(word in text for word in words)]
        if not hits:
            hits = self._loosely(words)
        hits.sort(key=lambda place: self._order(place, words))
        return [self.entries[place] for place in hits[:limit]]

    def _loosely(self, words: Sequence[str]) -> list[int]:
        """Letters in order, few others between: "q1pw" finds "Q1-01/power_kw"."""
        pattern = re.compile("[^\n]{0,12}?".join(re.escape(letter) for letter in "".join(words)))
        return [place for place, text in enumerate(self._words) if pattern.search(text)]

    def _order(self, place: int, words: Sequence[str]) -> tuple[int, int, int, str]:
        """What starts with the first word, then kinds in order, then the shorter name."""
        entry = self.entries[place]
        key, text = entry.key.casefold(), entry.text.casefold()
        first = words[0]
        if first in (key, text):
            fit = 0
        elif text.startswith(first) or key.startswith(first):
            fit = 1
        else:
            fit = 2 if re.search(rf"\b{re.escape(first)}", text) else 3
        return fit, _RANK[entry.kind], len(entry.text), key
