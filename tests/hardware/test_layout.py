"""A virtual device answers whatever any read plan of its type asks for, over any wire."""

from __future__ import annotations

import pytest

from hardware.profiles import layout_of, plan_reads, profile, profile_names
from hardware.profiles.faults import ProfileFaults
from hardware.profiles.loader import load_profile
from hardware.profiles.wire import NETWORK, serial_cost

WIRES = [NETWORK, *(serial_cost(baud) for baud in (300, 2400, 9600, 19200, 115200))]


@pytest.mark.parametrize("name", profile_names())
def test_every_request_of_every_plan_lies_within_one_span(name: str) -> None:
    device = profile(name)
    served = layout_of(device)
    for wire in WIRES:
        for request in plan_reads(device, wire):
            first = request.address
            assert any(
                span.table is request.table and span.address <= first and first + request.count <= span.end
                for span in served
            ), request


def test_a_long_value_cannot_be_lonely(tmp_path) -> None:
    text = """
format = 2
name = "t"
title = "T"
maker = "M"
kind = "meter"
source = "s"
confidence = "own"
note = ""
[point.label]
name = "Label"
table = "holding"
address = 0
type = "string"
length = 8
texts = ["A", "B"]
alone = false
"""
    path = tmp_path / "t.toml"
    path.write_text(text)
    with pytest.raises(ProfileFaults, match="Only up to 4 registers get a neighbour"):
        load_profile(path)
