"""Command line and composition root."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from energy_console.app.logs import start_logging
from energy_console.app.spans import BadInput
from energy_console.app.virtual_site import VirtualSiteFailed
from energy_console.historian.errors import StoreError
from energy_console.site.faults import SiteFaults

# name -> (module with add_arguments(parser) and run(args) -> int, one line of help); modules are imported when called
COMMANDS: dict[str, tuple[str, str]] = {
    "simulate": ("energy_console.app.simulate", "play a site's devices on loopback, until stopped"),
    "badline": ("energy_console.app.badline", "a bad line in front of devices: late, lost, doubled and wrong answers"),
    "console": ("energy_console.app.console", "the window (what runs when no command is given, on the demo site)"),
    "serve": ("energy_console.app.serve", "the engine without a window"),
    "probe": ("energy_console.app.probe", "ask one device once: its values, its SunSpec models, or raw registers"),
    "check": ("energy_console.app.check", "tell every fault of a site folder at once, as file:line: what; what to do"),
    "certificates": ("energy_console.app.certificates", "test certificates for tls links: device, operator, monitor"),
    "history": ("energy_console.app.history", "kept readings, or spans of them, as CSV, JSON or Parquet"),
    "import": (
        "energy_console.app.importing",
        "readings of foreign meters from files: looked at first, undone as one act",
    ),
    "correct": (
        "energy_console.app.correct",
        "readings of a span replaced or said to be invalid: looked at first, undone as one act",
    ),
    "check-store": (
        "energy_console.app.check_store",
        "verify a store: every reading once, every file whole, every tier",
    ),
    "backup": ("energy_console.app.backup", "copy the store, also while an engine writes"),
    "restore": ("energy_console.app.restore", "make a back-up the store again"),
    "ledger": ("energy_console.app.ledger", "what was commanded, by whom, why, and every step that came of it"),
    "journal": ("energy_console.app.journal", "alarms, acts, notes, plans and calls: read, search, export, add a note"),
    "snapshot": ("energy_console.app.snapshot", "a picture of a page; needs no display"),
    "bench": ("energy_console.app.bench", "measure one part against the bare library or solver in the same run"),
    "plan": ("energy_console.app.plan", "plan the next hours as one linear program, and say what it costs and why"),
    "sweep": (
        "energy_console.app.sweep",
        "one problem in many variations, on this machine or a cluster, to be resumed",
    ),
    "forecast": ("energy_console.app.forecast", "what loads, sun and wind will do next, and how good that was before"),
    "doctor": ("energy_console.app.doctor", "versions, libraries, display, store: what is missing and how to get it"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns 0 fine, 1 it failed, 2 bad input or bad site."""
    argv = list(sys.argv[1:] if arguments is None else arguments) or ["console"]
    parser = argparse.ArgumentParser(prog="energy-console", description="A city's and a port's energy on one screen.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if argv[:1] == [name]:
            importlib.import_module(module).add_arguments(command)
    args = parser.parse_args(argv)
    start_logging()
    try:
        return int(importlib.import_module(COMMANDS[args.command][0]).run(args))
    except BadInput as error:
        return _say(error, 2)
    except SiteFaults as faults:
        return _say("\n".join(map(str, faults.faults)), 2)
    except (StoreError, VirtualSiteFailed) as error:
        return _say(error, 1)
    except BrokenPipeError:  # whoever reads our output has seen enough
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 0


def _say(sentence: object, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code
