"""points.csv says what may be left out of the store, and points.csv and devices.csv what was called otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from energy_console.site.faults import SiteFaults
from energy_console.site.keeping import KeepRule
from energy_console.site.loader import load_site
from energy_console.site.model import Site
from tests.site.folder import FILES, write_site

HEAD = "point,name,unit,formula,low,high,was,store_deadband,store_corridor,store_longest_s\n"


def site_of(folder: Path, rows: str, **files: str) -> Site:
    made = "area.port/power_kw,Shore,kW,+ port:*/power_kw,,,,,,\n"
    made += "site/net_kw,Net,kW,+ area.port/power_kw + M2/power_kw,,,,,,\n"
    write_site(folder, {**FILES, "points.csv": HEAD + rows + made, **files})
    return load_site(str(folder))


def faults_of(folder: Path, rows: str, **files: str) -> str:
    with pytest.raises(SiteFaults) as raised:
        site_of(folder, rows, **files)
    return "\n".join(map(str, raised.value.faults))


def test_nothing_is_left_out_unless_the_site_says_so(tmp_path: Path) -> None:
    assert site_of(tmp_path, "").keep == {}


def test_a_width_is_in_the_points_unit_or_in_another_size_of_it(tmp_path: Path) -> None:
    rows = "M2/power_kw,,,,,,,500 W,,\nM2/voltage_l1_v,,,,,,,,2,300\n"
    assert site_of(tmp_path, rows).keep == {
        "M2/power_kw": KeepRule(0.5, False, 600.0),
        "M2/voltage_l1_v": KeepRule(2.0, True, 300.0),
    }


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("M2/power_kw,,,,,,,1,1,", "has a store_deadband and a store_corridor; leave one of them empty"),
        ("M2/power_kw,,,,,,,,,60", "has store_longest_s and leaves nothing out"),
        ("M2/power_kw,,,,,,,-1,,", "store_deadband -1 is no width above zero; write a number in kW, such as 0.5"),
        ("M2/power_kw,,,,,,,inf,,", "is no width above zero"),
        ("M2/power_kw,,,,,,,5 kWh,,", "store_deadband 5 kWh is no width in kW; write it in kW"),
        ("M2/power_kw,,,,,,,1,,1200", "store_longest_s"),
    ],
)
def test_a_width_that_makes_no_sense_is_told_with_its_line(tmp_path: Path, row: str, sentence: str) -> None:
    told = faults_of(tmp_path, row + "\n")
    assert "points.csv:2" in told
    assert sentence in told


def test_a_point_and_a_device_say_what_they_were(tmp_path: Path) -> None:
    devices = FILES["devices.csv"].splitlines()
    devices[0] += ",was"
    devices[1:] = [line + (",OLD-M2" if line.startswith("M2,") else ",") for line in devices[1:]]
    site = site_of(tmp_path, "M2/power_kw,,,,,,X1/power_kw,,,\n", **{"devices.csv": "\n".join(devices) + "\n"})
    was = {point.id: point.was for point in site.points if point.was}
    assert was["M2/power_kw"] == ("X1/power_kw", "OLD-M2/power_kw")
    assert was["M2/voltage_l1_v"] == ("OLD-M2/voltage_l1_v",)
    assert all(point.startswith("M2/") for point in was)


def test_what_is_still_there_or_claimed_twice_was_nobodys_name(tmp_path: Path) -> None:
    told = faults_of(tmp_path, "M2/power_kw,,,,,,W1/volume_m3,,,\n")
    assert "M2/power_kw was W1/volume_m3, and W1/volume_m3 is still there" in told
    twice = "M2/power_kw,,,,,,X/power_kw,,,\nM2/voltage_l1_v,,,,,,X/power_kw,,,\n"
    assert "X/power_kw is claimed by two points" in faults_of(tmp_path, twice)
