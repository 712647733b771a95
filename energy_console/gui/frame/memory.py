"""What a desk remembers of one site for one person: theme, scale, page, window places. A small ini file."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

SCALES = (100, 125, 150, 175, 200)


def default_file(site_id: str) -> Path:
    """Where the memory of a site is kept for the person logged in to this computer."""
    return Path(platformdirs.user_config_dir("energy-console", appauthor=False)) / f"{site_id}.ini"


class Memory:
    """Read and written on the GUI thread; a value that cannot be read counts as never kept."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)

    def text(self, key: str, default: str = "") -> str:
        value = self._settings.value(key, default)
        return value if isinstance(value, str) else default

    def keep_text(self, key: str, value: str) -> None:
        self._settings.setValue(key, value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list kept by `keep_texts`."""
        return tuple(part for part in self.text(key).split("|") if part)

    def keep_texts(self, key: str, values: tuple[str, ...]) -> None:
        self.keep_text(key, "|".join(values))

    def place(self, key: str) -> QByteArray:
        """Geometry of a window, empty if never kept."""
        value = self._settings.value(f"place/{key}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_place(self, key: str, geometry: QByteArray) -> None:
        self._settings.setValue(f"place/{key}", geometry)

    @property
    def scale_percent(self) -> int:
        kept = self.text("scale", "100")
        return int(kept) if kept.isdigit() and int(kept) in SCALES else 100

    def keep_scale(self, percent: int) -> None:
        self.keep_text("scale", str(percent))

    def save(self) -> None:
        self._settings.sync()
