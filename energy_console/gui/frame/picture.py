"""Pictures of a page: onto the clipboard, or into a PNG file. The file is written on a worker thread."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from energy_console.gui.desk import Desk
from energy_console.gui.format import clock, day

translate = QCoreApplication.translate


def grab(page: QWidget) -> QImage:
    """The page as it stands on screen, at the screen's own pixel ratio, on the window's ground."""
    return page.grab().toImage()


def copy_picture(page: QWidget) -> None:
    QGuiApplication.clipboard().setImage(grab(page))


def save_picture(parent: QWidget, page: QWidget, key: str, desk: Desk) -> QFileDialog:
    """Asks where to, then saves. The picture is the one of the moment of asking."""
    image = grab(page)
    now, zone = desk.time.now(), desk.site.place.zone
    name = f"{key} {day(now, zone, year=True)} {clock(now, zone).replace(':', '.')}.png"
    dialog = QFileDialog(
        parent, translate("picture", "Save a picture of this page"), name, translate("picture", "Pictures (*.png)")
    )
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("png")
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog, QGuiApplication.platformName() == "offscreen")
    dialog.fileSelected.connect(lambda path: _write(desk, image, Path(path)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def _write(desk: Desk, image: QImage, path: Path) -> None:
    def done(worked: object) -> None:
        if worked is True:
            desk.said.emit(translate("picture", "The picture is in {0}.").format(path))
        else:
            desk.said.emit(
                translate("picture", "The picture could not be written to {0}; choose another folder.").format(path)
            )

    desk.query(lambda _store: image.save(str(path)), done)
