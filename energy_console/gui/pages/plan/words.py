"""The answer and the figures of the page in words, made from the plan itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from energy_console.gui.format import NONE, duration, number, percent
from energy_console.gui.pages.plan.day import PlannedDay
from energy_console.gui.pages.plan.frame import readable, tr
from energy_console.planning.proposal import PlanNews, Proposal
from energy_console.planning.schedule import Schedule
from hardware.points import Float64Array
from optimizer.plan import Cause, Kind, Outcome, Plan, Status

_OLD_S = 1200.0  # the first steps of such a proposal are over
_NOTICED_KW = 0.5
_NOTICED_LEVEL = 0.005


@dataclass(frozen=True, slots=True)
class Said:
    """First clause (600), the rest, and the priority of a shape in front (0: none)."""

    first: str
    rest: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    key: str
    value: str | None
    unit: str = ""
    note: str = ""
    name: str = ""  # another caption


def captions() -> tuple[tuple[str, str], ...]:
    """Key and caption of every figure, in order."""
    return (
        ("cost", tr("Cost, next 24 h")),
        ("saved", tr("Saved against naive case")),
        ("peak", tr("Peak")),
        ("carbon", tr("Carbon")),
        ("missed", tr("Service missed")),
        ("solved", tr("Solved")),
    )


def answer_of_plan(
    proposal: Proposal, plan: Plan, in_force: Schedule | None, followed: float | None, age_s: float
) -> Said:
    """What the proposal is and what it does, or how the plan in force is followed."""
    rest = "; ".join((_peak_words(plan), _moved_words(plan), _missed_words(plan))) + "."
    rest = rest[:1].upper() + rest[1:]
    if in_force is not None and in_force.id == proposal.id:
        how = tr(", followed {0}").format(percent(followed)) if followed is not None else ""
        return Said(tr("Plan {0} is in force{1}.").format(proposal.name, how), rest)
    if proposal.warnings:
        return Said(tr("Overload ahead: {0}.").format(readable("; ".join(proposal.warnings))), rest, 2)
    if age_s > _OLD_S:
        return Said(tr("Made {0} ago: make a new plan before you approve.").format(duration(age_s)), rest)
    if proposal.because:
        return Said(tr("Ready to approve; made since {0}.").format(readable(proposal.because)), rest)
    return Said(tr("Ready to approve."), rest)


def answer_of_schedule(schedule: Schedule, news: PlanNews) -> Said:
    how = tr(", followed {0}").format(percent(news.followed)) if news.followed is not None else ""
    who = tr("Approved by {0}.").format(schedule.approved_by) if schedule.approved_by else ""
    return Said(tr("Plan {0} is in force{1}.").format(schedule.name, how), f"{who} {news.sentence}".strip())


def figures_of_schedule(day: PlannedDay, carbon_kg: float) -> Iterator[Figure]:
    """What can still be said of a plan that was kept without its problem."""
    hours = np.diff(day.edges_s) / 3600.0
    drawn = np.maximum(day.net_kw, 0.0) * hours
    yield Figure("cost", number(float((drawn * day.price_eur_per_kwh).sum())), "EUR", tr("energy only"))
    yield Figure("saved", None, "", tr("not kept"))
    yield Figure("peak", number(float(day.net_kw.max())), "kW", tr("planned"))
    yield Figure("carbon", number(carbon_kg / 1000.0, 2), "t", tr("planned"))
    yield Figure("missed", None, "", tr("not kept"))
    yield Figure("solved", None, "", tr("not kept"), tr("Solved"))


def _peak_words(plan: Plan) -> str:
    if not plan.outcome.peaks:
        return tr("no peak is charged")
    peak = max(plan.outcome.peaks, key=lambda one: one.highest_kw)
    spare = peak.so_far_kw - peak.highest_kw
    if spare >= _NOTICED_KW:
        return tr("stays {0} kW under the month's peak so far").format(number(spare))
    if spare > -_NOTICED_KW:
        return tr("stays at the month's peak so far")
    return tr("raises the month's peak by {0} kW, which costs {1} EUR").format(number(-spare), number(peak.eur))


def _moved_words(plan: Plan) -> str:
    """How many vehicles charge later than they could, and how many groups give less light than wished."""
    waiting = sum(_is_moved(asset.power_kw, asset.at_once_kw) for asset in plan.assets if asset.kind is Kind.CHARGING)
    dimmed = sum(bool((asset.shortfall > _NOTICED_LEVEL).any()) for asset in plan.assets if asset.kind is Kind.LIGHTING)
    if not waiting and not dimmed:
        return tr("everything runs as wished, at once")
    parts = []
    if waiting:
        parts.append(tr("{0} vehicles charge when it is cheaper").format(waiting))
    if dimmed:
        parts.append(tr("{0} light groups run under their wish").format(dimmed))
    return tr(" and ").join(parts)


def _is_moved(power_kw: Float64Array, at_once_kw: Float64Array) -> bool:
    return bool((at_once_kw - power_kw > _NOTICED_KW).any())


def missing_kwh(plan: Plan) -> float:
    return sum(short.amount for short in plan.outcome.shortfalls if short.cause is Cause.CHARGE)


def _missed_words(plan: Plan) -> str:
    lacking = [short for short in plan.outcome.shortfalls if short.cause is Cause.CHARGE and short.amount > 0.05]
    if not lacking:
        return tr("nothing required is missed")
    return tr("{0} vehicles leave with {1} kWh less than wished").format(len(lacking), number(missing_kwh(plan)))


def figures_of(plan: Plan) -> Iterator[Figure]:
    """All figures of a plan. A saving is shown only against a naive case that could be run."""
    outcome, naive = plan.outcome, plan.naive
    energy = tr("{0} MWh").format(number(outcome.energy_kwh / 1000.0, 1))
    yield Figure("cost", number(plan.cost_eur), "EUR", energy)
    base = naive.outcome.cost.total_eur
    if naive.feasible:
        share = percent(plan.saved_eur / base, 1) if base > 0 else ""
        yield Figure("saved", number(plan.saved_eur), "EUR", share)
    else:
        yield Figure("saved", None, "", tr("naive breaks {0} rules").format(len(naive.broken)))
    yield Figure("peak", _peak_text(outcome), "kW", tr("naive {0}").format(_peak_text(naive.outcome) or NONE))
    carbon = number(outcome.carbon_kg / 1000.0, 2)
    yield Figure("carbon", carbon, "t", tr("naive {0}").format(number(naive.outcome.carbon_kg / 1000.0, 2)))
    light_h = sum(short.amount for short in outcome.shortfalls if short.cause is Cause.LIGHT)
    dimmed = tr("light {0} level h").format(number(light_h, 1)) if light_h > 0.05 else tr("light as wished")
    yield Figure("missed", number(missing_kwh(plan)), "kWh", dimmed)
    yield _solved(plan)


def _peak_text(outcome: Outcome) -> str | None:
    return number(max((peak.highest_kw for peak in outcome.peaks), default=float(outcome.net_kw.max())))


def _solved(plan: Plan) -> Figure:
    solved = plan.solved
    words = {Status.OPTIMAL: tr("optimal"), Status.FEASIBLE: tr("to the gap"), Status.TIME_LIMIT: tr("time ran out")}
    gap = tr("no bound") if solved.gap is None else tr("gap {0}").format(percent(solved.gap, 2))
    caption = tr("Solved in {0} s").format(number(solved.seconds, 1))
    return Figure("solved", words[solved.status], "", gap, caption)
