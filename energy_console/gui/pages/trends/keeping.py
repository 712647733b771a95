"""Views kept in the store under the name of the person, so that they are there on every desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.choice import ForeignView, TrendView, from_json

_LAST = ""  # what was shown when the page was left


class KeptViews:
    """`changed` is called when the names, or what was shown last, have come from the store."""

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        self._desk = desk
        self._changed = changed
        self._room = f"trend views of {desk.who}"
        self._units = {point.id: point.unit for point in desk.site.points}
        self._kept: dict[str, Any] = {}
        self.loaded = False
        self._waiting: dict[str, Any] = {}
        self._writing = False

    def load(self) -> None:
        self._desk.query(lambda store: store.list_state(self._room), self._loaded)

    def _loaded(self, found: object) -> None:
        self.loaded = True
        if isinstance(found, dict):
            self._kept = {name: view for name, view in found.items() if view is not None}
        elif isinstance(found, Exception):
            self._desk.said.emit(str(found))
        self._changed()

    @property
    def settled(self) -> bool:
        """Whether all that was kept has reached the store."""
        return not self._writing

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted((name for name in self._kept if name != _LAST), key=str.casefold))

    def view(self, name: str) -> TrendView | None:
        """The view of a name; None, with a word in the status line, where it cannot be read."""
        if name not in self._kept:
            return None
        try:
            return from_json(self._kept[name], self._units)
        except ForeignView as fault:
            self._desk.said.emit(str(fault))
            return None

    def last(self) -> TrendView | None:
        return self.view(_LAST)

    def keep(self, name: str, view: TrendView) -> None:
        """Keeps a view; an empty name is what is shown now."""
        if not self.loaded:
            return
        value = view.to_json()
        self._kept[name] = value
        self._write(name, value)

    def drop(self, name: str) -> None:
        self._kept.pop(name, None)
        self._write(name, None)

    def _write(self, name: str, value: Any) -> None:
        """One write at a time: two workers could else bring them to the store in another order."""
        self._waiting[name] = value
        if not self._writing:
            self._write_next()

    def _write_next(self) -> None:
        self._writing = bool(self._waiting)
        if not self._waiting:
            return
        name = next(iter(self._waiting))
        value = self._waiting.pop(name)
        self._desk.query(lambda store: store.put_state(self._room, name, value), self._written)

    def _written(self, found: object) -> None:
        if isinstance(found, Exception):
            self._desk.said.emit(str(found))
        self._write_next()
