"""Where the control port of a running virtual site is noted, so that `simulate --tell` can be given its folder."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import platformdirs


class NotRunning(RuntimeError):
    """No virtual site of that folder is known to run."""


@contextlib.contextmanager
def noted(site_id: str, control_port: int) -> Iterator[None]:
    """Notes the port while the virtual site runs. Where two play one site, the later one is told."""
    note = _note(site_id)
    own = json.dumps({"control": control_port, "pid": os.getpid()})
    # A folder that cannot be written costs the short way to talk to the site, not the site.
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(own, encoding="utf-8")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if note.read_text(encoding="utf-8") == own:
                note.unlink()


def control_port(site_id: str) -> int:
    """Raises NotRunning."""
    try:
        return int(json.loads(_note(site_id).read_text(encoding="utf-8"))["control"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotRunning(
            f"No virtual site '{site_id}' is known to run; start it, or give the control port it prints."
        ) from error


def _note(site_id: str) -> Path:
    folder = Path(platformdirs.user_cache_dir("energy-console", appauthor=False))
    return folder / "virtual" / f"{site_id}.json"
