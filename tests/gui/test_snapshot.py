"""`snapshot` as a person calls it: sizes and pages it refuses, and the picture it takes of a field that is away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from energy_console.app.snapshot import size_px
from energy_console.app.spans import BadInput

ROOT = Path(__file__).resolve().parents[2]


def snapshot(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    return subprocess.run(
        [sys.executable, "main.py", "snapshot", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )


@pytest.mark.parametrize("text", ["1600", "axb", "100x100", "99999x900", "1600x900x2"])
def test_a_size_that_cannot_be_meant_is_refused_with_an_example(text):
    with pytest.raises(BadInput, match="1600x900"):
        size_px(text)


def test_a_page_that_is_not_there_is_told_with_those_that_are(tmp_path):
    done = snapshot("nonsense", "--site", "sites/one-meter", "--out", str(tmp_path / "a.png"))
    assert done.returncode == 2
    assert "devices" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_meter_with_its_virtual_device_is_a_picture_without_a_display(tmp_path):
    out = tmp_path / "devices.png"
    done = snapshot(
        *("devices", "--site", "sites/one-meter", "--virtual", "--store", str(tmp_path / "store")),
        *("--out", str(out), "--size", "1280x720", "--theme", "light", "--after", "1s"),
    )
    assert done.returncode == 0, done.stderr
    image = QImage(str(out))
    assert (image.width(), image.height()) == (1280, 720)


def test_a_picture_of_trends_ends_without_a_word(tmp_path):
    """The store's binding complains on standard error about a connection still held when Python ends."""
    out = tmp_path / "trends.png"
    done = snapshot(
        *("trends", "--site", "sites/one-meter", "--virtual", "--store", str(tmp_path / "store")),
        *("--out", str(out), "--after", "1s"),
    )
    assert done.returncode == 0
    assert done.stderr == ""
