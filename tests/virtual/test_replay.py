"""A recording overrules the physics of its points, and what is counted and summed follows it."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import pytest

from hardware.virtual.replay import Recording, UnreadableRecording, read_recording
from hardware.virtual.spec import Node
from hardware.virtual.world import World
from tests.virtual.sites import at, spec, value

# Recordings are not part of the project: they lie beside it, or where the variable says.
RECORDINGS = Path(os.environ.get("ENERGY_CONSOLE_RECORDINGS", Path(__file__).parents[3] / "shared" / "data"))
HOUR = 3600.0


def write_csv(path: Path, rows: list[tuple[object, str, object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("time", "point", "value"))
        writer.writerows(rows)
    return path


def played(recording: Recording, start: str) -> World:
    nodes = (Node("top", None, 100.0, "TOP", idle_loss=0.0, full_loss=0.0),)
    devices = {"TOP": "abb_b23", "M": "eastron_sdm630", "H": "kamstrup_multical"}
    return World(spec(devices, nodes=nodes, node_of={"M": "top"}), at(start), recording)


def test_recorded_powers_are_shown_summed_and_counted(tmp_path: Path) -> None:
    start = at("2026-01-14T00:00")
    rows: list[tuple[object, str, object]] = [(start + k * HOUR, "M/power_kw", 10.0 + k % 24) for k in range(48)]
    world = played(read_recording(write_csv(tmp_path / "r.csv", rows)), "2026-01-14T10:30")
    before = value(world, "M/energy_import_kwh")
    assert value(world, "M/power_kw") == 20.0
    assert value(world, "TOP/power_kw") == pytest.approx(20.0)
    list(world.run_to(at("2026-01-14T12:00"), 60.0))
    assert value(world, "M/power_kw") == 22.0
    counted = value(world, "M/energy_import_kwh") - before
    assert counted == pytest.approx(0.5 * 20 + 21, abs=0.05)
    assert value(world, "M/power_l1_kw") + value(world, "M/power_l2_kw") + value(world, "M/power_l3_kw") == 22.0


def test_a_past_recording_is_played_at_the_same_hour_of_the_day(tmp_path: Path) -> None:
    rows: list[tuple[object, str, object]] = [
        (f"2020-03-02T{hour:02d}:00:00+00:00", "H/supply_c", 60.0 + hour) for hour in range(24)
    ]
    rows.append(("2020-03-02T23:59:00Z", "H/supply_c", 83.0))
    world = played(read_recording(write_csv(tmp_path / "r.csv", rows)), "2026-01-14T10:30")
    assert value(world, "H/supply_c") == 69.0  # 09:30 UTC


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    import pandas as pd

    path = tmp_path / "r.parquet"
    times = pd.to_datetime([0, 3600], unit="s", utc=True)
    pd.DataFrame({"time": times, "point": ["M/power_kw"] * 2, "value": [1.0, 2.0]}).to_parquet(path)
    assert read_recording(path).points == ("M/power_kw",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("time,point\n0,M/power_kw\n", "no column value"),
        ("time,point,value\n", "holds no reading"),
        ("time,point,value\nyesterday,M/power_kw,1\n", "not ISO 8601"),
        ("time,point,value\n0,M/power_kw,much\n", "not a number"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_with_the_reason(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableRecording, match=sentence):
        read_recording(path)
    with pytest.raises(UnreadableRecording, match=r"none\.csv"):
        read_recording(tmp_path / "none.csv")


def test_a_real_substation_is_replayed_with_its_own_temperatures_and_power(tmp_path: Path) -> None:
    source = RECORDINGS / "04_heat" / "nis_L4_15min_2024-11_2025-03.csv.gz"
    if not source.is_file():
        pytest.skip(f"no recordings of real substations here ({source})")
    rows: list[tuple[object, str, object]] = []
    with gzip.open(source, "rt", encoding="utf-8") as file:
        table = csv.DictReader(file)
        names = {name.lower(): name for name in table.fieldnames or ()}
        when = next(names[name] for name in names if "time" in name or "date" in name)
        supply = next(names[name] for name in names if "sup" in name and "prim" in name)
        back = next(names[name] for name in names if "ret" in name and "prim" in name)
        for row in list(table)[: 96 * 14]:
            if row[supply] and row[back]:
                stamp = f"{row[when].replace(' ', 'T')}+01:00" if "+" not in row[when] else row[when]
                rows += [(stamp, "H/supply_c", row[supply]), (stamp, "H/return_c", row[back])]
    recorded = {float(row[2]) for row in rows if row[1] == "H/supply_c"}  # type: ignore[arg-type]
    world = played(read_recording(write_csv(tmp_path / "real.csv", rows)), "2026-01-14T00:00")
    seen = [value(world, "H/supply_c") for _ in world.run_to(at("2026-01-15T00:00"), 900.0)]
    assert set(seen) <= recorded
    assert len(set(seen)) > 20
