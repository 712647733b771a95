"""Findings, answer line and figures of the Lighting page in words. No widgets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from energy_console.engine.link import AlarmView
from energy_console.gui.format import clock, number
from energy_console.live.lighting import PRIORITY, Finding, LightingNow
from energy_console.site.model import Site


def tr(text: str) -> str:
    return QCoreApplication.translate("lighting", text)


@dataclass(frozen=True, slots=True)
class Scene:
    """What the page says things about. `dusk`, `dawn` of the night now, or of the next one by day."""

    site: Site
    now: LightingNow
    moment: dt.datetime
    dusk: dt.datetime | None
    dawn: dt.datetime | None
    alarms: Mapping[str, AlarmView]  # worst open alarm by device
    plan_name: str

    @property
    def by_night(self) -> bool:
        return self.dusk is not None and self.dawn is not None and self.dusk <= self.moment < self.dawn


def finding_words(now: LightingNow, row: int) -> str:
    """What is found at one group, short."""
    finding = now.findings[row]
    if finding is Finding.NONE and not now.unread[row]:
        return tr("as expected")
    if now.unread[row]:
        return tr("not read yet")
    if finding is Finding.CIRCUIT:
        return tr("circuit {0} dead").format(int(now.dead_circuit[row]))
    if finding in (Finding.MANY_LAMPS, Finding.LAMPS):
        return _lamps(now, row)
    if finding is Finding.DIFFERENCE:
        return tr("power off by {0} %").format(_percent_off(now, row))
    return {
        Finding.BREAKER: tr("breaker tripped"),
        Finding.DARK: tr("off in the dark"),
        Finding.LEAKAGE: tr("leakage current"),
        Finding.SILENT: tr("no answer"),
        Finding.BELOW_MINIMUM: tr("below minimum"),
        Finding.BY_DAY: tr("burns by day"),
        Finding.DOOR: tr("door open"),
    }[finding]


def _lamps(now: LightingNow, row: int) -> str:
    out = int(now.out[row])
    return tr("1 lamp out") if out == 1 else tr("{0} lamps out").format(out)


def _percent_off(now: LightingNow, row: int) -> str:
    return number(float(now.difference_w[row] / now.expected_w[row]) * 100, sign=True)


def priority_of(scene: Scene, row: int) -> tuple[int, str]:
    """Priority and state of the shape of a group: its alarm's where there is one. (0, "") for none."""
    alarm = scene.alarms.get(scene.site.lighting[row].device)
    if alarm is not None:
        return alarm.priority, alarm.state
    return PRIORITY[scene.now.findings[row]], "new"


def answer(scene: Scene, order: Sequence[int]) -> tuple[str, str, int, str]:
    """First clause, the rest, priority and state of the shape in front."""
    now = scene.now
    if now.unread.all():
        return tr("No cabinet has been read yet."), "", 0, "new"
    out = int(np.nansum(now.out))
    behind = int((np.nan_to_num(now.out) > 0).sum())
    lamps = tr("{0} lamps out behind {1} cabinets").format(number(out), behind) if out else tr("no lamp reported out")
    worst = order[0] if order and now.findings[order[0]] is not Finding.NONE else None
    priority, state = priority_of(scene, worst) if worst is not None and _is_urgent(scene, worst) else (0, "new")
    zone = scene.site.place.zone
    if not scene.by_night:
        lit = int(np.nansum(now.burning))
        first = tr("{0} groups burn by day").format(lit) if lit else tr("Off until dusk")
        first += f" {clock(scene.dusk, zone)}." if scene.dusk and not lit else "."
        rest = [lamps[:1].upper() + lamps[1:] + "."]
    else:
        first = lamps[:1].upper() + lamps[1:] + "."
        rest = [_minimum(scene), _source(scene)]
    named = _worst_words(scene, worst)
    return first, " ".join(part for part in (named, *rest, _silent(scene)) if part), priority, state


def _is_urgent(scene: Scene, row: int) -> bool:
    return 0 < priority_of(scene, row)[0] <= 3


def _worst_words(scene: Scene, worst: int | None) -> str:
    if worst is None or not _is_urgent(scene, worst) or scene.now.findings[worst] is Finding.SILENT:
        return ""
    group = scene.site.lighting[worst]
    return tr("Worst: {0} {1}, {2}.").format(group.id, group.name, finding_words(scene.now, worst))


def _minimum(scene: Scene) -> str:
    low = [
        scene.site.lighting[row].name
        for row, found in enumerate(scene.now.findings)
        if found in (Finding.BELOW_MINIMUM, Finding.DARK, Finding.BREAKER)
    ]
    if not low:
        return tr("No street is below its class minimum.")
    return tr("Below class minimum: {0}.").format(", ".join(low[:3]) + (" …" if len(low) > 3 else ""))


def _source(scene: Scene) -> str:
    commanded = int(scene.now.commanded.sum())
    if not commanded:
        return tr("Cabinets follow their own clocks.")
    if scene.plan_name:
        return tr("{0} of {1} follow the {2} plan.").format(commanded, len(scene.now.level), scene.plan_name)
    return tr("{0} of {1} follow a command.").format(commanded, len(scene.now.level))


def _silent(scene: Scene) -> str:
    names = [scene.site.lighting[int(row)].id for row in np.flatnonzero(scene.now.silent)]
    if not names:
        return ""
    return tr("Silent: {0}.").format(", ".join(names[:4]) + (" …" if len(names) > 4 else ""))
