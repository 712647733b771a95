"""The Plan page driven by real mouse and key events over a scripted engine, a real store and a really solved plan."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from energy_console.engine.link import CommandResult
from energy_console.gui.desk import Desk
from energy_console.gui.pages.plan.approve_bar import ConfirmDialog
from energy_console.gui.pages.plan.page import PlanPage
from energy_console.gui.pages.plan.side_card import Lines
from energy_console.gui.pages.registry import entry
from energy_console.planning.causes import Cause, Why
from energy_console.planning.proposal import Followed, PlanNews, Proposal
from energy_console.planning.schedule import Schedule, schedule_of
from optimizer.explain import limits_at_work
from optimizer.plan import Plan, Unsolved
from tests.gui.plan.conftest import METER, OpenPage, solved
from tests.gui.scripted_engine import ScriptedEngine

LEFT = Qt.MouseButton.LeftButton


def answer(page: PlanPage) -> str:
    return page.answer_line.accessibleName()


def figure(page: PlanPage, key: str) -> str:
    return page.figure_row._cells[key].accessibleName()


def plan_of(proposal: Proposal) -> Plan:
    assert isinstance(proposal.answer, Plan)
    return proposal.answer


def confirm(page: PlanPage, qtbot: QtBot, *, yes: bool) -> str:
    """Answers the question on screen by a click; returns its words."""
    dialog = page.findChild(ConfirmDialog)
    assert dialog is not None
    words = dialog.words.text()
    qtbot.mouseClick(dialog.act_button if yes else dialog.cancel_button, LEFT)
    return words


def test_the_registry_makes_the_page(plan_desk: Desk, qtbot: QtBot) -> None:
    page = entry("plan").make(plan_desk)
    qtbot.addWidget(page)
    assert isinstance(page, PlanPage)


def test_without_a_plan_the_page_offers_to_make_one(open_page: OpenPage, plan_engine: ScriptedEngine) -> None:
    asked: list[int] = []
    plan_engine.make_plan = lambda _done: asked.append(1)  # type: ignore[method-assign]
    page = open_page()
    assert "No plan has been made yet" in page.state.accessibleName()
    page.state._button.click()
    assert asked == [1]
    assert not page.bar.approve_button.isVisible()


def test_solving_says_so_and_does_not_take_the_picture_away(
    open_page: OpenPage, plan_engine: ScriptedEngine, proposal: Proposal, qtbot: QtBot
) -> None:
    page = open_page(PlanNews(solving=True))
    assert "Making a plan" in page.state.accessibleName()
    plan_engine.tell(plan=PlanNews(proposal=proposal))
    qtbot.waitUntil(page.picture.isVisible)
    plan_engine.tell(plan=PlanNews(proposal=proposal, solving=True))
    qtbot.waitUntil(lambda: "Making a plan" in answer(page))
    assert page.picture.isVisible()
    assert not page.bar.make_button.isEnabled()
    assert not page.bar.approve_button.isEnabled()


def test_a_proposal_is_answered_in_words_and_figures(open_page: OpenPage, proposal: Proposal) -> None:
    page, plan = open_page(PlanNews(proposal=proposal)), plan_of(proposal)
    assert answer(page).startswith("Ready to approve.")
    assert "nothing required is missed" in answer(page)
    assert f"{plan.cost_eur:.0f}" in figure(page, "cost").replace(" ", "")
    assert f"{plan.saved_eur:.0f}" in figure(page, "saved").replace(" ", "")
    assert "optimal" in figure(page, "solved")
    assert "0 kWh" in figure(page, "missed")


def test_the_stack_adds_up_to_net_import_in_every_step(open_page: OpenPage, proposal: Proposal) -> None:
    page = open_page(PlanNews(proposal=proposal))
    day = page.picture.day
    assert day is not None
    total = sum(day.bands.values()) + day.sources
    assert total == pytest.approx(plan_of(proposal).outcome.net_kw, abs=1e-6)


def test_the_dearest_limit_is_chosen_and_explained(open_page: OpenPage, proposal: Proposal) -> None:
    page = open_page(PlanNews(proposal=proposal))
    dearest = limits_at_work(plan_of(proposal))[0]
    assert dearest.node == "hub"
    assert page.picture.selected == dearest.first_step
    assert "Bus depot is full" in page.why_card.words
    assert f"saves {dearest.eur_per_kw:.2f} EUR" in page.why_card.words


def test_who_is_on_the_limit_adds_up_to_it(open_page: OpenPage, proposal: Proposal) -> None:
    page = open_page(PlanNews(proposal=proposal))
    assert page.why_card._sum.text() == "Sum = limit of Bus depot"
    rows = [float(row.kw.text()) for row in page.why_card._rows if row.isVisible()]
    assert sum(rows) == pytest.approx(60.0, abs=1.5)  # each row is rounded
    assert page.why_card._sum_kw.text() == "60"


def test_a_click_chooses_the_interval_and_arrows_move_it(open_page: OpenPage, proposal: Proposal, qtbot: QtBot) -> None:
    page = open_page(PlanNews(proposal=proposal))
    frame, places = page.picture.frame(), page.picture.places()
    middle = (frame.edge(40) + frame.edge(41)) / 2
    qtbot.mouseClick(page.picture, LEFT, pos=QPointF(middle, places.power.center().y()).toPoint())
    assert page.picture.selected == 40
    qtbot.keyClick(page.picture, Qt.Key.Key_Right)
    assert page.picture.selected == 41
    qtbot.keyClick(page.picture, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert page.picture.selected == 37
    qtbot.keyClick(page.picture, Qt.Key.Key_Escape)
    assert page.picture.selected == -1
    assert "limits are at work" in page.why_card.words


def test_a_node_on_the_limit_can_be_asked_about_in_turn(open_page: OpenPage, proposal: Proposal, qtbot: QtBot) -> None:
    page = open_page(PlanNews(proposal=proposal))
    page._pick(page.picture.selected, "grid")  # the hub draws then
    hub = next(row for row in page.why_card._rows if row.isVisible() and row.name.whole() == "Bus depot")
    qtbot.mouseClick(hub, LEFT)
    assert "Bus depot" in page.why_card._who.whole()
    qtbot.mouseClick(page.why_card._up, LEFT)
    assert "Grid connection" in page.why_card._who.whole()


def test_a_click_on_a_row_name_unfolds_it(open_page: OpenPage, proposal: Proposal, qtbot: QtBot) -> None:
    page = open_page(PlanNews(proposal=proposal))
    assert [row.row.road_class for row in page.picture.lights()] == ["M3", "P4"]
    places = page.picture.places()
    qtbot.mouseClick(page.picture, LEFT, pos=QPoint(40, round(places.light.top() + 4)))
    assert [row.row.id for row in page.picture.lights()] == ["class M3", "G1", "G2", "class P4"]
    row = page.picture.row_at(QPointF(40, page.picture.places().light.top() + 1.5 * page.picture.places().row_px))
    assert row is not None
    assert row.id == "G1"


def test_changes_against_the_plan_in_force_add_up(open_page: OpenPage, proposal: Proposal, in_force: Schedule) -> None:
    page, plan = open_page(PlanNews(proposal=proposal, in_force=in_force)), plan_of(proposal)
    lines = page.side_card.lines.lines
    assert [line.name for line in lines] == [lines[0].name]  # only the bus that was turned differs
    old = next(asset for asset in in_force.assets if asset.kind == "charging")
    new = plan.asset(old.id)
    eur = float(((new.power_kw - old.power_kw) * plan.horizon.hours * plan.energy_price_eur_per_kwh).sum())
    eur = round(eur, 1) + 0.0  # at some hours the two cost the same, and a zero has no sign
    assert lines[0].figure.replace("−", "-") in (f"{eur:+.1f}", f"{eur:.1f}")
    assert page.bar.keep_button.text().endswith("Keep 14:00")


def test_approval_names_what_is_written_and_asks_first(
    open_page: OpenPage, plan_engine: ScriptedEngine, proposal: Proposal, qtbot: QtBot
) -> None:
    page = open_page(PlanNews(proposal=proposal))
    page.setFocus()
    qtbot.keyClick(page, Qt.Key.Key_A)
    assert "3 limits of chargers" in confirm(page, qtbot, yes=False)
    assert plan_engine.approved == []


def test_an_approved_plan_is_shown_in_force_with_its_result(
    open_page: OpenPage, plan_engine: ScriptedEngine, proposal: Proposal, qtbot: QtBot
) -> None:
    page = open_page(PlanNews(proposal=proposal))
    in_force = schedule_of(plan_of(proposal), proposal.id, proposal.name)
    assets = (Followed("G1", "lighting", 0.8, True, "ok"), Followed("G2", "lighting", 0.8, False, "L1-02: no answer"))

    def approve(plan_id: str, who: str, done: Callable[[CommandResult], None]) -> None:
        plan_engine.approved.append((plan_id, who))
        plan_engine.tell(plan=PlanNews(proposal=proposal, in_force=in_force, followed=0.97, assets=assets))
        done(CommandResult(True, "Plan 14:30 is in force: 7 of 7 set-points written and read back."))

    plan_engine.approve_plan = approve  # type: ignore[method-assign]
    qtbot.mouseClick(page.bar.approve_button, LEFT)
    confirm(page, qtbot, yes=True)
    qtbot.waitUntil(lambda: "7 of 7 set-points written and read back" in answer(page))
    assert plan_engine.approved == [(proposal.id, "M. Brandt")]
    assert page.table.is_in_force
    assert not page.bar.approve_button.isVisible()
    faulty = page.side_card.lines.lines[0]
    assert (faulty.name, faulty.words, faulty.faulty) == ("Street 2", "L1-02: no answer", True)
    assert page.side_card.lines.lines[1].words == "written, read back"


def test_a_refused_approval_is_told_and_nothing_changes(
    open_page: OpenPage, plan_engine: ScriptedEngine, proposal: Proposal, qtbot: QtBot
) -> None:
    page = open_page(PlanNews(proposal=proposal))
    words = "That plan is no longer the newest proposal: look at the new one first."
    plan_engine.approve_plan = lambda _id, _who, done: done(CommandResult(False, words))  # type: ignore[method-assign]
    page.ask_approval()
    confirm(page, qtbot, yes=True)
    qtbot.waitUntil(lambda: words in answer(page))
    assert page.bar.approve_button.isVisible()


def test_a_new_proposal_does_not_push_the_watched_plan_away(
    open_page: OpenPage, plan_engine: ScriptedEngine, plan_site, proposal: Proposal, qtbot: QtBot
) -> None:
    in_force = schedule_of(plan_of(proposal), proposal.id, proposal.name)
    page = open_page(PlanNews(proposal=proposal, in_force=in_force))
    newer = solved(plan_site, "14:45")
    page.table.watch(True)
    plan_engine.tell(plan=PlanNews(proposal=newer, in_force=in_force))
    qtbot.waitUntil(page.bar.show_button.isVisible)
    assert page.table.plan is proposal.answer  # with all its reasons
    qtbot.mouseClick(page.bar.show_button, LEFT)
    assert page.table.shown is newer
    qtbot.mouseClick(page.bar.keep_button, LEFT)
    assert page.table.shown is proposal


def test_a_plan_kept_over_a_restart_is_drawn_without_reasons_it_does_not_have(
    open_page: OpenPage, in_force: Schedule
) -> None:
    page = open_page(PlanNews(in_force=in_force))
    assert answer(page).startswith("Plan 14:00 is in force")
    assert "kept without its prices" in page.why_card.words
    assert page.bar.revert_button.isVisible()
    assert "not kept" in figure(page, "saved")


def test_revert_asks_and_tells_what_came_of_it(
    open_page: OpenPage, plan_engine: ScriptedEngine, in_force: Schedule, qtbot: QtBot
) -> None:
    page = open_page(PlanNews(in_force=in_force))
    qtbot.mouseClick(page.bar.revert_button, LEFT)
    confirm(page, qtbot, yes=True)
    assert plan_engine.reverted == ["M. Brandt"]
    qtbot.waitUntil(lambda: "went back to their own ways" in answer(page))


def test_measured_import_is_drawn_beside_the_plan_in_force(
    open_page: OpenPage, plan_engine: ScriptedEngine, in_force: Schedule, qtbot: QtBot
) -> None:
    plan_engine.read({METER: 77.0})
    page = open_page(PlanNews(in_force=in_force))
    qtbot.waitUntil(lambda: page.picture._measured is not None)
    measured = page.picture._measured
    assert measured is not None
    assert 77.0 in [round(value, 3) for value in measured.value_kw.tolist()] or (measured.value_kw > 0).any()


def test_a_refusal_shows_conflicts_and_priced_ways_out(open_page: OpenPage, refused: Proposal) -> None:
    page = open_page(PlanNews(proposal=refused))
    assert answer(page).startswith("No plan keeps every rule.")
    assert page.refusal.isVisible()
    lines = page.refusal.findChild(Lines)
    assert lines is not None
    assert any("EUR" in line.words for line in lines.lines)
    assert not page.bar.approve_button.isVisible()


@pytest.mark.parametrize(
    ("news", "words"),
    [
        (PlanNews(sentence="No tariff is valid on 2027-01-01: add one."), "No tariff is valid"),
        ("unsolved", "the solver's process ended"),
    ],
)
def test_what_kept_a_plan_from_being_made_is_told(
    open_page: OpenPage, proposal: Proposal, news: PlanNews | str, words: str
) -> None:
    if news == "unsolved":
        stopped = Unsolved("the solver's process ended before it was done; ask for the plan again", 1.0)
        news = PlanNews(proposal=dataclasses.replace(proposal, answer=stopped))
    assert isinstance(news, PlanNews)
    page = open_page(news)
    assert words in page.state.accessibleName()


def test_a_lost_engine_is_said_and_nothing_can_be_approved(
    open_page: OpenPage, plan_engine: ScriptedEngine, proposal: Proposal, qtbot: QtBot
) -> None:
    page = open_page(PlanNews(proposal=proposal))
    plan_engine.stop()
    qtbot.waitUntil(lambda: "engine is not answering" in answer(page))
    assert not page.bar.approve_button.isEnabled()
    assert page.picture.isVisible()


def test_who_may_not_approve_is_told_so(open_page: OpenPage, plan_desk: Desk, proposal: Proposal) -> None:
    plan_desk.permissions = frozenset({"look"})
    page = open_page(PlanNews(proposal=proposal))
    assert not page.bar.approve_button.isEnabled()
    assert "not approve them" in page.bar.remark_line.whole()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(("width", "height"), [(1188, 600), (1508, 780), (1828, 960)])
def test_the_strips_lie_one_under_the_other_in_every_size(
    open_page: OpenPage,
    proposal: Proposal,
    in_force: Schedule,
    picture: Callable[[str], Path],
    plan_desk: Desk,
    qtbot: QtBot,
    width: int,
    height: int,
    theme: str,
) -> None:
    before = plan_desk.looks.theme.name
    plan_desk.looks.use(theme)
    try:
        page = open_page(PlanNews(proposal=proposal, in_force=in_force), width, height)
        qtbot.wait(50)  # the layout has taken in the new words
        assert page.grab().save(str(picture(f"plan-{width}x{height}-{theme}")))
    finally:
        plan_desk.looks.use(before)
    places = page.picture.places()
    strips = [places.price, places.power, places.lane, places.light_head, places.light, places.session_head]
    strips.append(places.sessions)
    for upper, lower in itertools.pairwise(strips):
        assert upper.bottom() <= lower.top() + 0.01
    assert places.sessions.bottom() <= page.picture.height()


def test_what_brought_a_new_proposal_is_told_beside_its_changes(
    open_page: OpenPage, proposal: Proposal, in_force: Schedule
) -> None:
    cause = Cause(Why.ARRIVAL, "bus-12", "Bus 12 arrives 40 min later", 60.0)
    told = dataclasses.replace(proposal, causes=(cause,), because="CP-03 does not answer")
    page = open_page(PlanNews(proposal=told, in_force=in_force))
    assert "Since Bus 12 arrives 40 min later." in page.side_card.words.text()
    assert "made since CP-03 does not answer" in answer(page)


def test_an_overload_that_no_plan_can_help_stands_first(open_page: OpenPage, proposal: Proposal) -> None:
    words = "Feeder F3 is forecast 104 kW beyond its 2,700 kW at 10:00-10:45, whatever is planned"
    page = open_page(PlanNews(proposal=dataclasses.replace(proposal, warnings=(words,))))
    assert "Overload ahead: Feeder F3" in answer(page)
