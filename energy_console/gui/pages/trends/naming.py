"""What plots and curves are called: as little as tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from energy_console.gui.format import duration, number, unit_text
from energy_console.gui.pages.trends.choice import DAY_BEFORE, WEEK_BEFORE, YEAR_BEFORE
from energy_console.gui.plots.backdrop import Limit
from energy_console.site.model import Device, Site
from hardware.points import Point

translate = QCoreApplication.translate

_MOST_LIMITS = 2
_HELD = frozenset({"level", "level_command", "valve", "circuit", "phases", "limit_a", "limit_applied_a"})


@dataclass(frozen=True, slots=True)
class CurveName:
    """`label` stands on the curve; `first` and `second` are the two lines of the cursor table."""

    label: str
    first: str
    second: str


class Names:
    """Points and devices of a site by id."""

    def __init__(self, site: Site) -> None:
        self.points = {point.id: point for point in site.points}
        self._devices = {device.id: device for device in site.devices}
        self._nodes = site.nodes

    def device(self, point: str) -> Device | None:
        return self._devices.get(self.points[point].device)

    def limits(self, points: Sequence[str]) -> tuple[Limit, ...]:
        """What the grid nodes metered by these points may draw; none of many, they would hide the curves."""
        found = []
        for node in self._nodes:
            if node.meter in points and node.limit_kw > 0:
                words = translate("naming", "limit of {0} {1} kW").format(node.name, number(node.limit_kw))
                found.append(Limit(node.limit_kw, words))
        return tuple(found) if len(found) <= _MOST_LIMITS else ()

    def every_s(self, point: str) -> float:
        """How often a point is read; calculated ones as often as the usual device."""
        device = self.device(point)
        return max(device.spec.every_s, self.points[point].every_s) if device else 5.0

    def plot_title(self, points: Sequence[str]) -> str:
        """What the points of a plot have in common: their device, their quantity, else what the unit measures."""
        devices = {self.points[point].device for point in points}
        if len(devices) == 1:
            return self._device_title(points[0])
        names = {self.points[point].name for point in points}
        if len(names) == 1:
            return names.pop()
        return _of_unit(self.points[points[0]].unit)

    def _device_title(self, point: str) -> str:
        device = self.device(point)
        if device is None:
            return self.points[point].name or point
        return device.id if device.name in ("", device.id) else f"{device.id} {device.name}"

    def curves(self, points: Sequence[str]) -> dict[str, CurveName]:
        """The names of the points of a plot, by point id: as little as tells them apart."""
        if not points:
            return {}
        one_device = len({self.points[point].device for point in points}) == 1
        one_name = len({self.points[point].name for point in points}) == 1
        return {point: self._curve(point, one_device, one_name) for point in points}

    def _curve(self, point: str, one_device: bool, one_name: bool) -> CurveName:
        one, device = self.points[point], self.device(point)
        owner = device.id if device else one.device or one.id
        remark = device.name if device and device.name != device.id else ""
        if one_device:  # the heading names the device already
            return CurveName(one.name, one.name, "")
        if one_name:
            return CurveName(owner, owner, remark or one.name)
        return CurveName(f"{owner} {one.name}", owner, one.name)

    def long(self, point: str) -> str:
        one, device = self.points[point], self.device(point)
        return f"{device.id} {one.name}" if device else one.name or one.id


def shift_name(key: str) -> str:
    """An earlier time to compare with, by the name that `local_clock` gives it."""
    known = {
        DAY_BEFORE: translate("naming", "day before"),
        WEEK_BEFORE: translate("naming", "same day last week"),
        YEAR_BEFORE: translate("naming", "same date last year"),
    }
    if key in known:
        return known[key]
    amount = int(key.partition(" ")[0])
    if key.endswith("year"):
        return translate("naming", "{0} years before").format(amount)
    return translate("naming", "{0} before").format(duration(amount * 60.0))


def holds(point: Point) -> bool:
    """Whether a value stays until the next one (states, set-points) and is drawn in steps."""
    return bool(point.states or point.bits or point.writable or point.quantity in _HELD)


def _of_unit(unit: str) -> str:
    names = {
        "kW": translate("naming", "Power"),
        "kWh": translate("naming", "Energy"),
        "V": translate("naming", "Voltage"),
        "A": translate("naming", "Current"),
        "Hz": translate("naming", "Frequency"),
        "degC": translate("naming", "Temperature"),
        "m3/h": translate("naming", "Flow"),
        "m3": translate("naming", "Volume"),
        "1": translate("naming", "Share"),
        "lx": translate("naming", "Illuminance"),
        "": translate("naming", "States"),
    }
    return names.get(unit, unit_text(unit))
