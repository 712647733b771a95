"""The short form of the memory soak (`make soak` watches the whole engine for an hour)."""

from __future__ import annotations

import asyncio

from tests.soak.memory import growth_of, scan_for

CYCLES = 150  # points of the ten devices: about as many readings as one cycle gives


def test_thousands_of_readings_leave_nothing_behind() -> None:
    early, *_, late = asyncio.run(scan_for([40 * CYCLES, 80 * CYCLES, 400 * CYCLES]))
    assert late.readings > 4 * early.readings
    assert late.objects - early.objects < 300, (early, late)
    assert late.allocated - early.allocated < 100_000, (early, late)


def test_growth_is_told_from_warming_up() -> None:
    warm = [(float(at), 100.0 + 50.0 * min(at, 20) / 20.0) for at in range(100)]
    assert growth_of(warm) == 0.0
    leaking = [(float(at), 100.0 + at) for at in range(100)]
    assert growth_of(leaking) > 0.3
