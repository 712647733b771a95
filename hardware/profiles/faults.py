"""What can be wrong with a profile, said so that the person who wrote it can mend it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one file. `line` is 1-based."""

    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}: {self.key}: {self.text}" if self.key else f"{self.file}:{self.line}: {self.text}"
        )

    def what_and_remedy(self) -> tuple[str, str]:
        """What is wrong, with its key, and what to do; the texts of faults part the two by a semicolon."""
        what, _, remedy = self.text.rstrip(".").partition("; ")
        return (f"{self.key}: {what}" if self.key else what), remedy


class ProfileFaults(Exception):
    """All faults of a profile at once."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class UnknownProfile(Exception):
    """No profile of that name; says the nearest one."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        names = sorted(known)
        near = nearest(name, names)
        hint = f"; did you mean '{near}'?" if near else f"; known are {', '.join(names)}."
        super().__init__(f"There is no device profile '{name}'{hint}")


def nearest(word: str, known: Iterable[str]) -> str | None:
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.55)
    return found[0] if found else None


class FaultList:
    """Gathers the faults of one file; knows the line of a key, which the TOML reader does not tell."""

    def __init__(self, path: Path, text: str) -> None:
        self.file = path.name
        self.lines = text.splitlines()
        self.faults: list[Fault] = []

    def add(self, table: str, key: str, text: str, nth: int = 0) -> None:
        """A fault of `key` in table `table` ("" for the top; `nth` of an array of tables)."""
        where = f"{table}.{key}" if table and key else table or key
        fault = Fault(self.file, self._line(table, key, nth), where, text)
        if fault not in self.faults:
            self.faults.append(fault)

    def add_at(self, line: int, text: str) -> None:
        self.faults.append(Fault(self.file, line, "", text))

    def _line(self, table: str, key: str, nth: int) -> int:
        start = self._header(table, nth) if table else 0
        pattern = re.compile(rf"\s*{re.escape(key)}\s*=") if key else None
        for number in range(start, len(self.lines)):
            if pattern and pattern.match(self.lines[number]):
                return number + 1
            if number > start and self.lines[number].startswith("["):
                break
        return start + 1

    def _header(self, table: str, nth: int) -> int:
        wanted = {f"[{table}]", f"[[{table}]]"}
        headers = [line.split("#")[0].strip().replace('"', "") for line in self.lines]
        found = [number for number, header in enumerate(headers) if header in wanted]
        return found[min(nth, len(found) - 1)] if found else 0
