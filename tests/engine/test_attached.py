"""A second console on a site that is served already: sees through the store, and acts through it exactly once."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from energy_console.app.virtual_site import VirtualSite
from energy_console.engine import attached as attached_module
from energy_console.engine.attached import AttachedEngine
from energy_console.engine.local import LocalEngine
from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.site.loader import load_site
from hardware.points import Reason, is_usable, reason_of
from hardware.virtual.control import tell
from tests.engine.ears import Answer, Ears
from tests.engine.one_meter import FOLDER, POWER

LIMIT = "socket/limit_a"


@dataclass
class Desks:
    engine: LocalEngine
    store: EmbeddedHistorian
    virtual: VirtualSite
    second: AttachedEngine
    seen: Ears  # by the second


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one-meter site with a charging point beside the meter: something that can be written to."""
    folder = tmp_path_factory.mktemp("site") / "one-socket"
    shutil.copytree(FOLDER, folder)
    with (folder / "devices.csv").open("a", encoding="utf-8") as devices:
        devices.write("socket,Socket,charging,meter-cupboard,2,alfen_ng9,1,house,11\n")
    rows = "charger,name,device,kind,max_kw,min_kw,phases\nsocket,Socket,socket,car,11,0,3\n"
    (folder / "chargers.csv").write_text(rows, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def desks(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    site = load_site(folder)
    place = tmp_path_factory.mktemp("store") / "store"
    virtual = VirtualSite(site, with_past=False)
    store = open_embedded(place, writing=True)
    engine = LocalEngine(site.on_loopback(virtual.port_base), store, prepare=virtual.wait)
    first = Ears(engine)
    engine.start()
    first.wait_for(lambda: first.health and first.health.answering == 2, 20.0)
    reader = open_embedded(place, writing=False)
    second = AttachedEngine(site, reader)
    seen = Ears(second)
    second.start()
    yield Desks(engine, store, virtual, second, seen)
    second.stop()
    reader.close()
    engine.stop()
    store.close()
    virtual.stop()


def test_a_second_console_sees_live_values_and_devices(desks: Desks) -> None:
    desks.seen.wait_for(lambda: desks.seen.health and desks.seen.health.good_points, 5.0)
    health = desks.seen.health
    assert (health.attached, health.running, health.answering, health.devices) == (True, True, 2, 2)
    first = desks.second.live.reading(POWER)
    assert not math.isnan(first.value)
    desks.seen.wait_for(lambda: desks.second.live.reading(POWER).time_ns > first.time_ns, 10.0)
    desks.seen.wait_for(lambda: desks.seen.batches, 10.0)
    assert not desks.seen.not_answering()


def test_a_silent_device_and_its_alarm_are_seen_and_a_name_is_put_on_it(desks: Desks) -> None:
    tell(desks.virtual.ready["control"], "silent:meter")
    try:
        desks.seen.wait_for(lambda: set(desks.seen.not_answering()) == {"meter"}, 15.0)
        assert desks.seen.not_answering()["meter"] == "silent: no answer in time"
        (alarm,) = desks.seen.wait_for(lambda: [a for a in desks.seen.alarms if a.source == "meter"], 15.0)
        desks.second.acknowledge(alarm.id, "B. Second")
        desks.seen.wait_for(lambda: [a.state for a in desks.seen.alarms] == ["acknowledged"], 10.0)
    finally:
        tell(desks.virtual.ready["control"], "heal meter")
    texts = [event.text for event in desks.store.events(0, time.time_ns() + 10**9, ["alarm"])]
    assert any(text.endswith("acknowledged by B. Second") for text in texts)


def test_its_write_is_carried_out_exactly_once_by_the_engine(desks: Desks) -> None:
    answer = Answer()
    desks.second.write(LIMIT, 9.0, "B. Second", answer)
    result = answer.within(20.0)
    assert result.ok, result.text
    assert "reads back so" in result.text
    desks.seen.wait_for(lambda: desks.second.live.reading(LIMIT).value == pytest.approx(9.0), 10.0)
    time.sleep(1.5)  # a second look of the engine at the orders
    lines = desks.store.events(0, time.time_ns() + 10**9, ["command"])
    assert [(line.source, line.data["who"], line.data["ok"]) for line in lines] == [(LIMIT, "B. Second", True)]
    assert answer.calls == 1


def test_what_the_field_refuses_comes_back_as_the_engines_sentence(desks: Desks) -> None:
    answer = Answer()
    desks.second.write(LIMIT, 900.0, "B. Second", answer)
    result = answer.within(20.0)
    assert not result.ok
    assert "above the most allowed" in result.text
    probed = Answer()
    desks.second.probe("meter", probed)
    assert "probe from its own console" in probed.within(1.0).fault


def test_when_the_engine_stops_the_second_console_says_so_and_no_old_value_passes_for_new(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attached_module, "LOST_AFTER_S", 2.0)
    monkeypatch.setattr(attached_module, "ANSWER_WITHIN_S", 1.0)
    desks.engine.stop()
    desks.seen.wait_for(lambda: not desks.seen.health.running, 10.0)
    assert not is_usable(desks.second.live.status).any()
    assert reason_of(desks.second.live.reading(POWER).status) is Reason.STALE
    desks.seen.wait_for(lambda: len(desks.seen.not_answering()) == 2, 5.0)
    late = Answer()
    desks.second.write(LIMIT, 8.0, "B. Second", late)
    assert "has not answered" in late.within(5.0).text


def test_it_goes_on_when_an_engine_is_there_again(desks: Desks) -> None:
    engine = LocalEngine(desks.engine.site, desks.store)
    engine.start()
    try:
        desks.seen.wait_for(lambda: desks.seen.health.running and desks.seen.health.answering == 2, 15.0)
    finally:
        engine.stop()


def test_what_a_later_engine_keeps_ends_no_console(desks: Desks, caplog: pytest.LogCaptureFixture) -> None:
    desks.store.put_state("plan", "in force", {"id": "later", "format": 99})
    desks.seen.wait_for(lambda: "could not be followed" in caplog.text, 5.0)
    desks.store.put_state("plan", "in force", None)
    time.sleep(1.2)
    assert desks.second._thread.is_alive()
