"""Each reason of a value that is not good has words of its own, and docs/quality.md explains it."""

from __future__ import annotations

from pathlib import Path

import pytest

from energy_console.gui.format import reason_text
from hardware.modbus.errors import EXCEPTION_NAMES
from hardware.points import Implausible, Reason, status_of
from hardware.profiles import NoValue

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "quality.md").read_text(encoding="utf-8")
EVERY = [
    *(status_of(reason) for reason in Reason if reason is not Reason.GOOD),
    *(status_of(Reason.NOT_PLAUSIBLE, detail) for detail in Implausible if detail),
    *(status_of(Reason.NO_VALUE, detail) for detail in NoValue if detail),
]


def test_no_two_reasons_have_the_same_words():
    words = [reason_text(status) for status in EVERY]
    assert len(set(words)) == len(words)
    assert all(0 < len(text) <= 18 for text in words)  # the quality column of the Devices page
    assert reason_text(0) == ""


@pytest.mark.parametrize("status", EVERY)
def test_the_page_about_quality_explains_each(status):
    words = reason_text(status)
    assert f"| {'exception' if words == 'exception 00' else words} |" in PAGE


@pytest.mark.parametrize(("code", "name"), EXCEPTION_NAMES.items())
def test_the_page_about_quality_explains_each_exception_code(code, name):
    assert f"| {code} | {name} |" in PAGE
