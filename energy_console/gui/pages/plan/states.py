"""What the page says where there is no plan to draw: nothing asked for yet, being solved, not found, engine lost."""

from __future__ import annotations

from dataclasses import dataclass

from energy_console.gui.pages.plan.frame import tr
from energy_console.planning.proposal import PlanNews
from optimizer.plan import Infeasible, Unsolved


@dataclass(frozen=True, slots=True)
class Nothing:
    """Kind, words and advice of a StatePane; `act` names its button, "" for none."""

    kind: str
    what: str
    todo: str
    act: str = ""


def nothing_to_draw(news: PlanNews, refusal: Infeasible | Unsolved | None, lost: bool) -> Nothing:
    """The state that explains best why there is no plan."""
    if news.solving:
        words = tr("The next 24 hours are put together and solved; the console goes on meanwhile.")
        return Nothing("loading", tr("Making a plan…"), words)
    if lost:
        return Nothing("lost", tr("The engine is not answering."), tr("A plan can be made once it is back."))
    if isinstance(refusal, Unsolved):
        return Nothing("error", tr("No plan was found."), refusal.reason, tr("Try again"))
    if news.sentence and news.proposal is None:
        return Nothing("error", tr("No plan could be made."), news.sentence, tr("Try again"))
    words = tr("It takes prices, forecasts, ship calls and bookings, and proposes light and charging for 24 hours.")
    return Nothing("empty", tr("No plan has been made yet."), words, tr("Make a plan"))
