"""What each area does, in two lines of words, from the newest values. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from energy_console.gui.format import clock, number, percent
from energy_console.live.lighting import LightingRows, lighting_now, lighting_rows, mean_level
from energy_console.live.port import FleetRows, ShipState, fleet_now, fleet_rows, ships_now
from energy_console.live.table import LiveTable
from energy_console.site.model import Area, ShipCall, Site
from energy_console.site.sun import dusk_and_dawn, elevation_deg
from hardware.points import is_usable

translate = QCoreApplication.translate

CHARGING_STATES = (4, 6)  # C2, D2
VEHICLE_STATES = range(1, 7)  # B1 .. D2


@dataclass(frozen=True, slots=True)
class AreaKind:
    """One tile: which areas it counts, the point of its figure, the page that it opens."""

    key: str
    name: str
    icon: str
    page: str
    areas: tuple[Area, ...]
    point: str
    unit: str


def kinds() -> tuple[AreaKind, ...]:
    """Tiles in their order on screen."""
    return (
        AreaKind("port", translate("overview", "Port"), "anchor", "port", (Area.PORT,), "area.port/power_kw", "kW"),
        AreaKind(
            "charging",
            translate("overview", "Charging"),
            "lightning",
            "plan",
            (Area.CHARGING,),
            "area.charging/power_kw",
            "kW",
        ),
        AreaKind(
            "lighting",
            translate("overview", "Lighting"),
            "lamp",
            "lighting",
            (Area.LIGHTING,),
            "area.lighting/power_kw",
            "kW",
        ),
        AreaKind(
            "heat", translate("overview", "Heat"), "thermometer", "heat", (Area.HEAT,), "area.heat/heat_power_kw", "kW"
        ),
        AreaKind(
            "water",
            translate("overview", "Water and air"),
            "drop",
            "devices",
            (Area.WATER, Area.AIR),
            "area.water/flow_m3h",
            "m³/h",
        ),
        AreaKind(
            "buildings",
            translate("overview", "Buildings"),
            "buildings",
            "devices",
            (Area.BUILDINGS,),
            "area.buildings/power_kw",
            "kW",
        ),
    )


class AreaWords:
    """Built once a site; each method is pure in the table and the moment it is given."""

    def __init__(self, site: Site, live: LiveTable) -> None:
        self._site = site
        self._port: FleetRows = fleet_rows(site, live.index)
        self._light: LightingRows = lighting_rows(site, live.index)
        self._chargers = _rows(live, [f"{charger.device}/mode3_state" for charger in site.chargers])
        self._heat = _rows(live, [f"{unit.meter}/heat_power_kw" for unit in site.heat])
        self._no2 = _rows(live, [p.id for p in live.points if p.quantity == "no2_ugm3"])
        self._zones = _rows(live, [f"{zone.meter}/flow_m3h" for zone in site.water])
        self._buildings = _rows(live, [p.id for p in live.points if self._is_building(p.device, p.quantity)])
        self._by_key: dict[str, Callable[[LiveTable, dt.datetime, Sequence[ShipCall]], str]] = {
            "port": self._port_words,
            "charging": self._charging_words,
            "lighting": self._lighting_words,
            "heat": self._heat_words,
            "water": self._water_words,
            "buildings": self._building_words,
        }

    def words(self, key: str, table: LiveTable, moment: dt.datetime, calls: Sequence[ShipCall]) -> str:
        return self._by_key[key](table, moment, calls)

    def _is_building(self, device: str, quantity: str) -> bool:
        known = {made.point.device for made in self._site.calculated}
        return device not in known and quantity == "power_kw" and self._site.device(device).area is Area.BUILDINGS

    def _port_words(self, table: LiveTable, moment: dt.datetime, calls: Sequence[ShipCall]) -> str:
        ships = ships_now(self._site, fleet_now(self._port, table), calls, moment)
        there = [ship for ship in ships if ship.state is not ShipState.ANNOUNCED]
        supplied = sum(ship.state is ShipState.SUPPLIED for ship in there)
        changing = sum(ship.state in (ShipState.CONNECTING, ShipState.RELEASING) for ship in there)
        first = translate("overview", "{0} of {1} ships supplied").format(supplied, len(there))
        return first + (translate("overview", ";\n{0} connect or release").format(changing) if changing else "")

    def _charging_words(self, table: LiveTable, moment: dt.datetime, calls: Sequence[ShipCall]) -> str:
        state, known = _take(table, self._chargers)
        busy = int(np.isin(state[known], VEHICLE_STATES).sum())
        drawing = int(np.isin(state[known], CHARGING_STATES).sum())
        return translate("overview", "{0} of {1} points busy,\n{2} charge").format(busy, len(state), drawing)

    def _lighting_words(self, table: LiveTable, moment: dt.datetime, calls: Sequence[ShipCall]) -> str:
        now = lighting_now(self._light, table, elevation_deg(self._site.place, moment))
        if not now.burning.any():
            night = dusk_and_dawn(self._site.place, moment)
            until = clock(night[0], self._site.place.zone) if night else ""
            return translate("overview", "Off until dusk {0}").format(until)
        level = percent(mean_level(now, self._light))
        out = float(np.nansum(now.out))
        second = (
            translate("overview", "{0} lamps out").format(number(out))
            if out
            else translate("overview", "every lamp burns")
        )
        return translate("overview", "At {0} of full light;\n{1}").format(level, second)

    def _heat_words(self, table: LiveTable, moment: dt.datetime, calls: Sequence[ShipCall]) -> str:
        _, known = _take(table, self._heat)
        return translate("overview", "{0} of {1} substations\ntell their heat").format(int(known.sum()), len(known))

    def _water_words(self, table: LiveTable, moment: dt.datetime, calls: Sequence[ShipCall]) -> str:
        _, known = _take(table, self._zones)
        first = translate("overview", "{0} of {1} zones metered").format(int(known.sum()), len(known))
        no2, heard = _take(table, self._no2)
        if not heard.any():
            return first
        return first + translate("overview", ";\nNO₂ up to {0} µg/m³").format(number(float(no2[heard].max())))

    def _building_words(self, table: LiveTable, moment: dt.datetime, calls: Sequence[ShipCall]) -> str:
        power, known = _take(table, self._buildings)
        most = float(power[known].max()) if known.any() else math.nan
        return translate("overview", "{0} of {1} meters answer;\nlargest {2} kW").format(
            int(known.sum()), len(known), number(most)
        )


def _rows(live: LiveTable, points: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([live.index[point] for point in points if point in live.index], np.int64)


def _take(
    table: LiveTable, rows: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Values of rows, and which of them are usable."""
    return table.value[rows], is_usable(table.status[rows])
