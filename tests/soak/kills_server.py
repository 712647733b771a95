"""The durability soak of the PostgreSQL store: engine and server are killed (kill -9) at random moments.

An engine keeps what it writes in its outbox and delivers it; whichever of the two is killed, and whatever the other was
doing, every acknowledged reading, event and state has to be on the server once, in the end.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from energy_console.historian.postgres import PostgresEngine, engine_of
from tests.historian.postgres_server import Server
from tests.soak.judge import faults_of, tier_faults
from tests.soak.killed_engine import serve_until_killed
from tests.soak.kills import EARLY, Ledger, Life, nursery, wait_for
from tests.soak.witness import POINTS, Board, rows_of, told_in

KILLS_A_SITE = 8
WORK_S = 0.5
AWAY_S = 0.4
SERVER_SHARE = 0.4  # of the strikes, those that begin with the server
DELIVERED_WITHIN_S = 60.0


def soak_server_kills(
    kills: int, seed: int, server: Server, root: Path | None = None, told: Callable[[str], None] = lambda _: None
) -> Ledger:
    """Kills engines, and the server in some of the strikes, so many times altogether."""
    ledger, chance = Ledger(), random.Random(seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kills-", dir=root, ignore_cleanup_errors=True) as name:
        while ledger.kills < kills:
            site, life = f"soak-{Path(name).name}-{ledger.kills}", Life(Path(name) / f"life-{ledger.kills}")
            life.place.mkdir()
            until = min(ledger.kills + KILLS_A_SITE, kills)
            while ledger.kills < until:
                strike(server, site, life, chance, ledger)
            judge(server, site, life, ledger)
            told(f"  {ledger.kills} kills, {ledger.readings} readings acknowledged, {len(ledger.faults)} faults")
    ledger.took_s = time.monotonic() - began
    return ledger


def strike(server: Server, site: str, life: Life, chance: random.Random, ledger: Ledger) -> None:
    """One engine from its start to its kill; in some strikes the server is killed before and comes back some time."""
    board = Board(life.place / "board")
    board.clear()
    log = life.place / "told"
    before = log.stat().st_size if log.exists() else 0
    arguments = (server.url, site, life.place, life.next_batch)
    process = nursery().Process(target=serve_until_killed, args=arguments)
    process.start()
    try:
        if chance.random() < EARLY:
            wait_for(lambda: board.read("writer") != "", process)
            time.sleep(chance.uniform(0.0, 0.05))
        else:
            wait_for(lambda: log.exists() and log.stat().st_size > before, process)
            time.sleep(chance.uniform(0.0, WORK_S))
        if chance.random() < SERVER_SHARE:
            note(board, ledger, "server killed while")
            server.kill()
            ledger.kills += 1
            time.sleep(chance.uniform(0.0, AWAY_S))  # the engine goes on alone
            if chance.random() < 0.5:
                server.start()
                time.sleep(chance.uniform(0.0, AWAY_S))  # and brings what it has kept
        note(board, ledger, "engine killed while")
    finally:
        process.kill()
        process.join()
        if not server.is_running:
            server.start()
    ledger.kills += 1
    board.close()
    if (life.place / "trouble").exists():
        ledger.faults.append((life.place / "trouble").read_text("utf-8"))
        (life.place / "trouble").unlink()
    life.after_kill()


def note(board: Board, ledger: Ledger, whose: str) -> None:
    """What the kill falls into, as read a moment before."""
    where = board.read("outside") or "starting"
    ledger.struck[(whose, f"{where}, {board.read('writer') or 'starting'}")] += 1
    for hand in ("delivery", "keeper"):
        if board.read(hand) not in ("", "resting"):
            ledger.struck[(whose, f"{board.read(hand)}")] += 1


def judge(server: Server, site: str, life: Life, ledger: Ledger) -> None:
    """A last engine delivers what is left; then the server is held against what was acknowledged, and its tiers too."""
    told = told_in(life.place / "told")
    with contextlib.closing(engine_of(server.url, site, life.place / "outbox")) as store:
        store.register(POINTS)
        wait_delivered(store)
        ledger.faults += faults_of(store, told, life.maybe)
        ledger.faults += tier_faults(store)
        store.seal()
        store.tidy()
        ledger.faults += faults_of(store, told, life.maybe)
        ledger.faults += tier_faults(store)
    ledger.readings += sum(len(rows_of(number)) for number in told.get("kept", []))
    ledger.events += len(told.get("event", []))


def wait_delivered(store: PostgresEngine) -> None:
    until = time.monotonic() + DELIVERED_WITHIN_S
    while store._delivery.is_behind:
        if time.monotonic() > until:
            raise TimeoutError(f"what the engine had kept was not delivered in time: {store.trouble()}")
        time.sleep(0.02)
