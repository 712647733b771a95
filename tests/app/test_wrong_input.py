"""What goes wrong at the command line: one sentence that names the thing, the right exit code, never a traceback."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from energy_console.app import main
from energy_console.historian.embedded import open_embedded
from energy_console.historian.errors import StoreError

ROOT = Path(__file__).resolve().parents[2]
ONE = "sites/one-meter"


def program(*arguments: str, within_s: float = 40.0, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """main.py in a process of its own, as a person starts it. A variable that is None is taken away."""
    variables = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments], capture_output=True, text=True, timeout=within_s,
        cwd=ROOT, env={name: value for name, value in variables.items() if value is not None},
    )  # fmt: skip


@pytest.fixture
def bad_site(tmp_path: Path) -> Path:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "site.toml").write_text("format = 1\nnam = 'x'\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", ["serve", "console", "history", "plan", "simulate", "check"])
def test_a_bad_site_tells_its_faults_and_nothing_starts(command, bad_site, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("ENERGY_CONSOLE_STORE", str(tmp_path / "stores"))
    more = {"history": ["x/y", "--from", "2026-01-01T00:00Z", "--to", "2026-01-02T00:00Z"]}.get(command, [])
    where = [str(bad_site)] if command == "check" else ["--site", str(bad_site)]
    assert main([command, *more, *where]) == 2
    told = capsys.readouterr()
    assert "site.toml:" in told.out + told.err
    assert "Traceback" not in told.err
    assert not (tmp_path / "stores").exists()


@pytest.mark.parametrize("site", ["sites/nowhere", "README.md"])
def test_a_site_that_is_no_folder_is_named(site, capsys) -> None:
    assert main(["serve", "--site", site]) == 2
    told = capsys.readouterr().err
    assert site in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "--site", ONE, "--for", "soon"], "'soon' is not a span"),
        (["serve", "--site", ONE, "--for", "0s"], "lasts no time"),
        (["serve", "--site", ONE, "--fault", "silent:meter"], "--fault needs --virtual"),
        (["snapshot", "nopage", "--site", ONE, "--out", "x.png"], "There is no page 'nopage'"),
        (["snapshot", "overview", "--site", ONE, "--out", "x.png", "--size", "big"], "'big' is no size"),
        (["snapshot", "overview", "--site", ONE, "--out", "nowhere/x.png"], "nowhere is not a folder"),
        (["history", "meter/power_kw", "--site", ONE, "--from", "2026-01-01T00:00", "--to", "now"], "no time zone"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence_and_exit_2(arguments, sentence, capsys) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("arguments", [["sreve"], ["serve", "--sitee", ONE], ["serve"], ["doctor", "--loud"]])
def test_an_unknown_command_or_option_is_told_with_the_usage_and_exit_2(arguments, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("usage: energy-console")
    assert "error: " in told


def newer(store: Path) -> None:
    (store / "store.json").write_text('{"format": "energy-console-store", "version": 99}', encoding="utf-8")


def newer_state(store: Path) -> None:
    connection = apsw.Connection(str(store / "state.sqlite"))
    connection.pragma("user_version", 99)
    connection.close()


def no_mark(store: Path) -> None:
    (store / "store.json").write_text("{", encoding="utf-8")


def foreign(store: Path) -> None:
    (store / "store.json").unlink()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (newer, "has format 99, this program knows 2: use the newer program"),
        (newer_state, "has format 99, this program knows"),
        (no_mark, "store.json is damaged"),
        (foreign, "is not part of an energy console store: name an empty folder"),
    ],
)
def test_a_store_that_cannot_be_used_is_refused_in_a_sentence_and_left_as_it_is(
    spoil, sentence, tmp_path, capsys
) -> None:
    store = tmp_path / "store"
    open_embedded(store, writing=True).close()
    spoil(store)
    before = sorted((path.name, path.stat().st_size) for path in store.glob("*.sqlite"))
    assert main(["serve", "--site", ONE, "--store", str(store), "--virtual", "--for", "5s"]) == 1
    told = capsys.readouterr()
    assert sentence in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
    assert sorted((path.name, path.stat().st_size) for path in store.glob("*.sqlite")) == before


def test_a_damaged_state_file_is_set_aside_and_the_engine_runs_and_tells(tmp_path) -> None:
    store = tmp_path / "store"
    open_embedded(store, writing=True).close()
    (store / "state.sqlite").write_bytes(b"not a database at all" * 400)
    done = program("serve", "--site", ONE, "--store", str(store), "--for", "4s", "--json")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert list((store / "aside").glob("state.sqlite*"))
    again = open_embedded(store, writing=False)
    texts = [event.text for event in again.events(0, time.time_ns() + 10**9, ["engine"])]
    again.close()
    assert any("was damaged" in text for text in texts)


def test_serve_ends_with_exactly_one_json_document_of_its_counts(tmp_path) -> None:
    done = program("serve", "--site", ONE, "--virtual", "--store", str(tmp_path / "s"), "--for", "10s", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    counts = json.loads(done.stdout)
    wanted = {
        "devices", "points", "cycles", "readings", "bad_readings", "late_p99_ms", "stored", "cpu_s", "peak_mb",
    }  # fmt: skip
    assert wanted <= set(counts)
    assert (counts["devices"], counts["bad_readings"], counts["lost"]) == (1, 0, 0)
    assert counts["readings"] >= counts["points"] > 0
    assert counts["stored"] >= counts["readings"]
    assert 10 < counts["peak_mb"] < 2000


def test_a_second_serve_on_one_store_says_who_serves_already(tmp_path) -> None:
    store = str(tmp_path / "store")
    arguments = ["serve", "--site", ONE, "--store", store, "--for", "60s"]
    first = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        until = time.monotonic() + 60
        while not (tmp_path / "store" / "writer.json").exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        second = program(*arguments)
    finally:
        first.terminate()
        _, err = first.communicate(timeout=60)
    assert second.returncode == 1
    assert f"process {first.pid}" in second.stderr
    assert second.stderr.count("\n") == 1
    assert second.stdout == ""
    if sys.platform != "win32":  # there a process cannot be asked to end
        assert first.returncode == 0, err
        assert b"Traceback" not in err


def test_virtual_devices_whose_fault_is_unknown_end_serve_with_their_own_sentence(tmp_path) -> None:
    arguments = ("--store", str(tmp_path / "s"), "--fault", "silent:nobody")
    done = program("serve", "--site", ONE, "--virtual", *arguments)
    assert done.returncode == 1
    assert "There is no device 'nobody'" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_in_use_is_said_by_simulate(capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["simulate", "--site", ONE, "--port-base", str(port)]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"Port {port} on 127.0.0.1 is in use")
    assert told.count("\n") == 1


def _wait_for_readings(folder: Path, within_s: float) -> None:
    """Until the engine of another process has stored something."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        with contextlib.suppress(StoreError):
            reader = open_embedded(folder, writing=False)
            try:
                if reader.since(0)[1]:
                    return
            finally:
                reader.close()
        time.sleep(0.2)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_without_a_display_a_table_runs_in_the_terminal_and_snapshot_is_named(tmp_path) -> None:
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), "console", "--site", ONE, "--virtual", "--store", str(tmp_path / "s")],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={n: v for n, v in os.environ.items() if n not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")},
    )  # fmt: skip
    try:
        _wait_for_readings(tmp_path / "s", within_s=60)
        time.sleep(3)  # the table is renewed once a second
    finally:
        process.terminate()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    sentence, _, table = err.partition("\n")
    assert sentence.startswith("There is no display to open a window on")
    assert f"main.py snapshot overview --site {ONE}" in sentence
    assert "Devices answering" in table
    assert "meter/power_kw" in table
    assert "Traceback" not in err


def test_doctor_prints_one_document_and_every_fault_has_its_remedy() -> None:
    done = program("doctor", "--json", DISPLAY=None)
    findings = json.loads(done.stdout)
    assert done.stderr == ""
    assert {"Python", "PySide6-Essentials", "display", "store", "solver", "time zones", "log"} <= {
        finding["what"] for finding in findings
    }
    assert done.returncode == (1 if any(finding["remedy"] for finding in findings) else 0)
