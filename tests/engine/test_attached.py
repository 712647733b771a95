"""A second console on a site that is served already: sees through the store, and acts through it exactly once."""

from __future__ import annotations

import math
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from energy_console.app.virtual_site import VirtualSite
from energy_console.engine import attached as attached_module
from energy_console.engine.attached import AttachedEngine
from energy_console.engine.commissioning import FindUnits, Progress, TryProfile, WatchRegisters, WhoIs
from energy_console.engine.local import LocalEngine
from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.site.loader import load_site
from hardware.points import Reason, is_usable, reason_of
from hardware.profiles import Span, Table
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
    desks.seen.wait_for(lambda: desks.seen.health and desks.seen.health.answering == 2, 60.0)
    health = desks.seen.health
    assert (health.attached, health.running, health.answering, health.devices) == (True, True, 2, 2)
    desks.seen.wait_for(lambda: not math.isnan(desks.second.live.reading(POWER).value), 30.0)
    first = desks.second.live.reading(POWER)
    desks.seen.wait_for(lambda: desks.second.live.reading(POWER).time_ns > first.time_ns, 30.0)
    desks.seen.wait_for(lambda: desks.seen.batches, 30.0)
    desks.seen.wait_for(lambda: not desks.seen.not_answering(), 30.0, desks.seen.not_answering)


def test_a_silent_device_and_its_alarm_are_seen_and_a_name_is_put_on_it(desks: Desks) -> None:
    tell(desks.virtual.ready["control"], "silent:meter")
    try:
        desks.seen.wait_for(lambda: set(desks.seen.not_answering()) == {"meter"}, 30.0)
        assert desks.seen.not_answering()["meter"] == "silent: no answer in time"
        (alarm,) = desks.seen.wait_for(lambda: [a for a in desks.seen.alarms if a.source == "meter"], 30.0)
        desks.second.acknowledge(alarm.id, "B. Second")
        desks.seen.wait_for(lambda: [a.state for a in desks.seen.alarms] == ["acknowledged"], 30.0)
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
    desks.seen.wait_for(lambda: desks.second.live.reading(LIMIT).value == pytest.approx(9.0), 30.0)
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


# -- devices put into service ---------------------------------------------------------------------------------


def test_a_probe_from_a_second_console_is_read_by_the_engine(desks: Desks) -> None:
    answer = Answer()
    desks.second.probe("meter", answer)
    report = answer.within(20.0)
    assert (report.device, report.fault) == ("meter", "")
    assert {value.point for value in report.values} >= {POWER, "meter/voltage_l1_v"}
    assert all(len(span.words) for span in report.spans)
    answer = Answer()
    desks.second.probe("nobody", answer)
    assert answer.within(20.0).fault == "the site has no device nobody"


def test_a_device_is_taken_out_of_service_from_either_desk(desks: Desks) -> None:
    answer = Answer()
    desks.second.set_out_of_service("socket", True, "L. Lind", answer)
    assert answer.within(20.0).text == "socket taken out of service by L. Lind."
    seen = desks.seen
    seen.wait_for(lambda: seen.devices.get("socket") and seen.devices["socket"].state == "out of service", 30.0)
    answer = Answer()
    desks.engine.set_out_of_service("socket", False, "M. Brandt", answer)
    assert answer.within(30.0).ok
    seen.wait_for(lambda: seen.devices["socket"].state == "answering", 20.0)
    answer = Answer()
    desks.engine.set_out_of_service("nobody", True, "M. Brandt", answer)
    assert answer.within(30.0).text == "The site has no device nobody."


def test_units_of_a_link_that_is_read_are_found_in_turn_with_the_scan(desks: Desks) -> None:
    told: list[Progress] = []
    answer = Answer()
    desks.engine.enquire(FindUnits("meter-cupboard", (1, 2, 3), 5.0), told.append, answer)
    found = answer.within(30.0)
    assert [unit.unit for unit in found.found] == [1, 2]
    assert [news.done for news in told] == [1, 2, 3]
    answer = Answer()
    desks.engine.enquire(WhoIs("meter-cupboard", 1), lambda _news: None, answer)
    identified = answer.within(60.0)
    assert identified.fits[0].profile == "eastron_sdm630"
    answer = Answer()
    desks.engine.enquire(TryProfile("meter-cupboard", 1, "eastron_sdm630"), lambda _news: None, answer)
    tried = answer.within(30.0)
    assert not any(span.error for span in tried.readout.answers)
    span = Span(Table.INPUT, 0, 2)
    answer = Answer()
    desks.engine.enquire(WatchRegisters("meter-cupboard", 1, span, 0.4), lambda _news: None, answer)
    assert answer.within(30.0).reader.candidates(0)[0].type == "float32"


def test_a_link_of_the_engine_is_not_asked_behind_its_back(desks: Desks) -> None:
    answer = Answer()
    desks.second.enquire(FindUnits("meter-cupboard", (1,)), lambda _news: None, answer)
    assert answer.within(30.0).text.startswith("Another process reads link meter-cupboard")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        link = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        answer = Answer()
        desks.second.enquire(FindUnits(link, (1,)), lambda _news: None, answer)
        assert "connection is refused" in answer.within(30.0).text
    answer = Answer()
    desks.engine.enquire(TryProfile("serial:cellar", 1, "abb_b23"), lambda _news: None, answer)
    assert "serial" in answer.within(30.0).text


def test_a_question_that_is_given_up_is_not_answered(desks: Desks) -> None:
    for engine, link in ((desks.engine, "meter-cupboard"), (desks.second, "tcp://192.0.2.1:502")):
        answer, begun = Answer(), threading.Event()
        give_up = engine.enquire(
            FindUnits(link, tuple(range(100, 240))), lambda _news, begun=begun: begun.set(), answer
        )
        if link == "meter-cupboard":
            assert begun.wait(20.0)
        give_up()
        time.sleep(0.3)
        assert answer.calls == 0


# -- the end of the engine -----------------------------------------------------------------------------------


def test_when_the_engine_stops_the_second_console_says_so_and_no_old_value_passes_for_new(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attached_module, "LOST_AFTER_S", 2.0)
    monkeypatch.setattr(attached_module, "ANSWER_WITHIN_S", 1.0)
    desks.engine.stop()
    desks.seen.wait_for(lambda: not desks.seen.health.running, 30.0)
    assert not is_usable(desks.second.live.status).any()
    assert reason_of(desks.second.live.reading(POWER).status) is Reason.STALE
    desks.seen.wait_for(lambda: len(desks.seen.not_answering()) == 2, 30.0)
    late = Answer()
    desks.second.write(LIMIT, 8.0, "B. Second", late)
    assert "has not answered" in late.within(30.0).text


def test_it_goes_on_when_an_engine_is_there_again(desks: Desks) -> None:
    engine = LocalEngine(desks.engine.site, desks.store)
    engine.start()
    try:
        desks.seen.wait_for(lambda: desks.seen.health.running and desks.seen.health.answering == 2, 30.0)
    finally:
        engine.stop()


def test_what_a_later_engine_keeps_ends_no_console(desks: Desks, caplog: pytest.LogCaptureFixture) -> None:
    desks.store.put_state("plan", "in force", {"id": "later", "format": 99})
    desks.seen.wait_for(lambda: "could not be followed" in caplog.text, 30.0)
    desks.store.put_state("plan", "in force", None)
    time.sleep(1.2)
    assert desks.second._thread.is_alive()
