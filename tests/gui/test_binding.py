"""The binding itself: the release of PySide6 in use must not lose references to True, False and None.

6.12.0 does on Python 3.10 and 3.11: each emit and each call of a void method takes one away, and the interpreter
aborts when the count of one of them reaches zero, within seconds of live plotting. Run in a child, which would abort.
"""

from __future__ import annotations

import os
import subprocess
import sys

CHILD = """
import sys
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QWidget

class Source(QObject):
    told = Signal(object)
    switched = Signal(bool)

class Plot(QWidget):
    def paintEvent(self, event):
        painter = QPainter(self)
        painter.drawLine(0, 0, 100, 100)
        painter.end()

app = QApplication([])
source, plot = Source(), Plot()
source.told.connect(lambda value: None)
source.switched.connect(lambda on: None)
plot.resize(120, 120)
plot.show()
before = [sys.getrefcount(value) for value in (None, True, False)]
for turn in range(250_000):
    source.told.emit(None)
    source.switched.emit(True)
    source.switched.emit(False)
    source.told.emit(True)
for turn in range(4_000):
    plot.repaint()
after = [sys.getrefcount(value) for value in (None, True, False)]
lost = [old - new for old, new in zip(before, after)]
print(lost)
sys.exit(0 if max(lost) < 1_000 else 3)
"""


def test_a_million_emits_and_thousands_of_repaints_lose_no_reference():
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    child = subprocess.run(
        [sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert child.returncode == 0, f"the binding lost references: {child.stdout} {child.stderr}"
