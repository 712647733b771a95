"""The store that needs nothing installed beside it: a folder with SQLite and Parquet files. See docs/store.md."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from energy_console.historian.embedded.folder import StoreFolder, default_store
from energy_console.historian.embedded.store import EmbeddedHistorian, open_store

__all__ = ["EmbeddedHistorian", "default_store", "open_embedded"]


def open_embedded(
    folder: str | os.PathLike[str], writing: bool, step: Callable[[str], None] = lambda _: None
) -> EmbeddedHistorian:
    """Opens a store folder; with `writing`, makes it where missing and becomes its one writer.

    `step` is called at every point where a crash would be felt, for tests. Raises StoreError.
    """
    return open_store(StoreFolder(Path(folder).absolute()), writing=writing, step=step)
