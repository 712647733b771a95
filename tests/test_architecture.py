"""The direction of imports is held by contracts, and the contracts do catch what they are there for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("energy_console", "hardware", "optimizer")
TOP_LEVEL = {"energy_console", "hardware", "optimizer", "tests", "packaging", "docs", "sites"}


def lint(tree: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, encoding="utf-8")


@pytest.fixture
def copy(tmp_path):
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "fonts"))
    shutil.copy(ROOT / ".importlinter", tmp_path / ".importlinter")
    return tmp_path


def test_the_rooms_import_only_downwards():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("optimizer/planted.py", "import pymodbus"),
        ("energy_console/engine/planted.py", "import pulp"),
        ("energy_console/engine/planted.py", "from PySide6 import QtCore"),
        ("hardware/planted.py", "import energy_console.site"),
        ("hardware/planted.py", "import optimizer"),
        ("energy_console/alarms/planted.py", "import energy_console.planning"),
        ("energy_console/site/planted.py", "import energy_console.gui.desk"),
    ],
)
def test_a_planted_violation_is_caught(copy, place, line):
    (copy / place).write_text(line + "\n", encoding="utf-8")
    result = lint(copy)
    assert result.returncode != 0
    assert "BROKEN" in result.stdout


def test_packaging_does_not_hide_the_package_of_that_name():
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_the_top_level_has_the_fixed_rooms_and_no_others():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    folders = {name.split("/")[0] for name in listed.stdout.splitlines() if "/" in name}
    assert {folder for folder in folders if not folder.startswith(".")} <= TOP_LEVEL


def test_the_lock_names_no_index_and_pins_the_qt_that_does_not_abort():
    lock = (ROOT / "packaging" / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "pyside6-essentials==6.11.3" in lock.lower()
    assert "shiboken6==6.11.3" in lock
