"""Entries and alarms as the page writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from energy_console.engine.link import AlarmView
from energy_console.gui.format import clock, day, moment
from energy_console.gui.parts.alarm_shape import NEW
from energy_console.journal.entry import ENGINE, Entry

ACTS = ("command", "plan")
_SOON_NS = 120 * 10**9  # who writes a note needs so long
NEWS = ("import", "correction", "device", "engine")


def tr(text: str) -> str:
    return QCoreApplication.translate("alarms", text)


def kind_name(kind: str) -> str:
    """A kind in a person's words."""
    names = {
        "alarm": tr("alarm"),
        "command": tr("command"),
        "note": tr("note"),
        "plan": tr("plan"),
        "call": tr("ship call"),
        "import": tr("import"),
        "correction": tr("correction"),
        "device": tr("device"),
        "engine": tr("engine"),
    }
    return names.get(kind, kind)


def who_name(who: str) -> str:
    return tr("the engine") if who == ENGINE else who


def short_text(entry: Entry) -> str:
    """One line; the priority of an alarm is told by its shape."""
    text = " ".join(entry.text.split())
    return text.removeprefix(f"P{entry.priority} ") if entry.priority else text


def when(time_ns: int, zone: dt.tzinfo, today: dt.date) -> str:
    """ "18:03:12", with the day where it is another one than `today`."""
    time = moment(time_ns)
    shown = clock(time, zone, seconds=True)
    return shown if time.astimezone(zone).date() == today else f"{day(time, zone)}  {shown}"


def about_entry(entry: Entry, zone: dt.tzinfo) -> str:
    """Who wrote it when, about what, over which."""
    own = moment(entry.time_ns)
    parts = [f"{day(own, zone, year=True)}  {clock(own, zone, seconds=True)}"]
    if entry.until_ns != entry.time_ns:
        end = moment(entry.until_ns)
        parts.append(tr("until {0}").format(f"{day(end, zone)}  {clock(end, zone, seconds=True)}"))
    parts.append(f"{kind_name(entry.kind)} {entry.id}")
    parts.append(tr("by {0}").format(who_name(entry.who)))
    if entry.source:
        parts.append(entry.source)
    if abs(entry.written_ns - entry.time_ns) > _SOON_NS:
        written = moment(entry.written_ns)
        parts.append(tr("written {0}").format(f"{day(written, zone)}  {clock(written, zone)}"))
    if entry.refers:
        parts.append(tr("over note {0}, which stays in the journal").format(entry.refers))
    if entry.replaced_by:
        parts.append(tr("written anew as note {0}").format(entry.replaced_by))
    if entry.data.get("past"):
        parts.append(tr("worked out from a simulated past: nobody watched then"))
    return " · ".join(parts)


def answer(alarms: Sequence[AlarmView]) -> tuple[str, str]:
    """How many are open, and which comes first."""
    new = sum(alarm.state == NEW for alarm in alarms)
    if not alarms:
        return tr("No alarm is open."), ""
    if len(alarms) == 1:
        return tr("One alarm is open: {0}.").format(alarms[0].text), ""
    first = tr("{0} alarms are open, {1} of them new.").format(len(alarms), new)
    return first, tr("First: {0}.").format(alarms[0].text)
