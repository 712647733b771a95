"""What can be done on Trends, as one table: keys, menus and the list of keys are all built from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from energy_console.gui.icons import icon
from energy_console.gui.theme import BUTTON_ICON_PX, Looks


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do. `text` is translated by `name`; `shortcut` works anywhere on the page where no text is typed."""

    key: str
    text: str
    shortcut: str = ""
    icon: str = ""

    @property
    def name(self) -> str:
        return QCoreApplication.translate("trend_acts", self.text)


def _a(key: str, text: object, shortcut: str = "", icon_name: str = "") -> Act:
    return Act(key, str(text), shortcut, icon_name)


ACTS: tuple[Act, ...] = (
    _a("own_plot", QT_TRANSLATE_NOOP("trend_acts", "Give the curve a plot of its own"), "O"),
    _a("join_above", QT_TRANSLATE_NOOP("trend_acts", "Put the curve into the plot above"), "J"),
    _a("axis", QT_TRANSLATE_NOOP("trend_acts", "Range of the curve's axis ..."), "R"),
    _a("log", QT_TRANSLATE_NOOP("trend_acts", "Logarithmic axis"), "L"),
    _a("title", QT_TRANSLATE_NOOP("trend_acts", "Title of the plot ..."), "F2"),
    _a("remove", QT_TRANSLATE_NOOP("trend_acts", "Take the curve away"), "Del", "x"),
    _a("remove_plot", QT_TRANSLATE_NOOP("trend_acts", "Take the whole plot away"), "Shift+Del"),
    _a("only", QT_TRANSLATE_NOOP("trend_acts", "Take all other curves away"), "Ctrl+Del"),
    _a("cursor", QT_TRANSLATE_NOOP("trend_acts", "Cursor into the middle"), "C", "crosshair"),
    _a("second_cursor", QT_TRANSLATE_NOOP("trend_acts", "Second cursor here, to tell differences"), "B"),
    _a("normal", QT_TRANSLATE_NOOP("trend_acts", "What is usual for the hour"), "N"),
    _a("plan", QT_TRANSLATE_NOOP("trend_acts", "What the plan in force expects"), "P"),
    _a("day_before", QT_TRANSLATE_NOOP("trend_acts", "Compare with the day before"), "D"),
    _a("week_before", QT_TRANSLATE_NOOP("trend_acts", "Compare with the same day last week"), "W"),
    _a("year_before", QT_TRANSLATE_NOOP("trend_acts", "Compare with the same date last year"), "Y"),
    _a("other_span", QT_TRANSLATE_NOOP("trend_acts", "Compare with another span ..."), "Shift+D"),
    _a("window", QT_TRANSLATE_NOOP("trend_acts", "Show from, to ..."), "G"),
    _a("back", QT_TRANSLATE_NOOP("trend_acts", "Back to the window before"), "Backspace"),
    _a("copy_data", QT_TRANSLATE_NOOP("trend_acts", "Copy the data on screen"), "Ctrl+C"),
    _a("copy_plots", QT_TRANSLATE_NOOP("trend_acts", "Copy a picture of the plots"), "Ctrl+Alt+C", "copy"),
    _a("save_plots", QT_TRANSLATE_NOOP("trend_acts", "Save a picture of the page ..."), "Ctrl+P"),
    _a("save_csv", QT_TRANSLATE_NOOP("trend_acts", "Save the data as CSV ..."), "Ctrl+E"),
    _a("save_parquet", QT_TRANSLATE_NOOP("trend_acts", "Save the data as Parquet ..."), "Ctrl+Shift+E"),
    _a("save_view", QT_TRANSLATE_NOOP("trend_acts", "Save the view ..."), "Ctrl+S", "floppy-disk"),
    _a("open_view", QT_TRANSLATE_NOOP("trend_acts", "Open a view"), "V", "bookmark-simple"),
    _a("find", QT_TRANSLATE_NOOP("trend_acts", "Find a point"), "/", "magnifying-glass"),
    _a("keys", QT_TRANSLATE_NOOP("trend_acts", "The keys of this page"), "F1"),
)
SPAN_KEYS = ("15min", "1h", "6h", "24h", "7d", "30d", "1y")  # on the digits 1 to 7


class Acts:
    """The table as QActions of the page. `handlers` has one for each key of the table."""

    def __init__(self, page: QWidget, looks: Looks, handlers: Mapping[str, Callable[[], object]]) -> None:
        self._actions: dict[str, QAction] = {}
        for act in ACTS:
            action = QAction(act.name, page)
            if act.shortcut:
                action.setShortcut(QKeySequence(act.shortcut))
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            if act.icon:
                action.setIcon(icon(act.icon, looks.theme.text, BUTTON_ICON_PX, disabled=looks.theme.faint))
            handler = handlers[act.key]
            action.triggered.connect(lambda _on=False, handler=handler: handler())
            page.addAction(action)
            self._actions[act.key] = action

    def __getitem__(self, key: str) -> QAction:
        return self._actions[key]

    def add_to(self, menu: QMenu, keys: Iterable[str]) -> None:
        """Puts acts into a menu; an empty key is a line between."""
        for key in keys:
            if key:
                menu.addAction(self._actions[key])
            else:
                menu.addSeparator()
