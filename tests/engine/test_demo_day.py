"""The main job, once, on real parts: the demo site's devices in a process of their own, an engine, a store on disk.

The tests of this file are one story and run in order on one engine (so tests are spread over processes by file).
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest

from energy_console.app.virtual_site import VirtualSite
from energy_console.engine.local import LocalEngine
from energy_console.engine.then import ThenReader
from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.journal.entry import ENGINE
from energy_console.journal.reading import JournalQuestion, read_journal
from energy_console.site.loader import load_site
from energy_console.site.timetable import bookings
from hardware.points import Quality, Reason, is_usable, quality_of, reason_of
from hardware.virtual.control import tell
from optimizer.plan import Plan
from tests.engine.ears import Answer, Ears

DEMO = Path(__file__).resolve().parents[2] / "sites" / "port-demo"
PLUG = "A02.1"


@dataclass
class Day:
    engine: LocalEngine
    store: EmbeddedHistorian
    virtual: VirtualSite
    ears: Ears

    def statuses(self, device: str) -> np.ndarray:
        rows = [row for row, point in enumerate(self.engine.site.points) if point.device == device]
        return self.engine.live.status[rows]

    def tell(self, order: str) -> str:
        return tell(self.virtual.ready["control"], order)


@pytest.fixture(scope="module")
def before() -> tuple[set[int], set[str]]:
    """Processes and threads that were there before the day began."""
    return {p.pid for p in psutil.Process().children(recursive=True)}, {t.name for t in threading.enumerate()}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, before: object) -> Iterator[Day]:
    site = load_site(DEMO)
    virtual = VirtualSite(site, with_past=True)
    store = open_embedded(tmp_path_factory.mktemp("store") / "demo", writing=True)
    field = site.on_loopback(virtual.port_base)
    engine = LocalEngine(field, store, prepare=virtual.wait, past=lambda: virtual.past(site))
    ears = Ears(engine)
    engine.start()
    yield Day(engine, store, virtual, ears)
    engine.stop()
    store.close()
    virtual.stop()


def test_every_device_answers_within_seconds(day: Day) -> None:
    everyone = {device.id for device in day.engine.site.devices}
    day.ears.wait_for(
        # Devices of a slow line that are read each 30 s are spread over these 30 s.
        lambda: set(day.ears.devices) == everyone and not day.ears.not_answering(),
        90.0,
        day.ears.not_answering,
    )
    day.ears.wait_for(lambda: day.ears.health.answering == len(everyone), 30.0)
    measured = {point.id for device in everyone for point in day.engine.site.points if point.device == device}
    rows = [day.engine.live.index[point] for point in measured]
    # A device answers from its first request on, and is handed over after its last: some want rests in between.
    day.ears.wait_for(lambda: not np.any(day.engine.live.status[rows] >> 8 == Reason.NOT_READ_YET), 60.0)


def test_a_pulled_plug_turns_that_one_device_bad_with_its_reason_and_no_other(day: Day) -> None:
    link = day.engine.site.device(PLUG).spec.link
    neighbours = [d.id for d in day.engine.site.devices if d.spec.link == link and d.id != PLUG]
    assert day.tell(f"silent:{PLUG}") == f"ok given silent:{PLUG}"
    day.ears.wait_for(lambda: {reason_of(s) for s in day.statuses(PLUG)} == {Reason.TIMEOUT}, 30.0)
    day.ears.wait_for(lambda: set(day.ears.not_answering()) == {PLUG}, 30.0, day.ears.not_answering)
    name = day.engine.site.device(PLUG).name
    alarm = day.ears.wait_for(lambda: [a for a in day.ears.alarms if a.source == PLUG and "no answer" in a.text], 30.0)
    assert alarm[0].text.startswith(name)
    assert np.isnan(day.engine.live.reading(f"{PLUG}/power_kw").value)
    assert len(neighbours) > 3
    for neighbour in neighbours:
        day.ears.wait_for(lambda row=neighbour: is_usable(day.statuses(row)).any(), 30.0)
    day.ears.wait_for(lambda: set(day.ears.not_answering()) == {PLUG}, 30.0, day.ears.not_answering)


def test_it_comes_back_by_itself_when_the_plug_is_put_back(day: Day) -> None:
    day.tell(f"heal {PLUG}")
    day.ears.wait_for(lambda: not day.ears.not_answering(), 60.0, day.ears.not_answering)
    day.ears.wait_for(lambda: quality_of(day.statuses(PLUG)[0]) is Quality.GOOD, 30.0)


def _past_is_kept(day: Day) -> bool:
    """Its last ten minutes are in the store: it is written in order of time."""
    started_ns = min(event.time_ns for event in day.store.events(0, time.time_ns(), ["engine"]))
    meter = day.engine.site.root.meter
    return len(day.store.read(meter, started_ns - 600 * 10**9, started_ns).time_ns) > 0


def test_a_plan_is_made_approved_written_read_back_and_followed_by_the_field(day: Day) -> None:
    # what buses were given before is in their past: late at night a plan without it could not fill them in time
    day.ears.wait_for(lambda: _past_is_kept(day), 120.0)
    made = Answer()
    day.engine.make_plan(made)
    news = made.within(60.0)
    if news.proposal is None:  # the engine was making its first one by itself: that one it is
        day.ears.wait_for(lambda: day.ears.plan and day.ears.plan.proposal, 60.0)
        news = day.ears.plan
    assert isinstance(news.proposal.answer, Plan), news.sentence
    approved = Answer()
    day.engine.approve_plan(news.proposal.id, "A. Tester", approved)
    result = approved.within(30.0)
    assert result.ok, result.text
    assert result.text.endswith("set-points written and read back.")
    force = day.ears.wait_for(lambda: day.ears.plan if day.ears.plan.assets else None, 30.0)
    assert force.in_force.approved_by == "A. Tester"
    day.ears.wait_for(lambda: all(asset.written for asset in day.ears.plan.assets), 30.0)  # all of the step that is
    _trends_follow(day)


def _trends_follow(day: Day) -> None:
    """The store's own readings of what the devices say they do come to the set-points written to them.

    What is held is asked anew each time: when a quarter of an hour begins, the plan's next step is written.
    """
    site = day.engine.site
    device = {charger.id: charger.device for charger in site.chargers}
    lamps = {group.id: f"{group.device}/level" for group in site.lighting}

    def off() -> dict[str, tuple[float, float]]:
        now = dt.datetime.now(dt.UTC)
        vehicles = {b.id: f"{device[b.charger]}/limit_a" for b in bookings(site, now, now + dt.timedelta(seconds=1))}
        shown = lamps | vehicles
        held = {shown[a.asset]: a.setpoint for a in day.ears.plan.assets if a.asset in shown}
        ns = int(now.timestamp() * 1e9)
        last = {p: day.store.read(p, ns - 120 * 10**9, ns + 10**9).value[-1:] for p in held}
        return {p: (float(np.sum(v)), held[p]) for p, v in last.items() if not len(v) or abs(v[0] - held[p]) > 0.02}

    until = time.monotonic() + 80.0
    while (missing := off()) and time.monotonic() < until:
        time.sleep(0.5)
    assert not missing, missing


def test_a_plan_in_force_goes_on_after_a_restart_of_the_engine(day: Day) -> None:
    name, held = day.ears.plan.in_force.name, {asset.asset for asset in day.ears.plan.assets}
    day.engine.stop()
    assert day.engine.error is None
    day.engine = LocalEngine(day.engine.site, day.store)
    day.ears = Ears(day.engine)
    day.engine.start()
    day.ears.wait_for(lambda: day.ears.health and day.ears.health.plan_name == name, 30.0)
    # a quarter of an hour may begin meanwhile, and a session end with it: nearly all are held again
    day.ears.wait_for(
        lambda: day.ears.plan and len({a.asset for a in day.ears.plan.assets} & held) > 0.8 * len(held), 60.0
    )
    assert day.ears.plan.in_force.approved_by == "A. Tester"
    day.ears.wait_for(
        lambda: all(asset.written for asset in day.ears.plan.assets),
        30.0,
        lambda: [asset.text for asset in day.ears.plan.assets if not asset.written],
    )


def test_a_plan_taken_out_of_force_lets_every_device_go(day: Day) -> None:
    released = Answer()
    day.engine.revert_plan("A. Tester", released)
    result = released.within(30.0)
    assert result.ok, result.text
    assert day.ears.plan.in_force is None
    assert day.engine._control.holds() == ()
    day.ears.wait_for(lambda: day.ears.health.plan_name == "", 30.0)


def test_it_is_all_in_the_journal_and_stopping_leaves_nothing_behind(
    day: Day, before: tuple[set[int], set[str]]
) -> None:
    day.engine.stop()
    day.engine.stop()  # asked twice, it stops once
    texts = [event.text for event in day.store.events(0, time.time_ns() + 10**9)]
    for words in ("Engine started", "approved by A. Tester", "taken out of force by A. Tester", "Engine stopped"):
        assert any(words in text for text in texts), words
    assert sum("Engine stopped" in text for text in texts) == 2  # it was started twice
    acts = {entry.data["act"]: entry for entry in read_journal(day.store, JournalQuestion(kinds=("plan",)))}
    assert {"proposed", "approved", "in force", "taken out"} <= set(acts)
    assert {acts["approved"].who, acts["taken out"].who, acts["proposed"].who} == {"A. Tester", ENGINE}
    then = ThenReader(day.engine.site, day.store).at(acts["in force"].time_ns + 1)
    assert then.plan.in_force is not None
    assert then.plan.in_force.id == acts["approved"].data["plan"]
    assert ThenReader(day.engine.site, day.store).at(acts["taken out"].time_ns + 1).plan.in_force is None
    assert day.engine.error is None
    counts = day.engine.stats
    assert counts["lost"] == 0
    assert counts["stored"] >= counts["readings"] > 0
    day.store.close()
    day.virtual.stop()
    processes, threads = before
    left = [p for p in psutil.Process().children(recursive=True) if p.pid not in processes]
    assert not [p.cmdline() for p in left if "resource_tracker" not in " ".join(p.cmdline())]
    assert {t.name for t in threading.enumerate()} - threads == set()
