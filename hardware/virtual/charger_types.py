"""How the charger types differ: which number stands for which state, and what each does when nobody feeds it.

Everything that a profile can say is taken from the profile: the set-point, its feed, the registers of the time and of
the current it falls back to. Here is only what a profile cannot say.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from hardware.profiles import Profile

Situations = tuple[float, float, float, float, float]  # in the order of Situation
LEAST_A = 6.0  # IEC 61851-1: below it a vehicle pauses
USUAL_HOLD_S = 60.0


class Situation(enum.IntEnum):
    """What a socket is about."""

    FREE = 0
    HELD = 1  # a vehicle is there, and nothing is offered to it
    OFFERED = 2  # it could charge and does not want to
    CHARGING = 3
    TRIPPED = 4


@dataclass(frozen=True, slots=True)
class ChargerType:
    """One profile as the physics sees it."""

    states: Mapping[str, Situations]  # quantity -> its number in each situation
    limit: str  # quantity of the set-point, limit_a or limit_kw
    feed: str  # quantity that is written to keep the set-point; "" where nothing drops it
    feed_value: float | None  # the only number that feeds; None: any
    fed_by_any_request: bool
    hold_s: float  # how long the set-point holds without a feed; 0: for ever
    hold_register: str  # quantity where that time can be set
    safe_register: str  # quantity where the current it falls back to can be set
    safe_a: float | None  # that current as delivered; None: half of the highest

    shows_in_force: bool = False  # where the set-point is read stands what is in force, not what was written

    @property
    def forgets(self) -> bool:
        """Whether a set-point once dropped has to be written anew; else feeding brings it back."""
        return self.fed_by_any_request or self.feed != self.limit


STATES: Mapping[str, Mapping[str, Situations]] = {
    "alfen_ng9": {"mode3_state": (0, 1, 2, 4, 0)},
    "abb_terra_ac": {"charging_state": (0, 1, 2, 4, 5), "socket_lock": (17, 273, 273, 273, 17)},
    "alpitronic_hypercharger_connector": {"charging_state": (0, 4, 5, 3, 10)},
    "bender_cc613": {
        "charging_state": (1, 2, 2, 3, 5), "relay_state": (0, 0, 0, 1, 0), "ocpp_state": (0, 7, 8, 6, 4),
    },
    "heidelberg_energy_control": {"charging_state": (3, 4, 5, 7, 11)},
    "keba_kecontact_p40": {"charging_state": (1, 5, 2, 3, 4), "cable_state": (3, 7, 7, 7, 3)},
    "mennekes_amtron_compact": {"charging_state": (1, 3, 4, 5, 6)},
    "mennekes_hcc3_amtron": {"charging_state": (2, 3, 4, 6, 0)},
    "phoenix_charx_sec3xxx": {"mode3_state": (0, 2, 3, 5, 9)},
    "phoenix_em_cp_pp_eth": {"mode3_state": (65, 66, 66, 67, 70)},
    "webasto_next": {
        "charge_point_state": (0, 1, 4, 3, 7), "charge_state": (0, 0, 0, 1, 0), "cable_state": (1, 3, 3, 3, 1),
    },
    "webasto_unite_vestel_evc04": {
        "charge_point_state": (0, 3, 4, 2, 8), "charging": (0, 0, 0, 1, 0), "cable_state": (1, 3, 3, 3, 1),
    },
}  # fmt: skip
# The current that a type falls back to as it is delivered, where it is not half of the highest.
SAFE_A = {"heidelberg_energy_control": 0.0, "mennekes_amtron_compact": LEAST_A, "abb_terra_ac": LEAST_A}


def charger_type(of: Profile) -> ChargerType:
    """The type that a profile describes; one that nobody knows here plays its set-point and no states."""
    name, _, _ = of.name.partition(":")
    limit = next((q for q in ("limit_a", "limit_kw") if _has(of, q)), "")
    dog = of.watchdog(limit)
    settings = {point.quantity for point in of.points if point.writable}
    return ChargerType(
        states=STATES.get(name, {}),
        limit=limit,
        feed=dog.feed if dog else "",
        feed_value=dog.feed_value if dog and dog.feed != limit else None,
        fed_by_any_request=bool(dog and dog.fed_by_any_request),
        hold_s=dog.timeout_s if dog else 0.0,
        hold_register=dog.timeout if dog and dog.timeout in settings else "",
        safe_register=dog.falls_to if dog and dog.falls_to in settings else "",
        safe_a=SAFE_A.get(name),
        shows_in_force=any(point.quantity == limit and point.write_at is not None for point in of.points),
    )


def _has(of: Profile, quantity: str) -> bool:
    return any(point.quantity == quantity for point in of.points)
