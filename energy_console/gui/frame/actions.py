"""What can be done from the window, as one table. Keys, palette and buttons are all built from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """One thing that can be done. `permission` names who may; the handler is a method of the window, by `key`."""

    key: str
    text: str  # source text, translated by `name`
    icon: str
    shortcut: str
    permission: str = "look"

    @property
    def name(self) -> str:
        return QCoreApplication.translate("actions", self.text)


def _a(key: str, text: object, icon: str, shortcut: str, permission: str = "look") -> ActionEntry:
    return ActionEntry(key, str(text), icon, shortcut, permission)


ENTRIES: tuple[ActionEntry, ...] = (
    _a("acknowledge", QT_TRANSLATE_NOOP("actions", "Acknowledge the most urgent alarm"), "check", "F8", "acknowledge"),
    _a("show_alarm", QT_TRANSLATE_NOOP("actions", "Show where the most urgent alarm is"), "bell", "Shift+F8"),
    _a(
        "palette",
        QT_TRANSLATE_NOOP("actions", "Find a page, device, point, alarm or action"),
        "magnifying-glass",
        "Ctrl+K",
    ),
    _a("go_live", QT_TRANSLATE_NOOP("actions", "Go live"), "clock", "Ctrl+L"),
    _a("earlier", QT_TRANSLATE_NOOP("actions", "A quarter of an hour earlier"), "caret-left", "Alt+Left"),
    _a("later", QT_TRANSLATE_NOOP("actions", "A quarter of an hour later"), "caret-right", "Alt+Right"),
    _a("pick_time", QT_TRANSLATE_NOOP("actions", "Pick a moment of the past"), "calendar-blank", "Ctrl+G"),
    _a("note", QT_TRANSLATE_NOOP("actions", "Write a note into the journal"), "note-pencil", "Ctrl+Shift+N", "note"),
    _a("replay", QT_TRANSLATE_NOOP("actions", "Replay the past, or pause it"), "play", "Ctrl+R"),
    _a("faster", QT_TRANSLATE_NOOP("actions", "Replay faster"), "caret-up", "Alt+Up"),
    _a("slower", QT_TRANSLATE_NOOP("actions", "Replay slower"), "caret-down", "Alt+Down"),
    _a(
        "next_entry",
        QT_TRANSLATE_NOOP("actions", "To the next entry of the journal"),
        "skip-forward",
        "Alt+Shift+Right",
    ),
    _a("previous_entry", QT_TRANSLATE_NOOP("actions", "To the entry before"), "skip-back", "Alt+Shift+Left"),
    _a("next_alarm", QT_TRANSLATE_NOOP("actions", "To the next alarm raised"), "bell", "Alt+Shift+Down"),
    _a("previous_alarm", QT_TRANSLATE_NOOP("actions", "To the alarm raised before"), "bell", "Alt+Shift+Up"),
    _a("replay_span", QT_TRANSLATE_NOOP("actions", "Replay a span"), "clock", "Ctrl+Shift+R"),
    _a("next_page", QT_TRANSLATE_NOOP("actions", "Next page"), "caret-down", "Ctrl+PgDown"),
    _a("previous_page", QT_TRANSLATE_NOOP("actions", "Previous page"), "caret-up", "Ctrl+PgUp"),
    _a(
        "tear_off",
        QT_TRANSLATE_NOOP("actions", "Put this page into its own window"),
        "arrow-square-out",
        "Ctrl+Shift+O",
    ),
    _a("save_picture", QT_TRANSLATE_NOOP("actions", "Save a picture of this page"), "export", "Ctrl+Shift+S"),
    _a("copy_picture", QT_TRANSLATE_NOOP("actions", "Copy a picture of this page"), "copy", "Ctrl+Shift+C"),
    _a("toggle_theme", QT_TRANSLATE_NOOP("actions", "Light or dark"), "sun", "Ctrl+Shift+L"),
    _a("larger", QT_TRANSLATE_NOOP("actions", "Everything larger from the next start"), "plus", "Ctrl++"),
    _a("smaller", QT_TRANSLATE_NOOP("actions", "Everything smaller from the next start"), "minus", "Ctrl+-"),
    _a("full_screen", QT_TRANSLATE_NOOP("actions", "Full screen"), "corners-out", "F11"),
    _a("quit", QT_TRANSLATE_NOOP("actions", "Close the console"), "x", "Ctrl+Q"),
)


def make_actions(
    owner: QWidget, handlers: Mapping[str, Callable[[], None]], may: Callable[[str], bool]
) -> dict[str, QAction]:
    """A QAction for every entry, added to `owner`. Raises KeyError for an entry without handler."""
    made: dict[str, QAction] = {}
    for entry in ENTRIES:
        handler = handlers[entry.key]
        action = QAction(entry.name, owner)
        action.setObjectName(entry.key)
        action.setShortcut(QKeySequence(entry.shortcut))
        # torn-off pages are windows of their own and obey the same keys
        action.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
        action.setEnabled(may(entry.permission))
        action.triggered.connect(lambda _checked=False, handler=handler: handler())
        owner.addAction(action)
        made[entry.key] = action
    return made
