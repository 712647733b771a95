"""What the journal says of a proposal: what it costs, what it saves, and how it differs from the plan in force."""

from __future__ import annotations

import datetime as dt
from typing import Any

from energy_console.planning.causes import in_words
from energy_console.planning.proposal import Proposal
from energy_console.planning.propose import why_none
from energy_console.planning.schedule import Schedule
from optimizer.plan import Plan

SEEN = 1e-3  # a set-point that differs by less is the same


def proposal_line(proposal: Proposal, in_force: Schedule | None) -> tuple[str, dict[str, Any]]:
    """Text and data of its entry."""
    plan = proposal.answer
    if not isinstance(plan, Plan):
        why = why_none(proposal).removesuffix(".")
        return f"No plan at {proposal.name}: {why}", {"act": "refused", "plan": proposal.id}
    cost, naive = plan.outcome.cost.total_eur, plan.naive.outcome.cost.total_eur
    text = f"Plan {proposal.name} proposed: {cost:.0f} EUR"
    data: dict[str, Any] = {"act": "proposed", "plan": proposal.id, "cost_eur": round(cost, 2)}
    if plan.naive.feasible:
        text += f", {naive - cost:.0f} EUR less than without a plan"
        data["saved_eur"] = round(naive - cost, 2)
    if in_force is not None and in_force.id != proposal.id:
        assets, kwh = difference(plan, in_force)
        text += f"; against plan {in_force.name}: {assets} assets run otherwise, {kwh:+.0f} kWh drawn"
        data |= {"against": in_force.id, "assets": assets, "kwh": round(kwh, 1)}
        if proposal.causes:
            text += f", since {in_words(proposal.causes)}"
            data["causes"] = [cause.words for cause in proposal.causes]
    if proposal.because:
        text += f" (made because {proposal.because})"
        data["because"] = proposal.because
    return text, data


def difference(plan: Plan, before: Schedule) -> tuple[int, float]:
    """How many commanded assets run otherwise, and how much more is drawn, in the hours that both know; kWh."""
    horizon = plan.horizon
    begins = [horizon.start + dt.timedelta(hours=sum(horizon.steps_h[:step])) for step in range(horizon.steps)]
    pairs = [(new, old) for new, begin in enumerate(begins) if (old := before.step_at(begin)) is not None]
    kwh = sum((float(plan.outcome.net_kw[n]) - before.net_kw[o]) * horizon.steps_h[n] for n, o in pairs)
    old_assets = {asset.id: asset for asset in before.assets}
    differing = 0
    for asset in plan.assets:
        was = old_assets.get(asset.id)
        if asset.kind.value in ("lighting", "charging") and was is not None:
            differing += any(abs(float(asset.setpoint[n]) - was.setpoint[o]) > SEEN for n, o in pairs)
    return differing, kwh
