"""Which profiles a unit may be of: each is asked for its richest registers, and what comes back is judged."""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hardware.commissioning.identity import Identity
from hardware.commissioning.registers import UnitReader, fewest_requests, try_profile
from hardware.commissioning.visit import Visit
from hardware.modbus import Decoder, FieldError, Readout, place_on
from hardware.modbus.placement import as_written
from hardware.points import Quality, Reason, quality_of, reason_of
from hardware.profiles import Profile, ProfilePoint, Span

_MOST_REQUESTS = 2  # of a profile that is only looked at
PAUSE_S = 0.05  # between requests: some meters want 60 ms of silence, and nothing is known of this one yet
_DOUBT, _DOUBT_SHARE = 2.0, 0.2  # weight and value of "it may as well be chance"
_TELLING = 2.0  # weight of a value that only few registers hold by chance

# Where a value of the unit lies on a device that works: (lowest, highest, how much a hit tells).
_POSSIBLE: dict[str, tuple[float, float, float]] = {
    "V": (80.0, 15_000.0, 1.0),
    "Hz": (45.0, 65.0, _TELLING),
    "A": (1e-3, 6000.0, 0.7),
    "kW": (1e-4, 1e5, 0.7),
    "kvar": (1e-4, 1e5, 0.7),
    "kVA": (1e-4, 1e5, 0.7),
    "kWh": (1e-3, 1e9, 0.5),
    "degC": (-40.0, 150.0, 1.0),
    "K": (-100.0, 150.0, 0.7),
    "1": (0.0, 1.0, 0.7),
    "%": (0.0, 100.0, 0.7),
    "hPa": (850.0, 1080.0, _TELLING),
    "m3/h": (1e-4, 1e4, 0.5),
    "m3": (1e-3, 1e8, 0.5),
    "m/s": (0.0, 80.0, 0.7),
    "deg": (0.0, 360.0, 0.5),
    "ppm": (200.0, 10_000.0, 0.7),
    "dB": (15.0, 140.0, 1.0),
}
_NEAR_MAINS = ((207.0, 253.0), (360.0, 440.0), (655.0, 725.0), (6000.0, 7200.0), (9500.0, 11_500.0))
_NO_OPINION = 0.15  # weight of a 0, a flag, a counter of events: chance holds them too


@dataclass(frozen=True, slots=True)
class ProfileFit:
    """How well a profile fits: `score` 0..1, and why in words."""

    profile: str
    title: str
    score: float
    reason: str


async def profile_fits(
    visit: Visit,
    unit: int,
    profiles: Sequence[Profile],
    identity: Identity,
    patience_s: float,
    said: Callable[[int, int], None] = lambda _done, _of: None,
    pause_s: float = PAUSE_S,
) -> tuple[ProfileFit, ...]:
    """All profiles, the best first. `said` is told how many of how many are done. Raises FieldError: link lost."""
    reader = UnitReader(visit, unit, patience_s, pause_s, remembers=True)
    found = []
    for done, profile in enumerate(profiles, 1):
        found.append(await _fit(reader, profile, identity))
        said(done, len(profiles))
    return tuple(sorted(found, key=lambda fit: (-fit.score, fit.profile)))


async def _fit(reader: UnitReader, profile: Profile, identity: Identity) -> ProfileFit:
    decoder = await asyncio.to_thread(_decoder, profile)  # planning a large type takes longer than a poll may wait
    try:
        placement = place_on(decoder, identity.models) if profile.sunspec else as_written(decoder)
    except FieldError as error:
        return ProfileFit(profile.name, profile.title, 0.0, f"it {error.text}")
    fixed = await _fixed_words(reader, profile)
    if fixed is False:
        return ProfileFit(profile.name, profile.title, 0.0, "its identity registers hold something else")
    numbers = [number for number in fewest_requests(decoder, _MOST_REQUESTS) if number in placement.numbers]
    readout = await try_profile(reader, decoder, placement, numbers)
    answered = [number for number in numbers if not readout.answers[number].error]
    if not answered:
        return ProfileFit(profile.name, profile.title, 0.0, readout.answers[(numbers or [0])[0]].error)
    score, reason = _judged(profile, decoder, readout, answered)
    score *= len(answered) / len(numbers)
    if profile.sunspec or fixed:
        what = "its SunSpec models are there" if profile.sunspec else "its identity registers are right"
        score, reason = 1.0 - 0.3 * (1.0 - score), f"{what}; {reason}"
        score *= 1.0 - 0.5 * float(placement.not_fitted.mean())
    if _names(identity, profile):
        score, reason = 1.0 - 0.5 * (1.0 - score), f"it calls itself {identity.title}; {reason}"
    return ProfileFit(profile.name, profile.title, round(score, 3), reason)


@functools.lru_cache(maxsize=256)
def _decoder(profile: Profile) -> Decoder:
    return Decoder(profile)


async def _fixed_words(reader: UnitReader, profile: Profile) -> bool | None:
    """Whether the registers hold what every device of the type has there; None where the profile names none."""
    known = [fixed for fixed in profile.fixed if fixed.identity]
    for fixed in known:
        answer, _ = await reader.answer(Span(fixed.table, fixed.address, len(fixed.words)))
        if answer.words != fixed.words:
            return False
    return bool(known) or None


def _names(identity: Identity, profile: Profile) -> bool:
    """Whether the device names the maker, and a word of the type: makers build more than one."""
    told = " ".join(text for _, text in identity.texts).casefold()
    maker = profile.maker.split(" ")[0].casefold()
    rest = [word.casefold() for word in profile.title.replace("/", " ").split(" ")[1:] if any(map(str.isdigit, word))]
    return bool(told) and maker in told and (not rest or any(word in told for word in rest))


def _judged(profile: Profile, decoder: Decoder, readout: Readout, answered: Sequence[int]) -> tuple[float, str]:
    """Score of the values that came, and the telling ones in words."""
    weight, sum_ = _DOUBT, _DOUBT * _DOUBT_SHARE
    likely: list[str] = []
    odd: list[str] = []
    for at, point in enumerate(profile.points):
        if int(decoder.request_of_point[at]) not in answered:
            continue
        value, status = float(readout.value[at]), int(readout.status[at])
        tells, share = _plausible(point, value, status)
        weight, sum_ = weight + tells, sum_ + tells * share
        words = f"{point.name} {value:.5g} {'' if point.unit == '1' else point.unit}".rstrip()
        if share > 0.9 and tells >= _TELLING:
            likely.append(words)
        elif share < 0.1:
            odd.append(words)
    return sum_ / weight, _in_words(likely, odd)


def _in_words(likely: Sequence[str], odd: Sequence[str]) -> str:
    if odd and len(odd) >= len(likely):
        return f"{odd[0]} cannot be" + (f", and {len(odd) - 1} more" if len(odd) > 1 else "")
    if likely:
        return "reads " + ", ".join(likely[:2])
    return "nothing it reads speaks against it"


def _plausible(point: ProfilePoint, value: float, status: int) -> tuple[float, float]:
    """How much a value tells, and whether it speaks for (1) or against (0) the profile."""
    if reason_of(status) is Reason.NO_VALUE:
        return _NO_OPINION, 0.5  # what a device has no sensor for
    if quality_of(status) is Quality.BAD or not math.isfinite(value):
        return 0.0, 0.0
    if point.states:
        return 0.5, float(int(value) in dict(point.states))
    if value == 0 or point.bits or point.bit is not None or point.unit not in _POSSIBLE:
        return _NO_OPINION, 0.5
    low, high, tells = _POSSIBLE[point.unit]
    if quality_of(status) is Quality.UNCERTAIN or not low <= abs(value) <= high:
        return max(1.0, tells), 0.0
    if point.unit == "V":
        mains = any(low <= value <= high for low, high in _NEAR_MAINS)
        return (_TELLING, 1.0) if mains else (tells, 0.5)
    return tells, 1.0
