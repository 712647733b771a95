"""A device added to a site folder: one line more, nothing else changed; a bad one changes nothing at all."""

from __future__ import annotations

import os
import sys

import pytest

from energy_console.site.adding import CannotAdd, NewDevice, NewLink, link_at, prepare, write
from energy_console.site.faults import SiteFaults
from energy_console.site.loader import load_site
from tests.site.folder import FILES


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_bytes(text.encode())
    return tmp_path


def meter(**parts):
    given = {"id": "M9", "name": "Boiler, east", "area": "buildings", "link": "gw-1", "unit": 90}
    return NewDevice(**(given | {"profile": "eastron_sdm630"} | parts))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_one_row_is_added_and_every_other_byte_stays(folder):
    before = contents(folder)
    addition = prepare(folder, meter(every_s=2.5, node="F1", rated_kw=60))
    assert contents(folder) == before  # nothing is written before it is agreed to
    back_ups = write(addition)
    after = contents(folder)
    assert after["devices.csv"] == before["devices.csv"] + (
        b'M9,"Boiler, east",buildings,gw-1,90,eastron_sdm630,2.5,F1,60\n'
    )
    assert {name: data for name, data in after.items() if name in before and name != "devices.csv"} == {
        name: data for name, data in before.items() if name != "devices.csv"
    }
    assert [path.name for path in back_ups] == ["devices.csv.bak"]
    assert after["devices.csv.bak"] == before["devices.csv"]
    device = load_site(folder).device("M9")
    assert (device.name, device.spec.unit, device.node, device.rated_kw) == ("Boiler, east", 90, "F1", 60.0)


def test_a_new_link_goes_before_its_device(folder):
    link = NewLink("rtu-9", "rtu+tcp://10.0.0.9:4001")
    addition = prepare(folder, meter(link="rtu-9"), link)
    assert [change.path.name for change in addition.changes] == ["links.csv", "devices.csv"]
    assert addition.changes[0].shown == ("rtu-9,rtu+tcp://10.0.0.9:4001",)
    write(addition)
    site = load_site(folder)
    assert link_at(site, "rtu+tcp://10.0.0.9:4001") == "rtu-9"
    assert link_at(site, "tcp://10.0.0.77:502") is None


def test_line_ends_the_mark_of_utf_8_and_a_missing_last_line_end_are_kept(folder):
    table = folder / "devices.csv"
    text = table.read_text().replace("Workshop", "Werkstätte").rstrip("\n").replace("\n", "\r\n")
    table.write_bytes(b"\xef\xbb\xbf" + text.encode())
    before = table.read_bytes()
    write(prepare(folder, meter()))
    assert table.read_bytes() == before + b'\r\nM9,"Boiler, east",buildings,gw-1,90,eastron_sdm630,,,\r\n'
    assert load_site(folder).device("M2").name == "Werkstätte"


def test_the_columns_of_the_file_decide(folder):
    rows = [line.rsplit(",", 3)[0] for line in (folder / "devices.csv").read_text().splitlines()]
    (folder / "devices.csv").write_text("\n".join(rows) + "\n")
    with pytest.raises(CannotAdd, match="has no column every_s: add it to the header"):
        prepare(folder, meter(every_s=3.0))


def test_the_meter_of_a_node_is_named_and_the_comments_of_site_toml_stay(folder):
    settings = folder / "site.toml"
    text = settings.read_text().replace("[grid]", "[grid]  # who hangs on whom").replace("\n", "\r\n")
    settings.write_bytes(text.encode())
    write(prepare(folder, meter(node="F1", meter_of="F1")))
    old, new = text.split("\r\n"), settings.read_bytes().decode().split("\r\n")
    changed = [(before, after) for before, after in zip(old, new, strict=True) if before != after]
    assert len(changed) == 1
    assert 'meter = "M9/power_kw"' in changed[0][1]
    assert load_site(folder).node("F1").meter == "M9/power_kw"
    with pytest.raises(CannotAdd, match="is measured by M9/power_kw already"):
        prepare(folder, meter(id="M10", unit=91, meter_of="F1"))


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"id": "M1"}, "device M1 is there twice"),
        ({"link": "rtu-1", "unit": 1}, "unit 1"),
        ({"link": "gw-7"}, "link gw-7 is not known"),
        ({"area": "cellar"}, "area cellar is not known"),
        ({"profile": "eastron_sdm631"}, "did you mean eastron_sdm630"),
        ({"node": "F9"}, "F9 is not known"),
    ],
)
def test_a_device_that_does_not_fit_is_a_fault_with_its_line_and_nothing_is_written(folder, parts, says):
    before = contents(folder)
    with pytest.raises(SiteFaults) as caught:
        prepare(folder, meter(**parts))
    assert any(says in str(fault) and fault.file == "devices.csv" for fault in caught.value.faults)
    assert caught.value.folder == str(folder)
    assert contents(folder) == before


def test_a_file_that_somebody_changed_in_the_meantime_is_not_overwritten(folder):
    addition = prepare(folder, meter())
    table = folder / "devices.csv"
    table.write_text(table.read_text() + "M8,Other,buildings,gw-1,88,eastron_sdm630,,,\n")
    before = contents(folder)
    with pytest.raises(CannotAdd, match="was changed in the meantime"):
        write(addition)
    assert contents(folder) == before


def test_a_name_over_two_lines_is_refused(folder):
    with pytest.raises(CannotAdd, match="holds a line end"):
        prepare(folder, meter(name="two\nlines"))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a folder that may not be written")
def test_a_folder_that_may_not_be_written_is_a_sentence(folder):
    addition = prepare(folder, meter())
    folder.chmod(0o500)
    try:
        with pytest.raises(CannotAdd, match="cannot be written"):
            write(addition)
    finally:
        folder.chmod(0o700)


def test_a_write_that_fails_leaves_the_site_as_it_was(folder, monkeypatch):
    addition = prepare(folder, meter(link="rtu-9"), NewLink("rtu-9", "tcp://10.0.0.9:502"))
    devices = (folder / "devices.csv").read_bytes()
    replace = os.replace

    def full_disk(source, target):
        if str(target).endswith("devices.csv"):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(CannotAdd, match=r"No space left on device.*; links\.csv is written already"):
        write(addition)
    assert (folder / "devices.csv").read_bytes() == devices
    assert not list(folder.glob("*.new"))
    load_site(folder)  # a link without a device harms nobody
