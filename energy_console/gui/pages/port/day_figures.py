"""Energy delivered and CO2 avoided since midnight: asked of the store now and then, counted on from live meters."""

from __future__ import annotations

import datetime as dt

import numpy as np
from PySide6.QtCore import QObject

from energy_console.gui.asking import Asking
from energy_console.gui.desk import Desk
from energy_console.gui.format import clock, number
from energy_console.gui.pages.port.attention import Scene
from energy_console.gui.pages.port.history import DayEnergy, ask_day
from energy_console.gui.parts.figure_row import FigureRow
from energy_console.historian.counters import MARGIN
from energy_console.live.port_call import ENGINE_CO2_KG_PER_KWH

_EVERY_S = 300.0
_MOVED_S = 3600.0  # of the moment, before the store is asked again; till then meters are counted on from
_SOON_S = 10.0  # while the store has not read every meter yet


class DayFigures(QObject):
    """Shows the figures `energy` and `co2` of a FigureRow."""

    def __init__(self, desk: Desk, row: FigureRow) -> None:
        super().__init__(row)
        self._desk, self._row = desk, row
        self._day: DayEnergy | None = None
        self._asking = Asking(desk, _EVERY_S, _MOVED_S)
        self._scene: Scene | None = None

    def forget(self) -> None:
        """Another time is looked at: nothing is known until the store has answered."""
        self._asking.forget()
        self._blank()

    def _blank(self) -> None:
        for key in ("energy", "co2"):
            self._row.show_figure(key, None)

    def show_scene(self, scene: Scene) -> None:
        self._scene = scene
        known = int((~np.isnan(scene.fleet.energy_kwh)).sum())
        few = self._day is not None and len(self._day.stands_kwh) < known
        self._asking.every_s = _SOON_S if few else _EVERY_S
        zone = scene.site.place.zone
        question = ask_day(self._desk.site, round(scene.now.timestamp() * 1e9))
        self._asking.ask(scene.now.astimezone(zone).date(), question, self._take, self._again)
        self._draw_if_known()

    def _again(self) -> None:
        if self._scene is not None:
            self.show_scene(self._scene)

    def _take(self, day: DayEnergy) -> None:
        self._day = day
        self._draw_if_known()

    def _draw_if_known(self) -> None:
        if self._scene is None:
            return
        if self._day is not None and self._asking.holds:
            self._draw(self._scene, self._day)
        else:
            self._blank()

    def _draw(self, scene: Scene, day: DayEnergy) -> None:
        zone = scene.site.place.zone
        grown = self._grown_kwh(scene, day)
        grid = scene.site.carbon.grid_kg_per_kwh[scene.now.astimezone(zone).hour]
        co2_t = (day.co2_avoided_kg + grown * (ENGINE_CO2_KG_PER_KWH - grid)) / 1000.0
        # a store that began after midnight cannot tell of the hours before it
        begun = day.first_ns if day.first_ns - day.since_ns > 3600e9 else day.since_ns
        since = clock(dt.datetime.fromtimestamp(begun / 1e9, dt.UTC), zone)
        note = f"{since}–{clock(scene.now, zone)}"
        self._row.show_figure("energy", number(day.energy_kwh + grown), "kWh", note)
        self._row.show_figure("co2", number(co2_t, 1 if co2_t >= 1 else 2), "t", self.tr("net of grid"))

    @staticmethod
    def _grown_kwh(scene: Scene, day: DayEnergy) -> float:
        """Energy since the store was asked; a jump that the rating cannot explain counts nothing."""
        stands = np.array([day.stands_kwh.get(point.id, np.nan) for point in scene.site.access_points])
        rated_kw = np.array([point.rated_kw for point in scene.site.access_points])
        hours = max(0.0, scene.now.timestamp() - day.until_ns / 1e9) / 3600.0
        grown = np.nan_to_num(scene.fleet.energy_kwh - stands)
        believed = (grown > 0) & (grown <= MARGIN * rated_kw * hours + 1.0)
        return float(grown[believed].sum())
