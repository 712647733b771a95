"""The Plan page: the next day in one picture, why it is so, what it changes, and the acts that put it in force."""

from __future__ import annotations

import datetime as dt

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from energy_console.gui.asking import Asking
from energy_console.gui.desk import Desk
from energy_console.gui.format import number, stamp
from energy_console.gui.pages.page import Page
from energy_console.gui.pages.plan.acts import PlanActs
from energy_console.gui.pages.plan.against import changes
from energy_console.gui.pages.plan.approve_bar import Acts, ApproveBar
from energy_console.gui.pages.plan.commanded import class_lines, commanded
from energy_console.gui.pages.plan.day import PlannedDay, carbon_kg, day_of_proposal, day_of_schedule
from energy_console.gui.pages.plan.frame import readable, tr
from energy_console.gui.pages.plan.history import ask_net_import
from energy_console.gui.pages.plan.on_table import OnTable
from energy_console.gui.pages.plan.picture import JOIN_Y, PlanPicture
from energy_console.gui.pages.plan.power_strip import Measured
from energy_console.gui.pages.plan.refusal import RefusalCard
from energy_console.gui.pages.plan.side_card import SideCard
from energy_console.gui.pages.plan.states import nothing_to_draw
from energy_console.gui.pages.plan.why_card import WhyCard
from energy_console.gui.pages.plan.words import (
    Figure,
    answer_of_plan,
    answer_of_schedule,
    captions,
    figures_of,
    figures_of_schedule,
)
from energy_console.gui.parts.answer_line import AnswerLine
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.figure_row import FigureRow
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.theme import CARD_GAP, PAGE_MARGIN
from energy_console.planning.causes import in_words
from energy_console.planning.proposal import PlanNews, Proposal
from energy_console.planning.schedule import Schedule, schedule_of
from optimizer.explain import why
from optimizer.plan import Cause, Infeasible, Plan

_TICK_MS = 5000
_MEASURED_EVERY_S = 60.0
_WIDE_PX, _SIDE_PX, _SIDE_NARROW_PX = 1320, 376, 316
_MEASURED_MOVED_S = 60.0  # of the moment of the past, before what was measured until then is asked for again
_LOST_AFTER_S = 15.0
_NOTHING = PlanNews()


class PlanPage(Page):
    """Shows the newest proposal, or the plan in force where a person keeps it or there is no proposal."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._tables = {True: OnTable(), False: OnTable()}  # live, and of the past: neither changes the other
        self.acts = PlanActs(desk, self)
        self._shown = ""  # what is on the picture: its id, and whether it is the one in force
        self._of_past = False  # whether what is on the picture is of the past
        self._day: PlannedDay | None = None
        self._plan: Plan | None = None
        self._refused: Infeasible | None = None
        self._measured_asking = Asking(desk, _MEASURED_EVERY_S, _MEASURED_MOVED_S)
        self._ticker = QTimer(self)
        self._ticker.setInterval(_TICK_MS)
        self._ticker.timeout.connect(self._tick)
        self._build()

    # building

    def _build(self) -> None:
        looks = self.looks
        outer = QVBoxLayout(self)
        outer.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, CARD_GAP)
        outer.setSpacing(CARD_GAP)
        self.answer_line = AnswerLine(looks)
        self.figure_row = FigureRow(captions(), tr("The plan in figures"), beside=True)
        self.picture = PlanPicture(looks, self.desk.site.place.zone, lambda: self.desk.time.now().timestamp())
        self.why_card = WhyCard(looks)
        self.side_card = SideCard(looks)
        self.state = StatePane(looks)
        self.refusal = RefusalCard(looks)
        self.bar = ApproveBar(looks)
        self.stack = QStackedWidget()
        for widget in (self._day_view(), self.state, self.refusal):
            self.stack.addWidget(widget)
        outer.addWidget(self.answer_line)
        outer.addWidget(self.figure_row)
        outer.addWidget(self.stack, 1)
        outer.addWidget(self.bar)
        outer.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self._connect()

    def _day_view(self) -> QWidget:
        self._card = Card()
        self._card.body.addWidget(self.picture, 1)
        self._side = QWidget()
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(CARD_GAP)
        side.addWidget(self.why_card, 62)
        side.addWidget(self.side_card, 38)
        view = _JoinedView(self)
        row = QHBoxLayout(view)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(CARD_GAP)
        row.addWidget(self._card, 1)
        row.addWidget(self._side)
        return view

    def _connect(self) -> None:
        self.picture.picked.connect(self._pick)
        self.why_card.picked.connect(self._pick)
        self.why_card.asked.connect(lambda node: self._pick(self.picture.selected, node))
        self.why_card.closed.connect(lambda: self._pick(-1, ""))
        self.bar.make.connect(self.make_plan)
        self.bar.approve.connect(self.ask_approval)
        self.bar.keep.connect(lambda: self._watch(True))
        self.bar.show_newest.connect(lambda: self._watch(False))
        self.bar.revert.connect(self.ask_revert)
        self.acts.approved.connect(self._approved)
        self.acts.changed.connect(self.refresh_now)

    # the frame's calls

    def minimumSizeHint(self) -> QSize:
        return QSize(720, 470)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ticker.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._ticker.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._side.setFixedWidth(_SIDE_PX if self.width() >= _WIDE_PX else _SIDE_NARROW_PX)

    def select(self, what: object) -> None:
        """A node: the first step in which its limit holds the plan."""
        if self._day is None:
            return
        for limit in self._day.limits:
            if limit.node == what:
                self._pick(limit.first_step, limit.node)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, plain = event.key(), not event.modifiers()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and not self.picture.hasFocus():
            self.picture.setFocus()
            self.picture.keyPressEvent(event)
        elif key == Qt.Key.Key_M and plain and self.bar.make_button.isEnabled():
            self.make_plan()
        elif (
            key == Qt.Key.Key_A
            and plain
            and self.bar.approve_button.isVisible()
            and self.bar.approve_button.isEnabled()
        ):
            self.ask_approval()
        elif key == Qt.Key.Key_Escape and self.picture.selected >= 0:
            self._pick(-1, "")
        else:
            super().keyPressEvent(event)

    # what is shown

    def refresh(self) -> None:
        """Everything from the newest word of the planner."""
        self._take_news()
        self._show_state()

    def _take_news(self) -> None:
        news = self.desk.plan
        if news is None and not self.desk.time.live:
            news = _NOTHING  # known of the moment picked until the store has answered
        if isinstance(news, PlanNews) and news is not self.table.news:
            if news.proposal is not self.table.news.proposal and not self.table.is_in_force:
                self.acts.said = None
            self.table.take(news)

    def _tick(self) -> None:
        self._show_state()
        self.picture.update()

    @property
    def table(self) -> OnTable:
        return self._tables[self.desk.time.live]

    @property
    def _lost(self) -> bool:
        health = self.desk.latest.health
        return (health is not None and not health.running) or self.desk.latest.silence_s > _LOST_AFTER_S

    def _show_state(self) -> None:
        table = self.table
        if self._of_past == self.desk.time.live:
            self._of_past, self._shown = not self.desk.time.live, ""
        self.bar.show_acts(self._acts_now())
        if not self.desk.time.live:
            self._show_past()
            return
        if table.shown is not None and table.plan is not None:
            self._show_proposal(table.shown, table.plan)
        elif isinstance(table.refusal, Infeasible):
            self._show_refusal(table.refusal)
        elif table.schedule is not None:
            self._show_schedule(table.schedule)
        else:
            self._show_nothing()
        self._say_over()

    def _show_past(self) -> None:
        """The plan in force then, against what was; proposals are not kept, but the journal names them."""
        moment = stamp(self.desk.time.now(), self.desk.site.place.zone)
        if (schedule := self.table.news.in_force) is not None:
            self._show_schedule(schedule)
            said = answer_of_schedule(schedule, self.table.news)
            self.answer_line.say(tr("At {0}: {1}").format(moment, said.first), said.rest, said.priority)
        elif self.desk.ready:
            self._blank(tr("At {0}: no plan was in force.").format(moment))
            words = tr("Devices went their own ways then. Alt+Shift+Right goes to the next entry of the journal.")
            self.state.say("empty", tr("No plan was in force then."), words)
        else:
            self._blank(self.desk.past.failure or tr("Reading {0} from the store…").format(moment))
            self.state.say("loading", tr("Looking up which plan was in force."), "")

    def _show_nothing(self) -> None:
        self._blank(tr("No plan yet."))
        found = nothing_to_draw(self.table.news, self.table.refusal, self._lost)
        self.state.say(found.kind, found.what, found.todo, found.act, self.make_plan)

    def _blank(self, answer: str, scope: str = "") -> None:
        self.answer_line.say(answer)
        self.scope.emit(scope)
        for key, _ in captions():
            self.figure_row.show_figure(key, None)
        self._shown, self._day, self._plan = "", None, None
        self.bar.show_classes(class_lines(self.desk, None, None))
        self.stack.setCurrentWidget(self.state)

    def _show_refusal(self, refusal: Infeasible) -> None:
        first = tr("No plan keeps every rule.")
        rest = tr("{0} requirements contradict each other; {1} ways out are priced below.")
        fresh = self.stack.currentWidget() is not self.refusal
        self._blank(first, tr("refused"))
        self.answer_line.say(first, rest.format(len(refusal.conflicts), len(refusal.ways_out)), 2)
        if fresh or refusal is not self._refused:
            self._refused = refusal
            self.refusal.show_refusal(refusal)
        self.stack.setCurrentWidget(self.refusal)

    def _show_proposal(self, proposal: Proposal, plan: Plan) -> None:
        news = self.table.news
        shown = f"{proposal.id} {news.in_force.id if news.in_force else ''}"
        if shown != self._shown:
            self._shown, self._plan = shown, plan
            self._new_day(day_of_proposal(self.desk.site, proposal, plan))
            kind = tr("plan") if self.table.is_in_force else tr("proposal")
            self.scope.emit(tr("{0} {1}, 24 h in quarter hours").format(proposal.name, kind))
            for figure in figures_of(plan):
                self._show_figure(figure)
            self._show_changes(plan)
            self._choose_first()
        age_s = (dt.datetime.now(dt.UTC) - proposal.made).total_seconds()
        said = answer_of_plan(proposal, plan, news.in_force, news.followed, age_s)
        self.answer_line.say(said.first, said.rest, said.priority)
        self._show_field()

    def _show_changes(self, plan: Plan) -> None:
        in_force, day = self.table.news.in_force, self._day
        naive = tr("Naive (full light, charge at once): {0} EUR, peaks {1}")
        causes = plan.naive.outcome.cost.by_cause_eur
        words = naive.format(number(causes[Cause.ENERGY]), number(causes[Cause.PEAK]))
        if day is None or in_force is None or self.table.is_in_force:
            self.side_card.show_changes("", None, words)
        else:
            differing = changes(plan, day, in_force, self.desk.site.place.zone)
            since = readable(in_words(proposal.causes)) if (proposal := self.table.news.proposal) is not None else ""
            self.side_card.show_changes(in_force.name, differing, words, since)

    def _show_schedule(self, schedule: Schedule) -> None:
        """The plan in force alone, as it was kept."""
        if schedule.id != self._shown:
            self._shown, self._plan = schedule.id, None
            planned = day_of_schedule(self.desk.site, schedule)
            self._new_day(planned)
            self.scope.emit(tr("{0} plan, 24 h in quarter hours").format(schedule.name))
            for figure in figures_of_schedule(planned, carbon_kg(self.desk.site, planned)):
                self._show_figure(figure)
            self.side_card.show_changes("", None, "")
            self._pick(-1, "")
        said = answer_of_schedule(schedule, self.table.news)
        self.answer_line.say(said.first, said.rest, said.priority)
        self._show_field()

    def _show_figure(self, figure: Figure) -> None:
        self.figure_row.show_figure(figure.key, figure.value, figure.unit, figure.note, figure.name)

    def _new_day(self, planned: PlannedDay) -> None:
        self._day = planned
        self.picture.show_measured(None)
        self.picture.show_day(planned)
        self._measured_asking.forget()

    def _show_field(self) -> None:
        """What is written, how it follows, and what was measured."""
        news, shown, plan = self.table.news, self.table.shown, self.table.plan
        names = self._day.names if self._day else {}
        self.side_card.show_field(news.in_force.name if news.in_force else "", news.assets, names)
        writes = schedule_of(plan, shown.id, shown.name) if shown and plan else news.in_force
        counts = commanded(self.desk.site, writes, self.desk.time.now()) if writes else None
        self.bar.show_classes(class_lines(self.desk, news.in_force, counts))
        self.stack.setCurrentIndex(0)
        self._ask_measured()

    def _say_over(self) -> None:
        """What is going on now comes before what the plan says."""
        if self._lost:
            words = tr("What is shown is the last that was heard; nothing can be made or approved until it is back.")
            self.answer_line.say(tr("The engine is not answering."), words, 2)
        elif self.acts.busy:
            self.answer_line.say(self.acts.busy)
        elif self.table.news.solving:
            words = tr("The plan shown stays in sight until the new one is there.") if self._day else ""
            self.answer_line.say(tr("Making a plan…"), words)
        elif self.acts.said is not None:
            said = self.acts.said
            self.answer_line.say(said.first, said.rest, said.priority)

    def _acts_now(self) -> Acts:
        table = self.table
        in_force = table.news.in_force
        idle = not table.news.solving and not self.acts.busy and not self._lost and self.desk.time.live
        new = table.shown is not None and table.plan is not None and not table.is_in_force
        return Acts(
            make=idle,
            approve=table.shown.name if new and table.shown else "",
            keep=in_force.name if in_force and not table.is_in_force else "",
            revert=in_force.name if in_force and table.is_in_force else "",
            show=table.waiting.name if table.waiting else "",
            allowed=idle and self.desk.may("approve"),
            note=self._act_note(new),
        )

    def _act_note(self, new: bool) -> str:
        if not self.desk.may("approve"):
            return tr("Your role may look at plans, not approve them.")
        if new:
            return tr("written at once, revert any time")
        in_force = self.table.news.in_force
        return tr("devices then go their own ways") if in_force else tr("nothing is written until you approve")

    # the interval chosen

    def _choose_first(self) -> None:
        """The dearest limit, else now."""
        day = self._day
        if day is None:
            return
        if day.limits:
            self._pick(day.limits[0].first_step, day.limits[0].node)
        else:
            self._pick(day.step_at(self.desk.time.now().timestamp()), "")

    def _pick(self, step: int, node: str) -> None:
        day, plan, shown = self._day, self._plan, self.table.shown
        if day is None:
            return
        if step < 0 or plan is None or shown is None:
            self.picture.select(step, "", (), (0, 0))
            self.why_card.show_limits(day.limits, known=plan is not None)
            self._join()
            return
        told = why(shown.problem, plan, step, node or None)
        span = (told.limit.first_step, told.limit.last_step) if told.limit else (step, step)
        self.picture.select(step, told.node, [one.id for one in told.held], span)
        above = plan.node(told.node).parent
        parent = (above, plan.node(above).name) if above is not None else None
        nodes = frozenset(one.id for one in plan.nodes)
        self.why_card.show_why(told, self.picture.interval_words(step), parent, nodes)
        self._join()

    def _join(self) -> None:
        parent = self._card.parentWidget()
        if parent is not None:
            parent.update()

    def join_line(self) -> tuple[int, int, int] | None:
        """Left, right and height of the line from the picture to "Why here?", px of the view; None without."""
        if self.picture.selected < 0 or self._plan is None:
            return None
        y = self._card.y() + self.picture.y() + round(JOIN_Y)
        return self._card.x() + self._card.width() - 1, self._side.x(), y

    # measured

    def _ask_measured(self) -> None:
        """Net import since the plan began, for the plan in force only."""
        day, in_force, meter = self._day, self.table.news.in_force, self.desk.site.root.meter
        if day is None or meter is None or in_force is None or in_force.id != day.id:
            return

        def take(measured: Measured) -> None:
            if self._day is day:
                self.picture.show_measured(measured)

        start_ns = round(float(day.edges_s[0])) * 10**9
        question = ask_net_import(meter, start_ns, max(self.desk.shown_ns(), start_ns + 1))
        self._measured_asking.ask(day.id, question, take, self._ask_measured)

    # acts

    def make_plan(self) -> None:
        self.table.watch(False)
        self.acts.make()

    def ask_approval(self) -> None:
        if self.table.shown is not None:
            self.acts.ask_approval(self.table.shown)

    def ask_revert(self) -> None:
        if self.table.news.in_force is not None:
            self.acts.ask_revert(self.table.news.in_force)

    def _approved(self, plan_id: str) -> None:
        """Who has approved a plan watches it."""
        self._take_news()
        in_force = self.table.news.in_force
        if in_force is not None and in_force.id == plan_id:
            self.table.watch(True)

    def _watch(self, in_force: bool) -> None:
        self.table.watch(in_force)
        self.acts.said = None
        self._show_state()


class _JoinedView(QWidget):
    """Picture and cards side by side, with the line that joins the chosen interval to its reasons."""

    def __init__(self, page: PlanPage) -> None:
        super().__init__()
        self._page = page

    def paintEvent(self, event: QPaintEvent) -> None:
        line = self._page.join_line()
        if line is None:
            return
        painter = QPainter(self)
        painter.setPen(QPen(self._page.looks.theme.accent, 1))
        painter.drawLine(line[0], line[2], line[1], line[2])
        painter.end()
