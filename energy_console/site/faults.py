"""What is wrong with a site folder: each fault with its place, what it is and what to do; all of them at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault of one line of one file. `line` 0 means the file as a whole."""

    file: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}; {self.remedy}" if self.remedy else f"{place}: {self.what}"


class SiteFaults(Exception):
    """A site folder that may not be started, with every fault found in it, by file and line."""

    def __init__(self, folder: str, faults: Iterable[Fault]) -> None:
        self.folder = folder
        self.faults = tuple(sorted(set(faults)))
        count = len(self.faults)
        super().__init__(f"the site in {folder} has {count} fault{'s' if count != 1 else ''}: {self.faults[0]}")

    def __reduce__(self) -> tuple[type[SiteFaults], tuple[str, tuple[Fault, ...]]]:
        return type(self), (self.folder, self.faults)


@dataclass(slots=True)
class FaultList:
    """Collects faults while a folder is read, so that one run shows them all."""

    found: list[Fault] = field(default_factory=list)

    def add(self, file: str, line: int, what: str, remedy: str) -> None:
        self.found.append(Fault(file, line, what, remedy))


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that looks most like `word`, None if none is near."""
    listed = list(choices)
    folded = {choice.casefold(): choice for choice in listed}
    if word.casefold() in folded:
        return folded[word.casefold()]
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


_UNITS = {
    *("w", "kw", "mw", "wh", "kwh", "mwh", "gwh", "v", "kv", "a", "ma", "hz", "khz"),
    *("m", "km", "mm", "s", "ms", "min", "h", "hours", "c", "k", "deg", "rad", "g", "kg", "t", "eur", "ct"),
}


def _differ_in_unit(word: str, choice: str) -> bool:
    stem, _, unit = word.rpartition("_")
    other_stem, _, other_unit = choice.rpartition("_")
    return bool(stem) and stem == other_stem and {unit.casefold(), other_unit} <= _UNITS


def suggest(word: str, choices: Iterable[str], otherwise: str) -> str:
    """What to do about an unknown word: the nearest right one, else the remedy given."""
    listed = list(choices)
    if same := next((choice for choice in listed if _differ_in_unit(word, choice)), None):
        return f"give it as {same}"
    near = nearest(word, listed)
    return f"did you mean {near}?" if near else otherwise
