"""Every test that takes `open_store` runs through each implementation of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from energy_console.historian.embedded import open_embedded
from energy_console.historian.interface import Historian

Opener = Callable[[bool], Historian]


@pytest.fixture(params=["embedded"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the one store of this test, for writing or for reading, as often as asked; closes all at the end."""
    opened: list[Historian] = []

    def opener(writing: bool) -> Historian:
        historian = open_embedded(tmp_path / "store", writing)
        opened.append(historian)
        return historian

    yield opener
    for historian in reversed(opened):
        historian.close()


@pytest.fixture
def store(open_store: Opener) -> Historian:
    return open_store(True)
