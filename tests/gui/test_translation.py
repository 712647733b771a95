"""Every string a person sees can be translated: the tool that gathers them finds them, and the window takes them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator

from energy_console.gui.frame import actions
from energy_console.gui.pages import registry

GUI = Path(__file__).resolve().parents[2] / "energy_console" / "gui"
FILES = sorted(GUI.rglob("*.py"))


class Shouting(QTranslator):
    """A language in which everything is in capitals."""

    def translate(self, context, text, disambiguation=None, n=-1):
        return text.upper()

    def isEmpty(self):
        return False


def test_texts_are_given_where_the_gathering_tool_looks_for_them():
    """`tr` and `translate` are called with the text itself, never with a variable."""
    call = re.compile(r"(?<![\w.])(?:self\.tr|translate)\(\s*(?:\"[\w ]+\",\s*)?([a-z_]\w*)")
    hidden = [f"{path.name}: {found[0]}" for path in FILES for found in call.finditer(path.read_text("utf-8"))]
    assert hidden == []


def test_the_gathering_tool_finds_the_texts_of_window_and_pages(tmp_path):
    tool = Path(sys.executable).with_name("pyside6-lupdate")
    if not tool.exists():
        pytest.skip("pyside6-lupdate is not installed beside this Python")
    out = tmp_path / "console.ts"
    done = subprocess.run([tool, *map(str, FILES), "-ts", str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = out.read_text("utf-8")
    for text in ("Go live", "Probe now", "no answer", *(entry.title for entry in registry.pages())):
        assert f"<source>{text}</source>" in found
    for entry in actions.ENTRIES:
        assert f"<source>{entry.text}</source>" in found


def test_the_window_speaks_the_language_installed(qapp, engine, looks, tmp_path, qtbot):
    from energy_console.gui.desk import Desk
    from energy_console.gui.frame.main_window import MainWindow
    from energy_console.gui.frame.memory import Memory

    translator = Shouting()
    qapp.installTranslator(translator)
    try:
        desk = Desk(engine, "M. Brandt", looks)
        window = MainWindow(desk, Memory(tmp_path / "memory.ini"), "devices")
        window.show()
        assert window.title_row.title.text() == "DEVICES"
        assert window.actions_by_key["go_live"].text() == "GO LIVE"
        assert "PROBE NOW" in window.stack.pages["devices"].panel.probe_button.text()
        window.close()
        window.deleteLater()
        desk.close()
    finally:
        qapp.removeTranslator(translator)
