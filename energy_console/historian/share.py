"""What of a site one engine writes for, and which engines a store knows to be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from energy_console.site.areas import WHOLE_SITE as WHOLE_SITE

AWAY_AFTER_S = 10.0  # an engine says every two seconds that it is there


@dataclass(frozen=True, slots=True)
class Share:
    """The areas that an engine serves, none for the whole site. `area_of`: whose each of its points is, by point id."""

    areas: tuple[str, ...] = ()
    area_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return not self.areas

    @property
    def stream(self) -> str:
        """The area under which all its batches are written and rolled up."""
        return self.areas[0] if self.areas else WHOLE_SITE

    @property
    def held(self) -> tuple[str, ...]:
        """What it alone may write for."""
        return self.areas or (WHOLE_SITE,)

    @property
    def name(self) -> str:
        return "+".join(self.held)

    def area(self, point: str) -> str:
        return self.area_of.get(point, self.stream)


WHOLE = Share()


@dataclass(frozen=True, slots=True)
class EnginePresence:
    """Who serves an area. `silent_s`: since it last said that it is there; infinite once it has left."""

    area: str
    holder: str
    silent_s: float

    @property
    def is_there(self) -> bool:
        return self.silent_s <= AWAY_AFTER_S
