from __future__ import annotations

from pathlib import Path

import pytest

from energy_console.site.loader import load_site
from energy_console.site.model import Site


@pytest.fixture(scope="session")
def demo() -> Site:
    """The demo site; frozen, so that all tests may share it."""
    return load_site(Path(__file__).parents[2] / "sites" / "port-demo")
