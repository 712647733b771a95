"""A console beside an engine that serves the site already: sees through the store, and commands through it too."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from energy_console.alarms.machine import urgency
from energy_console.engine.alarm_desk import ROOM, area_of_alarm, key_of, restored, views_of
from energy_console.engine.answering import Answering
from energy_console.engine.commissioning import Answer, Question, Said
from energy_console.engine.enquiry import Enquiry
from energy_console.engine.link import (
    AlarmView,
    CommandResult,
    EngineHealth,
    EngineNews,
    ProbeReport,
)
from energy_console.engine.orders import GIVEN_AT
from energy_console.engine.planner import IN_FORCE
from energy_console.engine.planner import ROOM as PLAN_ROOM
from energy_console.engine.presence import AreaWatch
from energy_console.engine.probing import report_from
from energy_console.historian.errors import StoreError
from energy_console.historian.interface import Historian
from energy_console.live.staleness import stale_batch
from energy_console.live.table import LiveTable
from energy_console.planning.forecasting.outlook import Lessons
from energy_console.planning.proposal import PlanNews
from energy_console.planning.propose import propose, why_none
from energy_console.planning.schedule import Schedule, schedule_of
from energy_console.planning.solver import SolverProcess
from energy_console.site.model import Site
from hardware.points import Int32Array, is_usable
from optimizer.plan import Plan

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
LOST_AFTER_S = 15.0  # nothing new in the store for so long: the engine is gone
ANSWER_WITHIN_S = 30.0


class AttachedEngine:
    """An EngineLink over a historian opened for reading; commands are rows in it that the engine claims."""

    def __init__(self, site: Site, historian: Historian) -> None:
        self.site = site
        self.historian = historian
        self.live = LiveTable(site.points)
        historian.register(site.points)
        self._answering = Answering(site)
        self._watch = AreaWatch(site)
        self._proposed_over = ""  # what was in force when the newest proposal was made
        self._listeners: list[Callable[[EngineNews], None]] = []
        self._stopping = threading.Event()
        self._news = threading.Event()
        historian.wake(self._news.set)
        self._thread = threading.Thread(target=self._run, name="attached engine", daemon=True)
        self._solver = SolverProcess()
        self._lessons = Lessons()
        self._plan = PlanNews()
        self._saying = threading.Lock()
        self._alarms: tuple[AlarmView, ...] = ()
        self._renewed_s = time.monotonic()

    def subscribe(self, listener: Callable[[EngineNews], None]) -> None:
        self._listeners.append(listener)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join()
        self._solver.close()

    def write(self, point: str, value: float, who: str, done: Callable[[CommandResult], None]) -> None:
        if away := self._watch.why_not(point):
            done(CommandResult(False, away))
            return
        self._order({"do": "write", "point": point, "value": value, "who": who}, done)

    def acknowledge(self, alarm_id: int, who: str) -> None:
        if self._watch.acknowledge(alarm_id, who):
            self._news.set()
            return
        order = {"do": "acknowledge", "alarm": alarm_id, "who": who}
        area = area_of_alarm(alarm_id, self._watch.areas)
        self._order(order | {"area": area} if area else order, lambda _: None)

    def probe(self, device: str, done: Callable[[ProbeReport], None]) -> None:
        """The engine that reads the field is asked through the store."""

        def take(result: CommandResult) -> None:
            try:
                report = report_from(result.detail)
            except (KeyError, TypeError):  # nobody answered, or an engine that is older than this console
                report = ProbeReport(device, time.time_ns(), (), (), result.text)
            done(report)

        self._order({"do": "probe", "device": device}, take)

    def enquire(self, question: Question, said: Said, done: Callable[[Answer], None]) -> Callable[[], None]:
        """Links that nobody reads are asked from here; those of the site belong to the other engine, which is told."""
        enquiry = Enquiry(question, self.site, said, done)
        enquiry.start()
        return enquiry.give_up

    def set_out_of_service(self, device: str, out: bool, who: str, done: Callable[[CommandResult], None]) -> None:
        if away := self._watch.why_not(device):
            done(CommandResult(False, away))
            return
        self._order({"do": "out of service", "device": device, "out": out, "who": who}, done)

    def make_plan(self, done: Callable[[Any], None]) -> None:
        threading.Thread(target=self._propose, args=(done,), name="proposal", daemon=True).start()

    def approve_plan(self, plan_id: str, who: str, done: Callable[[CommandResult], None]) -> None:
        proposal = self._plan.proposal
        if proposal is None or proposal.id != plan_id or not isinstance(proposal.answer, Plan):
            done(CommandResult(False, "That plan is no longer the newest proposal: look at the new one first."))
            return
        schedule = schedule_of(proposal.answer, proposal.id, proposal.name)
        approved = schedule.approved(who, dt.datetime.now(dt.UTC))
        order = {"do": "put in force", "schedule": approved.to_state(), "who": who, "instead_of": self._proposed_over}
        self._order(order, done)

    def revert_plan(self, who: str, done: Callable[[CommandResult], None]) -> None:
        self._order({"do": "revert plan", "who": who}, done)

    # -- following ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        trouble = ""
        sequence = -1
        while not self._stopping.is_set():
            try:
                sequence = self._follow(sequence)
                trouble = ""
            except StoreError as error:
                if str(error) != trouble:
                    log.warning("%s", error)
                trouble = str(error)
                self._lose_sight()
            except Exception as error:  # what a newer engine keeps may not be understood; it is looked at again
                if repr(error) != trouble:
                    log.exception("what the engine has kept could not be followed")
                trouble = repr(error)
                self._lose_sight()
            self._news.wait(LOOK_EVERY_S)
            self._news.clear()

    def _lose_sight(self) -> None:
        """The engine is gone or cannot be followed: no value here is known to be true any more."""
        self._mark_stale(np.flatnonzero(is_usable(self.live.status)).astype(np.int32))
        self._tell(devices=self._answering.states(self.live), health=self._health(running=False))

    def _follow(self, sequence: int) -> int:
        """Takes in what is new in the store; returns the newest sequence."""
        newest, batches = self.historian.since(max(0, sequence))
        if sequence < 0:  # the first look: the newest of every point, however long ago it was read
            self.live.time_ns[:], self.live.value[:], self.live.status[:] = self.historian.newest()
            batches = []
        if newest != sequence:
            self._renewed_s = time.monotonic()
        for batch in batches:
            self.live.apply(batch)
            self._tell(batch=batch)
        self._look_who_is_away()
        schedule = self.historian.get_state(PLAN_ROOM, IN_FORCE)
        self._alarms = self._all_alarms()
        if (self._plan.in_force.id if self._plan.in_force else None) != (schedule or {}).get("id"):
            self._say(in_force=Schedule.from_state(schedule) if schedule else None)
        self._tell(alarms=self._alarms)
        if self._is_served():
            self._tell(devices=self._answering.states(self.live), health=self._health(running=True))
        else:
            self._lose_sight()
        return newest

    def _look_who_is_away(self) -> None:
        """No value of an area without an engine is known to be true."""
        self._watch.look(self.historian.engines(), time.time_ns())
        rows = self._watch.rows_away()
        self._mark_stale(rows[is_usable(self.live.status[rows])])

    def _is_served(self) -> bool:
        return not self._watch.nobody_is_there and time.monotonic() - self._renewed_s < LOST_AFTER_S

    def _all_alarms(self) -> tuple[AlarmView, ...]:
        """Those of all areas, and that an engine is away where none is there to say so."""
        kept = self.historian.list_state(ROOM)
        alarms = [alarm for area in self._watch.areas or ("",) for alarm in restored(kept.get(key_of(area)))[0]]
        return views_of(sorted([*alarms, *self._watch.own_alarms(alarms)], key=urgency))

    def _mark_stale(self, rows: Int32Array) -> None:
        if len(rows):
            batch = stale_batch(rows, time.time_ns(), self.live.sequence)
            self.live.apply(batch)
            self._tell(batch=batch)

    def _health(self, *, running: bool) -> EngineHealth:
        newest_ns = int(self.live.time_ns.max(initial=0))
        behind_s = max(0.0, (time.time_ns() - newest_ns) / 1e9)
        plan = self._plan.in_force.name if self._plan.in_force else ""
        return self._answering.health(self.live, running=running, behind_s=behind_s, plan_name=plan)

    # -- orders and plans -----------------------------------------------------------------------------------------

    def _order(self, order: Mapping[str, Any], done: Callable[[CommandResult], None]) -> None:
        threading.Thread(target=self._place, args=(order, done), name="order", daemon=True).start()

    def _place(self, order: Mapping[str, Any], done: Callable[[CommandResult], None]) -> None:
        """Puts the order into the store and waits for the engine's answer."""
        try:
            number = self.historian.request_command({**order, GIVEN_AT: time.time_ns()})
            until = time.monotonic() + ANSWER_WITHIN_S
            while time.monotonic() < until and not self._stopping.is_set():
                if (answer := self.historian.command_result(number)) is not None:
                    done(CommandResult(bool(answer["ok"]), str(answer["text"]), answer.get("detail", {})))
                    return
                time.sleep(0.2)
        except StoreError as error:
            done(CommandResult(False, str(error)))
            return
        late = "The engine has not answered: look whether it runs; the order may still be carried out."
        done(CommandResult(False, late))

    def _propose(self, done: Callable[[Any], None]) -> None:
        self._say(solving=True, sentence="")
        over = self._plan.in_force.id if self._plan.in_force else ""
        try:
            proposal = asyncio.run(
                propose(self.site, self.live, self.historian, self._solver, self._plan.in_force, self._lessons)
            )
        except Exception as error:
            log.exception("no plan could be made")
            self._say(solving=False, sentence=f"No plan could be made: {error}")
        else:
            self._proposed_over = over
            self._say(solving=False, proposal=proposal, sentence=why_none(proposal))
        done(self._plan)

    def _say(self, **parts: Any) -> None:
        with self._saying:  # the follower and a proposal each change their part
            self._plan = dataclasses.replace(self._plan, **parts)
        self._tell(plan=self._plan)

    def _tell(self, **parts: Any) -> None:
        news = EngineNews(**(dict.fromkeys(("batch", "devices", "health", "alarms", "plan")) | parts))
        for listener in self._listeners:
            listener(news)
