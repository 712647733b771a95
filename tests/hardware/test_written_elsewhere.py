"""Points written otherwise than they are read, numbers inside a word, and types that repeat behind one unit."""

from __future__ import annotations

import numpy as np
import pytest

from hardware.modbus import Decoder
from hardware.profiles import (
    ProfileFaults,
    UnknownProfile,
    encode_value,
    load_profile,
    plan_reads,
    profile,
)

HEAD = """format = 2
name = "sample"
title = "Sample"
maker = "Nobody"
kind = "charger"
source = "none"
confidence = "own"

[defaults]
table = "holding"
type = "uint32"

[point.power_kw]
name = "Power"
address = 1000

[point.state]
name = "State"
address = 1002
type = "uint16"
mask = 0x7F00

[point.limit_a]
name = "Limit"
address = 1100
scale = 0.001
writable = true
write_at = { address = 5004, type = "uint16", scale = 0.01 }
never_between = [0, 6]
low = 0
high = 32
fallback = "It stays as it was."
fallback_value = 6
"""


def load(tmp_path, text):
    path = tmp_path / "sample.toml"
    path.write_text(text, encoding="utf-8")
    return load_profile(path)


def test_a_set_point_goes_to_its_own_register_and_is_read_from_the_other(tmp_path):
    loaded = load(tmp_path, HEAD)
    limit = loaded.point("limit_a")
    assert (limit.address, limit.words, encode_value(limit, 9.5)) == (1100, 2, (0, 9500))
    written = limit.written
    assert (written.address, written.words, encode_value(written, 9.5)) == (5004, 1, (950,))
    assert all(request.end <= 5000 for request in plan_reads(loaded))


def test_a_number_inside_a_word_is_taken_out_of_it(tmp_path):
    loaded = load(tmp_path, HEAD)
    decoder = Decoder(loaded)
    image = np.zeros((1, decoder.image_bytes), np.uint8)
    at = decoder._byte(loaded.point("state"))
    image[0, at : at + 2] = (0x84, 0xFF)
    value, _ = decoder.decode(image)
    assert value[0, 1] == 4
    assert encode_value(loaded.point("state"), 4.0) == (0x0400,)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('address = 5004, type = "uint16"', 'address = 70000, type = "uint16"', "The address is missing"),
        ('address = 5004, type = "uint16"', 'address = 5004, type = "string"', "It needs a type"),
        ("scale = 0.01 }", "scale = 0 }", "other than 0"),
        ("scale = 0.01 }", "scale = 0.01, count = 2 }", "'count' is not known"),
        ("[0, 6]", "[6, 0]", "the lower first"),
        ("[0, 6]", "6", "the lower first"),
        ("fallback_value = 6", "fallback_value = 3", "outside what may be written"),
        ("mask = 0x7F00", "mask = 0x7F00\nwritable = true", "cannot be written without the rest"),
        ('type = "uint16"\nmask', 'type = "int16"\nmask', "one unsigned register"),
        ("mask = 0x7F00", "mask = 0x7F00\nnever_between = [0, 1]", "add writable = true"),
        ("high = 32\n", "high = 700\n", "it cannot be"),
    ],
)
def test_what_cannot_be_written_so_is_told_with_its_line(tmp_path, old, new, says):
    assert old in HEAD
    with pytest.raises(ProfileFaults) as caught:
        load(tmp_path, HEAD.replace(old, new))
    assert any(says in str(fault) for fault in caught.value.faults), caught.value.faults


def test_the_third_connector_has_its_registers_two_strides_up():
    first, third = profile("phoenix_charx_sec3xxx"), profile("phoenix_charx_sec3xxx:3")
    assert third.name == "phoenix_charx_sec3xxx:3"
    assert [p.address - q.address for p, q in zip(third.points, first.points, strict=True)] == [2000] * len(
        first.points
    )
    assert profile("phoenix_charx_sec3xxx:1").points == first.points


@pytest.mark.parametrize("name", ["phoenix_charx_sec3xxx:0", "phoenix_charx_sec3xxx:49", "phoenix_charx_sec3xxx:02",
                                  "phoenix_charx_sec3xxx:x", "abb_terra_ac:2", "nobody:2"])  # fmt: skip
def test_a_connector_that_no_device_of_the_type_has_is_unknown(name):
    with pytest.raises(UnknownProfile):
        profile(name)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("stride = 50\nmost = 2", "more than 50; mend stride"),
        ("stride = 5000\nmost = 20", "behind register 65535"),
        ("stride = 5000", "'most' is missing"),
    ],
)
def test_connectors_that_do_not_fit_are_refused(tmp_path, table, says):
    with pytest.raises(ProfileFaults) as caught:
        load(tmp_path, f"{HEAD}\n[connectors]\n{table}\n")
    assert any(says in str(fault) for fault in caught.value.faults), caught.value.faults
