"""`probe --save`: the device just read becomes a row of a site folder, checked as a whole before it is written."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from energy_console.app.spans import BadInput, span_s
from energy_console.site.adding import BACK_UP, Addition, CannotAdd, NewDevice, NewLink, link_at, prepare, write
from energy_console.site.loader import load_site
from energy_console.site.model import Area


def add_arguments(parser: argparse.ArgumentParser) -> None:
    save = parser.add_argument_group("saving", "what --profile read becomes a device of a site")
    save.add_argument("--save", type=Path, metavar="SITE", help="the site folder the device is added to")
    save.add_argument("--id", metavar="A", help="short name of the device, such as M7")
    save.add_argument("--area", metavar="B", help="one of " + ", ".join(Area))
    save.add_argument("--name", metavar="TEXT", help="its name in words (the profile's title)")
    save.add_argument("--link", dest="link_id", metavar="NAME", help="name of the link, where the site has none there")
    save.add_argument("--every", metavar="SPAN", help="how often to read it")
    save.add_argument("--node", default="", metavar="NODE", help="grid node its power counts to")
    save.add_argument("--rated-kw", type=float, metavar="KW", help="highest power it can have")
    save.add_argument("--meter-of", default="", metavar="NODE", help="grid node whose power it measures")
    save.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")


def prepared(args: argparse.Namespace, title: str) -> Addition:
    """The addition that the arguments ask for, checked. Raises BadInput, SiteFaults."""
    for value, option in ((args.id, "--id"), (args.area, "--area")):
        if not value:
            raise BadInput(f"--save needs {option}: write --save SITE --id M7 --area {Area.BUILDINGS}.")
    if args.area not in list(Area):
        raise BadInput(f"--area {args.area} is not known; write one of {', '.join(Area)}.")
    link, is_new = _link(args)
    device = NewDevice(
        id=args.id,
        name=args.name or f"{title} {args.id}",
        area=args.area,
        link=link.id,
        unit=args.unit,
        profile=Path(args.profile).stem,
        every_s=span_s(args.every) if args.every else None,
        node=args.node,
        rated_kw=args.rated_kw,
        meter_of=args.meter_of,
    )
    try:
        return prepare(args.save, device, link if is_new else None)
    except CannotAdd as error:
        raise BadInput(str(error)) from error


def _link(args: argparse.Namespace) -> tuple[NewLink, bool]:
    """The link that leads there, and whether it is new to the site. Raises BadInput, SiteFaults."""
    site = load_site(args.save)
    there = link_at(site, args.link)
    if there is not None:
        if args.link_id not in (None, there):
            raise BadInput(f"The site has {args.link} as link {there}: leave --link {args.link_id} out.")
        return NewLink(there, args.link), False
    if not args.link_id:
        raise BadInput(f"The site has no link to {args.link}: name it with --link NAME, and it is added.")
    same = next((link for link in site.links if link.id == args.link_id), None)
    if same is not None:
        raise BadInput(f"Link {same.id} of the site leads to {same.url}, not to {args.link}: choose another name.")
    return NewLink(args.link_id, args.link), True


def save(addition: Addition, *, dry_run: bool) -> dict[str, Any]:
    """Writes it, unless only to be shown. Raises BadInput."""
    document: dict[str, Any] = {
        "device": addition.device.id,
        "written": not dry_run,
        "lines": {change.path.name: list(change.shown) for change in addition.changes},
        "back_ups": [],
    }
    if not dry_run:
        try:
            document["back_ups"] = [str(path) for path in write(addition)]
        except CannotAdd as error:
            raise BadInput(str(error)) from error
    return document


def sentences(saved: dict[str, Any], folder: Path) -> Sequence[str]:
    """What was written, or would be, and how to undo it."""
    lines = [f"{file}: {line}" for file, added in saved["lines"].items() for line in added]
    if not saved["written"]:
        return [*lines, f"Nothing is written to {folder}: leave --dry-run out for that."]
    names = ", ".join(Path(path).name for path in saved["back_ups"])
    undo = f"As it was: {names}; to undo, put them back without {BACK_UP}." if names else ""
    return [
        *lines,
        f"{saved['device']} is in {folder}; an engine that runs reads it once started anew. {undo}".rstrip(),
    ]
