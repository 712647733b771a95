"""`main.py bench`: finds the benchmarks, or says in a sentence why not."""

from __future__ import annotations

import importlib.util
import json

import pytest

from energy_console.app import bench, main
from energy_console.historian.embedded import open_embedded
from tests.benchmarks import acquisition, engine, trends, trends_year


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


def test_trends_moves_through_a_kept_year_and_reports_frames(monkeypatch, capsys, qapp):
    for name, small in (("DAYS", 2), ("CURVES", 2), ("MANY", 3), ("LIVE", 2), ("BURSTS", 2), ("FRAMES", 14)):
        monkeypatch.setattr(trends, name, small)
    for name, small in (("LIVE_S", 0.5), ("BARE_FRAMES", 4), ("BARE_UPDATES", 1), ("REST_S", 0.3)):
        monkeypatch.setattr(trends, name, small)
    trends.run(True)
    document = json.loads(capsys.readouterr().out)
    assert document["readings_per_curve"] == 172_800
    frames = document["frame_ms"]
    assert [frames[name]["count"] for name in ("year", "many", "bare", "bare tuned")] == [28, 28, 4, 4]
    assert frames["year"]["asked"] >= 2  # the store was asked while it moved
    assert 0 < frames["year"]["p50"] <= frames["year"]["p99"] <= frames["year"]["worst"]
    assert document["live"]["painted_a_second"] > 0
    assert document["bare_live_ms_an_update"] > 0


def test_the_year_that_trends_are_measured_on_is_kept_whole(tmp_path):
    trends_year.fill(tmp_path / "store", 2, lambda _day: None)
    store = open_embedded(tmp_path / "store", writing=False)
    site = trends_year.site_with(2, 1.0)
    year = trends_year.OneYearForAll(store, site.points)
    start_ns, end_ns = trends_year.START_S * 10**9, (trends_year.START_S + 2 * 86_400) * 10**9
    first, second = (year.read(point.id, start_ns, end_ns) for point in site.points)
    assert len(first.value) == 172_800
    assert second.value == pytest.approx(first.value * 1.01 + 130.0)
    spans = year.buckets(site.points[1].id, start_ns, end_ns, 500)
    assert spans.maximum.max() == pytest.approx(second.value.max())
    store.close()
