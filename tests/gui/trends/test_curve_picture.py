"""The picture of the curves that is kept: whatever way it came about, it is the one that drawing anew would give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from energy_console.gui.plots import curve_picture
from energy_console.gui.plots.curve import Curve
from energy_console.gui.plots.curve_picture import CurvePicture, Frame
from energy_console.gui.plots.pyramid import Pyramid
from energy_console.gui.plots.view import ValueScale

SIZE = QSize(400, 200)
SCALES = (ValueScale(-10.0, 10.0), ValueScale(0.1, 100.0, log=True))
START_S = 1_790_000_000.0


def curves(count: int = 3, readings: int = 40_000) -> list[tuple[Curve, int]]:
    random = np.random.default_rng(1)
    time_s = START_S + np.arange(readings, dtype=float)
    made = []
    for number in range(count):
        value = 4 * np.sin(time_s / 3000 + number) + random.normal(0, 0.8, readings)
        value[5000:6000] = np.nan
        scale = number % 2
        curve = Curve(Pyramid(time_s, np.abs(value) + 0.2 if scale else value), QColor("#56b4e9"), steps=number == 2)
        made.append((curve, scale))
    return made


def painted(picture: CurvePicture, frame: Frame, drawn: Sequence[tuple[Curve, int]]) -> np.ndarray:
    image = QImage(SIZE, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    picture.paint(painter, frame, drawn)
    painter.end()
    return np.array(image.constBits()).reshape(SIZE.height(), SIZE.width(), 4).copy()


def anew(frame: Frame, drawn: Sequence[tuple[Curve, int]]) -> np.ndarray:
    return painted(CurvePicture(), frame, drawn)


def unlike(one: np.ndarray, other: np.ndarray) -> float:
    """Share of the pixels that differ: a strip may choose another way to draw a curve than the whole would."""
    return float((one != other).any(axis=2).mean())


@pytest.mark.parametrize("span_s", [200.0, 4000.0, 30_000.0])
def test_a_panned_picture_is_as_if_drawn_at_once(qapp, span_s):
    drawn, picture = curves(), CurvePicture()
    first = picture.frame(START_S + 2000, START_S + 2000 + span_s, SIZE, SCALES, 1.0)
    painted(picture, first, drawn)
    for share in (0.1, 0.3, 0.35, 0.9, 1.1, 0.2, -0.05):
        start_s = START_S + 2000 + share * span_s
        frame = picture.frame(start_s, start_s + span_s, SIZE, SCALES, 1.0)
        panned = painted(picture, frame, drawn)
        assert (panned != 255).any()
        assert unlike(panned, anew(frame, drawn)) < 0.02


def test_no_column_that_holds_a_value_is_blank_after_panning(qapp):
    drawn, picture = curves(1), CurvePicture()
    for share in np.linspace(0, 2, 41):
        start_s = START_S + 8000 + share * 4000
        frame = picture.frame(start_s, start_s + 4000, SIZE, SCALES, 1.0)
        inked = (painted(picture, frame, drawn) != 255).any(axis=2).any(axis=0)
        assert inked.all()


def test_ends_that_readings_add_are_drawn_onto_the_picture(qapp):
    drawn, picture = curves(1, 1000), CurvePicture()
    curve = drawn[0][0]
    frame = picture.frame(START_S, START_S + 1200, SIZE, SCALES, 1.0)
    before = painted(picture, frame, drawn)
    last = curve.pyramid.value[-1]
    time_s, value = START_S + np.array([999.0, 1050.0, 1100.0]), np.array([last, 8.0, -8.0])
    curve.pyramid.append(time_s[1:], value[1:])
    picture.add_end(curve, 0, time_s, value)
    after = painted(picture, frame, drawn)
    grown = np.flatnonzero((before != after).any(axis=2).any(axis=0))
    assert grown.min() >= 330
    assert 360 <= grown.max() <= 370
    inked = (after[:, 340:366] != 255).any(axis=2)
    assert inked.any(axis=0).all()


def test_many_curves_keep_the_old_picture_until_the_new_one_is_drawn(qapp, monkeypatch):
    monkeypatch.setattr(curve_picture, "AT_ONCE_MS", 0.0)  # everything is much
    drawn, picture = curves(5), CurvePicture()
    painted(picture, picture.frame(START_S, START_S + 8000, SIZE, SCALES, 1.0), drawn)
    frame = picture.frame(START_S + 1000, START_S + 5000, SIZE, SCALES, 1.0)
    stretched = painted(picture, frame, drawn)
    assert picture.busy
    assert (stretched != 255).any()  # not blank
    while picture.busy:
        picture.turn()
    sharp = painted(picture, picture.frame(START_S + 1000, START_S + 5000, SIZE, SCALES, 1.0), drawn)
    assert not picture.busy
    assert unlike(sharp, anew(frame, drawn)) < 0.02 < unlike(stretched, sharp)


def test_a_spike_of_one_reading_is_in_the_picture(qapp):
    time_s, value = START_S + np.arange(100_000.0), np.zeros(100_000)
    value[61_234] = 9.0
    drawn = [(Curve(Pyramid(time_s, value), QColor("black")), 0)]
    picture = CurvePicture()
    shown = painted(picture, picture.frame(START_S, START_S + 100_000, SIZE, SCALES, 1.0), drawn)
    top = (shown[:20] != 255).any(axis=2)
    assert top.any()
    assert abs(int(np.flatnonzero(top.any(axis=0)).mean()) - 244) <= 1
