"""Run as a process of its own: an engine that writes numbers to a server without end, until it is killed.

`python -m tests.historian.outage_script URL SITE FOLDER FIRST` prints each number once it is acknowledged. A number
is a reading on two points and an event.
"""

from __future__ import annotations

import sys
from pathlib import Path

from energy_console.historian.postgres import engine_of
from tests.historian.series import POINTS, at, batch


def go_on(url: str, site: str, folder: Path, number: int) -> None:
    store = engine_of(url, site, folder)
    store.register(POINTS)
    while True:
        store.append(batch([(0, number, float(number)), (1, number, float(number))]))
        store.write_event(at(number), "engine", "test", str(number), {})
        print(number, flush=True)
        number += 1


if __name__ == "__main__":
    go_on(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
