"""Every test that takes `open_store` runs through each implementation of the store."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from energy_console.historian.embedded import open_embedded
from energy_console.historian.interface import Historian
from energy_console.historian.postgres import open_postgres
from tests.historian.postgres_server import postgres_server

Opener = Callable[[bool], Historian]
_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a PostgreSQL server of this run; skips where there is none."""
    yield from postgres_server()


@pytest.fixture(params=["embedded", "postgres"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the one store of this test, for writing or for reading, as often as asked; closes all at the end."""
    opened: list[Historian] = []
    number = next(_NUMBERS)

    def opener(writing: bool) -> Historian:
        if request.param == "embedded":
            opened.append(open_embedded(tmp_path / "store", writing))
        else:
            opened.append(open_postgres(request.getfixturevalue("server"), f"site-{number}", writing))
        return opened[-1]

    yield opener
    for historian in reversed(opened):
        historian.close()


@pytest.fixture
def store(open_store: Opener) -> Historian:
    return open_store(True)
