"""Several engines on one server, each with a part of the site, and consoles that follow all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from energy_console.historian.errors import StoreBusy
from energy_console.historian.ledger import LedgerCommand, LedgerStep
from energy_console.historian.postgres import PostgresEngine, engine_of, reader_of
from energy_console.historian.postgres.leftovers import deliver_leftovers
from energy_console.historian.postgres.server import Place
from energy_console.historian.share import Share
from tests.historian.series import POINTS, at, batch

ALWAYS = (-(2**62), 2**62)
WAIT_S = 30.0


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"{request.node.name[:30]}-{tmp_path.parent.name}"


@pytest.fixture
def engines(server: str, site: str, tmp_path: Path) -> Iterator[tuple[PostgresEngine, PostgresEngine]]:
    """Of the areas port (the first two points) and heat (the others)."""
    port = engine_of(server, site, tmp_path / "port", Share(("port",)))
    heat = engine_of(server, site, tmp_path / "heat", Share(("heat",)))
    port.register(POINTS[:2])
    heat.register(POINTS[2:])
    yield port, heat
    port.close()
    heat.close()


def test_consoles_see_the_batches_of_all_engines_in_the_order_of_their_commits(
    engines: tuple[PostgresEngine, PostgresEngine], server: str, site: str
) -> None:
    reader = reader_of(server, site)
    reader.register(POINTS)
    sequence, seen = 0, []
    done = threading.Event()

    def write(engine: PostgresEngine) -> None:
        for number in range(40):
            engine.append(batch([(0, number, float(number))]))

    threads = [threading.Thread(target=write, args=(engine,)) for engine in engines]
    watcher = threading.Thread(target=lambda: ([thread.join() for thread in threads], done.set()))
    for thread in (*threads, watcher):
        thread.start()
    while not done.is_set() or reader.since(sequence)[1]:
        sequence, batches = reader.since(sequence)
        seen += [(int(one.index[0]), int(one.value[0])) for one in batches]
    assert [number for point, number in seen if point == 0] == list(range(40))
    assert [number for point, number in seen if point == 2] == list(range(40))
    for engine in engines:
        engine.seal()
    assert reader.newest()[1][[0, 2]].tolist() == [39.0, 39.0]
    assert reader.read(POINTS[2].id, at(0), at(100)).value.tolist() == [float(number) for number in range(40)]
    reader.close()


def test_an_order_is_claimed_by_the_engine_that_owns_what_it_names(
    engines: tuple[PostgresEngine, PostgresEngine], server: str, site: str
) -> None:
    port, heat = engines
    reader = reader_of(server, site)
    first = reader.request_command({"do": "write", "point": POINTS[2].id, "value": 1.0})
    second = reader.request_command({"do": "probe", "device": POINTS[0].device})
    third = reader.request_command({"do": "acknowledge", "alarm": 3})
    assert port.leads()
    assert [number for number, _ in port.claim_commands("engine")] == [second, third]
    assert [number for number, _ in heat.claim_commands("engine")] == [first]
    assert [number for number, _ in heat.claimed_commands("engine")] == [first]
    heat.finish_command(first, {"ok": True})
    assert reader.command_result(first) == {"ok": True}
    assert heat.claimed_commands("engine") == []
    assert [number for number, _ in port.claimed_commands("engine")] == [second, third]
    reader.close()


def test_an_area_has_one_engine(
    engines: tuple[PostgresEngine, PostgresEngine], server: str, site: str, tmp_path
) -> None:
    with pytest.raises(StoreBusy, match="already being written by process"):
        engine_of(server, site, tmp_path / "another machine", Share(("port",)))
    with pytest.raises(StoreBusy, match="already being written by process"):
        engine_of(server, site, tmp_path / "another machine")
    for engine in engines:
        engine.close()
    engine_of(server, site, tmp_path / "another machine").close()


def command(engine: PostgresEngine, device: str, second: int) -> LedgerCommand:
    number = engine.last_number() + 1
    return LedgerCommand(number, at(second), device, f"{device}/limit_kw", 5.0, "Ada", "")


def test_commands_of_several_engines_are_numbered_apart_and_are_one_ledger_to_read(
    engines: tuple[PostgresEngine, PostgresEngine], server: str, site: str
) -> None:
    port, heat = engines
    asked = [(port, command(port, "M0", 1)), (heat, command(heat, "M2", 2)), (port, command(port, "M0", 3))]
    assert len({one.id for _, one in asked[:2]}) == 2
    for engine, one in asked[:2]:
        engine.append_ledger([one], [])
        engine.append_ledger([], [LedgerStep(one.id, at(5), "sending", f"To {one.device}.")])
    assert port.last_number() == asked[0][1].id
    port.append_ledger([], [LedgerStep(asked[0][1].id, at(6), "read back", "There.", 5.0, True)])
    reader = reader_of(server, site)
    found = [(record.command.device, len(record.steps), record.is_open) for record in reader.ledger(*ALWAYS)]
    assert found == [("M2", 1, True), ("M0", 2, False)]
    assert [record.command.device for record in reader.open_ledger()] == ["M2"]
    assert port.open_ledger() == []
    assert len(heat.open_ledger()) == 1
    reader.close()


def test_an_engine_that_takes_an_area_over_has_its_open_commands_orders_and_readings(
    engines: tuple[PostgresEngine, PostgresEngine], server: str, site: str, tmp_path: Path
) -> None:
    port, heat = engines
    port.append(batch([(0, 0, 1.5)]))
    left = command(port, "M0", 1)
    port.append_ledger([left], [LedgerStep(left.id, at(1), "sending", "To M0.")])
    reader = reader_of(server, site)
    order = reader.request_command({"do": "write", "point": POINTS[0].id, "value": 1.0})
    port.close()
    heat.close()
    both = engine_of(server, site, tmp_path / "heat", Share(("heat", "port"), {POINTS[0].id: "port"}))
    both.register((POINTS[0], *POINTS[2:]))
    assert both.newest()[1][0] == 1.5
    assert [number for number, _ in both.claim_commands("engine")] == [order]
    (open_still,) = both.open_ledger()
    own = command(both, "M2", 4)
    assert open_still.command == left
    assert own.id != left.id
    both.append_ledger([own], [LedgerStep(left.id, at(5), "unknown", "Looked at.", None, True)])
    assert [(one.command.id, one.is_open) for one in reader.ledger(*ALWAYS)] == [(own.id, True), (left.id, False)]
    both.seal()
    assert reader.spans(POINTS[0].id, at(0), at(60), 60 * 10**9).count.tolist() == [1]
    reader.close()
    both.close()


def test_one_engine_leads_and_another_does_when_it_is_gone(
    engines: tuple[PostgresEngine, PostgresEngine], server: str, site: str
) -> None:
    port, heat = engines
    assert [port.leads(), heat.leads()] == [True, False]
    reader = reader_of(server, site)
    assert {one.area: one.is_there for one in reader.engines()} == {"port": True, "heat": True}
    for_all = reader.request_command({"do": "revert plan", "who": "Ada"})
    of_heat = reader.request_command({"do": "acknowledge", "alarm": 3, "area": "heat"})
    assert [number for number, _ in heat.claim_commands("engine")] == [of_heat]
    port.close()
    until = time.monotonic() + WAIT_S
    while not heat.leads():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert [number for number, _ in heat.claim_commands("engine")] == [for_all]
    assert {one.area: one.is_there for one in reader.engines()} == {"port": False, "heat": True}
    reader.close()


def test_a_state_that_waited_for_its_server_does_not_replace_what_another_has_written_since(
    engines: tuple[PostgresEngine, PostgresEngine], server: str, site: str
) -> None:
    port, heat = engines
    heat.put_state("alarms", "open port", "newer, by the engine that took over")
    port._write("state", ["alarms", "open port", "older, delivered late", at(0)])
    port._write("state", ["alarms", "open heat", "nobody has written here", at(0)])
    reader = reader_of(server, site)
    assert reader.get_state("alarms", "open port") == "newer, by the engine that took over"
    assert reader.get_state("alarms", "open heat") == "nobody has written here"
    assert [value for _, _, value in reader.past_state("alarms", "open port")] == ["older, delivered late"]
    reader.close()


def test_who_follows_is_woken_by_a_batch(
    engines: tuple[PostgresEngine, PostgresEngine], server: str, site: str
) -> None:
    reader = reader_of(server, site)
    woken = threading.Event()
    reader.wake(woken.set)
    assert woken.wait(WAIT_S)  # it listens
    woken.clear()
    engines[1].append(batch([(0, 0, 1.0)]))
    assert woken.wait(WAIT_S)
    reader.close()


def test_what_an_engine_of_other_areas_has_left_on_this_machine_is_delivered_by_the_next(
    server: str, site: str, tmp_path: Path
) -> None:
    nowhere = "postgresql://tester@127.0.0.1:1/postgres"  # nobody listens there
    left = engine_of(nowhere, site, tmp_path / "port", Share(("port",)))
    left.register(POINTS[:2])
    left.append(batch([(0, 5, 7.5)]))
    left.put_state("alarms", "open port", {"open": 1})
    left.close()
    both = engine_of(server, site, tmp_path / "heat+port", Share(("heat", "port"), {POINTS[0].id: "port"}))
    both.register(POINTS)
    both.append(batch([(0, 9, 8.5)]))
    until = time.monotonic() + WAIT_S
    while both.read(POINTS[0].id, at(0), at(60)).value.tolist() != [7.5, 8.5]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert any("had left in" in notice for notice in both.notices())
    assert both.get_state("alarms", "open port") == {"open": 1}
    both.seal()
    assert both.spans(POINTS[0].id, at(0), at(60), 60 * 10**9).count.sum() == 2
    again: list[str] = []
    deliver_leftovers(Place(server, site), tmp_path, again, tmp_path / "heat+port")
    assert again == []
    both.close()


def test_spans_stay_exact_where_points_went_from_one_engine_to_another_and_back(
    server: str, site: str, tmp_path: Path
) -> None:
    areas = {POINTS[0].id: "port", POINTS[2].id: "heat"}
    second = 0
    for turn, share in enumerate((Share(("port",)), Share(("heat", "port"), areas), Share(("port",)))):
        engine = engine_of(server, site, tmp_path / share.name, share)
        engine.register(POINTS)
        for _ in range(3 + turn):
            engine.append(batch([(0, second, float(second)), (2, second + 1, 1.0)]))
            second += 7
            if second % 2:
                engine.seal()
        engine.close()
    last = engine_of(server, site, tmp_path / "site")
    last.register(POINTS)
    for _ in range(2):
        for point in (POINTS[0].id, POINTS[2].id):
            readings = last.read(point, at(0), at(600))
            assert len(readings.time_ns) == 12
            for every_s in (10, 60, 900):
                spans = last.spans(point, at(0) // 10**10 * 10**10, at(600), every_s * 10**9)
                assert spans.count.sum() == 12, every_s
        last.seal()
    last.close()
