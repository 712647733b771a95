"""What the store knows of the night shown: energy of all cabinets, curves of one group. Asked again when it is due."""

from __future__ import annotations

import datetime as dt

import numpy as np
from PySide6.QtCore import QObject, Signal

from energy_console.gui.asking import Asking
from energy_console.gui.desk import Desk
from energy_console.gui.pages.lighting.history import GroupNight, NightEnergy, ask_energy, ask_group
from energy_console.gui.pages.lighting.night import Night
from energy_console.site.model import LightingGroup

_ENERGY_EVERY_S, _GROUP_EVERY_S = 300.0, 60.0
_SOON_S = 10.0  # while nothing has been read yet
_ENERGY_MOVED_S, _GROUP_MOVED_S = 900.0, 300.0  # of the moment, before the store is asked again


class NightReadings(QObject):
    """`energy` and `measured` are None until the store has answered; `energy_known` and `group_known` tell when."""

    energy_known = Signal()
    group_known = Signal()

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._energy: NightEnergy | None = None
        self._measured: GroupNight | None = None
        self._energy_asking = Asking(desk, _ENERGY_EVERY_S, _ENERGY_MOVED_S)
        self._group_asking = Asking(desk, _GROUP_EVERY_S, _GROUP_MOVED_S)
        self._night: Night | None = None
        self._group: LightingGroup | None = None

    @property
    def energy(self) -> NightEnergy | None:
        return self._energy if self._energy_asking.holds else None

    @property
    def measured(self) -> GroupNight | None:
        return self._measured if self._group_asking.holds else None

    def forget_group(self) -> None:
        """Another group is looked at."""
        self._group_asking.forget()

    def ask(self, night: Night, group: LightingGroup | None) -> None:
        """Asks what is due for a night, and for a group's part in it."""
        self._night, self._group = night, group
        until = min(night.moment, night.dawn + dt.timedelta(minutes=30))
        read = self.energy is not None and self.energy.full_kwh > 0
        self._energy_asking.every_s = _ENERGY_EVERY_S if read else _SOON_S
        energy = ask_energy(self._desk.site, _ns(night.dusk), _ns(min(until, night.dawn)))
        self._energy_asking.ask(night.dusk, energy, self._keep_energy, self._again)
        if group is None:
            return
        read = self.measured is not None and not np.isnan(self.measured.level).all()
        self._group_asking.every_s = _GROUP_EVERY_S if read else _SOON_S
        curves = ask_group(group, round(night.start_s * 1e9), _ns(until))
        self._group_asking.ask((group.id, night.dusk), curves, self._keep_group, self._again)

    def _again(self) -> None:
        if self._night is not None:
            self.ask(self._night, self._group)

    def _keep_energy(self, energy: NightEnergy) -> None:
        self._energy = energy
        self.energy_known.emit()

    def _keep_group(self, measured: GroupNight) -> None:
        self._measured = measured
        self.group_known.emit()


def _ns(moment: dt.datetime) -> int:
    return round(moment.timestamp() * 1e9)
