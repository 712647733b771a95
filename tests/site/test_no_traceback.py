"""Whatever is done to the files of a site, the loader answers with a site or with faults, never with a traceback."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy_console.site.faults import Fault, SiteFaults
from energy_console.site.loader import load_site
from tests.site.folder import FILES, write_site

ODD = st.sampled_from(
    (
        *("", " ", "nan", "inf", "-1", "1e999", "0", "9" * 40, "E01", "E01.1", "M1", "M1/power_kw", "/", "//x", "☃"),
        *("tcp://", "tcp://[::1", "serial://", "tcp://h:1/2", "2026-10-25", "2026-10-25T02:30Z", "24:00", "Mon-"),
        *("- -", "+ x/y", "*:*", "0 0, 1 1 | ", "0 0", "[]", "{}", '"', "'", "true", "1979-05-27", "a = 1"),
        *("[[grid]]", "[place]", "format = 1"),
    )
)
files = st.sampled_from(sorted(FILES))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(file=files, pick=st.integers(0, 10_000), value=ODD)
def test_any_cell_or_value_may_be_replaced_by_anything(file, pick, value):
    lines = FILES[file].splitlines()
    row = pick % len(lines)
    parter = "=" if file == "site.toml" else ","
    cells = lines[row].split(parter)
    cells[pick // len(lines) % len(cells)] = value
    lines[row] = parter.join(cells)
    _load(FILES | {file: "\n".join(lines) + "\n"})


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(file=files, start=st.integers(0, 2000), length=st.integers(0, 60), junk=st.binary(max_size=6))
def test_any_stretch_of_bytes_may_be_overwritten(file, start, length, junk):
    data = FILES[file].encode()
    start %= len(data)
    _load(FILES, file, data[:start] + junk + data[start + length :])


@settings(max_examples=40, deadline=None)
@given(gone=st.sets(files))
def test_any_files_may_be_missing(gone):
    _load({name: text for name, text in FILES.items() if name not in gone})


def _load(files: dict[str, str], file: str = "", data: bytes = b"") -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_site(Path(folder), files)
        if file:
            (Path(folder) / file).write_bytes(data)
        faults: tuple[Fault, ...] = ()
        try:
            assert load_site(folder).root.parent is None
        except SiteFaults as bad:
            faults = bad.faults
        assert all(fault.what and fault.remedy for fault in faults)
