"""A device type as typed, frozen values: where its values sit, how they are coded, and how it wants to be treated."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from hardware.points import Allowed

LEAST_SETTLE_S = 0.05
LEAST_READ_BACK_S = 0.5
MOST_LONELY = 4  # registers of a value that must not be asked for alone
MODBUS_LONGEST_READ = 125  # registers; Modbus Application Protocol 1.1b3, functions 03 and 04
MODBUS_MOST_BITS = 2000  # the same, functions 01 and 02


class Table(enum.StrEnum):
    """The four Modbus address spaces."""

    HOLDING = "holding"
    INPUT = "input"
    COIL = "coil"
    DISCRETE = "discrete"

    @property
    def is_bits(self) -> bool:
        return self in (Table.COIL, Table.DISCRETE)

    @property
    def read_function(self) -> int:
        return {"coil": 1, "discrete": 2, "holding": 3, "input": 4}[self.value]


class RegisterType(enum.StrEnum):
    """How the words of a value are read. An enumeration is an unsigned integer with `states`."""

    UINT16 = "uint16"
    INT16 = "int16"
    UINT32 = "uint32"
    INT32 = "int32"
    UINT64 = "uint64"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BITFIELD16 = "bitfield16"
    BITFIELD32 = "bitfield32"
    ENUM16 = "enum16"
    STRING = "string"
    BIT = "bit"  # one coil or discrete input

    @property
    def words(self) -> int:
        """Registers one value takes (a string says its own length)."""
        return {"16": 1, "32": 2, "64": 4}.get(self.value[-2:], 1)

    @property
    def kind(self) -> str:
        """`u` unsigned, `i` signed, `f` IEEE 754, `s` text."""
        return {"int": "i", "float": "f", "string": "s"}.get(self.value.rstrip("0123456789"), "u")

    @property
    def width_bits(self) -> int:
        return self.words * 16


class NoValue(enum.IntEnum):
    """What a device means when it answers with a "no value" face; the detail of Reason.NO_VALUE."""

    UNSPECIFIED = 0
    SENSOR_SHORT = 1
    SENSOR_OPEN = 2
    OVERFLOW = 3
    NOT_FITTED = 4


@dataclass(frozen=True, slots=True)
class Sentinel:
    """One raw bit pattern (all words of the value, high word first) that stands for no value."""

    raw: int
    means: NoValue


class Confidence(enum.StrEnum):
    """Where a figure is from, the surest first."""

    DOCUMENT = "document"  # read in the maker's own document
    SECOND_HAND = "second_hand"  # from drivers or lists of others that work with such devices
    OWN = "own"  # this project's own definition, where no public one exists
    MEMORY = "memory"  # nobody vouches for it: compare it with the device before relying on it


class Coding(enum.StrEnum):
    """What has to be done to a number beyond scale and offset."""

    LINEAR = "linear"
    FOUR_QUADRANT = "four_quadrant"  # power factor -2..2: beyond +-1 it is 2 - x, leading


class Purpose(enum.StrEnum):
    """What a writable point is for. A request asks somebody else to act; it is never sent a second time unasked."""

    REQUEST = "request"
    SET_POINT = "set-point"  # follows the plan, by the minute
    SETTING = "setting"  # changed by a person, now and then


@dataclass(frozen=True, slots=True)
class Need:
    """An interlock of one device: `quantity` is what is allowed, or nothing is written."""

    quantity: str
    allowed: Allowed


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A register that reads much like a point and is something else."""

    address: int  # in the point's table
    is_really: str  # as a sentence part: "a partial counter that anybody can set back"


@dataclass(frozen=True, slots=True)
class WriteAt:
    """Where a set-point goes that is read back somewhere else, from another type of register."""

    address: int
    type: RegisterType
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class ProfilePoint:
    """One value of a device type: value = raw * scale * 10**(scale register) + offset, in the unit named.

    `address` is 0-based as on the wire. In a SunSpec profile it counts in the profile's own chain of models (see
    SunSpecModel); where a device has the model is found by walking its chain.
    `bit` takes one bit out of the word. `texts` turns a string into its position, -1 based on nothing else.
    """

    quantity: str
    name: str
    unit: str
    table: Table
    address: int
    type: RegisterType
    words: int
    low_word_first: bool = False
    scale: float = 1.0
    offset: float = 0.0
    scale_register: int | None = None
    bit: int | None = None
    mask: int | None = None  # the bits of the word that make the number, moved down to the lowest
    inverted: bool = False  # with `bit`: 0 on the wire is 1 here
    coding: Coding = Coding.LINEAR
    sentinels: tuple[Sentinel, ...] = ()
    texts: tuple[str, ...] = ()
    counter: bool = False
    writable: bool = False
    low: float | None = None
    high: float | None = None
    step_per_s: float | None = None  # largest plausible change in a second; None: any
    never_between: tuple[float, float] | None = None  # nothing strictly between these is written: off, or at least 6 A
    write_at: WriteAt | None = None  # where it is written, if not where it is read
    tolerance: float = 0.0  # a read-back this near the value written is the value written
    purpose: Purpose = Purpose.SET_POINT
    rate_per_s: float | None = None  # largest change in a second; a larger one is written in steps
    needs: tuple[Need, ...] = ()
    fallback: str = ""  # what holds when nobody commands, as a sentence; empty where a watchdog says it
    fallback_value: float | None = None  # the same as a value, where it is one; going back to it needs no interlock
    alone: bool = True  # False: asked for alone, this address answers something else
    every_s: float = 0.0  # read this seldom where its device is read more often; 0: in each cycle of its device
    bits: tuple[str, ...] = ()
    states: tuple[tuple[int, str], ...] = ()
    source: str = ""  # where it differs from the profile's
    confidence: Confidence = Confidence.MEMORY
    look_alikes: tuple[LookAlike, ...] = ()

    @property
    def end(self) -> int:
        """The first address behind the value."""
        return self.address + self.words

    @property
    def written(self) -> ProfilePoint:
        """The point as it is written: itself, or with the address, type and scale of its other register."""
        at = self.write_at
        if at is None:
            return self
        return replace(self, address=at.address, type=at.type, words=at.type.words, scale=at.scale, sentinels=())


@dataclass(frozen=True, slots=True)
class Span:
    """`count` registers of one table from `address` on."""

    table: Table
    address: int
    count: int

    @property
    def end(self) -> int:
        return self.address + self.count


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Registers that must never be asked for, alone or in a longer request."""

    span: Span
    why: str


@dataclass(frozen=True, slots=True)
class FixedWords:
    """Registers with one answer for ever: identity, version, scale factors. A virtual device serves them."""

    table: Table
    address: int
    words: tuple[int, ...]
    name: str = ""  # what they are, where a person would want to see them
    identity: bool = False  # every device of the type answers these words, and few others do
    alone: bool = False  # answered only to a request for exactly these; part of a longer one they are something else
    text: str = ""  # where the words are letters

    @property
    def end(self) -> int:
        return self.address + len(self.words)


@dataclass(frozen=True, slots=True)
class ReadRules:
    """How a device wants to be read."""

    longest: int = MODBUS_LONGEST_READ  # registers in one request
    longest_by_table: tuple[tuple[Table, int], ...] = ()  # where a table differs
    gap: int = MODBUS_LONGEST_READ  # registers without a known value that one request may span
    silence_ms: float = 0.0  # rest between an answer and the next request
    every_min_s: float = 0.0  # least time between two requests that read the same values
    blocks: tuple[Span, ...] = ()  # each read whole, in one request
    forbidden: tuple[Forbidden, ...] = ()
    whole_values: bool = False  # a request that begins or ends inside a value is refused or answered wrongly

    def longest_in(self, table: Table) -> int:
        """Registers (or bits) of `table` that one request may ask for."""
        return dict(self.longest_by_table).get(table, MODBUS_MOST_BITS if table.is_bits else self.longest)

    def is_forbidden(self, table: Table, address: int, end: int) -> bool:
        """Whether any register of [address, end) must not be asked for."""
        return any(
            barred.span.table is table and barred.span.address < end and address < barred.span.end
            for barred in self.forbidden
        )


@dataclass(frozen=True, slots=True)
class KeyWrite:
    """A register that has to be written before the device takes a set-point."""

    address: int
    value: int
    words: int = 1  # 2: a 32-bit value, both registers in one request


@dataclass(frozen=True, slots=True)
class WriteRules:
    """How a device wants to be written."""

    single: bool = False  # function 06 a register instead of 16 for all words at once
    every_min_s: float = 0.0
    settle_ms: float = 0.0  # time a device takes until a read-back shows the value written
    read_back_s: float = 0.0  # the longest it may take; 0: three times settling, half a second at least
    keys: tuple[tuple[str, tuple[KeyWrite, ...]], ...] = ()  # quantity -> writes before; "*": any quantity

    def keys_for(self, quantity: str) -> tuple[KeyWrite, ...]:
        found = dict(self.keys)
        return found.get(quantity, found.get("*", ()))

    @property
    def settle_s(self) -> float:
        """Between the write and the first look, and between two looks."""
        return max(self.settle_ms / 1000.0, LEAST_SETTLE_S)

    @property
    def read_back_within_s(self) -> float:
        return max(self.read_back_s or LEAST_READ_BACK_S, 3.0 * self.settle_s)


@dataclass(frozen=True, slots=True)
class Watchdog:
    """A set-point that the device drops by itself unless somebody keeps feeding it."""

    command: str  # quantity of the set-point held
    feed: str  # quantity written again and again; the command itself where that is the feed
    feed_value: float | None  # None: the value of the command
    every_s: float
    timeout_s: float
    fallback: str  # what the device does when nobody feeds it, as a sentence
    release_value: float | None  # written into `feed` to let go; None: stop feeding
    timeout: str = ""  # quantity in which the device keeps `timeout_s`, where it can be seen or set
    falls_to: str = ""  # quantity in which the device keeps what it falls back to
    fed_by_any_request: bool = False  # whatever is asked feeds it: as long as it is read, it holds its set-point


@dataclass(frozen=True, slots=True)
class SunSpecModel:
    """One SunSpec model that a profile reads. A device has it wherever its chain says, or not at all.

    `start` is where its model-ID register stands in the profile's own addresses: those of a virtual device.
    """

    models: tuple[int, ...]  # numbers of models with one layout; a device has one of them
    length: int  # registers after ID and length, as the paper says
    start: int
    nth: int = 1  # which of several models of the same number

    @property
    def end(self) -> int:
        """The first address behind the model."""
        return self.start + 2 + self.length

    def __contains__(self, address: int) -> bool:
        return self.start <= address < self.end


@dataclass(frozen=True, slots=True)
class Connectors:
    """Devices at one unit that repeat each other's registers: that of the nth is `(n - 1) * stride` higher."""

    stride: int
    most: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A device type. `points` is the order in which a device's values are reported."""

    name: str
    title: str
    maker: str
    kind: str
    source: str  # all documents, one after the other
    note: str
    points: tuple[ProfilePoint, ...]
    read: ReadRules = ReadRules()
    write: WriteRules = WriteRules()
    watchdogs: tuple[Watchdog, ...] = ()
    fixed: tuple[FixedWords, ...] = ()
    sources: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()  # what goes wrong with such devices, each a sentence
    replaces_built_in: bool = False  # a site's own, meant instead of one that comes with the console
    sunspec: tuple[SunSpecModel, ...] = ()  # in the order of their addresses; empty: addresses are the device's
    connectors: Connectors | None = None

    def point(self, quantity: str) -> ProfilePoint:
        """Raises KeyError where the type has no such quantity."""
        for point in self.points:
            if point.quantity == quantity:
                return point
        raise KeyError(f"{self.title} has no {quantity}")

    def watchdog(self, quantity: str) -> Watchdog | None:
        return next((watchdog for watchdog in self.watchdogs if watchdog.command == quantity), None)

    def fallback(self, quantity: str) -> str:
        """What holds at a writable point when nobody commands it, as a sentence."""
        said = self.point(quantity).fallback
        if said:
            return said
        return next((dog.fallback for dog in self.watchdogs if quantity in (dog.command, dog.feed)), "")
