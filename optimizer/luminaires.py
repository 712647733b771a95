"""Street lights: groups of luminaires alike, and which of them must look alike. Values only."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from optimizer.errors import WrongOrder
from optimizer.profile import MOST_KW, Profile, must_be_number, must_be_profile


@dataclass(frozen=True, slots=True)
class LightingGroup:
    """Luminaires alike on one node. Level is light output, 0..1; power follows it by `gradient` or by `curve`.

    `gradient` is the TALQ one: power share = 1 - (1 - level) / gradient. `curve` gives (level, power share) points
    instead, convex and rising. `dimmer_levels` are the only ones its drivers run at (empty: any). While `lit` the level
    stays in [floor, ceiling]; otherwise the group draws `off_kw`. `missing_light_eur_per_h` is the price of one hour of
    the whole wanted light missing (level short by 1).
    """

    id: str
    node: str
    rated_kw: float
    lit: tuple[bool, ...]
    wanted: Profile
    floor: Profile
    missing_light_eur_per_h: float
    ceiling: Profile = 1.0
    standby_kw: float = 0.0
    off_kw: float = 0.0
    gradient: float = 1.0
    curve: tuple[tuple[float, float], ...] = ()
    ramp: float | None = None  # most change of level between neighbouring lit steps
    fixed: Profile | None = None  # level of today's fixed dimming profile: a baseline, no rule
    level_before: float | None = None  # level just before the horizon, for the ramp into its first step
    name: str = ""
    dimmer_levels: tuple[float, ...] = ()  # asked for: the plan needs integers, as for the two below
    least_dwell_h: float = 0.0  # once changed, the level stays for so long
    most_changes: int | None = None  # of level in one night
    unchanged_h: float | None = None  # how long the level before the horizon has stood; None: long
    changes_so_far: int = 0  # in the night that runs when the horizon begins

    def __post_init__(self) -> None:
        title = f"lighting group {self.id}"
        must_be_profile(f"dimmer_levels of {title}", self.dimmer_levels, 0.0, 1.0)
        for field in ("least_dwell_h", "changes_so_far", "most_changes", "unchanged_h"):
            if getattr(self, field) is not None:
                must_be_number(f"{field} of {title}", getattr(self, field), 0.0)
        must_be_number(f"rated_kw of {title}", self.rated_kw, 0.0, MOST_KW / 100.0)
        must_be_number(f"standby_kw of {title}", self.standby_kw, 0.0, self.rated_kw)
        must_be_number(f"off_kw of {title}", self.off_kw, 0.0, self.rated_kw)
        must_be_number(f"gradient of {title}", self.gradient, 0.01)
        must_be_number(f"missing_light_eur_per_h of {title}", self.missing_light_eur_per_h, 0.0)
        for field in ("wanted", "floor", "ceiling"):
            must_be_profile(f"{field} of {title}", getattr(self, field), 0.0, 1.0)
        if self.fixed is not None:
            must_be_profile(f"fixed of {title}", self.fixed, 0.0, 1.0)
        for field in ("ramp", "level_before"):
            if getattr(self, field) is not None:
                must_be_number(f"{field} of {title}", getattr(self, field), 0.0, 1.0)
        _must_rise_convexly(title, self.points)

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """The dimming curve as (level, power share) points from level 0 to 1."""
        return self.curve or ((0.0, 1.0 - 1.0 / self.gradient), (1.0, 1.0))

    @property
    def needs_integers(self) -> bool:
        """Whether it is asked for something that only integers can say."""
        return bool(self.dimmer_levels) or self.least_dwell_h > 0.0 or self.most_changes is not None

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Two lighting groups whose levels may differ by at most `difference` while both are lit."""

    a: str
    b: str
    difference: float

    def __post_init__(self) -> None:
        must_be_number(f"difference between {self.a} and {self.b}", self.difference, 0.0, 1.0)


def _must_rise_convexly(title: str, points: tuple[tuple[float, float], ...]) -> None:
    levels, shares = zip(*points, strict=True)
    must_be_profile(f"curve levels of {title}", levels, 0.0, 1.0)
    must_be_profile(f"curve power shares of {title}", shares, -99.0, 1.0)
    if (
        len(points) < 2
        or levels[0] != 0.0
        or levels[-1] != 1.0
        or not all(a < b for a, b in itertools.pairwise(levels))
    ):
        raise WrongOrder(title, "its dimming curve does not run from level 0 to 1", "give rising levels from 0 to 1")
    slopes = [(d - c) / (b - a) for (a, c), (b, d) in itertools.pairwise(points)]
    if slopes[0] < 0.0 or not all(a <= b + 1e-9 for a, b in itertools.pairwise(slopes)):
        raise WrongOrder(title, "its dimming curve is not rising and convex", "give points with slopes that only grow")
