"""The Overview page: the answer in words, five figures, power against the limit, areas, what needs a person."""

from __future__ import annotations

import datetime as dt
import math
import time
from functools import partial

import numpy as np
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from energy_console.engine.link import AlarmView
from energy_console.gui.asking import Asking
from energy_console.gui.desk import Desk
from energy_console.gui.format import clock, day, number, percent
from energy_console.gui.pages.overview.areas import AreaKind, AreaWords, kinds
from energy_console.gui.pages.overview.attention import AttentionList
from energy_console.gui.pages.overview.figures import Behind, look_behind
from energy_console.gui.pages.overview.marks import KINDS, marks_of
from energy_console.gui.pages.overview.stack_plot import StackPicture, StackPlot
from energy_console.gui.pages.overview.tiles import AreaTile
from energy_console.gui.pages.page import Page
from energy_console.gui.parts.answer_line import AnswerLine
from energy_console.gui.parts.button import Button
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.key_figure import KeyFigure
from energy_console.gui.parts.range_bar import BarRange
from energy_console.gui.theme import CARD_GAP, PAGE_MARGIN
from energy_console.journal.entry import Entry
from energy_console.journal.reading import JournalQuestion, read_journal
from energy_console.live.power_stack import Stack, net_point, planned_stack
from energy_console.planning.proposal import PlanNews
from energy_console.planning.schedule import Schedule, schedule_of
from energy_console.site.model import ShipCall
from energy_console.site.prices import carbon_kg_per_kwh, price_curve
from energy_console.site.sun import dusk_and_dawn
from energy_console.site.timetable import ship_calls
from hardware.points import is_usable
from optimizer.plan import Plan

_BEHIND_EVERY_S, _BEHIND_SOON_S, _CALLS_EVERY_S = 20.0, 4.0, 60.0
_MARKS_EVERY_S = 10.0
_BEHIND_MOVED_S = 120.0  # of the moment of the past, before the hours behind it are asked for again
_PAST_H, _AHEAD_H, _NEXT_H = 6.0, 18.0, 6.0
_ATTENTION_PX, _ATTENTION_SMALL_PX, _WIDE_PX = 346, 280, 1300


class OverviewPage(Page):
    """See the module. The store is asked off the GUI thread every `_BEHIND_EVERY_S`; all is of the time shown."""

    refresh_ms = 1000

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._words = AreaWords(desk.site, desk.live)
        self._net = net_point(desk.site)
        self._areas = _area_names(desk)
        self._found: Behind | None = None
        self._marked: list[Entry] = []
        self._marks_asking = Asking(desk, _MARKS_EVERY_S, _BEHIND_MOVED_S)
        self._asking = Asking(desk, _BEHIND_EVERY_S, _BEHIND_MOVED_S)
        self._calls: tuple[ShipCall, ...] = ()
        self._calls_s = -1e9
        self._schedule: tuple[object, Schedule | None] = (None, None)
        self._build()

    # building

    def _build(self) -> None:
        self._answer = AnswerLine(self.looks, big=True)
        names = {
            "import": self.tr("Grid import now"),
            "ahead": self.tr("Highest quarter hour, next 6 h"),
            "today": self.tr("Energy and cost today"),
            "carbon": self.tr("CO₂ from grid import"),
            "own": self.tr("Own sun and wind now"),
        }
        self._figures = {key: KeyFigure(self.looks, name) for key, name in names.items()}
        figures = QHBoxLayout()
        figures.setSpacing(CARD_GAP)
        for card in self._figures.values():
            figures.addWidget(card, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE_MARGIN, 4, PAGE_MARGIN, CARD_GAP)
        column.setSpacing(CARD_GAP)
        column.addWidget(self._answer)
        column.addLayout(figures)
        lower = QHBoxLayout()
        lower.setSpacing(CARD_GAP)
        lower.addLayout(self._middle(), 1)
        self._attention = AttentionList(self.looks)
        self._attention.setFixedWidth(_ATTENTION_PX)
        self._attention.opened.connect(self._open_alarm)
        lower.addWidget(self._attention)
        column.addLayout(lower, 1)

    def _middle(self) -> QVBoxLayout:
        self._stack_card = Card(self.tr("Power against the grid limit"), "", tools=True)
        self._stack_card.add_tool(Button(self.looks, self.tr("Trend"), "chart-line", "card", on_click=self._trend))
        open_plan = Button(self.looks, self.tr("Open plan"), "calendar-check", "card")
        open_plan.clicked.connect(lambda _checked=False: self.desk.open_page.emit("plan", None))
        self._stack_card.add_tool(open_plan)
        self._plot = StackPlot(self.looks, self.desk.site.place.zone)
        self._stack_card.body.addWidget(self._plot, 1)
        self._tiles = {kind.key: (kind, self._tile(kind)) for kind in kinds() if self._has(kind)}
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(CARD_GAP)
        for place, (_, tile) in enumerate(self._tiles.values()):
            grid.addWidget(tile, 0, place)
            grid.setColumnStretch(place, 1)
        middle = QVBoxLayout()
        middle.setSpacing(CARD_GAP)
        middle.addWidget(self._stack_card, 5)
        if self._tiles:
            middle.addWidget(holder, 2)
        return middle

    def _has(self, kind: AreaKind) -> bool:
        return any(device.area in kind.areas for device in self.desk.site.devices)

    def _tile(self, kind: AreaKind) -> AreaTile:
        tile = AreaTile(self.looks, kind.key, kind.name, kind.icon)
        tile.opened.connect(lambda _key, page=kind.page: self.desk.open_page.emit(page, None))
        return tile

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._attention.setFixedWidth(_ATTENTION_PX if self.width() > _WIDE_PX else _ATTENTION_SMALL_PX)

    # what happens

    def _trend(self) -> None:
        self.desk.trend.emit([self._net])
        self.desk.open_page.emit("trends", None)

    def _open_alarm(self, alarm: AlarmView) -> None:
        self.desk.open_page.emit("devices", alarm.source)

    # asking

    def refresh(self) -> None:
        moment = self.desk.time.now()
        self._ask(moment)
        if abs(time.monotonic() - self._calls_s) > _CALLS_EVERY_S or not self.desk.time.live:
            self._calls_s = time.monotonic()
            self._calls = ship_calls(self.desk.site, moment, moment + dt.timedelta(minutes=1))
        planned, name = self._planned()
        self._show_answer(planned, moment)
        self._show_now(moment)
        self._show_ahead(planned, moment)
        self._show_stack(planned, name, moment)
        self._show_tiles(moment)
        self._attention.show_alarms(self.desk.alarms, self._areas, round(moment.timestamp() * 1e9))

    def _ask(self, moment: dt.datetime) -> None:
        self._asking.every_s = _BEHIND_EVERY_S if self._knows_enough() else _BEHIND_SOON_S
        site, also = self.desk.site, [kind.point for kind, _ in self._tiles.values()]
        question = partial(look_behind, site, moment=moment, also=also)
        self._asking.ask("", question, self._take_behind, self.refresh_now)
        now_ns, past_ns = self.desk.shown_ns(), round(_PAST_H * 3600e9)
        journal = JournalQuestion(now_ns - past_ns, now_ns + 1, KINDS)
        self._marks_asking.ask(
            "", lambda historian: read_journal(historian, journal), self._take_marked, self.refresh_now
        )

    def _take_marked(self, entries: list[Entry]) -> None:
        self._marked = entries

    def _knows_enough(self) -> bool:
        """Whether the hours behind are mostly known: a store that was just begun is still being filled."""
        return self._behind is not None and bool(np.isfinite(self._behind.stack.net_kw).mean() > 0.5)

    def _take_behind(self, behind: Behind) -> None:
        self._found = behind
        self._show_curves(behind)
        self.refresh_now()

    @property
    def _behind(self) -> Behind | None:
        """What the store knows, where it is of the time shown."""
        return self._found if self._asking.holds else None

    def _planned(self) -> tuple[Stack | None, str]:
        """The plan in force or the newest proposal as a stack, and its name; of the past the plan in force then."""
        news = self.desk.plan
        if not isinstance(news, PlanNews):
            return None, ""
        schedule = news.in_force
        if schedule is None and news.proposal is not None and isinstance(news.proposal.answer, Plan):
            if self._schedule[0] is not news.proposal:
                made = schedule_of(news.proposal.answer, news.proposal.id, news.proposal.name)
                self._schedule = (news.proposal, made)
            schedule = self._schedule[1]
        if schedule is None:
            return None, ""
        powers = {asset.id: np.asarray(asset.power_kw) for asset in schedule.assets}
        net = np.asarray(schedule.net_kw)
        words = self.tr("plan of {0}") if news.in_force else self.tr("proposal of {0}")
        stack = planned_stack(self.desk.site, schedule.start, schedule.steps_h, powers, net)
        return stack, words.format(schedule.name)

    # showing

    def _show_answer(self, planned: Stack | None, moment: dt.datetime) -> None:
        health = self.desk.health
        urgent = next((alarm for alarm in self.desk.alarms if alarm.state != "acknowledged"), None)
        if health is None or health.answering == 0:
            self._answer.say(self.tr("Waiting for the field."), self.tr("The first values come within seconds."))
        elif urgent is not None and urgent.priority <= 2:
            self._answer.say(f"{urgent.text}.", self._ahead_words(planned, moment), urgent.priority, urgent.state)
        else:
            open_now = sum(alarm.state != "acknowledged" for alarm in self.desk.alarms)
            rest = self.tr("{0} alarms of low urgency wait.").format(open_now) if open_now else ""
            self._answer.say(self.tr("Nothing is urgent."), f"{self._ahead_words(planned, moment)} {rest}".strip())

    def _ahead_words(self, planned: Stack | None, moment: dt.datetime) -> str:
        highest = self._next(planned, moment)
        if highest is None:
            return ""
        when, kw = highest
        spare = self._limit_kw - kw
        at = clock(dt.datetime.fromtimestamp(when, dt.UTC), self.desk.site.place.zone)
        if spare >= 0:
            return self.tr("The next peak, {0} kW at {1}, fits the limit.").format(number(kw), at)
        return self.tr("The next peak, {0} kW at {1}, is over the limit by {2} kW.").format(
            number(kw), at, number(-spare)
        )

    def _next(self, planned: Stack | None, moment: dt.datetime) -> tuple[float, float] | None:
        """Time and kW of the highest planned quarter hour of the next hours."""
        if planned is None:
            return None
        now_s = moment.timestamp()
        ahead = planned.until(now_s + 3600 * _NEXT_H)
        kept = ahead.time_s[1:] > now_s
        net = np.where(kept, ahead.net_kw, np.nan)
        return Stack(ahead.time_s, ahead.layers, net).highest

    @property
    def _limit_kw(self) -> float:
        return self.desk.site.root.limit_kw

    def _now_kw(self, point: str) -> float:
        """The value at the time shown; NaN where there is none."""
        table = self.desk.table
        if point not in table.index:
            return math.nan
        row = table.index[point]
        return float(table.value[row]) if is_usable(table.status[row : row + 1])[0] else math.nan

    def _show_now(self, moment: dt.datetime) -> None:
        site, limit, behind = self.desk.site, self._limit_kw, self._behind
        kw = self._now_kw(self._net)
        normal = behind.normal_kw if behind else None
        words = (
            self.tr("normal at this hour {0} to {1}").format(number(normal[0]), number(normal[1]))
            if normal
            else self.tr("normal range after 3 days")
        )
        self._figures["import"].show_value(
            None if math.isnan(kw) else number(kw),
            "kW",
            BarRange(kw, limit * 1.02, normal=normal, limit=limit) if not math.isnan(kw) else None,
            note=self.tr("{0} of {1} kW").format(percent(kw / limit), number(limit)),
            left=words,
            right=self.tr("limit"),
        )
        self._show_today()
        intensity = carbon_kg_per_kwh(site, moment)
        rate = kw * intensity / 1000.0
        kg = behind.today_kg if behind else math.nan
        self._figures["carbon"].show_value(
            None if math.isnan(rate) else number(rate, 2),
            "t/h",
            BarRange(rate, max(limit * intensity / 1000.0, 1e-9)) if not math.isnan(rate) else None,
            note="" if math.isnan(kg) else self.tr("{0} t today").format(number(kg / 1000.0, 1)),
            left=self.tr("grid {0} g/kWh at this hour").format(number(1000 * intensity)),
        )
        self._show_own(kw)

    def _show_today(self) -> None:
        behind = self._behind
        if behind is None or math.isnan(behind.today_kwh):
            self._figures["today"].show_value(None, "MWh", None, left=self.tr("nothing kept since midnight"))
            return
        local = behind.moment.astimezone(self.desk.site.place.zone)
        share = (local.hour * 60 + local.minute) / 1440.0
        whole = behind.today_kwh / max(share, 1e-3) / 1000.0
        mean = 1000.0 * behind.today_eur / behind.today_kwh if behind.today_kwh > 0 else math.nan
        self._figures["today"].show_value(
            number(behind.today_kwh / 1000.0, 1),
            "MWh",
            BarRange(behind.today_kwh / 1000.0, whole * 1.02, planned=whole),
            note=self.tr("{0} EUR").format(number(behind.today_eur)),
            left=self.tr("energy {0} EUR/MWh").format(number(mean)),
            right=self.tr("day {0}").format(number(whole)),
        )

    def _show_own(self, import_kw: float) -> None:
        made = self._now_kw("site/generation_kw")
        used = self._now_kw("site/consumption_kw")
        share = made / used if used and used > 0 else math.nan
        behind = self._behind
        today = behind.own_today_kwh / behind.used_today_kwh if behind and behind.used_today_kwh > 0 else math.nan
        self._figures["own"].show_value(
            None if math.isnan(share) else number(100 * share),
            "%",
            BarRange(100 * share, 100.0) if not math.isnan(share) else None,
            note="" if math.isnan(made) else self.tr("{0} kW").format(number(made)),
            left=self.tr("of what is used"),
            right="" if math.isnan(today) else self.tr("{0} today").format(percent(today)),
        )

    def _show_ahead(self, planned: Stack | None, moment: dt.datetime) -> None:
        highest = self._next(planned, moment)
        card = self._figures["ahead"]
        so_far = self._behind.month_peak_kw if self._behind else math.nan
        left = "" if math.isnan(so_far) else self.tr("month so far {0}").format(number(so_far))
        if highest is None:
            card.show_value(None, "kW", None, left=left or self.tr("no plan yet"))
            return
        when, kw = highest
        limit = self._limit_kw
        at = clock(dt.datetime.fromtimestamp(when, dt.UTC), self.desk.site.place.zone)
        card.show_value(
            number(kw),
            "kW",
            BarRange(kw, limit * 1.02, limit=limit, p90=None if math.isnan(so_far) else so_far),
            note=self.tr("{0} at {1}").format(percent(kw / limit), at),
            left=left,
            right=self.tr("limit"),
        )

    def _show_stack(self, planned: Stack | None, name: str, moment: dt.datetime) -> None:
        site, now_s = self.desk.site, moment.timestamp()
        ahead_h = _AHEAD_H if planned is not None else 1.0
        start_s, end_s = now_s - 3600 * _PAST_H, now_s + 3600 * ahead_h
        start, end = (dt.datetime.fromtimestamp(s, dt.UTC) for s in (start_s, end_s))
        hours = [start.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=k) for k in range(26)]
        edges = [start, *[hour for hour in hours if start < hour < end], end]
        curve = price_curve(site, edges)
        self._plot.show_picture(
            StackPicture(
                start_s,
                end_s,
                now_s,
                self.desk.time.live,
                self._behind.stack if self._behind else None,
                _after(planned, now_s).until(end_s) if planned else None,
                name,
                self._limit_kw,
                _nights(self.desk, start, end),
                self._behind.simulated_until_s if self._behind else 0.0,
                np.array([edge.timestamp() for edge in edges]),
                1000.0 * curve.import_eur_per_kwh,
                marks_of(self._marked) if self._marks_asking.holds else (),
            )
        )
        remark = self.tr("last 6 h measured, next 18 h planned") if planned else self.tr("last 6 h measured")
        if not self.desk.time.live:
            remark = self.tr("6 h before {0} {1}").format(day(moment, site.place.zone), clock(moment, site.place.zone))
        self._stack_card.say(self.tr("Power against the grid limit"), remark)

    def _show_curves(self, behind: Behind) -> None:
        """Six hours of each area, thinned to what a tile can show."""
        for kind, tile in self._tiles.values():
            if (values := behind.curves.get(kind.point)) is not None:
                tile.show_curve(values[::4])

    def _show_tiles(self, moment: dt.datetime) -> None:
        table = self.desk.table
        for kind, tile in self._tiles.values():
            kw = self._now_kw(kind.point)
            words = self._words.words(kind.key, table, moment, self._calls)
            alarms = [alarm for alarm in self.desk.alarms if self._areas.get(alarm.source) == kind.name]
            shown = None if math.isnan(kw) else number(kw)
            foot = self.tr("heat, last 6 h") if kind.key == "heat" else self.tr("last 6 h")
            tile.show_area(words, shown, kind.unit, foot, alarms)


def _after(stack: Stack, now_s: float) -> Stack:
    """A plan from now on: what it said of the past is not shown over what was measured."""
    first = max(0, int(np.searchsorted(stack.time_s, now_s, side="right")) - 1)
    time_s = stack.time_s[first:].copy()
    if len(time_s):
        time_s[0] = max(time_s[0], now_s)
    return Stack(time_s, {layer: values[first:] for layer, values in stack.layers.items()}, stack.net_kw[first:])


def _nights(desk: Desk, start: dt.datetime, end: dt.datetime) -> tuple[tuple[float, float], ...]:
    found = []
    for hours in range(-12, 37, 12):
        night = dusk_and_dawn(desk.site.place, start + dt.timedelta(hours=hours))
        if night and night[1] > start and night[0] < end:
            found.append((night[0].timestamp(), night[1].timestamp()))
    return tuple(dict.fromkeys(found))


def _area_names(desk: Desk) -> dict[str, str]:
    """Name of the tile that a device belongs to, by device id."""
    by_area = {area: kind.name for kind in kinds() for area in kind.areas}
    return {device.id: by_area.get(device.area, "") for device in desk.site.devices}
