"""What the store knows of the night shown: energy of all cabinets, curves of one group. Asked again when it is due."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from energy_console.gui.desk import Desk
from energy_console.gui.pages.lighting.history import GroupNight, NightEnergy, ask_energy, ask_group
from energy_console.gui.pages.lighting.night import Night
from energy_console.historian.interface import Historian
from energy_console.site.model import LightingGroup

_ENERGY_EVERY_S, _GROUP_EVERY_S = 300.0, 60.0
_SOON_S = 10.0  # while nothing has been read yet


class NightReadings(QObject):
    """`energy` and `measured` are None until the store has answered; `energy_known` and `group_known` tell when."""

    energy_known = Signal()
    group_known = Signal()

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self.energy: NightEnergy | None = None
        self.measured: GroupNight | None = None
        self._wanted = ""
        self._energy_asked_s = self._group_asked_s = -1e18

    def forget(self) -> None:
        """Another time is looked at."""
        self.energy, self._energy_asked_s = None, -1e18
        self.forget_group()

    def forget_group(self) -> None:
        """Another group is looked at."""
        self.measured, self._group_asked_s = None, -1e18

    def ask(self, night: Night, group: LightingGroup | None) -> None:
        """Asks what is due for a night, and for a group's part in it."""
        clock_s = time.monotonic()
        until = min(night.moment, night.dawn + dt.timedelta(minutes=30))
        read = self.energy is not None and self.energy.full_kwh > 0
        if clock_s - self._energy_asked_s > self._patience_s(_ENERGY_EVERY_S, read=read):
            self._energy_asked_s = clock_s
            ends = min(until, night.dawn)
            self._ask(ask_energy(self._desk.site, _ns(night.dusk), _ns(ends)), self._keep_energy)
        read = self.measured is not None and not np.isnan(self.measured.level).all()
        if group is not None and clock_s - self._group_asked_s > self._patience_s(_GROUP_EVERY_S, read=read):
            self._group_asked_s = clock_s
            question = ask_group(group, round(night.start_s * 1e9), _ns(until))
            self._wanted = group.id
            self._ask(question, self._keep_group)

    def _patience_s(self, every_s: float, *, read: bool) -> float:
        if not self._desk.time.live:
            return 1e12
        return every_s if read else _SOON_S

    def _ask(self, question: Callable[[Historian], Any], keep: Callable[[Any], None]) -> None:
        moment = self._desk.time.moment

        def answered(result: Any) -> None:
            if self._desk.time.moment == moment and not isinstance(result, Exception):
                keep(result)

        self._desk.query(question, answered)

    def _keep_energy(self, energy: NightEnergy) -> None:
        self.energy = energy
        self.energy_known.emit()

    def _keep_group(self, measured: GroupNight) -> None:
        if measured.group == self._wanted:  # else another group was picked meanwhile
            self.measured = measured
            self.group_known.emit()


def _ns(moment: dt.datetime) -> int:
    return round(moment.timestamp() * 1e9)
