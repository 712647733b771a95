"""Which plan the page shows: the newest proposal, or the plan in force once a person watches that. No Qt."""

from __future__ import annotations

from energy_console.planning.proposal import PlanNews, Proposal
from energy_console.planning.schedule import Schedule
from optimizer.plan import Infeasible, Plan, Unsolved


class OnTable:
    """The engine proposes anew every quarter of an hour; who watches the plan in force is not taken from it."""

    def __init__(self) -> None:
        self.news = PlanNews()
        self._watching = False
        self._approved: Proposal | None = None  # the proposal that is in force, while this page has seen it

    def take(self, news: PlanNews) -> None:
        """The newest word of the planner."""
        for seen in (self.news.proposal, news.proposal):
            if seen is not None and news.in_force is not None and seen.id == news.in_force.id:
                self._approved = seen
        self.news = news
        if news.in_force is None:
            self._watching = False

    def watch(self, in_force: bool) -> None:
        """True: stay with the plan in force; False: show the newest proposal."""
        self._watching = in_force and self.news.in_force is not None

    @property
    def shown(self) -> Proposal | None:
        """The proposal to show; None where only a schedule, or nothing, is there."""
        in_force = self.news.in_force
        if in_force is not None and (self._watching or self.news.proposal is None):
            known = self._approved
            return known if known is not None and known.id == in_force.id else None
        return self.news.proposal

    @property
    def plan(self) -> Plan | None:
        """The plan to show with all its reasons."""
        shown = self.shown
        return shown.answer if shown is not None and isinstance(shown.answer, Plan) else None

    @property
    def refusal(self) -> Infeasible | Unsolved | None:
        """Why the proposal to show holds no plan."""
        shown = self.shown
        return None if shown is None or isinstance(shown.answer, Plan) else shown.answer

    @property
    def schedule(self) -> Schedule | None:
        """The plan in force where it is to be shown without its reasons."""
        return self.news.in_force if self.shown is None else None

    @property
    def is_in_force(self) -> bool:
        """Whether what is shown is in force."""
        shown, in_force = self.shown, self.news.in_force
        return in_force is not None and (shown is None or shown.id == in_force.id)

    @property
    def waiting(self) -> Proposal | None:
        """A newer proposal that is not shown because somebody watches the plan in force."""
        newest = self.news.proposal
        shown_id = self.shown.id if self.shown else self.news.in_force.id if self.news.in_force else ""
        return newest if newest is not None and newest.id != shown_id else None
