"""A real file system of a few megabytes, for tests of what happens when it is full or may not be written to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SIZE_KB = 3_000


class SmallDisk:
    """A tmpfs of its own. `fill` takes the room that is left, `free` gives it back."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._ballast = place / "ballast"
        self._mount("-t", "tmpfs", "-o", f"size={SIZE_KB}k", "tmpfs")

    def _mount(self, *arguments: str) -> None:
        subprocess.run(["mount", *arguments, str(self.place)], check=True, capture_output=True)

    def fill(self, spare: int = 0) -> None:
        """Leaves `spare` bytes."""
        room = shutil.disk_usage(self.place).free - spare
        with self._ballast.open("ab") as file:
            os.posix_fallocate(file.fileno(), file.tell(), max(room, 4096))

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def forbid_writing(self) -> None:
        """Nothing on it may be open for writing."""
        self._mount("-o", "remount,ro")

    def allow_writing(self) -> None:
        self._mount("-o", "remount,rw")

    def take_away(self) -> None:
        for _ in range(50):  # a process that has just ended may hold it a moment longer
            if subprocess.run(["umount", str(self.place)], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        subprocess.run(["umount", "-l", str(self.place)], check=True, capture_output=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Skips where this user may not mount one."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk, and only on Linux")
    place = tmp_path / "disk"
    place.mkdir()
    try:
        disk = SmallDisk(place)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this system lets nobody mount a small disk")
    yield disk
    disk.take_away()
