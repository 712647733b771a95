"""The engine of this process: reads the field, keeps it, watches it and carries out plans, in one thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

import numpy as np

from energy_console.control.control import Ask, Control
from energy_console.control.ledger import Ledger
from energy_console.engine.alarm_desk import AlarmDesks
from energy_console.engine.call_desk import CallDesk
from energy_console.engine.commissioning import Answer, Failed, Question, Said, answer
from energy_console.engine.link import CommandResult, DeviceState, EngineHealth, EngineNews, ProbeReport
from energy_console.engine.neighbours import Neighbours
from energy_console.engine.orders import Orders
from energy_console.engine.own_conditions import own_conditions
from energy_console.engine.own_points import OwnPoints
from energy_console.engine.past import PastKeeper
from energy_console.engine.planner import Planner
from energy_console.engine.preparing import prepared
from energy_console.engine.probing import detail_of, probe
from energy_console.engine.pulse import Pulse
from energy_console.engine.store_writer import StoreWriter
from energy_console.historian.interface import Historian
from energy_console.historian.thinning import thinning_of
from energy_console.live.calculated import Calculator
from energy_console.live.table import LiveTable
from energy_console.planning.proposal import PlanNews
from energy_console.planning.schedule import Schedule
from energy_console.site.areas import Part
from energy_console.site.model import Site
from hardware.commands import Commander, Outcome
from hardware.points import ScanBatch, is_usable
from hardware.scanner import Scanner

log = logging.getLogger(__name__)

BEAT_S = 1.0
SILENT = frozenset({"silent", "refusing", "wrong answers"})
RATE_OVER = 20  # beats that the request rate is averaged over


class LocalEngine:
    """An EngineLink. `historian` is opened for writing by whoever makes the engine, and closed by them after `stop`."""

    def __init__(
        self,
        site: Site,
        historian: Historian,
        prepare: Callable[[], None] = lambda: None,
        past: Callable[[], Iterable[ScanBatch]] = tuple,
        ails: Callable[[], str] = str,
        part: Part | None = None,
        others: Callable[[], Historian] | None = None,
    ) -> None:
        """Nothing is started yet. Raises what the scanner raises on a field it cannot read.

        `part`: the areas of the site that this engine serves, if not the whole. `others` then opens the store for
        reading what the engines of other areas write.

        `prepare` may block; it is called on a thread before the field is read. `past` gives readings, one batch a
        moment, that are kept while the field is read already; what is calculated of them is kept with them. `ails` is
        asked once a second and must not block: a sentence while what the engine depends on is gone, empty otherwise.
        """
        self.site = site
        self.historian = historian
        self.live = LiveTable(site.points)
        self.error: BaseException | None = None  # what ended the engine, if it was not `stop`
        self._own = OwnPoints(site, part)
        historian.register(self._own.site.points)
        self._prepare, self._past, self._ails = prepare, past, ails
        own = self._own.site
        self._writer = StoreWriter(historian, thinning=thinning_of([point.id for point in own.points], own.keep))
        self._pulse = Pulse(site, self.live, self._writer, self._own)
        self._scanner = Scanner(self._own.site.field, self._take, points=site.points)
        if self._scanner.points != self._own.site.points[: len(self._scanner.points)]:
            raise ValueError("the site lists its points in another order than its devices give them")
        self._neighbours = (
            Neighbours(site, self.live, self._own, others, self._pulse.take_of_others) if others else None
        )
        self._alarms = AlarmDesks(site, self.live, historian, self._writer, self._own.areas)
        self._calls: CallDesk | None = None
        self._planner = Planner(
            site,
            self.live,
            historian,
            self._writer,
            self._hold,
            self._let_go,
            self._plan_news,
            owns=None if part is None else part.points.__contains__,
        )
        self._ledger = Ledger(historian)
        self._control = Control(
            site,
            self.live,
            Commander(self._scanner),
            self._ledger,
            ails=lambda: self._ledger.trouble or self._writer.trouble,
            plan_age_s=lambda: self._planner.followed_ago_s,
            dropped=lambda points: self._planner.forget(points),
        )
        self._orders = Orders(historian, self._writer, self._carry_out)
        self._listeners: list[Callable[[EngineNews], None]] = []
        self._failing: set[Callable[[EngineNews], None]] = set()  # listeners that raised at the last news
        self._requests: deque[tuple[float, int]] = deque(maxlen=RATE_OVER)
        self._told_devices: dict[str, DeviceState] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._ready = threading.Event()

    # -- what a window asks; any thread ---------------------------------------------------------------------------

    def subscribe(self, listener: Callable[[EngineNews], None]) -> None:
        """`listener` is called on the engine's thread, about once a second."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Returns once the engine's loop runs."""
        self._writer.start()
        self._journal("engine", "Engine started")
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Returns when everything read is stored and every thread and process has ended. May be called twice."""
        loop, stopping = self._loop, self._stopping
        if loop is None or stopping is None:
            return
        self._loop = None
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(stopping.set)
        self._thread.join()
        self._journal("engine", "Engine stopped")
        self._writer.stop()

    @property
    def stats(self) -> dict[str, float]:
        """Counts since the start, for `serve`."""
        scan = self._scanner.stats()
        return {
            "devices": scan.devices,
            "points": len(self._own.site.points),
            "cycles": scan.batches,
            "readings": self._pulse.readings,
            "bad_readings": self._pulse.bad_readings,
            "late_p99_ms": round(scan.late_p99_ms, 1),
            "stored": self._writer.stored,
            "lost": self._writer.lost,
            "requests": scan.requests,
            "wrong_answers": scan.wrong_answers,
        }

    def write(self, point: str, value: float, who: str, done: Callable[[CommandResult], None]) -> None:
        self._ask(self._write(point, value, who), done)

    def acknowledge(self, alarm_id: int, who: str) -> None:
        async def work() -> None:
            self._alarms.acknowledge(alarm_id, who, time.time_ns())
            self._tell(alarms=self._alarms.views)

        self._ask(work(), lambda _: None)

    def probe(self, device: str, done: Callable[[ProbeReport], None]) -> None:
        def refused(sentence: str) -> ProbeReport:
            return ProbeReport(device, time.time_ns(), (), (), sentence)

        self._ask(probe(self._scanner, device), done, refused)

    def make_plan(self, done: Callable[[Any], None]) -> None:
        """`done` gets the PlanNews after the proposal."""
        self._ask(self._planner.make(), done, lambda sentence: PlanNews(sentence=sentence))

    def approve_plan(self, plan_id: str, who: str, done: Callable[[CommandResult], None]) -> None:
        self._ask(self._planner.approve(plan_id, who), done)

    def revert_plan(self, who: str, done: Callable[[CommandResult], None]) -> None:
        self._ask(self._planner.revert(who), done)

    def enquire(self, question: Question, said: Said, done: Callable[[Answer], None]) -> Callable[[], None]:
        return self._ask(answer(question, self.site, self._scanner, said), done, Failed)

    def set_out_of_service(self, device: str, out: bool, who: str, done: Callable[[CommandResult], None]) -> None:
        self._ask(self._put_in_service(device, out, who), done)

    # -- the engine's thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # the thread ends here; whoever looks is told why
            self.error = first_cause(error)
            log.exception("The engine has ended: %s", self.error)
            self._tell(health=self._health(running=False))
        finally:
            self._planner.close()
            self._ready.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._ready.set()
        keeping = asyncio.create_task(self._ledger.run(), name="ledger")
        try:
            if await prepared(self._prepare, self._stopping):
                await self._read_field(self._stopping)
        finally:
            self._stopping.set()  # however it ends, nothing goes on in other threads
            await self._control.close()
            self._ledger.end()
            await keeping
        self._pulse.beat()
        self._tell(health=self._health(running=False))

    async def _read_field(self, stopping: asyncio.Event) -> None:
        """Everything the engine does, until it is to stop; the scanner then still gives what it has."""
        async with asyncio.TaskGroup() as group:
            scanning = group.create_task(self._scanner.run(), name="scanner")
            others = [
                group.create_task(work, name=name)
                for name, work in (
                    ("beat", self._beat()),
                    ("plan", self._planner.run()),
                    ("control", self._control.run()),
                    ("orders", self._orders.run()),
                    *((("neighbours", self._neighbours.run()),) if self._neighbours else ()),
                    ("past", asyncio.to_thread(self._remember, stopping.is_set)),
                )
            ]
            await stopping.wait()
            for task in others:
                task.cancel()
            await self._control.end("The engine stops.")  # while the field can still be told
            self._scanner.stop()
            await scanning

    def _remember(self, stopping: Callable[[], bool]) -> None:
        units = {point.id: point.unit for point in self.site.points}
        calculator = Calculator(self._own.site.calculated, self.live.index, units)
        site = self.site if self.historian.leads() else None
        keeper = PastKeeper(site, self.historian, self._writer, calculator, self._own.in_store)
        keeper.keep(self._past, stopping)

    def _take(self, batch: ScanBatch) -> None:
        self._pulse.take(self._own.in_site(batch))

    async def _beat(self) -> None:
        """Once a second: stale points, alarms, health, and one piece of news."""
        due = time.monotonic()
        while True:
            due = max(due + BEAT_S, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
            states = self._scanner.states()
            batch = self._pulse.beat()
            silent = {name: state.reason for name, state in states.items() if state.state in SILENT}
            wrong_here = own_conditions(self._writer, self.historian, self._ails, self._neighbours)
            changed = self._alarms.step(time.time_ns(), silent, wrong_here)
            self._log_notices()
            if len(states) and all(state.state != "starting" for state in states.values()):
                self._step_calls()  # what a ship does is known once the field has been read
            first = not self._told_devices
            devices = {name: state for name, state in states.items() if state != self._told_devices.get(name)}
            self._told_devices = states
            self._tell(
                batch=batch,
                devices=devices or None,
                health=self._health(running=True),
                alarms=self._alarms.views if changed or first else None,
            )

    def _log_notices(self) -> None:
        for notice in self.historian.notices():
            self._journal("engine", notice, "store")
            log.warning("store: %s", notice)

    def _step_calls(self) -> None:
        """Ships are followed by the engine that leads; one that has just come to lead goes on where another was."""
        if not self.historian.leads():
            self._calls = None
            return
        if self._calls is None:
            self._calls = CallDesk(self.site, self.live, self.historian, self._writer)
        self._calls.step(time.time_ns())

    def _health(self, *, running: bool) -> EngineHealth:
        scan = self._scanner.stats()
        self._requests.append((time.monotonic(), scan.requests))
        (first_s, first), (last_s, last) = self._requests[0], self._requests[-1]
        usable = int(np.count_nonzero(is_usable(self.live.status)))
        plan = self._planner.news
        return EngineHealth(
            running=running,
            attached=False,
            devices=scan.devices,
            answering=scan.answering,
            points=len(self.site.points),
            good_points=usable,
            bad_points=len(self.site.points) - usable,
            cycle_s=1.0 + scan.late_p50_ms / 1000.0,
            cycle_worst_s=1.0 + scan.late_worst_ms / 1000.0,
            requests_per_s=(last - first) / (last_s - first_s) if last_s > first_s else 0.0,
            wrong_answers=scan.wrong_answers,
            store_behind_s=self._writer.behind_s,
            plan_name=plan.in_force.name if plan.in_force else "",
            plan_followed=plan.followed,
        )

    # -- commands -------------------------------------------------------------------------------------------------

    async def _write(self, point: str, value: float, who: str) -> CommandResult:
        """One command of a person: checked, sent, read back, journalled."""
        result = _result(await self._control.command(Ask(point, value, who, "asked at a desk")))
        self._journal(
            "command", f"{who}: {point} = {value:g}. {result.text}", point, who=who, value=value, ok=result.ok
        )
        return result

    async def _hold(self, point: str, value: float, who: str, why: str, plan: str) -> CommandResult:
        return _result(await self._control.command(Ask(point, value, who, why, plan)))

    async def _let_go(self, point: str, who: str) -> CommandResult:
        result = _result(await self._control.release(point, f"Let go by {who}."))
        self._journal("command", f"{who}: {point} released. {result.text}", point, who=who, ok=result.ok)
        return result

    async def _put_in_service(self, device: str, out: bool, who: str) -> CommandResult:
        if not any(known.id == device for known in self._own.site.devices):
            return CommandResult(False, f"The site has no device {device}.")
        self._scanner.set_out_of_service(device, out)
        text = f"{device} {'taken out of' if out else 'put back into'} service by {who}"
        self._journal("device", text, device, who=who)
        return CommandResult(True, f"{text}.")

    def _acknowledge(self, alarm: int, who: str) -> CommandResult:
        """Of two desks one puts its name on an alarm; the other is told whose it is."""
        if self._alarms.acknowledge(alarm, who, time.time_ns()):
            return CommandResult(True, "Acknowledged.")
        other = self._alarms.acknowledged_by(alarm)
        return CommandResult(
            False, f"{other} has acknowledged that alarm already." if other else "That alarm is no longer open."
        )

    async def _carry_out(self, order: Mapping[str, Any]) -> CommandResult:
        match order:
            case {"do": "write", "point": str(point), "value": float() | int() as value, "who": str(who)}:
                return await self._write(point, float(value), who)
            case {"do": "acknowledge", "alarm": int(alarm), "who": str(who)}:
                return self._acknowledge(alarm, who)
            case {"do": "put in force", "schedule": dict(schedule)}:
                return await self._planner.put_in_force(Schedule.from_state(schedule), order.get("instead_of"))
            case {"do": "revert plan", "who": str(who)}:
                return await self._planner.revert(who)
            case {"do": "out of service", "device": str(device), "out": bool(out), "who": str(who)}:
                return await self._put_in_service(device, out, who)
            case {"do": "probe", "device": str(device)}:
                report = await probe(self._scanner, device)
                return CommandResult(not report.fault, report.fault, detail_of(report))
        return CommandResult(False, "This engine does not know that order: is the console newer than the engine?")

    # -- telling --------------------------------------------------------------------------------------------------

    def _plan_news(self, news: PlanNews) -> None:
        self._tell(plan=news)

    def _tell(self, **parts: Any) -> None:
        blank: dict[str, Any] = dict.fromkeys(("batch", "devices", "health", "alarms", "plan"))
        news = EngineNews(**(blank | parts))
        for listener in self._listeners:
            try:
                listener(news)
            except Exception:  # whoever listens may fail; the field is read on, and it is told once
                if listener not in self._failing:
                    log.exception("news of the engine was not taken")
                self._failing.add(listener)
            else:
                self._failing.discard(listener)

    def _journal(self, kind: str, text: str, source: str = "engine", **data: Any) -> None:
        now = time.time_ns()
        self._writer.do(lambda: self.historian.write_event(now, kind, source, text, data))

    def _ask(
        self,
        work: Coroutine[Any, Any, Any],
        done: Callable[[Any], None],
        refused: Callable[[str], Any] = lambda sentence: CommandResult(False, sentence),
    ) -> Callable[[], None]:
        """Runs work on the engine's loop; `done` is called there. `refused` makes the answer of what cannot be done.

        The call returned gives the work up; `done` is not called then.
        """

        async def run() -> None:
            try:
                result = await work
            except Exception as error:  # a fault of ours in one order must not end the engine; it is told and logged
                log.exception("an order failed")
                result = refused(f"That failed inside the engine: {error}")
            done(result)

        loop, running = self._loop, run()
        try:
            if loop is None:
                raise RuntimeError("not running")
            future = asyncio.run_coroutine_threadsafe(running, loop)
        except RuntimeError:  # not started, or its loop has ended
            running.close()
            work.close()
            done(refused("The engine has stopped: start the console again."))
            return lambda: None

        def give_up() -> None:
            future.cancel()

        return give_up


def _result(outcome: Outcome) -> CommandResult:
    return CommandResult(outcome.ok, outcome.text)


def first_cause(error: BaseException) -> BaseException:
    """What one task of a group raised first: the group itself has no sentence for a person."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
