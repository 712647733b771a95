"""The Plan page: the next day in one picture, why it is so, what it changes, and the acts that put it in force."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from energy_console.engine.link import CommandResult
from energy_console.gui.desk import Desk
from energy_console.gui.format import number
from energy_console.gui.pages.page import Page
from energy_console.gui.pages.plan.against import changes
from energy_console.gui.pages.plan.approve_bar import Acts, ApproveBar, ConfirmDialog
from energy_console.gui.pages.plan.commanded import Commanded, class_lines, commanded
from energy_console.gui.pages.plan.day import PlannedDay, day_of_proposal, day_of_schedule
from energy_console.gui.pages.plan.frame import tr
from energy_console.gui.pages.plan.history import ask_net_import
from energy_console.gui.pages.plan.picture import JOIN_Y, PlanPicture
from energy_console.gui.pages.plan.power_strip import Measured
from energy_console.gui.pages.plan.refusal import RefusalCard
from energy_console.gui.pages.plan.side_card import SideCard
from energy_console.gui.pages.plan.why_card import WhyCard
from energy_console.gui.pages.plan.words import Figure, Said, answer_of_plan, answer_of_schedule, captions, figures_of
from energy_console.gui.parts.answer_line import AnswerLine
from energy_console.gui.parts.card import Card
from energy_console.gui.parts.figure_row import FigureRow
from energy_console.gui.parts.state_pane import StatePane
from energy_console.gui.theme import CARD_GAP, PAGE_MARGIN
from energy_console.planning.proposal import PlanNews, Proposal
from energy_console.planning.schedule import Schedule, schedule_of
from optimizer.explain import why
from optimizer.plan import Cause, Infeasible, Plan, Unsolved

_TICK_MS = 5000
_MEASURED_EVERY_S = 60.0
_WIDE_PX, _SIDE_PX, _SIDE_NARROW_PX = 1320, 376, 316
_LOST_AFTER_S = 15.0


class PlanPage(Page):
    """Shows the newest proposal, or the plan in force where a person keeps it or there is no proposal."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._news = PlanNews()
        self._shown = ""  # what is on the picture: its id, and whether it is the one in force
        self._day: PlannedDay | None = None
        self._plan: Plan | None = None
        self._set_aside = ""  # id of the proposal that a person did not want
        self._said: Said | None = None  # the result of the last act, until the news changes
        self._busy = ""  # the act under way, in words
        self._node = ""
        self._measured_asked_s = -1e9
        self._names: dict[str, str] = {}
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
        self.picture = PlanPicture(looks, self.desk.site.place.zone)
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
        side.addWidget(self.why_card, 56)
        side.addWidget(self.side_card, 44)
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
        self.bar.keep.connect(self._keep)
        self.bar.revert.connect(self.ask_revert)

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
        news = self.desk.latest.plan
        if isinstance(news, PlanNews) and news is not self._news:
            if news.proposal is not self._news.proposal:
                self._said = None
            self._news = news
        self._show_state()

    def _tick(self) -> None:
        self._show_state()
        self.picture.update()

    @property
    def _offered(self) -> Proposal | None:
        """The proposal on the table, unless a person has set it aside."""
        proposal = self._news.proposal
        return None if proposal is None or proposal.id == self._set_aside else proposal

    @property
    def _lost(self) -> bool:
        health = self.desk.latest.health
        return (health is not None and not health.running) or self.desk.latest.silence_s > _LOST_AFTER_S

    def _show_state(self) -> None:
        news, offered = self._news, self._offered
        self._show_acts()
        if not self.desk.time.live:
            self._say_past()
            return
        if offered is not None and isinstance(offered.answer, Plan):
            self._show_proposal(offered, offered.answer)
        elif offered is not None and isinstance(offered.answer, Infeasible):
            self._show_refusal(offered.answer)
        elif news.in_force is not None:
            self._show_schedule(news.in_force)
        else:
            self._show_nothing(offered)
        self._say_over()

    def _say_past(self) -> None:
        self._blank(tr("The plan is shown live only."), scope="")
        words = tr("What was planned for a past moment stands dashed in Trends.")
        self.state.say("empty", tr("No plan is shown for a moment of the past."), words, tr("Go live"), self._go_live)

    def _go_live(self) -> None:
        self.desk.time.pick(None)

    def _show_nothing(self, offered: Proposal | None) -> None:
        """No plan at all: not asked for yet, being solved, or not found."""
        news = self._news
        self._blank(tr("No plan yet."), scope="")
        if news.solving:
            words = tr("The next 24 hours are put together and solved; the console goes on meanwhile.")
            self.state.say("loading", tr("Making a plan…"), words)
        elif offered is not None and isinstance(offered.answer, Unsolved):
            self.state.say("error", tr("No plan was found."), offered.answer.reason, tr("Try again"), self.make_plan)
        elif news.sentence and news.proposal is None:
            self.state.say("error", tr("No plan could be made."), news.sentence, tr("Try again"), self.make_plan)
        elif self._lost:
            self.state.say("lost", tr("The engine is not answering."), tr("A plan can be made once it is back."))
        else:
            words = tr(
                "It takes prices, forecasts, ship calls and bookings, and proposes light and charging for 24 hours."
            )
            self.state.say("empty", tr("No plan has been made yet."), words, tr("Make a plan"), self.make_plan)

    def _blank(self, answer: str, scope: str) -> None:
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
        self._blank(first, tr("refused"))
        self.answer_line.say(first, rest.format(len(refusal.conflicts), len(refusal.ways_out)), 2)
        if self.stack.currentWidget() is not self.refusal:
            self.refusal.show_refusal(refusal)
        self.stack.setCurrentWidget(self.refusal)

    def _show_proposal(self, proposal: Proposal, plan: Plan) -> None:
        news = self._news
        in_force = news.in_force
        same = in_force is not None and in_force.id == proposal.id
        shown = f"{proposal.id} {in_force.id if in_force else ''}"
        if shown != self._shown:
            self._shown, self._plan = shown, plan
            self._new_day(day_of_proposal(self.desk.site, proposal, plan))
            self.scope.emit(
                tr("{0} {1}, 24 h in quarter hours").format(proposal.name, tr("plan") if same else tr("proposal"))
            )
            for figure in figures_of(plan):
                self._show_figure(figure)
            differing = (
                changes(plan, self._day, in_force, self.desk.site.place.zone)
                if self._day and in_force and not same
                else None
            )
            self.side_card.show_changes(in_force.name if in_force else "", differing, self._naive_words(plan))
            self._choose_first(plan)
        said = answer_of_plan(proposal, plan, in_force, news.followed)
        self.answer_line.say(said.first, said.rest, said.priority)
        self._show_field()

    def _show_schedule(self, schedule: Schedule) -> None:
        """The plan in force alone, as it was kept."""
        if schedule.id != self._shown:
            self._shown, self._plan = schedule.id, None
            self._new_day(day_of_schedule(self.desk.site, schedule))
            self.scope.emit(tr("{0} plan, 24 h in quarter hours").format(schedule.name))
            for key, _ in captions():
                self.figure_row.show_figure(key, None)
            highest = number(max(schedule.net_kw))
            self._show_figure(Figure("peak", highest, "kW", tr("planned")))
            self.side_card.show_changes("", None, "")
            self._pick(-1, "")
        said = answer_of_schedule(schedule, self._news)
        self.answer_line.say(said.first, said.rest, said.priority)
        self._show_field()

    def _show_figure(self, figure: Figure) -> None:
        self.figure_row.show_figure(figure.key, figure.value, figure.unit, figure.note)

    def _new_day(self, planned: PlannedDay) -> None:
        self._day = planned
        self._names = {row.id: row.name for row in planned.lights} | {row.id: row.name for row in planned.sessions}
        for light in planned.lights:
            self._names |= {member.id: member.name for member in light.members}
        for session in planned.sessions:
            self._names |= {member.id: member.name for member in session.members}
        self.picture.show_measured(None)
        self.picture.show_day(planned)
        self._measured_asked_s = -1e9

    def _naive_words(self, plan: Plan) -> str:
        causes = plan.naive.outcome.cost.by_cause_eur
        words = tr("Naive case: full light, charge at once. Energy {0} EUR, peak {1} EUR.")
        return words.format(number(causes[Cause.ENERGY]), number(causes[Cause.PEAK]))

    def _show_field(self) -> None:
        """What is written, how it follows, and what was measured."""
        in_force = self._news.in_force
        self.side_card.show_field(in_force.name if in_force else "", self._news.assets, self._names)
        self.bar.show_classes(class_lines(self.desk, in_force, self._to_write()))
        self.stack.setCurrentIndex(0)
        self._ask_measured()

    def _to_write(self) -> Commanded | None:
        """What the plan shown writes in the step that runs."""
        offered = self._offered
        if offered is not None and isinstance(offered.answer, Plan):
            return commanded(self.desk.site, schedule_of(offered.answer, offered.id, offered.name))
        return commanded(self.desk.site, self._news.in_force) if self._news.in_force else None

    def _say_over(self) -> None:
        """What is going on now comes before what the plan says."""
        if self._lost:
            words = tr("What is shown is the last that was heard; nothing can be made or approved until it is back.")
            self.answer_line.say(tr("The engine is not answering."), words, 2)
        elif self._busy:
            self.answer_line.say(self._busy)
        elif self._news.solving:
            words = tr("The plan shown stays in sight until the new one is there.") if self._day else ""
            self.answer_line.say(tr("Making a plan…"), words)
        elif self._said is not None:
            self.answer_line.say(self._said.first, self._said.rest, self._said.priority)
        elif (
            self._news.sentence
            and self._day is not None
            and self._news.proposal is None
            and self._news.in_force is None
        ):
            self.answer_line.say(self._news.sentence)

    def _show_acts(self) -> None:
        offered, in_force = self._offered, self._news.in_force
        idle = not self._news.solving and not self._busy and not self._lost and self.desk.time.live
        new = (
            offered is not None and isinstance(offered.answer, Plan) and (in_force is None or in_force.id != offered.id)
        )
        self.bar.show_acts(
            Acts(
                make=idle,
                approve=offered.name if new and offered else "",
                keep=in_force.name if new and in_force else "",
                revert=in_force.name if in_force and not new else "",
                allowed=idle and self.desk.may("approve"),
                note=self._act_note(new),
            )
        )

    def _act_note(self, new: bool) -> str:
        if not self.desk.may("approve"):
            return tr("Your role may look at plans, not approve them.")
        if new:
            return tr("written at once, revert any time")
        return (
            tr("revert any time: devices go their own ways")
            if self._news.in_force
            else tr("nothing is written until you approve")
        )

    # the interval chosen

    def _choose_first(self, plan: Plan) -> None:
        """The interval chosen before if there is one, else the dearest limit, else now."""
        day = self._day
        if day is None:
            return
        if day.limits:
            self._pick(day.limits[0].first_step, day.limits[0].node)
        else:
            self._pick(day.step_at(time.time()), "")

    def _pick(self, step: int, node: str) -> None:
        day, plan, offered = self._day, self._plan, self._offered
        if day is None:
            return
        if step < 0 or plan is None or offered is None:
            self.picture.select(step, "", (), (0, 0))
            self.why_card.show_limits(day.limits, known=plan is not None)
            self._join()
            return
        told = why(offered.problem, plan, step, node or None)
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
        day, in_force, meter = self._day, self._news.in_force, self.desk.site.root.meter
        if day is None or meter is None or in_force is None or in_force.id != day.id:
            return
        if time.monotonic() - self._measured_asked_s < _MEASURED_EVERY_S:
            return
        self._measured_asked_s = time.monotonic()

        def answered(result: Any) -> None:
            if self._day is day and isinstance(result, Measured):
                self.picture.show_measured(result)

        start_ns = round(float(day.edges_s[0])) * 10**9
        self.desk.query(ask_net_import(meter, start_ns, max(time.time_ns(), start_ns + 1)), answered)

    # acts

    def make_plan(self) -> None:
        """Asks for a proposal; the news brings it."""
        self._said = None
        self.desk.said.emit(tr("Making a plan…"))
        self.desk.engine.make_plan(self.desk.on_gui(self._made))

    def _made(self, answer: object) -> None:
        if isinstance(answer, CommandResult):  # the engine has stopped
            self._said = Said(tr("No plan could be made."), answer.text, 2)
        self.refresh_now()

    def ask_approval(self) -> None:
        """Says what approving writes; a person confirms."""
        offered = self._offered
        if offered is None or not isinstance(offered.answer, Plan):
            return
        counts = self._to_write() or Commanded(0, 0)
        words = tr(
            "{0} set-points are written now and read back: {1} levels of light and {2} limits of chargers. "
            "The rest follows, quarter hour by quarter hour, until {3}."
        )
        end = offered.answer.horizon.end.astimezone(self.desk.site.place.zone)
        text = words.format(counts.total, counts.lights, counts.chargers, f"{end:%H:%M}")
        fine = tr("Ships are never commanded. Who approved is kept in the journal.")
        head, act = tr("Approve the {0} plan").format(offered.name), tr("Approve and write")
        dialog = ConfirmDialog(self.looks, self, head, text, fine, act)
        dialog.accepted.connect(lambda: self._approve(offered))
        dialog.open()

    def _approve(self, proposal: Proposal) -> None:
        self._busy = tr("Writing the set-points of plan {0} and reading them back…").format(proposal.name)
        self._show_state()
        self.desk.engine.approve_plan(proposal.id, self.desk.who, self.desk.on_gui(self._acted))

    def ask_revert(self) -> None:
        in_force = self._news.in_force
        if in_force is None:
            return
        words = tr(
            "Every device that plan {0} holds goes back to its own ways: cabinets to their clock, "
            "chargers to full power."
        )
        fine = tr("Who reverted it is kept in the journal.")
        head, act = tr("Take plan {0} out of force").format(in_force.name), tr("Revert")
        dialog = ConfirmDialog(self.looks, self, head, words.format(in_force.name), fine, act)
        dialog.accepted.connect(self._revert)
        dialog.open()

    def _revert(self) -> None:
        self._busy = tr("Taking the plan out of force…")
        self._show_state()
        self.desk.engine.revert_plan(self.desk.who, self.desk.on_gui(self._acted))

    def _keep(self) -> None:
        """The proposal is set aside; the plan in force stays and is shown."""
        offered = self._offered
        if offered is not None:
            self._set_aside = offered.id
            self.desk.said.emit(
                tr("Plan {0} stays in force.").format(self._news.in_force.name if self._news.in_force else "")
            )
            self._show_state()

    def _acted(self, result: CommandResult) -> None:
        self._busy = ""
        self._said = Said(result.text, "", 0 if result.ok else 3)
        self.desk.said.emit(result.text)
        self.refresh_now()


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
