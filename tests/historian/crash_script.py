"""Run as a process of its own: a writer that is killed at every kind of step, or one that goes on until it is killed.

`python -m tests.historian.crash_script steps FOLDER` dies at each step in forked children and prints JSON of it;
`python -m tests.historian.crash_script go FOLDER` appends and seals without end and prints each number kept.
"""

from __future__ import annotations

import collections
import datetime as dt
import itertools
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pandas  # noqa: F401 - pyarrow loads it with its first file; a fork that has it saves half a second

from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.recovery import sealed_paths
from energy_console.historian.zoom import TIERS_MS
from tests.historian.series import POINTS, at, batch

LATER = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
DAY_S = 86_400
END_NS = at(100 * DAY_S)


def append_number(store: EmbeddedHistorian, number: int, second: float) -> None:
    """Batch `number`: its own number at `second` on two points, beside a third that is fast enough for every tier."""
    fast = [(2, second + tenth / 10, float(tenth)) for tenth in range(20)]
    store.append(batch([(0, second, float(number)), (1, second, float(number)), *fast]))


def scenario(store: EmbeddedHistorian, kept: Callable[[int], None]) -> None:
    """Nine days and a last one in several seals, then everything merged: days first, then months."""
    store.register(POINTS)
    number = 0
    for day in range(9):
        for second in (day * DAY_S, day * DAY_S + 1):
            append_number(store, number, second)
            kept(number)
            number += 1
        if day in {0, 8}:
            store.seal()
    for second in range(4):
        append_number(store, number, 9 * DAY_S + second)
        kept(number)
        number += 1
        store.seal()
    store.merge(LATER)
    append_number(store, number, 0.5)  # late, into a month merged already
    kept(number)
    store.seal()


def numbers(store: EmbeddedHistorian) -> list[int]:
    """Every number the store holds, twice where it holds it twice; both points must agree."""
    values = [sorted(store.read(point.id, 0, END_NS).value.tolist()) for point in POINTS[:2]]
    assert values[0] == values[1], "the points of one batch were parted"
    return [int(value) for value in values[0]]


def crash_at(folder: Path, wanted: tuple[str, int]) -> None:
    """Runs the scenario and dies at the given occurrence of a step, as by kill -9."""
    seen: collections.Counter[str] = collections.Counter()

    def step(name: str) -> None:
        seen[name] += 1
        if (name, seen[name]) == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    store = open_embedded(folder, writing=True, step=step)
    with (folder / "kept").open("ab", buffering=0) as kept:
        scenario(store, lambda number: kept.write(f"{number}\n".encode()) and None)


def check_after(folder: Path) -> dict[str, object]:
    """Opens what the crash left, checks it, goes on with it, checks again."""
    kept = [int(line) for line in (folder / "kept").read_text().split()]
    store = open_embedded(folder, writing=True)
    store.register(POINTS)
    found = numbers(store)
    listed = {(f.kind, f.part, f.first, f.last) for f in store.sealed_files()}
    paths = sealed_paths(StoreFolder(folder))
    there = {(path.parts[-3], path.parts[-2], *map(int, path.stem.split("-"))) for path in paths}
    append_number(store, 1000, 20 * DAY_S)
    store.seal()
    store.merge(LATER)
    after = numbers(store)
    notices = store.notices()
    store.close()
    return {
        "kept": kept,
        "found": found,
        "after": after,
        "strays": sorted(map(str, listed ^ there)),
        "notices": notices,
    }


def in_child(work: Callable[[], dict[str, object] | None]) -> dict[str, object] | None:
    """Runs work in a forked child and gets its answer; None if it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            answer = work()
        except BaseException:  # noqa: BLE001 - told to the parent, who fails the test with it
            answer = {"trouble": traceback.format_exc()}
        with os.fdopen(writing, "w") as pipe:
            json.dump(answer, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else None


def count_steps(folder: Path) -> dict[str, object]:
    seen: collections.Counter[str] = collections.Counter()
    store = open_embedded(folder, writing=True, step=lambda name: seen.update([name]))
    scenario(store, lambda _: None)
    store.close()
    return dict(seen)


def every_step(root: Path) -> list[dict[str, object]]:
    """Last occurrence of every kind of step; of those that are not once a tier, the first as well."""
    seen = in_child(lambda: count_steps(root / "counted"))
    assert seen is not None, "the scenario ends without a crash"
    assert "trouble" not in seen, seen
    results = []
    for name, times in seen.items():
        last = int(str(times))
        for occurrence in sorted({last} if name.split()[-1] in TIERS_MS else {1, last}):
            folder = root / f"{name}-{occurrence}".replace(" ", "-")
            folder.mkdir()
            died = in_child(lambda folder=folder, wanted=(name, occurrence): crash_at(folder, wanted))
            assert died is None, f"went on after {name}: {died}"
            result = in_child(lambda folder=folder: check_after(folder))
            results.append({"step": name, "occurrence": occurrence, **(result or {"trouble": "the check died"})})
    return results


def go_on(folder: Path) -> None:
    store = open_embedded(folder, writing=True)
    store.register(POINTS)
    for number in itertools.count():
        append_number(store, number, number)
        print(number, flush=True)
        if number % 5 == 4:
            store.seal()
            store.merge(LATER)


if __name__ == "__main__":
    if sys.argv[1] == "steps":
        print(json.dumps(every_step(Path(sys.argv[2]))))
    else:
        go_on(Path(sys.argv[2]))
