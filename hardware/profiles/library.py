"""The profiles that come with the console, by name, each read once."""

from __future__ import annotations

import functools
from pathlib import Path

from hardware.points import Point
from hardware.profiles.faults import UnknownProfile
from hardware.profiles.loader import load_profile
from hardware.profiles.model import Profile

FOLDER = Path(__file__).parent


def profile_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@functools.cache
def profile(name: str) -> Profile:
    """The profile called `name`. Raises UnknownProfile (with the nearest name) and ProfileFaults."""
    path = FOLDER / f"{name}.toml"
    if not name.isidentifier() or not path.is_file():
        raise UnknownProfile(name, profile_names())
    return load_profile(path)


def points_of(profile: Profile, device: str) -> tuple[Point, ...]:
    """The points of one device of this type, in the order of the profile."""
    return tuple(
        Point(
            id=f"{device}/{point.quantity}",
            device=device,
            quantity=point.quantity,
            unit=point.unit,
            name=point.name,
            counter=point.counter,
            writable=point.writable,
            low=point.low,
            high=point.high,
            bits=point.bits,
            states=point.states,
        )
        for point in profile.points
    )
