"""Views kept in the store under the name of the person, so that they are on every desk; and in files, to hand on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.choice import TrendView
from energy_console.gui.pages.trends.view_format import ForeignView, from_json, to_json

FILE_KIND = "energy console trend views"
FILE_FORMAT = 1
_LAST = ""  # what was shown when the page was left
_DEFAULT = "shown at the start"


class KeptViews:
    """`changed` is called when the names, or what was shown last, have come from the store."""

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        self._desk = desk
        self._changed = changed
        self._room = f"trend views of {desk.who}"
        self._settings = f"trend settings of {desk.who}"
        self._units = {point.id: point.unit for point in desk.site.points}
        self._kept: dict[str, Any] = {}
        self.default = ""  # the view shown at the start; empty: what was shown last
        self.loaded = False
        self._waiting: dict[tuple[str, str], Any] = {}
        self._writing = False

    def load(self) -> None:
        rooms = (self._room, self._settings)
        self._desk.query(lambda store: [store.list_state(room) for room in rooms], self._loaded)

    def _loaded(self, found: object) -> None:
        self.loaded = True
        if isinstance(found, list):
            views, settings = found
            self._kept = {name: view for name, view in views.items() if view is not None}
            default = settings.get(_DEFAULT)
            self.default = default if default in self._kept else ""
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

    def first(self) -> TrendView | None:
        """What the page begins with: the view of the start, else what was shown last."""
        return (self.view(self.default) if self.default else None) or self.view(_LAST)

    def keep(self, name: str, view: TrendView) -> None:
        """Keeps a view; an empty name is what is shown now."""
        if self.loaded:
            self._put(name, to_json(view))

    def drop(self, name: str) -> None:
        self._kept.pop(name, None)
        self._write(self._room, name, None)
        if name == self.default:
            self.start_with("")

    def rename(self, name: str, other: str) -> None:
        """Gives a view another name; one that has it already is replaced."""
        if name == other or name not in self._kept:
            return
        self._put(other, self._kept[name])
        was_default = name == self.default
        self.drop(name)
        if was_default:
            self.start_with(other)

    def start_with(self, name: str) -> None:
        """Which view is shown at the start; an empty name: what was shown last."""
        self.default = name
        self._write(self._settings, _DEFAULT, name or None)

    # files

    def file_text(self) -> str:
        """All named views as a file to hand on."""
        views = {name: self._kept[name] for name in self.names}
        return json.dumps({"kind": FILE_KIND, "format": FILE_FORMAT, "views": views}, indent=2, ensure_ascii=False)

    def take_file(self, text: str) -> tuple[str, ...]:
        """Keeps the views of a file and returns their names; a name that is taken gets a number.

        Raises ForeignView where the text is no such file, or one view of it cannot be read; then nothing is kept.
        """
        views = _views_in(text)
        for name, view in views.items():
            _readable(name, view, self._units)
        names = []
        for name, view in views.items():
            names.append(self._free(name))
            self._put(names[-1], view)
        return tuple(names)

    def _free(self, name: str) -> str:
        if name not in self._kept:
            return name
        return next(tried for number in range(2, 10_000) if (tried := f"{name} {number}") not in self._kept)

    # the store

    def _put(self, name: str, value: Any) -> None:
        self._kept[name] = value
        self._write(self._room, name, value)

    def _write(self, room: str, name: str, value: Any) -> None:
        """One write at a time: two workers could else bring them to the store in another order."""
        self._waiting[room, name] = value
        if not self._writing:
            self._write_next()

    def _write_next(self) -> None:
        self._writing = bool(self._waiting)
        if not self._waiting:
            return
        room, name = next(iter(self._waiting))
        value = self._waiting.pop((room, name))
        self._desk.query(lambda store: store.put_state(room, name, value), self._written)

    def _written(self, found: object) -> None:
        if isinstance(found, Exception):
            self._desk.said.emit(str(found))
        self._write_next()


def _views_in(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ForeignView("This is not a file of Trends views: it is no JSON. Pick one that Trends wrote.") from error
    if not isinstance(document, dict) or document.get("kind") != FILE_KIND:
        raise ForeignView("This is not a file of Trends views; pick one that Trends wrote.")
    if not isinstance(document.get("format"), int) or document["format"] > FILE_FORMAT:
        raise ForeignView("This file was written by a newer version of the console; read it there.")
    views = document.get("views")
    if not isinstance(views, dict) or not all(name.strip() for name in views):
        raise ForeignView("This file of Trends views has no views in it; pick another.")
    return views


def _readable(name: str, view: Any, units: Mapping[str, str]) -> None:
    try:
        from_json(view, units)
    except ForeignView as fault:
        raise ForeignView(f"The view “{name}” of this file cannot be read: {fault}") from fault


def read_views(path: Path) -> str:
    """The text of a file of views. Raises ForeignView, OSError."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ForeignView("This is not a file of Trends views: it is no text. Pick one that Trends wrote.") from error
