"""Street lighting at one moment: power by level, findings, ranking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_console.live.lighting import (
    CIRCUITS,
    Finding,
    LightingNow,
    group_power_w,
    lighting_now,
    lighting_rows,
    mean_level,
    power_share,
    rank,
)
from energy_console.live.table import LiveTable
from energy_console.site.model import LightingGroup, Site
from hardware.points import GOOD_STATUS, Point, Reason, ScanBatch, status_of
from tests.live.harbour_site import make_harbour

NIGHT, DAY = -20.0, 30.0
LEVEL = 0.8


def street(name: str, lamps: int = 40, gradient: float = 1.0) -> LightingGroup:
    line = ((0.0, 0.0), (100.0, 0.0))
    return LightingGroup(
        name, f"Street {name}", name, "K-A", "M4", lamps, 100.0, 0.05, gradient, 0.5, 1.0, 1.0, 0.6, (line,)
    )


def lit_site(*names: str) -> Site:
    from dataclasses import replace

    base = make_harbour()
    quantities = ("level", "mode", "power_kw", "energy_import_kwh", "lamps_lit", "lamps_failed", "door_open",
                  "breaker_tripped", "leakage", *(f"circuit_{k + 1}_a" for k in range(CIRCUITS)))  # fmt: skip
    points = tuple(Point(f"{name}/{q}", name, q, "", q) for name in names for q in quantities)
    return replace(base, points=points, lighting=tuple(street(name) for name in names))


def usual(site: Site, level: float = LEVEL) -> dict[str, float]:
    """Every group as it should be."""
    values: dict[str, float] = {}
    for group in site.lighting:
        watts = float(group_power_w(group, np.asarray(level)))
        values |= {f"{group.device}/{p.quantity}": 0.0 for p in site.points if p.device == group.device}
        values |= {f"{group.device}/level": level, f"{group.device}/power_kw": watts / 1000.0}
        values |= {f"{group.device}/lamps_lit": float(group.lamps) if level else 0.0}
        values |= {f"{group.device}/circuit_{k + 1}_a": 4.0 if level else 0.1 for k in range(CIRCUITS)}
    return values


def now_of(site: Site, changes: dict[str, float | Reason], sun: float = NIGHT, level: float = LEVEL) -> LightingNow:
    table = LiveTable(site.points)
    values: dict[str, float | Reason] = {**usual(site, level), **changes}
    index = np.array([table.index[point] for point in values], np.int32)
    value = np.array([np.nan if isinstance(v, Reason) else float(v) for v in values.values()])
    status = np.array([status_of(v) if isinstance(v, Reason) else GOOD_STATUS for v in values.values()], np.uint16)
    table.apply(ScanBatch(1, index, np.ones(len(index), np.int64), value, status))
    return lighting_now(lighting_rows(site, table.index), table, sun)


def test_power_follows_the_gradient_from_standby_to_rated() -> None:
    share = power_share(np.array([0.0, 0.5, 1.0]), np.array(1.0), np.array(0.05))
    assert share.tolist() == pytest.approx([0.05, 0.05 + 0.95 * 0.5, 1.0])
    assert np.isnan(power_share(np.array([np.nan]), np.array(1.0), np.array(0.05)))[0]


@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.floats(0.9, 1.2))
def test_more_light_never_takes_less_power(a: float, b: float, gradient: float) -> None:
    low, high = sorted((a, b))
    share = power_share(np.array([low, high]), np.array(gradient), np.array(0.05))
    assert share[0] <= share[1] + 1e-12
    assert 0.05 <= share[0] <= share[1] <= 1.0 + 1e-12


def test_a_street_as_it_should_be_has_no_finding() -> None:
    now = now_of(lit_site("L-1"), {})
    assert now.findings == (Finding.NONE,)
    assert now.difference_w[0] == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"L-1/breaker_tripped": 1.0, "L-1/level": 0.0}, Finding.BREAKER),
        ({"L-1/level": 0.0}, Finding.DARK),
        ({"L-1/circuit_2_a": 0.0}, Finding.CIRCUIT),
        ({"L-1/leakage": 1.0}, Finding.LEAKAGE),
        ({"L-1/level": 0.4}, Finding.BELOW_MINIMUM),
        ({"L-1/lamps_failed": 9.0}, Finding.MANY_LAMPS),
        ({"L-1/lamps_failed": 1.0}, Finding.LAMPS),
        ({"L-1/door_open": 1.0}, Finding.DOOR),
        ({"L-1/power_kw": 1.0}, Finding.DIFFERENCE),
    ],
)
def test_each_fault_is_found_by_night(changes: dict[str, float | Reason], finding: Finding) -> None:
    assert now_of(lit_site("L-1"), changes).findings == (finding,)


def test_a_silent_cabinet_is_told_by_its_silence_and_not_as_dark() -> None:
    site = lit_site("L-1")
    now = now_of(site, {point.id: Reason.TIMEOUT for point in site.points})
    assert now.findings == (Finding.SILENT,)
    assert np.isnan(now.level[0])


def test_off_by_day_is_fine_and_burning_by_day_is_not() -> None:
    site = lit_site("L-1")
    assert now_of(site, {}, DAY, level=0.0).findings == (Finding.NONE,)
    assert now_of(site, {}, DAY).findings == (Finding.BY_DAY,)
    assert now_of(site, {"L-1/mode": 2.0}, DAY).findings == (Finding.NONE,)


def test_in_twilight_neither_off_nor_on_is_a_fault() -> None:
    site = lit_site("L-1")
    assert now_of(site, {}, -2.0, level=0.0).findings == (Finding.NONE,)
    assert now_of(site, {}, -2.0).findings == (Finding.NONE,)


def test_the_worst_comes_first_and_calm_streets_last() -> None:
    site = lit_site("L-1", "L-2", "L-3", "L-4")
    now = now_of(site, {"L-2/lamps_failed": 1.0, "L-3/circuit_1_a": 0.0, "L-4/lamps_failed": 8.0})
    assert rank(now) == [2, 3, 1, 0]


def test_a_cabinet_not_read_yet_is_no_finding() -> None:
    site = lit_site("L-1")
    table = LiveTable(site.points)
    now = lighting_now(lighting_rows(site, table.index), table, NIGHT)
    assert now.findings == (Finding.NONE,)
    assert now.unread.all()


def test_mean_level_is_by_rated_power_of_those_known() -> None:
    site = lit_site("L-1", "L-2")
    rows = lighting_rows(site, LiveTable(site.points).index)
    assert mean_level(now_of(site, {"L-2/level": 0.4}), rows) == pytest.approx(0.6)
    assert mean_level(now_of(site, {"L-2/level": Reason.TIMEOUT}), rows) == pytest.approx(LEVEL)
