"""What is asked of the store: read from the command line by `history`, and told by its formats in what they write."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """Points by id, over [start, end). Times in ns UTC; `every_ns` None: the readings themselves."""

    points: tuple[str, ...]
    start_ns: int
    end_ns: int
    every_ns: int | None
    original: bool = False  # as it was read, without corrections
