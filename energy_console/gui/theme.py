"""Colours, type and sizes of the console, dark and light, and the one object that switches between them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from energy_console.gui.style_sheet import style_sheet

# Type, px at 100 %. Qt scales all of it with the device pixel ratio.
CAPTION_PX = 11  # axes, status, labels
BODY_PX = 13
TITLE_PX = 16  # titles, answer line
FIGURE_PX = 26  # a key figure in its card
STRIP_FIGURE_PX = 20  # a figure in a strip

REGULAR = 400
MEDIUM = 500
SEMIBOLD = 600

# Sizes, px at 100 %.
RAIL_WIDTH = 80
RAIL_ITEM_HEIGHT = 52
ALARM_STRIP_HEIGHT = 40
TITLE_ROW_HEIGHT = 48
STATUS_HEIGHT = 24
PAGE_MARGIN = 12
CARD_GAP = 8
CARD_PADDING = 12
CARD_RADIUS = 4
CARD_HEADER_HEIGHT = 34
CARD_TOOLS_HEIGHT = 42
BUTTON_HEIGHT = 26
CARD_BUTTON_HEIGHT = 22
TITLE_BUTTON_HEIGHT = 28
BUTTON_RADIUS = 3
TABLE_HEADER_HEIGHT = 26
TABLE_ROW_HEIGHT = 28
GROUP_ROW_HEIGHT = 30
TREE_ROW_HEIGHT = 24
TWO_LINE_ROW_HEIGHT = 36
EVENT_ROW_HEIGHT = 25
DRAWER_WIDTH = 376

RAIL_ICON_PX = 22
TILE_ICON_PX = 16
BUTTON_ICON_PX = 14
CARET_PX = 12


@dataclass(frozen=True, slots=True)
class StackColours:
    """Areas of the power stack, and the net line over it."""

    port: QColor
    charging: QColor
    lighting: QColor
    heat: QColor
    buildings: QColor
    wind: QColor
    solar: QColor
    net: QColor


@dataclass(frozen=True, slots=True)
class SeriesColours:
    """Series with a fixed meaning on the Plan, Lighting and Heat pages."""

    ships: QColor
    charging: QColor
    lighting: QColor
    heat: QColor
    sun: QColor
    fixed: QColor
    fault: QColor


@dataclass(frozen=True, slots=True)
class LightScale:
    """End colours of the two scales that show light: heatmap cells and streets on the map."""

    cell_low: QColor  # 25 %
    cell_full: QColor  # 100 %
    street_low: QColor  # 20 %
    street_full: QColor


@dataclass(frozen=True, slots=True)
class Theme:
    """Every colour the console draws with. Contrasts: shapes 3:1 and text 4.5:1 on ground and surface."""

    name: str
    dark: bool
    ground: QColor
    surface: QColor
    raised: QColor
    field: QColor
    line: QColor
    grid: QColor
    text: QColor
    muted: QColor
    faint: QColor
    accent: QColor
    selected: QColor
    on_accent: QColor
    night: QColor
    band: QColor  # normal range
    bar: QColor
    track: QColor  # the empty part of a bar
    hatch: QColor
    open_p1_row: QColor
    priority: tuple[QColor, QColor, QColor, QColor]
    curves: tuple[QColor, ...]  # 1..7, then the eighth that comes only when the first seven are used
    stack: StackColours
    series: SeriesColours
    area_opacity: float  # of areas in series colours
    light: LightScale

    def alarm(self, priority: int) -> QColor:
        """Colour of an alarm shape, priority 1..4."""
        return self.priority[priority - 1]

    def curve(self, index: int) -> QColor:
        return self.curves[index % len(self.curves)]

    @property
    def codes(self) -> dict[str, str]:
        """Every colour that has a name of its own, as `#rrggbb`."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value.name() for name, value in values.items() if isinstance(value, QColor)}


def _c(code: str) -> QColor:
    return QColor(f"#{code}")


def _all(codes: str) -> tuple[QColor, ...]:
    return tuple(_c(code) for code in codes.split())


def _priorities(codes: str) -> tuple[QColor, QColor, QColor, QColor]:
    first, second, third, fourth = _all(codes)
    return first, second, third, fourth


DARK = Theme(
    name="dark",
    dark=True,
    ground=_c("1B1E22"),
    surface=_c("23272C"),
    raised=_c("2C3138"),
    field=_c("1B1E22"),
    line=_c("373D44"),
    grid=_c("2E343A"),
    text=_c("E4E7EA"),
    muted=_c("9CA6B1"),
    faint=_c("6C7680"),
    accent=_c("6AA7E8"),
    selected=_c("2A3A4C"),
    on_accent=_c("15181B"),
    night=_c("1B1F23"),
    band=_c("3A4149"),
    bar=_c("8A96A3"),
    track=_c("3A4149"),
    hatch=_c("59636E"),
    open_p1_row=_c("3A2629"),
    priority=_priorities("FF5A5F F5A524 E6CF3C B78AD6"),
    curves=_all("56B4E9 2DB58C D98CB8 C9CFD6 7E9BF0 9ADBCB CDB891 E69F00"),
    stack=StackColours(*_all("5F7F9E 7FA39A B8A87E 9A7F8C 616B76 5E8C7C 9A9664 F2F4F6")),
    series=SeriesColours(*_all("4C8FD0 2FB58C 6CBBEA CF8FB6 E9DC62 8D97A1 E0733F")),
    area_opacity=0.50,
    light=LightScale(*_all("333940 C6CCD2 3A4047 F4F5F5")),
)

LIGHT = Theme(
    name="light",
    dark=False,
    ground=_c("E9EAEB"),
    surface=_c("F6F6F5"),
    raised=_c("EDEEEE"),
    field=_c("FFFFFF"),
    line=_c("C9CCD0"),
    grid=_c("DEE0E2"),
    text=_c("1F2328"),
    muted=_c("5A646E"),
    faint=_c("8A939B"),
    accent=_c("1F5FA8"),
    selected=_c("DCE6F1"),
    on_accent=_c("FFFFFF"),
    night=_c("EAEBEC"),
    band=_c("D3D8DD"),
    bar=_c("6E7984"),
    track=_c("D3D8DD"),
    hatch=_c("98A1AA"),
    open_p1_row=_c("F3E1E1"),
    # P2 and P3 darker than the first draft: their shapes carry a digit.
    priority=_priorities("C1121F AD5800 806D00 7A5195"),
    curves=_all("0072B2 00795A B0528A 444B52 4A5FC1 3E8F86 7A5C2E B87700"),
    stack=StackColours(*_all("86A3BF 9BBDB3 D3C499 BCA2AE A7B0B9 8DB5A5 C9C48F 14171A")),
    series=SeriesColours(*_all("0072B2 009E73 56B4E9 CC79A7 D9C92B 7A838C D55E00")),
    area_opacity=0.55,
    light=LightScale(*_all("D8DBDE 2B3138 C3C8CD 1F2328")),
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}

FONT_FAMILY = "Inter"
_TABULAR = QFont.Tag("tnum")


def load_fonts() -> None:
    """Registers the bundled Inter files with Qt. Raises FileNotFoundError if one is missing from the package."""
    folder = Path(__file__).parent / "fonts"
    for weight in ("Regular", "Medium", "SemiBold"):
        path = folder / f"Inter-{weight}.otf"
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing; install the console again")
        QFontDatabase.addApplicationFont(str(path))


@cache
def font(size_px: int = BODY_PX, weight: int = REGULAR) -> QFont:
    """Inter with tabular figures. Shared: copy it before changing it."""
    made = QFont(FONT_FAMILY)
    made.setFamilies([FONT_FAMILY, "DejaVu Sans"])
    made.setPixelSize(size_px)
    made.setWeight(QFont.Weight(weight))
    made.setFeature(_TABULAR, 1)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)  # same widths at every scale
    return made


def palette(theme: Theme) -> QPalette:
    """The theme as Qt's own roles, so that every stock widget follows it."""
    made = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, theme.ground),
        (roles.WindowText, theme.text),
        (roles.Base, theme.field),
        (roles.AlternateBase, theme.raised),
        (roles.Text, theme.text),
        (roles.Button, theme.raised),
        (roles.ButtonText, theme.text),
        (roles.BrightText, theme.text),
        (roles.Highlight, theme.selected),
        (roles.HighlightedText, theme.text),
        (roles.ToolTipBase, theme.raised),
        (roles.ToolTipText, theme.text),
        (roles.PlaceholderText, theme.muted),
        (roles.Link, theme.accent),
        (roles.Light, theme.line),
        (roles.Midlight, theme.line),
        (roles.Mid, theme.line),
        (roles.Dark, theme.line),
        (roles.Shadow, theme.ground),
        (roles.Accent, theme.accent),
    ):
        made.setColor(role, colour)
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, theme.faint)
    return made


class Looks(QObject):
    """The theme in force. Widgets keep this object, paint from `theme`, and repaint on `changed`."""

    changed = Signal()

    def __init__(self, theme: Theme = DARK) -> None:
        super().__init__()
        self.theme = theme

    def dress(self, app: QApplication) -> None:
        """Puts style, fonts, palette and style sheet on the application; once, before the first window."""
        load_fonts()
        app.setStyle("Fusion")
        app.setFont(font())
        self._apply()

    def use(self, name: str) -> None:
        """Switches to the theme `dark` or `light` while running. Raises KeyError for another name."""
        theme = THEMES[name]
        if theme is not self.theme:
            self.theme = theme
            self._apply()
            self.changed.emit()

    def toggle(self) -> None:
        self.use("light" if self.theme.dark else "dark")

    def _apply(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setPalette(palette(self.theme))
            app.setStyleSheet(style_sheet(self.theme.codes, BUTTON_RADIUS, CARD_RADIUS))
