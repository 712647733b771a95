"""Files that cannot be read as what they are (encoding, quoting, separators, names), and many faults at once."""

from __future__ import annotations

import pickle

import pytest

from energy_console.site.faults import SiteFaults
from energy_console.site.loader import load_site
from tests.site.folder import FILES, faults_of, write_site


def test_a_folder_that_is_not_there_is_named(tmp_path):
    missing = tmp_path / "nowhere"
    assert faults_of(missing) == [f"{missing}: there is no such folder; name the folder that holds site.toml"]


def test_a_folder_without_site_toml_says_what_to_write(tmp_path):
    assert faults_of(tmp_path) == ["site.toml: is not there; write one; docs/site-folder.md shows the least that works"]


def test_broken_toml_is_told_by_its_line(tmp_path):
    write_site(tmp_path, {"site.toml": 'format = 1\nid = "quay\nname = "x"\n'})
    assert faults_of(tmp_path)[0].startswith("site.toml:2: is not TOML here (")


def test_a_key_written_twice_is_told_by_its_line(tmp_path):
    write_site(tmp_path, FILES | {"site.toml": FILES["site.toml"].replace("[place]", 'id = "again"\n[place]', 1)})
    assert faults_of(tmp_path) == ["site.toml:5: is not TOML here (cannot overwrite a value); mend this line"]


def test_a_file_in_another_encoding_is_told_by_line_and_byte(tmp_path):
    write_site(tmp_path)
    (tmp_path / "quays.csv").write_bytes(FILES["quays.csv"].replace("East", "Östliche").encode("latin-1"))
    assert faults_of(tmp_path) == ["quays.csv:2: is not UTF-8 (byte 0xd6); save the file as UTF-8"]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    write_site(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert faults_of(tmp_path) == []


def test_a_quote_left_open_is_told_by_the_line_it_starts_on(tmp_path):
    write_site(tmp_path, FILES | {"loads.csv": FILES["loads.csv"].replace(",Workshop,", ',"Workshop,', 1)})
    (fault,) = faults_of(tmp_path)
    assert fault.startswith("loads.csv:2: cannot be split into cells (")
    assert fault.endswith('; close every " and double it inside')


def test_semicolons_instead_of_commas_are_one_fault(tmp_path):
    write_site(tmp_path, FILES | {"water.csv": FILES["water.csv"].replace(",", ";")})
    assert faults_of(tmp_path) == ["water.csv:1: columns are not separated by commas; save it as CSV with commas"]


def test_an_unreadable_table_does_not_put_blame_on_the_rows_that_refer_to_it(tmp_path):
    write_site(tmp_path, FILES | {"devices.csv": FILES["devices.csv"].replace(",", ";")})
    assert [fault for fault in faults_of(tmp_path) if "is not known" in fault] == []


def test_a_missing_column_is_one_fault_however_many_rows_there_are(tmp_path):
    rows = [line.split(",") for line in FILES["calls.csv"].splitlines()]
    without = "\n".join(",".join(cell for k, cell in enumerate(row) if k != 9) for row in rows) + "\n"
    write_site(tmp_path, FILES | {"calls.csv": without})
    assert faults_of(tmp_path) == ["calls.csv:1: column hotel_kw is missing; add it"]


def test_a_table_with_a_wrong_name_is_not_passed_over_in_silence(tmp_path):
    write_site(tmp_path, FILES | {"charger.csv": FILES["chargers.csv"]})
    assert faults_of(tmp_path) == ["charger.csv: is not a table of a site; did you mean chargers.csv?"]


def test_an_empty_table_says_how_to_start_it(tmp_path):
    write_site(tmp_path, FILES | {"heat.csv": ""})
    assert faults_of(tmp_path) == ["heat.csv:1: has no header; start with substation,name,kind,meter,design_kw"]


def test_a_missing_optional_table_is_an_empty_fleet(tmp_path):
    write_site(tmp_path, {name: text for name, text in FILES.items() if name not in ("heat.csv", "water.csv")})
    site = load_site(tmp_path)
    assert (site.heat, site.water) == ((), ())


def test_faults_of_all_files_come_in_one_run_by_file_and_line(tmp_path):
    write_site(
        tmp_path,
        FILES
        | {
            "site.toml": FILES["site.toml"].replace("subtitle", "subtitl").replace("zone =", "zon ="),
            "devices.csv": FILES["devices.csv"].replace("gw-1,12", "gw-1,11").replace("sdm630", "sdm603"),
            "plants.csv": FILES["plants.csv"].replace(",50", ",fifty"),
        },
    )
    places = [fault.split(": ")[0] for fault in faults_of(tmp_path)]
    assert places == ["devices.csv:3", "devices.csv:5", "plants.csv:2", "site.toml:9"]


def test_faults_survive_the_way_to_another_process(tmp_path):
    with pytest.raises(SiteFaults) as caught:
        load_site(tmp_path)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.faults) == (str(caught.value), caught.value.faults)


def test_a_grid_without_a_node_is_told(tmp_path):
    head, _, tail = FILES["site.toml"].partition("ROOT = ")
    write_site(tmp_path, {"site.toml": head + tail.partition("\n\n")[2]})
    assert faults_of(tmp_path) == ["site.toml:11: [grid] has no node; add the connection to the public grid"]
