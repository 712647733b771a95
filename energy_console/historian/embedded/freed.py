"""Memory that was freed goes back to the system: the C library would keep what sealing needed for a moment."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

import pyarrow as pa


def _trim() -> Callable[[int], int] | None:
    if sys.platform != "linux":  # Windows and macOS give large blocks back by themselves
        return None
    # Absent where the C library is not glibc: such libraries give back by themselves, or cannot be asked to.
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found


_TRIM = _trim()


def give_back() -> None:
    """Hands free pages of all threads' arenas to the system; a few milliseconds, in which Python code goes on.

    Sealing a million readings needs some 100 MB for a second. glibc raises the size from which blocks are returned by
    themselves as soon as one such block is freed, so the arena of each thread that ever sealed, merged or packed would
    stay at its highest, a little higher each time.
    """
    pa.default_memory_pool().release_unused()
    if _TRIM is not None:
        _TRIM(0)
