"""`main.py bench`: finds the benchmarks, or says in a sentence why not."""

from __future__ import annotations

import importlib.util
import json

import pytest

from energy_console.app import bench, main
from tests.benchmarks import acquisition, engine


@pytest.mark.parametrize("name", bench.NAMES)
def test_a_benchmark_that_is_not_installed_is_told_in_a_sentence(name, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda module: None)
    assert main(["bench", name]) == 2
    assert f"The benchmark '{name}' is not installed" in capsys.readouterr().err


def test_a_span_is_refused_where_a_benchmark_has_its_own_length(capsys):
    assert main(["bench", "trends", "--for", "5s"]) == 2
    assert "has a length of its own" in capsys.readouterr().err


def test_acquisition_reads_a_field_and_reports_ratios(monkeypatch, capsys):
    monkeypatch.setattr(acquisition, "ROUNDS", 1)
    acquisition.run(True, 1.5, 2.0, devices=50)
    document = json.loads(capsys.readouterr().out)
    assert (document["devices"], document["points_per_device"], document["silent"]) == (50, 20, 1)
    assert document["blocks"] == [112]
    assert document["scanner"][0]["bad"] == 0
    assert document["scanner"][0]["answering"] == 49
    assert document["bare"][0]["requests_per_s"] > 0
    assert document["pace_hz"] > 0.2  # 1 where the machine is idle


def test_a_size_is_refused_where_a_benchmark_has_its_own_and_where_it_is_too_small(capsys):
    assert main(["bench", "trends", "--devices", "5"]) == 2
    assert "has a size of its own" in capsys.readouterr().err
    assert main(["bench", "acquisition", "--devices", "5"]) == 2
    assert "too few to measure" in capsys.readouterr().err


def test_engine_keeps_what_its_field_answers_and_reports_its_pace(capsys):
    engine.run(True, 3.0, 3.0, devices=20)
    document = json.loads(capsys.readouterr().out)
    assert (document["devices"], document["points_per_device"], document["silent"]) == (20, 40, 1)
    for ran in (document["well"], document["with_silent"]):
        assert ran["missing"] == 0
        assert ran["bad"] == 0
        assert ran["stored_per_s"] > 0
        assert 0.5 < ran["apart_p50_s"] < 4.0  # 1 where the machine is idle
