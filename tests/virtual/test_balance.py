"""Power adds up over the grid tree, and counters count what power integrates to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_console.site.loader import load_site
from energy_console.site.twin import virtual_spec
from hardware.virtual.meters import GridTree
from hardware.virtual.spec import Consumer, Generator, Node
from hardware.virtual.world import World
from tests.virtual.sites import at, pass_time, value, world

DEMO = "sites/port-demo"


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[Node], list[tuple[int, float]]]:
    """A grid tree of up to 12 nodes in any order, and leaves (row of the node, power)."""
    size = draw(st.integers(1, 12))
    parents = [draw(st.integers(0, row - 1)) if row else None for row in range(size)]
    limits = draw(st.lists(st.floats(10.0, 5000.0), min_size=size, max_size=size))
    nodes = [Node(f"n{r}", None if p is None else f"n{p}", limits[r]) for r, p in enumerate(parents)]
    order = draw(st.permutations(range(size)))
    leaves = draw(st.lists(st.tuples(st.integers(0, size - 1), st.floats(-500.0, 500.0)), max_size=20))
    return [nodes[r] for r in order], leaves


@given(trees())
@settings(max_examples=60, deadline=None)
def test_every_node_takes_its_leaves_its_children_and_its_own_loss(
    tree: tuple[list[Node], list[tuple[int, float]]],
) -> None:
    nodes, leaves = tree
    grid = GridTree(nodes)
    kw = np.array([power for _, power in leaves])
    at_row = np.array([row for row, _ in leaves], dtype=np.int64)
    power = grid.power_kw(kw, at_row)
    for row, node in enumerate(nodes):
        children = sum(power[grid.rows[other.id]] for other in nodes if other.parent == node.id)
        below = children + kw[at_row == row].sum()
        assert power[row] == pytest.approx(below + grid.loss_kw(row, below), abs=1e-6)
        assert grid.loss_kw(row, below) > 0


@pytest.fixture(scope="module")
def demo() -> World:
    played = World(virtual_spec(load_site(DEMO)), at("2026-11-20T06:00"))
    for _ in played.run_to(at("2026-11-20T16:50")):
        pass
    return played


def test_meters_of_the_demo_show_the_sum_of_what_hangs_below(demo: World) -> None:
    nodes = demo.electricity.node_power_kw()
    leaf = dict(zip(demo.electricity.leaves, demo.electricity.leaf_power_kw().tolist(), strict=True))
    rows = demo.electricity.tree.rows
    for node in demo.spec.nodes:
        children = sum(nodes[other.id] for other in demo.spec.nodes if other.parent == node.id)
        own = sum(power for device, power in leaf.items() if demo.spec.node_of.get(device) == node.id)
        loss = demo.electricity.tree.loss_kw(rows[node.id], children + own)
        assert nodes[node.id] == pytest.approx(children + own + loss, abs=1e-6)
        if node.meter in demo.meters.rows:
            assert value(demo, f"{node.meter}/power_kw") == pytest.approx(nodes[node.id], abs=1e-9)


def test_every_taker_of_the_demo_counts_to_a_node(demo: World) -> None:
    known = {node.id for node in demo.spec.nodes}
    assert [device for device in demo.electricity.leaves if demo.spec.node_of.get(device) not in known] == []


def test_every_device_of_the_demo_is_played_with_every_quantity_of_its_profile(demo: World) -> None:
    assert {device.id for device in demo.spec.field.devices} == {d for bank in demo.banks for d in bank.devices}
    for bank in demo.banks:
        assert {point.quantity for point in bank.profile.points} <= set(bank.fleet.columns), bank.profile.name


def test_counters_never_run_back_and_count_the_mean_power(demo: World) -> None:
    meters, ships = demo.meters, demo.ships
    start = [fleet.columns["energy_import_kwh"].copy() for fleet in (meters, ships)]
    power = [fleet.columns["power_kw"].copy() for fleet in (meters, ships)]
    summed = [np.zeros(len(fleet)) for fleet in (meters, ships)]
    for _ in range(120):
        demo.step(1.0, 1.0)
        for k, fleet in enumerate((meters, ships)):
            now = fleet.columns["power_kw"]
            summed[k] += np.maximum(0.5 * (power[k] + now), 0.0) / 3600.0
            power[k] = now.copy()
    for k, fleet in enumerate((meters, ships)):
        counted = fleet.columns["energy_import_kwh"] - start[k]
        assert (counted >= 0).all()
        np.testing.assert_allclose(counted, summed[k], atol=1e-6)


def test_energy_of_a_parent_is_that_of_its_children_and_the_losses() -> None:
    nodes = (Node("top", None, 200.0, "M"), Node("a", "top", 100.0, "MA"), Node("b", "top", 100.0, "MB"))
    lossless = tuple(Node(n.id, n.parent, n.limit_kw, n.meter, idle_loss=0.0, full_loss=0.0) for n in nodes)
    played = world(
        {"M": "abb_b23", "MA": "abb_b23", "MB": "eastron_sdm630", "L1": "eastron_sdm630", "PV": "sunspec_103"},
        "2026-06-10T11:00",
        nodes=lossless,
        node_of={"L1": "a", "PV": "b"},
        consumers=(Consumer("L1", "homes", 50_000.0),),
        generators=(Generator("PV", rated_kw=60.0),),
    )
    names = ("M", "MA", "MB")

    def net_kwh() -> list[float]:
        return [value(played, f"{m}/energy_import_kwh") - value(played, f"{m}/energy_export_kwh") for m in names]

    before = net_kwh()
    pass_time(played, 3600, 60)
    top, a, b = (now - then for now, then in zip(net_kwh(), before, strict=True))
    assert top == pytest.approx(a + b, abs=1e-6)
    assert a > 0 > b
