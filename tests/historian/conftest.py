"""Every test that takes `open_store` runs through each implementation of the store."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from energy_console.historian.embedded import open_embedded
from energy_console.historian.interface import Historian
from energy_console.historian.postgres import engine_of, reader_of
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


@pytest.fixture(params=["embedded", "postgres", "older postgres"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the one store of this test, for writing or for reading, as often as asked; closes all at the end."""
    opened: list[Historian] = []
    site = f"site-{os.getpid()}-{next(_NUMBERS)}"

    def opener(writing: bool) -> Historian:
        if request.param == "embedded":
            opened.append(open_embedded(tmp_path / "store", writing))
            return opened[-1]
        older = request.param == "older postgres"
        url = request.getfixturevalue("older_server").url if older else request.getfixturevalue("server")
        opened.append(engine_of(url, site, tmp_path / f"outbox-{len(opened)}") if writing else reader_of(url, site))
        return opened[-1]

    yield opener
    for historian in reversed(opened):
        historian.close()


@pytest.fixture
def store(open_store: Opener) -> Historian:
    return open_store(True)
