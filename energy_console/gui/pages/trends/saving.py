"""Saving the view: a picture of the page, or its data as CSV or Parquet, written on a worker thread."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.format import number
from energy_console.gui.pages.trends.copying import text_of
from energy_console.gui.pages.trends.drawing import Drawing
from energy_console.gui.pages.trends.export import Export, write_data
from energy_console.gui.pages.trends.naming import Names
from energy_console.gui.pages.trends.toolbar import Toolbar
from energy_console.gui.plots.stack import TrendStack

translate = QCoreApplication.translate

_ENDINGS = {"picture": "png", "csv": "csv", "parquet": "parquet"}


class Saving:
    """Asks where to, then writes; the status line tells how it went."""

    def __init__(
        self, desk: Desk, page: QWidget, stack: TrendStack, drawing: Drawing, names: Names, toolbar: Toolbar
    ) -> None:
        self._desk, self._page = desk, page
        self._stack, self._drawing = stack, drawing
        self._names, self._toolbar = names, toolbar

    def save(self, kind: str) -> QFileDialog:
        """`kind`: picture, csv or parquet."""
        ending = _ENDINGS[kind]
        filters = {
            "picture": translate("saving", "Pictures (*.png)"),
            "csv": translate("saving", "Comma-separated values (*.csv)"),
            "parquet": translate("saving", "Parquet (*.parquet)"),
        }
        dialog = QFileDialog(self._page, translate("saving", "Export the view"), self._name(ending), filters[kind])
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ending)
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog, QGuiApplication.platformName() == "offscreen")
        act = self.save_picture if kind == "picture" else self.save_data
        dialog.fileSelected.connect(lambda path: act(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def _name(self, ending: str) -> str:
        local = dt.datetime.fromtimestamp(self._stack.end_s, self._desk.site.place.zone)
        title = self._toolbar.view_name or translate("saving", "trends")
        return f"{title} {local:%Y-%m-%d %H.%M}.{ending}".replace("/", "-")

    def save_picture(self, path: Path) -> None:
        """The page as it stands on screen."""
        image = self._page.grab().toImage()
        self._desk.query(lambda _store: image.save(str(path)), lambda worked: self._told(path, worked is True, 0))

    def copy_plots(self) -> None:
        """A picture of the plots into the clipboard."""
        QGuiApplication.clipboard().setPixmap(self._stack.grab())
        self._desk.said.emit(translate("saving", "A picture of the plots is in the clipboard."))

    def copy_data(self) -> None:
        """What is on screen into the clipboard, as rows for a spreadsheet."""
        end_s = min(self._stack.end_s, self._drawing.edge_s)
        if not self._drawing.view.points or end_s <= self._stack.start_s:
            self._desk.said.emit(translate("saving", "There is nothing to copy: tick a point in the tree first."))
            return
        text = text_of(self._drawing, self._names, self._stack.start_s, end_s, self._stack.zone)
        QGuiApplication.clipboard().setText(text)
        rows = number(max(0, text.count("\n") - 1))
        self._desk.said.emit(translate("saving", "{0} rows are in the clipboard.").format(rows))

    def save_data(self, path: Path) -> None:
        """The readings of every point drawn over the window on screen, up to the present."""
        stack, drawing, names = self._stack, self._drawing, self._names
        points = tuple(names.points[point] for point in drawing.view.points)
        end_s = min(stack.end_s, drawing.edge_s)
        every_s = tuple(names.every_s(point.id) for point in points)
        if not points or end_s <= stack.start_s:
            self._desk.said.emit(translate("saving", "There is nothing to export: tick a point in the tree first."))
            return
        export = Export(points, every_s, stack.start_s, end_s, path)
        self._desk.said.emit(translate("saving", "Writing {0} ...").format(path.name))
        self._desk.query(
            lambda store: write_data(store, export),
            lambda found: self._told(path, isinstance(found, int), found if isinstance(found, int) else 0),
        )

    def _told(self, path: Path, worked: bool, rows: int) -> None:
        if not worked:
            self._desk.said.emit(translate("saving", "{0} could not be written; choose another folder.").format(path))
        elif rows:
            self._desk.said.emit(translate("saving", "{0} rows are in {1}.").format(number(rows), path))
        else:
            self._desk.said.emit(translate("saving", "{0} is written.").format(path))
