"""Profiles against lists of registers gathered from makers' papers and drivers, where these lie beside the project.

Each point has to have the address, the type, the order of words, the scale and the unit of its row, or be named below
with the reason why it differs.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from hardware.profiles import Profile, ProfilePoint, Table, profile, profile_names

Row = dict[str, str]
# Lists whose name is not that of the profile; of several, each has to fit.
LISTS = {
    "abb_b23": ("abb_b23_b24",),
    "alfen_ng9": ("alfen_ng9xx",),
    "alfen_ng9_station": ("alfen_ng9xx",),
    "arlight_dali_logic_lite": ("arlight_dali_logic_lite_gateway",),
    "campbell_metsens200": ("campbell_metsens200_wind",),
    "campbell_metsens300": ("campbell_metsens300_thp",),
    "carlo_gavazzi_em111": ("carlogavazzi_em111_em112",),
    "carlo_gavazzi_em24": ("carlogavazzi_em24_rs485",),
    "carlo_gavazzi_em340": ("carlogavazzi_em340",),
    "danfoss_ecl": ("danfoss_ecl120_a130_heating",),
    "danfoss_ecl120_a130": ("danfoss_ecl120_a130_heating",),
    "danfoss_ecl220_heat_meter": ("danfoss_ecl220_mbus_heat_meter",),
    "danfoss_ecl220_p266": ("danfoss_ecl220_p266_dhw_heating",),
    "environment_sensor": ("sokol_m_weather_airquality",),
    "janitza_umg": ("janitza_umg604", "janitza_umg96rm"),
    "kamstrup_multical": ("kamstrup_multical_modbus_module",),
    "kamstrup_multical_modbus": ("kamstrup_multical_modbus_module",),
    "lufft_ws501": ("lufft_ws501_ws600_umb",),
    "noise_sensor": ("wirenboard_wb_msw_v4_env",),
    "samson_trovis_557x": ("samson_trovis557x",),
    "siemens_pac1600": ("siemens_7kt1665_pac1600",),
    "socomec_countis_e": ("socomec_countis_e23_e28", "socomec_countis_e34_e44"),
    "sokol_m": ("sokol_m_weather_airquality",),
    "tuf2000m": ("tuf2000m_ultrasonic_flow_heat",),
    "tuf2000m_flow": ("tuf2000m_ultrasonic_flow_heat",),
    "water_meter": ("tuf2000m_ultrasonic_flow_heat",),
    "wirenboard_wb_msw_v4": ("wirenboard_wb_msw_v4_env",),
    "wirenboard_wb_mwac_v2": ("wirenboard_wb_mwac_v2_water_leak",),
}
# Types that no list is about.
NO_LIST = {
    "lighting_cabinet": "this project's own map",
    "ops_80005_2": "this project's own addresses",
}
# Lists that count from where a part of the device begins.
BEGINS = {"alpitronic_hypercharger_connector": 100}
# Points that differ from their row, and why.
DIFFERS = {
    ("abb_terra_ac", "charging_state"): "the list gives the 32 bits of 16396; the state is a byte of the second word",
    ("alpitronic_hypercharger_station", "limit_kva"): "the station's writable registers stand in the connector's list",
    (
        "alpitronic_hypercharger_station",
        "reactive_power_set_kvar",
    ): "the station's writable registers stand in the connector's list",
    ("heidelberg_energy_control", "energy_import_kwh"): "the box measures apparent energy, which stands in for active",
    ("heidelberg_energy_control", "power_kw"): "the box measures apparent power, which stands in for active power",
    ("kamstrup_multical_modbus", "pulse_input_1"): "m3 or kWh, as the meter is set",
    ("kamstrup_multical_modbus", "pulse_input_2"): "m3 or kWh, as the meter is set",
    ("webasto_next", "safe_current_a"): "from the register readme, not from the list",
}
TO_OURS = {
    ("W", "kW"): 1e-3, ("VA", "kVA"): 1e-3, ("var", "kvar"): 1e-3, ("Wh", "kWh"): 1e-3, ("varh", "kvarh"): 1e-3,
    ("VAh", "kVAh"): 1e-3, ("%", "1"): 1e-2, ("C", "degC"): 1.0, ("°C", "degC"): 1.0, ("mA", "A"): 1e-3,
    ("l/h", "m3/h"): 1e-3, ("L/h", "m3/h"): 1e-3, ("m³/h", "m3/h"): 1.0, ("min", "s"): 60.0, ("km/h", "m/s"): 1 / 3.6,
}  # fmt: skip
UNITS = {"W", "VA", "var", "Wh", "varh", "VAh", "%", "C", "°C", "l/h", "L/h", "m³/h", "min", "V", "A", "kW", "kWh",
         "kvar", "kvarh", "kVA", "kVAh", "Hz", "s", "degC", "K", "m3", "m3/h", "lx", "deg", "hPa", "mA"}  # fmt: skip
FLAT = {"bitfield": "uint", "enum": "uint"}


def folder() -> Path | None:
    found = (parent / "shared" / "registers" for parent in Path(__file__).resolve().parents)
    return next((path for path in found if path.is_dir()), None)


def lists_of(name: str) -> list[list[Row]]:
    """The rows of a profile's lists; skips where there are no lists here, or none for this type."""
    lists = folder()
    if lists is None:
        pytest.skip("the lists of registers do not lie beside the project")
    if name in NO_LIST:
        pytest.skip(NO_LIST[name])
    if profile(name).sunspec:
        pytest.skip("its addresses are those of SunSpec models, held by test_sunspec_chain.py")
    found = [lists / f"{stem}.csv" for stem in LISTS.get(name, (name,)) if (lists / f"{stem}.csv").is_file()]
    if not found:
        pytest.skip(f"no list of registers is named for {name}")
    read = []
    for path in found:
        with path.open(encoding="utf-8", newline="") as file:
            read.append(list(csv.DictReader(file)))
    return read


def row_at(rows: list[Row], table: Table, address: int) -> list[Row]:
    return [row for row in rows if row["table"] == table.value and row["address"] == str(address)]


def what_differs(point: ProfilePoint, row: Row) -> str:
    """In words; empty where the point is as its row says."""
    kind = row["type"].partition(":")[0]
    for name, plain in FLAT.items():
        kind = kind.replace(name, plain)
    own = point.type.value
    for name, plain in FLAT.items():
        own = own.replace(name, plain)
    if kind != own and not (kind == "uint16" and own == "bit"):
        return f"type {own}, not {kind}"
    if point.words > 1 and kind != "string" and point.low_word_first is not (row["word_order"] == "little"):
        return "order of words"
    unit = row["unit"].partition(" ")[0]
    if point.bit is not None or point.texts or unit not in UNITS:
        return ""
    factor = 1.0 if unit == point.unit else TO_OURS.get((unit, point.unit))
    if factor is None:
        return f"unit {point.unit or 'none'}, not {unit}"
    scale = float(row["scale"]) * factor
    return "" if point.scale == pytest.approx(scale, rel=1e-9) else f"scale {point.scale:g}, not {scale:g}"


def why_not(loaded: Profile, point: ProfilePoint, rows: list[Row]) -> str:
    found = row_at(rows, point.table, point.address - BEGINS.get(loaded.name, 0))
    if not found:
        return f"no row at {point.table.value} {point.address}"
    told = [what_differs(point, row) for row in found]
    return "" if "" in told else told[0]


@pytest.mark.parametrize("name", profile_names())
def test_every_point_is_as_the_list_of_registers_says(name: str) -> None:
    named = {quantity for profile_name, quantity in DIFFERS if profile_name == name}
    loaded = profile(name)
    for rows in lists_of(name):
        told = {point.quantity: why_not(loaded, point, rows) for point in loaded.points}
        assert {quantity: why for quantity, why in told.items() if why and quantity not in named} == {}
        assert {quantity for quantity in named if not told.get(quantity)} == set(), "differs no longer: drop the reason"
