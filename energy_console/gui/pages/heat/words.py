"""What a substation's values mean, in words, and how urgent that is. No likelihoods: those come with analytics."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication

from energy_console.alarms.rules import in_words
from energy_console.gui.format import number
from energy_console.live.heat import SWAPPED_K, HeatNow, HeatSpan
from energy_console.site.model import HeatSubstation, Site


def tr(text: str) -> str:
    return QCoreApplication.translate("heat", text)


def reading(site: Site, unit: HeatSubstation, row: int, now: HeatNow, span: HeatSpan | None) -> tuple[str, int]:
    """What stands out, and its priority (0: nothing)."""
    info, cooling = float(now.info[row]), float(now.cooling_k[row])
    if math.isnan(float(now.power_kw[row])):
        return tr("no answer"), 3
    if info > 0 and not math.isnan(info):
        return in_words(site.point(f"{unit.meter}/info_code"), int(info)), 3
    if cooling < SWAPPED_K:
        return tr("return above supply: sensors swapped?"), 3
    if span is not None and span.stands_out[row]:
        return tr("cools {0} K of {1} K").format(number(cooling, 1), number(unit.design_cooling_k)), 4
    return tr("like the others"), 0


def answer(site: Site, now: HeatNow, span: HeatSpan | None, order: list[int]) -> tuple[str, str]:
    """First clause and the rest of the answer line."""
    if all(math.isnan(value) for value in now.power_kw):
        return tr("Waiting for the substations."), tr("They are asked every half minute.")
    if span is None or not order:
        return tr("All substations in figures."), tr("The ranking by excess flow is being worked out.")
    excess = [float(value) for value in span.excess_m3 if not math.isnan(value)]
    total = sum(excess)
    if total <= 0:
        return tr("No substation draws more water than its heat needs."), ""
    top = sum(sorted(excess, reverse=True)[:10])
    first = tr("Ten of {0} substations cause {1} % of the excess flow.").format(
        len(site.heat), number(100 * top / total)
    )
    worst = max(
        range(len(site.heat)), key=lambda row: -math.inf if math.isnan(span.excess_m3[row]) else span.excess_m3[row]
    )
    unit = site.heat[worst]
    rest = tr("{0} {1} alone {2} m³ in {3} h.").format(
        unit.id, unit.name, number(float(span.excess_m3[worst]), 1), number(span.hours)
    )
    return first, rest
