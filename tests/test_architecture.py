"""The direction of imports is held by contracts, and the contracts do catch what they are there for."""

import json
import os
import shutil
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("energy_console", "hardware", "optimizer")
TOP_LEVEL = {"energy_console", "hardware", "optimizer", "tests", "packaging", "docs", "sites"}


def lint(tree: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, encoding="utf-8")


# Imports in functions and under TYPE_CHECKING count as well: those files too cannot be read one without the other.
LIST_IMPORTS = """
import json, sys, grimp
graph = grimp.build_graph(*sys.argv[1:], exclude_type_checking_imports=False, cache_dir=None)
print(json.dumps({name: sorted(graph.find_modules_directly_imported_by(name)) for name in graph.modules}))
"""


def import_circle(tree: Path) -> list[str]:
    """The modules of one import circle in the rooms of a tree, the first again at the end; empty if there is none."""
    # A process of its own, because this one may have imported the rooms from elsewhere.
    result = subprocess.run(
        [sys.executable, "-c", LIST_IMPORTS, *ROOMS],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    imports = json.loads(result.stdout)
    assert len(imports) > 200, "the graph does not hold the rooms"
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return error.args[1]
    return []


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


def test_no_two_modules_of_the_rooms_import_each_other_however_far_round():
    circle = import_circle(ROOT)
    assert not circle, " is imported by ".join(circle)


@pytest.mark.parametrize(
    "line",
    [
        "from hardware.planted_b import thing",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from hardware.planted_b import Thing",
        "def late():\n    from hardware.planted_b import thing",
    ],
    ids=["plain", "for type checking", "in a function"],
)
def test_a_planted_circle_is_caught(copy, line):
    for name, text in (("a", line), ("b", "import hardware.planted_c"), ("c", "import hardware.planted_a")):
        (copy / "hardware" / f"planted_{name}.py").write_text(text + "\n", encoding="utf-8")
    assert set(import_circle(copy)) == {f"hardware.planted_{name}" for name in "abc"}


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
