"""The short form of the durability soak (`make soak` kills a thousand times), and whether it would find a fault."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from energy_console.historian.embedded import open_embedded
from tests.historian.postgres_server import Server, carried_server
from tests.soak.judge import faults_of, reading_faults, tier_faults
from tests.soak.killed import append
from tests.soak.kills import in_words, soak_kills
from tests.soak.kills_server import soak_server_kills
from tests.soak.witness import POINTS, Board, Rows, Told, rows_of, told_in

SEED = 20261123


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    yield from carried_server()


def test_a_writer_killed_at_random_moments_loses_and_doubles_nothing(tmp_path: Path) -> None:
    ledger = soak_kills(9, SEED, tmp_path)
    assert not ledger.faults, in_words(ledger, "store")
    assert ledger.readings > 500, in_words(ledger, "store")


def test_an_engine_and_its_server_killed_at_random_moments_lose_and_double_nothing(
    server: Server, tmp_path: Path
) -> None:
    ledger = soak_server_kills(6, SEED, server, tmp_path)
    assert not ledger.faults, in_words(ledger, "server")
    assert ledger.readings > 500, in_words(ledger, "server")


def written(*numbers: int) -> Rows:
    return Rows.join(rows_of(number) for number in numbers)


def test_the_judge_finds_what_is_lost_doubled_torn_changed_or_foreign() -> None:
    whole = written(1, 2, 3)
    assert reading_faults(whole, [1, 2, 3], set()) == []
    assert reading_faults(written(1, 2, 3, 4), [1, 2, 3], {4, 5}) == []
    assert "lost" in reading_faults(written(1, 3), [1, 2, 3], set())[0]
    assert "twice" in reading_faults(written(1, 2, 2, 3), [1, 2, 3], set())[0]
    assert "never written" in reading_faults(written(1, 2, 3, 9), [1, 2, 3], {4})[0]
    torn = Rows(*(np.delete(getattr(whole, name), [5]) for name in Rows.__slots__))
    assert "torn" in reading_faults(torn, [1, 2, 3], set())[0]
    moved = dataclasses.replace(whole, time_ms=whole.time_ms + (np.arange(len(whole)) == 7))
    assert "changed" in reading_faults(moved, [1, 2, 3], set())[0]


def test_the_judge_finds_events_states_and_tiers_that_are_not_as_acknowledged(tmp_path: Path) -> None:
    store = open_embedded(tmp_path / "store", writing=True)
    store.register(POINTS)
    board, told = Board(tmp_path / "board"), Told(tmp_path / "told")
    for number in range(6):
        append(store, number, board, told)
    store.seal()
    kept = told_in(tmp_path / "told")
    assert faults_of(store, kept, set()) == []
    assert tier_faults(store) == []
    told.tell("event", 6)
    told.tell("state", 6)
    assert len(faults_of(store, told_in(tmp_path / "told"), set())) == 2
    store.write_event(1, "engine", "soak", "3", {})
    assert any("twice" in fault for fault in faults_of(store, kept, set()))
    store.close()
