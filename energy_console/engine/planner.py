"""Makes proposals, takes approvals, writes the set-points of the plan in force and watches the field follow."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from energy_console.engine.link import CommandResult
from energy_console.engine.plan_clock import PlanClock
from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.errors import StoreError
from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable
from energy_console.planning.forecasting.outlook import Lessons
from energy_console.planning.proposal import Followed, PlanNews
from energy_console.planning.proposal_line import proposal_line
from energy_console.planning.propose import propose, why_none
from energy_console.planning.rolling import Expected
from energy_console.planning.schedule import Schedule, ScheduleTooNew, schedule_of
from energy_console.planning.setpoints import SetPoint, followed_share, plugged_in, setpoints_at
from energy_console.planning.solver import SolverProcess
from energy_console.site.model import Site
from energy_console.site.prices import NoTariff
from hardware.points import is_usable
from optimizer.check import PlanBroken
from optimizer.errors import ProblemError
from optimizer.plan import Plan

log = logging.getLogger(__name__)

ROOM, IN_FORCE = "plan", "in force"
LOOK_EVERY_S = 5.0
RETRY_S = 30.0  # between two tries of a set-point that the field did not take
AT_ONCE = 16
NOT_YET = CommandResult(False, "not yet written")
NOT_HERE = "Another engine plans for this site: ask for a plan at a desk."
LET_GO = CommandResult(False, "let go of, since nobody could be in charge of it")

Write = Callable[[str, float, str, str, str], Awaitable[CommandResult]]  # point, value, who, why, id of the plan
Release = Callable[[str, str], Awaitable[CommandResult]]


class Planner:
    """Lives on the engine's loop. `write` holds a set-point with read-back, `release` lets a device go its own way.

    Where several engines serve areas of a site, the one that leads proposes and takes approvals; each follows what is
    in force in the store, for the points it `owns`.
    """

    def __init__(
        self,
        site: Site,
        live: LiveTable,
        historian: Historian,
        writer: StoreWriter,
        write: Write,
        release: Release,
        say: Callable[[PlanNews], None],
        owns: Callable[[str], bool] | None = None,
    ) -> None:
        """`owns`: whether a point is of the part that this engine serves; None where it serves the whole site."""
        self._owns = owns
        self._led = False
        self._proposed_over = ""  # what was in force when the newest proposal was made
        self._site, self._live, self._historian, self._writer = site, live, historian, writer
        self._write, self._release, self._say = write, release, say
        self._solver = SolverProcess()
        self._lessons = Lessons()
        self._held: dict[str, tuple[float, CommandResult, float]] = {}  # point -> value, answer, loop time of the try
        self._wanted: list[SetPoint] = []
        self._followed_at = time.monotonic()
        self._carrying_out = asyncio.Lock()  # approving, reverting and following write one after the other
        self.news = PlanNews(in_force=_restored(historian))

    @property
    def followed_ago_s(self) -> float:
        """How long ago the field was last brought in line with the plan in force; 0 where none is."""
        return time.monotonic() - self._followed_at if self.news.in_force is not None else 0.0

    def forget(self, points: Iterable[str]) -> None:
        """These are no longer held, for a reason of their own; the next look writes them again."""
        for point in points:
            if point in self._held:
                self._held[point] = (self._held[point][0], LET_GO, self._held[point][2])

    async def make(self, because: str = "") -> PlanNews:
        """One proposal for the next 24 hours; what goes wrong is told in `sentence`.

        `because`: why it is made between its times, if it is.
        """
        if self.news.solving:
            return self.news
        if not self._historian.leads():
            self._tell(sentence=NOT_HERE)
            return self.news
        self._tell(solving=True, sentence="")
        over = self._in_force_id()
        try:
            proposal = await propose(
                self._site, self._live, self._historian, self._solver, self.news.in_force, self._lessons, because
            )
        except (ProblemError, NoTariff, StoreError, PlanBroken) as error:
            self._tell(solving=False, sentence=str(error))
            return self.news
        except Exception as error:  # a fault of ours in a plan must not end the engine that reads the field
            log.exception("no plan could be made")
            self._tell(solving=False, sentence=f"No plan could be made: {error}")
            return self.news
        self._proposed_over = over
        self._tell(solving=False, proposal=proposal, sentence=why_none(proposal))
        text, data = proposal_line(proposal, self.news.in_force)
        self._write_down(text, data)
        return self.news

    async def approve(self, plan_id: str, who: str) -> CommandResult:
        """Puts the newest proposal in force and writes the set-points of the step that runs."""
        proposal = self.news.proposal
        if proposal is None or proposal.id != plan_id:
            self._write_down(
                f"Approval by {who} refused: a newer plan had been proposed",
                {"act": "refused", "plan": plan_id, "who": who},
            )
            return CommandResult(False, "That plan is no longer the newest proposal: look at the new one first.")
        if not isinstance(proposal.answer, Plan):
            return CommandResult(False, f"There is no plan to approve: {why_none(proposal)}")
        schedule = schedule_of(proposal.answer, proposal.id, proposal.name, proposal.problem).approved(
            who, dt.datetime.now(dt.UTC)
        )
        return await self.put_in_force(schedule, self._proposed_over)

    async def put_in_force(self, schedule: Schedule, instead_of: str | None = None) -> CommandResult:
        """Keeps an approved schedule and carries out its running step at once.

        `instead_of`: the plan that whoever approves believes to be in force, empty for none. Of two desks that approve
        at the same time one does; the other is told.
        """
        async with self._carrying_out:
            if (refused := self._overtaken(schedule, instead_of)) is not None:
                return refused
            self._journal("approved", schedule, f"Plan {schedule.name} approved by {schedule.approved_by}")
            for point, (value, _, _) in self._held.items():  # written again, and let go where it is no longer wanted
                self._held[point] = (value, NOT_YET, -math.inf)
            self._tell(in_force=schedule, sentence=f"Plan {schedule.name} is in force.")
            await self._follow(schedule, first=True)
        taken = sum(answer.ok for _, answer, _ in self._held.values())
        text = f"Plan {schedule.name} is in force: {taken} of {len(self._held)} set-points written and read back."
        if self._owns is not None:
            text = f"{text[:-1]} by this engine; those of other areas write their own."
        self._write_down(text, {"act": "in force", "plan": schedule.id, "written": len(self._held), "taken": taken})
        return CommandResult(taken == len(self._held), text)

    def _in_force_id(self) -> str:
        return self.news.in_force.id if self.news.in_force is not None else ""

    def _overtaken(self, schedule: Schedule, instead_of: str | None) -> CommandResult | None:
        there = self.news.in_force
        if instead_of is None or self._in_force_id() in (instead_of, schedule.id):
            return None
        if there is None:
            text = "The plan it was to replace is no longer in force: make a new one, which starts from what is."
        else:
            text = f"Plan {there.name} was approved by {there.approved_by} meanwhile: make a new one, starting from it."
        self._write_down(
            f"Approval by {schedule.approved_by} refused: another plan had come into force",
            {"act": "refused", "plan": schedule.id, "who": schedule.approved_by},
        )
        return CommandResult(False, text)

    async def revert(self, who: str) -> CommandResult:
        """Takes the plan out of force; every device held by it goes back to its own ways."""
        async with self._carrying_out:
            schedule = self.news.in_force
            if schedule is None:
                return CommandResult(False, "No plan is in force.")
            points = list(self._held)
            self._journal("taken out", schedule, f"Plan {schedule.name} taken out of force by {who}", who)
            self._tell(in_force=None, followed=None, assets=(), sentence=f"Plan {schedule.name} is no longer in force.")
            let_go = await self._let_go(points, who)
        return CommandResult(let_go == len(points), f"{let_go} of {len(points)} devices went back to their own ways.")

    async def run(self) -> None:
        """Follows the plan in force, and proposes a new one when it is time for it, until cancelled."""
        clock = PlanClock(self._site, self._live, dt.datetime.now(dt.UTC), time.monotonic())
        while True:
            await self._learn()
            await self._follow_safely()
            because = clock.due(dt.datetime.now(dt.UTC), time.monotonic(), self._expected()) if self._led else None
            if because is not None:
                await self.make(because)
            await asyncio.sleep(LOOK_EVERY_S)

    def _expected(self) -> Expected:
        """What the plan in force expects of the running step."""
        limit_kw = self._site.root.limit_kw
        schedule, now = self.news.in_force, dt.datetime.now(dt.UTC)
        if schedule is not None and (step := schedule.step_at(now)) is not None:
            return Expected(schedule.net_kw[step], limit_kw)
        return Expected(limit_kw=limit_kw)

    async def _learn(self) -> None:
        """Takes what another engine, which leads, has put in force or taken out; what it held then follows."""
        led, self._led = self._led, self._historian.leads()
        if led and self._led:
            return
        known = self._in_force_id()
        try:
            schedule = await asyncio.to_thread(_restored, self._historian)
        except StoreError:
            return  # what is known stays in force
        if (schedule.id if schedule else "") == known or self._in_force_id() != known:
            return
        async with self._carrying_out:
            if schedule is None:
                self._tell(in_force=None, followed=None, assets=(), sentence="The plan is no longer in force.")
                await self._let_go(list(self._held), "the engine that plans")
            else:
                self._tell(in_force=schedule, sentence=f"Plan {schedule.name} is in force.")

    async def _follow_safely(self) -> None:
        try:
            await self.follow()
        except Exception as error:  # the next look may do better; the field is read on whatever becomes of a plan
            sentence = f"The plan in force could not be carried out: {error}"
            if sentence != self.news.sentence:
                log.exception("%s", sentence)
                self._tell(sentence=sentence)

    async def follow(self) -> None:
        """Writes what the running step asks for and is not yet held; lets go what it no longer asks for."""
        async with self._carrying_out:
            if (schedule := self.news.in_force) is not None:
                await self._follow(schedule)

    async def _follow(self, schedule: Schedule, *, first: bool = False) -> None:
        now = dt.datetime.now(dt.UTC)
        asked = setpoints_at(self._site, schedule, now, plugged_in(self._site, now))
        self._wanted = [one for one in asked if self._owns is None or self._owns(one.point)]
        wanted = {setpoint.point: setpoint for setpoint in self._wanted}
        who = f"plan {schedule.name} ({schedule.approved_by})"
        await self._let_go([point for point in self._held if point not in wanted], who)
        gate = asyncio.Semaphore(AT_ONCE)
        self._followed_at = time.monotonic()
        new = [one.point for one in wanted.values() if self._held.get(one.point, (None,))[0] != one.value]
        await asyncio.gather(*(self._hold(setpoint, schedule, gate) for setpoint in wanted.values()))
        self._followed_at = time.monotonic()
        if new and not first:
            self._write_down_setpoints(schedule, new)
        if now >= schedule.end:
            if self._historian.leads():
                self._journal("ended", schedule, f"Plan {schedule.name} has come to its end")
            over = f"Plan {schedule.name} has come to its end."
            self._tell(in_force=None, followed=None, assets=(), sentence=over)
            return
        self._tell(
            followed=followed_share(self._wanted, self._measured_kw), assets=tuple(map(self._state, self._wanted))
        )

    async def _let_go(self, points: Sequence[str], who: str) -> int:
        """Releases set-points; returns how many devices took it."""
        for point in points:
            del self._held[point]
        answers = await asyncio.gather(*(self._release(point, who) for point in points))
        return sum(answer.ok for answer in answers)

    async def _hold(self, setpoint: SetPoint, schedule: Schedule, gate: asyncio.Semaphore) -> None:
        loop = asyncio.get_running_loop()
        held = self._held.get(setpoint.point)
        if held and held[0] == setpoint.value and (held[1].ok or loop.time() - held[2] < RETRY_S):
            return
        async with gate:
            why = f"plan {schedule.name}, {setpoint.asset}: {setpoint.power_kw:.4g} kW"
            answer = await self._write(setpoint.point, setpoint.value, schedule.approved_by, why, schedule.id)
        self._held[setpoint.point] = (setpoint.value, answer, loop.time())

    def _state(self, setpoint: SetPoint) -> Followed:
        held = self._held.get(setpoint.point)
        text = held[1].text if held else ""
        return Followed(setpoint.asset, setpoint.kind, setpoint.value, held[1].ok if held else None, text)

    def _measured_kw(self, point: str) -> float:
        row = self._live.index.get(point)
        if row is None or not is_usable(self._live.status[row : row + 1])[0]:
            return math.nan
        return float(self._live.value[row])

    def _journal(self, act: str, schedule: Schedule, text: str, who: str = "") -> None:
        """An act that changes what is in force, with what is in force from now on."""
        state = schedule.to_state() if act == "approved" else None
        who = who or (schedule.approved_by if act == "approved" else "")
        now_ns = time.time_ns()
        self._writer.do(lambda: self._historian.put_state(ROOM, IN_FORCE, state, now_ns))
        self._write_down(text, {"act": act, "plan": schedule.id} | ({"who": who} if who else {}), now_ns)

    def _write_down_setpoints(self, schedule: Schedule, points: Sequence[str]) -> None:
        """What the running step has changed, as one line; each by itself stands in the ledger."""
        taken = sum(self._held[point][1].ok for point in points)
        text = f"Plan {schedule.name}: {len(points)} set-points changed, {taken} read back"
        data = {"act": "set-points", "plan": schedule.id, "written": len(points), "taken": taken}
        self._write_down(text, data | {"points": sorted(points)})

    def _write_down(self, text: str, data: Mapping[str, object], time_ns: int = 0) -> None:
        time_ns = time_ns or time.time_ns()
        self._writer.do(lambda: self._historian.write_event(time_ns, "plan", "plan", text, data))

    def _tell(self, **parts: object) -> None:
        self.news = replace(self.news, **parts)  # type: ignore[arg-type]
        self._say(self.news)

    def close(self) -> None:
        self._solver.close()


def _restored(historian: Historian) -> Schedule | None:
    """The plan in force when the engine stopped, if it has not come to its end since."""
    state = historian.get_state(ROOM, IN_FORCE)
    if not state:
        return None
    try:
        schedule = Schedule.from_state(state)
    except ScheduleTooNew as error:
        log.warning("%s", error)
        return None
    except (KeyError, TypeError, ValueError) as error:
        log.warning("The plan in force in the store cannot be read (%r): approve a plan again.", error)
        return None
    return schedule if schedule.end > dt.datetime.now(dt.UTC) else None
