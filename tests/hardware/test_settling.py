from __future__ import annotations

import gc

from hardware.scanner import settle


def test_the_collector_walks_only_through_what_came_after_settling() -> None:
    before: list[object] = [[]]
    try:
        settle()
        after: list[object] = [[]]
        walked = {id(one) for one in gc.get_objects()}
        assert id(before) not in walked
        assert id(after) in walked
    finally:
        gc.unfreeze()
