"""Numbers, units, times and ages as a person reads them: U+202F between thousands, a true minus, the site's zone.

The only place that knows the locale. Codes and files keep plain numbers, UTC and unit codes.
"""

from __future__ import annotations

import datetime as dt
import math
from functools import cache

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from hardware.points import Implausible, Point, Reason, Substituted, detail_of, reason_of, status_of
from hardware.profiles import NoValue

translate = QCoreApplication.translate

THIN = "\u202f"
MINUS = "\u2212"
NONE = "–"

_UNITS = {
    "degC": "°C",
    "m3/h": "m³/h",
    "m3": "m³",
    "ug/m3": "µg/m³",
    "ugm3": "µg/m³",
    "kohm": "kΩ",
    "kOhm": "kΩ",
    "deg": "°",
    "W/m2": "W/m²",
    "1": "%",
    "EUR_per_kWh": "EUR/kWh",
}


def unit_text(unit: str) -> str:
    """A unit code of the points as written on screen. A fraction ("1") is shown in percent."""
    return _UNITS.get(unit, unit)


def number(value: float | None, decimals: int = 0, *, sign: bool = False) -> str:
    """`7318.2` as "7 318"; "–" for None and NaN; `sign` writes the plus too."""
    if value is None or not math.isfinite(value):
        return NONE
    rounded = round(value, decimals)
    whole, _, fraction = f"{abs(rounded):,.{decimals}f}".partition(".")
    text = whole.replace(",", THIN) + (QLocale().decimalPoint() + fraction if fraction else "")
    if rounded < 0:
        return MINUS + text
    return "+" + text if sign and rounded > 0 else text


def decimals_for(value: float, unit: str = "") -> int:
    """Decimals that keep about three figures: 0.52, 12.1, 868, 8 127."""
    if value == 0 or (not unit and float(value).is_integer()) or unit in ("1", "%", "EUR", "V", "lx"):
        return 0
    if unit in ("degC", "Hz", "dB"):
        return 2 if unit == "Hz" else 1
    size = abs(value)
    if size >= 100 or not math.isfinite(size):
        return 0
    return 1 if size >= 10 else 2


def quantity(value: float | None, unit: str, decimals: int | None = None) -> str:
    """Figure and unit: "7 318 kW", "63 %" (from 0.63 of unit "1")."""
    if value is None or not math.isfinite(value):
        return NONE
    shown = value * 100 if unit == "1" else value
    places = decimals_for(shown, unit) if decimals is None else decimals
    text = number(shown, places)
    return f"{text} {unit_text(unit)}" if unit else text


def point_value(point: Point, value: float) -> str:
    """The value of a point in words: state names, names of the bits set, or figure and unit."""
    if not math.isfinite(value):
        return NONE
    if point.states:
        names = dict(point.states)
        return names.get(round(value), number(value))
    if point.bits:
        names_set = [name for bit, name in enumerate(point.bits) if int(value) >> bit & 1]
        return ", ".join(names_set) or NONE
    if point.quantity == "power_factor":  # a fraction that nobody writes in percent
        return number(value, 2)
    return quantity(value, point.unit)


def percent(share: float | None, decimals: int = 0) -> str:
    """A fraction 0..1 as "63 %"."""
    return NONE if share is None or not math.isfinite(share) else f"{number(share * 100, decimals)} %"


def duration(seconds: float, *, whole: bool = False) -> str:
    """A span or an age, short: "0.4 s", "12 s", "11 min", "2 h 10", "1 d 6 h". `whole`: no tenths of a second."""
    if not math.isfinite(seconds):
        return NONE
    if seconds < 0:
        return MINUS + duration(-seconds)
    if seconds < 9.95 and not whole:
        return f"{number(seconds, 1)} s"
    if seconds < 99.5:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02d}" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours and days < 10 else f"{days} d"


def moment(time_ns: int) -> dt.datetime:
    """Nanoseconds since 1970 as an aware UTC time."""
    return dt.datetime.fromtimestamp(time_ns / 1e9, dt.UTC)


def clock(time: dt.datetime, zone: dt.tzinfo, *, seconds: bool = False) -> str:
    """ "14:32" or "14:32:08" in the zone."""
    return time.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(time: dt.datetime, zone: dt.tzinfo, *, year: bool = False) -> str:
    """ "Sun 22 Nov" or "Sun 22 Nov 2026" in the zone, names by locale."""
    local = time.astimezone(zone)
    return _day(local.date(), QLocale().name(), "ddd d MMM yyyy" if year else "ddd d MMM")


@cache
def _day(date: dt.date, _locale: str, pattern: str) -> str:
    return QLocale().toString(QDate(date.year, date.month, date.day), pattern)


def stamp(time: dt.datetime, zone: dt.tzinfo) -> str:
    """ "Sun 22 Nov 2026 14:32:08" in the zone."""
    return f"{day(time, zone, year=True)}  {clock(time, zone, seconds=True)}"


def zone_name(time: dt.datetime, zone: dt.tzinfo) -> str:
    """ "CET", or the offset where the zone has no short name."""
    return time.astimezone(zone).strftime("%Z")


def utc_offset(time: dt.datetime, zone: dt.tzinfo) -> str:
    """ "UTC+1", "UTC+5:30"."""
    offset = time.astimezone(zone).utcoffset() or dt.timedelta()
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return "UTC" + (MINUS if minutes < 0 else "+") + f"{hours}" + (f":{rest:02d}" if rest else "")


def reason_text(status: int) -> str:
    """Why a value is not good, in words; empty when it is good. docs/quality.md says what each means."""
    return _detail_text(status) or _reason_text(status)


def _detail_text(status: int) -> str:
    """What the device or the judge of values said more closely; empty where that is nothing."""
    return {
        status_of(Reason.NOT_PLAUSIBLE, Implausible.STEP): translate("format", "leapt"),
        status_of(Reason.NOT_PLAUSIBLE, Implausible.BEYOND_RATING): translate("format", "beyond rating"),
        status_of(Reason.NOT_PLAUSIBLE, Implausible.COUNTED_TOO_FAST): translate("format", "counted too fast"),
        status_of(Reason.NOT_PLAUSIBLE, Implausible.COUNTER_FELL): translate("format", "counter fell"),
        status_of(Reason.SUBSTITUTED, Substituted.CORRECTED): translate("format", "corrected"),
        status_of(Reason.SUBSTITUTED, Substituted.INTERPOLATED): translate("format", "corrected, on a line"),
        status_of(Reason.NO_VALUE, NoValue.SENSOR_SHORT): translate("format", "sensor short"),
        status_of(Reason.NO_VALUE, NoValue.SENSOR_OPEN): translate("format", "sensor open"),
        status_of(Reason.NO_VALUE, NoValue.OVERFLOW): translate("format", "overflow"),
        status_of(Reason.NO_VALUE, NoValue.NOT_FITTED): translate("format", "not fitted"),
    }.get(int(status), "")


def _reason_text(status: int) -> str:
    reason = reason_of(status)
    words = {
        Reason.GOOD: "",
        Reason.SIMULATED: translate("format", "simulated"),
        Reason.SUBSTITUTED: translate("format", "substituted"),
        Reason.NOT_PLAUSIBLE: translate("format", "not plausible"),
        Reason.OUT_OF_RANGE: translate("format", "out of range"),
        Reason.ESTIMATED: translate("format", "estimated"),
        Reason.TIMEOUT: translate("format", "no answer"),
        Reason.REFUSED: translate("format", "refused"),
        Reason.DROPPED: translate("format", "connection dropped"),
        Reason.EXCEPTION: translate("format", "exception"),
        Reason.WRONG_ANSWER: translate("format", "wrong answer"),
        Reason.NO_VALUE: translate("format", "no value"),
        Reason.STALE: translate("format", "stale"),
        Reason.NOT_READ_YET: translate("format", "not read yet"),
        Reason.OUT_OF_SERVICE: translate("format", "out of service"),
        Reason.WITHDRAWN: translate("format", "withdrawn"),
        Reason.NO_RESULT: translate("format", "no result"),
    }[reason]
    return f"{words} {detail_of(status):02d}" if reason is Reason.EXCEPTION else words
