"""Who uses and makes power: the layers of the site's stack, measured and planned, as arrays over time. Pure."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from energy_console.site.model import Area, Site
from hardware.points import Float64Array

IMPORT_POINT = "site/import_kw"


class Layer(enum.StrEnum):
    """From the bottom of the stack upwards; wind and sun hang below zero."""

    BUILDINGS = "buildings"
    HEAT = "heat"
    PORT = "port"
    CHARGING = "charging"
    LIGHTING = "lighting"
    WIND = "wind"
    SOLAR = "solar"


USES: tuple[Layer, ...] = (Layer.BUILDINGS, Layer.HEAT, Layer.PORT, Layer.CHARGING, Layer.LIGHTING)
SOURCES: tuple[Layer, ...] = (Layer.WIND, Layer.SOLAR)
# Calculated points of a site, by layer; a site need not have all of them.
POINTS: Mapping[Layer, tuple[str, ...]] = {
    Layer.BUILDINGS: ("area.buildings/power_kw", "area.water/power_kw"),
    Layer.HEAT: ("area.heat/power_kw",),
    Layer.PORT: ("area.port/power_kw",),
    Layer.CHARGING: ("area.charging/power_kw",),
    Layer.LIGHTING: ("area.lighting/power_kw",),
    Layer.WIND: ("area.wind/generation_kw",),
    Layer.SOLAR: ("area.solar/generation_kw",),
}
LAYER_OF_AREA = {
    Area.PORT: Layer.PORT,
    Area.CHARGING: Layer.CHARGING,
    Area.LIGHTING: Layer.LIGHTING,
    Area.HEAT: Layer.HEAT,
    Area.SOLAR: Layer.SOLAR,
    Area.WIND: Layer.WIND,
}


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """value[i] holds from time_s[i] to time_s[i + 1] (one time more than values); kW, NaN is a gap.

    Sources are positive here; `net_kw` is what the connection imports.
    """

    time_s: Float64Array
    layers: Mapping[Layer, Float64Array]
    net_kw: Float64Array

    @property
    def highest(self) -> tuple[float, float] | None:
        """Time and kW of the highest net import; None where nothing is known."""
        if not np.isfinite(self.net_kw).any():
            return None
        at = int(np.nanargmax(self.net_kw))
        return float(self.time_s[at]), float(self.net_kw[at])

    def until(self, end_s: float) -> Stack:
        """The part that begins before a moment."""
        kept = int((self.time_s[:-1] < end_s).sum())
        layers = {layer: values[:kept] for layer, values in self.layers.items()}
        return Stack(self.time_s[: kept + 1], layers, self.net_kw[:kept])


def points_of(site: Site) -> tuple[str, ...]:
    """Points that the measured stack needs, those that the site has; the import first."""
    wanted = [net_point(site), *(point for layer in Layer for point in POINTS[layer])]
    return tuple(point for point in wanted if point and site.has_point(point))


def net_point(site: Site) -> str:
    """The point that tells what the connection imports; empty where the site has none."""
    return IMPORT_POINT if site.has_point(IMPORT_POINT) else site.root.meter or ""


def measured_stack(site: Site, edges_s: Float64Array, means: Mapping[str, Float64Array]) -> Stack:
    """A stack out of the mean of each point over equal spans; a span without a reading is a gap in its layer."""
    size = len(edges_s) - 1
    layers = {layer: _sum([means[point] for point in POINTS[layer] if point in means], size) for layer in Layer}
    return Stack(edges_s, layers, means.get(net_point(site), np.full(size, np.nan)))


def planned_stack(
    site: Site, start: dt.datetime, steps_h: Sequence[float], powers: Mapping[str, Float64Array], net_kw: Float64Array
) -> Stack:
    """A stack out of planned power by asset id (generation negative); what belongs to no layer counts as buildings."""
    size = len(steps_h)
    layer_of = asset_layers(site)
    layers: dict[Layer, Float64Array] = {layer: np.zeros(size) for layer in Layer}
    for asset, power_kw in powers.items():
        layer = layer_of.get(asset) or _layer_of_visit(asset, site)
        layers[layer] += np.abs(power_kw) if layer in SOURCES else power_kw
    edges_s = start.timestamp() + 3600.0 * np.concatenate(([0.0], np.cumsum(steps_h)))
    return Stack(edges_s, layers, net_kw)


def asset_layers(site: Site) -> dict[str, Layer]:
    """Layer of everything a plan names by an id of the site."""
    known = {group.id: Layer.LIGHTING for group in site.lighting}
    known |= {plant.id: Layer.SOLAR if plant.kind == "solar" else Layer.WIND for plant in site.plants}
    for load in site.loads:
        known[load.id] = LAYER_OF_AREA.get(site.device(load.device).area, Layer.BUILDINGS)
    return known


def _layer_of_visit(asset: str, site: Site) -> Layer:
    """Calls and sessions are named after their line in the timetable and the day."""
    line = asset.rsplit(".", 1)[0]
    if any(slot.id == line for slot in site.call_timetable):
        return Layer.PORT
    if any(slot.id == line for slot in site.session_timetable):
        return Layer.CHARGING
    return Layer.BUILDINGS


def _sum(parts: Sequence[Float64Array], size: int) -> Float64Array:
    """Sum of what is known; a gap only where every part has one."""
    if not parts:
        return np.full(size, np.nan)
    table = np.vstack(parts)
    known = np.isfinite(table)
    return np.where(known.any(axis=0), np.where(known, table, 0.0).sum(axis=0), np.nan)
