"""Formulas of calculated points: read from text, their units checked, never run as code.

    M1/power_kw + M2/power_kw - 0.5 * PV1/generation_kw
    1 - sum(port:E*/power_kw) / M-E/power_kw
    rate(W-00/volume_m3, 15 min)
    max(H-07/supply_c - H-07/return_c, 0)

Points are written as they are called, so an operator stands between spaces: `a/b` is a point, `a / b` a quotient.
`area:pattern/quantity` stands for every device of that area whose name fits and that has the quantity.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from energy_console.site.units import PER_HOUR, PURE, Unit, is_known_unit, told, unit_named

DEFAULT_RATE_WINDOW_S = 900.0
_MOST_NESTED = 40
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?=[\s(),]|$)|(?P<call>[a-z]+)\(|(?P<operator>[-+*/])(?=\s|$|\()"
    r"|(?P<sign>[-+])(?=\S)|(?P<bracket>[(),])|(?P<name>[^\s(),]+))"
)
LEAST_ARGUMENTS = {"sum": 1, "mean": 1, "min": 1, "max": 1, "abs": 1, "rate": 1}
MOST_ARGUMENTS = {"abs": 1, "rate": 2}


class FormulaFault(Exception):
    """What is wrong with a formula, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


@dataclass(frozen=True, slots=True)
class Number:
    """`value` of `unit`, as written; 0 goes with any unit."""

    value: float
    unit: str = "1"


@dataclass(frozen=True, slots=True)
class Ref:
    """The newest value of a point."""

    point: str


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast a counter has grown over the last `window_s`, per hour: kWh become kW, m3 become m3/h."""

    point: str
    window_s: float


@dataclass(frozen=True, slots=True)
class Apply:
    """`function` of its arguments: + - * / sum mean min max abs."""

    function: str
    arguments: tuple[Formula, ...]


Formula = Number | Ref | Rate | Apply


def read_formula(text: str, members: Callable[[str], tuple[str, ...]]) -> Formula:
    """The formula written in `text`. `members` gives the points a name stands for. Raises FormulaFault."""
    return _Reader(text, members).whole()


def points_in(formula: Formula) -> tuple[str, ...]:
    """Every point a formula takes, each once, in the order of the text."""
    match formula:
        case Number():
            return ()
        case Ref(point) | Rate(point, _):
            return (point,)
        case Apply(_, arguments):
            return tuple(dict.fromkeys(point for argument in arguments for point in points_in(argument)))


def unit_of_formula(formula: Formula, units: Mapping[str, str]) -> Unit:
    """What a formula measures. `units`: of every point. Raises FormulaFault where unlike things are added."""
    match formula:
        case Number(_, unit):
            return unit_named(unit)
        case Ref(point):
            return _unit_of_point(point, units)
        case Rate(point, _):
            return _unit_of_point(point, units).times(PER_HOUR)
        case Apply("*" | "/" as function, (left, right)):
            return _unit_of_product(function, unit_of_formula(left, units), unit_of_formula(right, units))
        case Apply("-", (left, right)):
            return _unit_of_difference(formula, units, left, right)
        case Apply(function, arguments):
            return _unit_of_likes(function, arguments, units)


def linear_terms(formula: Formula, units: Mapping[str, str], to: str) -> tuple[tuple[float, str], ...] | None:
    """A formula as a sum of points with factors, in the unit `to`; None where it is none. Units are known to fit."""
    found = _linear(formula, units)
    if found is None:
        return None
    merged: dict[str, float] = {}
    for factor, point in found:
        merged[point] = merged.get(point, 0.0) + factor / unit_named(to).factor
    return tuple((factor, point) for point, factor in merged.items())


# -- reading --------------------------------------------------------------------------------------------------


class _Reader:
    """Recursive descent: sum of products of signed values."""

    def __init__(self, text: str, members: Callable[[str], tuple[str, ...]]) -> None:
        self._members = members
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Formula:
        formula = self._sum()
        if self._at < len(self._tokens):
            raise self._unexpected()
        return formula

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _unexpected(self) -> FormulaFault:
        kind, text = self._peek()
        where = "ends too early" if kind == "end" else f"cannot be read at {text!r}"
        return FormulaFault(f"formula {where}", "write points with operators between spaces: M1/power_kw - M2/power_kw")

    def _sum(self) -> Formula:
        self._depth += 1
        if self._depth > _MOST_NESTED:
            raise FormulaFault(f"formula nests deeper than {_MOST_NESTED} brackets", "split it into several points")
        formula = self._product()
        while self._peek()[1] in ("+", "-") and self._peek()[0] in ("operator", "sign"):
            operator = self._take()[1]
            formula = Apply(operator, (formula, self._product()))
        self._depth -= 1
        return formula

    def _product(self) -> Formula:
        formula = self._signed()
        while self._peek() in (("operator", "*"), ("operator", "/")):
            operator = self._take()[1]
            formula = Apply(operator, (formula, self._signed()))
        return formula

    def _signed(self) -> Formula:
        negative = False
        while self._peek()[0] in ("operator", "sign") and self._peek()[1] in "+-":
            negative ^= self._take()[1] == "-"
        value = self._value()
        return Apply("*", (Number(-1.0), value)) if negative else value

    def _value(self) -> Formula:
        kind, text = self._peek()
        if kind == "number":
            return self._number()
        if kind == "name":
            self._take()
            return self._named(text)
        if kind == "call":
            self._take()
            return self._call(text)
        if (kind, text) == ("bracket", "("):
            self._take()
            formula = self._sum()
            self._close()
            return formula
        raise self._unexpected()

    def _number(self) -> Number:
        value = float(self._take()[1])
        kind, text = self._peek()
        if kind == "name" and is_known_unit(text):
            self._take()
            return Number(value, text)
        return Number(value)

    def _named(self, name: str) -> Formula:
        points = self._members(name)
        return Ref(points[0]) if len(points) == 1 else Apply("sum", tuple(Ref(point) for point in points))

    def _call(self, function: str) -> Formula:
        if function not in LEAST_ARGUMENTS:
            known = ", ".join(LEAST_ARGUMENTS)
            raise FormulaFault(f"there is no function {function}", f"use one of {known}")
        if function == "rate":
            return self._rate()
        arguments = [*self._argument()]
        while self._peek() == ("bracket", ","):
            self._take()
            arguments += self._argument()
        self._close()
        if len(arguments) > MOST_ARGUMENTS.get(function, len(arguments)):
            raise FormulaFault(f"{function} takes one value, not {len(arguments)}", "write one call for each")
        return Apply(function, tuple(arguments))

    def _argument(self) -> tuple[Formula, ...]:
        """One argument; a pattern alone is as many as it has members."""
        kind, text = self._peek()
        after = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else ("end", "")
        if kind == "name" and after in (("bracket", ","), ("bracket", ")")):
            self._take()
            return tuple(Ref(point) for point in self._members(text))
        return (self._sum(),)

    def _rate(self) -> Formula:
        kind, name = self._take()
        points = self._members(name) if kind == "name" else ()
        if kind != "name":
            raise FormulaFault("rate takes a counter, not a calculation", "write rate(M1/energy_import_kwh, 15 min)")
        window_s = DEFAULT_RATE_WINDOW_S
        if self._peek() == ("bracket", ","):
            self._take()
            window = self._number() if self._peek()[0] == "number" else Number(0.0)
            window_s = 3600.0 * window.value * unit_named(window.unit).factor
            if unit_named(window.unit).powers != {"h": 1} or not 10.0 <= window_s <= 86400.0:
                raise FormulaFault("rate takes its window as a time from 10 s to 24 h", "write 15 min, for example")
        self._close()
        rates = tuple(Rate(point, window_s) for point in points)
        return rates[0] if len(rates) == 1 else Apply("sum", rates)

    def _close(self) -> None:
        if self._take() != ("bracket", ")"):
            raise FormulaFault("formula lacks a closing bracket", "close every bracket that is opened")


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    position = 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        assert match is not None  # the last alternative takes anything
        kind = str(match.lastgroup)
        tokens.append((kind, match[kind]))
        position = match.end()
    return tokens


# -- units ----------------------------------------------------------------------------------------------------


def _unit_of_point(point: str, units: Mapping[str, str]) -> Unit:
    if not units[point]:
        raise FormulaFault(f"{point} is in words and cannot be calculated with", "take a point that has a unit")
    return unit_named(units[point])


def _unit_of_product(function: str, left: Unit, right: Unit) -> Unit:
    if left.is_point or right.is_point:
        word = "multiplied" if function == "*" else "divided"
        raise FormulaFault(f"a temperature in degC cannot be {word}", "subtract two temperatures first, which gives K")
    return left.times(right, 1 if function == "*" else -1)


def _unit_of_difference(formula: Formula, units: Mapping[str, str], left: Formula, right: Formula) -> Unit:
    """Two places on a scale differ by a length on it: degC - degC is K."""
    first, second = unit_of_formula(left, units), unit_of_formula(right, units)
    if first.is_point and second.is_point and first.powers == second.powers:
        return Unit(1.0, first.powers)
    if first.is_point and first.powers == second.powers:
        return first
    return _unit_of_likes("-", (left, right), units)


def _unit_of_likes(function: str, arguments: tuple[Formula, ...], units: Mapping[str, str]) -> Unit:
    """The common unit of what is added, averaged or compared; a bare 0 goes with any."""
    found = [(argument, unit_of_formula(argument, units)) for argument in arguments if argument != Number(0.0)]
    if not found:
        return PURE
    unit = next((unit for _, unit in found if unit.is_point), found[0][1])
    points = sum(other.is_point for _, other in found)
    for argument, other in found:
        if other.powers != unit.powers or (unit.is_point and not other.is_point and function not in "+-"):
            first = found[0] if other is not found[0][1] else found[1]
            what = f"{_told(argument, other)} cannot go together with {_told(*first)}"
            raise FormulaFault(what, "bring both to one unit")
    if function in ("+", "sum") and points > 1:
        raise FormulaFault("two temperatures in degC cannot be added", "take their mean, or subtract them")
    return unit


def _told(formula: Formula, unit: Unit) -> str:
    return f"{formula.point} in {told(unit)}" if isinstance(formula, Ref) else told(unit)


# -- sums -----------------------------------------------------------------------------------------------------


def _linear(formula: Formula, units: Mapping[str, str]) -> list[tuple[float, str]] | None:
    match formula:
        case Ref(point):
            return [(unit_named(units[point]).factor, point)]
        case Apply("+" | "-" | "sum" as function, arguments):
            parts = [_linear(argument, units) for argument in arguments]
            if any(part is None for part in parts):
                return None
            signs = [1.0] + [-1.0 if function == "-" else 1.0] * (len(parts) - 1)
            return [(sign * f, p) for sign, part in zip(signs, parts, strict=True) for f, p in part or ()]
        case Apply("*", (Number() as number, other)) | Apply("*", (other, Number() as number)):
            part = _linear(other, units)
            factor = number.value * unit_named(number.unit).factor
            return None if part is None else [(factor * f, p) for f, p in part]
        case Apply("/", (other, Number() as number)) if number.value:
            part = _linear(other, units)
            factor = number.value * unit_named(number.unit).factor
            return None if part is None else [(f / factor, p) for f, p in part]
    return None
