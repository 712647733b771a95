"""What nobody may ever write, whatever a profile says: no breaker, and at a shore-power point nothing but requests.

Connection and load transfer are controlled on board only (IEC/IEEE 80005-1); a shore system may ask for less load or
for a transfer back to the ship's own supply. Asked by the loader of profiles and again before every write.
"""

from __future__ import annotations

import re

from hardware.profiles.model import Profile, ProfilePoint, Purpose, Table

OPS = "ops"
OPS_REQUESTS = ("request_load_reduction_kw", "request_transfer_back")
_SWITCHGEAR = re.compile(r"breaker|disconnector|isolator|earthing|busbar|bus[ _]tie|switchgear", re.IGNORECASE)


def why_never(profile: Profile, point: ProfilePoint) -> str:
    """Why this point may not be written at all, as a sentence; empty where it may."""
    if _SWITCHGEAR.search(point.quantity) or _SWITCHGEAR.search(point.name):
        return "Switchgear is operated by people on the spot; no point that names it can be written."
    if profile.kind != OPS:
        return ""
    if point.quantity not in OPS_REQUESTS or point.purpose is not Purpose.REQUEST:
        asked = " and ".join(OPS_REQUESTS)
        return f"A shore-power point takes requests only: {asked}, each with purpose = 'request'."
    if point.table is Table.COIL:
        return "A coil switches something; a request to a ship is a register."
    if point.write_at is not None:
        return "A request is read back where it is written; no other register of a shore-power point is written."
    if profile.write.keys_for(point.quantity):
        return "A request needs no key; a key would be one more register written at a shore-power point."
    return ""
