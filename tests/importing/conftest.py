"""A site with one meter, a store of its own, and files written by the tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from energy_console.app import main
from energy_console.historian.embedded import open_embedded
from energy_console.historian.embedded.checking import check_store
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.interface import Series

SITE = Path(__file__).parents[2] / "sites" / "one-meter"
ALL = (0, 2**62)


@dataclass(frozen=True)
class Desk:
    """Runs `import` on the test's folder and reads what its store has then."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def file(self, text: str, name: str = "meter.csv", encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        return path

    def run(self, *words: object) -> tuple[int, str, str]:
        code = main(["import", *map(str, words), "--site", str(SITE), "--store", str(self.store)])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def told(self, *words: object, code: int = 0) -> Any:
        """The JSON document of a run that ends with `code`."""
        got, out, err = self.run(*words, "--json")
        assert got == code, err
        return json.loads(out)

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def kept(self, point: str) -> Series:
        store = open_embedded(self.store, writing=False)
        try:
            return store.read(point, *ALL)
        finally:
            store.close()

    def is_sound(self) -> bool:
        report = check_store(StoreFolder(self.store))
        assert report.faults == ()
        return not report.notes


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)
