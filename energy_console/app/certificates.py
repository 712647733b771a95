"""`certificates DIR`: test certificates for tls links (Modbus/TCP Security), to be used with `simulate`.

    main.py certificates sites/my-site/certificates

writes an authority (ca.pem), what a virtual device shows (device.pem) and two clients: operator.pem, which may write,
and monitor.pem, which may only read; each with its key. They are good for test benches: the authority's own key is
thrown away.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from energy_console.site.model import Site

FINE, FAILED, BAD_INPUT = 0, 1, 2
_DAYS = 730
_OWN_DAYS = 3650  # of those that the console makes for its own virtual devices
_MOST_DAYS = 36_500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = __doc__
    parser.add_argument("folder", metavar="DIR", help="where to write them, for example sites/my-site/certificates")
    parser.add_argument("--host", action="append", default=[], metavar="NAME", help="more names of the device")
    parser.add_argument("--days", type=int, default=_DAYS, metavar="N", help=f"how long they are valid ({_DAYS})")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Returns 0 when they are written, 1 where they cannot be, 2 for bad input."""
    from hardware.virtual.certificates import LOOPBACK, CannotMake, make_certificates

    if not 1 <= args.days <= _MOST_DAYS:
        print(f"--days {args.days} is not a number of days from 1 to {_MOST_DAYS}.", file=sys.stderr)
        return BAD_INPUT
    begins = dt.datetime.now(dt.UTC)
    ends = begins + dt.timedelta(days=args.days)
    try:
        files = make_certificates(Path(args.folder), begins, ends, (*LOOPBACK, *args.host))
    except CannotMake as error:
        print(error, file=sys.stderr)
        return FAILED
    if args.json:
        print(json.dumps({"folder": args.folder, "files": [file.name for file in files], "ends": ends.isoformat()}))
    else:
        print(f"{args.folder} holds {', '.join(file.name for file in files)}; valid until {ends:%Y-%m-%d}.")
        print("In links.csv: tls://HOST:802?ca=FOLDER/ca.pem&cert=FOLDER/operator.pem&key=FOLDER/operator.key")
    return FINE


def loopback_certificates(site: Site) -> str:
    """Folder with certificates for the virtual devices of tls links that have none of their own; "" if none needs any.

    Made once for this user. Raises CannotMake.
    """
    if not site.needs_test_certificates:
        return ""
    folder = Path(platformdirs.user_data_dir("energy-console", appauthor=False)) / "virtual-certificates"
    if not folder.exists():
        _make_at_once(folder)
    return str(folder)


def _make_at_once(folder: Path) -> None:
    """The console and its virtual devices may both come first: whoever is done first has made them for both."""
    import tempfile

    from hardware.virtual.certificates import CannotMake, make_certificates

    begins = dt.datetime.now(dt.UTC)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as draft:
            made = Path(draft) / folder.name
            make_certificates(made, begins, begins + dt.timedelta(days=_OWN_DAYS))
            made.rename(folder)
    except OSError as error:
        if not folder.exists():
            raise CannotMake(f"Test certificates cannot be kept in {folder}: {error.strerror or error}.") from error
