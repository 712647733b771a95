"""What a window needs of an engine, whether it runs here (`local`) or in another process (`attached`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from energy_console.engine.commissioning import Answer, Question, Said
from energy_console.historian.interface import Historian
from energy_console.live.table import LiveTable
from energy_console.site.model import Site
from hardware.field import DeviceState as DeviceState
from hardware.points import ScanBatch


@dataclass(frozen=True, slots=True)
class EngineHealth:
    """One line for the status line."""

    running: bool
    attached: bool
    devices: int
    answering: int
    points: int
    good_points: int
    bad_points: int
    cycle_s: float
    cycle_worst_s: float
    requests_per_s: float
    wrong_answers: int
    store_behind_s: float
    plan_name: str  # "14:00", empty if none is in force
    plan_followed: float | None  # 0..1


@dataclass(frozen=True, slots=True)
class AlarmView:
    """One alarm as the strip and the lists show it."""

    id: int
    priority: int  # 1..4
    state: str  # new | acknowledged | returned
    source: str  # device, point or node id
    text: str
    detail: str
    since_ns: int


@dataclass(frozen=True, slots=True)
class EngineNews:
    """What changed since the last news; immutable, crosses to the GUI thread as one queued signal."""

    batch: ScanBatch | None
    devices: Mapping[str, DeviceState] | None
    health: EngineHealth | None
    alarms: tuple[AlarmView, ...] | None
    plan: Any | None


@dataclass(frozen=True, slots=True)
class CommandResult:
    ok: bool
    text: str  # a sentence: what was written and read back, or why not
    detail: Mapping[str, Any] = field(default_factory=dict)  # what more there is to tell, as JSON holds it


@dataclass(frozen=True, slots=True)
class ProbedSpan:
    """One request of a probe and the words that came back, as on the wire."""

    table: str  # holding | input | coil | discrete
    address: int  # first, 0-based
    words: tuple[int, ...]  # registers 0..65535, or bits 0 and 1; empty without an answer
    round_trip_ms: float
    fault: str  # in words, empty when it answered


@dataclass(frozen=True, slots=True)
class ProbedValue:
    """One value of the profile as decoded from a probe."""

    point: str  # point id
    table: str
    address: int
    words: int  # registers it takes
    type: str  # uint16, float32 ...
    value: float
    status: int


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """A whole profile read once. `fault` says in words why there is nothing, empty when the device answered."""

    device: str
    time_ns: int
    spans: tuple[ProbedSpan, ...]
    values: tuple[ProbedValue, ...]
    fault: str = ""


class EngineLink(Protocol):
    """All calls return at once; answers come through `subscribe` or the callback given (on the engine's thread)."""

    site: Site
    live: LiveTable
    historian: Historian  # for reading; blocks, so only from a worker thread

    def subscribe(self, listener: Callable[[EngineNews], None]) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def write(self, point: str, value: float, who: str, done: Callable[[CommandResult], None]) -> None:
        """Guarded write: checked, sent, read back, journalled."""

    def acknowledge(self, alarm_id: int, who: str) -> None: ...

    def probe(self, device: str, done: Callable[[ProbeReport], None]) -> None:
        """Reads the whole profile of a device once, out of turn. Nothing is written."""

    def enquire(self, question: Question, said: Said, done: Callable[[Answer], None]) -> Callable[[], None]:
        """Asks the field about a device that is not of the site yet; nothing is written. The call returned gives up."""

    def set_out_of_service(self, device: str, out: bool, who: str, done: Callable[[CommandResult], None]) -> None:
        """Takes a device out of the scan, or puts it back, until the engine ends."""

    def make_plan(self, done: Callable[[Any], None]) -> None: ...

    def approve_plan(self, plan_id: str, who: str, done: Callable[[CommandResult], None]) -> None: ...

    def revert_plan(self, who: str, done: Callable[[CommandResult], None]) -> None:
        """Takes the plan out of force; what it holds goes back to its own ways."""
