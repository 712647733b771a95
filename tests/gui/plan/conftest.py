"""The small site with light, buses and a hub, and its real problem solved once: a plan with limits at work."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from energy_console.gui.desk import Desk
from energy_console.gui.pages.plan.page import PlanPage
from energy_console.gui.theme import Looks
from energy_console.historian.embedded import open_embedded
from energy_console.planning.measured import Measured
from energy_console.planning.problem import problem_of
from energy_console.planning.proposal import PlanNews, Proposal
from energy_console.planning.schedule import Schedule, schedule_of
from energy_console.site.model import Charger, GridNode, LightingGroup, Load, PricePeriod, SessionSlot, Site
from energy_console.site.timetable import bookings
from optimizer.plan import Infeasible, Plan
from optimizer.solve import solve
from tests.gui.scripted_engine import ScriptedEngine, everyday
from tests.gui.small_site import small_site

OpenPage = Callable[..., PlanPage]
METER = "B1-01/power_kw"
EVERY_DAY = frozenset(range(7))
HUB_KW = 60.0


def planned_site(hub_kw: float = HUB_KW) -> Site:
    """Four light groups of two classes, one building, and three buses that came an hour ago and stay ten.

    The hub cannot charge them all at once. Power is cheap from two to five hours from now, whatever the hour is.
    """
    base = small_site()
    came = dt.datetime.now(base.place.zone) - dt.timedelta(hours=1)
    days, arrives_h = frozenset({came.weekday()}), came.hour + came.minute // 15 / 4
    slots = (SessionSlot(f"S{k}", f"C1-0{k}", f"Bus {k}", days, arrives_h, 10.0, 150.0, True) for k in (1, 2, 3))
    root = dataclasses.replace(base.nodes[0], meter=METER)
    return dataclasses.replace(
        base,
        nodes=(root, GridNode("hub", "Bus depot", "hub", "grid", hub_kw, 0.0, None)),
        tariffs=(dataclasses.replace(base.tariffs[0], periods=_periods((came.hour + 3) % 24)),),
        lighting=tuple(_group(number, "M3" if number < 3 else "P4") for number in range(1, 5)),
        chargers=tuple(Charger(f"C1-0{k}", f"Lane {k}", f"C1-0{k}", "hub", "bus", 50.0, 0.0, 3) for k in (1, 2, 3)),
        session_timetable=tuple(slots),
        loads=(Load("hall", "Hall", "B1-02", "grid", "offices", 400_000.0),),
    )


def _periods(cheap_from: int) -> tuple[PricePeriod, ...]:
    """Every hour of the day is a period of its own."""
    cheap = {(cheap_from + k) % 24 for k in range(3)}
    return tuple(
        PricePeriod(EVERY_DAY, float(hour), hour + 1.0, 0.10 if hour in cheap else 0.30, 0.02) for hour in range(24)
    )


def _group(number: int, road_class: str) -> LightingGroup:
    return LightingGroup(
        id=f"G{number}",
        name=f"Street {number}",
        device=f"L1-0{number}",
        node="grid",
        road_class=road_class,
        lamps=40,
        lamp_w=90.0,
        standby_share=0.03,
        gradient=1.0,
        floor=0.4,
        ceiling=1.0,
        evening_level=1.0,
        night_level=0.6,
        streets=(((0.0, 0.0), (100.0, 0.0)),),
    )


def solved(site: Site, name: str = "14:30") -> Proposal:
    """What the planner would propose now, by the real problem and the real solver."""
    now = dt.datetime.now(dt.UTC)
    sessions = bookings(site, now, now + dt.timedelta(hours=25))
    measured = Measured(now, {}, {}, {}, 1000.0)  # the peak of the month is far away
    problem = problem_of(site, measured, (), sessions)
    return Proposal(f"plan-{name}", name, now, problem, solve(problem))


@pytest.fixture(scope="session")
def plan_site() -> Site:
    return planned_site()


@pytest.fixture(scope="session")
def proposal(plan_site: Site) -> Proposal:
    made = solved(plan_site)
    assert isinstance(made.answer, Plan), made.answer
    return made


@pytest.fixture(scope="session")
def refused() -> Proposal:
    """The hub brings 8 kW: the buses cannot have what they must."""
    made = solved(planned_site(hub_kw=8.0))
    assert isinstance(made.answer, Infeasible), made.answer
    return made


@pytest.fixture(scope="session")
def in_force(proposal: Proposal) -> Schedule:
    """An older plan: the first bus charged elsewhen, otherwise the same."""
    assert isinstance(proposal.answer, Plan)
    same = schedule_of(proposal.answer, "plan-14:00", "14:00").approved("M. Brandt", dt.datetime.now(dt.UTC))
    first = next(asset for asset in same.assets if asset.kind == "charging")
    turned = dataclasses.replace(first, power_kw=first.power_kw[::-1], setpoint=first.setpoint[::-1])
    return dataclasses.replace(same, assets=tuple(turned if a is first else a for a in same.assets))


@pytest.fixture
def plan_engine(plan_site: Site, tmp_path: Path) -> Iterator[ScriptedEngine]:
    now_ns = round(dt.datetime.now(dt.UTC).timestamp() * 1e9)
    made = ScriptedEngine(plan_site, open_embedded(tmp_path / "store", writing=True), now_ns)
    made.start()
    made.read(everyday(plan_site.points, 0.0))
    yield made
    made.close()


@pytest.fixture
def plan_desk(plan_engine: ScriptedEngine, looks: Looks) -> Iterator[Desk]:
    made = Desk(plan_engine, "M. Brandt", looks)
    plan_engine.start()
    yield made
    made.close()


@pytest.fixture
def open_page(plan_desk: Desk, plan_engine: ScriptedEngine, qtbot: QtBot) -> OpenPage:
    """The page in a size, after the news given."""

    def made(news: PlanNews | None = None, width: int = 1508, height: int = 780) -> PlanPage:
        page = PlanPage(plan_desk)
        qtbot.addWidget(page)
        page.resize(width, height)
        page.show()
        qtbot.waitExposed(page)
        if news is not None:
            plan_engine.tell(plan=news)
            qtbot.waitUntil(lambda: page.table.news is news)
        return page

    return made
