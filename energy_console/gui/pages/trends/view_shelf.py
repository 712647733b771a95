"""The views a person keeps, as they are opened, saved, renamed, deleted, shown at the start, written and read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.pages.trends.choice import TrendView
from energy_console.gui.pages.trends.keeping import KeptViews, read_views
from energy_console.gui.pages.trends.toolbar import Toolbar
from energy_console.gui.pages.trends.view_format import ForeignView


class ViewShelf(QObject):
    """`show` draws a view, `shown` gives the one drawn; `began` is called once the store has told what there is."""

    def __init__(
        self,
        desk: Desk,
        page: QWidget,
        toolbar: Toolbar,
        shown: Callable[[], TrendView],
        show: Callable[[TrendView], None],
        began: Callable[[], None],
    ) -> None:
        super().__init__(page)
        self._desk, self._page, self._toolbar = desk, page, toolbar
        self._shown, self._show, self._began = shown, show, began
        self.kept = KeptViews(desk, self._came)
        toolbar.view_wanted.connect(self.open)
        toolbar.save_wanted.connect(self.save)
        toolbar.view_act_wanted.connect(self.act)

    def _came(self) -> None:
        self._tell(self.kept.default)
        self._began()

    def _tell(self, current: str) -> None:
        self._toolbar.default_view = self.kept.default
        self._toolbar.show_views(self.kept.names, current)

    def open(self, name: str) -> None:
        view = self.kept.view(name)
        if view is not None:
            self._show(view)
            self._tell(name)

    def save(self, name: str) -> None:
        self.kept.keep(name, self._shown())
        self._tell(name)
        self._desk.said.emit(self.tr("The view is kept as “{0}”.").format(name))

    def act(self, key: str) -> None:
        """`key` as of the toolbar's signal: what to do with the view shown, or with all."""
        name = self._toolbar.view_name
        match key:
            case "rename":
                self._toolbar.ask_text(
                    self.tr("Rename view"),
                    self.tr("New name of the view"),
                    name,
                    lambda other: self.rename(name, other),
                )
            case "default":
                self.kept.start_with("" if name == self.kept.default else name)
                self._tell(name)
            case "delete":
                self.kept.drop(name)
                self._tell("")
                self._desk.said.emit(self.tr("The view “{0}” is deleted.").format(name))
            case "export":
                self.ask_file(writing=True)
            case "import":
                self.ask_file(writing=False)
            case _:
                self._show(TrendView(span_s=self._shown().span_s))
                self._tell("")

    def rename(self, name: str, other: str) -> None:
        self.kept.rename(name, other)
        self._tell(other)
        self._desk.said.emit(self.tr("The view “{0}” is called “{1}” now.").format(name, other))

    # files

    def ask_file(self, *, writing: bool) -> QFileDialog:
        """Asks for the file to write all views to, or to read views from."""
        title = self.tr("Write the views to a file") if writing else self.tr("Read views from a file")
        dialog = QFileDialog(self._page, title, "trend views.json", self.tr("Views (*.json)"))
        if writing:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix("json")
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog, QGuiApplication.platformName() == "offscreen")
        act = self.write_file if writing else self.read_file
        dialog.fileSelected.connect(lambda path: act(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def write_file(self, path: Path) -> None:
        """Writes all named views on a worker."""
        text, count = self.kept.file_text(), len(self.kept.names)
        told = self.tr("{0} views are in {1}.").format(count, path)

        def answer(found: object) -> None:
            failed = self.tr("{0} could not be written; choose another folder.").format(path)
            self._desk.said.emit(failed if isinstance(found, Exception) else told)

        self._desk.query(lambda _store: path.write_text(text, encoding="utf-8"), answer)

    def read_file(self, path: Path) -> None:
        """Reads a file of views on a worker and keeps them; a sentence where it is none."""

        def answer(found: object) -> None:
            if isinstance(found, OSError):
                self._desk.said.emit(self.tr("{0} could not be read; choose another file.").format(path))
                return
            try:
                if isinstance(found, Exception):
                    raise found
                names = self.kept.take_file(str(found))
            except ForeignView as fault:
                self._desk.said.emit(str(fault))
                return
            self._tell(self._toolbar.view_name)
            self._desk.said.emit(self.tr("Views read: {0}.").format(", ".join(names)))

        self._desk.query(lambda _store: read_views(path), answer)
