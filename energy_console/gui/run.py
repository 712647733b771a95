"""Starts the window: application, fonts, theme, translation, desk, main window; and takes it all down again."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from energy_console.engine.link import EngineLink
from energy_console.gui.desk import EVERYTHING, Desk
from energy_console.gui.frame.main_window import MainWindow
from energy_console.gui.frame.memory import Memory, default_file
from energy_console.gui.theme import THEMES, Looks

log = logging.getLogger(__name__)


def make_application(memory: Memory, theme: str = "") -> tuple[QApplication, Looks]:
    """The one QApplication, dressed. `theme` wins over the one remembered; the scale can only be set here."""
    if memory.scale_percent != 100:
        os.environ.setdefault("QT_SCALE_FACTOR", f"{memory.scale_percent / 100:.2f}")
    running = QApplication.instance()
    app = running if isinstance(running, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("energy-console")
    app.setApplicationDisplayName("Energy console")
    load_translations(app)
    looks = Looks(THEMES[theme or memory.text("theme", "dark")])
    looks.dress(app)
    return app, looks


def load_translations(app: QApplication) -> None:
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


class Complaints:
    """Takes what a slot raised: into the log once per place, and as one sentence onto the status line.

    Qt calls slots from C++, where an exception has nowhere to go; the window goes on.
    """

    def __init__(self, desk: Desk, otherwise: Callable[..., object]) -> None:
        self._desk = desk
        self._otherwise = otherwise
        self._told: set[tuple[str, int]] = set()

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not isinstance(error, Exception):
            self._otherwise(kind, error, trace)
            return
        place = _place_of(trace)
        if place not in self._told:
            self._told.add(place)
            log.error("a slot raised", exc_info=(kind, error, trace))
        sentence = QCoreApplication.translate("run", "Something on this page failed ({0}); the log tells where.")
        self._desk.said.emit(sentence.format(f"{kind.__name__}: {error}"))


def _place_of(trace: TracebackType | None) -> tuple[str, int]:
    """File and line where it was raised."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace is not None else ("", 0)


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
    engine.start()  # the desk listens already; the field comes up while the window does
    window = MainWindow(desk, memory, page)
    window.show()
    before = sys.excepthook
    sys.excepthook = Complaints(desk, before)
    try:
        return app.exec()
    finally:
        sys.excepthook = before
        desk.close()
        engine.stop()
