"""The process that is killed beside a PostgreSQL server: an engine's side of that store, under steady work."""

from __future__ import annotations

from pathlib import Path

from energy_console.historian.postgres import delivery, engine_of, engine_side, keeper
from tests.soak.killed import append, leaving_trouble, noted
from tests.soak.witness import POINTS, Board, Told

SEAL_READINGS = 400  # instead of half a million
LOOK_EVERY_S = 0.05
TIDY_EVERY_S = 0.5
RETRY_S = 0.1  # of a server that is away
DOING = {"seal": "rolling up", "tidy": "sorting days"}


def serve_until_killed(url: str, site: str, place: Path, first: int) -> None:
    """Appends batches from `first` on to the store of `site`, without end. What goes wrong is left in `trouble`."""
    leaving_trouble(place, lambda: _serve(url, site, place, first))


def _serve(url: str, site: str, place: Path, first: int) -> None:
    board, told = Board(place / "board"), Told(place / "told")
    board.note("writer", "opening")
    _scale_down(board)
    store = engine_of(url, site, place / "outbox")
    board.note("writer", "registering")
    store.register(POINTS)
    number = first
    while True:
        append(store, number, board, told)
        board.note("outside", "server away" if store.trouble() else "server there")
        number += 1


def _scale_down(board: Board) -> None:
    keeper.SEAL_READINGS, keeper.LOOK_EVERY_S, keeper.TIDY_EVERY_S = SEAL_READINGS, LOOK_EVERY_S, TIDY_EVERY_S
    keeper.RETRY_AFTER_S = delivery.RETRY_S = RETRY_S
    for name, deed in DOING.items():
        setattr(engine_side, name, noted(board, "keeper", deed, getattr(engine_side, name)))
    delivery.Delivery._take = noted(board, "delivery", "delivering", delivery.Delivery._take)
    delivery.become_engine = noted(board, "delivery", "connecting", delivery.become_engine)
    board.note("keeper", "resting")
    board.note("delivery", "resting")
