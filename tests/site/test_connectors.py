"""Several devices behind one unit: connectors with registers of their own, and what cannot share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from energy_console.planning.schedule import Schedule, ScheduledAsset
from energy_console.planning.setpoints import kilowatts, setpoints_at
from energy_console.site.loader import load_site
from tests.site.folder import FILES, faults_of, write_site

CHARX, FAST = "phoenix_charx_sec3xxx", "alpitronic_hypercharger_connector"


def site_with(folder: Path, *profiles: str) -> Path:
    """The small site with devices X1, X2 ... of these profiles, all at one unit; X1 speaks for charger CP1."""
    rows = "".join(f"X{n},Point {n},charging,gw-1,99,{name},5,F2,150\n" for n, name in enumerate(profiles, start=1))
    chargers = FILES["chargers.csv"].replace("CP1,Charger 1,CP1,car,22,4.1,3", "CP1,Charger 1,X1,bus,150,4.1,3")
    return write_site(folder, FILES | {"devices.csv": FILES["devices.csv"] + rows, "chargers.csv": chargers})


def test_connectors_of_one_controller_share_its_unit(tmp_path: Path) -> None:
    site = load_site(site_with(tmp_path, CHARX, f"{CHARX}:2", f"{CHARX}:3"))
    assert [device.spec.unit for device in site.devices if device.id.startswith("X")] == [99, 99, 99]
    assert {"X1/limit_a", "X2/limit_a", "X3/limit_a"} <= {point.id for point in site.points}


def test_two_devices_with_the_same_registers_cannot_share_a_unit(tmp_path: Path) -> None:
    (fault,) = faults_of(site_with(tmp_path, f"{CHARX}:2", f"{CHARX}:2"))
    assert "device X2 has unit 99 on link gw-1, where X1 answers (line 11); give it another unit" in fault
    assert len(faults_of(site_with(tmp_path, CHARX, f"{CHARX}:2", "eastron_sdm630"))) == 0  # no register of both


def test_a_connector_that_the_type_does_not_have_is_no_profile(tmp_path: Path) -> None:
    told = faults_of(site_with(tmp_path, f"{CHARX}:99", "alfen_ng9:2"))
    assert any(f"profile {CHARX}:99 is not known" in fault for fault in told)
    assert any("profile alfen_ng9:2 is not known; did you mean alfen_ng9?" in fault for fault in told)


def test_a_fast_charger_follows_the_plan_by_its_power(tmp_path: Path) -> None:
    site = load_site(site_with(tmp_path, FAST, f"{FAST}:2"))
    noon = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
    planned = ScheduledAsset("V1", "Bus 4", "charging", "F2", (90.0,), (90.0,))
    schedule = Schedule("p", "12:00", noon, (1.0,), (planned,), (90.0,))
    (point,) = setpoints_at(site, schedule, noon, {"V1": "CP1"})
    assert (point.point, point.value) == ("X1/limit_kw", 90.0)
    assert [kilowatts(site.chargers[0], power) for power in (1.0, 3.0, 400.0)] == [0.0, 4.1, 150.0]
