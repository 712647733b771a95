"""A picture of a page without a display: the whole window, offscreen, on a running engine."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from energy_console.engine.link import EngineLink
from energy_console.gui.desk import Desk
from energy_console.gui.frame.main_window import MainWindow
from energy_console.gui.frame.memory import Memory
from energy_console.gui.run import make_application

ENOUGH = 0.9  # share of the devices that must have answered before the picture's own wait begins
_LOOK_MS = 100


@dataclass(frozen=True, slots=True)
class Shot:
    """What to take: page, size in px, theme, seconds to wait once the field answers, what to select (or "")."""

    page: str
    width: int
    height: int
    theme: str
    after_s: float
    select: str = ""
    plan: bool = False  # ask for a plan first
    at: dt.datetime | None = None  # a moment of the past (UTC) instead of now
    patience_s: float = 60.0  # how long to wait for the field, and for the plan, at most


def use_offscreen() -> None:
    """Must be called before the QApplication is made."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"


def take(engine: EngineLink, who: str, shot: Shot, out: Path) -> bool:
    """Starts the engine, waits, saves the picture; returns whether the field answered. Raises OSError, KeyError."""
    with tempfile.TemporaryDirectory(prefix="energy-console-") as folder:
        memory = Memory(Path(folder) / "memory.ini")  # the user's own stays as it is
        _, looks = make_application(memory, shot.theme)
        desk = Desk(engine, who, looks)
        window = MainWindow(desk, memory, shot.page)
        window.resize(shot.width, shot.height)
        window.show()
        engine.start()
        try:
            answered = _wait_for_field(desk, shot.patience_s) if shot.at is None else _wait_for_past(desk, shot)
            if shot.plan:
                _wait_for_plan(desk, shot.patience_s)
            if shot.select:
                window.open_page(shot.page, shot.select)
            _wait(shot.after_s)
            window.tick()
            if not window.grab().save(str(out)):
                raise OSError(f"{out} cannot be written: name a file ending in .png in a folder that is there.")
        finally:
            window.close()
            desk.close()
    return answered


def _wait_for_field(desk: Desk, patience_s: float) -> bool:
    """Until nearly all devices have answered; False where they have not in that time."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        health = desk.latest.health
        if health is not None and health.devices and health.answering >= ENOUGH * health.devices:
            return True
        _wait(_LOOK_MS / 1000)
    return False


def _wait_for_past(desk: Desk, shot: Shot) -> bool:
    """Until the store has told of the moment, and something of it is known; False where nothing is in that time.

    A past that comes with virtual devices is still being written while they begin.
    """
    until = time.monotonic() + shot.patience_s
    while time.monotonic() < until:
        desk.time.pick(None)
        desk.time.pick(shot.at)
        while desk.past.then is None and not desk.past.failure and time.monotonic() < until:
            _wait(_LOOK_MS / 1000)
        if desk.past.then is not None and desk.past.then.health.running:
            return True
        _wait(1.0)
    return False


def _wait_for_plan(desk: Desk, patience_s: float) -> None:
    """Asks the engine for a plan and waits until it has one or says why not."""
    answers: list[object] = []
    desk.engine.make_plan(desk.on_gui(answers.append))
    until = time.monotonic() + patience_s
    while not answers and time.monotonic() < until:
        _wait(_LOOK_MS / 1000)


def _wait(seconds: float) -> None:
    """Lets the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()
    QApplication.processEvents()
