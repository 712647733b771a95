"""Real measurements go in and out again: a file or two of each kind that others publish, where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.importing.conftest import Desk

RECORDINGS = Path(os.environ.get("ENERGY_CONSOLE_RECORDINGS", Path(__file__).parents[3] / "shared" / "data"))
ASKED = ("--leave-out", "--keep", "later")
FILES = [  # file, how it is read, meters and columns found, readings written
    ("01_prices/nl_dayahead_hourly_2015_2023.csv.gz", ["--zone", "UTC"], 1, 78_887),
    ("03_load/nl_substations_15min_2021-07_2021-10.csv.gz", ["--zone", "UTC"], 30, 264_595),
    ("04_heat/network_el_heat_load_15min_2020.csv.gz", ["--zone", "Europe/Berlin"], 4, 140_544),
    ("06_ev/berlin_ebus_example_load.csv", ["--zone", "Europe/Berlin"], 1, 288),
    ("07_lighting_traffic/melbourne_pedestrians_hourly_2015_2016.csv.gz", ["--zone", "Australia/Melbourne"], 4, 66_029),
    ("08_pv_wind_weather/us_nrel_serf_east_15min_ac_power.csv.gz", [], 1, 10_000),
    ("09_water/es_alicante_daiad_smart_water_hourly.csv.gz", ["--zone", "Europe/Madrid"], 28, 224_198),
    ("10_environment/noise_laeq1m_2025.csv.gz", ["--zone", "Europe/Paris"], 1, 16_410),
    ("11_mv_anomaly/opendsm/il-electricity-cdd-hdd-hourly.csv.gz", [], 1, 19_417),
]


@pytest.mark.parametrize(("name", "words", "sources", "readings"), FILES, ids=[row[0] for row in FILES])
def test_a_real_file_goes_in_and_comes_back_out(
    desk: Desk, name: str, words: list[str], sources: int, readings: int
) -> None:
    if not (RECORDINGS / name).is_file():
        pytest.skip(f"{name} is not at hand: name the folder with ENERGY_CONSOLE_RECORDINGS")
    told = desk.told(RECORDINGS / name, *words, "--as", "x", "--write", *ASKED)
    assert (len(told["points"]), told["written"]) == (sources, readings)
    assert desk.is_sound()
    assert desk.told("--undo", 1)["taken_back"] == readings
    assert desk.is_sound()


@pytest.mark.parametrize("name", ["02_co2/annual_average_intensity_ember.csv", "03_load/bdew/h25.csv.gz"])
def test_a_real_file_without_times_is_refused_in_a_sentence(desk: Desk, name: str) -> None:
    if not (RECORDINGS / name).is_file():
        pytest.skip(f"{name} is not at hand: name the folder with ENERGY_CONSOLE_RECORDINGS")
    code, _, err = desk.run(RECORDINGS / name, "--as", "x")
    assert code == 2
    assert "no column holds times" in err
