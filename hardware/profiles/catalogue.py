"""All device types as a page of the docs: `python -m hardware.profiles.catalogue > docs/device-types.md`."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable

from hardware.profiles.library import BUILT_IN
from hardware.profiles.model import Confidence, Profile

HEAD = """# Device types

What the console can read out of the box, one profile each in `hardware/profiles/`. This page is made from them by
`python -m hardware.profiles.catalogue > docs/device-types.md`; a test holds it to be true. How to add a type:
[profiles.md](profiles.md).

"Figures" says where addresses and scales are from: the maker's **document**, **second hand** (drivers and lists of
others), this project's **own** definition where no public one exists, or from **memory**: compare those with the device
first.
"""
_WORDS = {
    Confidence.DOCUMENT: "document",
    Confidence.SECOND_HAND: "second hand",
    Confidence.OWN: "own",
    Confidence.MEMORY: "memory",
}


def catalogue(profiles: Iterable[Profile]) -> str:
    """The whole page: a table for each kind of device."""
    ordered = sorted(profiles, key=lambda loaded: (loaded.kind, loaded.name))
    parts = [HEAD]
    for kind, members in itertools.groupby(ordered, key=lambda loaded: loaded.kind):
        rows = "\n".join(_row(loaded) for loaded in members)
        head = "| type | device | points | written | figures |\n|---|---|---|---|---|"
        parts.append(f"## {kind.replace('_', ' ').capitalize()}\n\n{head}\n{rows}\n")
    return "\n".join(parts)


def _row(loaded: Profile) -> str:
    written = sum(point.writable for point in loaded.points)
    return f"| `{loaded.name}` | {loaded.title} | {len(loaded.points)} | {written or ''} | {_figures(loaded)} |"


def _figures(loaded: Profile) -> str:
    counted = Counter(point.confidence for point in loaded.points)
    ways = [way for way in Confidence if counted[way]]
    if len(ways) == 1:
        return _WORDS[ways[0]]
    most = max(ways, key=lambda way: counted[way])
    return "; ".join([_WORDS[most], *(f"{counted[way]} {_WORDS[way]}" for way in ways if way is not most)])


if __name__ == "__main__":
    print(catalogue(BUILT_IN.profiles()), end="")
