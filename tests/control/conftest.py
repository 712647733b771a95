from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from energy_console.historian.embedded import EmbeddedHistorian, open_embedded


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedHistorian]:
    opened = open_embedded(tmp_path / "store", writing=True)
    yield opened
    opened.close()
