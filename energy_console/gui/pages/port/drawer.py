"""The drawer of the Port page: one ship or access point, its steps, signals, power, energy, money and requests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from energy_console.gui.format import NONE, clock, day, duration, moment, number
from energy_console.gui.pages.port.history import CallDetail
from energy_console.gui.pages.port.requests import LOAD_REDUCTION, TRANSFER_BACK, Request, RequestDialog
from energy_console.gui.pages.port.rows import Fact, FactRows, Finding, FindingMark, SignalTable
from energy_console.gui.pages.port.signals import bits_set, signals
from energy_console.gui.pages.port.words import step_name
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.day_plot import DayCurve, DayMark, DayPicture, DayPlot
from energy_console.gui.parts.drawer import Drawer
from energy_console.gui.parts.step_list import Step, StepList
from energy_console.gui.parts.text import Text, clear
from energy_console.gui.theme import CAPTION_PX, Looks
from energy_console.live.port import STEP_RELEASED, STEP_SUPPLIED
from energy_console.live.port_call import (
    ENGINE_CO2_KG_PER_KWH,
    Money,
    avoided,
    money,
    nox_g_per_kwh,
    supplied_since_ns,
)
from energy_console.live.table import LiveTable
from energy_console.site.model import AccessPoint, ShipCall, Site, Tariff


@dataclass(frozen=True, slots=True)
class Subject:
    """What the drawer is about: a point, all points of the ship there, and its call."""

    point: AccessPoint
    points: tuple[AccessPoint, ...]
    call: ShipCall | None
    step: int  # of the point, -1 where it is not known
    power_kw: float  # of all points


class PortDrawer(Drawer):
    """`asked` carries a Request a person has confirmed; `trend` point ids."""

    asked = Signal(object)
    trend = Signal(list)

    def __init__(self, site: Site, looks: Looks, tariff: Tariff) -> None:
        super().__init__(looks)
        self._site, self._looks, self._tariff = site, looks, tariff
        self._zone: ZoneInfo = site.place.zone
        self._subject: Subject | None = None
        self._detail: CallDetail | None = None
        self._live = True
        self._may_ask = True
        self._announced_kw = 0.0
        self._findings: tuple[Finding, ...] = ()
        self._build()

    def _build(self) -> None:
        head = self.add_section()
        self._where = Text("", "muted", 12, wrap=True)
        self._when = Text("", "muted", 12, wrap=True)
        head.body.addWidget(self._where)
        head.body.addWidget(self._when)
        self._steps_section = self.add_section(self.tr("Steps"), " ")
        self._steps = StepList(self._looks, 2)
        self._steps_section.body.addWidget(self._steps)
        self._signals_section = self.add_section()
        self.signal_table = SignalTable(self._looks)
        self._signals_section.body.addWidget(self.signal_table)
        self._finding_box = QWidget()
        self._signals_section.body.addWidget(self._finding_box)
        self._money_section = self.add_section(self.tr("Energy and money"), " ")
        self.money_rows = FactRows(self._looks, self.tr("Energy and money"))
        self._money_section.body.addWidget(self.money_rows)
        self._avoided_section = self.add_section(self.tr("Avoided"), " ")
        self.avoided_rows = FactRows(self._looks, self.tr("Exhaust avoided"))
        self._avoided_section.body.addWidget(self.avoided_rows)
        self._power_section = self.add_section(self.tr("Power"), " ")
        self._plot = DayPlot(self._looks, self._zone, self.tr("Power of the ship"), height=84)
        self._power_section.body.addWidget(self._plot)
        self._build_foot()

    def _build_foot(self) -> None:
        foot = QWidget()
        column = QVBoxLayout(foot)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._foot_words = Text("", "muted", CAPTION_PX, wrap=True)
        column.addWidget(self._foot_words)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.reduce_button = Button(
            self._looks, self.tr("Request load reduction…"), on_click=lambda: self._ask(LOAD_REDUCTION)
        )
        self.back_button = Button(
            self._looks, self.tr("Request transfer back…"), on_click=lambda: self._ask(TRANSFER_BACK)
        )
        for button in (self.reduce_button, self.back_button):
            button.setStyleSheet("padding: 0 4px;")  # both side by side in the width of the drawer
            row.addWidget(button)
        column.addLayout(row)
        self.add_action(foot)

    # showing

    @property
    def subject(self) -> Subject | None:
        return self._subject

    def show_subject(self, subject: Subject, table: LiveTable, now_ns: int, *, live: bool, may_ask: bool) -> None:
        """All that comes from the table of values. `may_ask`: whether the person here may send requests at all."""
        before = self._subject
        if before is None or (before.point.id, before.call) != (subject.point.id, subject.call):
            self._detail = None
        self._subject, self._live, self._may_ask = subject, live, may_ask
        self._show_head(subject)
        self._show_signals(subject.point, table, now_ns)
        self._announced_kw = self._value(table, subject.point, "ship_announced_kw")
        self._show_foot(subject)
        if self._detail is None:
            self._show_waiting(subject)
        elif before is not None and before.step != subject.step:
            self._show_steps(subject, self._detail)

    def show_detail(self, detail: CallDetail | Exception, now_ns: int) -> None:
        """What the store answered for the subject."""
        if self._subject is None:
            return
        if isinstance(detail, Exception):
            self._plot.show_picture(None, self.tr("The store did not answer: {0}").format(detail))
            return
        self._detail = detail
        self._show_steps(self._subject, detail)
        self._show_power(self._subject, detail, now_ns)
        self._show_energy(self._subject, detail)

    def _value(self, table: LiveTable, point: AccessPoint, quantity: str) -> float:
        name = f"{point.device}/{quantity}"
        value = table.reading(name).value if self._site.has_point(name) else math.nan
        return 0.0 if math.isnan(value) else value

    def _show_head(self, subject: Subject) -> None:
        point, call = subject.point, subject.call
        if call is None:
            rating = f"{number(point.rated_kw)} kW · {number(point.voltage_v)} V {number(point.frequency_hz)} Hz"
            self.say(point.id, self.tr("access point, no ship"))
            self._where.setText(self.tr("Station {0} · {1} · {2}").format(point.station, rating, point.plug))
            self._when.setText("")
            self._when.hide()
            return
        self.say(call.ship, f"{call.kind}, {number(call.length_m)} m")
        names = ", ".join(p.id for p in subject.points) if call.points else self.tr("none, own engines")
        self._where.setText(self.tr("Berth {0} · points {1} · call {2}").format(call.station, names, call.id))
        arrives, leaves = clock(call.arrives, self._zone), clock(call.leaves, self._zone)
        other_day = day(call.arrives, self._zone) != day(call.leaves, self._zone)
        leaves = f"{day(call.leaves, self._zone).split(' ')[0]} {leaves}" if other_day else leaves
        text = self.tr("Berthed {0}, leaves {1} · {2} kW announced")
        self._when.setText(text.format(arrives, leaves, number(call.hotel_kw)))
        self._when.show()

    def _show_signals(self, point: AccessPoint, table: LiveTable, now_ns: int) -> None:
        title = self.tr("Signals of {0}").format(point.id)
        self.signal_table.show_signals(title, signals(self._site, point.device, table, now_ns))
        findings = []
        for quantity, priority in (("alarms", 2), ("ship_alarms", 2), ("warnings", 4), ("ship_warnings", 4)):
            side = self.tr("Ship") if quantity.startswith("ship") else self.tr("Shore")
            kind = self.tr("alarm") if quantity.endswith("alarms") else self.tr("warning")
            for name in bits_set(self._site, point.device, table, quantity):
                findings.append(Finding(name, priority, "new", f"{side} {kind}: {name}", ""))
        self._show_findings(tuple(findings))

    def _show_findings(self, findings: tuple[Finding, ...]) -> None:
        if findings == self._findings:
            return
        self._findings = findings
        if self._finding_box.layout() is None:
            made = QVBoxLayout(self._finding_box)
            made.setContentsMargins(0, 2, 0, 0)
            made.setSpacing(0)
        clear(self._finding_box)
        for finding in findings:
            layout = self._finding_box.layout()
            assert layout is not None
            layout.addWidget(FindingMark(self._looks, finding))

    def _show_waiting(self, subject: Subject) -> None:
        """What stands there until the store has answered."""
        self._steps_section.note.show_text(self.tr("reading the journal"))
        self._steps.show_steps(self._step_rows(subject, {}))
        self._plot.show_picture(None, self.tr("reading the store"))
        self._power_section.note.show_text("")
        self._money_section.note.show_text("")
        self._avoided_section.note.show_text("")
        self.money_rows.show_facts(())
        self.avoided_rows.show_facts(())

    def _step_rows(
        self, subject: Subject, times: dict[int, int | None], unsure: frozenset[int] = frozenset()
    ) -> list[Step]:
        """`unsure`: steps that were reached at that time or before, when nobody was looking."""
        rows = []
        for number_ in range(STEP_RELEASED + 1):
            time_ns = times.get(number_)
            state = "now" if number_ == subject.step else "done" if number_ < subject.step else "ahead"
            text = clock(moment(time_ns), self._zone) if time_ns and state != "ahead" else ""
            text = f"≤{text}" if text and number_ in unsure else text
            if not text and state == "ahead" and number_ == STEP_RELEASED and subject.call is not None:
                text = f"~{clock(subject.call.leaves, self._zone)}"
            rows.append(Step(step_name(number_), text, state))
        return rows

    def _show_steps(self, subject: Subject, detail: CallDetail) -> None:
        times = {mark.step: mark.time_ns for mark in detail.marks}
        unsure = frozenset(mark.step for mark in detail.marks if not mark.exact)
        self._steps.show_steps(self._step_rows(subject, times, unsure))
        if subject.step < 0:
            self._steps_section.note.show_text(self.tr("step not known: no answer"))
            return
        note = self.tr("{0} of {1}").format(subject.step + 1, STEP_RELEASED + 1)
        supplied_ns, plugged_ns = supplied_since_ns(detail.marks), times.get(1)
        if supplied_ns and plugged_ns and supplied_ns > plugged_ns and subject.step >= STEP_SUPPLIED:
            note += " · " + self.tr("connected in {0}").format(duration((supplied_ns - plugged_ns) / 1e9))
        self._steps_section.note.show_text(note)

    def _show_power(self, subject: Subject, detail: CallDetail, now_ns: int) -> None:
        power = detail.power
        known = power.value[~np.isnan(power.value)] if len(power.value) else power.value
        if not len(known):
            self._power_section.note.show_text("")
            self._plot.show_picture(None, self.tr("no reading of its power yet"))
            return
        rated_kw = sum(point.rated_kw for point in subject.points)
        call = subject.call
        end_s = max(now_ns / 1e9, min(call.leaves.timestamp(), now_ns / 1e9 + 4 * 3600)) if call else now_ns / 1e9
        highest = max(float(known.max()), call.hotel_kw if call else 0.0, 1.0)
        limits = ((call.hotel_kw, self.tr("announced {0}").format(number(call.hotel_kw))),) if call else ()
        self._plot.show_picture(
            DayPicture(
                start_s=float(power.time_s[0]),
                end_s=end_s,
                low=0.0,
                high=highest * 1.25,
                curves=(DayCurve(power.time_s, power.value, filled=True, width_px=1.3, gaps=True),),
                limits=limits,
                marks=(DayMark(now_ns / 1e9, clock(moment(now_ns), self._zone)),),
            )
        )
        text = self.tr("{0} kW now, {1} most, rated {2}")
        self._power_section.note.show_text(
            text.format(number(subject.power_kw), number(float(known.max())), number(rated_kw))
        )

    def _show_energy(self, subject: Subject, detail: CallDetail) -> None:
        total = float(detail.energy_kwh.sum())
        if not detail.span_ns:
            self._money_section.note.show_text(self.tr("no meter reading yet"))
            self.money_rows.show_facts(())
            self.avoided_rows.show_facts(())
            return
        supplied = supplied_since_ns(detail.marks)
        since = supplied or detail.span_ns[0]
        self._money_section.note.show_text(self.tr("since {0}").format(clock(moment(since), self._zone)))
        facts = [
            Fact(self.tr("Meter start"), number(detail.meter_start_kwh, 1), "kWh"),
            Fact(self.tr("Meter now"), number(detail.meter_now_kwh, 1), "kWh"),
            Fact(self.tr("Delivered"), number(total, 1), "kWh", total=True),
        ]
        call = subject.call
        if call is None:
            self.money_rows.show_facts(facts)
            self._avoided_section.note.show_text(self.tr("no ship"))
            self.avoided_rows.show_facts(())
            return
        cost = money(call, self._tariff, self._zone, detail.span_ns, detail.energy_kwh)
        facts.append(Fact(self._price_words(cost), number(cost.energy_eur, 2), "EUR"))
        self.money_rows.show_facts(facts)
        result = avoided(call, self._site.carbon, self._zone, detail.span_ns, detail.energy_kwh)
        self._avoided_section.note.show_text(
            self.tr("{0} g CO₂, {1} g NOx; grid {2} g/kWh").format(
                number(ENGINE_CO2_KG_PER_KWH * 1000),
                number(nox_g_per_kwh(call), 1),
                number(result.grid_kg_per_kwh * 1000) if total else NONE,
            )
        )
        self._avoided_section.setToolTip(
            self.tr(
                "Auxiliary engine on 0.1 % S gas oil: USEPA marine emission tools, IMO greenhouse gas study.\nGrid: {0}"
            ).format(self._site.carbon.source)
        )
        self.avoided_rows.show_facts(
            (
                Fact(self.tr("CO₂, net of grid"), number(result.co2_kg, 1), "kg"),
                Fact(self.tr("NOx"), number(result.nox_kg, 1), "kg"),
            )
        )

    def _price_words(self, cost: Money) -> str:
        price = number(cost.eur_per_kwh, 3 if not cost.listed else 2)
        if cost.listed:
            return self.tr("Energy at {0} EUR/kWh (list)").format(price)
        return self.tr("Energy at {0} EUR/kWh (tariff)").format(price)

    def _show_foot(self, subject: Subject) -> None:
        allowed = subject.step == STEP_SUPPLIED and self._live and self._may_ask
        for button in (self.reduce_button, self.back_button):
            button.setEnabled(allowed)
        if allowed:
            words = self.tr("Breakers are operated on board. From here you may ask:")
        elif not self._live:
            words = self.tr("Breakers are operated on board. Nothing can be asked at a time in the past.")
        elif not self._may_ask:
            words = self.tr("Breakers are operated on board. Your role may look, not ask.")
        else:
            words = self.tr("Breakers are operated on board. A ship can be asked while it is supplied.")
        self._foot_words.setText(words)

    # asking

    def _ask(self, quantity: str) -> None:
        subject = self._subject
        if subject is None:
            return
        ship = subject.call.ship if subject.call else self.tr("The ship")
        dialog = RequestDialog(
            self._looks, self.window(), subject.point.device, quantity, ship, subject.power_kw, self._announced_kw
        )
        dialog.sent.connect(self._confirmed)
        dialog.open()

    def _confirmed(self, request: Request) -> None:
        self.asked.emit(request)


def power_points(points: Sequence[AccessPoint]) -> list[str]:
    """Ids of the powers of access points, as Trends takes them."""
    return [f"{point.device}/power_kw" for point in points]
