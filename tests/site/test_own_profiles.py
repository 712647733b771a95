"""A site with device types of its own: found by its devices, and explained with file and line where they are wrong."""

from __future__ import annotations

import json

from energy_console.app import main
from energy_console.site.loader import load_site
from tests.hardware.test_library import OWN
from tests.site.folder import FILES, faults_of, write_site

SOUND = OWN.format(name="cold_store")


def site_with(tmp_path, **profiles):
    own = tmp_path / "profiles"
    own.mkdir()
    for name, text in profiles.items():
        (own / f"{name}.toml").write_text(text, encoding="utf-8")
    devices = FILES["devices.csv"].replace("rtu-1,1,eastron_sdm630", "rtu-1,1,cold_store")
    return write_site(tmp_path, FILES | {"devices.csv": devices})


def test_a_device_may_be_of_a_type_that_only_the_site_knows(tmp_path):
    site = load_site(site_with(tmp_path, cold_store=SOUND))
    assert site.point("M2/power_kw").unit == "kW"
    assert site.field.library.profile("cold_store").point("power_kw").address == 8


def test_every_fault_of_an_own_profile_is_told_with_those_of_the_tables(tmp_path):
    folder = site_with(
        tmp_path,
        cold_store=SOUND.replace('"float32"', '"float23"').replace("address = 8", "address = 80000"),
        abb_b23=OWN.format(name="abb_b23"),
    )
    (folder / "loads.csv").write_text(FILES["loads.csv"].replace("120000", "much"), encoding="utf-8")
    shadowed = "The console has a profile 'abb_b23'; choose another name, or write replaces_built_in = true"
    assert faults_of(folder) == [
        "loads.csv:2: yearly_kwh 'much' is not a number; write a number such as 12.5",
        f"profiles/abb_b23.toml:2: name: {shadowed}",
        "profiles/cold_store.toml:12: point.power_kw.address: 80000 is outside 0..65535; write one within",
        "profiles/cold_store.toml:13: point.power_kw.type: 'float23' is not known; did you mean 'float32'?",
    ]


def test_check_explains_one_profile_by_itself(tmp_path, capsys):
    path = tmp_path / "cold_store.toml"
    path.write_text(SOUND, encoding="utf-8")
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out == "Cold store meter is fine: 1 points, read in 1 requests.\n"
    path.write_text(SOUND.replace("address = 8", "adress = 8"), encoding="utf-8")
    assert main(["check", str(path)]) == 2
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "cold_store.toml:9: point.power_kw: 'address' is missing; add it",
        "cold_store.toml:12: point.power_kw.adress: This key is not known; did you mean 'address'?",
    ]
    assert main(["check", str(path), "--json"]) == 2
    assert [fault["line"] for fault in json.loads(capsys.readouterr().out)["faults"]] == [9, 12]


def test_check_of_a_file_that_is_not_there_says_so(tmp_path, capsys):
    assert main(["check", str(tmp_path / "none.toml")]) == 2
    assert "name a profile file that is there" in capsys.readouterr().err
