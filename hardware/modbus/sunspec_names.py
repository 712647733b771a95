"""What the numbers of SunSpec models stand for, in words; for whoever looks at the chain of a device.

Source: the published model definitions of the SunSpec Alliance (sunspec/models); the texts are our own.
"""

from __future__ import annotations

_NAMES = {
    1: "common", 2: "aggregator", 3: "secure read request", 4: "secure read answer", 5: "secure write request",
    6: "secure write in sequence", 7: "secure write answer", 8: "device security certificate",
    9: "operator security certificate", 10: "communication interface", 11: "Ethernet", 12: "IPv4", 13: "IPv6",
    14: "proxy server", 15: "interface counters", 16: "simple IP network", 17: "serial interface",
    18: "cellular link", 19: "PPP link",
    101: "inverter, one phase", 102: "inverter, split phase", 103: "inverter, three phases",
    111: "inverter, one phase, float", 112: "inverter, split phase, float", 113: "inverter, three phases, float",
    120: "nameplate", 121: "basic settings", 122: "measurements and status", 123: "immediate controls",
    124: "storage control", 125: "pricing", 126: "static volt-var", 127: "frequency-watt, parameters",
    128: "dynamic reactive current", 129: "low-voltage disconnection", 130: "high-voltage disconnection",
    131: "watt-power factor", 132: "volt-watt", 133: "schedules", 134: "frequency-watt, curve",
    135: "low-frequency ride through", 136: "high-frequency ride through", 137: "low-voltage ride through, curve",
    138: "high-voltage ride through, curve", 139: "low-voltage ride through, extended",
    140: "high-voltage ride through, extended", 141: "low-frequency ride through, curve",
    142: "high-frequency ride through, curve", 143: "low-frequency ride through, extended",
    144: "high-frequency ride through, extended", 145: "extended settings", 160: "several DC inputs (MPPT)",
    201: "meter, one phase", 202: "meter, split phase", 203: "meter, three phases, wye",
    204: "meter, three phases, delta", 211: "meter, one phase, float", 212: "meter, split phase, float",
    213: "meter, three phases, wye, float", 214: "meter, three phases, delta, float", 220: "meter, signed readings",
    302: "irradiance", 303: "back-of-module temperature", 304: "inclinometer", 305: "location",
    306: "reference point", 307: "weather station", 308: "small weather station",
    401: "string combiner (old)", 402: "string combiner, advanced (old)", 403: "string combiner",
    404: "string combiner, advanced", 501: "solar module, float", 502: "solar module", 601: "tracker",
    701: "DER AC measurement", 702: "DER capacity", 703: "DER enter service", 704: "DER AC controls",
    705: "DER volt-var", 706: "DER volt-watt", 707: "DER low-voltage trip", 708: "DER high-voltage trip",
    709: "DER low-frequency trip", 710: "DER high-frequency trip", 711: "DER frequency droop",
    712: "DER watt-var", 713: "DER storage", 714: "DER DC measurement", 715: "DER control",
    801: "energy storage (withdrawn)", 802: "battery", 803: "lithium-ion battery bank",
    804: "lithium-ion string", 805: "lithium-ion module", 806: "flow battery", 807: "flow battery string",
    808: "flow battery module", 809: "flow battery stack",
}  # fmt: skip
# Number ranges, for models that have no entry above.
_FAMILIES = (
    (1, 99, "network, security or other common matters"),
    (100, 199, "inverter"),
    (200, 299, "meter"),
    (300, 399, "weather and environment"),
    (400, 499, "string combiner"),
    (500, 599, "solar module"),
    (600, 699, "tracker"),
    (700, 799, "distributed energy resource (IEEE 1547)"),
    (800, 899, "storage"),
    (64000, 65534, "a maker's own"),
)


def model_name(model: int) -> str:
    """What a model is about, also for one that this project does not know: then the family its number is from."""
    if model in _NAMES:
        return _NAMES[model]
    family = next((words for first, last, words in _FAMILIES if first <= model <= last), "")
    return f"not known here; its number is from the family: {family}" if family else "not known here"
