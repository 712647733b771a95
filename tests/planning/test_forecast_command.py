"""`forecast`: from a store with some weeks in it, ahead and tried on the past."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest

from energy_console.app import main
from energy_console.historian.embedded import open_embedded
from energy_console.planning.forecasting.calendar import WORKING, slots_of
from energy_console.site.loader import load_site
from hardware.points import ScanBatch
from tests.site.folder import write_site

WEEKS = 5
END = dt.datetime(2026, 11, 9, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site with one load on a meter, and a store in which that meter had an office behind it."""
    folder = write_site(tmp_path_factory.mktemp("site"))
    (folder / "loads.csv").write_text("load,name,device,kind,yearly_kwh\noffice,Office,M1,offices,500000\n", "utf-8")
    made = load_site(folder)
    at = np.arange(int((END - dt.timedelta(weeks=WEEKS)).timestamp()), int(END.timestamp()), 300) * 10**9
    slots = slots_of(at, made.place.zone)
    power = 40.0 + 60.0 * ((slots.kind == WORKING) & (slots.quarter >= 32) & (slots.quarter < 72))
    power += np.random.default_rng(5).normal(0.0, 3.0, len(at))
    index = np.full(len(at), [point.id for point in made.points].index("M1/power_kw"), np.int32)
    store = open_embedded(folder / "store", writing=True)
    store.register(made.points)
    store.append(ScanBatch(0, index, at, power, np.zeros(len(at), np.uint16)))
    store.close()
    return folder


def told(capsys, *arguments):
    code = main(["forecast", *arguments])
    return code, capsys.readouterr()


def test_a_monday_morning_is_foreseen_with_its_band(site, capsys):
    at = dt.datetime(2026, 11, 9, 5, 0, tzinfo=dt.UTC).isoformat()  # 6:00 there
    code, said = told(capsys, "office", "--site", str(site), "--store", str(site / "store"), "--at", at, "--json")
    assert code == 0
    (office,) = json.loads(said.out)["forecasts"]
    assert office["point"] == "M1/power_kw"
    assert np.mean(office["expected_kw"][0:7]) == pytest.approx(40.0, abs=4.0)
    assert np.mean(office["expected_kw"][9:40]) == pytest.approx(100.0, abs=6.0)
    low, high = np.array(office["low_kw"]), np.array(office["high_kw"])
    assert (low < office["expected_kw"]).all()
    assert (high > office["expected_kw"]).all()
    assert np.mean(high - low) < 25.0


def test_what_came_later_is_not_known_at_an_earlier_moment(site, capsys):
    sunday = dt.datetime(2026, 11, 8, 11, 0, tzinfo=dt.UTC).isoformat()
    code, said = told(
        capsys, "office", "--site", str(site), "--store", str(site / "store"), "--at", sunday, "--hours", "2"
    )
    assert code == 0
    assert "Sun 12:00" in said.out


def test_it_is_tried_on_the_past_beside_the_simplest(site, capsys):
    code, said = told(
        capsys,
        "--site",
        str(site),
        "--store",
        str(site / "store"),
        "--at",
        END.isoformat(),
        "--backtest",
        "7",
        "--json",
    )
    assert code == 0
    (office,) = json.loads(said.out)["backtests"]
    errors = {method["method"]: method["mean_error_kw"] for method in office["methods"]}
    assert errors["learnt"] < errors["persistence"]
    assert errors["learnt"] < 5.0


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (["nothing"], 2, "nothing is no load or plant"),
        (["--hours", "100"], 2, "--hours 100 cannot be forecast"),
        (["--at", "2026-11-09T05:00"], 2, "says no time zone"),
        (["--backtest", "0"], 2, "--backtest 0 cannot be tried"),
        (["--backtest", "3", "--at", "2026-10-08T00:00Z"], 1, "Too little past to try: office, PV1."),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(site, capsys, more, code, says):
    got, said = told(capsys, *more, "--site", str(site), "--store", str(site / "store"))
    assert got == code
    assert says in said.err
