"""Nonsense is refused in a sentence that names the thing: spoilt documents, mixed-up units, very long horizons."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from optimizer.document import read_problem, write_problem
from optimizer.errors import ProblemError
from optimizer.parts import Tariff
from optimizer.plan import Infeasible, Plan
from optimizer.problem import Problem
from optimizer.solve import solve
from tests.optimizer.all_parts import mixed
from tests.optimizer.small import battery, bus, lamps, load, problem

SPOILT = (None, -1, -1e-9, 1e12, 0, "x", "", [], {}, True, [1.0], [None], "2026-13-40T00:00:00Z", 1e-300)
GONE = object()


def _leaves(document: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every figure, word and list in a document."""
    children: list[tuple[str | int, object]] = []
    if isinstance(document, dict):
        children = list(document.items())
    elif isinstance(document, list):
        children = list(enumerate(document))
    found = [path] if path else []
    return found + [leaf for key, child in children for leaf in _leaves(child, (*path, key))]


def _with(document: Any, path: tuple[str | int, ...], value: object) -> Any:
    spoilt = copy.deepcopy(document)
    place = spoilt
    for key in path[:-1]:
        place = place[key]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return spoilt


def _ids(document: Any) -> set[str]:
    """Every id that a sentence may name."""
    if isinstance(document, dict):
        own = {str(document[key]) for key in ("id", "asset", "a", "name") if document.get(key)}
        return own.union(*(_ids(child) for child in document.values()))
    return set().union(*(_ids(child) for child in document)) if isinstance(document, list) else set()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mixed(), st.data())
def test_a_spoilt_document_is_read_or_refused_in_one_sentence_that_names_the_place(case: Problem, data: Any) -> None:
    document = json.loads(write_problem(case))
    path = data.draw(st.sampled_from(_leaves(document)))
    text = json.dumps(_with(document, path, data.draw(st.sampled_from([*SPOILT, GONE]))))
    try:
        read_problem(text)
    except ProblemError as error:
        sentence = str(error)
        assert re.search(r"[.?]$", sentence), sentence
        assert "Traceback" not in sentence
        assert "\n" not in sentence
        named = any(id in sentence for id in _ids(document))
        place = next((str(key) for key in reversed(path) if isinstance(key, str)), "")
        assert named or place in sentence or "document" in sentence or "problem" in sentence, sentence


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Tariff(28.0), "give EUR a kWh, not ct and not EUR a MWh"),
        (lambda: Tariff(0.2, carbon_kg_per_kwh=350.0), "give kg a kWh, not g"),
        (lambda: lamps(wanted=80.0), "wanted of lighting group ring is 80 .* give a share of full light, not %"),
        (lambda: lamps(rated_kw=250_000.0), "rated_kw of lighting group ring .* give kW, not W"),
        (lambda: bus(efficiency=94.0), "efficiency of charge session bus is 94 .* give a share, not %"),
        (lambda: bus(max_kw=150_000.0), "max_kw of charge session bus .* give kW, not W"),
        (lambda: load(2e7), "power_kw of load buildings .* give kW, not W"),
        (lambda: problem(step_h=30.0), "step length in hours .* give hours, not minutes"),
        (lambda: battery(charge_efficiency=95.0), "charge_efficiency of battery store is 95 .* a share, not %"),
    ],
)
def test_a_figure_in_another_unit_is_refused_with_the_unit_it_wants(make: Any, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        make()


def test_missing_prices_are_named() -> None:
    document = json.loads(write_problem(problem()))
    del document["problem"]["tariff"]["import_eur_per_kwh"]
    with pytest.raises(ProblemError, match=r"problem\.tariff: .*import_eur_per_kwh"):
        read_problem(json.dumps(document))


def test_an_empty_problem_has_a_plan_of_nothing() -> None:
    plan = solve(problem())
    assert isinstance(plan, Plan)
    assert plan.cost_eur == 0.0
    assert plan.assets == ()


def test_ten_thousand_steps_are_planned() -> None:
    steps = 10_000
    case = problem(
        steps,
        0.25,
        tariff=Tariff(tuple(0.1 + 0.1 * (step % 96) / 96.0 for step in range(steps))),
        loads=(load(20.0),),
        charging=(bus(departs_h=50.0),),
        batteries=(battery(wear_eur_per_kwh=0.01),),
    )
    plan = solve(case, time_limit_s=120.0)
    assert isinstance(plan, Plan)
    assert len(plan.asset("bus").power_kw) == steps


def test_contradictory_wishes_are_a_plan_that_says_what_it_could_not_give() -> None:
    # Everyone wants all of the feeder at once: wishes, so there is a plan, and what is short is told with its price.
    case = problem(1, charging=(bus(departs_h=1.0), bus("tram", departs_h=1.0)), lighting=(lamps(steps=1),))
    plan = solve(case)
    assert isinstance(plan, Plan)
    assert {short.asset for short in plan.outcome.shortfalls} >= {"bus", "tram"}
    assert all(short.eur > 0.0 for short in plan.outcome.shortfalls)


def test_contradictory_demands_are_told_as_such() -> None:
    sessions = (bus(departs_h=1.0, required_kwh=60.0), bus("tram", departs_h=1.0, required_kwh=60.0))
    answer = solve(problem(1, charging=sessions))
    assert isinstance(answer, Infeasible)
    assert {conflict.thing for conflict in answer.conflicts} == {"bus", "tram", "F3"}
    assert answer.ways_out
