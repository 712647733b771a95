"""Starts the window: application, fonts, theme, translation, desk, main window; and takes it all down again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from energy_console.engine.link import EngineLink
from energy_console.gui.desk import EVERYTHING, Desk
from energy_console.gui.frame.main_window import MainWindow
from energy_console.gui.frame.memory import Memory, default_file
from energy_console.gui.theme import THEMES, Looks


def make_application(memory: Memory, theme: str = "") -> tuple[QApplication, Looks]:
    """The one QApplication, dressed. `theme` wins over the one remembered; the scale can only be set here."""
    if memory.scale_percent != 100:
        os.environ.setdefault("QT_SCALE_FACTOR", f"{memory.scale_percent / 100:.2f}")
    running = QApplication.instance()
    app = running if isinstance(running, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("energy-console")
    app.setApplicationDisplayName("Energy console")
    translate(app)
    looks = Looks(THEMES[theme or memory.text("theme", "dark")])
    looks.dress(app)
    return app, looks


def translate(app: QApplication) -> None:
    """Loads the translations of the system's language where there are some; English needs none."""
    locale = QLocale.system()
    if locale.language() in (QLocale.Language.C, QLocale.Language.AnyLanguage):
        locale = QLocale("en_GB")
    QLocale.setDefault(locale)
    folder = Path(__file__).parent / "translations"
    for name, where in (
        ("energy_console", str(folder)),
        ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
    ):
        translator = QTranslator(app)
        if translator.load(locale, name, "_", where):
            QCoreApplication.installTranslator(translator)


def run_window(
    engine: EngineLink,
    who: str,
    *,
    page: str = "",
    theme: str = "",
    memory_file: Path | None = None,
    permissions: frozenset[str] = EVERYTHING,
) -> int:
    """Shows the window on an engine that is about to start; returns the exit code when it is closed.

    The engine is started here, after the window listens, and stopped after the window is gone.
    """
    memory = Memory(memory_file or default_file(engine.site.id))
    app, looks = make_application(memory, theme)
    desk = Desk(engine, who, looks, permissions)
    window = MainWindow(desk, memory, page)
    window.show()
    engine.start()
    try:
        return app.exec()
    finally:
        desk.close()
        engine.stop()
