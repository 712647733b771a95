"""A store as it was known at a moment: spans that are still running then hold nothing of what came after it."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import numpy as np

from energy_console.historian.interface import Buckets, Historian

MS = 1_000_000  # what stores keep of a time


class _Until:
    """Asks for the running span by itself, cut at the moment; everything else is the store's own."""

    def __init__(self, historian: Historian, moment_ns: int) -> None:
        self._historian, self._moment_ns = historian, moment_ns // MS * MS

    def spans(self, point: str, start_ns: int, end_ns: int, every_ns: int) -> Buckets:
        cut_ns = min(end_ns, self._moment_ns)
        whole = max(0, cut_ns - start_ns) // every_ns
        running_ns = start_ns + whole * every_ns
        rest_ns = cut_ns - running_ns
        if rest_ns < MS:
            return self._historian.spans(point, start_ns, max(running_ns, start_ns), every_ns)
        last = self._historian.spans(point, running_ns, cut_ns, rest_ns)
        if not whole:
            return dataclasses.replace(last, every_ns=every_ns)
        return _joined(self._historian.spans(point, start_ns, running_ns, every_ns), last)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._historian, name)


def as_known_at(historian: Historian, moment_ns: int) -> Historian:
    """The same store, with `spans` cut at `moment_ns`."""
    return cast(Historian, _Until(historian, moment_ns))


def _joined(first: Buckets, last: Buckets) -> Buckets:
    columns = [field.name for field in dataclasses.fields(Buckets) if field.name not in ("point", "every_ns")]
    joined = {name: np.concatenate((getattr(first, name), getattr(last, name))) for name in columns}
    return Buckets(first.point, first.every_ns, **joined)
