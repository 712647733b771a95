"""packaging/prepare.py: what it says and decides before anything is installed. Nothing is installed here."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "packaging" / "prepare.py"


@pytest.fixture
def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The file as a module, with an environment and a lock of its own; running anything fails the test."""
    spec = importlib.util.spec_from_file_location("prepare", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lock = tmp_path / "requirements.lock"
    lock.write_text("numpy==2.0\n", encoding="utf-8")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "LOCK", lock)
    monkeypatch.setattr(module, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "prepared-from")
    monkeypatch.setattr(subprocess, "run", lambda *command, **_: pytest.fail(f"ran {command}"))
    return module


def prepared(module: ModuleType) -> None:
    """As if the environment had been made a moment ago."""
    module.environment_python().parent.mkdir(parents=True)
    module.environment_python().touch()
    module.STAMP.write_text(module.wanted_stamp(), encoding="utf-8")


@pytest.mark.parametrize("version", [(3, 9), (3, 10), (3, 14), (4, 0)])
def test_a_python_that_does_not_fit_is_told_with_those_that_do(prepare, version, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, 0))
    assert prepare.main(["setup"]) == 1
    told = capsys.readouterr().err
    assert f"needs Python 3.11 to 3.13, this is {version[0]}.{version[1]}" in told
    assert "make PYTHON=/path/to/python3.11 setup" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_a_python_that_fits_passes(prepare, version, monkeypatch) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, 0))
    prepare.check_python()


def test_an_unknown_task_is_told_and_nothing_is_prepared(prepare, capsys) -> None:
    assert prepare.main(["instal"]) == 2
    assert capsys.readouterr().err == "prepare.py knows setup, run, test and soak, not 'instal'.\n"


def test_an_environment_made_from_this_lock_is_not_made_again(prepare) -> None:
    prepared(prepare)
    prepare.prepare_environment()


def test_another_lock_another_python_or_another_place_asks_for_a_new_environment(prepare, monkeypatch) -> None:
    before = prepare.wanted_stamp()
    prepare.LOCK.write_text("numpy==2.1\n", encoding="utf-8")
    lock = prepare.wanted_stamp()
    monkeypatch.setattr(sys, "version_info", (3, 12, 0) if sys.version_info[1] != 12 else (3, 13, 0))
    version = prepare.wanted_stamp()
    monkeypatch.setattr(prepare, "ENVIRONMENT", prepare.ROOT / "elsewhere")
    assert len({before, lock, version, prepare.wanted_stamp()}) == 4


def test_an_environment_that_failed_half_way_is_made_again(prepare, monkeypatch) -> None:
    prepared(prepare)
    prepare.environment_python().unlink()
    ran = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: ran.append(command) or _ended(0))
    prepare.prepare_environment()
    assert ran[0][1:4] == ["-m", "venv", "--clear"]
    assert "--require-hashes" in ran[1]


@pytest.mark.parametrize(("codes", "words"), [([1], "virtual environment"), ([0, 1], "could not be installed")])
def test_what_fails_on_the_way_is_a_sentence_and_leaves_no_stamp(prepare, codes, words, monkeypatch) -> None:
    left = list(codes)
    prepare.ENVIRONMENT.mkdir()
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: _ended(left.pop(0)))
    with pytest.raises(prepare.CannotPrepare, match=words):
        prepare.prepare_environment()
    assert not prepare.STAMP.exists()


def test_missing_libraries_are_named_as_debian_packages(prepare, monkeypatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(prepare, "loads", lambda library: library != "libEGL.so.1")
    monkeypatch.setattr(prepare.shutil, "which", lambda _: None)
    assert prepare.missing_system_packages(with_tests=False) == ["libegl1"]
    assert prepare.missing_system_packages(with_tests=True) == ["libegl1", "xvfb", "socat"]
    monkeypatch.setattr(sys, "platform", "darwin")
    assert prepare.missing_system_packages(with_tests=True) == []


def test_who_may_not_install_is_given_the_command(prepare, monkeypatch, capsys) -> None:
    monkeypatch.setattr(prepare, "privilege", lambda: None)
    command = "sudo apt-get install -y --no-install-recommends libegl1 libgl1"
    with pytest.raises(prepare.CannotPrepare, match=command):
        prepare.install_system_packages(["libegl1", "libgl1"], required=True)
    prepare.install_system_packages(["libegl1", "libgl1"], required=False)
    assert command in capsys.readouterr().err
    prepare.install_system_packages([], required=True)


def test_every_library_that_doctor_looks_for_is_prepared(prepare) -> None:
    from energy_console.app import doctor

    assert {**doctor.QT_LIBRARIES, **doctor.SCREEN_LIBRARIES} == prepare.QT_LIBRARIES


def test_the_soak_is_run_with_the_arguments_given_and_its_end_is_ours(prepare, monkeypatch) -> None:
    prepared(prepare)
    monkeypatch.setattr(prepare, "missing_system_packages", lambda **_: [])
    ran = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: ran.append(command) or _ended(1))
    assert prepare.main(["soak", "--transactions", "9"]) == 1
    assert ran == [[str(prepare.environment_python()), "-m", "tests.soak", "--transactions", "9"]]


def _ended(code: int) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code)
