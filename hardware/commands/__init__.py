"""Guarded writes to the field: checked, read back, fed while held, released to the device's own fallback."""

from hardware.commands.commander import Commander, Hold, Outcome
from hardware.commands.guard import told, why_not

__all__ = ["Commander", "Hold", "Outcome", "told", "why_not"]
