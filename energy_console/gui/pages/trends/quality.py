"""Quality in a word, short enough for a tag."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from energy_console.gui.format import reason_text
from hardware.points import Quality, Reason, Substituted, detail_of, quality_of, reason_of

translate = QCoreApplication.translate


def short_tag(status: int) -> str:
    """ "sim", "sub", "est" ... for an uncertain value, the reason for a bad one, nothing for a good one."""
    quality = quality_of(status)
    if quality is Quality.GOOD:
        return ""
    if quality is Quality.BAD:
        return reason_text(status)
    if (
        detail_of(status) in (Substituted.CORRECTED, Substituted.INTERPOLATED)
        and reason_of(status) is Reason.SUBSTITUTED
    ):
        return translate("quality", "corr")
    return {
        Reason.SIMULATED: translate("quality", "sim"),
        Reason.SUBSTITUTED: translate("quality", "sub"),
        Reason.NOT_PLAUSIBLE: translate("quality", "odd"),
        Reason.OUT_OF_RANGE: translate("quality", "range"),
        Reason.ESTIMATED: translate("quality", "est"),
    }[reason_of(status)]
