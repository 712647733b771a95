"""`main.py check`: exit codes, sentences on standard output, one JSON document."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from energy_console.app import main
from tests.site.folder import FILES, write_site

ROOT = Path(__file__).parents[2]


def test_a_sound_site_is_fine(tmp_path, capsys):
    assert main(["check", str(write_site(tmp_path))]) == 0
    assert capsys.readouterr().out.startswith("Small quay is fine: 2 links, 9 devices, ")


def test_a_bad_site_exits_2_with_every_fault_on_standard_output(tmp_path, capsys):
    write_site(tmp_path, FILES | {"loads.csv": FILES["loads.csv"].replace("120000", "much")})
    assert main(["check", str(tmp_path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == "loads.csv:2: yearly_kwh 'much' is not a number; write a number such as 12.5\n"
    assert printed.err == f"{tmp_path} has 1 fault; mend them and check again.\n"


def test_json_is_one_document_with_the_same_faults(tmp_path, capsys):
    write_site(tmp_path, FILES | {"loads.csv": FILES["loads.csv"].replace("120000", "much")})
    assert main(["check", str(tmp_path), "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["fine"] is False
    assert document["faults"] == [
        {
            "file": "loads.csv",
            "line": 2,
            "what": "yearly_kwh 'much' is not a number",
            "remedy": "write a number such as 12.5",
        }
    ]


def test_the_program_itself_checks_both_sites_that_come_with_it():
    for folder in ("sites/port-demo", "sites/one-meter"):
        run = subprocess.run(
            [sys.executable, "main.py", "check", folder, "--json"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode, run.stderr) == (0, "")
        assert json.loads(run.stdout)["fine"] is True
