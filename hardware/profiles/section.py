"""One table of a profile file, read key by key with every wrong type and unknown key reported."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hardware.profiles.faults import FaultList, nearest
from hardware.profiles.model import Table


class Section:
    """Typed access to one TOML table; a wrong value is reported and its default used, so that reading goes on."""

    def __init__(
        self, name: str, values: Any, faults: FaultList, nth: int = 0, defaults: Mapping[str, Any] | None = None
    ) -> None:
        self.name = name
        own: Mapping[str, Any] = values if isinstance(values, Mapping) else {}
        self.values: Mapping[str, Any] = {**defaults, **own} if defaults else own
        self._inherited = set(self.values) - set(own)
        self.faults = faults
        self.nth = nth
        self.asked: set[str] = set()
        if not isinstance(values, Mapping):
            self.fault("", f"This is no table; write [{name}] and its keys below.")

    def fault(self, key: str, text: str) -> None:
        # What is wrong with a default is said once, where it stands, not again at every point that takes it.
        self.faults.add("defaults" if key in self._inherited else self.name, key, text, self.nth)

    def _take(self, key: str, required: bool) -> Any:
        self.asked.add(key)
        if key not in self.values and required:
            self.fault("", f"'{key}' is missing; add it.")
        return self.values.get(key)

    def text(self, key: str, default: str = "", required: bool = False) -> str:
        value = self._take(key, required)
        if value is None:
            return default
        if not isinstance(value, str):
            self.fault(key, f"{value!r} is no text; write it in quotes.")
            return default
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        value = self._take(key, False)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(key, f"{value!r} is no yes or no; write true or false.")
            return default
        return value

    def number_or_none(self, key: str) -> float | None:
        value = self._take(key, False)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(key, f"{value!r} is no number; write one without quotes.")
            return None
        if abs(value) > sys.float_info.max or value != value:
            self.fault(key, f"{str(value)[:20]} is out of bounds; write a finite number.")
            return None
        return float(value)

    def number(self, key: str, default: float, required: bool = False, low: float | None = None) -> float:
        value = self._take(key, required)
        if value is None:
            return default
        number = self.number_or_none(key)
        if number is not None and low is not None and number < low:
            self.fault(key, f"{number:g} is too little; write at least {low:g}.")
        return default if number is None else number

    def integer(
        self, key: str, default: int = 0, required: bool = False, low: int | None = None, high: int | None = None
    ) -> int:
        value = self._take(key, required)
        if value is None:
            return default
        if type(value) is not int:
            self.fault(key, f"{value!r} is no whole number; write one without quotes.")
            return default
        if (low is not None and value < low) or (high is not None and value > high):
            self.fault(key, f"{value} is outside {low}..{high}; write one within.")
            return default
        return value

    def integer_or_none(self, key: str, low: int, high: int) -> int | None:
        if key not in self.values:
            return None
        number = self.integer(key, low - 1, low=low, high=high)
        return None if number < low else number  # a wrong one is told, and as good as not there

    def integers(self, key: str) -> tuple[int, ...]:
        value = self._take(key, False)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(type(item) is int and 0 <= item <= 0xFFFF for item in value):
            self.fault(key, "This is no list of register words; write [..] with numbers 0..65535.")
            return ()
        return tuple(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key, False)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fault(key, 'This is no list of texts; write ["..", ".."].')
            return ()
        return tuple(value)

    def texts_or_text(self, key: str, required: bool = False) -> tuple[str, ...]:
        """One text, or a list of them."""
        if isinstance(self.values.get(key), list):
            return self.texts(key)
        text = self.text(key, required=required)
        return (text,) if text else ()

    def choice(self, key: str, known: Sequence[str], default: str = "", required: bool = False) -> str:
        value = self.text(key, default, required)
        if value not in known:
            if value == "" and not isinstance(self.values.get(key), str):
                return default or known[0]  # missing, or no text at all, and told so
            near = nearest(value, known)
            hint = f"did you mean '{near}'?" if near else f"known are {', '.join(known)}."
            self.fault(key, f"'{value}' is not known; {hint}")
            return default or known[0]
        return value

    def table(self, key: str, default: str = "") -> Table:
        names = [table.value for table in Table]
        return Table(self.choice(key, names, default, required=not default) or names[0])

    def mapping(self, key: str) -> Mapping[str, Any]:
        value = self._take(key, False)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.fault(key, "This is no table; write { name = value, .. }.")
            return {}
        return value

    def refuse_unknown(self, also: Iterable[str] = ()) -> None:
        known = self.asked | set(also)
        for key in self.values:
            if key not in known:
                near = nearest(key, known)
                hint = f"did you mean '{near}'?" if near else f"known are {', '.join(sorted(known))}."
                self.fault(key, f"This key is not known; {hint}")
