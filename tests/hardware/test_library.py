"""A site's own profiles stand beside the built-in ones, and never silently in their place."""

from __future__ import annotations

import os

import pytest

from hardware.profiles import BUILT_IN, Library, ProfileFaults, UnknownProfile

OWN = """format = 2
name = "{name}"
title = "Cold store meter"
maker = "Nobody"
kind = "meter"
source = "read off the device"
confidence = "own"

[point.power_kw]
name = "Active power"
table = "input"
address = 8
type = "float32"
"""


def library_of(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return Library(tmp_path)


def test_an_own_profile_is_found_beside_the_built_in_ones(tmp_path):
    library = library_of(tmp_path, cold_store=OWN.format(name="cold_store"))
    assert library.profile("cold_store").title == "Cold store meter"
    assert library.profile("eastron_sdm630") is BUILT_IN.profile("eastron_sdm630")
    assert set(library.names()) == {*BUILT_IN.names(), "cold_store"}
    assert library.faults() == ()
    with pytest.raises(UnknownProfile, match="did you mean 'cold_store'"):
        library.profile("cold_stores")
    with pytest.raises(UnknownProfile):
        BUILT_IN.profile("cold_store")


def test_the_name_of_a_built_in_one_is_a_fault_unless_the_file_says_so(tmp_path):
    text = OWN.format(name="eastron_sdm630")
    (fault,) = library_of(tmp_path, eastron_sdm630=text).faults()
    assert str(fault).startswith("eastron_sdm630.toml:2: name: The console has a profile 'eastron_sdm630'")
    meant = text.replace('confidence = "own"', 'confidence = "own"\nreplaces_built_in = true')
    library = library_of(tmp_path, eastron_sdm630=meant)
    assert library.faults() == ()
    assert library.profile("eastron_sdm630").title == "Cold store meter"
    assert len(library.names()) == len(BUILT_IN.names())


def test_a_replacement_for_nothing_is_a_fault(tmp_path):
    text = OWN.format(name="cold_store").replace('confidence = "own"', "replaces_built_in = true")
    (fault,) = library_of(tmp_path, cold_store=text).faults()
    assert str(fault).startswith("cold_store.toml:7: replaces_built_in: The console has no profile 'cold_store'")


def test_a_mended_file_is_read_again(tmp_path):
    library = library_of(tmp_path, cold_store=OWN.format(name="cold_store").replace("address", "adress"))
    with pytest.raises(ProfileFaults, match="did you mean 'address'"):
        library.profile("cold_store")
    assert "cold_store" not in {profile.name for profile in library.profiles()}
    path = tmp_path / "cold_store.toml"
    path.write_text(OWN.format(name="cold_store"), encoding="utf-8")
    os.utime(path, ns=(1, 1))  # however coarse the clock of the file system is
    assert library.profile("cold_store").point("power_kw").address == 8
