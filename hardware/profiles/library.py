"""Profiles by name: those that come with the console, and those that a site brings in its own folder."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from hardware.points import Point
from hardware.profiles.connectors import connector, has_connector, split_name
from hardware.profiles.faults import Fault, FaultList, ProfileFaults, UnknownProfile
from hardware.profiles.loader import load_profile
from hardware.profiles.model import Profile

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Library:
    """The profiles of this console, and those of `folder` (a site's `profiles`) beside them.

    A file there may not have the name of one that comes with the console, unless it says `replaces_built_in = true`:
    a device must not silently be read by other registers than its type's name promises.
    """

    folder: Path | None = None

    def names(self) -> tuple[str, ...]:
        return tuple(sorted({*_built_in(), *self.own_names()}))

    def own_names(self) -> tuple[str, ...]:
        """Those of the folder, sound or not."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.toml"))) if self.folder else ()

    def profile(self, name: str) -> Profile:
        """The profile called `name`, or `name:n`: that of the nth connector of a type that repeats. Raises
        UnknownProfile (with the nearest name) and ProfileFaults.
        """
        base, nth = split_name(name)
        found = self._file(base)
        if not has_connector(found, nth):
            raise UnknownProfile(name, self.names())
        return connector(found, nth)

    def knows(self, name: str) -> bool:
        """Whether `profile` would find it, sound or not."""
        base, nth = split_name(name)
        if nth == 1 or base not in self.names():
            return base in self.names()
        try:
            return has_connector(self._file(base), nth)
        except ProfileFaults:
            return True

    def profiles(self) -> tuple[Profile, ...]:
        """All that are sound."""
        sound = []
        for name in self.names():
            try:
                sound.append(self.profile(name))
            except ProfileFaults:
                continue
        return tuple(sound)

    def faults(self) -> tuple[Fault, ...]:
        """Everything that is wrong with the files of the folder."""
        found: list[Fault] = []
        for name in self.own_names():
            try:
                self.profile(name)
            except ProfileFaults as error:
                found += error.faults
        return tuple(found)

    def _file(self, name: str) -> Profile:
        if name in self.own_names() and self.folder is not None:
            return self._own(self.folder / f"{name}.toml")
        if name not in _built_in():
            raise UnknownProfile(name, self.names())
        return _loaded(FOLDER / f"{name}.toml")

    def _own(self, path: Path) -> Profile:
        found = _loaded(path)
        is_built_in = path.stem in _built_in()
        if is_built_in is found.replaces_built_in:
            return found
        faults = FaultList(path, path.read_text(encoding="utf-8"))
        if is_built_in:
            text = f"The console has a profile '{path.stem}'; choose another name, or write replaces_built_in = true."
            faults.add("", "name", text)
        else:
            text = f"The console has no profile '{path.stem}' to replace; remove the line."
            faults.add("", "replaces_built_in", text)
        raise ProfileFaults(faults.faults)


BUILT_IN = Library()


def profile_names() -> tuple[str, ...]:
    """Names of those that come with the console."""
    return BUILT_IN.names()


def profile(name: str) -> Profile:
    """One that comes with the console. Raises UnknownProfile (with the nearest name) and ProfileFaults."""
    return BUILT_IN.profile(name)


def profile_at(path: Path) -> Profile:
    """The profile in one file, wherever it lies. Raises ProfileFaults, OSError where there is none to read."""
    return _loaded(path)


@functools.cache
def _built_in() -> frozenset[str]:
    return frozenset(path.stem for path in FOLDER.glob("*.toml"))


def _loaded(path: Path) -> Profile:
    """Each state of a file is read once: a person mends a profile and reads the device again, in one process."""
    state = path.stat()
    return _load_once(path, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=512)
def _load_once(path: Path, changed_ns: int, size: int) -> Profile:
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
            step_per_s=point.step_per_s,
            bits=point.bits,
            states=point.states,
            every_s=point.every_s,
        )
        for point in profile.points
    )
