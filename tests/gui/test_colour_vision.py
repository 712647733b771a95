"""How far apart the first curves stay for eyes that miss one kind of cone, as a number.

Simulation after Machado, Oliveira, Fernandes (2009), severity 1.0, in linear RGB; distance is CIEDE2000 (Sharma, Wu,
Dalal 2005). 2.3 is about the least difference that is seen side by side. Labels at the curves are the second cue.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from energy_console.gui.theme import DARK, LIGHT

EYES = {
    "usual": np.eye(3),
    "no long": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no middle": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no short": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.119192, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def lab(colour, eye: np.ndarray) -> np.ndarray:
    value = np.array([colour.redF(), colour.greenF(), colour.blueF()])
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    ratio = TO_XYZ @ np.clip(eye @ linear, 0, 1) / WHITE
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """CIEDE2000 of two Lab colours."""
    chroma = (np.hypot(*one[1:]) + np.hypot(*other[1:])) / 2
    stretch = 1 + 0.5 * (1 - np.sqrt(chroma**7 / (chroma**7 + 25**7)))
    (l1, a1, b1), (l2, a2, b2) = one, other
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = (h2 - h1 + 180) % 360 - 180
    light, c, h = (l1 + l2) / 2, (c1 + c2) / 2, (h1 + turn / 2) % 360
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    t = 1 - 0.17 * np.cos(np.radians(h - 30)) + 0.24 * np.cos(np.radians(2 * h))
    t += 0.32 * np.cos(np.radians(3 * h + 6)) - 0.20 * np.cos(np.radians(4 * h - 63))
    parts = (
        (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)),
        (c2 - c1) / (1 + 0.045 * c),
        hue / (1 + 0.015 * c * t),
    )
    twist = -2 * np.sqrt(c**7 / (c**7 + 25**7)) * np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2))))
    return float(np.sqrt(sum(part**2 for part in parts) + twist * parts[1] * parts[2]))


def test_the_distance_is_that_of_the_published_pairs():
    """Pairs 1, 7 and 25 of the table of Sharma, Wu and Dalal."""
    pairs = [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ]
    for one, other, expected in pairs:
        assert distance(np.array(one), np.array(other)) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_the_first_four_curves_can_be_told_apart_by_every_eye(theme, eye):
    colours = [lab(colour, EYES[eye]) for colour in theme.curves[:4]]
    assert min(distance(*pair) for pair in itertools.combinations(colours, 2)) > 6.5


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_no_two_of_the_seven_curves_are_the_same_to_any_eye(theme, eye):
    colours = [lab(colour, EYES[eye]) for colour in theme.curves[:7]]
    assert min(distance(*pair) for pair in itertools.combinations(colours, 2)) > 2.3
