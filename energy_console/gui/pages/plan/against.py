"""What a proposal changes against the plan in force, in the hours both know: who, what, and EUR. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from energy_console.gui.format import clock, number
from energy_console.gui.pages.plan.day import PlannedDay
from energy_console.gui.pages.plan.frame import tr
from energy_console.planning.schedule import Schedule, ScheduledAsset
from hardware.points import Float64Array
from optimizer.plan import AssetPlan, Plan

_SEEN_KWH = 0.5
_SEEN_LEVEL = 0.02


@dataclass(frozen=True, slots=True)
class Change:
    """One asset, or a family of forecasts, that runs otherwise than in the plan in force."""

    name: str
    words: str
    eur: float  # more than before is positive


def changes(plan: Plan, day: PlannedDay, before: Schedule, zone: dt.tzinfo) -> list[Change]:
    """Largest first; all of them, so that their EUR add up to the whole difference in energy."""
    overlap = _Overlap.of(plan, before, zone)
    old = {asset.id: asset for asset in before.assets}
    found = [change for asset in plan.assets for change in overlap.of_asset(asset, old.get(asset.id), day)]
    found.extend(overlap.of_forecasts(plan, old, day))
    return sorted(found, key=lambda change: -abs(change.eur))


@dataclass(frozen=True, slots=True, eq=False)
class _Overlap:
    """Steps of the new plan with the step of the old one that each lies in."""

    new: tuple[int, ...]
    old: tuple[int, ...]
    hours: Float64Array
    price: Float64Array
    begins: tuple[dt.datetime, ...]
    zone: dt.tzinfo

    @classmethod
    def of(cls, plan: Plan, before: Schedule, zone: dt.tzinfo) -> _Overlap:
        horizon = plan.horizon
        pairs = [(step, before.step_at(horizon.begin(step))) for step in range(horizon.steps)]
        kept = [(new, old) for new, old in pairs if old is not None]
        new = tuple(pair[0] for pair in kept)
        picked = list(new)
        return cls(
            new,
            tuple(pair[1] for pair in kept),
            horizon.hours[picked],
            plan.energy_price_eur_per_kwh[picked],
            tuple(horizon.begin(step) for step in new),
            zone,
        )

    def difference_kw(self, asset: AssetPlan, old: ScheduledAsset | None) -> Float64Array:
        was = np.array(old.power_kw)[list(self.old)] if old is not None else np.zeros(len(self.new))
        return np.asarray(asset.power_kw[list(self.new)] - was)

    def of_asset(self, asset: AssetPlan, old: ScheduledAsset | None, day: PlannedDay) -> Iterator[Change]:
        band = day.parts.get(asset.id, "")
        if band not in ("lighting", "charging"):
            return
        more_kw = self.difference_kw(asset, old)
        if float((np.abs(more_kw) * self.hours).sum()) < _SEEN_KWH:
            return
        eur = float((more_kw * self.hours * self.price).sum())
        words = self._light_words(asset, old) if band == "lighting" else self._charge_words(asset, old)
        yield Change(asset.name, words, eur)

    def _charge_words(self, asset: AssetPlan, old: ScheduledAsset | None) -> str:
        if old is None:
            return tr("new, {0} kWh").format(number(float((asset.power_kw[list(self.new)] * self.hours).sum())))
        now = self._first(asset.power_kw[list(self.new)])
        was = self._first(np.array(old.power_kw)[list(self.old)])
        if now is not None and was is not None and now != was:
            return tr("starts {0}, was {1}").format(clock(now, self.zone), clock(was, self.zone))
        more = float((self.difference_kw(asset, old) * self.hours).sum())
        if abs(more) < _SEEN_KWH:
            return tr("other hours, as much")
        return tr("{0} kWh").format(number(more, sign=True))

    def _first(self, power_kw: Float64Array) -> dt.datetime | None:
        drawing = np.flatnonzero(power_kw > _SEEN_KWH)
        return self.begins[int(drawing[0])] if drawing.size else None

    def _light_words(self, asset: AssetPlan, old: ScheduledAsset | None) -> str:
        if old is None:
            return tr("new")
        points = 100.0 * (asset.setpoint[list(self.new)] - np.array(old.setpoint)[list(self.old)])
        seen = np.flatnonzero(np.abs(points) > 100.0 * _SEEN_LEVEL)
        if not seen.size:
            return tr("a little")
        first, last = self.begins[int(seen[0])], self.begins[int(seen[-1])] + dt.timedelta(hours=float(self.hours[-1]))
        span = f"{clock(first, self.zone)}–{clock(last, self.zone)}"
        return tr("{0}  {1} points").format(span, number(float(points[seen].mean()), sign=True))

    def of_forecasts(self, plan: Plan, old: dict[str, ScheduledAsset], day: PlannedDay) -> Iterator[Change]:
        """Loads, ships and sources are not planned; where their forecast has changed, one line a family says so."""
        names = {
            "ships": tr("Ships"),
            "heat": tr("Heat"),
            "fixed": tr("Fixed loads"),
            "sources": tr("Sun, wind"),
        }
        for band, name in names.items():
            own = [asset for asset in plan.assets if day.parts.get(asset.id) == band]
            if not own:
                continue
            more_kw = np.sum([self.difference_kw(asset, old.get(asset.id)) for asset in own], axis=0)
            kwh = float((more_kw * self.hours).sum())
            if abs(kwh) >= _SEEN_KWH:
                told = -kwh if band == "sources" else kwh  # sources count as negative loads
                words = tr("forecast {0} kWh").format(number(told, sign=True))
                yield Change(name, words, float((more_kw * self.hours * self.price).sum()))
