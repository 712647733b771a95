"""Phosphor icons as pixmaps and QIcons in any colour.

The font comes with qtawesome, but importing that package loads eleven fonts and qtpy (about 0.2 s of the start), so
only its one file is read.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPixmap

from energy_console.gui.theme import BUTTON_ICON_PX


@cache
def _glyphs() -> tuple[str, dict[str, str]]:
    """Family name of the icon font, and the character of each icon name. Raises FileNotFoundError."""
    found = importlib.util.find_spec("qtawesome")
    folder = Path(found.origin).parent / "fonts" if found and found.origin else Path()
    files = sorted(folder.glob("phosphor-[0-9]*.ttf"))
    maps = sorted(folder.glob("phosphor-charmap-*.json"))
    if not files or not maps:
        raise FileNotFoundError("the icon font of qtawesome is missing; run the set-up again")
    families = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(files[-1])))
    characters = json.loads(maps[-1].read_text("utf-8"))
    return families[0], {name: chr(int(code, 16)) for name, code in characters.items()}


def draw_icon(painter: QPainter, rect: QRectF, name: str, colour: QColor) -> None:
    """Draws the icon `name` (as in "lamp") as high as `rect`, centred. Raises KeyError for an unknown name."""
    family, characters = _glyphs()
    face = QFont(family)
    face.setPixelSize(max(1, round(min(rect.width(), rect.height()))))
    painter.save()
    painter.setFont(face)
    painter.setPen(colour)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, characters[name])
    painter.restore()


@cache
def _pixmap(name: str, size_px: int, argb: int, ratio: float) -> QPixmap:
    pixmap = QPixmap(round(size_px * ratio), round(size_px * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    if name not in _glyphs()[1]:  # told before the painter is open
        raise KeyError(name)
    painter = QPainter(pixmap)
    draw_icon(painter, QRectF(0, 0, size_px, size_px), name, QColor.fromRgba(argb))
    painter.end()
    return pixmap


def icon_pixmap(name: str, size_px: int, colour: QColor, ratio: float = 1.0) -> QPixmap:
    """The icon as a pixmap for a device pixel ratio, cached."""
    return _pixmap(name, size_px, colour.rgba(), ratio)


def icon(name: str, colour: QColor, size_px: int = BUTTON_ICON_PX, disabled: QColor | None = None) -> QIcon:
    """The icon for a button, sharp at 100 % and 200 %."""
    made = QIcon()
    for ratio in (1.0, 2.0):
        made.addPixmap(icon_pixmap(name, size_px, colour, ratio))
        if disabled is not None:
            made.addPixmap(icon_pixmap(name, size_px, disabled, ratio), QIcon.Mode.Disabled)
    return made


def dot_icon(colour: QColor, size_px: int = BUTTON_ICON_PX) -> QIcon:
    """A filled dot in the middle of an icon's place: "this is live"."""
    made = QIcon()
    for ratio in (1.0, 2.0):
        pixmap = QPixmap(round(size_px * ratio), round(size_px * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(QRectF(size_px / 4, size_px / 4, size_px / 2, size_px / 2))
        painter.end()
        made.addPixmap(pixmap)
    return made
