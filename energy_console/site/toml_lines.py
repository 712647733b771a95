"""Where each key of a TOML text stands: `tomllib` gives values without lines, and a fault needs its line."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


class LineIndex:
    """Lines (from 1) of the keys of one TOML text; a key inside an inline table has the line of the table's key."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._arrays: dict[Path, int] = {}
        self._read(text)

    def line(self, *path: str | int) -> int:
        """The line of the key, or of the nearest one around it; 1 for the text as a whole."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1

    def _read(self, text: str) -> None:
        table: Path = ()
        inside: str | None = None  # the quotes of a string over several lines
        for number, line in enumerate(text.splitlines(), 1):
            if inside is None:
                table = self._take(line, number, table)
            for quotes in ('"""', "'''"):
                if inside in (None, quotes) and line.count(quotes) % 2:
                    inside = quotes if inside is None else None

    def _take(self, line: str, number: int, table: Path) -> Path:
        if header := _HEADER.match(line):
            table = self._resolve(_parts(header[2]), array=header[1] == "[[")
            self._lines.setdefault(table, number)
            for length in range(1, len(table)):
                self._lines.setdefault(table[:length], number)
        elif key := _KEY.match(line):
            path = table + _parts(key[1])
            for length in range(len(table) + 1, len(path) + 1):
                self._lines.setdefault(path[:length], number)
        return table

    def _resolve(self, parts: tuple[str, ...], array: bool) -> Path:
        """The path of a table header, with the number of each array of tables put in."""
        path: Path = ()
        for depth, part in enumerate(parts):
            path += (part,)
            if array and depth == len(parts) - 1:
                self._arrays[path] = self._arrays.get(path, -1) + 1
            if path in self._arrays:
                path += (self._arrays[path],)
        return path


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
