"""The store as its callers see it. `embedded` comes first, PostgreSQL follows; both pass the same tests.

Times are int64 nanoseconds UTC at this edge. Points are named by their id. Nothing here touches Qt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from energy_console.historian.acts import Act, ActKind, ActSeries, Mask
from energy_console.historian.ledger import LedgerCommand, LedgerRecord, LedgerStep
from energy_console.historian.share import EnginePresence
from hardware.points import Float64Array, Int64Array, Point, ScanBatch, UInt16Array


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of one point in time order, as stored."""

    point: str
    time_ns: Int64Array
    value: Float64Array  # NaN where bad
    status: UInt16Array


@dataclass(frozen=True, slots=True)
class Buckets:
    """One point rolled up into equal spans; spans without any reading are left out.

    `minimum`, `maximum`, `mean` (time-weighted), `first`, `last` over usable readings (NaN if the span has none);
    `count` readings, `good_count` usable ones; `integral_h` value x hours over usable time; `status` the worst of all.
    """

    point: str
    every_ns: int
    time_ns: Int64Array  # start of each span
    minimum: Float64Array
    maximum: Float64Array
    mean: Float64Array
    first: Float64Array
    last: Float64Array
    count: Int64Array
    good_count: Int64Array
    integral_h: Float64Array
    status: UInt16Array


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the journal: what came about, was done or was noted. docs/journal.md names kinds and data."""

    id: int
    time_ns: int
    kind: str  # alarm | command | note | plan | call | import | correction | device | engine
    source: str  # device, point or node id, or what acted
    text: str
    data: Mapping[str, Any]


class Historian(Protocol):
    """Several processes may read; one writes. Every method may block: never call it on the GUI thread."""

    def register(self, points: Sequence[Point]) -> None:
        """Names the points that `append` counts in, once before the first append of a run.

        The writer keeps their units and what they were called before. Raises StoreUnits where readings of a point are
        kept in another unit than it has now.
        """

    def units(self) -> dict[str, str]:
        """The unit that readings of each point are kept in, by id, where that is known."""

    def append(self, batch: ScanBatch) -> None:
        """Keeps a batch, times to the ms. Returns when it survives a kill -9. Raises StoreFull, StoreBroken."""

    def newest(self) -> tuple[Int64Array, Float64Array, UInt16Array]:
        """Newest time, value and status per registered point (NaN / NOT_READ_YET where none)."""

    def since(self, sequence: int) -> tuple[int, list[ScanBatch]]:
        """Batches appended after `sequence` (0: none yet), and the newest sequence: how an attached console follows.

        Sequences here are the store's own. Reaches back some minutes; whoever starts takes `newest` first.
        """

    def wake(self, call: Callable[[], None]) -> None:
        """Calls `call` on another thread whenever a batch has come, where the store can tell; look now and then anyway.

        Until `close`.
        """

    def read(self, point: str, start_ns: int, end_ns: int, original: bool = False) -> Series:
        """All readings with start_ns <= time < end_ns, each exactly once; as corrected, or `original`: as they came."""

    def as_of(
        self, points: Sequence[str], moment_ns: int, look_back_ns: int
    ) -> tuple[Int64Array, Float64Array, UInt16Array]:
        """Last time, value and status of each point with moment - look_back < time <= moment, in the order asked.

        NaN / NOT_READ_YET where the point has no reading in that time. One question for a whole page of the past.
        """

    def buckets(self, point: str, start_ns: int, end_ns: int, count: int) -> Buckets:
        """At most `count` spans over the window, from the coarsest tier that is fine enough.

        Spans are whole and their borders stand still while the window moves, so the first may begin before it.
        """

    def spans(self, point: str, start_ns: int, end_ns: int, every_ns: int, original: bool = False) -> Buckets:
        """Spans of exactly `every_ns` counted from the start; the last is whole even where it reaches past the end."""

    def revision(self) -> int:
        """Grows whenever the past is changed: by an import, a correction, one taken back, a point renamed.

        Whoever keeps answers asks again then.
        """

    def readings_of(self, act: Act) -> int:
        """How many readings of an import or a correction count now; 0: it was never finished, or is taken back."""

    def corrected(self, point: str) -> list[tuple[int, int, int]]:
        """Corrections that hold for a point, by number: (number, start_ns, end_ns), the end not included."""

    def span(self, point: str) -> tuple[int, int] | None:
        """First and last time kept, None if nothing."""

    def write_event(self, time_ns: int, kind: str, source: str, text: str, data: Mapping[str, Any]) -> int: ...

    def events(self, start_ns: int, end_ns: int, kinds: Sequence[str] = (), limit: int = 1000) -> list[Event]:
        """The newest `limit` events of the window, newest first."""

    def put_state(self, room: str, key: str, value: Any, at_ns: int | None = None) -> None:
        """Keeps a JSON-like value under room/key: plans, approvals, layouts, calls. The old one stays in the audit.

        `at_ns`: since when it stands, for `state_at`; now where it is left out.
        """

    def get_state(self, room: str, key: str) -> Any | None: ...

    def state_at(self, room: str, key: str, moment_ns: int) -> Any | None:
        """What stood under room/key at a moment, None where nothing did."""

    def list_state(self, room: str) -> dict[str, Any]: ...

    def request_command(self, command: Mapping[str, Any]) -> int:
        """Queues a command as a row that exactly one engine claims; returns its id."""

    def claim_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]: ...

    def finish_command(self, command_id: int, result: Mapping[str, Any]) -> None: ...

    def claimed_commands(self, owner: str) -> list[tuple[int, Mapping[str, Any]]]:
        """What `owner` has claimed and not finished, oldest first: left by an engine that was killed."""

    def command_result(self, command_id: int) -> Mapping[str, Any] | None: ...

    def append_ledger(self, commands: Sequence[LedgerCommand], steps: Sequence[LedgerStep]) -> None:
        """Adds to the command ledger, all or nothing; returns when it survives a kill -9. Nothing is ever changed."""

    def ledger(
        self, start_ns: int, end_ns: int, device: str = "", point: str = "", limit: int = 200
    ) -> list[LedgerRecord]:
        """The newest `limit` commands asked in the window, newest first; of one device or point where it is named."""

    def open_ledger(self) -> list[LedgerRecord]:
        """Commands that are under way or held, oldest first; right after a crash: those it cut off.

        Of an engine that serves an area: those of its devices, also where another had begun them.
        """

    def last_number(self) -> int:
        """The highest number this engine has given to a command; no other engine gives those that follow."""

    def leads(self) -> bool:
        """Whether this engine plans and speaks for the whole site: where several serve areas of it, one at a time."""

    def engines(self) -> list[EnginePresence]:
        """Who serves which area and when it was last heard of; empty where the store has one engine at most."""

    def keep(self, days: Mapping[str, float]) -> None:
        """How many days readings and each tier are kept by whoever writes; what is not named stays for ever.

        Whole days and months go, no sooner than all coarser tiers have them; each time that is told by `notices`.
        """

    def notices(self) -> list[str]:
        """Sentences, each given once: what the store did by itself (a damaged file set aside), or cannot do now."""

    def trouble(self) -> str:
        """A sentence while what is written is safe, but not yet where others can read it; empty otherwise."""

    def close(self) -> None: ...


class Acts(Protocol):
    """Writes acts into one store. Whoever holds it holds the right: one act at a time, an engine may go on writing."""

    historian: Historian

    def add(self, act: Act, series: Sequence[ActSeries], masks: Sequence[Mask] = ()) -> int:
        """Makes all of it count, or nothing; returns its readings. `masks`: what a correction replaces."""

    def take_back(self, act: Act) -> int:
        """Makes none of it count; returns the readings that did, 0 where none did (any more)."""

    def last_number(self, kind: ActKind) -> int:
        """The highest number that the store has seen of a kind; 0 for none."""
