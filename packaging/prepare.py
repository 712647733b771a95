"""Sets up, runs and tests the energy console on Linux, Windows and macOS with nothing but a Python 3.11 to 3.13.

python packaging/prepare.py setup            .venv from the locked list, and Qt's system libraries
python packaging/prepare.py run [ARGS]       the console (arguments go to main.py)
python packaging/prepare.py test [ARGS]      every check and test (arguments go to pytest)
python packaging/prepare.py soak [ARGS]      bad lines, a thousand kills, memory: some hours; --help tells how to choose

The Makefile calls this file. Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
LOCK = ROOT / "packaging" / "requirements.lock"
STAMP = ENVIRONMENT / "prepared-from"
OLDEST, NEWEST = (3, 11), (3, 13)

# What Qt loads and a bare Debian lacks: shared object -> Debian package. The last five are for a screen (xcb).
QT_LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}

# Programs that tests start: a screen without a display, and a pair of serial ports. Without them those tests skip.
TEST_PROGRAMS = {"Xvfb": "xvfb", "socat": "socat"}


class CannotPrepare(Exception):
    """A sentence that says what is missing and what to do."""


def main(arguments: list[str]) -> int:
    task, *rest = arguments or ["setup"]
    tasks = {"setup": lambda _: 0, "run": run_console, "test": run_tests, "soak": run_soak}
    if task not in tasks:
        print(f"prepare.py knows setup, run, test and soak, not {task!r}.", file=sys.stderr)
        return 2
    try:
        check_python()
        prepare_environment()
        install_system_packages(
            missing_system_packages(with_tests=task in ("test", "soak")), required=task in ("setup", "run")
        )
    except CannotPrepare as reason:
        print(reason, file=sys.stderr)
        return 1
    return tasks[task](rest)


def check_python() -> None:
    here = sys.version_info[:2]
    if not OLDEST <= here <= NEWEST:
        raise CannotPrepare(
            f"The console needs Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}, this is "
            f"{here[0]}.{here[1]}: "
            "install one of those and run `make PYTHON=/path/to/python3.11 setup`."
        )


def environment_python() -> Path:
    return ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def wanted_stamp() -> str:
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    return f"{sys.version_info[0]}.{sys.version_info[1]} {ENVIRONMENT} {digest}"


def prepare_environment() -> None:
    """Makes .venv and fills it from the lock, once; again only when the lock, the Python or the place has changed."""
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted_stamp() and environment_python().exists():
        return
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        install_system_packages([f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"], required=True)
    print(f"Preparing {ENVIRONMENT.name} from {LOCK.relative_to(ROOT)}, once; this takes a minute or two.", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]).returncode:
        raise CannotPrepare(f"Python could not make a virtual environment in {ENVIRONMENT}: see the lines above.")
    pip = [str(environment_python()), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    if subprocess.run([*pip, "install", "--require-hashes", "-r", str(LOCK)]).returncode:
        raise CannotPrepare(
            "The packages could not be installed: see the lines above; check that this machine reaches a Python "
            "package index (or set PIP_INDEX_URL) and run the same command again."
        )
    STAMP.write_text(wanted_stamp(), encoding="utf-8")


def missing_system_packages(*, with_tests: bool) -> list[str]:
    """Debian packages that Qt (and the tests, where asked) need and this Linux lacks; empty elsewhere."""
    if sys.platform != "linux":
        return []
    missing = [package for library, package in QT_LIBRARIES.items() if not loads(library)]
    if with_tests:
        missing += [package for program, package in TEST_PROGRAMS.items() if shutil.which(program) is None]
    return missing


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def install_system_packages(packages: list[str], *, required: bool) -> None:
    """Installs by apt where this user may; otherwise names the exact command, and stops if it is required."""
    if not packages:
        return
    command = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    prefix = privilege()
    if prefix is not None and shutil.which("apt-get"):
        print(f"Installing what the system lacks: {' '.join(packages)}", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["apt-get", "update", "-qq"], [*command.split(), "-qq"]):
            done = subprocess.run([*prefix, *step], env=environment, stdout=subprocess.DEVNULL)
        if done.returncode == 0:
            return
    sentence = f"This system lacks packages; run: sudo {command}"
    if required:
        raise CannotPrepare(sentence)
    print(f"{sentence}  (going on without; what needs them will be skipped or fail)", file=sys.stderr)


def privilege() -> list[str] | None:
    """How to become root without being asked: [] as root, sudo where it asks nothing, None where neither."""
    if sys.platform != "linux":
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def run_console(arguments: list[str]) -> int:
    try:
        return subprocess.run([str(environment_python()), str(ROOT / "main.py"), *arguments]).returncode
    except KeyboardInterrupt:
        return 0


def run_tests(arguments: list[str]) -> int:
    """Every check in turn; all run even when one fails, so that one run tells everything."""
    python = str(environment_python())
    scripts = environment_python().parent
    checks = [
        ("style", [python, "-m", "ruff", "check", "."]),
        ("format", [python, "-m", "ruff", "format", "--check", "."]),
        ("types", [python, "-m", "mypy"]),
        ("imports", [str(scripts / "lint-imports")]),
        ("tests", [python, "-m", "pytest", "-n", "2", *arguments]),
    ]
    failed = [name for name, command in checks if subprocess.run(command, cwd=ROOT).returncode]
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def run_soak(arguments: list[str]) -> int:
    """The long soak: line truth, durability of both stores, memory; ends with 1 where anything is wrong."""
    try:
        return subprocess.run([str(environment_python()), "-m", "tests.soak", *arguments], cwd=ROOT).returncode
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
