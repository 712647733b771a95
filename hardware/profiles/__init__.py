"""Device types as data: one TOML a type, each figure with its source; typed, checked, encoded here."""

from hardware.profiles.connectors import can_share_a_unit
from hardware.profiles.encode import NotEncodable, encode_no_value, encode_value, layout_of
from hardware.profiles.faults import Fault, ProfileFaults, UnknownProfile
from hardware.profiles.library import BUILT_IN, Library, points_of, profile, profile_at, profile_names
from hardware.profiles.loader import load_profile
from hardware.profiles.model import (
    Confidence,
    NoValue,
    Profile,
    ProfilePoint,
    RegisterType,
    Span,
    Table,
    Watchdog,
)
from hardware.profiles.read_plan import PlannedRead, plan_reads, plan_requests, request_of
from hardware.profiles.wire import NETWORK, WireCost, network_cost, serial_cost

__all__ = [
    "BUILT_IN",
    "NETWORK",
    "Confidence",
    "Fault",
    "Library",
    "NoValue",
    "NotEncodable",
    "PlannedRead",
    "Profile",
    "ProfileFaults",
    "ProfilePoint",
    "RegisterType",
    "Span",
    "Table",
    "UnknownProfile",
    "Watchdog",
    "WireCost",
    "can_share_a_unit",
    "encode_no_value",
    "encode_value",
    "layout_of",
    "load_profile",
    "network_cost",
    "plan_reads",
    "plan_requests",
    "points_of",
    "profile",
    "profile_at",
    "profile_names",
    "request_of",
    "serial_cost",
]
