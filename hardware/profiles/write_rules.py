"""What has to hold of points that are written: watchdogs, keys, ranges, and what a writable point has to declare."""

from __future__ import annotations

from collections import Counter

from hardware.profiles.encode import NotEncodable, encode_value
from hardware.profiles.faults import FaultList
from hardware.profiles.model import Profile, ProfilePoint, Purpose, Table
from hardware.profiles.switching import why_never


def why_not_encodable(point: ProfilePoint, value: float) -> str:
    try:
        encode_value(point.written, value)
    except NotEncodable as error:
        return str(error)
    return ""


def check_watchdogs(profile: Profile, faults: FaultList) -> None:
    writable = {point.quantity: point for point in profile.points if point.writable}
    commands = Counter(watchdog.command for watchdog in profile.watchdogs)
    for nth, watchdog in enumerate(profile.watchdogs):
        for key, quantity in (("command", watchdog.command), ("feed", watchdog.feed)):
            if quantity not in writable:
                faults.add("watchdog", key, f"'{quantity}' is not a writable point of this profile; name one.", nth)
        known = {point.quantity for point in profile.points}
        for key, quantity in (("timeout", watchdog.timeout), ("falls_to", watchdog.falls_to)):
            if quantity and quantity not in known:
                faults.add("watchdog", key, f"'{quantity}' is not a point of this profile; name one.", nth)
        if watchdog.every_s >= watchdog.timeout_s:
            text = f"Feeding every {watchdog.every_s:g} s is too late; the timeout is {watchdog.timeout_s:g} s."
            faults.add("watchdog", "every_s", text, nth)
        if commands[watchdog.command] > 1:
            text = f"'{watchdog.command}' has {commands[watchdog.command]} watchdogs; a set-point can have one."
            faults.add("watchdog", "command", text, nth)
        for key, value in (("feed_value", watchdog.feed_value), ("release_value", watchdog.release_value)):
            _check_fed(profile, watchdog.feed, key, value, nth, faults)
    _check_feeding_circles(profile, faults)


def _check_fed(profile: Profile, feed: str, key: str, value: float | None, nth: int, faults: FaultList) -> None:
    point = next((point for point in profile.points if point.quantity == feed), None)
    if value is None or point is None or point.scale == 0.0:
        return
    outside = (point.low is not None and value < point.low) or (point.high is not None and value > point.high)
    if outside:
        faults.add("watchdog", key, f"{value:g} is outside the range of '{feed}'; mend one.", nth)
    elif point.scale_register is None and (why := why_not_encodable(point, value)):
        faults.add("watchdog", key, f"{value:g} cannot be written; mend it: {why}", nth)


def _check_feeding_circles(profile: Profile, faults: FaultList) -> None:
    """A feed may be a set-point held by another watchdog, but the chain has to end."""
    feeds = {watchdog.command: watchdog.feed for watchdog in profile.watchdogs if watchdog.feed != watchdog.command}
    for nth, watchdog in enumerate(profile.watchdogs):
        seen, at = [watchdog.command], feeds.get(watchdog.command)
        while at is not None and at not in seen:
            seen.append(at)
            at = feeds.get(at)
        if at == watchdog.command:
            text = f"This watchdog feeds itself in a circle: {' -> '.join([*seen, at])}; name the feed that is written."
            faults.add("watchdog", "feed", text, nth)


def check_keys(profile: Profile, faults: FaultList) -> None:
    writable = {point.quantity: point for point in profile.points if point.writable}
    for quantity, keys in profile.write.keys:
        if quantity != "*" and quantity not in writable:
            faults.add("write", "keys", f"'{quantity}' is not a writable point of this profile; name one.")
        for key in keys:
            if not 0 <= key.address <= 65535 or not 0 <= key.value <= 65535:
                faults.add(
                    "write",
                    "keys",
                    f"[{key.address}, {key.value}]: out of bounds; register and value go from 0 to 65535.",
                )
            for name, point in writable.items():
                holds = point.table is Table.HOLDING and point.address <= key.address < point.end
                if holds and name == quantity:
                    faults.add("write", "keys", f"Register {key.address} is '{name}' itself; it cannot be its own key.")
                elif holds and profile.write.keys_for(name):
                    text = (
                        f"Key register {key.address} is '{name}', which needs a key itself; a key has to stand alone."
                    )
                    faults.add("write", "keys", text)


def check_writing(point: ProfilePoint, profile: Profile, faults: FaultList) -> None:
    """What a writable point has to declare, and what nobody may declare writable."""
    table = f"point.{point.quantity}"
    if not point.writable:
        told = (("rate_per_s", point.rate_per_s is not None), ("fallback", bool(point.fallback)))
        for key in [key for key, is_there in (*told, ("needs", bool(point.needs))) if is_there]:
            faults.add(table, key, "This is for a point that can be written; add writable = true or remove it.")
        return
    if never := why_never(profile, point):
        faults.add(table, "writable", f"{never.rstrip('.')}; remove writable.")
    if not profile.fallback(point.quantity):
        text = "Nobody knows what holds when nobody commands this point; say it with fallback, as a sentence."
        faults.add(table, "writable", text)
    if point.rate_per_s is not None and point.rate_per_s <= 0.0:
        faults.add(
            table,
            "rate_per_s",
            f"A change of at most {point.rate_per_s:g} a second never gets anywhere; give more than 0.",
        )
    if point.rate_per_s is not None and (point.states or point.purpose is Purpose.REQUEST):
        faults.add(table, "rate_per_s", "States and requests have no steps between; remove the rate.")
    if point.fallback_value is not None and not _is_in_range(point, point.fallback_value):
        faults.add(table, "fallback_value", f"{point.fallback_value:g} is outside what may be written here; mend one.")


def _is_in_range(point: ProfilePoint, value: float) -> bool:
    if point.states and value not in dict(point.states):
        return False
    if point.never_between and point.never_between[0] < value < point.never_between[1]:
        return False
    return (point.low is None or value >= point.low) and (point.high is None or value <= point.high)
