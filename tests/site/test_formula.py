"""Formulas as text: what they are read as, what their units are, and what is refused in words."""

from __future__ import annotations

import pytest

from energy_console.site.formula import (
    Apply,
    FormulaFault,
    Number,
    Rate,
    Ref,
    linear_terms,
    points_in,
    read_formula,
    unit_of_formula,
)
from energy_console.site.loader import load_site
from energy_console.site.units import told, unit_named
from tests.site.folder import write_site

UNITS = {
    "M-F1/power_kw": "kW",
    "M2/power_kw": "kW",
    "M2/energy_kwh": "kWh",
    "M2/voltage_v": "V",
    "M2/current_a": "A",
    "H/supply_c": "degC",
    "H/return_c": "degC",
    "W/volume_m3": "m3",
    "W/flow_m3h": "m3/h",
    "S/state": "",
    "N/noise_db": "dB",
    "P/price": "EUR/kWh",
}


def members(name: str) -> tuple[str, ...]:
    return ("M-F1/power_kw", "M2/power_kw") if ":" in name else (name,)


def read(text: str):
    return read_formula(text, members)


def test_a_name_may_hold_minus_and_slash_since_operators_stand_between_spaces() -> None:
    assert read("M-F1/power_kw - M2/power_kw") == Apply("-", (Ref("M-F1/power_kw"), Ref("M2/power_kw")))


def test_products_bind_before_sums_and_brackets_before_both() -> None:
    assert read("2 + 3 * 4") == Apply("+", (Number(2), Apply("*", (Number(3), Number(4)))))
    assert read("(2 + 3) * 4") == Apply("*", (Apply("+", (Number(2), Number(3))), Number(4)))
    assert read("8 - 3 - 2") == Apply("-", (Apply("-", (Number(8), Number(3))), Number(2)))


def test_a_pattern_is_a_sum_alone_and_many_arguments_inside_a_function() -> None:
    assert read("port:*/power_kw") == Apply("sum", (Ref("M-F1/power_kw"), Ref("M2/power_kw")))
    assert read("max(port:*/power_kw, 3 kW)") == Apply(
        "max", (Ref("M-F1/power_kw"), Ref("M2/power_kw"), Number(3, "kW"))
    )


def test_a_rate_has_a_window() -> None:
    assert read("rate(W/volume_m3)") == Rate("W/volume_m3", 900.0)
    assert read("rate(W/volume_m3, 1 h)") == Rate("W/volume_m3", 3600.0)


def test_points_are_told_once_in_the_order_of_the_text() -> None:
    assert points_in(read("M2/power_kw / M-F1/power_kw + M2/power_kw / 2")) == ("M2/power_kw", "M-F1/power_kw")


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("M2/voltage_v * M2/current_a", "kW"),
        ("M2/power_kw / M2/voltage_v", "A"),
        ("M2/power_kw * 2 h", "kWh"),
        ("M2/energy_kwh * P/price", "EUR"),
        ("rate(M2/energy_kwh)", "kW"),
        ("rate(W/volume_m3, 60 s)", "m3/h"),
        ("H/supply_c - H/return_c", "K"),
        ("mean(H/supply_c, H/return_c)", "degC"),
        ("H/supply_c - 5 K", "degC"),
        ("M2/power_kw / M-F1/power_kw", "1"),
        ("max(M2/power_kw - 100 kW, 0)", "kW"),
        ("-M2/power_kw", "kW"),
        ("max(0, N/noise_db)", "dB"),
    ],
)
def test_units_follow_from_what_is_calculated(text: str, unit: str) -> None:
    assert unit_of_formula(read(text), UNITS).is_like(unit_named(unit)), told(unit_of_formula(read(text), UNITS))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("M2/power_kw + M2/energy_kwh", "M2/energy_kwh in kWh cannot go together with M2/power_kw in kW"),
        ("min(M2/power_kw, H/supply_c)", "cannot go together with"),
        ("H/supply_c + H/return_c", "two temperatures in degC cannot be added"),
        ("2 * H/supply_c", "a temperature in degC cannot be multiplied"),
        ("1 + M2/power_kw", "M2/power_kw in kW cannot go together with a plain number"),
        ("S/state + 1", "S/state is in words and cannot be calculated with"),
        ("M2/power_kw +", "formula ends too early"),
        ("M2/power_kw M-F1/power_kw", "formula cannot be read at 'M-F1/power_kw'"),
        ("(M2/power_kw", "formula lacks a closing bracket"),
        ("power(M2/power_kw)", "there is no function power"),
        ("abs(M2/power_kw, M-F1/power_kw)", "abs takes one value, not 2"),
        ("rate(M2/energy_kwh, 3 kW)", "rate takes its window as a time"),
        ("rate(2 * M2/energy_kwh)", "rate takes a counter, not a calculation"),
        ("rate(M2/energy_kwh, 1 s)", "rate takes its window as a time from 10 s to 24 h"),
        ("(" * 60 + "M2/power_kw" + ")" * 60, "formula nests deeper than 40 brackets"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(text: str, what: str) -> None:
    with pytest.raises(FormulaFault, match=what.replace("(", r"\(")):
        unit_of_formula(read(text), UNITS)


def test_a_sum_with_factors_is_found_to_be_one_and_converted_to_its_unit() -> None:
    terms = linear_terms(read("M2/power_kw / 4 - 0.5 * (M-F1/power_kw + M2/power_kw)"), UNITS, "W")
    assert terms == ((pytest.approx(-250.0), "M2/power_kw"), (pytest.approx(-500.0), "M-F1/power_kw"))
    assert linear_terms(read("M2/power_kw * M-F1/power_kw"), UNITS, "1") is None
    assert linear_terms(read("max(M2/power_kw, 0)"), UNITS, "kW") is None


def test_the_older_name_of_the_column_still_works(tmp_path) -> None:
    folder = write_site(tmp_path)
    table = folder / "points.csv"
    new = load_site(folder).calculated
    table.write_text(table.read_text().replace(",formula,", ",sum,"))
    assert load_site(folder).calculated == new
