"""One table of site.toml: typed getters, each wrong value noted as a fault with its line."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from energy_console.site.faults import FaultList, suggest
from energy_console.site.toml_lines import LineIndex

FILE = "site.toml"


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the TOML file. Getters note a wrong value as a fault and give a harmless stand-in."""

    data: dict[str, Any]
    path: tuple[str | int, ...]
    lines: LineIndex
    faults: FaultList
    misspelt: set[str] = field(default_factory=set)  # right keys of which a wrong spelling is there

    def fault(self, key: str | None, what: str, remedy: str) -> None:
        path = self.path if key is None else (*self.path, key)
        self.faults.add(FILE, self.lines.line(*path), what, remedy)

    def only(self, *keys: str) -> None:
        """Notes every key that is not one of these, with the nearest right one."""
        for key in self.data:
            if key not in keys:
                unused = [known for known in keys if known not in self.data] or keys
                remedy = suggest(key, unused, f"use {', '.join(keys)}")
                self.fault(key, f"key {key} is not known", remedy)
                self.misspelt.update(known for known in unused if known in remedy.rstrip("?").split())

    def text(self, key: str, default: str | None = None) -> str:
        value = self.get(key, default)
        if isinstance(value, str):
            return value
        if value is not None:
            self.fault(key, f"{key} must be text, not {kind_of(value)}", 'put it in "quotes"')
        return ""

    def number(self, key: str, default: float | None = None, low: float = -math.inf, high: float = math.inf) -> float:
        value = self.get(key, default)
        if value is None:
            return math.nan
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(key, f"{key} must be a number, not {kind_of(value)}", "write it bare, without quotes or unit")
            return math.nan
        if not math.isfinite(value):
            self.fault(key, f"{key} is {value}", "write a finite number")
            return math.nan
        if not low <= value <= high:
            self.fault(key, f"{key} is {value:g}", f"it must lie between {low:g} and {high:g}")
        return float(value)

    def choice(self, key: str, choices: Collection[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value and value not in choices:
            self.fault(key, f"{key} {value} is not known", suggest(value, choices, f"use one of {', '.join(choices)}"))
        return value

    def section(self, key: str) -> Section | None:
        if key not in self.data:
            if key not in self.misspelt:
                self.fault(None, f"[{key}] is missing", f"add a line [{key}] with its keys")
            return None
        value = self.data[key]
        if isinstance(value, dict):
            return Section(value, (*self.path, key), self.lines, self.faults)
        self.fault(key, f"{key} must be a table, not {kind_of(value)}", f"write [{key}] on a line of its own")
        return None

    def sections(self, key: str) -> Iterator[Section]:
        header = f"[[{'.'.join(str(part) for part in (*self.path, key) if isinstance(part, str))}]]"
        value = self.data.get(key)
        if value is None:
            if key not in self.misspelt:
                self.fault(None, f"{header} is missing", f"add at least one {header}")
        elif not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fault(key, f"{key} must be a list of tables", f"write {header} above each")
        else:
            for number, item in enumerate(value):
                yield Section(item, (*self.path, key, number), self.lines, self.faults)

    def get(self, key: str, default: Any) -> Any:
        """The value as written; a missing one is a fault unless there is a default."""
        if key in self.data:
            return self.data[key]
        if default is None and key not in self.misspelt:
            self.fault(None, f"{key} is missing" + (f" in [{self.path[0]}]" if self.path else ""), f"add {key} = ...")
        return default


def kind_of(value: Any) -> str:
    """What a person calls a value of this type."""
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), f"a {type(value).__name__}")
