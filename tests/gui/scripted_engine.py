"""An engine that says what a test tells it: readings, silences, alarms and answers, over a real site and a real store.

`EngineLink` without a field. Everything it is told goes the way it goes in the console: into the live table, into the
historian, and out as one `EngineNews`. It speaks on the thread of the caller, so a test sees the page right after.

    engine = ScriptedEngine(site, historian)
    engine.play([(0.0, "Q1-01/power_kw", 812.0), (5.0, "Q1-01/power_kw", Reason.TIMEOUT)])
    engine.fall_silent("Q1-02", "no answer in time")
    engine.raise_alarm(2, "Q1-02", "Point Q1-02: no answer")
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from energy_console.engine.commissioning import Answer, Question, Said
from energy_console.engine.link import AlarmView, CommandResult, DeviceState, EngineHealth, EngineNews, ProbeReport
from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable
from energy_console.site.model import Site
from hardware.points import GOOD_STATUS, Point, Reason, ScanBatch, is_usable, status_of

Line = tuple[float, str, float | Reason]  # second, point id, value or why there is none
START_NS = 1_795_354_328_000_000_000  # Sun 22 Nov 2026 13:32:08 UTC

NOTHING = EngineNews(batch=None, devices=None, health=None, alarms=None, plan=None)


class ScriptedEngine:
    """See the module. `writes`, `acknowledged` and `approved` keep what the window asked for, oldest first."""

    def __init__(self, site: Site, historian: Historian, now_ns: int = START_NS) -> None:
        self.site = site
        self.historian = historian
        self.live = LiveTable(site.points)
        self.now_ns = now_ns
        self.writes: list[tuple[str, float, str]] = []
        self.acknowledged: list[tuple[int, str]] = []
        self.approved: list[tuple[str, str]] = []
        self.reverted: list[str] = []
        self.refusals: dict[str, str] = {}  # point id -> why a write to it fails
        self.probes: dict[str, ProbeReport] = {}  # device id -> what its probe answers
        self.questions: list[Question] = []
        self.answers: dict[type, Answer] = {}  # kind of question -> what it is answered with
        self.given_up: list[Question] = []
        self.plan: Any = None  # what make_plan answers
        self.running = False
        self.alarms: tuple[AlarmView, ...] = ()
        self._listeners: list[Callable[[EngineNews], None]] = []
        self._sequence = 0
        self.devices: dict[str, DeviceState] = {
            device.id: DeviceState(device.id, "answering", "", now_ns, 14.0, 720, 0, (0,) * 24)
            for device in site.devices
        }
        historian.register(site.points)

    # what a test tells it

    def play(self, script: Iterable[Line]) -> None:
        """Readings at seconds after now; one batch for each second named, in order of time."""
        start = self.now_ns
        by_second: dict[float, list[Line]] = {}
        for line in script:
            by_second.setdefault(line[0], []).append(line)
        for second in sorted(by_second):
            self.now_ns = start + round(second * 1e9)
            self.read({point: value for _, point, value in by_second[second]})

    def read(self, values: Mapping[str, float | Reason]) -> None:
        """One batch at `now_ns`."""
        index = np.array([self.live.index[point] for point in values], np.int32)
        bad = [value if isinstance(value, Reason) else None for value in values.values()]
        value = np.array([math.nan if isinstance(v, Reason) else float(v) for v in values.values()])
        status = np.array([GOOD_STATUS if reason is None else status_of(reason) for reason in bad], np.uint16)
        self._sequence += 1
        batch = ScanBatch(self._sequence, index, np.full(len(index), self.now_ns, np.int64), value, status)
        self.live.apply(batch)
        self.historian.append(batch)
        self.tell(batch=batch, health=self.health())

    def set_device(self, device: str, state: str, reason: str = "", **changes: Any) -> None:
        """Changes how a device answers; `changes` are other fields of DeviceState."""
        self.devices[device] = dataclasses.replace(self.devices[device], state=state, reason=reason, **changes)
        self.tell(devices={device: self.devices[device]}, health=self.health())

    def fall_silent(self, device: str, reason: str = "no answer in time") -> None:
        """The device answers no more: its state, and a bad reading for each of its points."""
        state = self.devices[device]
        self.read({point.id: Reason.TIMEOUT for point in self.site.points if point.device == device})
        lost = (*state.lost_recent[1:], 30)
        self.set_device(device, "silent", reason, lost=state.lost + 30, requests=state.requests + 30, lost_recent=lost)

    def raise_alarm(self, priority: int, source: str, text: str, detail: str = "", state: str = "new") -> int:
        """Adds an alarm at `now_ns` and returns its id."""
        number = 1 + max((alarm.id for alarm in self.alarms), default=0)
        view = AlarmView(number, priority, state, source, text, detail, self.now_ns)
        self.alarms = tuple(sorted((*self.alarms, view), key=lambda a: (a.state != "new", a.priority, a.since_ns)))
        self.tell(alarms=self.alarms)
        return number

    def tell(self, **parts: Any) -> None:
        """Sends one piece of news made of the parts named."""
        news = dataclasses.replace(NOTHING, **parts)
        for listener in self._listeners:
            listener(news)

    def health(self, **changes: Any) -> EngineHealth:
        """What the status line shows, counted from the devices and points as they are."""
        good = int(np.count_nonzero(is_usable(self.live.status)))
        answering = sum(state.state in ("answering", "slow") for state in self.devices.values())
        plain = EngineHealth(
            running=self.running,
            attached=False,
            devices=len(self.devices),
            answering=answering,
            points=len(self.site.points),
            good_points=good,
            bad_points=len(self.site.points) - good,
            cycle_s=1.0,
            cycle_worst_s=1.3,
            requests_per_s=124.0,
            wrong_answers=3,
            store_behind_s=0.4,
            plan_name="",
            plan_followed=None,
        )
        return dataclasses.replace(plain, **changes)

    # what the window asks of it

    def subscribe(self, listener: Callable[[EngineNews], None]) -> None:
        self._listeners.append(listener)

    def start(self) -> None:
        self.running = True
        self.tell(devices=dict(self.devices), health=self.health(), alarms=self.alarms)

    def stop(self) -> None:
        self.running = False
        self.tell(health=self.health())

    def close(self) -> None:
        """Ends a test: no more news, and the store is closed."""
        self._listeners.clear()
        self.historian.close()

    def write(self, point: str, value: float, who: str, done: Callable[[CommandResult], None]) -> None:
        self.writes.append((point, value, who))
        if point in self.refusals:
            done(CommandResult(False, self.refusals[point]))
            return
        self.read({point: value})
        done(CommandResult(True, f"{point} is {value:g}, read back"))

    def acknowledge(self, alarm_id: int, who: str) -> None:
        self.acknowledged.append((alarm_id, who))
        self.alarms = tuple(
            dataclasses.replace(alarm, state="acknowledged") if alarm.id == alarm_id else alarm for alarm in self.alarms
        )
        self.tell(alarms=self.alarms)

    def probe(self, device: str, done: Callable[[ProbeReport], None]) -> None:
        done(self.probes.get(device) or ProbeReport(device, self.now_ns, (), (), f"{device} did not answer in 1 s"))

    def enquire(self, question: Question, said: Said, done: Callable[[Answer], None]) -> Callable[[], None]:
        """Answers at once with what `answers` holds for the kind of question; without that it never answers."""
        self.questions.append(question)
        found = self.answers.get(type(question))
        if found is not None:
            done(found)
        return lambda: self.given_up.append(question)

    def set_out_of_service(self, device: str, out: bool, who: str, done: Callable[[CommandResult], None]) -> None:
        self.set_device(device, "out of service" if out else "answering", f"by {who}" if out else "")
        done(CommandResult(True, f"{device} {'taken out of' if out else 'put back into'} service by {who}."))

    def make_plan(self, done: Callable[[Any], None]) -> None:
        done(self.plan)

    def approve_plan(self, plan_id: str, who: str, done: Callable[[CommandResult], None]) -> None:
        self.approved.append((plan_id, who))
        done(CommandResult(True, f"plan {plan_id} is in force"))

    def revert_plan(self, who: str, done: Callable[[CommandResult], None]) -> None:
        self.reverted.append(who)
        done(CommandResult(True, "61 of 61 devices went back to their own ways."))


def everyday(points: Sequence[Point], second: float, seed: int = 7) -> dict[str, float]:
    """One plausible value for every point at a second: smooth, inside [low, high], counters growing."""
    rng = np.random.default_rng(seed)
    values: dict[str, float] = {}
    for point, phase, size in zip(
        points, rng.uniform(0, 6.28, len(points)), rng.uniform(0.3, 0.9, len(points)), strict=True
    ):
        wave = math.sin(second / 900.0 + phase) * 0.1 + math.sin(second / 13.0 + 9 * phase) * 0.01
        values[point.id] = _plausible(point, size + wave * size, second)
    return values


_USUAL = {"kW": 600.0, "kWh": 90_000.0, "V": 400.0, "A": 120.0, "degC": 80.0, "m3/h": 12.0, "m3": 9_000.0, "1": 1.0}


def _plausible(point: Point, share: float, second: float) -> float:
    if point.states:
        return float(point.states[round(share * 10) % len(point.states)][0])
    if point.bits:
        return 0.0
    if point.counter:
        return round(share * _USUAL.get(point.unit, 5_000.0) + share * second / 36.0, 1)
    if point.unit == "Hz":
        return 50.0 + (share - 0.6) * 0.02
    low = point.low if point.low is not None else 0.0
    high = point.high if point.high is not None else _USUAL.get(point.unit, 50.0)
    return low + max(0.0, min(1.0, share)) * (min(high, low + _USUAL.get(point.unit, 50.0)) - low)
