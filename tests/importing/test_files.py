"""Foreign files understood: layouts, signs, forms of time, units, and what is told before anything is written."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tests.importing.conftest import Desk
from tests.importing.workbook import write_workbook

POWER = "meter/power_kw"


def seconds(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp())


def test_a_german_export_is_understood_by_itself(desk: Desk) -> None:
    lines = ["Stadtwerke, Lastgang", "Zeit;Leistung [W];Temperatur °C"]
    lines += [
        f"{day:02d}.03.2026 {hour:02d}:00;{1000 * hour + day},5;1.234,25" for day in (13, 14) for hour in range(24)
    ]
    told = desk.told(
        desk.file("\r\n".join(lines), encoding="cp1252"), "--zone", "+01:00", "--map", f"Leistung [W]={POWER}"
    )
    file, power = told["files"][0], told["points"][0]
    assert (file["delimiter"], file["decimal"], file["time_format"]) == (";", ",", "%d.%m.%Y %H:%M")
    assert (file["encoding"], file["header_line"]) == ("cp1252", 2)
    assert (power["file_unit"], power["unit"], power["factor"]) == ("W", "kW", 0.001)
    assert power["first"] == "2026-03-12T23:00:00Z"
    assert power["maximum"] == pytest.approx(23.0145)
    assert told["points"][1]["point"] is None
    assert not desk.store.exists()


def test_a_long_file_gives_a_series_for_each_meter(desk: Desk) -> None:
    rows = [f"M{m},2026-01-01T00:{n:02d}:00Z,{m * 100 + n}" for n in range(60) for m in (1, 2)]
    told = desk.told(desk.file("\n".join(["meter,time,value", *rows])), "--as", "hall")
    assert told["files"][0]["meter"] == ["meter"]
    assert [(one["source"], one["point"], one["writes"]) for one in told["points"]] == [
        ("M1", "import.hall/m1", 60),
        ("M2", "import.hall/m2", 60),
    ]
    assert told["points"][1]["step_s"] == 60.0


def test_a_date_and_a_clock_in_two_columns_are_one_time(desk: Desk) -> None:
    rows = [f"2026-05-0{day}\t{hour}\t{hour}" for day in (1, 2) for hour in range(24)]
    told = desk.told(desk.file("\n".join(["Date\tHour\tkwh", *rows])), "--zone", "UTC", "--as", "x")
    assert told["files"][0]["time"] == ["Date", "Hour"]
    assert told["points"][0]["last"] == "2026-05-02T23:00:00Z"
    assert told["points"][0]["gaps"] == 0


def test_a_workbook_and_a_parquet_file_say_the_same(desk: Desk) -> None:
    start = dt.datetime(2026, 2, 1)  # noqa: DTZ001 - workbooks know no zones
    times = [start + dt.timedelta(minutes=15 * n) for n in range(40)]
    book, parquet = desk.folder / "meters.xlsx", desk.folder / "meters.parquet"
    write_workbook(book, [["Export of hall 3"], ["time", "p_kw"], *([t, n + 0.25] for n, t in enumerate(times))])
    pd.DataFrame({"time": times, "p_kw": [n + 0.25 for n in range(40)]}).to_parquet(parquet)
    one, other = (desk.told(path, "--zone", "UTC", "--as", "x")["points"][0] for path in (book, parquet))
    assert one == other
    assert (one["writes"], one["unit"], one["maximum"], one["first"]) == (40, "kW", 39.25, "2026-02-01T00:00:00Z")


def test_times_without_zone_are_refused(desk: Desk) -> None:
    path = desk.file("time,p_kw\n2026-01-01 00:00,1\n2026-01-01 01:00,2\n")
    code, _, err = desk.run(path, "--as", "x")
    assert code == 2
    assert "says no time zone" in err
    assert desk.told(desk.file("time,p_kw\n2026-01-01 00:00+02:00,1\n"), "--as", "x")["points"][0]["first"] == (
        "2025-12-31T22:00:00Z"
    )


def test_day_or_month_first_is_asked_where_the_file_does_not_say(desk: Desk) -> None:
    doubtful = desk.file("time,p_kw\n01/02/2026 00:00,1\n02/02/2026 00:00,2\n03/02/2026 00:00,3\n")
    code, _, err = desk.run(doubtful, "--zone", "UTC", "--as", "x")
    assert code == 2
    assert "--time-format '%d/%m/%Y %H:%M' or '%m/%d/%Y %H:%M'" in err
    said = desk.told(doubtful, "--zone", "UTC", "--as", "x", "--time-format", "%d/%m/%Y %H:%M")
    assert said["points"][0]["step_s"] == 86_400.0
    clear = desk.file("time,p_kw\n" + "".join(f"{n:02d}/03/2026 00:00,{n}\n" for n in range(1, 29)))
    assert desk.told(clear, "--zone", "UTC", "--as", "x")["files"][0]["time_format"] == "%d/%m/%Y %H:%M"


NIGHT = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]


def test_both_hours_of_autumn_are_told_apart_by_their_order(desk: Desk) -> None:
    rows = "".join(f"2025-10-26 {clock},{n}\n" for n, clock in enumerate(NIGHT))
    path = desk.file("time,p_kw\n" + rows)
    desk.told(path, "--zone", "Europe/Amsterdam", "--as", "x", "--write")
    kept = desk.kept("import.x/p_kw")
    assert np.diff(kept.time_ns).tolist() == [1_800_000_000_000] * 5
    assert kept.value.tolist() == [0, 1, 2, 3, 4, 5]
    assert kept.time_ns[1] // 10**9 == seconds("2025-10-26T00:00Z")


def test_both_hours_of_autumn_are_told_apart_by_their_offset_and_in_a_file_that_goes_back(desk: Desk) -> None:
    rows = [f"2025-10-26 02:30{offset},{n}" for n, offset in enumerate(("+02:00", "+01:00"))]
    offsets = desk.told(desk.file("\n".join(["time,p_kw", *rows])), "--as", "x")["points"][0]
    assert (offsets["first"], offsets["last"]) == ("2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z")
    back = "".join(f"2025-10-26 {clock},{n}\n" for n, clock in reversed(list(enumerate(NIGHT))))
    desk.told(desk.file("time,p_kw\n" + back), "--zone", "Europe/Amsterdam", "--as", "x", "--write")
    assert desk.kept("import.x/p_kw").value.tolist() == [0, 1, 2, 3, 4, 5]


def test_the_hour_of_autumn_that_comes_once_and_the_hour_of_spring_are_refused_by_line(desk: Desk) -> None:
    rows = [
        "2025-03-30 01:00,1",
        "2025-03-30 02:15,2",
        "2025-10-26 01:00,3",
        "2025-10-26 02:00,4",
        "2025-10-26 03:00,5",
    ]
    path = desk.file("\n".join(["time,p_kw", *rows]))
    where = ("--zone", "Europe/Amsterdam", "--as", "x")
    faults = desk.told(path, *where)["files"][0]["faults"]
    assert [(fault["kind"], fault["lines"]) for fault in faults] == [("missing-hour", [3]), ("which-hour", [5])]
    code, _, err = desk.run(path, *where, "--write")
    assert code == 2
    assert "line 3" in err
    assert desk.told(path, *where, "--write", "--leave-out", "--fold", "later")["written"] == 4
    assert seconds("2025-10-26T01:00Z") in (desk.kept("import.x/p_kw").time_ns // 10**9).tolist()


def test_cells_that_are_no_number_are_told_by_line(desk: Desk) -> None:
    cells = ["1", "NaN", "inf", "broken", "", "1e3", "-", "7"] + ["8"] * 40
    rows = [f"2026-01-01T{n // 60:02d}:{n % 60:02d}Z,{cell}" for n, cell in enumerate(cells)]
    path = desk.file("\n".join(["time,p_kw", *rows]))
    point = desk.told(path, "--as", "x")["points"][0]
    assert {fault["kind"]: fault["lines"] for fault in point["faults"]} == {
        "garbage": [5],
        "infinity": [4],
        "not-a-number": [3],
    }
    assert (point["empty"], point["writes"], point["maximum"]) == (2, 43, 1000.0)
    assert desk.run(path, "--as", "x", "--write")[0] == 2
    assert desk.told(path, "--as", "x", "--write", "--leave-out")["written"] == 43


def test_a_time_that_comes_twice_is_folded_or_asked_for(desk: Desk) -> None:
    rows = ["00:00,1", "00:01,2", "00:01,2", "00:02,3", "00:02,4", "00:06,5"]
    path = desk.file("\n".join(["time,p_kw", *(f"2026-01-01T{row.replace(',', 'Z,')}" for row in rows)]))
    point = desk.told(path, "--as", "x")["points"][0]
    assert (point["doubled_equal"], point["gaps"], point["missing"]) == (1, 1, 3)
    assert [(fault["kind"], fault["lines"], fault["blocks"]) for fault in point["faults"]] == [("unequal", [6], True)]
    assert desk.run(path, "--as", "x", "--write")[0] == 2
    assert desk.told(path, "--as", "x", "--keep", "first")["blocking"] == []
    desk.told(path, "--as", "x", "--keep", "later", "--write")
    assert desk.kept("import.x/p_kw").value.tolist() == [1, 2, 4, 5]


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        (f"p={POWER}", "its unit is not said"),
        (f"p={POWER}:kWh", "these do not convert"),
        ("p=meter/nothing_kw:kW", "The site has no point meter/nothing_kw"),
        ("q=import.x/q", "The files have no q"),
        ("p=import.x", "is no point"),
    ],
)
def test_a_mapping_that_cannot_hold_is_refused(desk: Desk, pair: str, sentence: str) -> None:
    code, _, err = desk.run(desk.file("time,p\n2026-01-01T00:00Z,1\n2026-01-01T00:01Z,1\n"), "--map", pair)
    assert code == 2
    assert sentence in err


def test_a_mapping_file_says_layout_and_points(desk: Desk) -> None:
    path = desk.file("when;a;b\n2026-01-01 00:00;1,5;2,5\n2026-01-01 01:00;1,5;2,5\n")
    mapping = desk.file(
        f'[read]\nzone = "UTC"\ntime = "when"\ndecimal = ","\n[points]\n"b" = "{POWER}:MW"\n', "mapping.toml"
    )
    told = desk.told(path, "--mapping", mapping)
    assert [(one["source"], one["point"], one["maximum"]) for one in told["points"]] == [
        ("a", None, 1.5),
        ("b", POWER, 2500.0),
    ]
    assert "is not known here" in desk.run(path, "--mapping", desk.file("[reed]\n", "bad.toml"))[2]


@pytest.mark.parametrize("text", ["", "nothing\n", "a,b\n1,2\n", "time,p\n2026-01-01T00:00Z,word\n"])
def test_what_is_no_table_of_readings_is_refused_in_a_sentence(desk: Desk, text: str) -> None:
    code, out, err = desk.run(desk.file(text), "--as", "x")
    assert code == 2
    assert "meter.csv" in err
    assert "Traceback" not in out + err


def test_meters_read_at_odd_seconds_are_told_apart_by_their_column(desk: Desk) -> None:
    rows = [f"m{m},2026-01-01T{n % 24:02d}:{m:02d}:{n:02d}Z,{n}" for m in (1, 2) for n in range(24)]
    told = desk.told(desk.file("\n".join(["meter,time,reading_l", *rows])), "--as", "x")
    assert [one["source"] for one in told["points"]] == ["m1", "m2"]
