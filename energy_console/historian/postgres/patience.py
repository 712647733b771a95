"""How long to wait before a server that could not be had is tried again: longer each time, not all at one moment."""

from __future__ import annotations

import random

from energy_console.historian.errors import StoreShut

FIRST_S = 0.5
LONGEST_S = 10.0
LONGEST_SHUT_S = 60.0  # a person has to mend it; a wrong password again and again may lock an account
FACTOR = 1.7


class Patience:
    """Of one who tries; `had` when it succeeded."""

    def __init__(self) -> None:
        self._next_s = FIRST_S

    def had(self) -> None:
        self._next_s = FIRST_S

    def wait_s(self, fault: Exception | None) -> float:
        """`fault`: what came of the last try."""
        wait_s, longest_s = self._next_s, LONGEST_SHUT_S if isinstance(fault, StoreShut) else LONGEST_S
        self._next_s = min(self._next_s * FACTOR, longest_s)
        return min(wait_s, longest_s) * random.uniform(0.8, 1.2)
