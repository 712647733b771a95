"""A sweep solves every combination, keeps each result at once, goes on where it was; a dead process loses no case."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from energy_console.planning.sweep_file import SweepFile, SweepFileRefused
from optimizer.document import write_problem
from optimizer.errors import BadDocument
from optimizer.plan import Plan
from optimizer.solve import solve
from optimizer.sweep import Case, CaseResult, SweepProgress, cases_of, read_study, solve_case, sweep
from optimizer.workers import ClusterMissing, DaskCluster, LocalProcesses
from tests.optimizer.cities import district
from tests.optimizer.small import battery, bus, lamps, problem

_PRICES = {"path": "tariff.import_eur_per_kwh", "times": [0.5, 1.0, 2.0], "name": "price"}
_SIZES = {"path": "batteries.store.capacity_kwh", "values": [100.0, 200.0]}


def _study(*axes: dict[str, Any], **changes: Any) -> bytes:
    case = problem(lighting=(lamps(),), charging=(bus(),), batteries=(battery(),))
    body = json.loads(write_problem(case))["problem"]
    return json.dumps({"format": "plan-sweep", "version": 1, "problem": body, "vary": axes, **changes}).encode()


def _cases(*axes: dict[str, Any]) -> tuple[Case, ...]:
    return cases_of(read_study(_study(*axes)))


class _InThisProcess:
    """Workers that solve one after the other and remember what they were asked."""

    def __init__(self, most: int = 1000) -> None:
        self.asked: list[Case] = []
        self._most = most

    def solve(self, cases: Sequence[Case], cancel: threading.Event) -> Iterator[tuple[Case, CaseResult]]:
        for case in cases[: self._most]:
            if cancel.is_set():
                return
            self.asked.append(case)
            yield case, solve_case(case)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[SweepFile]:
    file = SweepFile(tmp_path / "a.sweep")
    yield file
    file.close()


def test_every_combination_is_a_case_with_its_changes_in_words() -> None:
    cases = _cases(_PRICES, _SIZES)
    assert len({case.key for case in cases}) == 6
    assert cases[1].name == "price x 0.5, batteries.store.capacity_kwh = 200.0"
    assert json.loads(cases[5].document)["problem"]["tariff"]["import_eur_per_kwh"] == pytest.approx(0.4)
    assert _cases(_PRICES, _SIZES) == cases


def test_a_case_costs_what_its_problem_costs_by_itself(kept: SweepFile) -> None:
    (case,) = _cases({"path": "charging.*.energy_kwh", "plus": [-20.0]})
    results = sweep([case], _InThisProcess(), kept)
    expected = solve(problem(lighting=(lamps(),), charging=(bus(energy_kwh=100.0),), batteries=(battery(),)))
    assert isinstance(expected, Plan)
    assert results[case.key].cost_eur == pytest.approx(expected.cost_eur)
    assert results[case.key].status == "optimal"


def test_what_has_no_plan_or_is_no_problem_is_a_result_that_says_why(kept: SweepFile) -> None:
    impossible = _cases(
        {"path": "charging.bus.required_kwh", "values": [120.0]}, {"path": "nodes.F3.limit_kw", "values": [5.0]}
    )
    nonsense = _cases({"path": "charging.bus.max_kw", "values": ["much"]})
    results = sweep([*impossible, *nonsense], _InThisProcess(), kept)
    assert [results[case.key].status for case in (*impossible, *nonsense)] == ["infeasible", "refused"]
    assert "charging[0].max_kw" in results[nonsense[0].key].sentence
    assert not results[impossible[0].key].has_plan


def test_it_goes_on_where_it_was(kept: SweepFile) -> None:
    cases, first, second, told = _cases(_PRICES, _SIZES), _InThisProcess(2), _InThisProcess(), list[SweepProgress]()
    sweep(cases, first, kept)
    results = sweep(cases, second, kept, tell=told.append)
    assert [case.key for case in (*first.asked, *second.asked)] == [case.key for case in cases]
    assert told[0] == SweepProgress(2, 6, 2, 0)
    assert told[-1] == SweepProgress(6, 6, 2, 0)
    assert len(results) == 6


def test_other_terms_are_other_cases() -> None:
    study = _study(_PRICES), _study(_PRICES, gap=0.01)
    one, other = (cases_of(read_study(text)) for text in study)
    assert not {case.key for case in one} & {case.key for case in other}


def test_processes_of_this_machine_find_what_one_finds(kept: SweepFile) -> None:
    cases = _cases(_PRICES, _SIZES)
    results = sweep(cases, LocalProcesses(2), kept)
    for case in cases:
        assert results[case.key].cost_eur == solve_case(case).cost_eur


def test_a_sweep_called_off_keeps_what_it_has(kept: SweepFile) -> None:
    cases, cancel = _cases(_PRICES, _SIZES), threading.Event()

    def call_off(progress: SweepProgress) -> None:
        if progress.done >= 2:
            cancel.set()

    sweep(cases, LocalProcesses(2), kept, cancel=cancel, tell=call_off)
    assert 2 <= len(kept.known()) < 6


def test_a_process_that_dies_loses_no_case(kept: SweepFile) -> None:
    body = json.loads(write_problem(district(120, 60, 96)))["problem"]
    study = {
        "format": "plan-sweep",
        "version": 1,
        "problem": body,
        "vary": [{**_PRICES, "times": [0.9, 1.0, 1.1, 1.2]}],
    }
    cases, killed = cases_of(read_study(json.dumps(study))), list[int]()

    def kill_one(progress: SweepProgress) -> None:
        if progress.done == 1 and not killed:
            solvers = [one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())]
            killed.append(solvers[0].pid)
            solvers[0].kill()

    results = sweep(cases, LocalProcesses(1), kept, tell=kill_one)
    assert killed
    assert [results[case.key].status for case in cases] == ["optimal"] * 4


def test_a_cluster_finds_what_one_finds(kept: SweepFile) -> None:
    distributed = pytest.importorskip("distributed")
    cases = _cases(_PRICES, _SIZES)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", scheduler_port=0, dashboard_address=None
    ) as cluster:
        results = sweep(cases, DaskCluster(cluster.scheduler_address), kept)
    for case in cases:
        assert results[case.key].cost_eur == solve_case(case).cost_eur


def test_a_scheduler_that_is_not_there_is_a_sentence(kept: SweepFile, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("optimizer.workers._CONNECT_S", 0.5)
    with pytest.raises(ClusterMissing, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        sweep(_cases(_PRICES), DaskCluster("tcp://127.0.0.1:1"), kept)


@pytest.mark.parametrize(
    ("axis", "words"),
    [
        ({"path": "tarif.import_eur_per_kwh", "times": [1.0]}, "the problem has no tarif"),
        ({"path": "batteries.shop.capacity_kwh", "times": [1.0]}, "there is no shop"),
        ({"path": "lighting.ring.lit", "times": [1.0]}, "holds no figures"),
        ({"path": "lighting.ring.lit"}, "varies nothing"),
        ({"path": "nodes", "values": [float("1")], "more": 1}, "unknown field `more`"),
    ],
)
def test_a_study_that_cannot_be_meant_is_refused(axis: dict[str, Any], words: str) -> None:
    with pytest.raises(BadDocument, match=words):
        _cases(axis)


def test_a_file_that_is_no_sweeps_is_left_as_it_is(tmp_path: Path) -> None:
    other = tmp_path / "notes.sweep"
    other.write_text("these are my notes, and there are a few of them, more than a header's worth of notes " * 4)
    before = other.read_bytes()
    with pytest.raises(SweepFileRefused, match=r"notes\.sweep"):
        SweepFile(other)
    assert other.read_bytes() == before
