"""weather.csv: read by the hour, never led over a hole, refused with its line."""

from __future__ import annotations

import datetime as dt
import sys

import numpy as np
import pytest

from energy_console.app import main
from energy_console.site.public_holidays import holidays_of, holidays_or_none
from energy_console.site.told import TableUnreadable
from energy_console.site.weather import read_weather
from tests.site.folder import faults_of, write_site

GOOD = """time,temperature_c,wind_m_s
2026-11-23T00:00:00Z,4,5
2026-11-23T01:00:00Z,6,
2026-11-23T02:00:00Z,8,7
2026-11-23T09:00:00+01:00,2,9
"""


def at(*hours):
    start = dt.datetime(2026, 11, 23, tzinfo=dt.UTC).timestamp()
    return np.array([int(start + 3600 * hour) * 10**9 for hour in hours])


def test_values_are_led_from_row_to_row_and_not_over_a_hole(tmp_path):
    (tmp_path / "weather.csv").write_text(GOOD, "utf-8")
    weather = read_weather(tmp_path)
    assert weather is not None
    assert weather.temperature_c(at(-1, 0, 0.5, 2, 5, 8, 9)) == pytest.approx(
        [np.nan, 4.0, 5.0, 8.0, np.nan, 2.0, np.nan], nan_ok=True
    )
    assert weather.wind_m_s(at(1)) == pytest.approx([6.0])
    assert np.isnan(weather.irradiance_w_m2(at(1))).all()


def test_a_site_without_the_file_has_no_weather(tmp_path):
    assert read_weather(tmp_path) is None


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("00:00:00Z,4", "00:00:00,4", 2, "has no zone"),
        ("01:00:00Z,6", "01:00:00Z,600", 3, "cannot be"),
        ("01:00:00Z,6", "01:00:00Z,warm", 3, "is no number"),
        ("2026-11-23T02", "2026-11-23T00", 4, "not after the row before"),
        ("2026-11-23T02:00:00Z", "23/11/2026", 4, "is no time"),
        ("wind_m_s", "wind_ms", 1, "did you mean wind_m_s"),
        ("temperature_c,wind_m_s", "", 1, ""),
    ],
)
def test_a_wrong_row_is_told_with_its_line(tmp_path, old, new, line, says):
    (tmp_path / "weather.csv").write_text(GOOD.replace(old, new), "utf-8")
    with pytest.raises(TableUnreadable) as refused:
        read_weather(tmp_path)
    assert refused.value.line == line
    assert says in str(refused.value)


def test_the_check_of_a_site_reads_its_weather_and_its_country(tmp_path):
    folder = write_site(tmp_path)
    (folder / "weather.csv").write_text(GOOD.replace("4,5", "4,fast"), "utf-8")
    settings = (folder / "site.toml").read_text("utf-8")
    zone = 'zone = "Europe/Amsterdam"'
    (folder / "site.toml").write_text(settings.replace(zone, f'{zone}\nholidays = "Holland"'), "utf-8")
    told = faults_of(folder)
    assert any(fault.startswith("weather.csv:2: wind_m_s 'fast' is no number") for fault in told)
    assert any("Holland is no country" in fault for fault in told)


def test_the_check_asks_for_the_holidays_of_the_country(tmp_path, capsys):
    folder = write_site(tmp_path)
    settings = (folder / "site.toml").read_text("utf-8")
    zone = 'zone = "Europe/Amsterdam"'
    (folder / "site.toml").write_text(settings.replace(zone, f'{zone}\nholidays = "NL-QQ"'), "utf-8")
    assert main(["check", str(folder)]) == 2
    assert "public holidays of NL-QQ are not known" in capsys.readouterr().out


def test_holidays_are_asked_for_in_a_process_that_ends():
    assert dt.date(2026, 12, 25) in holidays_of("NL")
    assert "holidays.countries" not in sys.modules
    assert holidays_or_none("QQ") == frozenset()
