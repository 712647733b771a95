"""docs/profiles.md word for word: its type is checked, named by a site, played in another process and read back; and
the list of all types is that of the profiles there are.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from energy_console.app import main
from energy_console.app.virtual_site import VirtualSite
from energy_console.site.loader import load_site
from hardware.profiles import BUILT_IN, plan_reads
from hardware.profiles.catalogue import catalogue

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
FROM_NOTHING = PAGE.partition("## A new type from nothing")[2].partition("\n## ")[0]


def block(language: str) -> str:
    """The one block of that language in the worked example."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", FROM_NOTHING, re.DOTALL)
    return str(found)


@pytest.fixture
def cold_store(tmp_path: Path) -> Path:
    folder = tmp_path / "cold-store"
    shutil.copytree(ROOT / "sites" / "one-meter", folder)
    (folder / "profiles").mkdir()
    (folder / "profiles" / "polar_k3.toml").write_text(block("toml"), encoding="utf-8")
    (folder / "devices.csv").write_text(block("csv"), encoding="utf-8")
    return folder


def test_the_type_of_the_page_is_sound_and_so_is_the_site_that_names_it(cold_store, capsys):
    assert main(["check", str(cold_store / "profiles" / "polar_k3.toml")]) == 0
    assert capsys.readouterr().out == "Polar K3 cold-store controller is fine: 5 points, read in 1 requests.\n"
    assert main(["check", str(cold_store)]) == 0
    (request,) = plan_reads(load_site(cold_store).library.profile("polar_k3"))
    assert (request.address, request.count) == (100, 21)


def test_the_fault_of_the_page_is_told_as_it_says(cold_store, capsys):
    path = cold_store / "profiles" / "polar_k3.toml"
    path.write_text(block("toml").replace("address = 109", "adress = 109"), encoding="utf-8")
    assert main(["check", str(path)]) == 2
    assert capsys.readouterr().out == block("text")


def test_the_type_of_the_page_is_played_by_another_process_and_read_back(cold_store, capsys):
    virtual = VirtualSite(load_site(cold_store), with_past=False)
    try:
        virtual.wait()
        link = f"rtu+tcp://127.0.0.1:{virtual.port_base}"
        path = str(cold_store / "profiles" / "polar_k3.toml")
        assert main(["probe", link, "--unit", "2", "--profile", path, "--timeout", "10s", "--json"]) == 0
    finally:
        virtual.stop()
    document = json.loads(capsys.readouterr().out)
    points = {point["quantity"]: point for point in document["points"]}
    assert list(points) == ["power_kw", "energy_import_kwh", "store_c", "status", "store_setpoint_c"]
    assert {point["quality"] for point in points.values()} == {"good"}
    assert -30.0 <= points["store_setpoint_c"]["value"] <= -10.0
    low, high = points["power_kw"]["words"]
    power = (high << 16 | low) - ((high & 0x8000) << 17)
    assert points["power_kw"]["value"] == pytest.approx(power / 1000)
    assert document["traps"][0] == "The paper counts registers from 1."


def test_the_list_of_types_is_true():
    """Run `python -m hardware.profiles.catalogue > docs/device-types.md` after adding a type."""
    page = (ROOT / "docs" / "device-types.md").read_text(encoding="utf-8")
    assert page == catalogue(BUILT_IN.profiles())


def test_every_key_of_the_format_is_explained():
    """Each key a shipped profile uses stands on the page."""
    used = set()
    for path in (ROOT / "hardware" / "profiles").glob("*.toml"):
        used |= set(re.findall(r"^(\w+) =", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert {key for key in used if not re.search(rf"\b{key}\b", PAGE)} == set()
