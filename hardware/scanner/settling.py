"""Once a field is scanned, what makes up the process stays: the garbage collector need not walk through it again."""

from __future__ import annotations

import atexit
import gc

SETTLED_AFTER_S = 15.0  # of scanning: every device has been read, who is silent has been found out


def settle() -> None:
    """Takes everything there is now out of the collector's rounds; for a process that does nothing but scan.

    A full round over the objects of 5,000 devices stops the scan for some 90 ms. Called once per process, from any
    thread: what is in a circle now and dropped later is not given back before the process ends.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # or libraries that count what is left at the end complain of it
