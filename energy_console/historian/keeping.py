"""How long readings and tiers are kept, in days, the same way for every store; what is not named stays for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from energy_console.historian.zoom import READINGS, TIERS_MS

KEEP_STATE = ("store", "keep_days")
"""Where earlier versions kept it, on a server: as a state. It holds where the site itself says nothing."""

_FORMER = {"reading": READINGS}


def days_to_keep(named: Mapping[str, float], former: Any) -> dict[str, float]:
    """Days by kind (readings or a tier), from what the site names, else from a former state of the store."""
    if named or not isinstance(former, Mapping):
        return dict(named)
    given = {_FORMER.get(str(kind), str(kind)): days for kind, days in former.items()}
    return {
        kind: float(days)
        for kind, days in given.items()
        if kind in (READINGS, *TIERS_MS) and isinstance(days, int | float) and days > 0
    }
