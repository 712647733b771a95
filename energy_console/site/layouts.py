"""The tables of a site folder and their columns; docs/site-folder.md says what each holds."""

from __future__ import annotations

from energy_console.site.tables import TableLayout

LINKS = TableLayout("links.csv", "link", ("link", "url"), ("timeout_s", "connections", "silence_ms", "area"))
DEVICES = TableLayout(
    "devices.csv",
    "device",
    ("device", "name", "area", "link", "unit", "profile"),
    ("every_s", "node", "x_m", "y_m", "rated_kw", "was"),
)
POINTS = TableLayout(
    "points.csv",
    "point",
    ("point",),
    (
        *("name", "unit", "formula", "sum", "low", "high", "stale_after_s"),
        *("was", "store_deadband", "store_corridor", "store_longest_s"),
    ),
)
QUAYS = TableLayout("quays.csv", "quay", ("quay", "name", "kind", "length_m", "basin", "water", "order"))
STATIONS = TableLayout("stations.csv", "station", ("station", "quay", "position_m", "node", "limit_kw"))
ACCESS_POINTS = TableLayout(
    "access_points.csv",
    "access point",
    ("access_point", "station", "device", "rated_kw", "voltage_v", "frequency_hz", "plug", "high_voltage"),
)
CALLS = TableLayout(
    "calls.csv",
    "call",
    ("call", "ship", "kind", "length_m", "station", "access_points", "days", "arrives", "stays_h", "hotel_kw"),
    ("engine_tier", "starts", "ends"),
)
LIGHTING = TableLayout(
    "lighting.csv",
    "lighting group",
    ("group", "name", "device", "road_class", "lamps", "lamp_w"),
    ("standby_share", "gradient", "floor", "ceiling", "evening_level", "night_level", "streets"),
)
CHARGERS = TableLayout("chargers.csv", "charger", ("charger", "name", "device", "kind", "max_kw"), ("min_kw", "phases"))
SESSIONS = TableLayout(
    "sessions.csv",
    "session",
    ("session", "charger", "vehicle", "days", "arrives", "stays_h", "energy_kwh"),
    ("required", "starts", "ends"),
)
HEAT = TableLayout(
    "heat.csv",
    "heat substation",
    ("substation", "name", "kind", "meter", "design_kw"),
    ("controller", "design_cooling_k", "flats"),
)
LOADS = TableLayout("loads.csv", "load", ("load", "name", "device", "kind", "yearly_kwh"))
PLANTS = TableLayout(
    "plants.csv", "plant", ("plant", "name", "device", "kind", "rated_kw"), ("tilt_deg", "azimuth_deg", "hub_height_m")
)
WATER = TableLayout("water.csv", "water zone", ("zone", "name", "meter", "kind"), ("feeds_from", "users"))
WRITES = TableLayout("writes.csv", "write rule", ("rule", "may"), ("device", "quantity", "low", "high", "when", "why"))

ALL = (
    LINKS,
    DEVICES,
    POINTS,
    QUAYS,
    STATIONS,
    ACCESS_POINTS,
    CALLS,
    LIGHTING,
    CHARGERS,
    SESSIONS,
    HEAT,
    LOADS,
    PLANTS,
    WATER,
    WRITES,
)
