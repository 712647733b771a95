"""Several engines on one server, each with a part of the site, and consoles that follow all of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from energy_console.historian.errors import StoreBusy
from energy_console.historian.ledger import LedgerCommand, LedgerStep
from energy_console.historian.postgres import WHOLE_SITE, PostgresEngine, engine_of, reader_of
from tests.historian.series import POINTS, at, batch

ALWAYS = (-(2**62), 2**62)
WAIT_S = 30.0


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"{request.node.name[:30]}-{tmp_path.parent.name}"


@pytest.fixture
def engines(server: str, site: str, tmp_path: Path) -> Iterator[tuple[PostgresEngine, PostgresEngine]]:
    """Of the areas port (the first two points) and heat (the others)."""
    port = engine_of(server, site, tmp_path / "port", "port")
    heat = engine_of(server, site, tmp_path / "heat", "heat")
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
        engine_of(server, site, tmp_path / "another machine", "port")
    with pytest.raises(StoreBusy, match="already being written by process"):
        engine_of(server, site, tmp_path / "another machine", WHOLE_SITE)
    for engine in engines:
        engine.close()
    engine_of(server, site, tmp_path / "another machine", WHOLE_SITE).close()


def test_ledgers_of_several_engines_are_one_to_read_and_keep_their_own_numbers(
    engines: tuple[PostgresEngine, PostgresEngine], server: str, site: str
) -> None:
    port, heat = engines
    for engine, device, moment in ((port, "A01", 1), (heat, "H01", 2)):
        engine.append_ledger([LedgerCommand(1, at(moment), device, f"{device}/limit_kw", 5.0, "Ada", "")], [])
        engine.append_ledger([], [LedgerStep(1, at(moment), "sending", f"To {device}.")])
    port.append_ledger([], [LedgerStep(1, at(3), "read back", "There.", 5.0, True)])
    reader = reader_of(server, site)
    found = [(record.command.device, len(record.steps), record.is_open) for record in reader.ledger(*ALWAYS)]
    assert found == [("H01", 1, True), ("A01", 2, False)]
    assert [record.command.device for record in reader.open_ledger()] == ["H01"]
    assert port.open_ledger() == []
    assert len(heat.open_ledger()) == 1
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
