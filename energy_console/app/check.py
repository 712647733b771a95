"""`check DIR`: every fault of a site folder at once, as `file:line: what; what to do`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from energy_console.site.faults import SiteFaults

FINE, BAD_SITE = 0, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="the site folder, for example sites/port-demo")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Returns 0 for a sound site, 2 for one with faults (listed on standard output, counted on standard error)."""
    from energy_console.site.faults import SiteFaults
    from energy_console.site.loader import load_site

    try:
        site = load_site(args.folder)
    except SiteFaults as bad:
        return _tell_faults(bad, args.json)
    figures = {
        "links": len(site.links),
        "devices": len(site.devices),
        "points": len(site.points),
        "nodes": len(site.nodes),
        "stations": len(site.stations),
        "access_points": len(site.access_points),
    }
    if args.json:
        print(json.dumps({"site": site.id, "folder": args.folder, "fine": True, **figures, "faults": []}, indent=2))
    else:
        counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in figures.items())
        print(f"{site.name} is fine: {counts}.")
    return FINE


def _tell_faults(bad: SiteFaults, as_json: bool) -> int:
    if as_json:
        faults = [{"file": f.file, "line": f.line, "what": f.what, "remedy": f.remedy} for f in bad.faults]
        print(json.dumps({"folder": bad.folder, "fine": False, "faults": faults}, indent=2))
        return BAD_SITE
    for fault in bad.faults:
        print(fault)
    count = len(bad.faults)
    print(f"{bad.folder} has {count} fault{'s' if count != 1 else ''}; mend them and check again.", file=sys.stderr)
    return BAD_SITE
