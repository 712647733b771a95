"""Registers read in every way at once, the likeliest first, each with the reason in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hardware.commissioning.codings import CODINGS, WordsOverTime
from hardware.commissioning.evidence import NEVER, Fit, fit_of, odds
from hardware.commissioning.kinds import Bell, Kind, kinds_of
from hardware.points import BoolArray, Float64Array

SHIFTS = (0, -1, 1)  # papers that count from 1, and those that count from 0
_SHIFT_SHARES = {0: 0.72, -1: 0.14, 1: 0.14}
# Log ratio of "none of these", so that registers without sense give no candidate a high score; far less where a person
# says what is written there.
_NOTHING, _NOTHING_TOLD = -4.0, -9.0
_NEIGHBOURS = (-2, -1, 1, 2)
_NEIGHBOUR_SHARE, _NEIGHBOUR_LOW, _NEIGHBOUR_HIGH = 0.6, -1.5, 2.5
_ALIKE = 1.5  # from here on the neighbours are worth a word


@dataclass(frozen=True, slots=True)
class Window:
    """Registers around the one in question, read several times.

    `words` [sample, register] from `address` on; `known` [register] is false where none answered; `seconds` [sample]
    since the first reading.
    """

    address: int
    words: WordsOverTime
    known: BoolArray
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a person knows: the measure (one of kinds.MEASURES, "" for nothing), and a value it should be near."""

    measure: str = ""
    near: float | None = None

    def kinds(self) -> tuple[Kind, ...]:
        """Raises KeyError for an unknown measure."""
        kinds = kinds_of(self.measure)
        if self.near is None:
            return kinds
        spread = max(0.02 * abs(self.near), 1e-3)
        unit = kinds[0].unit if self.measure else ""
        return (Kind(self.measure, f"near {self.near:g} as told", unit, 20.0, Bell(self.near, spread)), *kinds)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to read. `value` = raw * 10**`exponent` in `unit`, a guess where nothing was told.

    `type` names both signs where they read alike. `score` 0..1 is the share of the odds it holds among all ways.
    """

    address: int
    shift: int
    type: str
    order: str
    words: int
    raw: float
    exponent: int
    value: float
    unit: str
    measure: str
    score: float
    reason: str  # a sentence without its full stop
    brief: str  # the same in a word or two

    @property
    def low_word_first(self) -> bool:
        return self.order in ("CDAB", "GHEFCDAB")


@dataclass(frozen=True, slots=True)
class _Read:
    """A coding at one address, before it is weighed against the others."""

    fit: Fit
    place: int
    shift: int
    log_ratio: float
    neighbours: float

    @property
    def series(self) -> Float64Array:
        return self.fit.raw[:, self.place]


class Reader:
    """Reads one window; asked for as many addresses as one likes."""

    def __init__(self, window: Window, expected: Expectation | None = None) -> None:
        """Raises KeyError for an unknown measure."""
        self.window = window
        told = expected or Expectation()
        self._kinds = told.kinds()
        self._nothing = _NOTHING_TOLD if told.measure or told.near is not None else _NOTHING
        self._fits = [fit_of(coding, window.words, window.known, self._kinds) for coding in CODINGS]
        # What its neighbours hold is not told, so they are weighed by everything that is usual.
        plain = not told.measure and told.near is None
        self._around = (
            self._fits if plain else [fit_of(coding, window.words, window.known, kinds_of("")) for coding in CODINGS]
        )

    def candidates(self, address: int, most: int = 12) -> list[Candidate]:
        """Ways to read the value said to stand at `address`, the likeliest first; empty where nothing answered."""
        reads = sorted(_merged(self._reads(address)), key=lambda read: -read[0].log_ratio)
        shares = odds([read.log_ratio for read, _ in reads], self._nothing)
        return [self._candidate(read, types, share) for (read, types), share in zip(reads[:most], shares, strict=False)]

    def _reads(self, address: int) -> Iterator[_Read]:
        for fit, around in zip(self._fits, self._around, strict=True):
            for shift in SHIFTS:
                place = address + shift - self.window.address
                if not 0 <= place < len(fit.log_ratio) or fit.log_ratio[place] <= NEVER:
                    continue
                near = _neighbours(around, place)
                ratio = float(fit.log_ratio[place]) + near + float(np.log(_SHIFT_SHARES[shift]))
                yield _Read(fit, place, shift, ratio, near)

    def _candidate(self, read: _Read, types: str, share: float) -> Candidate:
        fit, place = read.fit, read.place
        kind, exponent = self._kinds[fit.kind[place]], fit.exponent[place]
        raw = float(read.series[-1])
        value = float(f"{raw * 10.0**exponent:.{7 if fit.coding.words < 4 else 12}g}")  # what the registers resolve
        reason, brief = _reason(read, kind, value, self.window.seconds, self._nothing)
        return Candidate(
            address=self.window.address + place,
            shift=read.shift,
            type=types,
            order=fit.coding.order,
            words=fit.coding.words,
            raw=raw,
            exponent=exponent,
            value=value,
            unit=kind.unit,
            measure=kind.measure,
            score=share,
            reason=reason,
            brief=brief,
        )


def _neighbours(fit: Fit, place: int) -> float:
    """What values of the same coding before and behind speak for it; registers mostly go on as they begin."""
    found = 0.0
    for step in _NEIGHBOURS:
        at = place + step * fit.coding.words
        if 0 <= at < len(fit.log_ratio) and fit.log_ratio[at] > NEVER:
            found += min(_NEIGHBOUR_HIGH, max(_NEIGHBOUR_LOW, float(fit.log_ratio[at])))
    return _NEIGHBOUR_SHARE * found


def _merged(reads: Iterator[_Read]) -> list[tuple[_Read, str]]:
    """Signed and unsigned as one where they read the same numbers: registers cannot tell them apart."""
    found: dict[tuple[object, ...], tuple[_Read, str]] = {}
    for read in reads:
        coding = read.fit.coding
        key = (coding.is_float, coding.order, read.shift, tuple(read.series))
        if key not in found:
            found[key] = (read, coding.type)
            continue
        other, name = found[key]
        better = max(read, other, key=lambda one: one.log_ratio)
        both = float(np.logaddexp(read.log_ratio, other.log_ratio))
        merged = _Read(better.fit, better.place, better.shift, both, better.neighbours)
        found[key] = (merged, f"{name} or {coding.type}")
    return list(found.values())


def _reason(read: _Read, kind: Kind, value: float, seconds: Sequence[float], nothing: float) -> tuple[str, str]:
    series, factor = read.series, 10.0 ** read.fit.exponent[read.place]
    moved = float(np.abs(np.diff(series)).max()) if len(series) > 1 else 0.0
    size = float(np.abs(series).max())
    unit = f" {kind.unit}" if kind.unit else ""
    if not series.any():
        return "reads 0, which tells nothing: look again when it is at work", "zero"
    if moved > 0 and kind.counter and series[-1] > series[0] and (np.diff(series) >= 0).all():
        grown = float(series[-1] - series[0]) * factor
        return f"grew by {grown:.4g}{unit} in {seconds[-1] - seconds[0]:.0f} s: {_a(kind.words)}", "grows"
    if moved > size:
        return f"jumps by {moved * factor:.3g} from one reading to the next", "jumps"
    if size < 1e-6:
        return f"{series[-1]:.2g} is below what any device resolves", "below resolution"
    if kind.measure == "other" or read.log_ratio < nothing - 2.0:
        return f"{value:.6g} is no value that is usual here", "unusual"
    words = f"reads {value:.6g}{unit}: {kind.words}"
    return f"{words}; its neighbours read alike" if read.neighbours > _ALIKE else words, kind.words


def _a(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"
