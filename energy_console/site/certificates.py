"""Certificate files of a site's tls links, judged without asking any device.

Not part of loading a site: a certificate that has expired overnight costs its own link, not the console.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from energy_console.site import layouts
from energy_console.site.faults import Fault, FaultList
from energy_console.site.tables import read_table
from hardware.link_address import BadLink, parse_link


def certificate_faults(folder: str, now: dt.datetime) -> tuple[Fault, ...]:
    """Files that cannot be read, are past their time or do not fit each other, by the line of their link."""
    if not Path(folder).is_dir():
        return ()
    found: list[Fault] = []
    for row in read_table(Path(folder), layouts.LINKS, FaultList()):  # the table's own faults are told by the loader
        try:
            address = parse_link(row.cells.get("url", "").strip(), folder)
        except BadLink:
            continue
        if address.kind == "tls":
            from hardware.modbus.tls import certificate_faults as judged

            for fault in judged(address, now):
                what = fault.what.replace(f"{Path(folder)}{os.sep}", "")
                found.append(Fault(layouts.LINKS.file, row.line, f"link {row.id}: {what}", fault.remedy))
    return tuple(found)
