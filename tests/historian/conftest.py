"""Every test that takes `open_store` runs through each implementation of the store."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from energy_console.historian.embedded import open_embedded
from energy_console.historian.embedded.acting import acts_on
from energy_console.historian.interface import Acts, Historian
from energy_console.historian.postgres import engine_of, reader_of
from energy_console.historian.postgres.acts import acts_at
from energy_console.historian.postgres.server import Place
from tests.historian.postgres_server import Server, carried_server, system_server

Opener = Callable[[bool], Historian]
_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def own_server() -> Iterator[Server]:
    """A PostgreSQL server of this run, from the wheel that carries one; skips where there is none."""
    yield from carried_server()


@pytest.fixture(scope="session")
def older_server() -> Iterator[Server]:
    """The oldest PostgreSQL installed on this system; skips where there is none."""
    yield from system_server()


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> str:
    """The address of a server: the one named by TEST_POSTGRES, else one of this run."""
    return os.environ.get("TEST_POSTGRES") or request.getfixturevalue("own_server").url


class StoreOpener:
    """Opens the one store of a test, for writing or for reading, as often as asked, and the right to act on it."""

    def __init__(self, url: str, folder: Path) -> None:
        """`url`: of a server; empty for a store in `folder`."""
        self._url, self._folder = url, folder
        self._site = f"site-{os.getpid()}-{next(_NUMBERS)}"
        self.opened: list[Historian] = []

    def __call__(self, writing: bool) -> Historian:
        if not self._url:
            self.opened.append(open_embedded(self._folder / "store", writing))
        elif writing:
            self.opened.append(engine_of(self._url, self._site, self._folder / f"outbox-{len(self.opened)}"))
        else:
            self.opened.append(reader_of(self._url, self._site))
        return self.opened[-1]

    def acts(self) -> AbstractContextManager[Acts]:
        return acts_at(Place(self._url, self._site)) if self._url else acts_on(self._folder / "store")


@pytest.fixture(params=["embedded", "postgres", "older postgres"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreOpener]:
    """All stores opened are closed at the end."""
    url = ""
    if request.param != "embedded":
        older = request.param == "older postgres"
        url = request.getfixturevalue("older_server").url if older else request.getfixturevalue("server")
    opener = StoreOpener(url, tmp_path)
    yield opener
    for historian in reversed(opener.opened):
        historian.close()


@pytest.fixture
def store(open_store: Opener) -> Historian:
    return open_store(True)
