"""A server that is stopped, killed and started again while engines write: nothing lost or doubled, all in order."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from energy_console.app import main
from energy_console.historian.errors import HistoryAway, StoreAway, StoreBusy
from energy_console.historian.ledger import LedgerCommand, LedgerStep
from energy_console.historian.postgres import PostgresEngine, engine_of, reader_of
from energy_console.historian.postgres.spool import FILE
from tests.historian.postgres_server import Server, carried_programs
from tests.historian.series import POINTS, at, batch

ROOT = Path(__file__).parents[2]
POWER = POINTS[0].id
LIMIT_S = 60.0


@pytest.fixture
def server(own_server: Server) -> Iterator[Server]:
    yield own_server
    own_server.stop()
    own_server.start()  # whatever a test has left: the next one finds it running


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"{request.node.name[:30]}-{tmp_path.parent.name}"


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.05)


def is_delivered(store: PostgresEngine) -> bool:
    return not store._delivery.is_behind


def append_numbers(store: PostgresEngine, *numbers: int) -> None:
    for number in numbers:
        store.append(batch([(0, number, float(number))]))


def test_what_is_written_while_the_server_is_away_is_there_afterwards_in_order_and_once(
    server: Server, site: str, tmp_path: Path
) -> None:
    store = engine_of(server.url, site, tmp_path)
    store.register(POINTS)
    append_numbers(store, 0, 1)
    reader = reader_of(server.url, site)
    reader.register(POINTS)
    seen, _ = reader.since(0)
    server.stop()
    append_numbers(store, 2, 3)
    store.write_event(at(3), "device", "M1", "M1 lost", {"worth": float("nan")})
    store.put_state("alarms", "now", {"open": 1})
    store.append_ledger([LedgerCommand(1, at(3), "C1", "C1/limit_a", 6.0, "Ada", "why")], [])
    store.append_ledger([], [LedgerStep(1, at(4), "sending", "Sent.")])
    assert store.newest()[1][0] == 3.0, "live values go on"
    assert store.get_state("alarms", "now") == {"open": 1}
    assert [record.steps[0].kind for record in store.open_ledger()] == ["sending"]
    with pytest.raises(HistoryAway, match=r"cannot be reached .* only what waits on this machine is shown") as away:
        store.read(POWER, at(0), at(9))
    assert away.value.known.value.tolist() == [0.0, 1.0, 2.0, 3.0]
    with pytest.raises(HistoryAway) as away:
        store.spans(POWER, at(0), at(60), 60 * 10**9)
    assert away.value.known.count.tolist() == [4]
    with pytest.raises(HistoryAway) as away:
        store.as_of([POINTS[1].id, POWER], at(2), at(9) - at(0))
    assert away.value.known[1].tolist()[1] == 2.0
    assert "cannot be reached" in store.trouble()
    (gone,) = store.notices()
    assert "kept on this machine" in gone
    server.start()
    wait_for(lambda: is_delivered(store))
    append_numbers(store, 4)
    assert store.read(POWER, at(0), at(9)).value.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [b.value.tolist() for b in reader.since(seen)[1]] == [[2.0], [3.0], [4.0]]
    assert [(event.text, event.data) for event in reader.events(at(0), at(9))] == [("M1 lost", {"worth": None})]
    assert reader.get_state("alarms", "now") == {"open": 1}
    assert [step.text for step in reader.open_ledger()[0].steps] == ["Sent."]
    assert any("is back" in notice for notice in store.notices())
    assert store.trouble() == ""
    reader.close()
    store.close()


def test_an_engine_starts_while_the_server_is_away_and_a_later_run_delivers_it(
    server: Server, site: str, tmp_path: Path
) -> None:
    first = engine_of(server.url, site, tmp_path)
    first.register(POINTS)
    first.put_state("plan", "in force", {"id": "7"})
    first.append_ledger([LedgerCommand(41, at(0), "C1", "C1/limit_a", 6.0, "Ada", "why")], [])
    first.close()
    server.stop()
    second = engine_of(server.url, site, tmp_path)
    second.register(tuple(reversed(POINTS)))
    append_numbers(second, 1, 2)
    assert second.get_state("plan", "in force") == {"id": "7"}
    assert second.ledger(-(2**62), 2**62, limit=1)[0].command.id == 41
    assert [record.command.id for record in second.open_ledger()] == [41]
    with pytest.raises(StoreAway):
        second.claim_commands("engine")
    second.close()
    third = engine_of(server.url, site, tmp_path)
    third.register(POINTS)
    assert third.newest()[1][3] == 2.0
    third.close()
    server.start()
    fourth = engine_of(server.url, site, tmp_path)
    fourth.register(POINTS)
    wait_for(lambda: is_delivered(fourth))
    assert fourth.read(POINTS[3].id, at(0), at(9)).value.tolist() == [1.0, 2.0]
    fourth.close()


def test_history_asked_for_while_the_server_is_away_shows_what_waits_on_this_machine(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENERGY_CONSOLE_STORE", str(tmp_path))
    one = str(ROOT / "sites" / "one-meter")
    assert main(["serve", "--site", one, "--virtual", "--store", server.url, "--for", "6s"]) == 0
    capsys.readouterr()
    server.stop()
    window = ["--from", "2020-01-01T00:00Z", "--to", "2100-01-01T00:00Z"]
    assert main(["history", "meter/power_kw", "--site", one, "--store", server.url, *window]) == 1
    told = capsys.readouterr()
    assert "cannot be reached" in told.err
    assert "only what waits on this machine is shown" in told.err
    assert len(told.out.splitlines()) > 3, told.out


@pytest.mark.skipif(sys.platform == "win32", reason="needs processes that stand still")
def test_a_server_that_stands_still_holds_nobody_up(
    server: Server, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("energy_console.historian.postgres.delivery.PATIENCE_S", 0.3)
    store = engine_of(server.url, site, tmp_path)
    store.register(POINTS)
    wait_for(lambda: is_delivered(store))
    with server.standing_still():
        append_numbers(store, 1, 2, 3)
        assert "takes too long" in store.trouble()
        assert store.newest()[1][0] == 3.0
    wait_for(lambda: is_delivered(store))
    monkeypatch.undo()
    assert store.read(POWER, at(0), at(9)).value.tolist() == [1.0, 2.0, 3.0]
    store.close()


def test_a_second_engine_on_the_same_machine_is_told_of_the_first_also_while_the_server_is_away(
    server: Server, site: str, tmp_path: Path
) -> None:
    first = engine_of(server.url, site, tmp_path)
    server.stop()
    with pytest.raises(StoreBusy, match="already being written by"):
        engine_of(server.url, site, tmp_path)
    first.close()


def test_what_the_server_can_never_hold_stays_in_the_outbox_and_holds_up_nothing(
    server: Server, site: str, tmp_path: Path
) -> None:
    store = engine_of(server.url, site, tmp_path)
    store.register(POINTS)
    store.write_event(at(0), "device", "M1", "a name with a \0 in it", {})
    append_numbers(store, 1)
    assert store.read(POWER, at(0), at(9)).value.tolist() == [1.0]
    assert any("is not delivered" in notice for notice in store.notices())
    store.close()


def test_a_damaged_outbox_is_set_aside_whole(server: Server, site: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all, by far" * 100)
    store = engine_of(server.url, site, tmp_path)
    store.register(POINTS)
    append_numbers(store, 1)
    assert "moved to" in store.notices()[0]
    assert len(list((tmp_path / "aside").iterdir())) == 1
    store.close()


def test_every_question_works_again_by_itself_after_the_server_was_gone(
    server: Server, site: str, tmp_path: Path
) -> None:
    store = engine_of(server.url, site, tmp_path)
    store.register(POINTS)
    append_numbers(store, 0)
    reader = reader_of(server.url, site)
    reader.register(POINTS)
    number = reader.request_command({"do": "write"})
    questions: list[Callable[[], object]] = [
        reader.newest,
        lambda: reader.since(0),
        lambda: reader.read(POWER, at(0), at(9)),
        lambda: reader.as_of([POWER], at(9), at(9) - at(0)),
        lambda: reader.buckets(POWER, at(0), at(9), 10),
        lambda: reader.spans(POWER, at(0), at(60), 60_000_000_000),
        lambda: reader.span(POWER),
        lambda: reader.write_event(at(0), "device", "", "", {}),
        lambda: reader.events(at(0), at(9)),
        lambda: reader.put_state("room", "key", 1),
        lambda: reader.get_state("room", "key"),
        lambda: reader.list_state("room"),
        lambda: reader.past_state("room", "key"),
        lambda: reader.request_command({"do": "write"}),
        lambda: reader.claim_commands("engine"),
        lambda: reader.finish_command(number, {"ok": True}),
        lambda: reader.claimed_commands("engine"),
        lambda: reader.command_result(number),
        lambda: reader.ledger(at(0), at(9)),
        reader.open_ledger,
    ]
    for question in questions:
        question()
    server.kill()
    gone: list[object] = []

    def ask(question: Callable[[], object]) -> None:
        with pytest.raises(StoreAway, match="start its server, or look at the network"):
            question()
        gone.append(question)

    threads = [threading.Thread(target=ask, args=(question,)) for question in questions]  # each waits some seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gone) == len(questions)
    server.start()
    wait_for(lambda: answers(questions[0]))
    for question in questions:
        question()
    reader.close()
    store.close()


def answers(question: Callable[[], object]) -> bool:
    try:
        question()
    except StoreAway:
        return False
    return True


def test_nothing_is_lost_or_doubled_while_server_and_engine_are_killed_again_and_again(
    server: Server, site: str, tmp_path: Path
) -> None:
    chance = random.Random(11)
    acknowledged: list[int] = []
    for turn in range(4):
        first = max(acknowledged, default=-1) + 2
        arguments = [server.url, site, str(tmp_path), str(first)]
        with subprocess.Popen(
            [sys.executable, "-m", "tests.historian.outage_script", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as engine:
            assert engine.stdout is not None
            trouble = threading.Thread(target=break_things, args=(server, engine, turn, chance.random()))
            for line in engine.stdout:
                if not acknowledged or int(line) < first + 1:
                    trouble.start()
                acknowledged.append(int(line))
            trouble.join()
    store = engine_of(server.url, site, tmp_path)
    store.register(POINTS)
    wait_for(lambda: is_delivered(store))
    end = at(max(acknowledged) + 10)
    found = [int(value) for value in store.read(POWER, 0, end).value]
    events = [int(event.text) for event in reversed(store.events(0, end, limit=10**6))]
    _, batches = reader_of_all(server, site)
    store.close()
    assert len(found) == len(set(found)), "doubled"
    assert set(acknowledged) <= set(found), "lost"
    assert len(found) - len(acknowledged) <= 4  # one each time that was kept and not told any more
    assert sorted(events) == sorted(set(events))
    assert set(acknowledged) <= set(events)
    assert batches == sorted(batches), "out of order"


def test_another_server_takes_over_and_even_what_it_had_not_got_is_there_once(tmp_path: Path) -> None:
    programs = carried_programs()
    if programs is None:
        pytest.skip("no PostgreSQL: the wheel that carries one is not for this machine")
    first = Server(programs)
    second = Server(programs, standby_of=first)
    hosts = f"127.0.0.1:{first.port},127.0.0.1:{second.port}"
    store = engine_of(f"postgresql://tester@{hosts}/postgres", "taken-over", tmp_path)
    try:
        store.register(POINTS)
        append_numbers(store, 0, 1, 2)
        reader = reader_of(f"postgresql://tester@{hosts}/postgres", "taken-over")
        wait_for(lambda: has_replayed(second, 3))
        second.stop()
        append_numbers(store, 3, 4)  # which it never gets
        first.kill()
        append_numbers(store, 5)
        second.start()
        second.run("select pg_promote()")
        append_numbers(store, 6)
        wait_for(lambda: is_delivered(store))
        wait_for(lambda: reader.read(POWER, at(0), at(9)).value.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        reader.close()
    finally:
        store.close()
        second.remove()
        first.remove()


def has_replayed(standby: Server, readings: int) -> bool:
    with psycopg.connect(standby.url) as connection:
        there = connection.execute("select to_regclass('\"taken-over\".reading')").fetchone()
        if there is None or there[0] is None:
            return False
        row = connection.execute('select count(*) from "taken-over".reading').fetchone()
        return row is not None and int(row[0]) == readings


def break_things(server: Server, engine: subprocess.Popen[str], turn: int, moment: float) -> None:
    """Stops or kills the server under load, kills the engine somewhere in between, and starts the server again."""
    time.sleep(0.1 + moment * 0.3)
    (server.stop if turn % 2 else server.kill)()
    time.sleep(0.2)
    if turn in {1, 3}:
        engine.kill()  # while the server is away; the next run starts with what this one has left
    server.start()
    if turn not in {1, 3}:
        time.sleep(1.0 + moment)  # delivering goes on again, or is just under way
        engine.kill()


def reader_of_all(server: Server, site: str) -> tuple[int, list[float]]:
    """The newest number, and the first point's value of every batch in the order of commits."""
    reader = reader_of(server.url, site)
    reader.register(POINTS)
    newest, batches = reader.since(0)
    reader.close()
    return newest, [float(batch.value[0]) for batch in batches]
