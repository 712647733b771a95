"""`check DIR` or `check FILE.toml`: every fault of a site or a profile at once, as `file:line: what; what to do`."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from energy_console.app.spans import BadInput

if TYPE_CHECKING:
    from energy_console.site.faults import Fault, SiteFaults
    from energy_console.site.model import Site

FINE, BAD_SITE = 0, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar="DIR", help="a site folder, for example sites/port-demo, or one profile: FILE.toml"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Returns 0 where all is sound, 2 where it has faults (listed on standard output, counted on standard error)."""
    if args.folder.endswith(".toml"):
        return _check_profile(Path(args.folder), args.json)
    from energy_console.site.certificates import certificate_faults
    from energy_console.site.faults import SiteFaults
    from energy_console.site.loader import load_site

    certificates = certificate_faults(args.folder, dt.datetime.now(dt.UTC))
    try:
        site = load_site(args.folder)
    except SiteFaults as bad:
        return _tell_faults(SiteFaults(bad.folder, (*bad.faults, *certificates)), args.json)
    if faults := (*certificates, *_country_faults(site)):
        return _tell_faults(SiteFaults(args.folder, faults), args.json)
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


def _country_faults(site: Site) -> list[Fault]:
    from energy_console.site.faults import Fault
    from energy_console.site.public_holidays import CountryNotKnown, holidays_of

    country = site.place.holidays
    try:
        if country:
            holidays_of(country)
    except CountryNotKnown:
        what = f"the public holidays of {country} are not known"
        return [Fault("site.toml", 0, what, "write a country as NL, or a part of one as DE-HH")]
    return []


def _check_profile(path: Path, as_json: bool) -> int:
    """One profile by itself. Raises BadInput where there is no such file."""
    from energy_console.site.faults import Fault, SiteFaults
    from hardware.profiles import ProfileFaults, load_profile, plan_reads

    try:
        found = load_profile(path)
    except ProfileFaults as bad:
        faults = (Fault(fault.file, fault.line, *fault.what_and_remedy()) for fault in bad.faults)
        return _tell_faults(SiteFaults(str(path), faults), as_json)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}; name a profile file that is there.") from error
    requests = plan_reads(found)
    if as_json:
        figures = {"points": len(found.points), "requests": len(requests)}
        print(json.dumps({"profile": found.name, "file": str(path), "fine": True, **figures, "faults": []}, indent=2))
    else:
        print(f"{found.title} is fine: {len(found.points)} points, read in {len(requests)} requests.")
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
