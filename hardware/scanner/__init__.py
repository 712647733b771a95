"""When to read what: every device at its own pace, back-off for those that are lost, one batch a tick."""

from hardware.scanner.scanner import Scanner, ScanStats
from hardware.scanner.settling import SETTLED_AFTER_S, settle
from hardware.scanner.task import Rests

__all__ = ["SETTLED_AFTER_S", "Rests", "ScanStats", "Scanner", "settle"]
