"""A server that answers and lets nobody in: told for what it is and what to do, at the start and while running."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from energy_console.app import main
from energy_console.historian.errors import (
    StoreAway,
    StoreLogin,
    StoreNoDatabase,
    StoreNoRight,
    StoreNotLetIn,
    StoreOldServer,
    StoreShut,
)
from energy_console.historian.postgres import engine_of, reader_of
from energy_console.historian.postgres.patience import LONGEST_S, LONGEST_SHUT_S, Patience
from tests.historian.postgres_server import Server, carried_programs
from tests.historian.series import POINTS, at, batch

LIMIT_S = 60.0
POWER = POINTS[0].id
ONE = str(Path(__file__).resolve().parents[2] / "sites" / "one-meter")
GUARDED = "host all guarded 127.0.0.1/32 scram-sha-256"
WEAK = "host all weak 127.0.0.1/32 trust"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    """A server with a user who needs a password and one who may only look."""
    programs = carried_programs()
    if programs is None:
        pytest.skip("no PostgreSQL: the wheel that carries one is not for this machine")
    server = Server(programs)
    server.run(
        "create role guarded login password 'right'",
        "create role weak login",
        "create database energy owner guarded",
    )
    server.let_in(GUARDED, WEAK)
    yield server
    server.remove()


@pytest.fixture(autouse=True)
def right_password(guarded: Server) -> None:
    """As each test expects it, whatever became of the one before."""
    guarded.run("alter role guarded password 'right'")


def address(server: Server, user: str = "guarded:right", database: str = "energy") -> str:
    return f"postgresql://{user}@127.0.0.1:{server.port}/{database}"


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("user", "database", "fault", "told"),
    [
        ("guarded:wrong", "energy", StoreLogin, "does not take user guarded with the password it was given: put the"),
        ("guarded", "energy", StoreLogin, "keyring, PGPASSWORD or the password file"),
        ("tester", "nowhere", StoreNoDatabase, r"has no database nowhere: create it there \(createdb nowhere\)"),
        ("stranger", "energy", StoreNotLetIn, r"refuses the connection \(no pg_hba.conf entry .*: allow user stranger"),
        ("weak", "energy", StoreNoRight, "have GRANT CREATE ON DATABASE given"),
    ],
)
def test_what_a_person_has_to_mend_is_told_at_the_start(
    guarded: Server, tmp_path: Path, user: str, database: str, fault: type[StoreShut], told: str
) -> None:
    with pytest.raises(fault, match=told) as refused:
        engine_of(address(guarded, user, database), "refused", tmp_path)
    assert "cannot be reached" not in str(refused.value)
    assert "wrong" not in str(refused.value).replace("wrong password", "")


def test_serve_ends_with_the_sentence(guarded: Server, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("ENERGY_CONSOLE_STORE", str(tmp_path))
    store = address(guarded, "guarded:wrong")
    assert main(["serve", "--site", ONE, "--store", store, "--for", "5s"]) == 1
    assert "does not take user guarded" in capsys.readouterr().err


def test_a_server_older_than_is_tested_is_refused(guarded: Server, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("energy_console.historian.postgres.refusals.OLDEST_VERSION", 99)
    with pytest.raises(StoreOldServer, match=r"is on PostgreSQL \d+\.\d+: this program needs 99 or newer"):
        engine_of(address(guarded), "older", tmp_path)


def test_a_password_changed_while_an_engine_runs_is_told_and_nothing_is_lost(guarded: Server, tmp_path: Path) -> None:
    password = ["right"]
    store = engine_of(
        address(guarded, "guarded"),
        "running",
        tmp_path,
        unlock=lambda url: url.replace("guarded@", f"guarded:{password[0]}@"),
    )
    store.register(POINTS)
    store.append(batch([(0, 0, 1.0)]))
    reader = reader_of(address(guarded), "running")
    guarded.run("alter role guarded password 'another'")
    guarded.run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'guarded'")
    wait_for(lambda: "does not take user guarded" in store.trouble())
    store.append(batch([(0, 1, 2.0)]))
    with pytest.raises(StoreAway, match="does not take user guarded"):
        store.read(POWER, at(0), at(9))

    def is_refused_to_a_reader() -> bool:
        """A connection that was just being made has come in with the old password: it ends, too."""
        guarded.run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'guarded'")
        try:
            reader.get_state("room", "key")
        except StoreLogin:
            return True
        except StoreAway:
            return False
        return False

    wait_for(is_refused_to_a_reader)
    assert any("does not take user guarded" in notice for notice in store.notices())
    password[0] = "another"
    wait_for(lambda: not store.trouble())
    wait_for(lambda: store.read(POWER, at(0), at(9)).value.tolist() == [1.0, 2.0])
    reader.close()
    store.close()


def test_an_engine_that_was_let_in_before_starts_and_keeps_everything_while_it_is_not(
    guarded: Server, tmp_path: Path
) -> None:
    first = engine_of(address(guarded), "again", tmp_path)
    first.register(POINTS)
    first.close()
    second = engine_of(address(guarded, "guarded:wrong"), "again", tmp_path)
    second.register(POINTS)
    second.append(batch([(0, 1, 2.0)]))
    assert "does not take user guarded" in second.trouble()
    second.close()
    third = engine_of(address(guarded), "again", tmp_path)
    third.register(POINTS)
    wait_for(lambda: not third.trouble())
    wait_for(lambda: third.read(POWER, at(0), at(9)).value.tolist() == [2.0])
    third.close()


def test_tries_come_further_and_further_apart() -> None:
    away, shut = Patience(), Patience()
    waits = [away.wait_s(StoreAway("there", "why")) for _ in range(20)]
    assert waits[0] < 1.0
    assert waits[0] < waits[4] < waits[8] <= LONGEST_S * 1.2
    assert [shut.wait_s(StoreLogin("there", "ada")) for _ in range(20)][-1] >= 0.8 * LONGEST_SHUT_S
    away.had()
    assert away.wait_s(None) < 1.0
