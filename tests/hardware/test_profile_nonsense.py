"""Whatever stands in a profile: it is read, or refused with sentences and lines. Never a traceback."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hardware.modbus import Decoder
from hardware.profiles import ProfileFaults, layout_of, load_profile, points_of, profile_names
from hardware.profiles.library import FOLDER

NONSENSE = (
    "true", "-1", "0", "7", "65535", "65536", "1" + "0" * 30, "1.5", "inf", "nan", '""', '"x"', '"holding"',
    '"float32"', "[]", "[1]", '["a"]', "[[1, 2]]", "{}", '{ "0xFFFF" = "overflow" }', '{ 1 = "a" }', "{ a = 1 }",
    "2026-01-01",
)  # fmt: skip
KEYS = (
    "table",
    "type",
    "length",
    "bit",
    "mask",
    "scale_register",
    "alone",
    "writable",
    "repeat",
    "step",
    "model",
    "low",
)


def spoilt(text: str, dice: random.Random) -> str:
    """One to three lines changed: another value, no line, or a key more."""
    lines = text.splitlines()
    for _ in range(dice.choice((1, 1, 2, 3))):
        at = dice.choice([number for number, line in enumerate(lines) if " = " in line])
        key = lines[at].partition(" = ")[0]
        lines[at] = dice.choice(
            (f"{key} = {dice.choice(NONSENSE)}", "", f"{dice.choice(KEYS)} = {dice.choice(NONSENSE)}")
        )
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", profile_names())
def test_a_spoilt_profile_is_read_or_refused_in_sentences(name: str, tmp_path: Path) -> None:
    dice = random.Random(name)
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    path = tmp_path / f"{name}.toml"
    for _ in range(6):
        path.write_text(spoilt(text, dice), encoding="utf-8")
        try:
            loaded = load_profile(path)
        except ProfileFaults as refused:
            told = [str(fault) for fault in refused.faults if fault.line < 1 or not all(fault.what_and_remedy())]
            assert told == []
            continue
        assert Decoder(loaded).requests
        assert layout_of(loaded)
        assert len(points_of(loaded, "D")) == len(loaded.points)
