"""The parts of the pages: formats, alarm shapes, tables."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from energy_console.gui import format
from energy_console.gui.parts.alarm_shape import alarm_pixmap
from energy_console.gui.parts.rank_table import RankTable
from energy_console.gui.parts.segments import Segments
from energy_console.gui.parts.table_model import Column
from energy_console.gui.theme import DARK, LIGHT
from hardware.points import Point


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (7318.2, 0, "7\u202f318"),
        (-1168.0, 0, "\u22121\u202f168"),
        (0.524, 2, "0.52"),
        (-0.04, 1, "0.0"),
        (float("nan"), 1, "–"),
        (None, 0, "–"),
    ],
)
def test_numbers_have_narrow_spaces_and_a_true_minus(value, decimals, text):
    assert format.number(value, decimals) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0.4 s"),
        (12, "12 s"),
        (99, "99 s"),
        (660, "11 min"),
        (7800, "2 h 10"),
        (7200, "2 h"),
        (108_000, "1 d 6 h"),
    ],
)
def test_ages_are_told_in_the_unit_that_fits(seconds, text):
    assert format.duration(seconds) == text


def _point(quantity: str, unit: str, **more) -> Point:
    return Point(f"M1/{quantity}", "M1", quantity, unit, quantity, **more)


@pytest.mark.parametrize(
    ("point", "value", "text"),
    [
        (_point("power_factor", "1"), 0.938, "0.94"),
        (_point("level", "1"), 0.63, "63 %"),
        (_point("lamps_lit", ""), 48.0, "48"),
        (_point("insulation_kohm", "kOhm"), 412.0, "412 kΩ"),
        (_point("power_kw", "kW"), 0.0, "0 kW"),
        (_point("step", "", states=((0, "idle"), (7, "supplied"))), 7.0, "supplied"),
        (_point("alarms", "", bits=("overcurrent", "earth", "door")), 5.0, "overcurrent, door"),
        (_point("power_kw", "kW"), float("nan"), "–"),
    ],
)
def test_a_value_is_written_as_its_point_means_it(point, value, text):
    assert format.point_value(point, value) == text


def test_every_priority_and_state_has_a_shape_of_its_own(looks):
    seen = {}
    for theme in (DARK, LIGHT):
        for priority in (1, 2, 3, 4):
            for state in ("new", "acknowledged", "returned"):
                image = alarm_pixmap(theme, priority, state, 16).toImage()
                seen[bytes(image.constBits())] = (theme.name, priority, state)
    assert len(seen) == 24


def _table(looks, qtbot) -> RankTable:
    columns = (Column("id", "Unit", 80), Column("excess", "Excess", 120, "bar", 1, full=10.0))
    table = RankTable(looks, columns, "units")
    qtbot.addWidget(table)
    table.resize(400, 300)
    table.set_rows(["a", "b", "c"], {"id": ["A", "B", "C"], "excess": [1.0, float("nan"), 9.0]})
    table.show()
    return table


def test_a_ranked_table_sorts_by_value_with_missing_values_last(looks, qtbot):
    table = _table(looks, qtbot)
    header = table.horizontalHeader()
    place = header.sectionViewportPosition(1) + 30
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place, 10))
    order = [table.table_model.id_at(row) for row in range(3)]
    assert order in (["a", "c", "b"], ["c", "a", "b"])


def test_a_ranked_table_keeps_its_selection_over_new_rows(looks, qtbot):
    table = _table(looks, qtbot)
    table.select_id("c")
    table.set_rows(["c", "d"], {"id": ["C", "D"], "excess": np.array([3.0, 4.0])})
    assert table.selected_id() == "c"


def test_segments_are_picked_by_mouse_and_by_arrow_keys(looks, qtbot):
    segments = Segments([("all", "All 6"), ("silent", "Silent 1")], "filter")
    qtbot.addWidget(segments)
    segments.show()
    picked = []
    segments.picked.connect(picked.append)
    buttons = [child for child in segments.children() if hasattr(child, "click")]
    qtbot.mouseClick(buttons[1], Qt.MouseButton.LeftButton)
    qtbot.keyClick(buttons[1], Qt.Key.Key_Left)
    assert picked == ["silent", "all"]


def _luminance(colour) -> float:
    """Relative luminance after WCAG 2.2."""
    parts = [part / 255 for part in (colour.red(), colour.green(), colour.blue())]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_text_and_shapes_stand_out_from_every_ground(theme):
    grounds = (theme.ground, theme.surface, theme.raised, theme.field, theme.selected)
    for ground in grounds:
        assert _contrast(theme.text, ground) >= 7
        assert _contrast(theme.muted, ground) >= 4.5
        for priority in (1, 2, 3, 4):
            assert _contrast(theme.alarm(priority), ground) >= 3
    assert _contrast(theme.on_accent, theme.accent) >= 4.5
    for curve in theme.curves[:7]:
        assert _contrast(curve, theme.surface) >= 3
