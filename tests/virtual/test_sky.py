"""The sky is pvlib's, is kept, and a spoilt or missing cache costs nothing but time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astral import Observer
from astral.sun import elevation

import hardware.virtual.sky as sky_module
from hardware.virtual.sky import ClearSky
from tests.virtual.sites import at

PLACE = (51.9, 4.4)


@pytest.mark.parametrize("moment", ["2026-01-14T13:00", "2026-06-20T05:40", "2026-06-20T13:30", "2026-11-22T16:40"])
def test_the_sun_stands_where_another_library_sees_it(moment: str, tmp_path: Path) -> None:
    import datetime as dt

    sun = ClearSky(*PLACE, cache=tmp_path).at(at(moment))
    seen = elevation(Observer(*PLACE), dt.datetime.fromtimestamp(at(moment), dt.UTC))
    assert sun.elevation_deg == pytest.approx(seen, abs=0.2)
    assert (sun.ghi_wm2 > 0) == (sun.elevation_deg > 0)
    assert sun.ghi_wm2 <= 1100


def test_a_kept_sky_is_the_same_and_needs_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ClearSky(*PLACE, cache=tmp_path).at(at("2026-06-20T13:30"))
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.delattr(sky_module, "sky_table")
    assert ClearSky(*PLACE, cache=tmp_path).at(at("2026-06-20T13:30")) == first


@pytest.mark.parametrize("spoilt", [b"", b"not an array", b"\x93NUMPY\x01\x00"])
def test_a_spoilt_cache_is_made_anew(tmp_path: Path, spoilt: bytes) -> None:
    first = ClearSky(*PLACE, cache=tmp_path).at(at("2026-06-20T13:30"))
    kept = next(tmp_path.iterdir())
    kept.write_bytes(spoilt)
    assert ClearSky(*PLACE, cache=tmp_path).at(at("2026-06-20T13:30")) == first
    assert np.load(kept).shape[1] == 5


def test_a_cache_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    assert ClearSky(*PLACE, cache=blocked / "sky").at(at("2026-06-20T13:30")).ghi_wm2 > 500


def test_the_sky_goes_on_from_one_table_to_the_next(tmp_path: Path) -> None:
    sky = ClearSky(*PLACE, cache=tmp_path)
    heights = [sky.at(at("2026-01-01T12:30") + day * 86_400).elevation_deg for day in range(0, 200, 5)]
    assert np.abs(np.diff(heights)).max() < 3.0
    assert len(list(tmp_path.iterdir())) >= 3
