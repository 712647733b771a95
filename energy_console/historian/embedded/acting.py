"""Acts on a folder: one process at a time, beside the engine that writes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from energy_console.historian.acts import Act, ActKind, ActSeries, Mask
from energy_console.historian.embedded.acts import add_act, last_number, lock_acts, take_back
from energy_console.historian.embedded.folder import FORMAT, StoreFolder
from energy_console.historian.embedded.newest import NewestFile
from energy_console.historian.embedded.store import open_store
from energy_console.historian.errors import StoreMissing
from energy_console.historian.interface import Historian


def _nothing(_: str) -> None: ...


@contextlib.contextmanager
def acts_on(folder: Path) -> Iterator[FolderActs]:
    """The right to add and take back acts; makes the store where it is missing. Raises StoreError."""
    room = StoreFolder(folder.absolute())
    if not _is_current(room):
        open_store(room, writing=True, step=_nothing).close()  # makes it, or leads it forward
    with contextlib.ExitStack() as undo:
        undo.callback(lock_acts(room).release)
        historian = open_store(room, writing=False, step=_nothing)
        undo.callback(historian.close)
        newest = NewestFile(room.newest, create=False)
        undo.callback(newest.close)
        yield FolderActs(room, newest, historian)


def _is_current(folder: StoreFolder) -> bool:
    try:
        if folder.check() != FORMAT:
            return False
    except StoreMissing:
        return False
    newest = NewestFile(folder.newest, create=False)
    try:
        return newest.is_current
    finally:
        newest.close()


class FolderActs:
    """`Acts` on a folder; made by `acts_on`, which holds the right."""

    def __init__(self, folder: StoreFolder, newest: NewestFile, historian: Historian) -> None:
        self._folder, self._newest, self.historian = folder, newest, historian

    def add(self, act: Act, series: Sequence[ActSeries], masks: Sequence[Mask] = ()) -> int:
        return add_act(self._folder, self._newest, act, series, masks)

    def take_back(self, act: Act) -> int:
        return take_back(self._folder, self._newest, act)

    def last_number(self, kind: ActKind) -> int:
        return last_number(self._folder, kind)
