"""writes.csv: who may be written to, and what is wrong with a rule that cannot be meant."""

from __future__ import annotations

import pytest

from energy_console.site.loader import load_site
from energy_console.site.model import Condition
from hardware.points import Allowed
from tests.site.folder import FILES, faults_of, write_site

HEAD = "rule,may,device,quantity,low,high,when,why\n"


def site_with(tmp_path, rows):
    return load_site(write_site(tmp_path, FILES | {"writes.csv": HEAD + rows}))


def faults_with(tmp_path, row):
    return faults_of(write_site(tmp_path, FILES | {"writes.csv": HEAD + row + "\n"}))


def test_without_a_table_the_plan_and_the_port_page_may_write_and_nobody_else(tmp_path):
    site = load_site(write_site(tmp_path, FILES))
    allowed = {point.quantity for point in site.points if (rule := site.write_rule(point.id)) and rule.may}
    assert allowed == {"limit_a", "request_load_reduction_kw", "request_transfer_back", "level_command"}
    assert site.write_rule("CP1/phases") is None


def test_the_first_row_that_names_a_point_decides(tmp_path):
    site = site_with(
        tmp_path, "a,no,CP1,*,,,,under repair\nb,yes,lighting:*,level_command,0.2,1,,\nc,yes,E*,request_*,,,,\n"
    )
    rule = site.write_rule("CP1/limit_a")
    assert (rule.id, rule.may, rule.why) == ("a", False, "under repair")
    assert site.write_rule("E01.1/request_transfer_back").id == "c"
    cabinet = site.write_rule("L1/level_command")
    assert (cabinet.id, cabinet.low, cabinet.high) == ("b", 0.2, 1.0)


def test_conditions_are_states_and_ranges_of_other_points(tmp_path):
    site = site_with(tmp_path, "a,yes,CP1,limit_a,,,M1/power_kw in -5..400; E01.1/step is supplied|released,\n")
    assert site.write_rule("CP1/limit_a").conditions == (
        Condition("M1/power_kw", Allowed(low=-5.0, high=400.0)),
        Condition("E01.1/step", Allowed((8.0, 12.0))),
    )


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a,maybe,CP1,limit_a,,,,", "may maybe is not known"),
        ("a,yes,CP2,limit_a,,,,", "rule a names no device; did you mean CP1?"),
        ("a,yes,CP1,limit_aa,,,,", "rule a names no point that can be written; did you mean limit_a?"),
        ("a,yes,M1,*,,,,", "rule a names no point that can be written; the profiles of these devices take no commands"),
        ("a,yes,E01.1,ship_breaker,,,,", "rule a names no point that can be written"),
        ("a,yes,CP1,limit_a,0,900,,", "rule a allows more than the profile of CP1: 0 to 500"),
        ("a,yes,CP1,limit_a,20,10,,", "low 20 is above high 10"),
        ("a,yes,CP1,limit_a,,,M1/power_kw > 5,", "when cannot be read at 'M1/power_kw > 5'"),
        ("a,yes,CP1,limit_a,,,M1/powr_kw in 0..5,", "did you mean M1/power_kw?"),
        ("a,yes,CP1,limit_a,,,M1/power_kw in 5..0,", "5..0 is no range for M1/power_kw"),
        ("a,yes,CP1,limit_a,,,M1/power_kw is supplied,", "M1/power_kw has no states"),
        ("a,yes,CP1,limit_a,,,E01.1/step is suplied,", "E01.1/step has no state suplied; did you mean supplied?"),
        ("a,yes,CP1,limit_a,,,CP1/limit_a in 0..5,", "rule a waits for the point it is about"),
        ("a,yes,CP1,limit_a,,,,\nb,no,CP1,limit_a,,,,", "rule b decides nothing"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_told(tmp_path, row, says):
    told = faults_with(tmp_path, row)
    assert any(text.startswith("writes.csv:") and says in text for text in told), told
