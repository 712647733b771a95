"""Problem documents in, answer documents out, from the command line too; the example in the docs is run here."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from energy_console.app import main
from optimizer.document import VERSION, answer_schema, problem_schema, read_problem, write_answer, write_problem
from optimizer.errors import BadDocument
from optimizer.parts import Wishes
from optimizer.plan import Infeasible, Plan
from optimizer.problem import Problem
from optimizer.solve import solve
from tests.optimizer.cities import district
from tests.optimizer.small import bus, lamps, load, planned, problem

DOCS = Path(__file__).parents[2] / "docs" / "plan-problem.md"


def _example() -> str:
    return re.findall(r"```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]


def _edited(*changes: tuple[str, str]) -> str:
    text = write_problem(problem(charging=(bus(),), lighting=(lamps(),), loads=(load(3.0),))).decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def test_a_problem_comes_back_as_it_was_written() -> None:
    case = district(3, 5, 24)
    assert read_problem(write_problem(case)) == case


def test_the_example_of_the_docs_plans_and_says_what_the_docs_say() -> None:
    answer = solve(read_problem(_example()))
    assert isinstance(answer, Plan)
    said = re.search(r"costs ([0-9.]+) EUR, ([0-9.]+) less than the naive case", DOCS.read_text(encoding="utf-8"))
    assert said is not None
    assert answer.cost_eur == pytest.approx(float(said[1]), abs=0.005)
    assert answer.saved_eur == pytest.approx(float(said[2]), abs=0.005)


def test_the_docs_name_every_field_of_a_problem() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name, definition in problem_schema()["$defs"].items():
        for field in definition.get("properties", {}):
            assert f"`{field}`" in text, f"{name}.{field} is not in docs/plan-problem.md"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ((('"max_kw"', '"maxkw"'),), "did you mean max_kw"),
        ((('"power_kw":3.0', '"power_kw":NaN'),), "not valid JSON"),
        ((('"power_kw":3.0', '"power_kw":1e999'),), "not valid JSON"),
        ((('"power_kw":3.0', '"power_kw":"3"'),), r"problem\.loads\[0\]"),
        (((f'"version":{VERSION}', '"version":99'),), "update the program"),
        (((f'"version":{VERSION}', '"version":0'),), 'add "version"'),
        ((('"plan-problem"', '"plan-answer"'),), "not a problem"),
        ((('"max_kw":60.0', '"max_kw":-60.0'),), "must be at least 0"),
        ((('"node":"F3"', '"node":"F33"'),), "did you mean F3"),
        ((("+01:00", ""),), "time zone"),
    ],
)
def test_a_bad_document_is_refused_with_its_place(changes: tuple[tuple[str, str], ...], words: str) -> None:
    with pytest.raises(BadDocument, match=words):
        read_problem(_edited(*changes))


FIRST = {
    "horizon": {"start": "2026-11-22T17:00:00+01:00", "steps_h": [1.0, 1.0]},
    "nodes": [{"id": "grid", "parent": None, "limit_kw": 500.0}],
    "tariff": {"import_eur_per_kwh": [0.3, 0.2], "peaks": [{"name": "month", "eur_per_kw": 4.0, "so_far_kw": 90.0}]},
    "lighting": [
        {"id": "ring", "node": "grid", "rated_kw": 20.0, "lit": [True, True], "wanted": 1.0, "floor": 0.5,
         "missing_light_eur_per_h": 8.0, "ramp": 0.5}
    ],
    "charging": [
        {"id": "bus", "node": "grid", "arrives": "2026-11-22T17:00:00+01:00", "departs": "2026-11-22T19:00:00+01:00",
         "max_kw": 60.0, "energy_kwh": 50.0, "missing_eur_per_kwh": 2.0, "min_kw": 5.0}
    ],
    "loads": [{"id": "offices", "node": "grid", "power_kw": [30.0, 28.0]}],
}  # fmt: skip
SECOND = {
    **FIRST,
    "batteries": [
        {"id": "store", "node": "grid", "capacity_kwh": 50.0, "charge_max_kw": 20.0, "discharge_max_kw": 20.0,
         "start_kwh": 10.0, "end_kwh": 10.0}
    ],
    "access_points": [{"id": "A1", "node": "grid", "max_kw": 100.0, "frequencies_hz": [50.0, 60.0]}],
    "ships": [
        {"id": "ferry", "node": "grid", "arrives": "2026-11-22T17:00:00+01:00", "leaves": "2026-11-22T19:00:00+01:00",
         "hotel_kw": [40.0, 50.0], "engine_eur_per_kwh": 0.5}
    ],
}  # fmt: skip


# By hand: offices 14.6, full light 10, and 8 + 42 kWh for the bus under the peak of 90; then the ferry's engines, 45.
@pytest.mark.parametrize(("version", "body", "cost_eur"), [(1, FIRST, 35.4), (2, SECOND, 80.4)])
def test_a_document_of_an_older_version_is_read_as_it_was(version: int, body: object, cost_eur: float) -> None:
    case = read_problem(json.dumps({"format": "plan-problem", "version": version, "problem": body}))
    plan = solve(dataclasses.replace(case, wishes=Wishes(0.0, 0.0, 0.0, 0.0, 0.0)), gap=0.0)
    assert isinstance(plan, Plan)
    assert plan.cost_eur == pytest.approx(cost_eur)


def test_a_document_that_is_no_json_is_refused() -> None:
    for text in (b"", b"\xff\xfe", "[]", "null", '{"format": "plan-problem", "version": 1}'):
        with pytest.raises(BadDocument):
            read_problem(text)


def test_an_answer_document_carries_the_whole_plan_and_no_nan() -> None:
    document = json.loads(write_answer(planned(problem(charging=(bus(),)))))
    assert (document["format"], document["version"], document["answer"]) == ("plan-answer", VERSION, "plan")
    assert document["plan"]["assets"][0]["power_kw"] == [60.0, 60.0, 0.0, 0.0]
    assert document["plan"]["solved"]["status"] == "optimal"
    assert "null" not in json.dumps(document["plan"]["nodes"][1])


def test_schemas_describe_what_is_read_and_written() -> None:
    fields = problem_schema()["$defs"]["Problem"]["properties"]
    assert set(fields) == set(Problem.__dataclass_fields__)
    assert set(answer_schema()["properties"]) == {"format", "version", "answer", "plan", "infeasible", "unsolved"}


def _run(tmp_path: Path, case: Problem, *options: str) -> int:
    path = tmp_path / "problem.json"
    path.write_bytes(write_problem(case))
    return main(["plan", "--problem", str(path), *options])


def test_the_command_prints_one_json_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path, problem(charging=(bus(),)), "--json") == 0
    out = capsys.readouterr()
    assert json.loads(out.out)["answer"] == "plan"
    assert out.err == ""


def test_the_command_tells_cost_and_savings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path, problem(charging=(bus(),))) == 0
    assert "optimal" in capsys.readouterr().out


def test_the_command_fails_on_what_cannot_be_planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = problem(charging=(bus(departs_h=1.0, required_kwh=100.0),))
    assert isinstance(solve(case), Infeasible)
    assert _run(tmp_path, case) == 1
    assert "Bus must have 100 kWh by 18:00." in capsys.readouterr().err


def test_the_command_refuses_a_bad_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "problem.json"
    path.write_text("{", encoding="utf-8")
    assert main(["plan", "--problem", str(path)]) == 2
    assert main(["plan", "--problem", str(tmp_path / "missing.json")]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_the_command_prints_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--schema"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"problem", "answer"}
