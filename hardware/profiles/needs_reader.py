"""The interlocks of a profile's points, as in `needs = { step = "supplied", power_kw = [0, 50] }`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hardware.points import Allowed
from hardware.profiles.faults import FaultList, nearest
from hardware.profiles.model import Need, ProfilePoint


def with_needs(
    points: Sequence[ProfilePoint], tables: Mapping[str, Any], faults: FaultList
) -> tuple[ProfilePoint, ...]:
    """The points with their interlocks, which name other points and so are read when all of them are known."""
    known = {point.quantity: point for point in points}
    return tuple(_with_own(point, tables[point.quantity], known, faults) for point in points)


def _with_own(point: ProfilePoint, values: Any, known: Mapping[str, ProfilePoint], faults: FaultList) -> ProfilePoint:
    given = values.get("needs", {}) if isinstance(values, Mapping) else {}
    table = f"point.{point.quantity}"
    if not isinstance(given, Mapping):
        faults.add(table, "needs", 'This is no table; write one such as { step = "supplied", power_kw = [0, 50] }.')
        return point
    needs = []
    for quantity, wanted in given.items():
        need = _need(quantity, wanted, known)
        if isinstance(need, str):
            faults.add(table, "needs", need)
        elif quantity == point.quantity:
            faults.add(table, "needs", "A point cannot be its own interlock; name another quantity.")
        else:
            needs.append(need)
    return replace(point, needs=tuple(needs))


def _need(quantity: str, wanted: Any, known: Mapping[str, ProfilePoint]) -> Need | str:
    """The interlock, or a sentence on what is wrong with it."""
    other = known.get(quantity)
    if other is None:
        near = nearest(quantity, known)
        return f"There is no point '{quantity}' here" + (f"; did you mean '{near}'?" if near else ".")
    if other.states:
        return _state_need(other, wanted)
    numbers = wanted if isinstance(wanted, list) else []
    if len(numbers) != 2 or not all(_is_number(number) for number in numbers) or numbers[0] > numbers[1]:
        return f"'{quantity}' has no states: give its range as [lowest, highest]."
    return Need(quantity, Allowed(low=float(numbers[0]), high=float(numbers[1])))


def _state_need(other: ProfilePoint, wanted: Any) -> Need | str:
    named = {name: float(number) for number, name in other.states}
    names = wanted if isinstance(wanted, list) else [wanted]
    for name in names:
        if name not in named:
            near = nearest(str(name), named)
            hint = f"did you mean '{near}'?" if near else f"it has {', '.join(named)}."
            return f"'{other.quantity}' has no state {name!r}; {hint}"
    if not names:
        return f"Name the states of '{other.quantity}' in which this may be written."
    return Need(other.quantity, Allowed(tuple(named[name] for name in names)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
