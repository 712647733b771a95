"""prices.csv goes before the tariff where it tells something, and nowhere else."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from energy_console.site.loader import load_site
from energy_console.site.prices import price_curve
from energy_console.site.told import TableUnreadable
from energy_console.site.told_prices import EXPORT, IMPORT, read_prices
from tests.site.folder import write_site

START = dt.datetime(2026, 11, 24, 0, 0, tzinfo=dt.UTC)
TOLD = """time,import_eur_per_kwh,export_eur_per_kwh
2026-11-24T00:00:00Z,0.10,0.05
2026-11-24T01:00:00Z,0.30,0.50
2026-11-24T02:00:00Z,,0.02
2026-11-24T03:00:00Z,-0.05,-0.10
"""


def edges(*hours):
    return [START + dt.timedelta(hours=hour) for hour in hours]


@pytest.fixture
def told(tmp_path):
    (tmp_path / "prices.csv").write_text(TOLD, "utf-8")
    return read_prices(tmp_path)


def over(told, column, *hours):
    return told.over(column, np.array([int(edge.timestamp()) * 10**9 for edge in edges(*hours)]))


def test_a_step_has_the_mean_of_what_holds_in_it(told):
    assert over(told, IMPORT, 0, 0.25, 1, 1.5) == pytest.approx([0.10, 0.10, 0.30])
    assert over(told, IMPORT, 0.5, 1.5) == pytest.approx([0.20])
    assert over(told, IMPORT, 0, 3) == pytest.approx([np.nan], nan_ok=True)
    assert over(told, EXPORT, 0, 4) == pytest.approx([(0.05 + 0.5 + 0.02 - 0.10) / 4])


def test_before_the_first_row_and_after_the_last_nothing_is_told(told):
    assert np.isnan(over(told, IMPORT, -1, 0, 0.5)).tolist() == [True, False]
    assert np.isnan(over(told, IMPORT, 3, 4, 4.25)).tolist() == [
        False,
        True,
    ]  # the last holds an hour, as the one before


def test_it_goes_before_the_tariff_and_export_never_pays_more_than_import_costs(tmp_path, told):
    site = load_site(write_site(tmp_path / ""))
    by_tariff = price_curve(site, edges(0, 1, 2, 3, 4, 5))
    curve = price_curve(site, edges(0, 1, 2, 3, 4, 5), told)
    assert curve.import_eur_per_kwh[[0, 1, 3]] == pytest.approx([0.10, 0.30, -0.05])
    assert curve.import_eur_per_kwh[[2, 4]] == pytest.approx(by_tariff.import_eur_per_kwh[[2, 4]])
    assert curve.export_eur_per_kwh[:2] == pytest.approx([0.05, 0.30])
    assert (curve.export_eur_per_kwh <= curve.import_eur_per_kwh).all()
    assert curve.carbon_kg_per_kwh.tolist() == by_tariff.carbon_kg_per_kwh.tolist()


def test_a_price_that_cannot_be_is_refused_with_its_line(tmp_path):
    (tmp_path / "prices.csv").write_text(TOLD.replace("0.30", "300"), "utf-8")
    with pytest.raises(TableUnreadable, match=r"prices.csv:3: import_eur_per_kwh 300 cannot be"):
        read_prices(tmp_path)
