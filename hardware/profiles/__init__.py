"""Device types as data: one TOML a type, each figure with its source; typed, checked, encoded here."""

from hardware.profiles.encode import NotEncodable, encode_no_value, encode_value, layout_of, start_of
from hardware.profiles.faults import Fault, ProfileFaults, UnknownProfile
from hardware.profiles.library import points_of, profile, profile_names
from hardware.profiles.loader import load_profile
from hardware.profiles.model import NoValue, Profile, ProfilePoint, RegisterType, Span, Table, Watchdog
from hardware.profiles.read_plan import plan_reads, request_of

__all__ = [
    "Fault",
    "NoValue",
    "NotEncodable",
    "Profile",
    "ProfileFaults",
    "ProfilePoint",
    "RegisterType",
    "Span",
    "Table",
    "UnknownProfile",
    "Watchdog",
    "encode_no_value",
    "encode_value",
    "layout_of",
    "load_profile",
    "plan_reads",
    "points_of",
    "profile",
    "profile_names",
    "request_of",
    "start_of",
]
