"""What a plan hangs on, looked up in the newest values: who answers, who is plugged in, what is imported."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from energy_console.live.table import LiveTable
from energy_console.planning.rolling import Standing
from energy_console.site.model import Site
from hardware.points import Quality, quality_of

NET_OVER_S = 300.0  # the import is taken as its mean over so long
_FREE = ("no vehicle", "available", "idle and earthed", "released")  # states in which nothing is plugged in


@dataclass(slots=True)
class Watch:
    """Of one site. `look` is called every few seconds by the one who plans."""

    site: Site
    live: LiveTable
    _asked: dict[str, int] = field(init=False)  # row of the point that says whether a device answers, by device
    _states: dict[str, tuple[int, frozenset[float]]] = field(init=False)  # row and states that say: free
    _net: deque[tuple[float, float]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        fleets = (self.site.lighting, self.site.chargers, self.site.loads, self.site.plants)
        self._asked = {}
        for device in (thing.device for fleet in fleets for thing in fleet):
            for quantity in ("power_kw", "generation_kw"):
                if (row := self.live.index.get(f"{device}/{quantity}")) is not None:
                    self._asked[device] = row
        if self.site.root.meter is not None and (row := self.live.index.get(self.site.root.meter)) is not None:
            self._asked[self.site.root.meter.partition("/")[0]] = row
        self._states = dict(self._state_rows())

    def look(self, now_s: float, told: tuple[int, ...]) -> Standing:
        """`now_s` on a clock that never goes back."""
        lost = frozenset(device for device, row in self._asked.items() if self._is_bad(row) and self._was_read(row))
        present = {
            name: float(self.live.value[row]) not in free
            for name, (row, free) in self._states.items()
            if not self._is_bad(row)
        }
        return Standing(lost, present, told, self._mean_net_kw(now_s))

    def _state_rows(self) -> list[tuple[str, tuple[int, frozenset[float]]]]:
        found = []
        names = {charger.device: charger.id for charger in self.site.chargers}
        names |= {point.device: point.id for point in self.site.access_points}
        for row, point in enumerate(self.live.points):
            free = frozenset(float(number) for number, name in point.states if name.startswith(_FREE))
            if free and point.device in names:
                found.append((names[point.device], (row, free)))
        return found

    def _mean_net_kw(self, now_s: float) -> float:
        """NaN until it has been watched for the whole time."""
        row = self.live.index.get(self.site.root.meter or "")
        if row is None or self._is_bad(row):
            self._net.clear()
            return math.nan
        self._net.append((now_s, float(self.live.value[row])))
        while self._net and self._net[0][0] < now_s - NET_OVER_S:
            self._net.popleft()
        is_long = now_s - self._net[0][0] > 0.9 * NET_OVER_S
        return sum(value for _, value in self._net) / len(self._net) if is_long else math.nan

    def _is_bad(self, row: int) -> bool:
        return quality_of(int(self.live.status[row])) is Quality.BAD

    def _was_read(self, row: int) -> bool:
        """Nothing is lost that has not been there: the console may just have been started."""
        return bool(self.live.time_ns[row] > 0)
